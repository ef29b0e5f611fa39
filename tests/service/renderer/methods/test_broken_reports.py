"""Reports that change while they are shown, as clients see it."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.service.renderer.loaders.circuits.circuits import places, write_circuit, write_report, write_simulation
from tests.service.renderer.renderer_process import Client, Failed, client_of, renderer_process


async def refusal(client: Client, method: str, params: Any) -> tuple[int, str]:
    with pytest.raises(Failed) as caught:
        await client.call(method, params)
    return caught.value.code, caught.value.message


@pytest.mark.skipif(sys.platform == "win32", reason="Windows lets nobody shorten an open file")
def test_a_load_whose_report_cannot_be_read_leaves_nothing(tmp_path: Path):
    """A report that has become shorter since it was opened, which HDF5 would not notice."""
    circuit = write_circuit(tmp_path, places(2))
    frames = np.tile(np.arange(3000, dtype=np.float32)[:, None], (1, 2))
    write_report(tmp_path / "recorded.h5", [0, 1], [[0], [0]], frames)
    path = write_simulation(circuit, "compartment")
    settings = {"node_population": "cells", "node_percentage": 1.0}
    settings |= {"report_type": "compartment", "report_name": "recorded"}
    params = {
        "path": str(path),
        "loader_name": "SONATA loader",
        "loader_properties": {"node_population_settings": [settings]},
    }

    async def steps(client: Client) -> None:
        (model,) = await client.call("add-model", params)
        await client.call("set-simulation-parameters", {"current": 100})
        os.truncate(tmp_path / "recorded.h5", 4000)
        for _twice in range(2):
            code, message = await refusal(client, "set-simulation-parameters", {"current": 2900})
            assert code == -32603
            assert "has become shorter since it was opened" in message
            assert (await client.call("get-simulation-parameters"))["current"] == 100
        code, _message = await refusal(client, "add-model", params)
        assert code == -32603
        assert [each["model_id"] for each in (await client.call("get-scene"))["models"]] == [model["model_id"]]
        await client.call("remove-model", {"ids": [model["model_id"]]})

    async def session() -> None:
        async with client_of(address) as client:
            await steps(client)

    with renderer_process() as (address, _process):
        asyncio.run(session())
