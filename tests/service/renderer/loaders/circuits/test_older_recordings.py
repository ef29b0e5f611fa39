"""Reports and spikes as BMTK and the first editions of the format write them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from brayns_widget.protocol.errors import RequestError
from brayns_widget.service.renderer.content.ramps import LEVELS, ColorRamp
from brayns_widget.service.renderer.loaders.base import LoadedModel
from brayns_widget.service.renderer.loaders.circuits import sonata
from brayns_widget.service.rpc.running import RunningRequest
from tests.service.renderer.loaders.circuits.circuits import SWC, places, write_circuit

VALUES = [[0.0, 1.0, 2.0, 3.0], [4.0, 5.0, 6.0, 7.0]]
GREYS = ColorRamp(np.repeat(np.linspace(0, 1, LEVELS, dtype=np.float32)[:, None], 4, axis=1), 0.0, 8.0)


def write_simulation(folder: Path, **more: Any) -> Path:
    """Write a simulation as BMTK has it: no type, no unit, no dt, a variable of any kind."""
    report = {"cells": [0, 1], "variable_name": ["v", "cai"], "module": "membrane_report", "sections": "all"}
    content = {"network": "circuit_config.json", "run": {"tstop": 1.0, "dt": 0.5}, "output": {"output_dir": "."}}
    path = folder / "simulation_config.json"
    path.write_text(json.dumps({**content, "reports": {"membrane": report | more}}))
    return path


def write_membrane(path: Path, *, place: str = "report/cells", compression: str | None = None, **renamed: str) -> None:
    """Write two columns for each of the cells 0 and 1: the ends of the dendrite, the far one first."""
    names = {name: renamed.get(name, name) for name in ("node_ids", "index_pointers", "element_ids")}
    with h5py.File(path, "w") as file:
        group = file.require_group(place) if place else file
        group.create_dataset("data", data=np.array(VALUES), compression=compression)
        group[f"mapping/{names['node_ids']}"] = np.array([0, 1], np.uint64)
        group[f"mapping/{names['index_pointers']}"] = np.array([0, 2, 4], np.uint64)
        group[f"mapping/{names['element_ids']}"] = np.array([1, 1, 1, 1], np.uint64)
        group["mapping/element_pos"] = np.array([0.75, 0.25, 0.75, 0.25])
        group["mapping/time"] = np.array([0.0, 1.0, 0.5])


def load(path: Path, **settings: Any) -> LoadedModel:
    whole = {"load_soma": True, "load_axon": True, "load_dendrites": True, "geometry_type": "original"}
    settings = {"node_percentage": 1.0, "neuron_morphology_parameters": whole, **settings}
    params = {"node_population_settings": [{"node_population": "cells", **settings}]}
    (model,) = sonata.LOADER.read(str(path), params, RunningRequest())
    return model


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_circuit(tmp_path, places(2))
    (tmp_path / "morphologies" / "cell.swc").write_text(f"{SWC}4 3 20 0 0 0.5 3\n")  # two segments, near and far
    return tmp_path


def dendrites(model: LoadedModel, time: float) -> list[float]:
    """The values of the segments of both cells' dendrites at a time."""
    assert model.simulation is not None
    model.simulation.ramp = GREYS
    model.simulation.seek(time)
    shown = model.colors[model.geometry.segment_slots, 0] * 8
    thin = model.geometry.vertices[model.geometry.segments, 3] <= 1
    return [round(float(value), 1) for value in shown[thin]]


@pytest.mark.parametrize(
    "layout",
    [
        {"index_pointers": "index_pointer"},
        {"node_ids": "gids", "index_pointers": "index_pointer", "element_ids": "element_id", "place": ""},
        {"compression": "gzip"},
    ],
)
def test_older_names_and_packed_data(folder: Path, layout: dict[str, str]):
    write_membrane(folder / "membrane.h5", **layout)
    model = load(write_simulation(folder), report_type="compartment", report_name="membrane")
    assert model.simulation is not None
    timeline = model.simulation.timeline
    assert (timeline.start, timeline.end, timeline.dt, timeline.unit) == (0, 1, 0.5, "ms")
    # The place within the section tells which column is the near one.
    assert dendrites(model, 0.0) == [1, 0, 3, 2]
    assert dendrites(model, 0.5) == [5, 4, 7, 6]
    model.close()


