"""Endfeet of astrocytes as meshes, and astrocytes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import h5py
import morphio
import morphio.mut
import numpy as np
import pytest

from brayns_widget.protocol.errors import RequestError
from brayns_widget.service.renderer.loaders.base import LoadedModel
from brayns_widget.service.renderer.loaders.circuits import sonata
from brayns_widget.service.rpc.running import RunningRequest
from tests.service.renderer.loaders.circuits.circuits import places, write_circuit, write_edges

# A triangle, a square, nothing.
POINTS: list[list[list[float]]] = [
    [[0, 0, 0], [1, 0, 0], [0, 1, 0]],
    [[5, 0, 0], [6, 0, 0], [6, 1, 0], [5, 1, 0]],
    [],
]
TRIANGLES: list[list[list[int]]] = [[[0, 1, 2]], [[0, 1, 2], [0, 2, 3]], []]


def write_meshes(path: Path, triangles: list[list[list[int]]] = TRIANGLES) -> None:
    with h5py.File(path, "w") as file:
        for name, groups, kind in (("points", POINTS, np.float32), ("triangles", triangles, np.int64)):
            file[f"data/{name}"] = np.array([row for group in groups for row in group], kind)
            file[f"offsets/{name}"] = np.cumsum([0, *map(len, groups)])
        file["data/surface_area"] = np.ones(3, np.float32)


def circuit(folder: Path, attributes: dict[str, Any]) -> Path:
    """Astrocytes 0 and 1; the first has endfeet 0 and 2, the second endfoot 1."""
    config = write_circuit(folder, places(2), kind="astrocyte")
    content = json.loads(config.read_text())
    content["networks"]["nodes"][0]["populations"]["cells"]["microdomains_file"] = "microdomains.h5"
    config.write_text(json.dumps(content))
    write_edges(
        config, [0, 0, 0], [0, 1, 0], attributes=attributes, kind="endfoot", endfeet_meshes_file="endfeet_meshes.h5"
    )
    return config


def load(config: Path, **settings: Any) -> list[LoadedModel]:
    edges = [{"edge_population": "joins", "load_afferent": True}]
    params = {"node_population": "cells", "node_percentage": 1.0, "edge_populations": edges, **settings}
    return sonata.LOADER.read(str(config), {"node_population_settings": [params]}, RunningRequest())


def test_each_endfoot_is_a_mesh_that_is_colored_as_its_astrocyte(tmp_path: Path):
    write_meshes(tmp_path / "endfeet_meshes.h5")
    astrocytes, endfeet = load(circuit(tmp_path, {}))
    assert astrocytes.ids is not None
    assert (astrocytes.kind, astrocytes.ids.tolist(), endfeet.kind) == ("neurons", [0, 1], "endfeet")
    geometry = endfeet.geometry
    assert geometry.triangle_vertices.tolist() == POINTS[0] + POINTS[1]
    assert geometry.triangles.tolist() == [[0, 1, 2], [3, 4, 5], [3, 5, 6]]
    blue = [0.0, 0.0, 1.0, 1.0]
    assert endfeet.coloring is not None
    shown = endfeet.coloring.color("id", {"1": blue})[geometry.triangle_slots]
    assert [color == blue for color in shown.tolist()] == [False, True, True]


def test_endfeet_of_chosen_astrocytes_are_found_by_their_ids(tmp_path: Path):
    write_meshes(tmp_path / "endfeet_meshes.h5")
    _astrocytes, endfeet = load(circuit(tmp_path, {"endfoot_id": [1, 0, 2]}), node_ids=[0])
    assert endfeet.geometry.triangle_vertices.tolist() == POINTS[1]
    assert endfeet.geometry.triangles.tolist() == [[0, 1, 2], [0, 2, 3]]


def write_astrocyte(path: Path) -> None:
    """A soma, a perivascular process along x and another against it."""
    around = np.linspace(0, 2 * np.pi, 8, endpoint=False)
    cell = morphio.mut.GlialCell()
    cell.soma.points = np.column_stack((2 * np.cos(around), 2 * np.sin(around), 0 * around))
    cell.soma.diameters = np.zeros(8)
    cell.soma.type = morphio.SomaType.SOMA_SIMPLE_CONTOUR
    kinds = morphio.SectionType.glia_perivascular_process, morphio.SectionType.glia_process
    for kind, x in zip(kinds, (2, -2), strict=True):
        cell.append_root_section(morphio.PointLevel([[x, 0, 0], [3 * x, 0, 0]], [1, 1], [0.5, 0.5]), kind)
    cell.write(str(path))


def test_astrocytes_have_their_morphologies(tmp_path: Path):
    config = circuit(tmp_path, {})
    write_meshes(tmp_path / "endfeet_meshes.h5")
    (tmp_path / "morphologies" / "cell.swc").unlink()
    write_astrocyte(tmp_path / "morphologies" / "cell.h5")
    content = json.loads(config.read_text())
    content["networks"]["nodes"][0]["populations"]["cells"]["alternate_morphologies"] = {"h5v1": "morphologies"}
    config.write_text(json.dumps(content))

    def directions(**params: bool) -> list[float]:
        astrocytes, _endfeet = load(config, node_ids=[0], neuron_morphology_parameters=params)
        signs: list[float] = np.sign(astrocytes.geometry.vertices[:, 0]).tolist()
        return signs

    assert directions(load_axon=True) == [1, 1]  # the perivascular process
    assert directions(load_dendrites=True) == [-1, -1]


@pytest.mark.parametrize(
    ("attributes", "triangles", "settings", "message"),
    [
        ({}, [[[0, 1, 3]], [], []], {}, "has triangles with corners that are no points of their endfoot"),
        (
            {},
            TRIANGLES[:2],
            {},
            "cannot be read as endfeet meshes: it has triangles of 2 endfeet, and not of endfoot 2",
        ),
        ({"endfoot_id": [2, 2, 2]}, TRIANGLES, {}, "has no meshes of the endfeet of the loaded cells"),
    ],
)
def test_meshes_that_cannot_be_used_are_told(
    tmp_path: Path, attributes: Any, triangles: Any, settings: Any, message: str
):
    write_meshes(tmp_path / "endfeet_meshes.h5", triangles)
    with pytest.raises(RequestError) as caught:
        load(circuit(tmp_path, attributes), **settings)
    assert caught.value.message == f"{tmp_path / 'endfeet_meshes.h5'} {message}"


def test_a_file_that_is_missing_or_no_hdf5_is_told(tmp_path: Path):
    config = circuit(tmp_path, {})
    with pytest.raises(RequestError, match=r"endfeet_meshes\.h5 do not exist"):
        load(config)
    (tmp_path / "endfeet_meshes.h5").write_bytes(b"nothing")
    with pytest.raises(RequestError, match="cannot be read as endfeet meshes"):
        load(config)
