"""The shared cases: inputs of people's kinds, each with what should be seen."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest

from brayns_widget.protocol.errors import RequestError
from brayns_widget.service.renderer.content.coloring.cells import CellColoring
from brayns_widget.service.renderer.content.ramps import ColorRamp
from brayns_widget.service.renderer.loaders.base import LoadedModel
from brayns_widget.service.renderer.loaders.circuits import sonata
from brayns_widget.service.renderer.loaders.morphologies.neuron import LOADER
from brayns_widget.service.rpc.running import RunningRequest
from tests.service.backend.asking import answer

pytestmark = pytest.mark.data

CIRCUITS = [
    "allen_morphology_with_extension",
    "allen_node_types_csv",
    "allen_two_groups",
    "allen_without_populations",
    "attribute_of_fixed_strings",
    "attribute_too_short",
    "axon_pieces_far_away",
    "byte_order_mark",
    "edges_file_missing",
    "negative_radii",
    "node_set_that_nobody_uses_is_broken",
    "old_mac_line_ends",
    "packed_nodes",
    "point_neurons",
    "positions_big_endian",
    "simulation_of_an_older_version",
    "simulation_without_random_seed",
    "single_points_on_a_soma_of_cylinders",
    "soma_far_from_the_origin",
]


def case(shared_dir: Path, name: str) -> tuple[Path, dict[str, Any]]:
    folder = shared_dir / "cases" / name
    if not folder.is_dir():
        pytest.skip(f"there is no {folder}")
    return folder, json.loads((folder / "expected.json").read_text(encoding="utf-8"))


def load(path: Path, **settings: Any) -> list[LoadedModel]:
    """Load the only population of a circuit as ``load_circuit`` does: the backend tells its name."""
    described = answer("contents", str(path.parent), str(path))["result"]
    (population,) = [item["name"] for item in described["populations"] if not item["reason"]]
    parts = {"load_soma": True, "load_dendrites": True}
    settings = {"node_percentage": 1.0, "neuron_morphology_parameters": parts, **settings}
    wanted = {"node_population_settings": [{"node_population": population, **settings}]}
    return sonata.LOADER.read(str(path), wanted, RunningRequest())


@pytest.mark.parametrize("name", CIRCUITS)
def test_circuits_are_shown(shared_dir: Path, name: str):
    folder, expected = case(shared_dir, name)
    (file,) = [part for part in expected["do"].split("'") if part.endswith(".json")]
    parts = {"load_soma": True, "load_dendrites": True, "load_axon": "axon=True" in expected["do"]}
    (model,) = load(folder / file, neuron_morphology_parameters=parts)
    assert model.ids is not None
    assert len(model.ids) == expected["cells"]
    if "bounds_about" in expected:
        np.testing.assert_allclose(model.geometry.bounds, expected["bounds_about"], atol=1)
    assert set(expected.get("color_methods_include", ())) <= set(model.coloring.methods())
    for key, near in (("geometry_near", True), ("no_geometry_near", False)):
        for place in expected.get(key, ()):
            assert (distance(model, place) < 5) == near, place


def distance(model: LoadedModel, place: list[float]) -> float:
    """How far a place is from the nearest center line, in µm."""
    shape = model.geometry
    begins, ends = (shape.vertices[shape.segments + step, :3].astype(np.float64) for step in (0, 1))
    steps = ends - begins
    lengths = np.maximum((steps**2).sum(axis=1), 1e-12)
    along = (((place - begins) * steps).sum(axis=1) / lengths).clip(0, 1)
    return float(np.linalg.norm(begins + along[:, None] * steps - place, axis=1).min())


def test_the_line_that_is_wrong_is_named(shared_dir: Path):
    folder, expected = case(shared_dir, "which_line")
    assert expected["error"] == "contains 'ok.swc' and the number 4"
    with pytest.raises(RequestError, match=r"ok\.swc: line 4 \("):
        load(folder / "circuit_config.json")


def test_a_morphology_is_shown_by_its_own_loader(shared_dir: Path):
    folder, _expected = case(shared_dir, "a_morphology_instead_of_a_circuit")
    parts = {"load_soma": True, "load_dendrites": True, "load_axon": True}
    (model,) = LOADER.read(str(folder / "cell.swc"), parts, RunningRequest())
    np.testing.assert_allclose(model.geometry.bounds, box_of(folder / "cell.swc"), atol=1)


def box_of(file: Path) -> list[npt.NDArray[np.float64]]:
    """The box of an SWC file's points, with their radii."""
    rows = np.loadtxt(file, ndmin=2)
    points, radii = rows[:, 2:5], rows[:, 5:6]
    return [(points - radii).min(0), (points + radii).max(0)]


def test_edges_are_found_without_an_index(shared_dir: Path):
    folder, expected = case(shared_dir, "edges_without_index")
    edges = [{"edge_population": "cells__cells__chemical", "load_afferent": True, "radius": 2.0}]
    _cells, synapses = load(folder / "circuit_config.json", edge_populations=edges)
    assert len(synapses.geometry.spheres) == expected["synapses"]


def test_reports_with_an_older_name_are_shown(shared_dir: Path):
    folder, expected = case(shared_dir, "report_with_index_pointer")
    (model,) = load(folder / "simulation_config.json", report_type="compartment", report_name="soma")
    assert model.simulation is not None
    timeline = model.simulation.timeline
    assert [timeline.start, timeline.end] == expected["frames"]
    model.close()


