"""The cylindric camera through the socket: what it shows, where it applies, and which is refused."""

from __future__ import annotations

import asyncio
import math
from typing import Any

import pytest

from tests.service.renderer.renderer_process import Client, Failed, renderer_process
from tests.service.renderer.stage import GREEN, RED, WHITE, empty_stage, picture, sphere

AROUND = {"position": [0, 0, 0], "target": [0, 0, -1], "up": [0, 1, 0]}
ANGLES = {-80: RED, 0: GREEN, 45: WHITE}


@pytest.fixture(scope="module")
def address():
    with renderer_process() as (address, _process):
        yield address


async def surround(client: Client) -> None:
    """Balls around the camera, each 10 away and 2 above it."""
    for angle, color in ANGLES.items():
        turn = math.radians(angle)
        await client.call("add-spheres", [sphere(10 * math.sin(turn), 2, -10 * math.cos(turn), 0.8, color)])
    await client.call("set-camera-view", AROUND)
    await client.call("set-camera-cylindric", {"fovy": 90})


def place_of(angle: float) -> tuple[float, float]:
    """Where a ball's middle is in the picture, 0 to 1 from the left and from above."""
    return 0.5 + angle / 180, 0.5 - 0.5 * 0.2


def test_angles_become_columns(address: str):
    async def run() -> None:
        async with empty_stage(address) as client:
            await surround(client)
            for renderer in ("interactive", "production"):
                await client.call(f"set-renderer-{renderer}", {"samples_per_pixel": 1})
                image = await picture(client)
                assert image[59].max() == 0
                for angle, color in ANGLES.items():
                    u, v = place_of(angle)
                    shown = image[int(v * 60), int(u * 60)]
                    assert (shown > 40).tolist() == [bool(channel) for channel in color[:3]]
                across = (image[24, :, 0] > 40).sum()
                # Two balls of 2 asin(0.08) each, of 180 degrees
                assert across == pytest.approx(2 * 2 * math.degrees(math.asin(0.8 / 10)) / 180 * 60, abs=2)

    asyncio.run(run())


def test_inspect_and_buffers_see_the_same(address: str):
    async def run() -> None:
        async with empty_stage(address) as client:
            await surround(client)
            for angle in ANGLES:
                u, v = place_of(angle)
                found = await client.call("inspect", {"position": [u, 1 - v]})
                assert found["hit"], angle
                assert math.degrees(math.atan2(found["position"][0], -found["position"][2])) == pytest.approx(
                    angle, abs=0.1
                )
            assert not (await client.call("inspect", {"position": [0.3, 0.6]}))["hit"]

    asyncio.run(run())


def test_region_and_near_clip_apply(address: str):
    async def run() -> None:
        async with empty_stage(address) as client:
            await surround(client)
            whole = await picture(client)
            await client.call("set-camera-region", {"image_start": [0.5, 1], "image_end": [1, 0.5]})
            part = await picture(client)
            assert (part[::2, ::2] == whole[:30, 30:]).mean() > 0.97
            await client.call("set-camera-near-clip", {"distance": 12})
            assert (await picture(client)).max() == 0

    asyncio.run(run())


def test_snapshots_take_it(address: str):
    async def run() -> None:
        async with empty_stage(address) as client:
            await surround(client)
            await picture(client)
            shown = client.payload
            await client.call("set-camera-perspective", {})
            camera: dict[str, Any] = {"name": "cylindric", "params": {"fovy": 90}}
            await client.call("snapshot", {"camera": camera, "image_settings": {"format": "png"}})
            assert client.payload == shown

    asyncio.run(run())


def test_it_is_the_active_camera(address: str):
    async def run() -> None:
        async with empty_stage(address) as client:
            with pytest.raises(Failed, match="should be 'orthographic'"):
                await client.call("get-camera-cylindric")
            await client.call("set-camera-cylindric", {})
            assert await client.call("get-camera-type") == "cylindric"
            assert await client.call("get-camera-cylindric") == {"fovy": 48.549}
            await client.call("set-camera-cylindric", {"fovy": 60})
            await client.call("set-camera-cylindric", {})
            assert await client.call("get-camera-cylindric") == {"fovy": 60}
            for fovy in (0, 180, -5):
                with pytest.raises(Failed, match="fovy must lie between 0 and 180") as failed:
                    await client.call("set-camera-cylindric", {"fovy": fovy})
                assert failed.value.code == -32602
            assert await client.call("get-camera-cylindric") == {"fovy": 60}
            await client.call("set-camera-perspective", {})
            assert (await client.call("get-camera-perspective"))["fovy"] == 45

    asyncio.run(run())
