"""Reports and spikes of real simulations against what h5py and MorphIO say."""

from __future__ import annotations

import contextlib
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import h5py
import morphio
import numpy as np
import numpy.typing as npt
import pytest

from brayns_widget.protocol.errors import RequestError
from brayns_widget.service.renderer.content.coloring.cells import CellColoring
from brayns_widget.service.renderer.content.ramps import LEVELS, ColorRamp
from brayns_widget.service.renderer.loaders.base import LoadedModel
from brayns_widget.service.renderer.loaders.circuits import sonata
from brayns_widget.service.renderer.loaders.morphologies.morphology import Section
from brayns_widget.service.rpc.running import RunningRequest

pytestmark = pytest.mark.data

POPULATION = "S1nonbarrel_neurons"
SIMULATION = "simulations/nbS1-O1-E2Sst-maxNsyn-HEX0-L5"
LOW, HIGH = -90.0, 50.0
STEP = (HIGH - LOW) / (LEVELS - 1)
GREYS = ColorRamp(np.repeat(np.linspace(0, 1, LEVELS, dtype=np.float32)[:, None], 4, axis=1), LOW, HIGH)


@contextlib.contextmanager
def loaded(path: Path, **settings: Any) -> Iterator[LoadedModel]:
    cells = {"load_soma": True, "load_axon": True, "load_dendrites": True, "geometry_type": "original"}
    settings = {"node_percentage": 1.0, "neuron_morphology_parameters": cells, **settings}
    params = {"node_population_settings": [{"node_population": POPULATION, **settings}]}
    (model,) = sonata.LOADER.read(str(path), params, RunningRequest())
    try:
        yield model
    finally:
        model.close()


@pytest.fixture
def config(data_dir: Path) -> Path:
    return data_dir / SIMULATION / "simulation_config.json"


def shown(model: LoadedModel, time: float) -> npt.NDArray[np.float64]:
    """The value that each slot shows at a time, to two steps of the ramp."""
    assert model.simulation is not None
    model.simulation.ramp = GREYS
    model.simulation.seek(time)
    return LOW + model.colors[:, 0].astype(np.float64) * (HIGH - LOW)


