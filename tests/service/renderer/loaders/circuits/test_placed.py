"""Synapses whose places are given by section, against morphologies and against places that were stored."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import numpy.typing as npt
import pytest

from brayns_widget.protocol.errors import RequestError
from brayns_widget.service.renderer.loaders.circuits import sonata
from brayns_widget.service.rpc.running import RunningRequest
from tests.service.renderer.loaders.circuits.circuits import places, write_circuit, write_edges

# Two segments of 3 and 4 µm along x and y, after a soma about the origin; and a branch of 2 µm.
SWC = "1 1 0 0 0 2 -1\n2 3 3 0 0 1 1\n3 3 6 0 0 1 2\n4 3 6 4 0 1 3\n5 3 6 4 2 1 4\n6 3 6 6 0 1 4\n"
NODES = "S1nonbarrel_neurons"
EDGES = f"{NODES}__{NODES}__chemical"
CIRCUIT = "tiny_circuits/N_10__top_nodes_dim6"


def synapses(config: Path, population: str, edges: str, *, afferent: bool) -> npt.NDArray[np.float32]:
    """Where the synapses are, (N, 3)."""
    wanted = {"edge_population": edges, "load_afferent": afferent}
    settings = {"node_population": population, "node_percentage": 1.0, "edge_populations": [wanted]}
    _cells, model = sonata.LOADER.read(str(config), {"node_population_settings": [settings]}, RunningRequest())
    return model.geometry.spheres[:, :3]


def circuit(folder: Path, attributes: dict[str, Any]) -> Path:
    """Three cells 10 µm apart, the last turned by a quarter about z; each makes a synapse on the next."""
    quarter = np.sqrt(0.5)
    turns = {"orientation_w": [1, 1, quarter], "orientation_z": [0, 0, quarter]}
    turns |= {"orientation_x": [0.0] * 3, "orientation_y": [0.0] * 3}
    config = write_circuit(folder, {**places(3), **turns})
    (folder / "morphologies" / "cell.swc").write_text(SWC)
    write_edges(config, [0, 1, 2], [1, 2, 0], attributes=attributes)
    return config


@pytest.mark.parametrize("side", ["afferent", "efferent"])
@pytest.mark.parametrize(
    "address",
    [
        {"section_id": [1, 1, 2], "section_pos": [0.5, 6 / 7, 1.0]},
        {"section_id": [1, 1, 2], "segment_id": [1, 1, 0], "segment_offset": [0.5, 3.0, 2.0]},
    ],
)
def test_synapses_stand_on_the_sections_of_their_cells(tmp_path: Path, address: dict[str, Any], side: str):
    config = circuit(tmp_path, {f"{side}_{name}": values for name, values in address.items()})
    points = synapses(config, "cells", "joins", afferent=side == "afferent")
    cells = [1, 2, 0] if side == "afferent" else [0, 1, 2]
    local = np.array([[6, 0.5, 0], [6, 3, 0], [6, 4, 2]])
    wanted = [
        [20 - y, x, z] if cell == 2 else [10 * cell + x, y, z] for cell, (x, y, z) in zip(cells, local, strict=True)
    ]
    np.testing.assert_allclose(points, wanted, atol=1e-5)


def test_synapses_of_the_soma_stand_in_its_middle(tmp_path: Path):
    config = circuit(tmp_path, {"afferent_section_id": [0] * 3, "afferent_section_pos": [0.5] * 3})
    np.testing.assert_allclose(
        synapses(config, "cells", "joins", afferent=True), [[10, 0, 0], [20, 0, 0], [0, 0, 0]], atol=1e-5
    )


@pytest.mark.parametrize(
    ("address", "message"),
    [
        ({"section_id": [1, 4, 1], "section_pos": [0.5] * 3}, "has 3 sections, but something is to be on section 4"),
        (
            {"section_id": [1, 2, 1], "segment_id": [1, 1, 2], "segment_offset": [0.5] * 3},
            "has 1 segments there, but something is to be on segment 1 of section 2",
        ),
    ],
)
def test_places_that_are_not_there_are_told(tmp_path: Path, address: dict[str, Any], message: str):
    config = circuit(tmp_path, {f"afferent_{name}": values for name, values in address.items()})
    with pytest.raises(RequestError) as caught:
        synapses(config, "cells", "joins", afferent=True)
    assert caught.value.message == f"Morphology 'cell' in {tmp_path / 'morphologies'} of cell 2 {message}"


def test_synapses_without_any_place_are_told(tmp_path: Path):
    config = circuit(tmp_path, {"afferent_section_id": [1] * 3})
    with pytest.raises(RequestError) as caught:
        synapses(config, "cells", "joins", afferent=True)
    assert caught.value.message == (
        f"Edge population joins of {tmp_path / 'edges.h5'} does not tell where its synapses are "
        "(afferent_surface_x …, afferent_center_x …, "
        "afferent_section_id with afferent_section_pos, or with afferent_segment_id and afferent_segment_offset)"
    )


def test_edges_that_do_not_tell_their_population_are_shown(tmp_path: Path):
    config = circuit(
        tmp_path, {"afferent_center_x": [1.0] * 3, "afferent_center_y": [0.0] * 3, "afferent_center_z": [0.0] * 3}
    )
    with h5py.File(tmp_path / "edges.h5", "a") as file:
        del file["edges/joins/target_node_id"].attrs["node_population"]
        del file["edges/joins/indices"]
    assert len(synapses(config, "cells", "joins", afferent=True)) == 3


def test_places_that_are_no_numbers_are_named(tmp_path: Path):
    columns = {"afferent_center_x": [1.0, np.nan, 1.0], "afferent_center_y": [0.0] * 3, "afferent_center_z": [0.0] * 3}
    with pytest.raises(
        RequestError, match=r"Edge 1 of population joins in .*edges.h5 has no finite 'afferent_center_x'"
    ):
        synapses(circuit(tmp_path, columns), "cells", "joins", afferent=True)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (
            np.array([b"a"] * 3),
            "Attribute 'afferent_center_x' of edge population joins in .*edges.h5 is no number: .*'a'",
        ),
        ([1.0], "does not tell where its synapses are .*; afferent_center_x cannot be read: it has 1 values, but 3"),
    ],
)
def test_places_that_cannot_be_read_are_named(tmp_path: Path, values: Any, message: str):
    config = circuit(tmp_path, {f"afferent_center_{axis}": [1.0] * 3 for axis in "xyz"})
    with h5py.File(tmp_path / "edges.h5", "a") as file:
        del file["edges/joins/0/afferent_center_x"]
        file["edges/joins/0/afferent_center_x"] = values
    with pytest.raises(RequestError, match=message):
        synapses(config, "cells", "joins", afferent=True)


def test_indices_that_lead_to_edges_of_other_nodes_are_refused(tmp_path: Path):
    config = circuit(tmp_path, {f"afferent_center_{axis}": [1.0] * 3 for axis in "xyz"})
    with h5py.File(tmp_path / "edges.h5", "a") as file:
        file["edges/joins/target_node_id"][:] = [7, 8, 9]
    with pytest.raises(RequestError, match=r"indices of edge population joins in .* lead to edges of other nodes"):
        synapses(config, "cells", "joins", afferent=True)


# An apical dendrite, an axon and a dendrite, each of one section of 10 µm.
THREE = "1 1 0 0 0 2 -1\n2 4 2 0 0 1 1\n3 4 12 0 0 1 2\n4 2 0 2 0 1 1\n5 2 0 12 0 1 4\n6 3 0 0 2 1 1\n7 3 0 0 12 1 6\n"


def first_edition(folder: Path, sections: list[int], processing: list[str]) -> Path:
    """Write cells with the synapses of SONATA's first edition, and how BMTK processes their morphologies."""
    config = write_circuit(folder, {**places(3), "model_processing": processing})
    (folder / "morphologies" / "cell.swc").write_text(THREE)
    write_edges(config, [0, 1, 2], [0, 1, 2], attributes={"sec_id": sections, "sec_x": [0.5] * 3})
    return config


