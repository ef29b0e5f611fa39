"""Simple scenes for tests of what methods do to pictures."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from tests.service.renderer.renderer_process import Client, client_of

RED, GREEN, WHITE = [1.0, 0.0, 0.0, 1.0], [0.0, 1.0, 0.0, 1.0], [1.0, 1.0, 1.0, 1.0]

NO_SLAB = {"enabled": False, "invert": False, "normal": [0.0, 0.0, 1.0], "position": 0.0, "thickness": 100.0}


@asynccontextmanager
async def empty_stage(address: str) -> AsyncIterator[Client]:
    """Black, 60 by 60 pixels, lit evenly; an orthographic camera sees x and y from -3 to 3, looking along -z."""
    async with client_of(address) as client:
        await client.call("clear-models")
        await client.call("set-slab", NO_SLAB)
        for effect in ("fog", "outlines"):
            await client.call(f"set-{effect}", {"strength": 0})
        await client.call("add-light-ambient", {"intensity": 1})
        await client.call("set-application-parameters", {"viewport": [60, 60]})
        await client.call("set-framebuffer-static")
        options = dict.fromkeys(("all_materials", "centered", "exact_background", "soft_shadows", "stepwise"), True)
        await client.call("set-picture-options", options | {"paths": False})
        await client.call("set-renderer-interactive", {"samples_per_pixel": 1, "ao_samples": 0})
        await client.call("set-renderer-interactive", {"background_color": [0, 0, 0, 1], "enable_shadows": True})
        await client.call("set-camera-view", {"position": [0, 0, 10], "target": [0, 0, 0], "up": [0, 1, 0]})
        await client.call("set-camera-orthographic", {"height": 6})
        yield client


def sphere(x: float = 0, y: float = 0, z: float = 0, radius: float = 1, color: list[float] = WHITE) -> dict[str, Any]:
    """One item of ``add-spheres``."""
    return {"geometry": {"center": [x, y, z], "radius": radius}, "color": color}


async def picture(client: Client) -> npt.NDArray[np.int64]:
    """The finished picture, (60, 60, 3)."""
    await client.call("render-image", {"force": True, "accumulate": True, "format": "png"})
    with Image.open(io.BytesIO(client.payload)) as opened:
        return np.asarray(opened.convert("RGB")).astype(np.int64)


def at(image: npt.NDArray[np.int64], x: float, y: float) -> list[bool]:
    """Which of red, green and blue the picture has at a point of the world."""
    channels: list[bool] = (image[int((3 - y) * 10), int((x + 3) * 10)] > 40).tolist()
    return channels
