"""A perspective camera with a lens: what is out of focus is blurred, what is in focus is not."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from tests.service.renderer.renderer_process import Failed, renderer_process
from tests.service.renderer.stage import empty_stage, picture

SAMPLES = 32


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with renderer_process() as (address, process):
        yield address
        assert process.poll() is None


def gray_columns(image: npt.NDArray[np.int64]) -> int:
    """How many columns of the middle row are neither black nor as bright as the wall."""
    row = image[30, :, 0]
    return int(((row > 20) & (row < row.max() - 20)).sum())


def widths(address: str, *lenses: dict[str, Any]) -> list[int]:
    """How wide each lens draws the edge of a wall that is 10 µm away."""

    async def scenario() -> list[int]:
        async with empty_stage(address) as client:
            await client.call("set-renderer-interactive", {"samples_per_pixel": SAMPLES})
            wall = {"geometry": {"min": [0, -9, 0], "max": [9, 9, 0]}, "color": [1, 1, 1, 1]}
            await client.call("add-boxes", [wall])
            found = []
            for lens in lenses:
                await client.call("set-camera-perspective", {"fovy": 30, **lens})
                found.append(gray_columns(await picture(client)))
            return found

    return asyncio.run(scenario())


def test_what_is_out_of_focus_is_blurred(address: str):
    # The circle of confusion at distance d has the radius r |d - f| / f: 0.5 µm and 1 µm here; 5.4 µm are 60 pixels.
    none, sharp, near, far, wide = widths(
        address,
        {"aperture_radius": 0, "focus_distance": 5},
        {"aperture_radius": 0.5, "focus_distance": 10},
        {"aperture_radius": 0.5, "focus_distance": 5},
        {"aperture_radius": 1, "focus_distance": 20},
        {"aperture_radius": 1, "focus_distance": 5},
    )
    assert none <= 3
    assert sharp == none
    assert 6 <= near <= 12
    assert 6 <= far <= 12
    assert 13 <= wide <= 23


@pytest.mark.parametrize("lens", [{"aperture_radius": -1}, {"aperture_radius": 1, "focus_distance": 0}])
def test_what_is_no_lens_is_refused(address: str, lens: dict[str, Any]):
    async def scenario() -> None:
        async with empty_stage(address) as client:
            await client.call("set-camera-perspective", {"fovy": 30, "aperture_radius": 0, "focus_distance": 1})
            with pytest.raises(Failed) as failed:
                await client.call("set-camera-perspective", lens)
            assert failed.value.code == -32602
            assert (await client.call("get-camera-perspective"))["aperture_radius"] == 0

    asyncio.run(scenario())