@pytest.mark.parametrize(("processing", "expected"), [("aibs_perisomatic", [5, 0, 3]), ("", [3, 5, 0])])
def test_sections_are_counted_as_bmtk_does_where_it_takes_the_axon(tmp_path: Path, processing: str, expected: Any):
    """Apical dendrite, axon and dendrite in the file; BMTK has soma 0, dendrite 1, apical dendrite 2."""
    write_circuit(tmp_path, {**places(1), **({"model_processing": [processing]} if processing else {})})
    branches = "2 4 2 0 0 1 1\n3 4 12 0 0 1 2\n4 2 0 2 0 1 1\n5 2 0 12 0 1 4\n6 3 0 0 2 1 1\n7 3 0 0 12 1 6\n"
    (tmp_path / "morphologies" / "cell.swc").write_text(f"1 1 0 0 0 2 -1\n{branches}")
    with h5py.File(tmp_path / "membrane.h5", "w") as file:
        group = file.create_group("report/cells")
        group["data"] = np.array([[0.0, 3.0, 5.0]])
        group["mapping/node_ids"], group["mapping/index_pointer"] = np.array([0]), np.array([0, 3])
        group["mapping/element_ids"], group["mapping/time"] = np.array([0, 1, 2]), np.array([0.0, 0.5, 0.5])
    model = load(write_simulation(tmp_path), report_type="compartment", report_name="membrane")
    assert model.simulation is not None
    model.simulation.ramp = GREYS
    model.simulation.seek(0.0)
    shown = model.colors[model.geometry.segment_slots, 0] * 8
    ends = model.geometry.vertices[model.geometry.segments + 1, :3]
    values = [float(shown[np.isclose(ends[:, axis], 12.0)][0]) for axis in range(3)]
    model.close()
    assert [round(value) for value in values] == expected


def test_a_report_that_cannot_be_read_blocks_only_itself(folder: Path):
    path = write_simulation(folder)
    assert load(path).notices == ()
    content = json.loads(path.read_text())
    write_membrane(folder / "membrane.h5")
    content["reports"] |= {"odd": {"dt": "often"}, "gone": {}}
    path.write_text(json.dumps(content))
    model = load(path, report_type="compartment", report_name="membrane")
    model.close()
    with pytest.raises(RequestError, match=r"gone\.h5 does not exist"):
        load(path, report_type="compartment", report_name="gone")
    with pytest.raises(RequestError, match=r"of .* cannot be used: reports\.odd\.dt in .* has the wrong type"):
        load(path, report_type="compartment", report_name="odd")
    with h5py.File(folder / "gone.h5", "w") as file:
        file.create_group("report/others")
    with pytest.raises(RequestError, match="it has no population cells, but of: others"):
        load(path, report_type="compartment", report_name="gone")


@pytest.mark.parametrize("file", ["membrane.h5", "spikes.h5"])
def test_damaged_recordings_are_told(folder: Path, file: str):
    """A broken heap of names is a RuntimeError of h5py's."""
    write_membrane(folder / "membrane.h5")
    with h5py.File(folder / "spikes.h5", "w") as made:
        made["spikes/cells/timestamps"], made["spikes/cells/node_ids"] = np.array([0.2]), np.array([1])
    content = (folder / file).read_bytes()
    (folder / file).write_bytes(content.replace(b"HEAP", b"heap"))
    report = {"report_type": "spikes"} if file == "spikes.h5" else {"report_type": "compartment"}
    with pytest.raises(RequestError) as caught:
        load(write_simulation(folder), report_name="membrane", **report)
    assert str(folder / file) in caught.value.message


@pytest.mark.parametrize(
    ("name", "values", "message"),
    [
        ("data", np.array([[b"a"] * 4] * 2), "its data are no numbers, but |S1"),
        ("data", np.zeros(4), "its data must be a table of frames and columns"),
        ("mapping/time", [0.0, 1.0], "its times must be start, end and step, got 2 numbers"),
        ("mapping/time", [0.0, 1.0, 0.0], "it has 2 frames of 0 from 0 to 1"),
        ("mapping/element_pos", [0.5], "its element_pos must be a number for each element, got (1,) of float64"),
        ("mapping/element_pos", np.array([b"a"] * 4), "got (4,) of |S1"),
        ("mapping/element_ids", np.zeros(4), "its element ids are no whole numbers, but float64"),
        ("mapping/index_pointers", [0, 9, 2], "its mapping does not fit its data"),
        ("mapping/node_ids", None, "has no node_ids"),
    ],
)
def test_the_dataset_that_makes_no_sense_is_named(folder: Path, name: str, values: Any, message: str):
    write_membrane(folder / "membrane.h5")
    with h5py.File(folder / "membrane.h5", "a") as file:
        del file["report/cells"][name]
        if values is not None:
            file["report/cells"][name] = values
    with pytest.raises(RequestError) as caught:
        load(write_simulation(folder), report_type="compartment", report_name="membrane")
    assert caught.value.message.startswith(f"Report 'membrane' in {folder / 'membrane.h5'} cannot be used: ")
    assert message in caught.value.message


