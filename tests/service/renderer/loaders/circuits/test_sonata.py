from __future__ import annotations

import json
import re
import shutil
import threading
from pathlib import Path
from typing import Any

import h5py
import libsonata
import morphio
import numpy as np
import numpy.typing as npt
import pytest

from brayns_widget.protocol.errors import RequestError
from brayns_widget.service.renderer.content.coloring.cells import CellColoring
from brayns_widget.service.renderer.loaders.base import LoadedModel
from brayns_widget.service.renderer.loaders.circuits import sonata
from brayns_widget.service.renderer.loaders.morphologies.files import read_shape
from brayns_widget.service.renderer.loaders.morphologies.morphology import Section
from brayns_widget.service.rpc.running import RunningRequest
from tests.service.backend.asking import answer
from tests.service.renderer.loaders.circuits.circuits import places, write_circuit, write_simulation
from tests.service.sonata.files import write_nodes

POPULATION = "S1nonbarrel_neurons"
FULL = {"load_soma": True, "load_axon": True, "load_dendrites": True, "geometry_type": "original"}


def load(path: Any, population: str = "cells", request: RunningRequest | None = None, **settings: Any) -> LoadedModel:
    settings = {"node_percentage": 1.0, **settings, "node_population": population}
    (model,) = sonata.LOADER.read(str(path), {"node_population_settings": [settings]}, request or RunningRequest())
    return model


def failure(path: Any, population: str = "cells", **settings: Any) -> str:
    with pytest.raises(RequestError) as caught:
        load(path, population, **settings)
    assert "\n" not in caught.value.message
    return caught.value.message


def shown(model: LoadedModel, slots: npt.NDArray[np.uint32]) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32]]:
    """Return 4 * cell + type, and the section's id, of slots."""
    assert isinstance(model.coloring, CellColoring)
    assert model.coloring.slots is not None
    return model.coloring.slots.rows[slots], model.coloring.slots.sections[slots]


