"""What methods do to volumes, and to the picture of them, over the socket."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import OpenEXR
import pytest
from PIL import Image

from tests.service.renderer.renderer_process import Client, Failed, renderer_process
from tests.service.renderer.stage import GREEN, at, empty_stage, picture, sphere

RED_FOG = {"colors": [[1, 0, 0, 2]], "range": [0, 1]}
RAW = {"data_type": "unsinged_char", "dimensions": [2, 2, 2], "spacing": [1, 1, 1]}


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with renderer_process() as (address, process):
        yield address
        assert process.poll() is None


async def upload(client: Client, data: bytes = bytes([1] * 8), **properties: Any) -> dict[str, Any]:
    """A volume of 2x2x2 cells, from 0 to 2 µm along each axis."""
    params = {"type": "raw", "loader_name": "raw-volume", "loader_properties": RAW | properties}
    (model,) = await client.reply(await client.send("upload-model", params, data))
    return dict(model)


async def fog(client: Client) -> int:
    """An uploaded volume in red; its model's id."""
    model_id = int((await upload(client))["model_id"])
    await client.call("set-color-ramp", {"id": model_id, "color_ramp": RED_FOG})
    return model_id


def test_volumes_of_files_and_uploads_say_what_they_are(address: str, tmp_path: Path):
    (tmp_path / "v.raw").write_bytes(np.arange(24, dtype="<i2").tobytes())
    (tmp_path / "v.mhd").write_text(
        "ObjectType = Image\nDimSize = 4 3 2\nElementSpacing = 10 10 20\n"
        "ElementType = MET_SHORT\nElementDataFile = v.raw\n"
    )

    async def scenario() -> None:
        async with empty_stage(address) as client:
            properties = {"data_type": "short", "dimensions": [4, 3, 2], "spacing": [10, 10, 20]}
            for loader, name, given in (("raw-volume", "v.raw", properties), ("mhd-volume", "v.mhd", {})):
                path = str(tmp_path / name)
                params = {"path": path, "loader_name": loader, "loader_properties": given}
                (model,) = await client.call("add-model", params)
                assert model["model_type"] == "Volume"
                assert model["bounds"] == {"min": [0, 0, 0], "max": [40, 30, 40]}
                load_info = {"source": "from_file", "load_parameters": given, "loader_name": loader, "path": path}
                assert model["info"] == {"load_info": load_info}
                assert (await client.call("get-scene"))["bounds"] == model["bounds"]
                ramp = await client.call("get-color-ramp", {"id": model["model_id"]})
                assert ramp == {"colors": [[0, 0, 0, 0], [1, 1, 1, 1]], "range": [0, 23]}
                await client.call("remove-model", {"ids": [model["model_id"]]})

    asyncio.run(scenario())


def test_color_ramps_color_volumes(address: str):
    async def scenario() -> None:
        async with empty_stage(address) as client:
            model_id = (await upload(client))["model_id"]
            await client.call("set-color-ramp", {"id": model_id, "color_ramp": RED_FOG})
            red = await picture(client)
            assert at(red, 1, 1) == [True, False, False]
            assert at(red, -1, 1) == [False, False, False]
            half = {"colors": [[0, 1, 0, 0], [0, 1, 0, 2]], "range": [0, 2]}
            await client.call("set-color-ramp", {"id": model_id, "color_ramp": half})
            assert await client.call("get-color-ramp", {"id": model_id}) == half
            green = await picture(client)
            assert at(green, 1, 1) == [False, True, False]
            await client.call("set-color-ramp", {"id": model_id, "color_ramp": {"range": [0, 1]}})
            assert ((await picture(client)).sum(), 1) > (green.sum(), 0)  # more opaque
            await client.call("set-color-ramp", {"id": model_id, "color_ramp": {"range": [5, 6]}})
            assert (await picture(client)).sum() == 0
            wrong: list[dict[str, list[float]]] = [{"range": [1, 0]}, {"colors": []}]
            for bad in wrong:
                with pytest.raises(Failed) as caught:
                    await client.call("set-color-ramp", {"id": model_id, "color_ramp": bad})
                assert caught.value.code == -32602
            assert (await client.call("get-color-ramp", {"id": model_id}))["range"] == [5, 6]

    asyncio.run(scenario())


