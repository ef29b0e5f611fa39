"""What clients see: the effect of methods on pictures, and pictures next to those of the real renderer."""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.service.renderer.comparing import Likeness, Pixels, likeness, pixels
from tests.service.renderer.loaders.circuits.circuits import places, write_circuit
from tests.service.renderer.renderer_process import Client, Failed, client_of, renderer_process, sonata

BACKGROUND = [0.0, 0.0, 0.0, 1.0]


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with renderer_process() as (address, process):
        yield address
        assert process.poll() is None


@pytest.fixture(scope="module")
def circuit(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three cells 10 µm apart on the x axis, of two mtypes."""
    return write_circuit(tmp_path_factory.mktemp("circuit"), places(3) | {"mtype": ["a", "b", "a"]})


@asynccontextmanager
async def stage(address: str, circuit: Path) -> AsyncIterator[Client]:
    """The three cells as spheres in white ambient light, seen by an orthographic camera of 10 by 30 µm."""
    async with client_of(address) as client:
        await client.call("clear-models")
        await client.call("add-model", sonata(circuit, "cells", neuron_morphology_parameters={}))
        await client.call("add-light-ambient", {"intensity": 1})
        await client.call("set-application-parameters", {"viewport": [96, 32]})
        await client.call("set-framebuffer-static")
        await client.call("set-picture-options", {"centered": True})
        await client.call("set-renderer-interactive", {"samples_per_pixel": 1, "background_color": BACKGROUND})
        await client.call("set-camera-view", {"position": [10, 0, 50], "target": [10, 0, 0], "up": [0, 1, 0]})
        await client.call("set-camera-orthographic", {"height": 10})
        await client.call("set-camera-near-clip", {"distance": 0})
        await client.call("set-camera-region", {"image_start": [0, 1], "image_end": [1, 0]})
        await client.call("color-model", {"id": 0, "method": "solid", "values": {"color": [1, 1, 1, 1]}})
        yield client


async def picture(client: Client) -> Pixels:
    await client.call("render-image", {"force": True, "format": "png"})
    return pixels(client.payload)


def thirds(image: Pixels) -> list[list[bool]]:
    """For each cell from left to right, which of red, green and blue its part of the picture has."""
    return [(part.max(axis=(0, 1)) > 40).tolist() for part in np.split(image, 3, axis=1)]


WHITE, RED, BLUE, NOTHING = [True] * 3, [True, False, False], [False, False, True], [False] * 3


def test_a_scene_is_seen(address: str, circuit: Path):
    async def scenario() -> None:
        async with stage(address, circuit) as client:
            assert thirds(await picture(client)) == [WHITE, WHITE, WHITE]

    asyncio.run(scenario())


@pytest.mark.parametrize(
    ("method", "values", "expected"),
    [
        ("solid", {"color": [1, 0, 0, 1]}, [RED, RED, RED]),
        ("mtype", {"a": [1, 0, 0, 1], "b": [0, 0, 1, 1]}, [RED, BLUE, RED]),
        ("id", {"1-2": [0, 0, 1, 1]}, [WHITE, BLUE, BLUE]),
    ],
)
def test_colors(address: str, circuit: Path, method: str, values: dict[str, Any], expected: list[list[bool]]):
    async def scenario() -> None:
        async with stage(address, circuit) as client:
            await picture(client)
            await client.call("color-model", {"id": 0, "method": method, "values": values})
            assert thirds(await picture(client)) == expected

    asyncio.run(scenario())


@pytest.mark.parametrize(
    ("method", "params", "expected"),
    [
        ("update-model", {"model_id": 0, "model": {"is_visible": False}}, [NOTHING, NOTHING, NOTHING]),
        (
            "update-model",
            {"model_id": 0, "model": {"transform": {"translation": [10, 0, 0]}}},
            [NOTHING, WHITE, WHITE],
        ),
        ("update-model", {"model_id": 1, "model": {"is_visible": False}}, [NOTHING, NOTHING, NOTHING]),
        ("remove-model", {"ids": [0]}, [NOTHING, NOTHING, NOTHING]),
        ("clear-lights", None, [NOTHING, NOTHING, NOTHING]),
        ("clear-renderables", None, [NOTHING, NOTHING, NOTHING]),
        ("set-camera-near-clip", {"distance": 60}, [NOTHING, NOTHING, NOTHING]),
        ("set-camera-region", {"image_start": [0, 1], "image_end": [0.34, 0]}, [NOTHING, WHITE, NOTHING]),
        (
            "set-camera-view",
            {"position": [20, 0, 50], "target": [20, 0, 0], "up": [0, 1, 0]},
            [WHITE, WHITE, NOTHING],
        ),
        (
            "set-renderer-interactive",
            {"samples_per_pixel": 1, "background_color": [0, 0, 1, 1]},
            [[True] * 3] * 3,
        ),
    ],
)
def test_effects(address: str, circuit: Path, method: str, params: Any, expected: list[list[bool]]):
    async def scenario() -> None:
        async with stage(address, circuit) as client:
            await picture(client)
            await client.call(method, params)
            assert thirds(await picture(client)) == expected

    asyncio.run(scenario())


def test_a_picture_is_as_large_as_the_viewport_or_smaller_at_first(address: str, circuit: Path):
    async def scenario() -> None:
        async with stage(address, circuit) as client:
            await client.call("set-application-parameters", {"viewport": [640, 320]})
            assert (await picture(client)).shape == (320, 640, 3)
            await client.call("set-framebuffer-progressive", {"scale": 4})
            assert (await picture(client)).shape == (80, 160, 3)
            assert (await picture(client)).shape == (320, 640, 3)

    asyncio.run(scenario())


def test_jpeg_quality_is_what_it_says(address: str, circuit: Path):
    async def scenario() -> None:
        async with stage(address, circuit) as client:
            exact = await picture(client)
            errors, sizes = [], []
            for quality in (10, 60, 100):
                await client.call("render-image", {"force": True, "format": "jpg", "jpeg_quality": quality})
                errors.append(float(np.abs(pixels(client.payload) - exact).mean()))
                sizes.append(len(client.payload))
            assert sizes == sorted(sizes)
            assert errors == sorted(errors, reverse=True)

    asyncio.run(scenario())


def test_the_name_of_a_snapshots_file_tells_its_format(address: str, circuit: Path, tmp_path: Path):
    async def scenario() -> None:
        async with stage(address, circuit) as client:
            for name, written, image_format, kind in (
                ("a.jpg", "a.jpg", "png", "JPEG"),
                ("b.JPEG", "b.JPEG", ".png", "JPEG"),
                ("c.png", "c.png", "jpg", "PNG"),
                ("d", "d.png", ".PNG", "PNG"),
                ("e", "e.jpg", "jpeg", "JPEG"),
            ):
                settings = {"format": image_format, "size": [16, 16]}
                await client.call("snapshot", {"file_path": str(tmp_path / name), "image_settings": settings})
                with Image.open(tmp_path / written) as opened:
                    assert opened.format == kind
            await client.call("snapshot", {"file_path": str(tmp_path / "f.exr"), "image_settings": {"size": [16, 16]}})
            assert (tmp_path / "f.exr").read_bytes().startswith(b"v/1\x01")
            with pytest.raises(Failed, match=r"Format not supported: '\.bmp'"):
                await client.call("snapshot", {"file_path": str(tmp_path / "g.bmp")})
            assert not (tmp_path / "g.bmp").exists()

    asyncio.run(scenario())


def test_a_snapshot_for_a_folder_that_is_missing_fails_at_once(address: str, circuit: Path, tmp_path: Path):
    endless = {"name": "interactive", "params": {"samples_per_pixel": 1_000_000_000}}

    async def scenario() -> None:
        async with stage(address, circuit) as client:
            path = str(tmp_path / "missing" / "a.png")
            with pytest.raises(Failed, match="Cannot write file"):
                await client.call("snapshot", {"file_path": path, "renderer": endless})

    asyncio.run(scenario())


def test_a_snapshot_has_its_own_settings(address: str, circuit: Path, tmp_path: Path):
    metadata = {"title": "T", "description": "D", "keywords": ["a", "b"], "where_used": "W"}
    params = {
        "image_settings": {"size": [30, 60]},
        "camera": {"name": "orthographic", "params": {"height": 4}},
        "camera_view": {"position": [0, 0, 50], "target": [0, 0, 0], "up": [0, 1, 0]},
        "renderer": {"name": "interactive", "params": {"samples_per_pixel": 4}},
        "metadata": metadata,
    }

    async def scenario() -> None:
        async with stage(address, circuit) as client:
            before = await picture(client)
            result = await client.call("snapshot", params)
            assert result == {"color_buffer": {"offset": 0, "size": len(client.payload)}}
            with Image.open(io.BytesIO(client.payload)) as opened:
                texts = {key: str(value) for key, value in opened.info.items() if isinstance(value, str)}
            assert texts == {"Title": "T", "Description": "D", "Keywords": "a, b", "Where used": "W"}
            in_memory = pixels(client.payload)
            assert in_memory.shape == (60, 30, 3)
            assert (in_memory[30, 15] > 40).all()
            told = [progress for progress in client.progress if progress["id"] == client.count]
            assert told[0] == {"id": client.count, "amount": 0, "operation": "Rendering snapshot ..."}
            file = tmp_path / "shot.png"
            assert await client.call("snapshot", params | {"file_path": str(file)}) == {
                "color_buffer": {"offset": 0, "size": 0}
            }
            np.testing.assert_array_equal(pixels(file.read_bytes()), in_memory)
            jpeg = params | {"image_settings": {"size": [30, 60], "format": "jpg", "quality": 90}}
            await client.call("snapshot", jpeg)
            assert b'"keywords": ["a", "b"]' in client.payload
            assert np.abs(pixels(client.payload) - in_memory).mean() < 20
            np.testing.assert_array_equal(await picture(client), before)

    asyncio.run(scenario())


def test_metadata_that_no_jpeg_holds_is_refused_at_once(address: str, circuit: Path):
    """Cut off, it would be no JSON any more."""

    async def scenario() -> None:
        async with stage(address, circuit) as client:
            texts = {"title": "T", "description": "x" * 70_000, "keywords": [], "where_used": ""}
            settings: dict[str, Any] = {"size": [8, 8], "format": "jpg"}
            with pytest.raises(Failed, match="65533 bytes of metadata at most") as failed:
                await client.call("snapshot", {"image_settings": settings, "metadata": texts})
            assert failed.value.code == -32602
            await client.call("snapshot", {"image_settings": settings | {"format": "png"}, "metadata": texts})

    asyncio.run(scenario())


def test_before_the_first_frame_there_is_no_picture_to_send():
    async def scenario(address: str) -> None:
        async with client_of(address) as client:
            await client.call("render-image", {"render": False, "force": True})
            assert client.payload == b""
            await client.call("render-image", {})
            assert client.payload
            await client.call("set-camera-near-clip", {"distance": 1})
            await client.call("render-image", {"render": False, "force": True})
            assert client.payload  # that of before the change

    with renderer_process() as (address, _process):
        asyncio.run(scenario(address))


REFERENCES = [
    *(f"N_10__top_nodes_dim6/{part}" for part in ("dendrites", "dendrites+axon", "simulation")),
    *(f"SingleNeuron_IDX0/{part}" for part in ("dendrites", "dendrites+axon")),
    *(f"nbS1-O1-E2Sst-maxNsyn-HEX0-L5/{part}" for part in ("dendrites", "dendrites+axon")),
]


@pytest.mark.data
@pytest.mark.parametrize("name", REFERENCES)
def test_pictures_are_those_of_the_real_renderer(address: str, shared_dir: Path, data_dir: Path, name: str):
    """All that were recorded; those of the path tracer differ by its noise."""
    pictures = sorted((shared_dir / "reference-images" / name).glob("*.png"))
    folder, far = f'"{data_dir.as_posix()}/', dict[str, Likeness]()

    def recorded(picture: Path) -> dict[str, Any]:
        text = picture.with_suffix(".json").read_text()
        spec: dict[str, Any] = json.loads(text.replace('"/data/', folder).replace("_split.json", ".json"))
        return spec

    async def scenario() -> None:
        async with client_of(address) as client:
            scene, model = None, 0
            for picture in sorted(pictures, key=lambda picture: "colored" in picture.name):  # which follow another one
                spec = recorded(picture)
                if spec.get("scene", scene) != scene:
                    scene = spec["scene"]
                    for method in ("clear-models", "clear-lights"):
                        await client.call(method)
                    for step in scene:
                        result = await client.call(step["method"], step.get("params"))
                        model = result[0]["model_id"] if step["method"] == "add-model" else model
                if "color" in spec:
                    await client.call("color-model", spec["color"] | {"id": model})
                await client.call("set-picture-options", {"centered": True})  # as the recorded build
                await client.call("snapshot", spec["request"].get("params", spec["request"]))
                found = likeness(client.payload, picture.read_bytes())
                least, most = (0.99, 0.2) if "production" in picture.name else (0.999, 0.04)
                if not (found.correlation > least and found.difference < most):
                    far[picture.name] = found

    asyncio.run(scenario())
    assert len(pictures) >= 9
    assert not far
