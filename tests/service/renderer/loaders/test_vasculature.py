"""Vessels: where their pieces are, how thick, and what is said of bad ones."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from brayns_widget.protocol.errors import RequestError
from brayns_widget.service.renderer.loaders import sonata
from brayns_widget.service.renderer.loaders.base import LoadedModel
from brayns_widget.service.rpc.methods import Task
from tests.service.renderer.loaders.circuits import write_circuit

# A vessel along x that narrows, in three pieces.
VESSEL: dict[str, list[float]] = {
    "start_x": [0.0, 10.0, 20.0],
    "start_y": [1.0] * 3,
    "start_z": [2.0] * 3,
    "start_diameter": [8.0, 6.0, 4.0],
    "end_x": [10.0, 20.0, 30.0],
    "end_y": [1.0] * 3,
    "end_z": [2.0] * 3,
    "end_diameter": [6.0, 4.0, 2.0],
}


def load(folder: Path, attributes: dict[str, list[float]], **settings: Any) -> LoadedModel:
    path = write_circuit(folder, attributes, kind="vasculature")
    config = json.loads(path.read_text())
    population = config["networks"]["nodes"][0]["populations"]["cells"]
    population |= {"vasculature_file": "vessels.h5", "vasculature_mesh": "vessels.obj"}  # SONATA wants their names
    path.write_text(json.dumps(config))
    settings = {"node_population": "cells", "node_percentage": 1.0, **settings}
    (model,) = sonata.LOADER.read(str(path), {"node_population_settings": [settings]}, Task())
    return model


def test_each_node_is_a_cone_between_its_ends(tmp_path: Path):
    model = load(tmp_path, VESSEL)
    geometry = model.geometry
    assert model.kind == "vasculature"
    assert geometry.vertices[geometry.segments].tolist() == [[0, 1, 2, 4], [10, 1, 2, 3], [20, 1, 2, 2]]
    assert geometry.vertices[geometry.segments + 1].tolist() == [[10, 1, 2, 3], [20, 1, 2, 2], [30, 1, 2, 1]]
    blue = [0.0, 0.0, 1.0, 1.0]
    assert model.coloring.color("primitive", {"1": blue})[1].tolist() == blue
    assert model.coloring.colors[0].tolist() != blue


def test_nodes_are_chosen_and_radii_scaled(tmp_path: Path):
    model = load(tmp_path, VESSEL, node_ids=[2], vasculature_geometry_parameters={"radius_multiplier": 3})
    assert model.ids is not None
    assert model.ids.tolist() == [2]
    assert model.geometry.vertices.tolist() == [[20, 1, 2, 6], [30, 1, 2, 3]]


@pytest.mark.parametrize(
    ("attributes", "settings", "message"),
    [
        ({name: VESSEL[name] for name in VESSEL if name != "end_z"}, {}, "has no attribute 'end_z'"),
        (VESSEL | {"end_x": [1.0, np.nan, 2.0]}, {}, "Node 1 of population cells has no finite place"),
        (VESSEL | {"end_diameter": [1.0, 1.0, -2.0]}, {}, "Node 2 of population cells has no finite place, or a neg"),
        (VESSEL, {"report_type": "bloodflow_radii"}, "This version shows no reports of vessels (population cells)"),
    ],
)
def test_what_cannot_be_shown_is_said(tmp_path: Path, attributes: Any, settings: dict[str, Any], message: str):
    with pytest.raises(RequestError) as caught:
        load(tmp_path, attributes, **settings)
    assert message in caught.value.message
