"""Clipping: what is seen of a scene of which parts are cut away."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

from tests.service.renderer.renderer_process import Client, Failed, renderer_process
from tests.service.renderer.stage import GREEN, RED, at, empty_stage, picture

IS_RED, IS_GREEN, NOTHING = [True, False, False], [False, True, False], [False, False, False]
BOX = {"min": [1, -1, -2], "max": [3, 1, 2]}


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with renderer_process() as (address, process):
        yield address
        assert process.poll() is None


async def walls(client: Client) -> None:
    """A red wall at z = 0 and a green one behind it at z = -5."""
    for color, z in ((RED, 0), (GREEN, -5)):
        wall = {"min": [-9, -9, z], "max": [9, 9, z]}
        await client.call("add-boxes", [{"geometry": wall, "color": color}])


async def seen(client: Client) -> list[list[bool]]:
    """What is seen at x = -2, 0 and 2."""
    image = await picture(client)
    return [at(image, x, 0.05) for x in (-2, 0.05, 2)]


@pytest.mark.parametrize(
    ("method", "primitives", "plain", "inverted"),
    [
        ("planes", [{"coefficients": [2, 0, 0, -2]}], [NOTHING, IS_RED, IS_RED], [IS_RED, NOTHING, NOTHING]),
        (
            "planes",
            [{"coefficients": [1, 0, 0, -1]}, {"coefficients": [-1, 0, 0, -1]}],
            [NOTHING, IS_RED, NOTHING],
            [NOTHING, NOTHING, NOTHING],
        ),
        ("boxes", [BOX], [IS_RED, IS_RED, IS_GREEN], [NOTHING, NOTHING, IS_RED]),
        (
            "boxes",
            [BOX, {"min": [-3, -1, -6], "max": [-1, 1, -4]}],
            [IS_RED, IS_RED, IS_GREEN],
            [IS_GREEN, NOTHING, IS_RED],
        ),
        (
            "spheres",
            [{"center": [2, 0, 0.5], "radius": 1}],
            [IS_RED, IS_RED, IS_GREEN],
            [NOTHING, NOTHING, IS_RED],
        ),
        (
            "capsules",
            [{"p0": [0, 0, 0], "p1": [2, 0, 0], "r0": 0.5, "r1": 0.2}],
            [IS_RED, IS_GREEN, IS_GREEN],
            [NOTHING, IS_RED, IS_RED],
        ),
        (
            "capsules",
            [{"p0": [2, 0, 0], "p1": [2, 0, 0], "r0": 0.5, "r1": 0.2}],
            [IS_RED, IS_RED, IS_GREEN],
            [NOTHING, NOTHING, IS_RED],
        ),
        # Rays through the window come from where n·p > d and are cut before it.
        (
            "bounded-planes",
            [{"coefficients": [0, 0, 1, 1], "bounds": BOX}],
            [IS_RED, IS_RED, IS_RED],
            [IS_RED, IS_RED, NOTHING],
        ),
        (
            "bounded-planes",
            [{"coefficients": [0, 0, 1, -1], "bounds": BOX}],
            [IS_RED, IS_RED, IS_GREEN],
            [IS_RED, IS_RED, IS_RED],
        ),
    ],
)
def test_what_is_cut(address: str, method: str, primitives: Any, plain: Any, inverted: Any):
    async def scenario() -> None:
        async with empty_stage(address) as client:
            await walls(client)
            for expected, params in (
                (plain, {"primitives": primitives}),
                (inverted, {"primitives": primitives, "invert_normals": True}),
            ):
                model = await client.call(f"add-clipping-{method}", params)
                assert model["model_type"] == "clip_geometry"
                assert await seen(client) == expected
                await client.call("clear-clipping-geometries")
                assert await seen(client) == [IS_RED] * 3

    asyncio.run(scenario())


def test_a_tapering_capsule_cuts_along_its_slanted_side(address: str):
    # The cone of balls from radius 2 at x = -2 to 0 at x = 2 has the half angle asin(1/2): in the column of
    # pixels around x = 0.95 its surface lies at y = (2 - 0.95) * tan(30 degrees) = 0.61, the ball there ends at 0.53.
    async def scenario() -> None:
        async with empty_stage(address) as client:
            await walls(client)
            await client.call(
                "add-clipping-capsules", {"primitives": [{"p0": [-2, 0, 0], "p1": [2, 0, 0], "r0": 2, "r1": 0}]}
            )
            image = await picture(client)
            assert [at(image, 0.95, y) for y in (0.45, 0.55, 0.65)] == [IS_GREEN, IS_GREEN, IS_RED]

    asyncio.run(scenario())


def test_deprecated_methods_cut_too(address: str):
    async def scenario() -> None:
        async with empty_stage(address) as client:
            await walls(client)
            model = await client.call("add-clip-plane", {"coefficients": [1, 0, 0, -1]})
            assert model["model_type"] == "clipping_geometry"
            assert await seen(client) == [NOTHING, IS_RED, IS_RED]
            await client.call("clear-clip-planes")
            assert await seen(client) == [IS_RED] * 3

    asyncio.run(scenario())


def test_several_cuts_add_up_and_can_be_moved_hidden_and_removed(address: str):
    async def scenario() -> None:
        async with empty_stage(address) as client:
            await walls(client)
            left = (await client.call("add-clipping-planes", {"primitives": [{"coefficients": [1, 0, 0, -1]}]}))[
                "model_id"
            ]
            box = (await client.call("add-clipping-boxes", {"primitives": [BOX]}))["model_id"]
            assert await seen(client) == [NOTHING, IS_RED, IS_GREEN]
            # Half a turn about z and a step take the box from x = 1..3 to -1..1.
            place = {"rotation": [0, 0, 1, 0], "translation": [2, 0, 0]}
            await client.call("update-model", {"model_id": box, "model": {"transform": place}})
            assert await seen(client) == [NOTHING, IS_GREEN, IS_RED]
            await client.call("update-model", {"model_id": left, "model": {"is_visible": False}})
            assert await seen(client) == [IS_RED, IS_GREEN, IS_RED]
            await client.call("remove-model", {"ids": [box]})
            assert await seen(client) == [IS_RED, IS_RED, IS_RED]

    asyncio.run(scenario())


def test_what_comes_later_is_cut_and_what_is_cut_casts_no_shadow_and_is_not_found(address: str):
    async def scenario() -> None:
        async with empty_stage(address) as client:
            await client.call("clear-lights")
            await client.call("add-light-directional", {"direction": [0, 0, -1], "intensity": 5})
            await client.call("add-clipping-planes", {"primitives": [{"coefficients": [1, 0, 0, 0]}]})
            screen = {"min": [-9, -9, 4], "max": [9, 9, 4]}
            await client.call("add-boxes", [{"geometry": screen, "color": RED}])
            wall = {"min": [0, -9, -5], "max": [9, 9, -5]}
            await client.call("add-boxes", [{"geometry": wall, "color": GREEN}])
            assert await seen(client) == [NOTHING, IS_RED, IS_RED]
            assert (await client.call("inspect", {"position": [0.1, 0.5]}))["hit"] is False
            assert (await client.call("inspect", {"position": [0.9, 0.5]}))["hit"] is True
            await client.call("clear-clipping-geometries")
            await client.call("add-clipping-boxes", {"primitives": [{"min": [1, -9, 3], "max": [9, 9, 5]}]})
            assert await seen(client) == [IS_RED, IS_RED, IS_GREEN]  # green and lit through the hole

    asyncio.run(scenario())


@pytest.mark.parametrize(
    ("method", "primitives", "message"),
    [
        ("planes", [{"coefficients": [0, 0, 0, 1]}], "cannot have length 0"),
        ("spheres", [{"center": [0, 0, 0], "radius": -1}], "A radius cannot be negative"),
        ("capsules", [{"p0": [0, 0, 0], "p1": [1, 0, 0], "r0": -1, "r1": 1}], "A radius cannot be negative"),
        ("boxes", [{"min": [1, 1, 1], "max": [0, 0, 0]}], "minimum"),
        ("bounded-planes", [{"coefficients": [0, 0, 0, 1], "bounds": BOX}], "cannot have length 0"),
        ("planes", [], "cannot be empty"),
    ],
)
def test_bad_numbers_are_refused(address: str, method: str, primitives: Any, message: str):
    async def scenario() -> None:
        async with empty_stage(address) as client:
            await walls(client)
            before = await client.call("get-scene")
            with pytest.raises(Failed, match=message) as failed:
                await client.call(f"add-clipping-{method}", {"primitives": primitives})
            assert failed.value.code == -32602
            assert await client.call("get-scene") == before
            assert await seen(client) == [IS_RED] * 3

    asyncio.run(scenario())


def test_a_place_that_flattens_is_refused(address: str):
    async def scenario() -> None:
        async with empty_stage(address) as client:
            await walls(client)
            box = (await client.call("add-clipping-boxes", {"primitives": [BOX]}))["model_id"]
            before = await client.call("get-scene")
            with pytest.raises(Failed, match="flattens") as failed:
                await client.call("update-model", {"model_id": box, "model": {"transform": {"scale": [1, 0, 1]}}})
            assert failed.value.code == -32602
            assert await client.call("get-scene") == before
            assert await seen(client) == [IS_RED, IS_RED, IS_GREEN]

    asyncio.run(scenario())


@pytest.mark.parametrize(
    ("normal", "position", "within", "beside"),
    [
        ([3, 0, 0], 2, [NOTHING, NOTHING, IS_RED], [IS_RED, IS_RED, NOTHING]),
        ([-1, 0, 0], 2, [IS_RED, NOTHING, NOTHING], [NOTHING, IS_RED, IS_RED]),
        ([0, 1, 0], 0, [IS_RED] * 3, [NOTHING] * 3),
        ([0, 0, 1], -5, [IS_GREEN] * 3, [IS_RED] * 3),
        ([1, 0, 1], 2**0.5, [NOTHING, NOTHING, IS_RED], [IS_RED, IS_RED, IS_GREEN]),
    ],
)
def test_a_slab_leaves_what_lies_in_it_and_inverted_what_lies_beside(
    address: str, normal: list[float], position: float, within: Any, beside: Any
):
    async def scenario() -> None:
        async with empty_stage(address) as client:
            await walls(client)
            slab = {"normal": normal, "position": position, "thickness": 1}
            await client.call("set-slab", slab)
            assert await seen(client) == within
            await client.call("set-slab", slab | {"invert": True})
            assert await seen(client) == beside
            await client.call("set-slab", slab | {"enabled": False})
            assert await seen(client) == [IS_RED] * 3

    asyncio.run(scenario())


def test_a_slab_and_shapes_cut_together(address: str):
    async def scenario() -> None:
        async with empty_stage(address) as client:
            await walls(client)
            await client.call("set-slab", {"normal": [1, 0, 0], "position": 1, "thickness": 4})
            await client.call("add-clipping-boxes", {"primitives": [BOX]})
            assert await seen(client) == [NOTHING, IS_RED, IS_GREEN]
            with pytest.raises(Failed, match="must have a direction"):
                await client.call("set-slab", {"normal": [0, 0, 0], "position": 1, "thickness": 4})
            assert await seen(client) == [NOTHING, IS_RED, IS_GREEN]
            await client.call("clear-clipping-geometries")
            assert await seen(client) == [NOTHING, IS_RED, IS_RED]
            await client.call("set-slab", {"enabled": False, "normal": [1, 0, 0], "position": 1, "thickness": 4})

    asyncio.run(scenario())
