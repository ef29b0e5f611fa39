"""The view goes on while long requests run, which are not changed by that."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.service.renderer.renderer_process import Client, client_of, renderer_process
from tests.service.renderer.stage import empty_stage, sphere

PLACES = range(-3, 4)
BALLS = [sphere(x, y, 0.3 * x * y, 0.4, [0.2 + 0.1 * (x + 3), 0.8, 0.3, 1.0]) for x in PLACES for y in PLACES]
SEEN = {"position": [0, 0, 10], "target": [0, 0, 0], "up": [0, 1, 0]}
SHOTS: list[tuple[str, dict[str, Any]]] = [
    (
        "snapshot",
        {
            "renderer": {"name": "interactive", "params": {"samples_per_pixel": 60, "ao_samples": 2}},
            "image_settings": {"size": [400, 300], "format": "png"},
        },
    ),
    (
        "export-gbuffers",
        {
            "renderer": {"name": "interactive", "params": {"samples_per_pixel": 20, "ao_samples": 2}},
            "channels": ["color", "depth", "albedo", "normal"],
            "resolution": [300, 200],
        },
    ),
]


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with renderer_process() as (address, _process):
        yield address


async def drag(client: Client, number: int) -> bytes:
    """A moving picture: its camera, and the picture without waiting for the camera's answer."""
    position = [np.sin(0.01 * number) * 10, 0, np.cos(0.01 * number) * 10]
    camera = await client.send("set-camera-view", {**SEEN, "position": position})
    picture = await client.send("render-image", {"force": True, "format": "png"})
    await client.reply(camera)
    await client.reply(picture)
    return client.payload


async def drag_until(client: Client, shot: asyncio.Task[Any]) -> int:
    count = 0
    while not shot.done():
        assert await drag(client, count)
        count += 1
    return count


@pytest.mark.parametrize(("method", "params"), SHOTS)
@pytest.mark.parametrize("floor", [0, 3])
def test_pictures_go_on_and_the_long_one_is_the_same(address: str, method: str, params: dict[str, Any], floor: float):
    async def scenario() -> None:
        async with empty_stage(address) as client, client_of(address) as other:
            await client.call("add-spheres", BALLS)
            await client.call("set-radius-floor", {"pixels": floor})
            await client.call(method, params)
            alone = client.payload
            views = [await drag(other, number) for number in range(3)]
            await client.call("set-camera-view", SEEN)
            request = await client.send(method, params)
            await client.receive()  # that it has begun
            count = await drag_until(other, asyncio.create_task(client.reply(request)))
            assert client.payload == alone
            assert count > 3
            assert [await drag(other, number) for number in range(3)] == views
            await client.call("set-radius-floor", {"pixels": 0})

    asyncio.run(scenario())


def test_pictures_of_the_same_client_go_on_but_not_past_its_own_changes(address: str):
    async def scenario() -> None:
        async with empty_stage(address) as client:
            model = (await client.call("add-spheres", [sphere(radius=2)]))["model_id"]
            await client.call("set-renderer-interactive", {"samples_per_pixel": 1})
            shot = await client.send("snapshot", SHOTS[0][1])
            before = await client.send("render-image", {"force": True, "format": "png"})
            red = {"id": model, "method": "solid", "values": {"color": [1, 0, 0, 1]}}
            color = await client.send("color-model", red)
            after = await client.send("render-image", {"force": True, "format": "png"})
            order: list[int] = []
            middles: dict[int, Any] = {}
            while len(order) < 4:
                message = await client.receive()
                if "method" not in message:
                    assert "error" not in message
                    order.append(message["id"])
                    if client.payload:
                        with Image.open(io.BytesIO(client.payload)) as image:
                            middle = image.width // 2, image.height // 2
                            middles[message["id"]] = image.convert("RGB").getpixel(middle)
            assert order == [before, shot, color, after]
            assert min(*middles[before], *middles[shot]) > 0
            assert middles[after][1] == 0

    asyncio.run(scenario())


def test_a_snapshot_is_taken_with_what_was_set_before_it(address: str):
    async def scenario() -> None:
        async with empty_stage(address) as client:
            await client.call("add-spheres", BALLS)
            pictures: list[bytes] = []
            for _once_alone_and_once_with_changes_behind_it in range(2):
                await client.call("set-camera-view", SEEN)
                await client.call("set-renderer-interactive", {"samples_per_pixel": 30, "ao_samples": 1})
                shot = await client.send("snapshot", {"image_settings": {"size": [300, 300]}})
                if pictures:
                    await client.send("set-camera-view", {**SEEN, "position": [10, 0, 0]})
                    await client.send("set-renderer-interactive", {"samples_per_pixel": 1, "ao_samples": 0})
                    await client.send("set-camera-perspective", {"fovy": 10})
                    await client.send("set-camera-region", {"image_start": [0.2, 0.2], "image_end": [0.5, 0.5]})
                await client.reply(shot)
                pictures.append(client.payload)
            assert pictures[0] == pictures[1]
            region = {"image_start": [0.0, 1.0], "image_end": [1.0, 0.0]}
            await client.call("set-camera-region", region)

    asyncio.run(scenario())