def test_synapses_of_the_first_edition_stand_on_the_sections_that_bmtk_counts(tmp_path: Path):
    config = first_edition(tmp_path, [0, 1, 2], ["aibs_perisomatic", "", "aibs_allactive"])
    points = synapses(config, "cells", "joins", afferent=True)
    np.testing.assert_allclose(points, [[0, 0, 0], [10, 0, 7], [27, 0, 0]], atol=1e-5)


@pytest.mark.parametrize(
    ("sections", "processing", "afferent", "message"),
    [
        (
            [1, 1, 3],
            ["aibs_allactive"] * 3,
            True,
            "of cell 2 has 2 sections of dendrites, but something is to be on se",
        ),
        ([1, 1, 1], ["aibs_allactive", "aibs_allactive", "full"], True, "does not tell where its synapses are"),
        ([1, 1, 1], ["aibs_perisomatic"] * 3, False, "does not tell where its synapses are"),
    ],
)
def test_sections_that_nobody_can_count_are_refused(
    tmp_path: Path, sections: list[int], processing: list[str], afferent: bool, message: str
):
    config = first_edition(tmp_path, sections, processing)
    with pytest.raises(RequestError, match=message):
        synapses(config, "cells", "joins", afferent=afferent)


@pytest.mark.data
def test_synapses_of_the_allen_institute_stand_where_their_file_says(data_dir: Path):
    folder = data_dir / "allen" / "sonata" / "9_cells"
    if not folder.is_dir():
        pytest.skip(f"there is no {folder}")
    points = synapses(folder / "circuit_config.json", "cortex", "excvirt_to_cortex", afferent=True)
    with h5py.File(folder / "network" / "excvirt_cortex_edges.h5") as file:
        group = file["edges/excvirt_to_cortex/0"]
        stored = np.stack([group[f"pos_{axis}"][:] for axis in "xy"], axis=1)  # its pos_z repeats x
    beside = np.linalg.norm(points[:, :2] - stored, axis=1)
    assert len(points) == len(stored) == 659
    assert np.median(beside) < 1  # they are the middles of NEURON's segments
    assert beside.max() < 12


