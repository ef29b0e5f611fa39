"""Materials of models through the socket."""

from __future__ import annotations

import asyncio
import io

import numpy as np
import pytest
from PIL import Image

from brayns_widget.service.renderer.materials import MATERIALS
from tests.service.renderer.renderer_process import Failed, client_of, renderer_process

TRIANGLE = "OFF\n3 1 0\n-3 -3 0\n3 -3 0\n0 3 0\n3 0 1 2\n"
DEFAULTS = {
    "carpaint": {"flake_density": 0},
    "emissive": {"color": [1, 1, 1], "intensity": 1},
    "ghost": {},
    "glass": {"index_of_refraction": 1.5},
    "matte": {"opacity": 1},
    "metal": {"roughness": 0.1},
    "phong": {"opacity": 1},
    "plastic": {"opacity": 1},
}


@pytest.fixture(scope="module")
def address():
    with renderer_process() as (address, _process):
        yield address


@pytest.fixture
def mesh(tmp_path):
    path = tmp_path / "triangle.off"
    path.write_text(TRIANGLE)
    return {"path": str(path), "loader_name": "mesh", "loader_properties": {}}


async def refusal(client, method, params):
    with pytest.raises(Failed) as failed:
        await client.call(method, params)
    return failed.value.code, failed.value.message


def test_one_material_a_model_with_the_defaults_of_its_type(address, mesh):
    async def run():
        async with client_of(address) as client:
            await client.call("clear-models")
            model = (await client.call("add-model", mesh))[0]["model_id"]
            assert await client.call("get-material-type", {"id": model}) == "phong"
            for name in MATERIALS:
                await client.call(f"set-material-{name}", {"model_id": model, "material": {}})
                assert await client.call("get-material-type", {"id": model}) == name
                material = await client.call(f"get-material-{name}", {"id": model})
                assert material == DEFAULTS.get(name, material)
                other = "glass" if name != "glass" else "metal"
                refused = (-32600, f"Invalid material type (should be {name!r})")
                assert await refusal(client, f"get-material-{other}", {"id": model}) == refused
            await client.call("set-material-emissive", {"model_id": model, "material": {"intensity": 2}})
            await client.call("set-material-emissive", {"model_id": model, "material": {"color": [1, 0, 0]}})
            assert await client.call("get-material-emissive", {"id": model}) == {"color": [1, 0, 0], "intensity": 1}

    asyncio.run(run())


def test_what_has_no_surface_has_no_material(address):
    async def run():
        async with client_of(address) as client:
            await client.call("clear-models")
            light = (await client.call("add-light-ambient", {}))["model_id"]
            refused = (0, f"Model {light} (light) has no material")
            assert await refusal(client, "get-material-type", {"id": light}) == refused
            assert await refusal(client, "set-material-metal", {"model_id": light, "material": {}}) == refused
            assert await refusal(client, "get-material-matte", {"id": 77}) == (-32602, "No model found with ID 77")

    asyncio.run(run())


def test_numbers_out_of_range_are_refused(address, mesh):
    async def run():
        async with client_of(address) as client:
            await client.call("clear-models")
            model = (await client.call("add-model", mesh))[0]["model_id"]
            for name, material in (
                ("matte", {"opacity": 1.5}),
                ("metal", {"roughness": 0}),
                ("glass", {"index_of_refraction": 0}),
                ("emissive", {"intensity": -1}),
                ("ghost", {"opacity": 1}),
            ):
                code, _message = await refusal(
                    client, f"set-material-{name}", {"model_id": model, "material": material}
                )
                assert code == -32602
            assert await client.call("get-material-type", {"id": model}) == "phong"

    asyncio.run(run())


def test_a_material_is_seen_in_the_next_picture(address, mesh):
    async def run():
        async with client_of(address) as client:
            await client.call("clear-models")
            model = (await client.call("add-model", mesh))[0]["model_id"]
            await client.call("set-camera-view", {"position": [0, 0, 5], "target": [0, 0, 0], "up": [0, 1, 0]})
            await client.call("set-application-parameters", {"viewport": [64, 64]})
            await client.call("set-renderer-production", {"samples_per_pixel": 1})
            seen = []
            for color in ([1, 0, 0], [0, 1, 0]):
                await client.call("set-material-emissive", {"model_id": model, "material": {"color": color}})
                await client.call("render-image", {"format": "png"})
                seen.append(np.asarray(Image.open(io.BytesIO(client.payload)))[32, 32, :3].argmax())
            assert seen == [0, 1]

    asyncio.run(run())
