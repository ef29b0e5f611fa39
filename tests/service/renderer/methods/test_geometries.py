"""Shapes, copies of models and inspection: what is seen of them."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

from tests.service.renderer.renderer_process import Failed, renderer_process
from tests.service.renderer.stage import GREEN, RED, at, empty_stage, picture, sphere

IS_RED, IS_GREEN, NOTHING = [True, False, False], [False, True, False], [False, False, False]


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with renderer_process() as (address, process):
        yield address
        assert process.poll() is None


def shape(color: list[float], **geometry: Any) -> dict[str, Any]:
    return {"geometry": geometry, "color": color}


BOUNDS = {"min": [-2, -1, -1], "max": [2, 1, 1]}


@pytest.mark.parametrize(
    ("method", "params", "expected"),
    [
        ("add-spheres", [sphere(-2, color=RED), sphere(2, color=GREEN)], [IS_RED, NOTHING, IS_GREEN]),
        (
            "add-capsules",
            [
                shape(RED, p0=[-2, 0, 0], p1=[-1, 0, 0], r0=0.5, r1=0.2),
                shape(GREEN, p0=[2, 0, 0], p1=[2, 0, 0], r0=0.5, r1=0.2),
            ],
            [IS_RED, NOTHING, IS_GREEN],
        ),
        (
            "add-boxes",
            [shape(RED, min=[-2.5, -1, 0], max=[-1, 1, 1]), shape(GREEN, min=[1, -1, 0], max=[2.5, 1, 1])],
            [IS_RED, NOTHING, IS_GREEN],
        ),
        ("add-planes", [shape(RED, coefficients=[1, 0, 1, 0])], [IS_RED, IS_RED, IS_RED]),
        (
            "add-planes",
            [shape(RED, coefficients=[0, 0, 1, 0]), shape(GREEN, coefficients=[1, 0, -1, 1])],
            [IS_RED, IS_RED, IS_GREEN],
        ),
        (
            "add-bounded-planes",
            [
                shape(RED, coefficients=[0, 0, 1, 0], bounds={"min": [-3, -1, -1], "max": [-1, 1, 1]}),
                shape(GREEN, coefficients=[1, 0, 1, 2], bounds={"min": [1, -1, -1], "max": [3, 1, 1]}),
            ],
            [IS_RED, NOTHING, IS_GREEN],
        ),
    ],
)
def test_shapes_are_seen_in_their_colors(address: str, method: str, params: Any, expected: Any):
    async def scenario() -> None:
        async with empty_stage(address) as client:
            model = await client.call(method, params)
            assert model["model_type"] == "geometry"
            image = await picture(client)
            assert [at(image, x, 0.05) for x in (-2, 0, 2)] == expected
            await client.call("color-model", {"id": model["model_id"], "method": "primitive", "values": {"0": GREEN}})
            image = await picture(client)
            assert IS_RED not in [at(image, x, 0.05) for x in (-2, 0, 2)]

    asyncio.run(scenario())


def test_planes_do_not_count_as_bounds(address: str):
    async def scenario() -> None:
        async with empty_stage(address) as client:
            await client.call("add-spheres", [sphere(1)])
            await client.call("add-planes", [shape(RED, coefficients=[0, 1, 0, 5])])
            assert (await client.call("get-scene"))["bounds"] == {"min": [0, -1, -1], "max": [2, 1, 1]}

    asyncio.run(scenario())


def test_the_bounds_of_bounded_planes_are_their_whole_boxes(address: str):
    async def scenario() -> None:
        async with empty_stage(address) as client:
            first, second = {"min": [-3, -1, -1], "max": [-1, 1, 1]}, {"min": [0, -2, 0], "max": [4, 0, 5]}
            beside = [1, 0, 0, 9]  # passes through none of them
            planes = [
                shape(RED, coefficients=[0, 0, 1, 0], bounds=first),
                shape(RED, coefficients=beside, bounds=second),
            ]
            model = await client.call("add-bounded-planes", planes)
            assert model["bounds"] == {"min": [-3, -2, -1], "max": [4, 1, 5]}

    asyncio.run(scenario())


@pytest.mark.parametrize(
    ("method", "item", "message"),
    [
        ("add-spheres", sphere(radius=-1), "A radius cannot be negative, got -1.0"),
        ("add-spheres", sphere(x=1e30), "below"),
        ("add-capsules", shape(RED, p0=[0, 0, 0], p1=[1, 0, 0], r0=1, r1=-1), "A radius cannot be negative"),
        ("add-boxes", shape(RED, min=[1, 0, 0], max=[0, 1, 1]), "minimum"),
        ("add-planes", shape(RED, coefficients=[0, 0, 0, 1]), "cannot have length 0"),
        ("add-bounded-planes", shape(RED, coefficients=[0, 0, 0, 1], bounds=BOUNDS), "cannot have length 0"),
        ("add-spheres", None, "cannot be empty"),
    ],
)
def test_bad_numbers_are_refused(address: str, method: str, item: Any, message: str):
    async def scenario() -> None:
        async with empty_stage(address) as client:
            before = await client.call("get-scene")
            with pytest.raises(Failed, match=message) as failed:
                await client.call(method, [] if item is None else [sphere(), item] if "sph" in method else [item])
            assert failed.value.code == -32602
            assert await client.call("get-scene") == before
            assert not (await picture(client)).any()

    asyncio.run(scenario())


def test_what_is_not_a_number_is_refused(address: str):
    async def scenario() -> None:
        async with empty_stage(address) as client:
            await client.send("add-spheres", [sphere(x=float("nan"))])
            reply = await client.receive()
            assert reply["id"] is None  # JSON has no NaN, so the request is not understood
            assert reply["error"]["code"] == -32700
            assert not (await picture(client)).any()

    asyncio.run(scenario())


def test_copies_have_their_own_place_and_share_colors(address: str):
    async def scenario() -> None:
        async with empty_stage(address) as client:
            original = (await client.call("add-spheres", [sphere(color=RED, radius=0.8)]))["model_id"]
            places = [{"translation": [2, 0, 0]}, {"translation": [-2, 0, 0], "scale": [0.5, 0.5, 0.5]}]
            copies = await client.call("instantiate-model", {"model_id": original, "transforms": places})
            assert [copy["transform"]["translation"] for copy in copies] == [[2, 0, 0], [-2, 0, 0]]
            image = await picture(client)
            assert [at(image, x, 0) for x in (-2, 0, 2)] == [IS_RED] * 3
            assert [at(image, x, 0.6) for x in (-2, 0, 2)] == [NOTHING, IS_RED, IS_RED]
            right = copies[0]["model_id"]
            await client.call("color-model", {"id": right, "method": "solid", "values": {"color": GREEN}})
            await client.call("remove-model", {"ids": [original]})
            image = await picture(client)
            assert [at(image, x, 0) for x in (-2, 0, 2)] == [IS_GREEN, NOTHING, IS_GREEN]

    asyncio.run(scenario())


def test_a_copy_that_cannot_be_placed_leaves_the_scene_alone(address: str):
    async def scenario() -> None:
        async with empty_stage(address) as client:
            original = (await client.call("add-spheres", [sphere(color=RED)]))["model_id"]
            for places in ([{"rotation": [0, 0, 0, 0]}], [{}, {"translation": [1e30, 0, 0]}]):
                before = await client.call("get-scene")
                with pytest.raises(Failed) as failed:
                    await client.call("instantiate-model", {"model_id": original, "transforms": places})
                assert failed.value.code == -32602
                assert await client.call("get-scene") == before
            assert at(await picture(client), 0, 0) == IS_RED

    asyncio.run(scenario())


def test_inspection_finds_the_nearest_surface(address: str):
    async def scenario() -> None:
        async with empty_stage(address) as client:
            await client.call("add-spheres", [sphere(z=-3, color=RED)])
            front = (await client.call("add-spheres", [sphere(x=9), sphere(y=1, radius=0.5)]))["model_id"]
            # Counted from the bottom, y = 1 of -3 to 3 lies at two thirds.
            found = await client.call("inspect", {"position": [0.5, 2 / 3]})
            assert found["model_id"] == front
            assert found["hit"] is True
            assert found["metadata"] == {}
            assert found["position"] == pytest.approx([0, 1, 0.5], abs=1e-5)
            await client.call("remove-model", {"ids": [front]})
            found = await client.call("inspect", {"position": [0.5, 0.5]})
            assert found["position"] == pytest.approx([0, 0, -2], abs=1e-5)
            nothing = {"hit": False, "metadata": None, "model_id": 0, "position": [0, 0, 0]}
            for outside in ([0.1, 0.1], [2, 2], [-0.5, 0.5], [0.5, 1e30]):
                assert await client.call("inspect", {"position": outside}) == nothing

    asyncio.run(scenario())
