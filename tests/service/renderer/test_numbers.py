"""Every number that a client can send, one at a time far out of range: an answer, and the renderer lives on."""

from __future__ import annotations

import asyncio
import copy
import json
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest

from brayns_widget.service.renderer.methods import METHODS
from tests.service.renderer.renderer_process import Client, Failed, client_of, renderer_process

EXTREMES = [
    -1, 0, 0.5, 10**6, 2**70, 10**30, 1e-40, 1e30, 1e38, 3e38, -3e38, 1e300, -1e300, 5e-324, float("nan"), float("inf")
]  # fmt: skip
VIEW = {"position": [0, 0, 10], "target": [0, 0, 0], "up": [0, 1, 0]}
TRANSFORM = {"translation": [0, 0, 0], "rotation": [0, 0, 0, 1], "rotation_center": [0, 0, 0], "scale": [1, 1, 1]}
SHAPE = {"center": [0, 0, 0], "radius": 1.0, "p0": [0, 0, 0], "p1": [1, 0, 0], "r0": 1.0, "r1": 0.5,
         "min": [0, 0, 0], "max": [1, 1, 1], "coefficients": [0, 0, 1, 0],
         "bounds": {"min": [-1, -1, -1], "max": [1, 1, 1]}}  # fmt: skip
GOOD: dict[str, Any] = {  # values of parameters that can't be made from their schema alone
    **VIEW, **TRANSFORM, **SHAPE, "transform": TRANSFORM, "transforms": [TRANSFORM], "camera_view": VIEW,
    "image_start": [0, 1], "image_end": [1, 0], "direction": [0, 0, -1], "edge1": [1, 0, 0], "edge2": [0, 1, 0],
    "viewport": [16, 16], "size": [16, 16], "resolution": [16, 16], "ids": [0], "id": 0, "model_id": 0, "file_path": "",
    "format": "png", "method": "solid", "values": {"color": [1, 0, 0, 1]}, "name": "interactive",
    "channels": ["color"], "samples_per_pixel": 1, "simulation_frame": 0,
}  # fmt: skip
# Nothing but numbers of loaders and of requests in them, which have tests of their own; and the end of the process.
ELSEWHERE = {"add-model", "upload-model", "cancel", "quit", "schema"}


def example(schema: dict[str, Any], name: str = "") -> Any:
    """A value that the schema takes, with all its members."""
    if name in GOOD:
        return copy.deepcopy(GOOD[name])
    for choice in ("oneOf", "anyOf"):
        if choice in schema:
            return example(schema[choice][0], name)
    if "enum" in schema:
        return schema["enum"][0]
    match schema.get("type"):
        case "object":
            return {key: example(value, key) for key, value in schema.get("properties", {}).items()}
        case "array":
            return [example(schema["items"]) for _ in range(max(1, schema.get("minItems", 1)))]
        case "number" | "integer":
            return schema.get("default", max(1, schema.get("minimum", 1)))
        case "boolean":
            return schema.get("default", False)
        case "string":
            return ""
    return {}


def with_extremes(value: Any, rebuild: Any = lambda value: value) -> Iterator[Any]:
    """Copies of a value, each with one number replaced by one out of range."""
    if isinstance(value, dict):
        for key in value:
            yield from with_extremes(value[key], lambda new, key=key: rebuild(value | {key: new}))
    elif isinstance(value, list):
        for index in range(len(value)):
            yield from with_extremes(
                value[index], lambda new, index=index: rebuild([*value[:index], new, *value[index + 1 :]])
            )
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield from (rebuild(extreme) for extreme in EXTREMES)


async def stage(client: Client) -> list[Any]:
    """A scene of one red ball, seen from the front; its picture's request."""
    await client.call("clear-models")
    await client.call("set-application-parameters", {"viewport": [16, 16]})
    await client.call("set-renderer-interactive", {"samples_per_pixel": 1, "max_ray_bounces": 1, "ao_samples": 0})
    await client.call("set-camera-view", VIEW)
    await client.call("set-camera-region", {"image_start": [0, 1], "image_end": [1, 0]})
    await client.call("set-camera-near-clip", {"distance": 1e-6})
    await client.call("set-camera-perspective", {"fovy": 45.0, "aperture_radius": 0.0, "focus_distance": 1.0})
    ball = {"geometry": {"center": [0, 0, 0], "radius": 2.0}, "color": [1, 0, 0, 1]}
    await client.call("add-spheres", [ball])
    await client.call("add-light-ambient", {"intensity": 1.0})
    models: list[Any] = (await client.call("get-scene"))["models"]
    return models


async def settled(client: Client, number: int) -> bool:
    """Wait for the answer to a request; whether it was a result."""
    while True:
        message = await client.receive()
        if "method" not in message and message.get("id") in (number, None):  # NaN is no JSON, so it has no id
            return "result" in message


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with renderer_process() as (address, process):
        yield address
        assert process.poll() is None


METHODS_WITH_NUMBERS = [
    method for method in METHODS if method.name not in ELSEWHERE and method.endpoint.params is not None
]


@pytest.mark.parametrize("method", METHODS_WITH_NUMBERS, ids=lambda method: method.name)
def test_numbers_out_of_range(address: str, method: Any):
    good = example(method.params_schema())

    async def scenario() -> None:
        async with client_of(address) as client:
            await stage(client)
            for params in with_extremes(good):
                before = (await client.call("get-scene"))["models"]
                number = await client.send(method.name, params)
                await client.send("cancel", {"id": number})  # a picture of a million samples
                if not await settled(client, number):
                    assert (await client.call("get-scene"))["models"] == before, params
                    continue
                await client.call("get-scene")
                try:
                    await client.call("render-image", {"force": True})
                except Failed as failed:  # what was taken need not give a picture
                    assert failed.code == -32602, (params, failed)  # noqa: PT017 - mostly it does not fail
                await stage(client)
            assert len(await stage(client)) == 2
            await client.call("render-image", {"force": True, "format": "png"})
            assert client.payload[:4] == b"\x89PNG"

    asyncio.run(scenario())
    with urllib.request.urlopen(f"http://{address}/healthz", timeout=60) as answer:
        assert answer.read() == b"Ok"


def test_the_extremes_reach_every_number():
    assert [json.dumps(params) for params in with_extremes({"a": [1, {"b": 2.0}], "c": True})] == [
        *(json.dumps({"a": [extreme, {"b": 2.0}], "c": True}) for extreme in EXTREMES),
        *(json.dumps({"a": [1, {"b": extreme}], "c": True}) for extreme in EXTREMES),
    ]
