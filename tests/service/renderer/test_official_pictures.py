"""Pictures that Brayns 3.10.1 made of scenes without circuits, and ours of the same requests."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.service.renderer.comparing import Likeness, likeness
from tests.service.renderer.renderer_process import Client, client_of, renderer_process

ALIKE = Likeness(0.9995, 0.002)  # least correlation, greatest difference
NOISY = Likeness(0.999, 0.02)  # of path tracers
NAMES = [
    *("ambient_light", "bounded_planes", "capsules", "carpaint_material", "clip_two", "clipping_bounded_plane"),
    *("clipping_capsule", "clipping_sphere", "emissive_material", "ghost_material", "glass_material"),
    *("interactive_renderer", "matte_material", "metal_material", "perspective_projection", "planes"),
    *("plastic_material", "principled_material", "production_renderer", "progressive_framebuffer_0", "protein"),
    *("quad_light", "set_model_color", "snapshot", "sphere_light", "static_framebuffer", "update_invisible", "xyz"),
]


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with renderer_process() as (address, process):
        yield address
        assert process.poll() is None


async def replay(client: Client, scene: list[dict[str, Any]]) -> None:
    """Build a recorded scene; models get the ids of this run wherever later steps name those of the recording."""
    ids: dict[int, int] = {}
    await client.call("clear-models")
    for step in scene:
        params = step.get("params")
        if isinstance(params, dict):
            params = {
                key: ids.get(value, value) if key in {"id", "model_id"} else value for key, value in params.items()
            }
        result = await client.call(step["method"], params)
        for was, now in zip(_models(step.get("result")), _models(result), strict=False):
            ids[was["model_id"]] = now["model_id"]


def _models(result: Any) -> list[dict[str, Any]]:
    models = result if isinstance(result, list) else [result]
    return [model for model in models if isinstance(model, dict) and "model_id" in model]


@pytest.mark.data
@pytest.mark.parametrize("name", NAMES)
def test_pictures_are_those_of_the_real_renderer(address: str, shared_dir: Path, name: str):
    picture = shared_dir / "official-images" / f"{name}.png"
    folder = (picture.parent / "data").as_posix()
    spec = json.loads(picture.with_suffix(".json").read_text().replace('"/data/', f'"{folder}/'))

    async def scenario() -> bytes:
        async with client_of(address) as client:
            await replay(client, spec["scene"])
            await client.call(spec["request"]["method"], spec["request"]["params"])
            return client.payload

    found = likeness(asyncio.run(scenario()), picture.read_bytes())
    least, most = NOISY if name.endswith("_material") else ALIKE
    assert found.correlation >= least
    assert found.difference <= most