@pytest.mark.data
@pytest.mark.parametrize("dropped", ["segment", "section_pos"])
@pytest.mark.parametrize("side", ["afferent", "efferent"])
def test_sections_of_a_real_circuit_lead_to_the_stored_places(data_dir: Path, tmp_path: Path, side: str, dropped: str):
    original = data_dir / CIRCUIT / EDGES / "edges.h5"
    shutil.copy(original, tmp_path / "edges.h5")
    with h5py.File(tmp_path / "edges.h5", "r+") as file:
        group = file["edges"][EDGES]["0"]
        stored = np.stack([group[f"{side}_center_{axis}"][:] for axis in "xyz"], axis=1)
        for name in list(group):
            if any(part in name for part in ("center", "surface", dropped)):
                del group[name]
    config = json.loads((data_dir / CIRCUIT / "circuit_config.json").read_text())
    config["manifest"] = {"$BASE_DIR": (data_dir / CIRCUIT).as_posix()}
    for entry in config["networks"]["edges"]:
        if EDGES in entry["populations"]:
            entry["edges_file"] = (tmp_path / "edges.h5").as_posix()
    path = tmp_path / "circuit_config.json"
    path.write_text(json.dumps(config))
    points = synapses(path, NODES, EDGES, afferent=side == "afferent")
    np.testing.assert_allclose(points, stored, atol=0.001)