def expected_values(morphology: Any, elements: npt.NDArray[Any], row: npt.NDArray[Any]) -> list[float]:
    """Voltages of all segments of a cell, section by section: compartments have equal parts of the segments."""
    (soma,) = row[elements == 0]
    values = []
    for section in morphology.sections:
        columns = row[elements == section.id + 1]
        segments = len(section.points) - 1
        values += [columns[at * len(columns) // segments] if len(columns) else soma for at in range(segments)]
    return values


@pytest.mark.parametrize("frame", [0, 333, 999])
def test_each_segment_shows_its_compartment(config: Path, data_dir: Path, frame: int):
    with h5py.File(config.parent / "output" / "compartment_voltage.h5") as file:
        group = file["report"][POPULATION]
        row, elements = group["data"][frame], group["mapping"]["element_ids"][:]
        pointers = group["mapping"]["index_pointers"][:].astype(int)
    circuit = data_dir / "tiny_circuits" / config.parent.name
    with h5py.File(circuit / POPULATION / "nodes.h5") as file:
        nodes = file["nodes"][POPULATION]["0"]
        names = nodes["morphology"].asstr()[:]
    with loaded(config, report_type="compartment", report_name="compartment_voltage") as model:
        values = shown(model, frame * 0.2)[model.geometry.segment_slots]
    at = 0
    for cell, name in enumerate(names):
        morphology = morphio.Morphology(str(circuit / "morphologies" / "swc" / f"{name}.swc"))
        columns = slice(pointers[cell], pointers[cell + 1])
        expected = expected_values(morphology, elements[columns], row[columns])
        ours = values[at : at + len(expected)]
        np.testing.assert_allclose(ours, expected, atol=2 * STEP)
        cylinders = len(morphology.soma.points) - 1
        soma = row[columns][elements[columns] == 0][0]
        np.testing.assert_allclose(values[at + len(expected) :][:cylinders], soma, atol=2 * STEP)
        at += len(expected) + cylinders
    assert at == len(values)


def test_cells_of_which_some_are_loaded_show_their_own_values(config: Path):
    with h5py.File(config.parent / "output" / "soma_voltage.h5") as file:
        value = file["report"][POPULATION]["data"][700, 1]
    with loaded(config, report_type="compartment", report_name="soma_voltage", node_ids=[1]) as model:
        values = shown(model, 70.0)
        np.testing.assert_allclose(values[model.geometry.segment_slots], value, atol=2 * STEP)
        assert model.simulation is not None
        assert (model.simulation.timeline.end, model.simulation.timeline.unit) == (1999, "ms")


def test_compartments_can_be_colored_by_their_sections(config: Path):
    with (
        loaded(config) as plain,
        loaded(config, report_type="compartment", report_name="compartment_voltage") as model,
    ):
        assert model.simulation is not None
        model.simulation.enabled = False
        for one in (plain, model):
            assert one.coloring is not None
            one.coloring.color("morphology section", {"axon": [1, 0, 0, 1], "dendrite": [0, 1, 0, 1]})
            one.coloring.color("id", {"1": [0, 0, 1, 1]})
        np.testing.assert_array_equal(
            plain.colors[plain.geometry.segment_slots], model.colors[model.geometry.segment_slots]
        )


def slot_of(model: LoadedModel, cell: int) -> int:
    """The slot of a cell's soma."""
    assert isinstance(model.coloring, CellColoring)
    assert model.coloring.slots is not None
    (slots,) = np.nonzero(model.coloring.slots.rows == len(Section) * cell + Section.SOMA)
    return int(slots[0])


def test_cells_glow_around_their_spikes(config: Path):
    with h5py.File(config.parent / "output" / "spikes.h5") as file:
        spikes = file["spikes"][POPULATION]
        times, nodes = spikes["timestamps"][:], spikes["node_ids"][:]
    first = int(np.argmin(times))
    with loaded(config, report_type="spikes", spike_transition_time=2.0) as model:
        assert model.simulation is not None
        assert model.simulation.timeline.start == int(times.min() * 100 + 1e-6)
        assert model.simulation.timeline.end == int(times.max() * 100 + 1e-6)
        soma, other = (slot_of(model, int(cell)) for cell in (nodes[first], 1 - int(nodes[first])))
        at_spike, later = shown(model, times[first]), shown(model, times[first] + 1.0)
        assert at_spike[soma] == pytest.approx(-10, abs=3 * STEP)
        assert later[soma] == pytest.approx(-45, abs=3 * STEP)
        assert at_spike[other] == pytest.approx(-80, abs=2 * STEP)
        second = np.sort(times[nodes == nodes[first]])[1]
        assert shown(model, second - 0.5)[soma] == pytest.approx(-27.5, abs=3 * STEP)


def failure(path: Path, **settings: Any) -> str:
    with pytest.raises(RequestError) as caught, loaded(path, **settings):
        pass
    return caught.value.message


def test_reports_that_cannot_be_shown_are_refused(config: Path):
    assert failure(config, report_type="compartment", report_name="nope") == (
        f"The report 'nope' is not present in the simulation config file {config}; "
        "it has compartment_voltage, soma_voltage"
    )
    assert failure(config, report_type="summation", report_name="soma_voltage") == (
        f"Report 'soma_voltage' of {config} is of type compartment, not summation"
    )
    assert failure(config, report_type="synapse", report_name="soma_voltage").endswith("a report of type 'synapse'")


@pytest.fixture
def copied(config: Path, tmp_path: Path) -> Path:
    """The simulation in a folder of the test's own."""
    content = json.loads(config.read_text())
    content["manifest"]["$CIRCUIT_DIR"] = str((config.parent / content["manifest"]["$CIRCUIT_DIR"]).resolve())
    shutil.copytree(config.parent / "output", tmp_path / "output")
    shutil.copy(config.parent / "node_sets.json", tmp_path)
    path = tmp_path / config.name
    path.write_text(json.dumps(content))
    return path


def test_missing_and_broken_files_are_told(copied: Path):
    report, spikes = copied.parent / "output" / "soma_voltage.h5", copied.parent / "output" / "spikes.h5"
    asked = {"report_type": "compartment", "report_name": "soma_voltage"}
    with h5py.File(report, "r+") as file:
        file.move(f"report/{POPULATION}", "report/others")
    assert (
        failure(copied, **asked)
        == f"Report 'soma_voltage' in {report} cannot be used: it has no population {POPULATION}, but of: others"
    )
    report.write_bytes(b"not HDF5")
    assert "cannot be read as a report" in failure(copied, **asked)
    report.unlink()
    assert failure(copied, **asked) == f"The report's file {report} does not exist; has the simulation been run?"
    with h5py.File(spikes, "r+") as file:
        file.move(f"spikes/{POPULATION}", "spikes/others")
    assert f"has no spikes of population {POPULATION}, but of: others" in failure(copied, report_type="spikes")
    spikes.unlink()
    assert failure(copied, report_type="spikes").endswith("do not exist; has it been run?")


def test_a_report_of_other_cells_or_with_a_mapping_that_does_not_fit_is_refused(copied: Path):
    report = copied.parent / "output" / "soma_voltage.h5"
    asked = {"report_type": "compartment", "report_name": "soma_voltage"}
    with h5py.File(report, "r+") as file:
        file[f"report/{POPULATION}/mapping/node_ids"][:] = [7, 8]
    assert failure(copied, **asked).endswith("it has none of the cells that are to be loaded")
    with h5py.File(report, "r+") as file:
        file[f"report/{POPULATION}/mapping/index_pointers"][:] = [0, 1, 200]
    assert failure(copied, **asked).endswith("its mapping does not fit its data")


def test_cells_without_data_keep_their_own_color(copied: Path):
    with h5py.File(copied.parent / "output" / "soma_voltage.h5", "r+") as file:
        file[f"report/{POPULATION}/mapping/node_ids"][:] = [0, 8]
    with loaded(copied, report_type="compartment", report_name="soma_voltage") as model:
        assert model.coloring is not None
        own = model.coloring.color("solid", {"color": [0.25, 0.5, 0.75, 1.0]})
        first, second = 0, len(Section)
        np.testing.assert_array_equal(model.colors[second], own[second])
        assert (model.colors[first] != own[first]).any()
