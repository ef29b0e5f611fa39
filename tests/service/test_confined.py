"""The renderer's files, confined to a directory."""

from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from brayns_widget.protocol.errors import INVALID_PARAMS, RequestError
from brayns_widget.service.confined import confined
from brayns_widget.service.renderer.loaders.circuits import sonata
from brayns_widget.service.renderer.loaders.grids.atlas import LOADER as NRRD_LOADER
from brayns_widget.service.renderer.loaders.grids.volume import MHD_LOADER
from brayns_widget.service.rpc.running import RunningRequest
from tests.service.renderer.loaders.circuits import circuits
from tests.service.renderer.loaders.circuits.test_endfeet import write_meshes
from tests.service.renderer.renderer_process import Failed, client_of, renderer_process

XYZ = "1\nwater\nO 0 0 0\n"


@pytest.fixture
def inside(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "inside"
    folder.mkdir()
    with confined(str(folder)):
        yield folder


def _load_circuit(folder: Path, report: str) -> None:
    settings: dict[str, Any] = {"node_population": "cells", "node_percentage": 1.0}
    if report == "endfeet":
        settings["edge_populations"] = [{"edge_population": "joins", "load_afferent": True}]
        path = folder / "circuit_config.json"
    else:
        settings |= {"report_type": report, "report_name": "recorded", "node_sets": ["some"]}
        settings["neuron_morphology_parameters"] = {"load_soma": True, "load_dendrites": True}
        path = folder / "simulation_config.json"
    sonata.LOADER.read(str(path), {"node_population_settings": [settings]}, RunningRequest())


def _write(folder: Path, report: str) -> None:
    kind = "astrocyte" if report == "endfeet" else "biophysical"
    config = circuits.write_circuit(folder, circuits.places(4), kind=kind)
    circuits.write_simulation(config, "compartment")
    circuits.write_report(folder / "recorded.h5", [0, 1, 2, 3], [[0]] * 4, [[1.0] * 4] * 2)
    with h5py.File(folder / "out.h5", "w") as file:
        file["spikes/cells/timestamps"] = np.array([1.0, 2.0])
        file["spikes/cells/timestamps"].attrs["units"] = "ms"
        file["spikes/cells/node_ids"] = np.array([1, 3], np.uint64)
    if report == "endfeet":
        circuits.write_edges(config, [0, 0, 0], [0, 1, 0], kind="endfoot", endfeet_meshes_file="meshes.h5")
        write_meshes(folder / "meshes.h5")


@pytest.mark.parametrize(
    ("report", "name"),
    [
        ("compartment", "simulation_config.json"),
        ("compartment", "circuit_config.json"),
        ("compartment", "nodes.h5"),
        ("compartment", "node_sets.json"),
        ("compartment", "morphologies/cell.swc"),
        ("compartment", "recorded.h5"),
        ("spikes", "out.h5"),
        ("endfeet", "edges.h5"),
        ("endfeet", "meshes.h5"),
    ],
)
def test_no_file_of_a_circuit_is_read_outside(inside: Path, report: str, name: str) -> None:
    _write(inside, report)
    _load_circuit(inside, report)
    file = inside / name
    outside = inside.parent / file.name
    shutil.move(file, outside)
    file.symlink_to(outside)
    with pytest.raises(RequestError, match=r"is outside '.*inside'"):
        _load_circuit(inside, report)


def test_no_path_in_a_configuration_leads_outside(inside: Path, tmp_path: Path) -> None:
    _write(inside, "compartment")
    shutil.move(inside / "nodes.h5", tmp_path / "nodes.h5")
    path = inside / "circuit_config.json"
    content = json.loads(path.read_text())
    for written in ("../nodes.h5", str(tmp_path / "nodes.h5")):
        content["networks"]["nodes"][0]["nodes_file"] = written
        path.write_text(json.dumps(content))
        with pytest.raises(RequestError, match=r"nodes\.h5' is outside"):
            _load_circuit(inside, "compartment")


def test_no_values_of_volumes_are_read_outside(inside: Path, tmp_path: Path) -> None:
    (tmp_path / "values.raw").write_bytes(bytes(8))
    volume = {"ObjectType": "Image", "NDims": "3", "DimSize": "2 2 2", "ElementSpacing": "1 1 1"}
    volume |= {"ElementType": "MET_UCHAR", "ElementDataFile": "../values.raw"}
    (inside / "volume.mhd").write_text("".join(f"{key} = {value}\n" for key, value in volume.items()))
    with pytest.raises(RequestError, match=r"values\.raw' is outside"):
        MHD_LOADER.read(str(inside / "volume.mhd"), {}, RunningRequest())
    lines = [
        "NRRD0004",
        "type: uint8",
        "dimension: 3",
        "sizes: 2 2 2",
        "encoding: raw",
        "data file: ../values.raw",
        "",
        "",
    ]
    (inside / "atlas.nrrd").write_text("\n".join(lines))
    with pytest.raises(RequestError, match=r"values\.raw' is outside"):
        NRRD_LOADER.read(str(inside / "atlas.nrrd"), {"type": "scalar"}, RunningRequest())


def test_a_renderer_with_a_base_directory_reads_and_writes_there_only(tmp_path: Path) -> None:
    inside = tmp_path / "inside"
    inside.mkdir()
    for folder in (tmp_path, inside):
        (folder / "water.xyz").write_text(XYZ)

    async def scenario(address: str) -> None:
        async with client_of(address) as client:

            async def add(path: Path) -> None:
                await client.call("add-model", {"path": str(path), "loader_name": "xyz", "loader_properties": {}})

            await add(inside / "water.xyz")
            for path in (tmp_path / "water.xyz", inside / ".." / "water.xyz", Path("water.xyz")):
                with pytest.raises(Failed, match="is outside") as caught:
                    await add(path)
                assert caught.value.code == INVALID_PARAMS
            image = {"size": [8, 8]}
            for path in (tmp_path / "shot.png", inside / ".." / "shot.png"):
                with pytest.raises(Failed, match="is outside") as caught:
                    await client.call("snapshot", {"file_path": str(path), "image_settings": image})
                with pytest.raises(Failed, match="is outside") as caught:
                    await client.call("export-gbuffers", {"file_path": str(path), "channels": ["depth"]})
            await client.call("snapshot", {"file_path": str(inside / "shot.png"), "image_settings": image})

    with renderer_process("--base-directory", str(inside)) as (address, _process):
        asyncio.run(scenario(address))
    assert (inside / "shot.png").is_file()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["inside", "water.xyz"]


def test_a_base_directory_that_is_none_ends_the_command(tmp_path: Path) -> None:
    with pytest.raises(NotADirectoryError, match="is not a directory"), confined(str(tmp_path / "nope")):
        pass
