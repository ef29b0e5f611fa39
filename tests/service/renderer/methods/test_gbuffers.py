"""What a camera sees, as numbers."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import OpenEXR
import pytest

from brayns_widget.service.renderer.methods.shots import ENCODING
from tests.service.renderer.renderer_process import Failed, renderer_process
from tests.service.renderer.stage import empty_stage, picture, sphere

ALL = ["color", "depth", "albedo", "normal"]


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with renderer_process() as (address, process):
        yield address
        assert process.poll() is None


def parts(data: bytes, folder: Path) -> dict[str, npt.NDArray[np.float32]]:
    file = folder / "read.exr"
    file.write_bytes(data)
    with OpenEXR.File(str(file)) as opened:
        return {part.name(): next(iter(part.channels.values())).pixels.copy() for part in opened.parts}


def test_buffers_tell_what_is_seen(address: str, tmp_path: Path):
    async def scenario() -> None:
        async with empty_stage(address) as client:
            await client.call("add-spheres", [sphere(x=1, y=1, radius=2, color=[0.5, 0.25, 0.125, 1])])
            before = await picture(client)
            assert await client.call("export-gbuffers", {"channels": ALL, "resolution": [61, 61]}) is None
            buffers = parts(client.payload, tmp_path)
            assert list(buffers) == ALL
            column, row = 40, 20  # the middle of its pixel is x = 0.983, y = 0.984
            assert buffers["depth"][row, column] == pytest.approx(8, abs=1e-3)
            np.testing.assert_allclose(buffers["normal"][row, column], [0, 0, 1], atol=0.02)
            np.testing.assert_allclose(buffers["albedo"][row, column], [0.5, 0.25, 0.125])
            np.testing.assert_allclose(buffers["color"][row, column], [0.5, 0.25, 0.125, 1])
            assert buffers["normal"][20, 55][0] > 0.5  # to the right
            assert buffers["normal"][5, 40][1] > 0.5  # up
            assert np.isinf(buffers["depth"][55, 5])
            assert not buffers["normal"][55, 5].any()
            assert not buffers["albedo"][55, 5].any()
            lengths = np.linalg.norm(buffers["normal"], axis=2)
            np.testing.assert_allclose(lengths[lengths > 0], 1, rtol=1e-5)
            np.testing.assert_array_equal(lengths > 0, np.isfinite(buffers["depth"]))
            np.testing.assert_array_equal(await picture(client), before)

    asyncio.run(scenario())


def test_a_snapshot_in_linear_light_is_the_color_buffer(address: str, tmp_path: Path):
    async def scenario() -> None:
        async with empty_stage(address) as client:
            await client.call("set-renderer-interactive", {"samples_per_pixel": 3})
            await client.call("add-spheres", [sphere(color=[0.5, 0.25, 3, 1])])
            await client.call("export-gbuffers", {"channels": ["color"], "resolution": [40, 30]})
            color = parts(client.payload, tmp_path)["color"]
            texts = {"title": "T", "description": "D", "keywords": ["a", "b"], "where_used": "W"}
            await client.call("snapshot", {"image_settings": {"format": "EXR", "size": [40, 30]}, "metadata": texts})
            np.testing.assert_array_equal(parts(client.payload, tmp_path)["color"], color)
            assert color[15, 20].tolist() == [0.5, 0.25, 3, 1]
            with OpenEXR.File(str(tmp_path / "read.exr")) as opened:
                assert opened.header()["Keywords"] == "a, b"

    asyncio.run(scenario())


def test_a_frame_that_no_simulation_has_is_refused(address: str):
    async def scenario() -> None:
        async with empty_stage(address) as client:
            with pytest.raises(Failed, match="Simulation frame out of range"):
                await client.call("export-gbuffers", {"channels": ["depth"], "simulation_frame": 5})

    asyncio.run(scenario())


def test_buffers_have_their_own_camera_and_file(address: str, tmp_path: Path):
    async def scenario() -> None:
        async with empty_stage(address) as client:
            await client.call("add-spheres", [sphere()])
            params: dict[str, Any] = {
                "channels": ["depth"],
                "camera": {"name": "perspective", "params": {"fovy": 20}},
                "camera_view": {"position": [0, 0, 5], "target": [0, 0, 0], "up": [0, 1, 0]},
                "file_path": str(tmp_path / "depth.v1"),
            }
            assert await client.call("export-gbuffers", params) is None
            assert client.payload == b""
            await client.call("export-gbuffers", params | {"file_path": str(tmp_path / "same.EXR")})
            data = (tmp_path / "depth.v1.exr").read_bytes()
            assert (tmp_path / "same.EXR").read_bytes() == data
            buffers = parts(data, tmp_path)
            assert list(buffers) == ["depth"]
            assert buffers["depth"].shape == (60, 60)
            assert buffers["depth"].min() == pytest.approx(4, abs=1e-3)

    asyncio.run(scenario())


def test_an_export_tells_how_far_it_is(address: str):
    async def scenario() -> None:
        async with empty_stage(address) as client:
            for channels in (["depth"], ["color", "normal"]):
                client.progress.clear()
                await client.call("export-gbuffers", {"channels": channels, "resolution": [3000, 3000]})
                amounts = [told["amount"] for told in client.progress]
                assert amounts == sorted(amounts)
                assert amounts[-1] > 0.5
                assert len(amounts) > 5

    asyncio.run(scenario())


@pytest.mark.parametrize("channels", [["depth", "normal"], ["color"]])
def test_an_export_stops_when_cancelled(address: str, channels: list[str]):
    async def scenario() -> None:
        async with empty_stage(address) as client:
            await client.call("set-renderer-interactive", {"samples_per_pixel": 1000})
            params = {"channels": channels, "resolution": [6000, 6000]}
            running = await client.send("export-gbuffers", params)
            assert (await client.receive())["params"]["operation"] == "Exporting g-buffers ..."
            await client.send("cancel", {"id": running})
            with pytest.raises(Failed) as failed:
                await client.reply(running)
            assert failed.value.code == 20

    asyncio.run(scenario())


@pytest.mark.parametrize(
    ("method", "params"),
    [
        ("snapshot", {"image_settings": {"size": [8000, 8000], "format": "png"}}),
        ("snapshot", {"image_settings": {"size": [4000, 4000], "format": "exr"}}),
        ("export-gbuffers", {"channels": ["color"], "resolution": [4000, 4000]}),
    ],
)
def test_large_pictures_can_be_cancelled_while_they_are_encoded(address: str, method: str, params: dict[str, Any]):
    async def scenario() -> None:
        async with empty_stage(address) as client:
            running = await client.send(method, params)
            operation = ""
            while operation != ENCODING:
                operation = (await client.receive())["params"]["operation"]
            await client.send("cancel", {"id": running})
            with pytest.raises(Failed) as failed:
                await client.reply(running)
            assert failed.value.code == 20

    asyncio.run(scenario())


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({"channels": []}, -32602),
        ({"channels": ["heat"]}, -32602),
        ({"channels": ["depth"], "resolution": [0, 5]}, -32602),
        ({"channels": ["depth"], "resolution": [1000000, 1000000]}, -32602),
        ({"channels": ["depth", "normal"], "resolution": [8192, 8192]}, -32602),  # more than a message may have
        ({"channels": ["depth"], "file_path": "/nonexistent/dir/x.exr"}, -32603),
        ({"channels": ["depth"], "camera": {"name": "fisheye"}}, -32603),
    ],
)
def test_bad_requests_are_refused(address: str, params: Any, code: int):
    async def scenario() -> None:
        async with empty_stage(address) as client:
            with pytest.raises(Failed) as failed:
                await client.call("export-gbuffers", params)
            assert failed.value.code == code

    asyncio.run(scenario())


def test_a_picture_in_linear_light_that_no_answer_holds_is_refused_before_the_work(address: str):
    async def scenario() -> None:
        async with empty_stage(address) as client:
            with pytest.raises(Failed, match="does not fit into a message, which may have 1024 MiB: take a"):
                await client.call("snapshot", {"image_settings": {"format": "exr", "size": [8192, 8192]}})

    asyncio.run(scenario())