def test_volumes_move_hide_and_go(address: str):
    async def scenario() -> None:
        async with empty_stage(address) as client:
            model_id = await fog(client)
            move = {"model_id": model_id, "model": {"transform": {"translation": [-2, -2, 0]}}}
            model = await client.call("update-model", move)
            assert model["bounds"] == {"min": [-2, -2, 0], "max": [0, 0, 2]}
            moved = await picture(client)
            assert (at(moved, -1, -1)[0], at(moved, 1, 1)[0]) == (True, False)
            scale = {"model_id": model_id, "model": {"transform": {"scale": [0.5, 1, 1]}}}
            await client.call("update-model", scale)
            thin = await picture(client)
            assert (at(thin, 0.8, 1)[0], at(thin, 1.2, 1)[0]) == (True, False)
            turn = {"rotation": [0, 0, 1, 0]}  # by 180 degrees about z
            await client.call("update-model", {"model_id": model_id, "model": {"transform": turn}})
            assert at(await picture(client), -1, -1)[0]
            (copy,) = await client.call("instantiate-model", {"model_id": model_id, "transforms": [{}]})
            both = await picture(client)
            assert (at(both, -1, -1)[0], at(both, 1, 1)[0]) == (True, True)
            await client.call("update-model", {"model_id": model_id, "model": {"is_visible": False}})
            assert not at(await picture(client), -1, -1)[0]
            await client.call("remove-model", {"ids": [copy["model_id"]]})
            assert (await picture(client)).sum() == 0
            await client.call("update-model", {"model_id": model_id, "model": {"is_visible": True}})
            await client.call("clear-renderables")
            assert (await picture(client)).sum() == 0
            assert [model["model_type"] for model in (await client.call("get-scene"))["models"]] == ["light"]

    asyncio.run(scenario())


def test_clipping_cuts_volumes_open(address: str):
    async def scenario() -> None:
        async with empty_stage(address) as client:
            await fog(client)
            clip = await client.call("add-clip-plane", {"coefficients": [1, 0, 0, 1]})
            cut = await picture(client)
            assert (at(cut, 0.5, 1)[0], at(cut, 1.5, 1)[0]) == (False, True)
            await client.call("remove-model", {"ids": [clip["model_id"]]})
            assert at(await picture(client), 0.5, 1)[0]

    asyncio.run(scenario())


def test_spheres_stand_in_volumes(address: str):
    async def scenario() -> None:
        async with empty_stage(address) as client:
            await client.call("add-spheres", [sphere(1, 1, 5, 0.3, GREEN), sphere(1.5, 1.5, 1, 0.3, GREEN)])
            await fog(client)
            image = await picture(client)
            assert at(image, 1, 1) == [False, True, False]
            assert at(image, 1.5, 1.5) == [True, True, False]
            assert at(image, 0.3, 0.3) == [True, False, False]
            hit = await client.call("inspect", {"position": [4.5 / 6, 4.5 / 6]})
            assert (hit["hit"], hit["model_id"]) == (True, 1)  # the surface, not the volume

    asyncio.run(scenario())


@pytest.mark.parametrize("renderer", ["interactive", "production"])
def test_snapshots_show_volumes(address: str, renderer: str):
    async def scenario() -> None:
        async with empty_stage(address) as client:
            await fog(client)
            params = {"name": renderer, "params": {"samples_per_pixel": 16, "background_color": [0, 0, 0, 1]}}
            await client.call("snapshot", {"renderer": params, "image_settings": {"size": [60, 60]}})
            with Image.open(io.BytesIO(client.payload)) as opened:
                image = np.asarray(opened.convert("RGB")).astype(np.int64)
            assert at(image, 1, 1) == [True, False, False]
            assert at(image, -1, -1) == [False, False, False]

    asyncio.run(scenario())


def test_buffers_have_the_light_of_volumes_and_the_depth_of_surfaces(address: str, tmp_path: Path):
    async def scenario() -> None:
        async with empty_stage(address) as client:
            await fog(client)
            await client.call("export-gbuffers", {"channels": ["color", "depth"], "resolution": [60, 60]})
            (tmp_path / "buffers.exr").write_bytes(client.payload)

    asyncio.run(scenario())
    with OpenEXR.File(str(tmp_path / "buffers.exr")) as file:
        color, depth = (next(iter(part.channels.values())).pixels.copy() for part in file.parts)
    assert color[20, 40, 0] > 0.9
    assert np.isinf(depth).all()


def test_volumes_have_no_colors_and_no_material(address: str):
    async def scenario() -> None:
        async with empty_stage(address) as client:
            model_id = await fog(client)
            for method, params in (
                ("get-color-methods", {"id": model_id}),
                ("color-model", {"id": model_id, "method": "solid", "values": {"color": [1, 0, 0, 1]}}),
                ("get-material-type", {"id": model_id}),
                ("set-material-matte", {"model_id": model_id, "material": {}}),
                ("set-circuit-thickness", {"model_id": model_id, "radius_multiplier": 2}),
            ):
                with pytest.raises(Failed) as caught:
                    await client.call(method, params)
                assert caught.value.code == (-32602 if "color" in method else 0), method

    asyncio.run(scenario())


def test_bad_volumes_leave_the_scene_as_it_was(address: str):
    async def scenario() -> None:
        async with empty_stage(address) as client:
            await fog(client)
            before, scene = await picture(client), await client.call("get-scene")
            with pytest.raises(Failed, match="7 bytes"):
                await upload(client, bytes(7))
            with pytest.raises(Failed, match="dimensions"):
                await upload(client, bytes(8), dimensions=[0, 2, 2])
            with pytest.raises(Failed):
                await upload(client, bytes(8), spacing=[1, 1, -1])
            with pytest.raises(Failed):
                await client.call("update-model", {"model_id": 1, "model": {"transform": {"rotation": [0, 0, 0, 0]}}})
            assert await client.call("get-scene") == scene
            assert (await picture(client) == before).all()

    asyncio.run(scenario())
