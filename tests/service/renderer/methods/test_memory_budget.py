"""What clients see of the memory budget."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from brayns_widget.service.renderer.memory import PRIMITIVE_BYTES, STRUCTURE_BYTES, VARIABLE
from tests.service.renderer.loaders.circuits.circuits import places, write_circuit
from tests.service.renderer.renderer_process import Failed, client_of, renderer_process

CELLS = 4
WHOLE = CELLS * 3 * PRIMITIVE_BYTES  # each has a soma, its cone and a segment of a dendrite


def load(path: Path, **parts: bool) -> dict[str, Any]:
    params = parts or {"load_soma": True, "load_axon": True, "load_dendrites": True}
    population = {"node_population": "cells", "node_percentage": 1.0, "neuron_morphology_parameters": params}
    properties = {"node_population_settings": [population]}
    return {"loader_name": "SONATA loader", "loader_properties": properties, "path": str(path)}


def test_the_reply_says_what_was_left_out(tmp_path: Path):
    path = write_circuit(tmp_path, places(CELLS))

    async def scenario(address: str) -> None:
        async with client_of(address) as one:
            (whole,) = await one.call("add-model", load(path))
            assert "left_out" not in whole["info"]["metadata"]
            (reduced,) = await one.call("add-model", load(path))
            assert reduced["info"]["metadata"]["left_out"] == "axons and dendrites"
            assert reduced["info"]["metadata"]["memory_budget"] == "1.6 KB"
            assert reduced["bounds"]["max"][0] < whole["bounds"]["max"][0]
            with pytest.raises(Failed) as caught:
                await one.call("add-model", load(path, load_dendrites=True))
            assert caught.value.code == -32603
            assert "--memory-budget" in caught.value.message
            # What is removed leaves room.
            await one.call("remove-model", {"ids": [whole["model_id"], reduced["model_id"]]})
            (again,) = await one.call("add-model", load(path))
            assert again["bounds"] == whole["bounds"]

    # Room for the whole, and beside it, with its old acceleration structure, for the somas only.
    budget = WHOLE + CELLS * 3 * STRUCTURE_BYTES + CELLS * PRIMITIVE_BYTES
    with renderer_process("--memory-budget", str(budget)) as (address, _process):
        asyncio.run(scenario(address))


def test_files_of_other_kinds_are_counted_too(tmp_path: Path):
    path = tmp_path / "points.xyz"
    data = b"0 0 0\n" * 1000
    path.write_bytes(data)
    file = {"loader_name": "xyz", "loader_properties": {}, "path": str(path)}

    async def scenario(address: str) -> None:
        async with client_of(address) as one:
            upload = {"loader_name": "xyz", "loader_properties": {}, "type": "xyz"}
            for number in (await one.send("add-model", file), await one.send("upload-model", upload, data)):
                with pytest.raises(Failed, match="not enough memory for 1000 primitives"):
                    await one.reply(number)
            volume = {"dimensions": [1, 1, 1], "spacing": [1, 1, 1], "data_type": "unsigned_char"}
            upload = {"loader_name": "raw-volume", "loader_properties": volume, "type": "raw"}
            await one.call("add-spheres", [{"geometry": {"center": [0, 0, 0], "radius": 1}, "color": [1] * 4}] * 900)
            await one.reply(await one.send("upload-model", upload, b"1"))  # it has no primitives
            await one.call("clear-models")
            assert (await one.call("get-scene"))["models"] == []

    with renderer_process("--memory-budget", "50K") as (address, _process):
        asyncio.run(scenario(address))


def test_points_in_place_of_cells_are_counted_too(tmp_path: Path):
    path = write_circuit(tmp_path, places(CELLS))

    async def scenario(address: str) -> None:
        async with client_of(address) as one:
            with pytest.raises(Failed) as caught:
                await one.call("add-model", load(path, load_soma=False))
            assert f"{CELLS} cells do not fit" in caught.value.message

    with renderer_process("--memory-budget", str(CELLS * PRIMITIVE_BYTES - 1)) as (address, _process):
        asyncio.run(scenario(address))


@pytest.mark.parametrize("flag", [True, False])
def test_a_budget_that_is_none_is_refused(flag: bool, monkeypatch: pytest.MonkeyPatch):
    command = [sys.executable, "-m", "brayns_widget", "renderer", "--uri", "127.0.0.1:0"]
    if flag:
        command += ["--memory-budget", "much"]
    else:
        monkeypatch.setenv(VARIABLE, "much")
    ended = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == 1
    assert "'much' is not a memory size" in ended.stderr
