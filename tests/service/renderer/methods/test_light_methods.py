"""Lights through the socket: what they do to pictures, where they are, and which are refused."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.service.renderer.renderer_process import Failed, renderer_process
from tests.service.renderer.stage import WHITE, empty_stage, picture, sphere

SPHERE = {"position": [0, 0, 4], "radius": 0.5, "intensity": 30, "color": [1, 0, 0]}
QUAD = {"position": [-0.5, 0.5, 4], "edge1": [1, 0, 0], "edge2": [0, -1, 0], "intensity": 30, "color": [0, 1, 0]}


@pytest.fixture(scope="module")
def address():
    with renderer_process() as (address, _process):
        yield address


async def dark_stage(client: Any) -> None:
    await client.call("clear-lights")
    await client.call("add-spheres", [sphere(radius=2, color=WHITE)])


@pytest.mark.parametrize(("name", "params", "channel"), [("sphere", SPHERE, 0), ("quad", QUAD, 1)])
def test_lights_light_what_is_there(address: str, name: str, params: dict[str, Any], channel: int):
    async def run() -> None:
        async with empty_stage(address) as client:
            await dark_stage(client)
            assert (await picture(client)).max() == 0
            light = await client.call(f"add-light-{name}", params)
            assert light["model_type"] == "light"
            lit = await picture(client)
            assert lit[30, 30, channel] > 150
            assert lit[..., [other for other in range(3) if other != channel]].max() == 0
            await client.call("update-model", {"model_id": light["model_id"], "model": {"is_visible": False}})
            assert (await picture(client)).max() == 0
            beside = {"is_visible": True, "transform": {"translation": [5, 0, -4]}}
            await client.call("update-model", {"model_id": light["model_id"], "model": beside})
            moved = await picture(client)
            assert moved[30, 15, channel] == 0
            await client.call("clear-lights")
            assert (await picture(client)).max() == 0

    asyncio.run(run())


@pytest.mark.parametrize(
    ("name", "params", "low", "high"),
    [
        ("quad", QUAD, [-0.5, -0.5, 4], [0.5, 0.5, 4]),
        ("quad", {}, [0, 0, 0], [1, 0, 1]),
    ],
)
def test_quad_lights_have_bounds(address: str, name: str, params: dict[str, Any], low: list[float], high: list[float]):
    async def run() -> None:
        async with empty_stage(address) as client:
            light = await client.call(f"add-light-{name}", params)
            assert light["bounds"] == {"min": low, "max": high}

    asyncio.run(run())


def test_a_sphere_light_has_no_bounds(address: str):
    async def run() -> None:
        async with empty_stage(address) as client:
            await client.call("add-spheres", [sphere()])
            before = (await client.call("get-scene"))["bounds"]
            light = await client.call("add-light-sphere", SPHERE)
            assert light["bounds"]["min"] > light["bounds"]["max"]
            assert (await client.call("get-scene"))["bounds"] == before == {"min": [-1, -1, -1], "max": [1, 1, 1]}

    asyncio.run(run())


def test_production_shows_lights_themselves(address: str):
    async def run() -> None:
        async with empty_stage(address) as client:
            await client.call("clear-lights")
            await client.call("add-light-sphere", SPHERE)
            assert (await picture(client)).max() == 0
            await client.call("set-renderer-production", {"samples_per_pixel": 1})
            shown = await picture(client)
            assert shown[30, 30, 0] > 200
            assert shown[30, 20].max() == 0

    asyncio.run(run())


@pytest.mark.parametrize(
    ("name", "params", "problem"),
    [
        ("sphere", {"radius": -1}, "radius of a sphere light cannot be negative, got -1"),
        ("quad", {"edge1": [0, 0, 2]}, "edges of a quad light must span an area"),
        ("quad", {"edge1": [3e38, 0, 0], "edge2": [0, 3e38, 0]}, "must be finite"),
        ("sphere", {"position": [1, 2]}, "Invalid params"),
        ("sphere", {"intensity": -1}, "Invalid params"),
    ],
)
def test_lights_that_are_none_are_refused(address: str, name: str, params: dict[str, Any], problem: str):
    async def run() -> None:
        async with empty_stage(address) as client:
            before = await client.call("get-scene")
            with pytest.raises(Failed, match=problem) as failed:
                await client.call(f"add-light-{name}", params)
            assert failed.value.code == -32602
            assert await client.call("get-scene") == before

    asyncio.run(run())


def test_a_light_cannot_be_squeezed_flat(address: str):
    async def run() -> None:
        async with empty_stage(address) as client:
            light = (await client.call("add-light-quad", QUAD))["model_id"]
            before = await client.call("get-scene")
            flat = {"scale": [0, 1, 1]}
            with pytest.raises(Failed, match="must span an area"):
                await client.call("update-model", {"model_id": light, "model": {"transform": flat}})
            with pytest.raises(Failed, match="must span an area"):
                await client.call("instantiate-model", {"model_id": light, "transforms": [flat]})
            assert await client.call("get-scene") == before

    asyncio.run(run())
