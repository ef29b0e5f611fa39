"""A finished picture of the view is the snapshot with the same camera, size and settings, pixel by pixel."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.service.renderer.renderer_process import Client, client_of, renderer_process, sonata

SAMPLES = 8
COMMON = {"samples_per_pixel": SAMPLES, "background_color": [0.01, 0.02, 0.03, 1]}
PLAIN = {"name": "interactive", "params": {**COMMON, "ao_samples": 1, "enable_shadows": True}}
PATHS = {"name": "production", "params": COMMON}


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with renderer_process() as (address, _process):
        yield address


def pixels(payload: bytes) -> np.ndarray[Any, Any]:
    with Image.open(io.BytesIO(payload)) as image:
        return np.asarray(image)


async def set_up(client: Client, circuit: str) -> tuple[list[float], float]:
    """Load cells; gives the middle of the scene and how far away it is seen as a whole."""
    await client.call("clear-models")
    await client.call("add-light-ambient", {"intensity": 0.5})
    await client.call("add-light-directional", {"intensity": 2.5, "direction": [-0.3, -0.5, -0.8]})
    await client.call("add-model", sonata(circuit))
    bounds = (await client.call("get-scene"))["bounds"]
    low, high = np.array(bounds["min"]), np.array(bounds["max"])
    return ((low + high) / 2).tolist(), float((high - low).max())


def view(middle: list[float], distance: float) -> dict[str, Any]:
    return {"position": [middle[0], middle[1], middle[2] + distance], "target": middle, "up": [0, 1, 0]}


@pytest.mark.data
@pytest.mark.parametrize("renderer", [PLAIN, PATHS], ids=["interactive", "production"])
@pytest.mark.parametrize("floor", [0, 0.5])
@pytest.mark.parametrize("lens", [0, 20])
def test_a_finished_picture_is_the_snapshot(address, data_dir, renderer: dict[str, Any], floor: float, lens: float):
    circuit = str(data_dir / "tiny_circuits" / "nbS1-O1-E2Sst-maxNsyn-HEX0-L5" / "circuit_config.json")

    async def scenario() -> None:
        async with client_of(address) as client:
            middle, distance = await set_up(client, circuit)
            await client.call("set-application-parameters", {"viewport": [161, 120]})
            await client.call("set-radius-floor", {"pixels": floor})
            await client.call(f"set-renderer-{renderer['name']}", renderer["params"])
            focus = {"aperture_radius": lens, "focus_distance": distance}
            await client.call("set-camera-perspective", {"fovy": 45, **focus})
            shot = {"camera_view": view(middle, 0.87 * distance), "renderer": renderer}
            await client.call("snapshot", {**shot, "image_settings": {"format": "png", "size": [161, 120]}})
            taken = pixels(client.payload)
            assert np.unique(taken).size > 20  # it shows something
            for near in (0.94, 0.91, 0.89, 0.87):  # what was seen before makes no difference
                await client.call("set-camera-view", view(middle, near * distance))
                result = await client.call("render-image", {"accumulate": True, "force": True, "format": "png"})
                assert result["accumulation"] == SAMPLES
            seen = pixels(client.payload)
            assert (seen == taken).all()
            await client.call("snapshot", {"image_settings": {"format": "png"}})
            assert (pixels(client.payload) == taken).all()
            # One pass after another, as the view asks for them.
            await client.call("set-camera-view", view(middle, 2 * distance))
            await client.call("render-image", {})
            await client.call("set-camera-view", view(middle, 0.87 * distance))
            while (await client.call("render-image", {"force": True, "format": "png"}))["accumulation"] < SAMPLES:
                pass
            assert (pixels(client.payload) == taken).all()

    asyncio.run(scenario())