@pytest.mark.data
@pytest.mark.parametrize(
    "circuit", ["tiny_circuits/N_10__top_nodes_dim6", "tiny_circuits/nbS1-O1-E2Sst-maxNsyn-HEX0-L5"]
)
def test_cells_stand_where_libsonata_and_morphio_say(data_dir: Path, circuit: str):
    """Every point of every cell, computed again from the files with the quaternion's own formula."""
    path = data_dir / circuit / "circuit_config.json"
    model = load(path, POPULATION, neuron_morphology_parameters=FULL)
    config = libsonata.CircuitConfig.from_file(str(path))
    nodes, properties = config.node_population(POPULATION), config.node_population_properties(POPULATION)
    container = dict(properties.alternate_morphology_formats).get("h5v1")
    collection = morphio.Collection(container or properties.morphologies_dir, [".h5"] if container else [".swc"])
    rows, sections = shown(model, model.geometry.segment_slots)
    for cell in range(nodes.size):
        name = nodes.get_attribute("morphology", cell)
        position = np.array([nodes.get_attribute(axis, cell) for axis in "xyz"])
        w, *u = (nodes.get_attribute(f"orientation_{axis}", cell) for axis in "wxyz")
        morphology = collection.load(name)
        points = morphology.points.astype(float)
        turned = points + 2 * np.cross(u, np.cross(u, points) + w * points)  # v + 2 u x (u x v + w v)
        expected = turned + position
        own = (rows // 4 == cell) & (rows % 4 != Section.SOMA)
        segments = model.geometry.segments[own]
        ours = model.geometry.vertices[np.unique(np.r_[segments, segments + 1]), :3]
        assert len(ours) == len(expected)  # the loader keeps the points' order
        np.testing.assert_allclose(ours, expected, atol=0.002)  # float32 at 4000 µm
        offsets = morphology.section_offsets
        for section in range(0, len(offsets) - 1, 7):
            starts = model.geometry.vertices[segments[sections[own] == section + 1], :3]
            np.testing.assert_allclose(starts, expected[offsets[section] : offsets[section + 1] - 1], atol=0.002)


@pytest.mark.data
def test_each_cell_has_its_own_slots(data_dir: Path):
    model = load(
        data_dir / "tiny_circuits/N_10__top_nodes_dim6/circuit_config.json",
        POPULATION,
        neuron_morphology_parameters=FULL,
    )
    rows, sections = shown(model, np.r_[model.geometry.segment_slots, model.geometry.sphere_slots])
    assert len(model.coloring.colors) == len(set(zip(rows // 4, sections, strict=True)))
    assert set(rows // 4) == set(range(10))
    assert set(rows % 4) == set(Section)
    assert ((rows % 4 == Section.SOMA) == (sections == 0)).all()
    np.testing.assert_array_equal(model.ids, np.arange(10))
    assert dict(model.metadata) == {
        "loaded_neuron_count": "10",
        "population_name": POPULATION,
        "population_type": "node",
    }


def test_euler_angles_turn_about_z_then_y_then_x(tmp_path: Path):
    quarter = np.pi / 2
    angles = {"rotation_angle_zaxis": [quarter, 0.0], "rotation_angle_xaxis": [quarter, quarter]}
    model = load(write_circuit(tmp_path, places(2) | angles), neuron_morphology_parameters=FULL)
    tips = model.geometry.vertices[np.isclose(model.geometry.vertices[:, 3], 0.5), :3]
    # The dendrite's tip (10, 0, 0): z makes it (0, 10, 0), x then (0, 0, 10); x alone leaves it.
    np.testing.assert_allclose(tips, [[0, 0, 10], [20, 0, 0]], atol=1e-5)


def test_without_orientation_cells_are_not_turned(tmp_path: Path):
    model = load(write_circuit(tmp_path, places(2)), neuron_morphology_parameters=FULL)
    np.testing.assert_allclose(np.array(model.geometry.bounds), np.array([[-2, -2, -2], [20.5, 2, 2]]))


def test_by_default_cells_are_spheres_of_radius_1(tmp_path: Path):
    model = load(write_circuit(tmp_path, places(3)))
    np.testing.assert_allclose(model.geometry.spheres, [[0, 0, 0, 1], [10, 0, 0, 1], [20, 0, 0, 1]])
    assert len(model.geometry.segments) == 0


@pytest.mark.parametrize(
    ("settings", "ids"),
    [
        ({"node_percentage": 0.5}, [0, 2, 4, 6, 8]),
        ({"node_percentage": 0}, list(range(10))),
        ({"node_percentage": 0.01}, [0]),
        ({"node_percentage": 0.8}, [0, 1, 2, 3, 5, 6, 7, 8]),
        ({"node_count_limit": 3}, [0, 3, 6]),
        ({"node_count_limit": 0}, list(range(10))),
        ({"node_sets": ["some"]}, [1, 3]),
        ({"node_sets": ["some", "some"], "node_percentage": 0.5}, [1]),
        ({"node_ids": [5, 2, 5], "node_sets": ["some"], "node_percentage": 0.1}, [2, 5]),
    ],
)
def test_which_cells_are_loaded(tmp_path: Path, settings: dict[str, Any], ids: list[int]):
    model = load(write_circuit(tmp_path, places(10)), **settings)
    assert model.ids is not None
    assert model.ids.tolist() == ids
    np.testing.assert_allclose(model.geometry.spheres[:, 0], 10.0 * np.array(ids))
    assert model.metadata["loaded_neuron_count"] == str(len(ids))
    if "node_ids" not in settings and "node_sets" in settings:
        assert model.metadata["node_sets"] == ", ".join(settings["node_sets"])


def test_colors_come_from_the_circuits_attributes(tmp_path: Path):
    attributes = places(3) | {"mtype": ["b", "a", "b"], "layer": [2, 3, 2], "morph_class": ["x", "x", "y"]}
    model = load(write_circuit(tmp_path, attributes), neuron_morphology_parameters={"load_dendrites": True})
    assert model.coloring.methods() == [
        "id",
        "layer",
        "morphology",
        "morphology class",
        "morphology section",
        "mtype",
        "solid",
    ]
    assert model.coloring.values("mtype") == ["a", "b"]
    assert model.coloring.values("layer") == ["2", "3"]
    assert model.coloring.values("morphology section") == ["dendrite"]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"population": "nope"}, "Population nope does not exists in CIRCUIT; it has cells"),
        ({"node_sets": ["nope"]}, "Invalid node set: 'nope', which is not in FOLDER/node_sets.json"),
        ({"node_sets": ["none"]}, "There are no cells in node sets none of population cells of FOLDER/nodes.h5"),
        ({"node_ids": [1, 3]}, "Node id 3 is not in population cells of FOLDER/nodes.h5, which has 3 nodes"),
        ({"report_type": "spikes"}, "No simulation configuration available: CIRCUIT tells of a circuit only"),
        (
            {"edge_populations": [{"edge_population": "e", "load_afferent": True}]},
            "Edge population e does not exist in CIRCUIT; it has none",
        ),
        (
            {"neuron_morphology_parameters": {"growth": 2}},
            "The growth of morphologies goes from 0 (no neurites) to 1 (whole ones), got 2",
        ),
    ],
)
def test_what_cannot_be_loaded_is_told(tmp_path: Path, settings: dict[str, Any], message: str):
    path = write_circuit(tmp_path, places(3))
    said = failure(path, **settings).replace(str(path), "CIRCUIT").replace(str(tmp_path), "FOLDER")
    assert said.replace("\\", "/") == message


def test_a_population_without_cells(tmp_path: Path):
    path = write_circuit(tmp_path, {"x": np.empty(0), "y": np.empty(0), "z": np.empty(0)})
    assert failure(path) == f"There are no cells in population cells of {tmp_path / 'nodes.h5'}"


@pytest.mark.parametrize("kind", ["virtual", "point_neuron", "point_process", "single_compartment"])
def test_nodes_without_morphologies_are_spheres(tmp_path: Path, kind: str):
    path = write_circuit(tmp_path, places(3), kind=kind)
    model = load(path, neuron_morphology_parameters=FULL | {"radius_multiplier": 4.0})
    np.testing.assert_allclose(model.geometry.spheres, [[0, 0, 0, 4], [10, 0, 0, 4], [20, 0, 0, 4]])
    assert not model.notices


def test_a_population_without_positions(tmp_path: Path):
    path = write_circuit(tmp_path, {"layer": [1, 2, 3, 4, 5]})
    message = failure(path)
    assert "population cells have no positions" in message
    assert "in_plane" in message
    model = load(path, in_plane=True)
    expected = [[-20, 10, 0, 1], [0, 10, 0, 1], [20, 10, 0, 1], [-20, -10, 0, 1], [0, -10, 0, 1]]
    np.testing.assert_allclose(model.geometry.spheres, expected)
    assert model.notices == ("Population cells: its cells stand in a made-up plane, as was asked for",)


def test_without_z_nodes_lie_in_a_plane(tmp_path: Path):
    model = load(write_circuit(tmp_path, {"x": [0.0, 5.0], "y": [0.0, 1.0]}))
    np.testing.assert_allclose(model.geometry.spheres[:, :3], [[0, 0, 0], [5, 1, 0]])
    assert model.notices == ("Population cells: its nodes have no z, so that they lie in a plane",)
    folder = tmp_path / "x only"
    folder.mkdir()
    path = write_circuit(folder, {"x": [0.0]})
    nodes = folder / "nodes.h5"
    assert failure(path) == f"Population cells of {nodes} has no attribute 'y', so its cells cannot be placed"


def test_positions_must_be_finite(tmp_path: Path):
    path = write_circuit(tmp_path, places(2) | {"y": [0.0, float("nan")]})
    assert failure(path) == f"Node 1 of population cells in {tmp_path / 'nodes.h5'} has no finite 'y': nan"


def test_a_missing_morphology_names_file_and_cell(tmp_path: Path):
    path = write_circuit(tmp_path, places(3) | {"morphology": ["cell", "gone", "gone"]})
    message = failure(path, neuron_morphology_parameters={"load_dendrites": True})
    assert message.startswith(f"Morphology 'gone' of cell 1 cannot be read from {tmp_path / 'morphologies'}")
    assert load(path).geometry.spheres.shape == (3, 4)  # spheres need none


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("hello", "it is not JSON"),
        ("[1]", "neither 'networks' nor 'run'"),
        ('{"networks": 5}', "is not a SONATA circuit configuration"),
        ('{"run": {}}', "cannot be read: "),
        ("\x00\xff", "it is no text, but binary data"),
        ("[" * 100000, "it is not JSON"),
    ],
)
def test_what_is_no_circuit_is_told(tmp_path: Path, content: str, message: str):
    path = tmp_path / "circuit.json"
    path.write_text(content)
    assert message in failure(path)


