"""Additions about the look, through the socket: light that turns with the camera, checkerboards, paths in the view."""

from __future__ import annotations

import asyncio
import io
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.service.renderer.renderer_process import Failed, renderer_process
from tests.service.renderer.stage import RED, WHITE, empty_stage, picture, sphere

AHEAD = {"intensity": 3, "direction": [0, 0, -1]}
BEHIND = {"position": [0, 0, -10], "target": [0, 0, 0], "up": [0, 1, 0]}


@pytest.fixture(scope="module")
def address():
    with renderer_process() as (address, _process):
        yield address


@pytest.mark.parametrize(("method", "follows"), [("add-light-camera", True), ("add-light-directional", False)])
def test_a_light_turns_with_the_camera(address: str, method: str, follows: bool):
    async def run() -> None:
        async with empty_stage(address) as client:
            await client.call("clear-lights")
            await client.call("add-spheres", [sphere(radius=2)])
            light = await client.call(method, AHEAD)
            assert (light["model_type"], light["is_visible"]) == ("light", True)
            front = await picture(client)
            assert front[30, 30].min() > 150
            await client.call("set-camera-view", BEHIND)
            behind = await picture(client)
            assert behind[30, 30].min() > 150 if follows else behind.max() == 0

    asyncio.run(run())


@pytest.mark.parametrize(("direction", "side"), [([1, 0, 0], np.s_[30, 12]), ([0, -1, 0], np.s_[12, 30])])
def test_its_axes_are_those_of_the_picture(address: str, direction: list[float], side: Any):
    async def run() -> None:
        async with empty_stage(address) as client:
            await client.call("clear-lights")
            await client.call("add-spheres", [sphere(radius=2)])
            await client.call("add-light-camera", {"intensity": 3, "direction": direction})
            for view in (None, BEHIND):
                if view:
                    await client.call("set-camera-view", view)
                image = await picture(client)
                assert image[side].min() > 100
                assert image[::-1, ::-1][side].max() == 0

    asyncio.run(run())


def test_a_direction_of_length_0_is_refused(address: str):
    async def run() -> None:
        async with empty_stage(address) as client:
            with pytest.raises(Failed, match="direction of a light cannot have length 0"):
                await client.call("add-light-camera", {"direction": [0, 0, 0]})

    asyncio.run(run())


@pytest.mark.parametrize(("ground", "low", "high"), [(0, 20, 45), (1, 200, 240)])
@pytest.mark.parametrize("exact", [True, False])
def test_a_jpeg_has_a_checkerboard_where_the_picture_is_transparent(
    address: str, exact: bool, ground: int, low: int, high: int
):
    async def run() -> None:
        async with empty_stage(address) as client:
            await client.call("add-spheres", [sphere(color=RED)])
            await client.call("set-picture-options", {"exact_background": exact})
            await client.call("set-renderer-interactive", {"background_color": [ground, ground, ground, 0]})
            await client.call("render-image", {"force": True, "accumulate": True, "format": "jpg"})
            image = np.asarray(Image.open(io.BytesIO(client.payload))).astype(int)
            assert image[30, 30, 0] > 150
            corner = image[:8, :8].mean(axis=2)
            assert not exact or (low < corner.min() and corner.max() < high)
            assert (corner.max() - corner.min() > 10) == exact
            await client.call("render-image", {"force": True, "accumulate": True, "format": "png"})
            alpha = np.asarray(Image.open(io.BytesIO(client.payload)))[..., 3]
            assert (alpha[0, 0], alpha[30, 30]) == (0, 255)

    asyncio.run(run())


def test_a_view_follows_light_along_paths_with_the_settings_that_it_has(address: str):
    """A red floor throws its light on a white ball, which rays alone do not see; snapshots choose for themselves."""

    async def run() -> None:
        async with empty_stage(address) as client:
            await client.call("clear-lights")
            await client.call("add-light-directional", {"intensity": 5, "direction": [0, -1, 0]})
            await client.call("add-spheres", [sphere(color=WHITE), sphere(y=-101.2, radius=100, color=RED)])
            settings = {"samples_per_pixel": 16, "background_color": [0, 0, 1, 1], "enable_shadows": True}
            await client.call("set-renderer-interactive", settings)
            below = np.s_[36:39, 28:33]
            plain = await picture(client)
            assert plain[below].max() == 0
            await client.call("set-picture-options", {"paths": True})
            traced = await picture(client)
            assert traced[below][..., 0].mean() > 20
            assert traced[2, 2].tolist() == plain[2, 2].tolist()
            assert await client.call("get-renderer-type") == "interactive"
            await client.call("snapshot", {"image_settings": {"format": "png"}})
            shot = np.asarray(Image.open(io.BytesIO(client.payload)).convert("RGB"))
            assert shot[below].max() == 0
            await client.call("set-picture-options", {"paths": False})
            assert (await picture(client) == plain).all()

    asyncio.run(run())
