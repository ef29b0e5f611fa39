"""Synapses that show their report through time, whichever way it counts them."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from brayns_widget.protocol.errors import RequestError
from brayns_widget.service.renderer.content.ramps import LEVELS, ColorRamp
from brayns_widget.service.renderer.loaders.base import LoadedModel
from brayns_widget.service.renderer.loaders.circuits import sonata
from brayns_widget.service.rpc.running import RunningRequest
from tests.service.renderer.loaders.circuits.circuits import (
    places,
    write_circuit,
    write_edges,
    write_report,
    write_simulation,
)

GREYS = ColorRamp(np.repeat(np.linspace(0, 1, LEVELS, dtype=np.float32)[:, None], 4, axis=1), 0.0, 255.0)
# Cell 0 receives edges 0 and 3, cell 1 edges 1, 2 and 4.
SOURCES, TARGETS = [2, 2, 0, 1, 2], [0, 1, 1, 0, 1]
RECEIVED = {0: [0, 3], 1: [1, 2, 4]}
VALUES = np.array([[10, 13, 11, 12, 14], [20, 23, 21, 22, 24]])  # of edges 0, 3, 1, 2, 4 in two frames
AS_EDGES = [[0, 3], [1, 2, 4]]
COUNTED = [[0, 1], [0, 1, 2]]


def simulation(folder: Path, nodes: list[int], elements: list[list[int]], data: Any) -> Path:
    config = write_circuit(folder, places(3))
    points = {f"afferent_center_{axis}": np.arange(5.0) for axis in "xyz"}
    points |= {f"efferent_center_{axis}": np.arange(5.0) for axis in "xyz"}
    write_edges(config, SOURCES, TARGETS, attributes=points)
    write_report(folder / "recorded.h5", nodes, elements, data)
    return write_simulation(config, "synapse")


@contextlib.contextmanager
def loaded(path: Path, *, afferent: bool = True, **settings: Any) -> Iterator[LoadedModel]:
    edges = {"edge_population": "joins", "load_afferent": afferent, "edge_report_name": "recorded"}
    params = {"node_population": "cells", "node_percentage": 1.0, "edge_populations": [edges], **settings}
    cells, synapses = sonata.LOADER.read(str(path), {"node_population_settings": [params]}, RunningRequest())
    assert cells.simulation is None
    try:
        yield synapses
    finally:
        synapses.close()


def shown(model: LoadedModel, time: float) -> dict[int, float]:
    """The value that each synapse shows, by the edge's id, which is its place."""
    assert model.simulation is not None
    model.simulation.ramp = GREYS
    model.simulation.seek(time)
    values: npt.NDArray[np.float32] = np.rint(model.colors[model.geometry.sphere_slots, 0] * 255.0)
    return dict(zip(model.geometry.spheres[:, 0].astype(int).tolist(), values.tolist(), strict=True))


@pytest.mark.parametrize("elements", [AS_EDGES, COUNTED])
@pytest.mark.parametrize("afferent", [True, False])
def test_each_synapse_shows_its_own_value(tmp_path: Path, elements: list[list[int]], afferent: bool):
    with loaded(simulation(tmp_path, [0, 1], elements, VALUES), afferent=afferent) as model:
        assert shown(model, 0.0) == {edge: 10.0 + edge for edge in range(5)}
        assert shown(model, 0.5) == {edge: 20.0 + edge for edge in range(5)}
        assert model.simulation is not None
        assert (model.simulation.timeline.dt, model.simulation.timeline.end) == (0.5, 1)


def test_synapses_of_one_cell_are_told_from_those_of_others(tmp_path: Path):
    with loaded(simulation(tmp_path, [1, 0], COUNTED[::-1], VALUES[:, [2, 3, 4, 0, 1]]), node_ids=[1]) as model:
        assert shown(model, 0.5) == {1: 21.0, 2: 22.0, 4: 24.0}


def test_synapses_without_a_value_keep_their_own_color(tmp_path: Path):
    with loaded(simulation(tmp_path, [1], [[4]], [[14]])) as model:
        assert model.coloring is not None
        model.coloring.color("solid", {"color": [0.2, 0.4, 0.6, 1.0]})
        assert shown(model, 0.0)[4] == 14
        np.testing.assert_allclose(model.colors[0], [0.2, 0.4, 0.6, 1.0])


@pytest.mark.parametrize(
    ("nodes", "elements", "problem"),
    [
        ([0, 1], [[0, 7], [1]], "it has synapses that are not of edge population joins"),
        ([2], [[0]], "it has no values of what is to be loaded"),
    ],
)
def test_a_report_of_other_synapses_is_refused(
    tmp_path: Path, nodes: list[int], elements: list[list[int]], problem: str
):
    path = simulation(tmp_path, nodes, elements, np.zeros((1, sum(map(len, elements)))))
    with pytest.raises(RequestError) as caught, loaded(path):
        pass
    assert caught.value.message == f"Report 'recorded' in {tmp_path / 'recorded.h5'} cannot be used: {problem}"


def test_a_report_needs_a_simulation(tmp_path: Path):
    simulation(tmp_path, [0, 1], COUNTED, VALUES)
    with pytest.raises(RequestError) as caught, loaded(tmp_path / "circuit_config.json"):
        pass
    assert caught.value.message.startswith("No simulation configuration available: ")
    write_simulation(tmp_path / "circuit_config.json", "compartment")
    with pytest.raises(RequestError) as caught, loaded(tmp_path / "simulation_config.json"):
        pass
    config = tmp_path / "simulation_config.json"
    assert caught.value.message == f"Report 'recorded' of {config} is of type compartment, not synapse"
