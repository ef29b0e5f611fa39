"""Atlases over the socket: what loads, and other ways to show it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import nrrd
import numpy as np
import pytest

from tests.service.renderer.renderer_process import Failed, renderer_process
from tests.service.renderer.stage import at, empty_stage, picture


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with renderer_process() as (address, process):
        yield address
        assert process.poll() is None


def test_atlases_show_their_outline_and_then_their_density(address: str, tmp_path: Path):
    values = np.zeros((4, 4, 4), np.uint8)
    values[1:3, 1:3, 1:3] = 100
    values[2, 2, 2] = 200
    header = {"space dimension": 3, "space directions": np.eye(3), "space origin": [-2, -2, -2]}
    path = str(tmp_path / "atlas.nrrd")
    nrrd.write(path, values, header)

    async def scenario() -> None:
        async with empty_stage(address) as client:
            params = {"path": path, "loader_name": "NRRD loader", "loader_properties": {"type": "scalar"}}
            (outline,) = await client.call("add-model", params)
            assert outline["model_type"] == "atlas"
            assert outline["bounds"] == {"min": [-1, -1, -1], "max": [1, 1, 1]}
            image = await picture(client)
            assert at(image, 0, 0) == [True] * 3
            assert at(image, 1.5, 1.5) == [False] * 3
            assert await client.call("get-color-methods", {"id": outline["model_id"]}) == ["primitive", "solid"]
            cases = await client.call("get-available-atlas-usecases", {"model_id": outline["model_id"]})
            assert [case["name"] for case in cases] == ["Density", "Highlight columns", "Outline mesh shell"]
            await client.call("update-model", {"model_id": outline["model_id"], "model": {"is_visible": False}})
            wanted = {"model_id": outline["model_id"], "use_case": "Density", "params": {}}
            density = await client.call("visualize-atlas-usecase", wanted)
            assert density["model_type"] == "atlas"
            assert density["bounds"] == {"min": [-2, -2, -2], "max": [2, 2, 2]}
            assert density["info"] == {}
            ramp = await client.call("get-color-ramp", {"id": density["model_id"]})
            assert ramp["range"] == [0, 200]
            image = await picture(client)
            assert at(image, 0.5, 0.5) == [True] * 3
            assert at(image, 1.5, 1.5) == [False] * 3
            # a use case of a use case
            wanted = {"model_id": density["model_id"], "use_case": "Outline mesh shell", "params": {}}
            again = await client.call("visualize-atlas-usecase", wanted)
            assert again["bounds"] == outline["bounds"]

    asyncio.run(scenario())


def test_what_has_no_atlas_and_what_cannot_be_shown_is_refused(address: str, tmp_path: Path):
    path = str(tmp_path / "atlas.nrrd")
    nrrd.write(path, np.arange(8, dtype=np.uint8).reshape(2, 2, 2))

    async def scenario() -> None:
        async with empty_stage(address) as client:
            params = {"path": path, "loader_name": "NRRD loader", "loader_properties": {"type": "scalar"}}
            (outline,) = await client.call("add-model", params)
            scene = await client.call("get-scene")
            for wanted, words in (
                ({"model_id": 0, "use_case": "Density"}, "has no atlas"),
                ({"model_id": 99, "use_case": "Density"}, "No model found"),
                ({"model_id": outline["model_id"], "use_case": "Layer distance"}, "is not there"),
                ({"model_id": outline["model_id"], "use_case": "x"}, "no use case 'x'"),
            ):
                with pytest.raises(Failed, match=words) as caught:
                    await client.call("visualize-atlas-usecase", {"params": {}, **wanted})
                assert caught.value.code == -32602
            with pytest.raises(Failed, match="has no atlas"):
                await client.call("get-available-atlas-usecases", {"model_id": 0})
            with pytest.raises(Failed, match="type 'vector' has 3 values"):
                await client.call("add-model", {**params, "loader_properties": {"type": "vector"}})
            with pytest.raises(Failed):
                await client.call("add-model", {**params, "loader_properties": {"type": "color"}})
            assert await client.call("get-scene") == scene

    asyncio.run(scenario())