@pytest.mark.parametrize("name", ["gids", "node_ids"])
@pytest.mark.parametrize("place", ["spikes", "spikes/cells"])
def test_spikes_with_and_without_a_population(folder: Path, name: str, place: str):
    with h5py.File(folder / "spikes.h5", "w") as file:
        group = file.require_group(place)
        group["timestamps"], group[name] = np.array([0.2, 0.7]), np.array([1, 0])
    model = load(write_simulation(folder), report_type="spikes")
    assert model.simulation is not None
    assert (model.simulation.timeline.start, model.simulation.timeline.end) == (20, 70)


def test_spikes_in_seconds_and_those_that_make_no_sense(folder: Path):
    with h5py.File(folder / "spikes.h5", "w") as file:
        times = file.create_dataset("spikes/cells/timestamps", data=[-1.0, np.nan, 0.0007, 0.0002, 0.0003])
        file["spikes/cells/node_ids"] = [0, 0, 1, 0, 9]
        times.attrs["units"] = "s"
    path = write_simulation(folder)
    model = load(path, report_type="spikes")
    assert model.simulation is not None
    assert (model.simulation.timeline.start, model.simulation.timeline.end) == (20, 70)
    with h5py.File(folder / "spikes.h5", "a") as file:
        file["spikes/cells/timestamps"].attrs["units"] = "min"
    with pytest.raises(RequestError, match=r"spikes\.h5 cannot be read as spikes: .* in 'min'"):
        load(path, report_type="spikes")


def test_reports_in_seconds_and_of_some_compartments(folder: Path):
    write_membrane(folder / "membrane.h5")
    with h5py.File(folder / "membrane.h5", "a") as file:
        times = file["report/cells/mapping/time"]
        times[:] = times[:] / 1000
        times.attrs["units"] = "s"
    path = write_simulation(folder, type="compartment_set")
    model = load(path, report_type="compartment", report_name="membrane")
    assert model.simulation is not None
    assert (model.simulation.timeline.dt, model.simulation.timeline.unit) == (0.5, "ms")
    model.close()


def test_point_neurons_show_their_values(tmp_path: Path):
    write_circuit(tmp_path, places(2), kind="point_process")
    with h5py.File(tmp_path / "membrane.h5", "w") as file:
        group = file.create_group("report/cells")
        group["data"] = np.array([[1.0, 5.0], [2.0, 6.0]])
        group["mapping/node_ids"], group["mapping/index_pointer"] = np.array([1, 0]), np.array([0, 1, 2])
        group["mapping/element_ids"], group["mapping/time"] = np.array([0, 0]), np.array([0.0, 1.0, 0.5])
    model = load(write_simulation(tmp_path), report_type="compartment", report_name="membrane")
    assert model.simulation is not None
    model.simulation.ramp = GREYS
    model.simulation.seek(0.0)
    np.testing.assert_allclose(model.colors[model.geometry.sphere_slots, 0] * 8, [5, 1], atol=0.05)
    model.close()


ALLEN = [
    ("sonata/9_cells/config.json", "cortex", {"report_type": "compartment", "report_name": "membrane_potential"}),
    ("sonata/9_cells/config.json", "cortex", {"report_type": "compartment", "report_name": "calcium_concentration"}),
    ("sonata/9_cells/simulation_config.json", "cortex", {"report_type": "spikes"}),
    ("sonata/300_cells/config.json", "internal", {"report_type": "spikes"}),
]


@pytest.mark.data
@pytest.mark.parametrize(("name", "population", "report"), ALLEN)
def test_reports_and_spikes_of_the_allen_institute(data_dir: Path, name: str, population: str, report: Any):
    path = data_dir / "allen" / name
    if not path.is_file():
        pytest.skip(f"there is no {path}")
    model = load(path, node_population=population, **report)
    assert model.simulation is not None
    if report["report_type"] == "spikes":
        with h5py.File(path.parent / "output" / "spikes.h5") as file:
            times = file[f"spikes/{population}/timestamps"][:]
        assert model.simulation.timeline.end == int(times.max() / 0.01 + 1e-6)
    else:
        with h5py.File(path.parent / "output" / f"{report['report_name']}.h5") as file:
            data = file[f"report/{population}/data"]
            assert (model.simulation.timeline.end, model.simulation.timeline.dt) == (len(data) - 1, 0.1)
            row = data[1303]
        model.simulation.ramp = ColorRamp(GREYS.colors, float(row.min()), float(row.max()) + 1e-9)
        model.simulation.seek(130.3)
        shown = model.colors[::4, 0][: len(row)] * (row.max() - row.min()) + row.min()
        np.testing.assert_allclose(shown, row, atol=2 * (row.max() - row.min()) / LEVELS)
    model.close()