def test_paths_that_are_no_files(tmp_path: Path):
    assert failure(tmp_path).startswith(f"{tmp_path} is a directory without a SONATA configuration")
    assert failure("/no/such.json") == "File /no/such.json does not exists"
    assert failure("a\0b") == "A path cannot contain a null character"
    # Python 3.14 does not tell that a path is too long.
    assert re.fullmatch("x+ cannot be read: .+|File x+ does not exists", failure("x" * 10000))


@pytest.mark.data
@pytest.mark.parametrize("broken", ["S1nonbarrel_neurons/nodes.h5", "morphologies/merged-morphologies.h5"])
@pytest.mark.parametrize("how", ["truncated", "text", "noise", "missing"])
def test_corrupt_files_are_told_and_quiet(
    data_dir: Path, tmp_path: Path, broken: str, how: str, capfd: pytest.CaptureFixture[str]
):
    folder = tmp_path / "circuit"
    shutil.copytree(data_dir / "tiny_circuits/N_10__top_nodes_dim6", folder)
    content = bytearray((folder / broken).read_bytes())
    match how:
        case "truncated":
            (folder / broken).write_bytes(content[: len(content) // 2])
        case "text":
            (folder / broken).write_text("hello")
        case "noise":
            content[900:4000] = np.random.default_rng(1).bytes(3100)
            (folder / broken).write_bytes(content)
        case "missing":
            (folder / broken).unlink()
    message = failure(folder / "circuit_config.json", POPULATION, neuron_morphology_parameters=FULL)
    assert "population" in message.lower() or "morpholog" in message.lower()
    assert capfd.readouterr() == ("", "")


@pytest.mark.data
def test_a_simulations_configuration_loads_its_circuit(data_dir: Path):
    path = data_dir / "simulations/N_10__top_nodes_dim6/simulation_config.json"
    assert len(load(path, POPULATION).geometry.spheres) == 10


def test_progress_rises_through_all_populations(tmp_path: Path):
    path = write_circuit(tmp_path, places(10))
    seen: list[tuple[float, str]] = []
    settings = {"node_population": "cells", "node_percentage": 1.0, "neuron_morphology_parameters": FULL}
    request = RunningRequest(lambda amount, operation: seen.append((amount, operation)))
    models = sonata.LOADER.read(str(path), {"node_population_settings": [settings, settings]}, request)
    assert len(models) == 2
    assert [amount for amount, _ in seen] == sorted(amount for amount, _ in seen)
    assert seen[0] == (0.0, "Reading population cells")
    assert seen[-1][0] >= 0.75


def test_a_cancelled_load_stops(tmp_path: Path):
    path = write_circuit(tmp_path, places(10))
    stopped = threading.Event()

    def cancel(_amount: float, operation: str) -> None:
        if operation == "Placing cells":
            stopped.set()
            request.cancel()

    request = RunningRequest(cancel)
    with pytest.raises(RequestError) as caught:
        load(path, request=request)
    assert caught.value.code == 20
    assert stopped.is_set()


def test_each_morphology_is_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    read: list[str] = []

    def counting(*arguments: Any) -> Any:
        read.append(arguments[2])
        return read_shape(*arguments)

    monkeypatch.setattr("brayns_widget.service.renderer.loaders.circuits.cells.read_shape", counting)
    path = write_circuit(tmp_path, places(50))
    load(path, neuron_morphology_parameters=FULL)
    assert read == ["cell"]
    # Entries of one request share what is shaped alike.
    read.clear()
    entry = {"node_population": "cells", "node_percentage": 1.0, "neuron_morphology_parameters": FULL}
    thick = entry | {"neuron_morphology_parameters": FULL | {"radius_multiplier": 3.0}}
    models = sonata.LOADER.read(str(path), {"node_population_settings": [entry, entry, thick]}, RunningRequest())
    assert read == ["cell", "cell"]
    radii = [model.geometry.vertices[:, 3].min() for model in models]
    assert radii[0] == radii[1] == pytest.approx(radii[2] / 3)


def test_parameters_are_checked_after_the_file(tmp_path: Path):
    path = write_circuit(tmp_path, places(3))
    with pytest.raises(RequestError, match="Invalid loader params schema") as caught:
        load(path, node_percentage=2)
    assert caught.value.data == ["node_population_settings[0].node_percentage: value above maximum 2 > 1"]
    json.dumps(caught.value.data)


def test_memory_that_does_not_suffice_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def exhausted(*_arguments: Any, **_keywords: Any) -> None:
        raise MemoryError

    monkeypatch.setattr("brayns_widget.service.renderer.loaders.circuits.sonata.place", exhausted)
    path = write_circuit(tmp_path, places(3))
    assert failure(path) == f"{path} does not fit into memory"


def test_ids_beyond_all_numbers_are_refused_in_words(tmp_path: Path):
    path = write_circuit(tmp_path, places(2))
    assert failure(path, node_ids=[2**63]).startswith(f"Node id {2**63} is not in population cells of ")
    assert load(path, neuron_morphology_parameters={"load_dendrites": True, "subsampling": 2**63}).geometry.count == 2


def test_node_sets_of_a_simulation_override_those_of_its_circuit(tmp_path: Path):
    circuit = write_circuit(tmp_path, places(5))
    path = write_simulation(circuit, "compartment")
    content = json.loads(path.read_text())
    (tmp_path / "own.json").write_text(json.dumps({"some": {"node_id": [0]}, "other": {"node_id": [2, 4]}}))
    path.write_text(json.dumps(content | {"node_sets_file": "own.json"}))
    for name, ids in (("other", [2, 4]), ("some", [0])):
        model = load(path, node_sets=[name])
        assert model.ids is not None
        assert model.ids.tolist() == ids
    (tmp_path / "own.json").unlink()
    assert "own.json does not exist" in failure(path, node_sets=["some"])


@pytest.mark.parametrize("file", ["circuit_config.json", "simulation_config.json"])
@pytest.mark.parametrize("value", [7, "$GONE/sets.json", "gone.json"])
def test_node_sets_that_cannot_be_read_are_told_when_they_are_used(tmp_path: Path, file: str, value: Any):
    simulation = write_simulation(write_circuit(tmp_path, places(3)), "compartment")
    content = json.loads((tmp_path / file).read_text())
    (tmp_path / file).write_text(json.dumps(content | {"node_sets_file": value}))
    assert len(load(simulation).geometry.spheres) == 3
    message = failure(simulation, node_sets=["some"])
    assert f"node_sets_file in {tmp_path / file}" in message or "gone.json does not exist" in message


@pytest.mark.parametrize("settings", [{}, {"neuron_morphology_parameters": {"load_dendrites": True}}])
def test_what_stands_too_far_away_names_its_file(tmp_path: Path, settings: Any):
    path = write_circuit(tmp_path, {"x": [0.0, 1e30], "y": [0.0, 0.0], "z": [0.0, 0.0]})
    assert failure(path, **settings).startswith(f"{path} cannot be shown: coordinates must stay below 1e+18 µm")


@pytest.mark.parametrize(
    ("recenter", "center", "moved"),
    [
        (None, 30.0, [True, True]),
        (None, 3.0, [False, False]),
        ([1, 0], 30.0, [True, False]),
        ([1, 0], 3.0, [True, False]),
        ([np.nan, 0], 30.0, [True, False]),
        ([np.nan, 1], 3.0, [False, True]),
    ],
)
def test_somas_are_moved_to_the_positions_of_cells(tmp_path: Path, recenter: Any, center: float, moved: list[bool]):
    attributes: dict[str, Any] = {**places(2), "rotation_angle_zaxis": [np.pi / 2, np.pi / 2]}
    if recenter:
        attributes["recenter"] = np.array(recenter)
    path = write_circuit(tmp_path, attributes)
    swc = f"1 1 {center} 0 0 2 -1\n2 3 {center + 3} 0 0 1 1\n3 3 {center + 10} 0 0 0.5 2\n"
    (tmp_path / "morphologies" / "cell.swc").write_text(swc)
    model = load(path, neuron_morphology_parameters=FULL)
    expected = [[10.0 * cell, 0.0 if to_soma else center, 0.0] for cell, to_soma in enumerate(moved)]
    np.testing.assert_allclose(model.geometry.spheres[:, :3], expected, atol=1e-4)


@pytest.mark.parametrize(("value", "turned"), [("1.5707963267948966", True), ("NULL", False)])
def test_types_turn_cells(tmp_path: Path, value: str, turned: bool):
    path = with_types(write_circuit(tmp_path, places(1)), f"rotation_angle_zaxis recenter\n-1 {value} {value}\n")
    model = load(path, neuron_morphology_parameters=FULL)
    tips = model.geometry.vertices[np.isclose(model.geometry.vertices[:, 3], 0.5), :3]
    np.testing.assert_allclose(tips, [[0, 10, 0] if turned else [10, 0, 0]], atol=1e-5)


@pytest.mark.parametrize("told", [True, False])
@pytest.mark.parametrize("name", ["model_type", "model_processing", "mtype"])
@pytest.mark.parametrize(("values", "library"), [([0, 7, 0], ["virtual"]), ([1], [])])
def test_an_attribute_that_cells_can_do_without_harms_none(
    tmp_path: Path, name: str, values: list[int], library: list[str], told: bool
):
    path = write_circuit(tmp_path, {**places(3), name: values})
    if library:
        with h5py.File(tmp_path / "nodes.h5", "a") as file:
            file[f"nodes/cells/0/@library/{name}"] = np.array(library, dtype=h5py.string_dtype())
    if not told:
        content = json.loads(path.read_text())
        del content["networks"]["nodes"][0]["populations"]["cells"]["type"]
        path.write_text(json.dumps(content))
    (described,) = answer("contents", str(tmp_path), str(path))["result"]["populations"]
    assert (described["type"], described["size"], described["reason"]) == ("biophysical", 3, "")
    model = load(path, neuron_morphology_parameters=FULL)
    assert len(model.geometry.segments) == 6
    (notice,) = model.notices
    assert repr(name) in notice
    assert "cannot be read" in notice


def test_positions_may_stand_in_one_dataset(tmp_path: Path):
    path = write_circuit(tmp_path, {"positions": [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]})
    np.testing.assert_allclose(load(path).geometry.spheres[:, :3], [[1, 2, 3], [4, 5, 6]])
    described = answer("contents", str(tmp_path), str(path))["result"]
    assert [item["reason"] for item in described["populations"]] == [""]
    columns = answer("node-attributes", str(tmp_path), str(path), population="cells")["result"]["attributes"]
    assert [column["name"] for column in columns] == ["morphology", "x", "y", "z"]
    with h5py.File(tmp_path / "nodes.h5", "a") as file:
        del file["nodes/cells/0/positions"]
        file["nodes/cells/0/positions"] = [[1.0, 2.0], [3.0, 4.0]]
    assert "no attribute 'positions' that can be read (its shape is (2, 2))" in failure(path)


@pytest.mark.parametrize("name", ["rotation_angle_xaxis", "recenter", "orientation_w", "x"])
def test_texts_where_numbers_should_be_are_named(tmp_path: Path, name: str):
    attributes: dict[str, Any] = {f"orientation_{axis}": [0.0] for axis in "xyzw"} if name.startswith("or") else {}
    path = write_circuit(tmp_path, {**places(1), **attributes, name: ["north"]})
    message = failure(path, neuron_morphology_parameters=FULL)
    assert message.startswith(f"Attribute {name!r} of population cells in {tmp_path / 'nodes.h5'}")
    assert "'north'" in message


def with_types(path: Path, columns_and_rows: str) -> Path:
    """Give the nodes of ``write_circuit`` types in CSV."""
    (path.parent / "types.csv").write_text(f"node_type_id {columns_and_rows}")
    content = json.loads(path.read_text())
    content["networks"]["nodes"][0]["node_types_file"] = "types.csv"
    path.write_text(json.dumps(content))
    return path


def test_nodes_of_which_some_have_no_type_are_biophysical(tmp_path: Path):
    path = with_types(write_circuit(tmp_path, places(1) | {"model_type": [""]}), "mtype\n-1 a\n")
    content = json.loads(path.read_text())
    del content["networks"]["nodes"][0]["populations"]["cells"]["type"]
    path.write_text(json.dumps(content))
    (described,) = answer("contents", str(tmp_path), str(path))["result"]["populations"]
    assert described["type"] == "biophysical"
    assert len(load(path, neuron_morphology_parameters=FULL).geometry.segments) == 2


def test_cells_and_point_neurons_in_one_population(tmp_path: Path):
    """As BMTK writes them: in groups, with types in CSV."""
    path = write_circuit(tmp_path, places(1))
    groups = {
        "0": {"x": [0.0, 50.0], "y": [0.0, 0.0], "z": [0.0, 0.0], "rotation_angle_yaxis": [np.pi / 2, 0.0]},
        "1": {"x": [100.0], "y": [0.0], "z": [7.0]},
    }
    (tmp_path / "nodes.h5").unlink()
    index: dict[str, Any] = {"node_group_id": [0, 1, 0], "node_group_index": [0, 0, 1], "node_type_id": [10, 11, 10]}
    write_nodes(tmp_path / "nodes.h5", groups, **index)
    (tmp_path / "types.csv").write_text(
        "node_type_id model_type morphology mtype\n10 biophysical cell.swc a\n11 point_process NULL b\n"
    )
    path.write_text(
        json.dumps(
            {
                "components": {"morphologies_dir": "morphologies"},
                "networks": {"nodes": [{"nodes_file": "nodes.h5", "node_types_file": "types.csv"}]},
            }
        )
    )
    model = load(path, neuron_morphology_parameters=FULL)
    assert model.notices == ()
    np.testing.assert_allclose(model.geometry.spheres[:, [0, 2]], [[0, 0], [100, 7], [50, 0]], atol=1e-5)
    np.testing.assert_allclose(model.geometry.spheres[:, 3], [2, 1, 2])
    thick = load(path, neuron_morphology_parameters=FULL | {"radius_multiplier": 3.0})
    np.testing.assert_allclose(thick.geometry.spheres[:, 3], [2, 3, 2])
    tips = model.geometry.vertices[np.isclose(model.geometry.vertices[:, 3], 0.5), :3]
    np.testing.assert_allclose(tips, [[0, 0, -10], [60, 0, 0]], atol=1e-5)
    assert model.coloring.values("mtype") == ["a", "b"]


def test_attributes_that_cannot_be_read_are_told(tmp_path: Path):
    attributes = {
        **places(3),
        "etype": np.array([1.0]),
        "mtype": np.array([b"a", b"b", b"a"]),
        "layer": ["1", "2", "1"],
    }
    model = load(write_circuit(tmp_path, attributes), neuron_morphology_parameters=FULL)
    assert model.coloring.values("mtype") == ["a", "b"]
    assert "etype" not in model.coloring.methods()
    assert model.notices == ("Population cells: attribute 'etype' cannot be read: it has 1 values, but 3 are needed",)


@pytest.mark.parametrize("name", ["x", "rotation_angle_zaxis", "recenter"])
def test_texts_instead_of_numbers_are_told_by_name(tmp_path: Path, name: str):
    message = failure(write_circuit(tmp_path, {**places(2), name: ["one", "two"]}), neuron_morphology_parameters=FULL)
    assert (
        f"Attribute '{name}' of population cells in {tmp_path / 'nodes.h5'}, or in its table of types, is no number"
        in message
    )
    assert "'one'" in message


@pytest.mark.parametrize("shape", [(4,), (2, 2)])
def test_positions_of_another_shape_are_refused(tmp_path: Path, shape: tuple[int, ...]):
    message = failure(write_circuit(tmp_path, {"positions": np.arange(4.0).reshape(shape)}))
    assert f"no attribute 'positions' that can be read (its shape is {shape})" in message


def test_edges_and_populations_that_nobody_asked_for_stand_in_nobodys_way(tmp_path: Path):
    path = write_circuit(tmp_path, places(3))
    content = json.loads(path.read_text())
    content["networks"]["edges"] = [{"edges_file": "none.h5", "populations": {"gone": {}}}, {"edges_file": "none.h5"}]
    content["networks"]["nodes"].append({"nodes_file": "none.h5"})
    path.write_text(json.dumps(content))
    assert len(load(path).geometry.spheres) == 3
    assert "none.h5 does not exist" in failure(path, "other")
    wanted: dict[str, Any] = {"edge_populations": [{"edge_population": "gone", "load_afferent": True}]}
    assert "Edge population gone cannot be read" in failure(path, **wanted)
