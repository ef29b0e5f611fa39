"""Directories as circuits: the configuration that is meant."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

import pytest

from brayns_widget.protocol.errors import RequestError
from brayns_widget.service.renderer.loaders.circuits import sonata
from brayns_widget.service.rpc.running import RunningRequest
from brayns_widget.service.sonata.config import unchecked
from brayns_widget.service.sonata.folders import configuration_of
from tests.service.backend.asking import answer
from tests.service.renderer.loaders.circuits.circuits import places, write_circuit, write_simulation

CIRCUIT: dict[str, Any] = {"networks": {"nodes": []}}
SIMULATION: dict[str, Any] = {"run": {}, "network": "elsewhere.json"}
BOTH: dict[str, Any] = {"network": "circuit.json", "simulation": "run.json"}


@pytest.mark.parametrize(
    ("files", "meant"),
    [
        ({"a.json": CIRCUIT, "node_sets.json": {"All": {}}}, "a.json"),
        ({"circuit.json": CIRCUIT, "run.json": SIMULATION, "config.json": BOTH}, "circuit.json"),
        ({"run.json": SIMULATION, "list.json": [1]}, "run.json"),
    ],
)
def test_the_one_configuration_of_a_directory_is_meant(tmp_path: Path, files: dict[str, Any], meant: str):
    for name, content in files.items():
        (tmp_path / name).write_text(json.dumps(content))
    (tmp_path / "broken.json").write_text("{")
    (tmp_path / "more.json").mkdir()
    assert configuration_of(tmp_path, unchecked) == tmp_path / meant
    assert configuration_of(tmp_path / meant, unchecked) == tmp_path / meant


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({}, "is a directory without a SONATA configuration"),
        ({"a.json": CIRCUIT, "b.json": CIRCUIT}, r"several configurations: a\.json, b\.json; name one of them"),
        ({"a.json": SIMULATION, "b.json": SIMULATION}, "several configurations"),
        ({f"{number}.json": {} for number in range(101)}, "is a directory of 101 JSON files; name the circuit's"),
    ],
)
def test_directories_that_could_mean_anything_are_refused(tmp_path: Path, files: dict[str, Any], message: str):
    for name, content in files.items():
        (tmp_path / name).write_text(json.dumps(content))
    with pytest.raises(RequestError, match=f"^{re.escape(str(tmp_path))} .*{message}"):
        configuration_of(tmp_path, unchecked)


def test_the_file_that_could_be_meant_but_is_broken_is_named(tmp_path: Path):
    (tmp_path / "circuit_config.json").write_text('{"networks": {"nodes": [],}}')
    (tmp_path / "list.json").write_text("[]")
    with pytest.raises(RequestError, match=r"circuit_config\.json is not a SONATA configuration: it is not JSON \("):
        configuration_of(tmp_path, unchecked)


def test_backend_and_renderer_take_directories(tmp_path: Path):
    write_simulation(write_circuit(tmp_path, places(3)), "compartment")
    described = answer("contents", str(tmp_path), str(tmp_path))["result"]
    assert [item["name"] for item in described["populations"]] == ["cells"]
    wanted = {"node_population_settings": [{"node_population": "cells", "node_percentage": 1.0}]}
    (model,) = sonata.LOADER.read(str(tmp_path), wanted, RunningRequest())
    assert model.ids is not None
    assert model.ids.tolist() == [0, 1, 2]


@pytest.mark.skipif(sys.platform == "win32", reason="links need a right of their own there")
def test_files_that_are_links_have_their_own_neighbors(tmp_path: Path):
    """As Hugging Face's cache and DataLad keep files: by their content's names, elsewhere."""
    folder, kept = tmp_path / "circuit", tmp_path / "kept"
    folder.mkdir()
    kept.mkdir()
    config = write_circuit(folder, places(3))
    for number, file in enumerate([file for file in folder.rglob("*") if file.is_file()]):
        target = kept / str(number)
        file.rename(target)
        file.symlink_to(target)
    for path in (folder, config):
        described = answer("contents", str(tmp_path), str(path))["result"]
        assert [item["reason"] for item in described["populations"]] == [""]
        wanted = {"node_population_settings": [{"node_population": "cells", "node_percentage": 1.0}]}
        assert len(sonata.LOADER.read(str(path), wanted, RunningRequest())) == 1
    (outside := tmp_path / "elsewhere.json").symlink_to(config)
    assert f"{tmp_path / 'nodes.h5'}" in answer("contents", str(tmp_path), str(outside))["error"]["message"]
    assert "is outside" in answer("contents", str(folder), str(config))["error"]["message"]
