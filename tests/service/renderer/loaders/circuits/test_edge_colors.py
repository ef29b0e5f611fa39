"""Synapses are colored as the cells that they belong to, and tell whose they are."""

from __future__ import annotations

from pathlib import Path

import pytest

from brayns_widget.protocol.errors import RequestError
from brayns_widget.service.renderer.loaders.base import LoadedModel
from brayns_widget.service.renderer.loaders.circuits import sonata
from brayns_widget.service.rpc.running import RunningRequest
from tests.service.renderer.loaders.circuits.circuits import places, write_circuit, write_edges

SOURCES, TARGETS = [2, 3, 0, 1, 2], [0, 1, 1, 0, 3]
RED, WHITE = [1.0, 0.0, 0.0, 1.0], [1.0, 1.0, 1.0, 1.0]


def synapses(folder: Path, *, afferent: bool, ids: list[int]) -> LoadedModel:
    path = write_circuit(folder, {**places(4), "layer": ["1", "2", "2", "3"], "mtype": ["a", "b", "a", "b"]})
    points = {f"{side}_center_{axis}": [1.0] * 5 for side in ("afferent", "efferent") for axis in "xyz"}
    write_edges(path, SOURCES, TARGETS, attributes=points)
    edges = {"edge_population": "joins", "load_afferent": afferent}
    params = {"node_population": "cells", "node_percentage": 1.0, "node_ids": ids, "edge_populations": [edges]}
    _cells, model = sonata.LOADER.read(str(path), {"node_population_settings": [params]}, RunningRequest())
    return model


@pytest.mark.parametrize(("afferent", "cells"), [(True, [0, 1, 1, 0, 3]), (False, [2, 3, 0, 1, 2])])
def test_synapses_have_the_colors_of_their_cells(tmp_path: Path, afferent: bool, cells: list[int]):
    model = synapses(tmp_path, afferent=afferent, ids=[])
    coloring = model.coloring
    assert model.ids is not None
    assert model.ids.tolist() == sorted(set(cells))
    assert coloring.colors.tolist() == [WHITE] * 5
    assert coloring.methods() == ["id", "layer", "morphology", "mtype", "solid"]
    assert coloring.values("id") == [{True: "0-1,3", False: "0-3"}[afferent]]
    for method, key, chosen in (("id", "1-2", {1, 2}), ("layer", "2", {1, 2}), ("mtype", "a", {0, 2})):
        coloring.color("solid", {"color": WHITE})
        colors = coloring.color(method, {key: RED})
        assert [color == RED for color in colors.tolist()] == [cell in chosen for cell in cells]
    for method in ("morphology section", "primitive"):
        with pytest.raises(RequestError, match="Invalid coloring method"):
            coloring.color(method, {"soma": RED})


def test_synapses_of_chosen_cells_tell_which_these_are(tmp_path: Path):
    model = synapses(tmp_path, afferent=True, ids=[1, 3])
    assert model.ids is not None
    assert model.ids.tolist() == [1, 3]
    assert model.coloring.color("layer", {"3": RED}).tolist() == [WHITE, WHITE, RED]
