"""The interactive and the production renderer through the socket."""

from __future__ import annotations

import asyncio
import io
import time

import numpy as np
import pytest
from PIL import Image

from tests.service.renderer.renderer_process import Client, Failed, client_of, renderer_process


@pytest.fixture(scope="module")
def address():
    with renderer_process() as (address, _process):
        yield address


async def get_refused(client: Client, name: str) -> str:
    with pytest.raises(Failed) as failed:
        await client.call(f"get-renderer-{name}")
    assert failed.value.code == -32600
    message: str = failed.value.message
    return message


def test_only_the_active_renderer_has_parameters(address):
    async def run() -> None:
        async with client_of(address) as client:
            assert await get_refused(client, "production") == "Invalid renderer type (should be 'interactive')"
            await client.call("set-renderer-production", {})
            assert await client.call("get-renderer-type") == "production"
            defaults = {"samples_per_pixel": 5, "max_ray_bounces": 3, "background_color": [0, 0, 0, 1]}
            assert await client.call("get-renderer-production") == defaults
            assert await get_refused(client, "interactive") == "Invalid renderer type (should be 'production')"
            await client.call("set-renderer-production", {"samples_per_pixel": 2})
            await client.call("set-renderer-production", {"max_ray_bounces": 1})
            assert await client.call("get-renderer-production") == {
                **defaults,
                "samples_per_pixel": 2,
                "max_ray_bounces": 1,
            }
            await client.call("set-renderer-interactive", {})
            assert (await client.call("get-renderer-interactive"))["samples_per_pixel"] == 1
            await client.call("set-renderer-production", {})
            assert await client.call("get-renderer-production") == defaults

    asyncio.run(run())


@pytest.mark.measures
def test_pictures_tell_how_long_they_took_without_the_queue(address):
    async def run() -> None:
        async with client_of(address) as client:
            await client.call("clear-models")
            await client.call("set-application-parameters", {"viewport": [320, 240]})
            begun = time.perf_counter()
            pictures = []
            for _picture in range(5):  # all wait for the first
                await client.send("set-renderer-interactive", {"samples_per_pixel": 100})
                pictures.append(await client.send("render-image", {"accumulate": True, "format": "png"}))
            times = [(await client.reply(picture))["render_ms"] for picture in pictures]
            assert all(ms > 0.1 for ms in times)
            assert sum(times) < (time.perf_counter() - begun) * 1e3

    asyncio.run(run())


def test_production_pictures_are_as_many_samples_as_asked_for(address):
    async def run() -> None:
        async with client_of(address) as client:
            await client.call("set-application-parameters", {"viewport": [80, 64]})
            color = [0.2, 0.2, 0.2, 1.0]
            await client.call("set-renderer-production", {"samples_per_pixel": 2, "background_color": color})
            result = await client.call("render-image", {"accumulate": True, "format": "png"})
            assert (result["accumulation"], result["max_accumulation"]) == (2, 2)
            rendered = np.asarray(Image.open(io.BytesIO(client.payload)))
            await client.call("set-renderer-interactive", {})
            renderer = {"name": "production", "params": {"samples_per_pixel": 1, "background_color": color}}
            await client.call("snapshot", {"renderer": renderer})
            taken = np.asarray(Image.open(io.BytesIO(client.payload)))
            assert (taken == rendered).all()
            assert taken[..., 0].min() > 50

    asyncio.run(run())


def test_without_a_simulation_snapshots_have_a_frame_zero_only(address):
    async def run() -> None:
        async with client_of(address) as client:
            settings = {"image_settings": {"size": [64, 64]}, "renderer": {"name": "production", "params": {}}}
            await client.call("snapshot", {**settings, "simulation_frame": 0})
            assert client.payload
            with pytest.raises(Failed, match="Simulation frame out of range"):
                await client.call("snapshot", {**settings, "simulation_frame": 1})

    asyncio.run(run())
