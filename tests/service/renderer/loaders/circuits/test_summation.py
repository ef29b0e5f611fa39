"""Summation reports: one value for a whole cell, or one for each compartment."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from brayns_widget.protocol.errors import RequestError
from brayns_widget.service.renderer.content.ramps import LEVELS, ColorRamp
from brayns_widget.service.renderer.loaders.base import LoadedModel
from brayns_widget.service.renderer.loaders.circuits import sonata
from brayns_widget.service.renderer.loaders.morphologies.morphology import Section
from brayns_widget.service.rpc.running import RunningRequest
from tests.service.renderer.loaders.circuits.circuits import places, write_circuit, write_report, write_simulation

GREYS = ColorRamp(np.repeat(np.linspace(0, 1, LEVELS, dtype=np.float32)[:, None], 4, axis=1), 0.0, 255.0)
# A soma and one dendrite of three segments: 1, 1 and 4 µm long.
SWC = "1 1 0 0 0 2 -1\n2 3 2 0 0 1 1\n3 3 3 0 0 1 2\n4 3 4 0 0 1 3\n5 3 8 0 0 1 4\n"


def load(folder: Path, elements: list[list[int]], data: Any, *, kind: str = "summation") -> LoadedModel:
    circuit = write_circuit(folder, places(2))
    (folder / "morphologies" / "cell.swc").write_text(SWC)
    write_report(folder / "recorded.h5", [0, 1], elements, data)
    cells = {"load_soma": True, "load_dendrites": True, "geometry_type": "original"}
    params = {
        "node_population": "cells",
        "node_percentage": 1.0,
        "report_type": "summation",
        "report_name": "recorded",
        "neuron_morphology_parameters": cells,
    }
    path = str(write_simulation(circuit, kind))
    (model,) = sonata.LOADER.read(path, {"node_population_settings": [params]}, RunningRequest())
    assert model.simulation is not None
    model.simulation.ramp = GREYS
    return model


def spikes(folder: Path, **attributes: Any) -> LoadedModel:
    circuit = write_circuit(folder, places(2))
    path = write_simulation(circuit, "compartment")
    with h5py.File(folder / "out.h5", "w") as file:
        group = file.create_group("spikes/cells")
        group["timestamps"] = np.array([0.002, 0.004])
        group["timestamps"].attrs.update(attributes)
        group["node_ids"] = np.array([1, 0], np.uint64)
    params = {"node_population": "cells", "node_percentage": 1.0, "report_type": "spikes"}
    (model,) = sonata.LOADER.read(str(path), {"node_population_settings": [params]}, RunningRequest())
    return model


@pytest.mark.parametrize(("attributes", "last"), [({}, 0), ({"units": "ms"}, 0), ({"units": "s"}, 400)])
def test_spikes_have_the_unit_that_they_say(tmp_path: Path, attributes: dict[str, str], last: int):
    model = spikes(tmp_path, **attributes)
    assert model.simulation is not None
    assert model.simulation.timeline.end == last  # frames of 0.01 ms


def test_spikes_in_another_unit_are_refused(tmp_path: Path):
    with pytest.raises(RequestError, match=r"out\.h5 cannot be read as spikes: .* times in 'h'"):
        spikes(tmp_path, units="h")


@pytest.mark.parametrize(
    ("name", "value", "problem"),
    [
        ("data", 5.0, "must be a table"),
        ("data", np.zeros((2, 3, 4), np.float32), "must be a table"),
        ("mapping/time", np.zeros((2, 2)), "its times and node ids lists"),
        ("mapping/time", [0.0, 5.0], "its times must be start, end and step, got 2 numbers"),
        ("mapping/node_ids", 1, "its times and node ids lists"),
        ("mapping/index_pointers", [-4, -2, 0], ""),
        ("mapping/index_pointers", 3, ""),
        ("mapping/element_ids", 3, ""),
        ("mapping/time", None, ""),
        ("data", None, ""),
    ],
)
def test_reports_of_another_shape_are_refused_in_words(tmp_path: Path, name: str, value: Any, problem: str):
    circuit = write_circuit(tmp_path, places(2))
    path = tmp_path / "recorded.h5"
    write_report(path, [0, 1], [[0], [0]], [[0, 1], [2, 3]])
    with h5py.File(path, "a") as file:
        group = file["report/cells"]
        del group[name]
        if value is None:
            group.create_group(name)
        else:
            group[name] = value
    params = {"node_population": "cells", "node_percentage": 1.0, "report_type": "compartment"}
    settings = {"node_population_settings": [params | {"report_name": "recorded"}]}
    with pytest.raises(RequestError, match=f"Report 'recorded' in {path} cannot be used: .*{problem}"):
        sonata.LOADER.read(str(write_simulation(circuit, "compartment")), settings, RunningRequest())


def shown(model: LoadedModel, time: float) -> tuple[list[list[int]], list[int]]:
    """The values that each cell's dendrite shows, and those of the somas."""
    assert model.simulation is not None
    model.simulation.seek(time)
    values = np.rint(model.colors[:, 0] * 255).astype(int)
    geometry = model.geometry
    dendrite, soma = geometry.segment_slots.reshape(2, 4)[:, :3], geometry.sphere_slots
    return values[dendrite].tolist(), values[soma].tolist()


def test_a_sum_of_the_whole_cell_colors_all_of_it(tmp_path: Path):
    model = load(tmp_path, [[0], [0]], [[10, 20], [30, 40]])
    try:
        assert shown(model, 0.0) == ([[10] * 3, [20] * 3], [10, 20])
        assert shown(model, 0.5) == ([[30] * 3, [40] * 3], [30, 40])
    finally:
        model.close()


def test_sums_of_compartments_color_their_parts(tmp_path: Path):
    # Of three segments the first two belong to the first of two compartments, and each to one of three.
    model = load(tmp_path, [[0, 1, 1], [0, 1, 1, 1]], [[1, 2, 3, 4, 5, 6, 7], [10, 20, 30, 40, 50, 60, 70]])
    try:
        assert shown(model, 0.0) == ([[2, 2, 3], [5, 6, 7]], [1, 4])
        assert shown(model, 0.5) == ([[20, 20, 30], [50, 60, 70]], [10, 40])
        slots = len(Section) * 2 + 7  # four of each cell, and one of each column
        assert len(model.colors) == slots
    finally:
        model.close()


def test_a_report_of_another_type_is_refused(tmp_path: Path):
    with pytest.raises(RequestError) as caught:
        load(tmp_path, [[0], [0]], [[10, 20]], kind="compartment")
    config = tmp_path / "simulation_config.json"
    assert caught.value.message == f"Report 'recorded' of {config} is of type compartment, not summation"