ALLEN = [
    ("sonata/9_cells", "circuit_config.json", "cortex", "sonata/shared_components"),
    ("sonata/300_cells", "config.json", "internal", "sonata/shared_components"),
    ("sonata/300_pointneurons", "config.json", "internal", "sonata/shared_components"),
    ("bmtk/bio_14cells", "config.circuit.json", "v1", "bmtk/bio_components"),
    ("bmtk/bio_14cells", "config.simulation.json", "lgn", "bmtk/bio_components"),
]


@pytest.mark.parametrize(("folder", "config", "population", "components"), ALLEN)
def test_circuits_of_the_allen_institute(data_dir: Path, folder: str, config: str, population: str, components: str):
    path = data_dir / "allen" / folder / config
    if not path.is_file():
        pytest.skip(f"there is no {path}")
    parts = {"load_soma": True, "load_dendrites": True, "load_axon": True}
    settings = {"node_population": population, "node_percentage": 1.0, "neuron_morphology_parameters": parts}
    (model,) = sonata.LOADER.read(str(path), {"node_population_settings": [settings]}, RunningRequest())
    files = path.parent / "network" / population
    boxes = boxes_of(
        Path(f"{files}_nodes.h5"), population, Path(f"{files}_node_types.csv"), data_dir / "allen" / components
    )
    assert model.ids is not None
    assert len(model.ids) == len(boxes)
    corners = np.stack(boxes)
    np.testing.assert_allclose(model.geometry.bounds, [corners[:, 0].min(0), corners[:, 1].max(0)], atol=1.5)
    assert isinstance(model.coloring, CellColoring)
    assert model.coloring.slots is not None
    rows = model.coloring.slots.rows[model.geometry.sphere_slots]
    np.testing.assert_array_equal(np.unique(rows[rows % 4 == 0] // 4), model.ids)


@pytest.mark.parametrize(
    ("circuit", "population", "recording"),
    [
        ("9_cells", "cortex", {"report_type": "compartment", "report_name": "membrane_potential"}),
        ("9_cells", "cortex", {"report_type": "compartment", "report_name": "calcium_concentration"}),
        ("9_cells", "cortex", {"report_type": "spikes", "spike_transition_time": 5.0}),
        ("300_cells", "internal", {"report_type": "spikes", "spike_transition_time": 5.0}),
    ],
)
def test_recordings_of_the_allen_institute_play(
    data_dir: Path, circuit: str, population: str, recording: dict[str, Any]
):
    path = data_dir / "allen" / "sonata" / circuit / "simulation_config.json"
    if not path.is_file():
        pytest.skip(f"there is no {path}")
    settings = {"node_population": population, "node_percentage": 1.0, **recording}
    (model,) = sonata.LOADER.read(str(path), {"node_population_settings": [settings]}, RunningRequest())
    try:
        assert model.simulation is not None
        with h5py.File(path.parent / "output" / "spikes.h5") as file:
            spikes = file["spikes"]
            times = np.sort((spikes if "timestamps" in spikes else spikes[population])["timestamps"][:])
        later = 0.1  # ms
        if recording.get("report_name") == "calcium_concentration":  # which falls slowly
            later = 200.0
            model.simulation.ramp = ColorRamp(low=1e-5, high=1e-3)
        shown = []
        for time in (times[0] - 1.0, times[0] + later):
            model.simulation.seek(float(time))
            shown.append(model.colors.copy())
        assert (shown[0] != shown[1]).any()
    finally:
        model.close()


def boxes_of(nodes: Path, name: str, types_file: Path, components: Path) -> list[npt.NDArray[np.float64]]:
    """The box of each cell, as h5py, pandas and NumPy tell: soma to the origin, turned about z, then y, then x."""
    types = pd.read_csv(types_file, sep=" ", index_col="node_type_id")
    boxes = []
    with h5py.File(nodes) as file:
        population = file["nodes"][name]
        for type_id, group, row in zip(
            population["node_type_id"], population["node_group_id"], population["node_group_index"], strict=True
        ):
            own = {key: float(values[row]) for key, values in population[str(group)].items()}
            shared = types.loc[type_id]
            points, radii = np.zeros((1, 3)), np.ones(1)
            if isinstance(morphology := shared.get("morphology"), str):
                swc = np.loadtxt(components / "morphologies" / f"{morphology.removesuffix('.swc')}.swc")
                points, radii = swc[:, 2:5] - swc[0, 2:5], swc[:, 5]
            for axis in "zyx":
                key = f"rotation_angle_{axis}axis"
                angle = own.get(key, shared.get(key, 0.0))
                points = points @ turn("xyz".index(axis), 0.0 if np.isnan(angle) else angle).T
            points = points + [own.get(axis, 0.0) for axis in "xyz"]
            boxes.append(np.array([(points - radii[:, None]).min(0), (points + radii[:, None]).max(0)]))
    return boxes


def turn(axis: int, angle: float) -> npt.NDArray[np.float64]:
    first, second = (axis + 1) % 3, (axis + 2) % 3
    matrix = np.eye(3)
    matrix[first, first] = matrix[second, second] = np.cos(angle)
    matrix[second, first] = np.sin(angle)
    matrix[first, second] = -np.sin(angle)
    return matrix
