"""Cells of a nodes file with morphologies from a folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from brayns_widget.protocol.errors import RequestError
from brayns_widget.service.renderer.content.coloring.cells import CellColoring
from brayns_widget.service.renderer.loaders.base import LoadedModel
from brayns_widget.service.renderer.loaders.circuits.cell_placement import LOADER
from brayns_widget.service.renderer.loaders.morphologies.morphology import Section
from brayns_widget.service.rpc.running import RunningRequest
from tests.service.renderer.loaders.circuits.circuits import places, write_circuit

FROM_FOLDER = {
    "extension": "swc",
    "morphology_folder": "morphologies",
    "morphology_parameters": {"load_dendrites": True, "geometry_type": "original"},
}


@pytest.fixture
def nodes(tmp_path: Path) -> Path:
    """Four cells 10 µm apart; each has a dendrite from x = 3 to 10."""
    write_circuit(tmp_path, places(4) | {"mtype": ["a", "b", "a", "b"]})
    return tmp_path / "nodes.h5"


def load(path: Path, **properties: Any) -> LoadedModel:
    (model,) = LOADER.read(str(path), properties, RunningRequest())
    return model


def test_morphologies_stand_at_their_cells(nodes: Path):
    model = load(nodes, **FROM_FOLDER)
    assert model.kind == "neurons"
    starts = model.geometry.vertices[model.geometry.segments]
    assert starts.tolist() == [[10 * cell + 3, 0, 0, 1] for cell in range(4)]
    assert isinstance(model.coloring, CellColoring)
    assert model.coloring.slots is not None
    rows = model.coloring.slots.rows[model.geometry.segment_slots]
    assert rows.tolist() == [4 * cell + Section.DENDRITE for cell in range(4)]
    assert dict(model.metadata) == {"population_name": "cells", "population_type": "node"}
    assert model.coloring.methods() == ["id", "morphology", "morphology section", "mtype", "solid"]


@pytest.mark.parametrize(
    ("settings", "ids"),
    [({}, [0, 1, 2, 3]), ({"ids": [3, 1]}, [1, 3]), ({"percentage": 0.5}, [0, 2])],
)
def test_cells_are_chosen(nodes: Path, settings: dict[str, Any], ids: list[int]):
    model = load(nodes, **settings)
    assert model.ids is not None
    assert model.ids.tolist() == ids
    assert model.geometry.spheres.tolist() == [[10 * cell, 0, 0, 1] for cell in ids]  # no morphology: a sphere


def test_each_population_becomes_a_model(nodes: Path):
    with h5py.File(nodes, "a") as file:
        file.copy("nodes/cells", file["nodes"], "others")
    models = LOADER.read(str(nodes), {"ids": [2]}, RunningRequest())
    assert [model.metadata["population_name"] for model in models] == ["cells", "others"]


def test_an_extension_that_is_not_named_is_found(nodes: Path):
    named = load(nodes, **FROM_FOLDER)
    found = load(nodes, **FROM_FOLDER | {"extension": ""})
    assert np.array_equal(found.geometry.vertices, named.geometry.vertices)


def test_a_folder_can_be_absolute_and_its_extension_have_a_dot(nodes: Path):
    folder = {"morphology_folder": str(nodes.parent / "morphologies"), "extension": ".SWC"}
    assert np.array_equal(
        load(nodes, **(FROM_FOLDER | folder)).geometry.segments, load(nodes, **FROM_FOLDER).geometry.segments
    )


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"morphology_folder": ""}, "Morphologies need a morphology_folder"),
        ({"extension": "obj"}, "and the extension swc, h5, asc or none; got 'morphologies' and 'obj'"),
        ({"morphology_folder": "nowhere"}, "morphologies are missing: "),
        ({"extension": "asc"}, "Morphology 'cell' of cell 0 cannot be read"),
        ({"ids": [4]}, "Node id 4 is not in population cells of "),
        (
            {"morphology_parameters": {"growth": 2.0}},
            "goes from 0 (no neurites) to 1 (whole ones), got 2",
        ),
        ({"population": "cells"}, "Invalid loader params schema"),
    ],
)
def test_what_cannot_be_loaded_is_said(nodes: Path, changes: dict[str, Any], message: str):
    with pytest.raises(RequestError) as caught:
        load(nodes, **(FROM_FOLDER | changes))
    assert message in caught.value.message


def test_another_file_is_refused(tmp_path: Path):
    path = tmp_path / "some.circuit.morphologies.h5"
    path.write_text("nothing")
    with pytest.raises(RequestError, match="is not a SONATA nodes file"):
        load(path)
    with h5py.File(path, "w") as file:
        file["other"] = 1
    with pytest.raises(RequestError, match=r"is not a SONATA nodes file|has no populations"):
        load(path)
