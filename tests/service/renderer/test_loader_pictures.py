"""What loaded files look like: each test looks at where which color is."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

from tests.service.renderer.renderer_process import Client, Failed, client_of, renderer_process

RED, GREEN = [1.0, 0.0, 0.0, 1.0], [0.0, 1.0, 0.0, 1.0]


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with renderer_process() as (address, process):
        yield address
        assert process.poll() is None


@asynccontextmanager
async def stage(address: str) -> AsyncIterator[Client]:
    """White ambient light; one pixel is 0.1 µm, the middle is the origin, x goes right, y up."""
    async with client_of(address) as client:
        await client.call("clear-models")
        await client.call("add-light-ambient", {"intensity": 1})
        await client.call("set-application-parameters", {"viewport": [80, 80]})
        await client.call("set-picture-options", {"centered": True})
        await client.call("set-renderer-interactive", {"samples_per_pixel": 1, "background_color": [0, 0, 0, 1]})
        await client.call("set-camera-view", {"position": [0, 0, 50], "target": [0, 0, 0], "up": [0, 1, 0]})
        await client.call("set-camera-orthographic", {"height": 8})
        await client.call("set-camera-region", {"image_start": [0, 1], "image_end": [1, 0]})
        yield client


async def upload(client: Client, data: bytes, kind: str, loader: str, **properties: Any) -> dict[str, Any]:
    params = {"type": kind, "loader_name": loader, "loader_properties": properties}
    (model,) = await client.reply(await client.send("upload-model", params, data))
    return dict(model)


async def colors(client: Client) -> npt.NDArray[np.bool_]:
    """For each pixel from the top left, which of red, green and blue it has."""
    await client.call("render-image", {"force": True, "format": "png"})
    with Image.open(io.BytesIO(client.payload)) as image:
        return np.asarray(image.convert("RGB")) > 120


def test_an_uploaded_mesh_shows_its_triangles_in_their_colors(address: str):
    square = b"v -2 -2 0\nv 2 -2 0\nv 2 2 0\nv -2 2 0\nf 1 2 3\nf 1 4 3\n"

    async def scenario() -> None:
        async with stage(address) as client:
            model = await upload(client, square, "obj", "mesh")
            assert model["model_type"] == "mesh"
            white = await colors(client)
            assert white[20:60, 20:60].all()
            assert white.sum() == 3 * 1600
            values = {"0": RED, "1": GREEN}
            await client.call("color-model", {"id": model["model_id"], "method": "triangle", "values": values})
            picture = await colors(client)
            assert picture[55, 50].tolist() == [True, False, False]  # below the diagonal
            assert picture[25, 30].tolist() == [False, True, False]

    asyncio.run(scenario())


def test_an_uploaded_molecule_shows_its_atoms_in_their_colors(address: str):
    async def scenario() -> None:
        async with stage(address) as client:
            await upload(client, b"2\noxygen and nitrogen\nO -2 0 0\nN 2 0 0\n", "xyz", "xyz")
            picture = await colors(client)
            assert picture[40, 20].tolist() == [True, False, False]
            assert picture[40, 60, 2]
            assert not picture[40, 60, 0]
            # discs of van der Waals radii 1.52 and 1.55
            assert abs(picture[:, :40].any(axis=2).sum() - np.pi * 15.2**2) < 30
            assert abs(picture[:, 40:].any(axis=2).sum() - np.pi * 15.5**2) < 30

    asyncio.run(scenario())


def test_a_protein_is_seen(address: str, tmp_path: Path):
    path = tmp_path / "one.pdb"
    path.write_text("HETATM    1  O   HOH A   1    -100.000 100.000   0.000  1.00  0.00           O\n")

    async def scenario() -> None:
        async with stage(address) as client:
            properties = {"color_scheme": "protein_atoms", "radius_multiplier": 0.76 / 0.0048}
            params = {"path": str(path), "loader_name": "protein", "loader_properties": properties}
            await client.call("add-model", params)
            red = (await colors(client))[..., 0]
            rows, columns = np.nonzero(red)
            assert abs(red.sum() - np.pi * 7.6**2) < 15
            assert (rows.mean(), columns.mean()) == pytest.approx((29.5, 29.5), abs=0.6)

    asyncio.run(scenario())


@pytest.mark.parametrize(("loader", "path"), [("BBP loader", "/no/file"), ("SONATA loader", "/no/BlueConfig")])
def test_blueconfig_is_refused_with_what_to_use_instead(address: str, loader: str, path: str):
    async def scenario() -> None:
        async with client_of(address) as client:
            params = {"path": path, "loader_name": loader, "loader_properties": {}}
            with pytest.raises(Failed, match="convert the circuit to SONATA") as caught:
                await client.call("add-model", params)
            assert caught.value.code == -32602

    asyncio.run(scenario())


def test_a_bad_upload_leaves_the_scene_as_it_was(address: str):
    async def scenario() -> None:
        async with stage(address) as client:
            await upload(client, b"0 0 0\n", "xyz", "xyz")
            scene, before = await client.call("get-scene"), await colors(client)
            uploads = [
                (b"OFF\n1 1", "off", "mesh"),
                (b"0 0\n", "xyz", "xyz"),
                (b"1", "swc", "Neuron Morphology loader"),
            ]
            for data, kind, loader in uploads:
                with pytest.raises(Failed):
                    await upload(client, data, kind, loader)
            assert await client.call("get-scene") == scene
            assert (await colors(client) == before).all()
            assert before.any()

    asyncio.run(scenario())
