"""What must never bring a renderer down or harm its scene."""

from __future__ import annotations

import asyncio
import json
import random
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from brayns_widget.service.renderer.methods import METHODS
from tests.service.renderer.loaders.circuits.circuits import places, write_circuit
from tests.service.renderer.renderer_process import Failed, client_of, renderer_process, sonata


@pytest.fixture(scope="module")
def renderer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """Address of a renderer and a small circuit."""
    path = write_circuit(tmp_path_factory.mktemp("circuit"), places(20))
    with renderer_process() as (address, process):
        yield address, path
        assert process.poll() is None


def test_two_clients_share_the_scene(renderer: tuple[str, Path]):
    address, path = renderer

    async def scenario() -> None:
        async with client_of(address) as one, client_of(address) as two:
            await one.call("clear-models")
            loads = [await client.send("add-model", sonata(path, "cells")) for client in (one, two)]
            replies = await asyncio.gather(one.reply(loads[0]), two.reply(loads[1]))
            assert sorted(models[0]["model_id"] for models in replies) == [0, 1]
            assert len((await two.call("get-scene"))["models"]) == 2
            await two.call("remove-model", {"ids": [0, 1]})
            assert (await one.call("get-scene"))["models"] == []

    asyncio.run(scenario())


def test_a_client_that_vanishes_in_mid_load(renderer: tuple[str, Path]):
    address, path = renderer

    async def scenario() -> None:
        async with client_of(address) as client:
            await client.call("clear-models")
            await client.send("add-model", sonata(path, "cells"))
            await client.receive()  # progress: it has begun
            client.socket.transport.abort()
        async with client_of(address) as client:  # the load ran to its end before this is answered
            assert len((await client.call("get-scene"))["models"]) == 1

    asyncio.run(scenario())


def test_a_burst_of_requests_is_answered_in_order(renderer: tuple[str, Path]):
    address, _path = renderer

    async def scenario() -> None:
        async with client_of(address) as client:
            await client.call("set-application-parameters", {"viewport": [16, 16]})
            for number in range(300):
                view = {"position": [number, 0, 100], "target": [0, 0, 0], "up": [0, 1, 0]}
                await client.send(*(("set-camera-view", view) if number % 2 else ("render-image", {"force": True})))
            ids = [(await client.receive())["id"] for _ in range(300)]
            assert ids == list(range(2, 302))

    asyncio.run(scenario())


def test_a_load_is_cancelled_soon_and_the_next_one_works(renderer: tuple[str, Path]):
    address, path = renderer
    many = sonata(path, "cells")
    many["loader_properties"]["node_population_settings"] *= 3000

    async def scenario() -> None:
        async with client_of(address) as client:
            await client.call("clear-models")
            load = await client.send("add-model", many)
            assert (await client.receive())["params"]["id"] == load
            start = asyncio.get_running_loop().time()
            assert await client.call("cancel", {"id": load}) is None
            with pytest.raises(Failed) as caught:
                await client.reply(load)
            assert (caught.value.code, caught.value.message) == (20, "Task has been cancelled")
            assert asyncio.get_running_loop().time() - start < 1.0  # 0.1 s on a quiet machine
            assert (await client.call("get-scene"))["models"] == []
            (model,) = await client.call("add-model", sonata(path, "cells"))
            assert model["model_id"] == 0

    asyncio.run(scenario())


def test_a_snapshot_is_cancelled_and_leaves_the_picture_alone(renderer: tuple[str, Path]):
    address, path = renderer

    async def scenario() -> None:
        async with client_of(address) as client:
            await client.call("clear-models")
            await client.call("add-model", sonata(path, "cells"))
            await client.call("set-renderer-interactive", {"samples_per_pixel": 4})
            await client.call("render-image", {})
            endless = {"name": "interactive", "params": {"samples_per_pixel": 100000}}
            shot = await client.send("snapshot", {"renderer": endless, "image_settings": {"size": [640, 480]}})
            queued = await client.send("snapshot", {"image_settings": {"size": [8, 8]}})
            await client.receive()
            await client.call("cancel", {"id": queued})
            await client.call("cancel", {"id": shot})
            for request in (shot, queued):
                with pytest.raises(Failed) as caught:
                    await client.reply(request)
                assert caught.value.code == 20
            counted = await client.call("render-image", {})
            assert (counted["accumulation"], counted["max_accumulation"]) == (2, 4)

    asyncio.run(scenario())


ENDLESS = {"samples_per_pixel": 1_000_000_000}


@pytest.mark.parametrize(
    ("method", "params"),
    [
        ("snapshot", {"renderer": {"name": "interactive", "params": ENDLESS}}),
        ("export-gbuffers", {"channels": ["color"], "renderer": {"name": "interactive", "params": ENDLESS}}),
        ("render-image", {"accumulate": True}),
    ],
)
def test_a_picture_that_nobody_waits_for_any_more_holds_nobody_up(
    renderer: tuple[str, Path], method: str, params: dict[str, Any]
):
    address, path = renderer

    async def scenario() -> None:
        async with client_of(address) as client:
            await client.call("clear-models")
            await client.call("add-model", sonata(path, "cells"))
            await client.call("set-renderer-interactive", ENDLESS)
            running = client.count + 1
            await client.send(method, params)
            await client.send("cancel", {"id": 0})  # answered while the other runs
            with pytest.raises(Failed):
                await client.reply(running + 1)
            client.socket.transport.abort()
        async with client_of(address) as client:
            await client.call("set-renderer-interactive", {"samples_per_pixel": 1})
            assert (await client.call("render-image", {}))["accumulation"] == 1

    asyncio.run(scenario())


def test_a_picture_is_cancelled_and_goes_on_later(renderer: tuple[str, Path]):
    address, path = renderer

    async def scenario() -> None:
        async with client_of(address) as client:
            await client.call("clear-models")
            await client.call("add-model", sonata(path, "cells"))
            await client.call("set-renderer-interactive", {"samples_per_pixel": 100000})
            picture = await client.send("render-image", {"accumulate": True})
            queued = await client.send("render-image", {})
            await client.call("cancel", {"id": picture})
            with pytest.raises(Failed) as caught:
                await client.reply(picture)
            assert caught.value.code == 20
            result = await client.reply(queued)
            assert 0 < result["accumulation"] < result["max_accumulation"] == 100000
            await client.call("set-renderer-interactive", {"samples_per_pixel": 4})

    asyncio.run(scenario())


def test_a_failed_load_leaves_the_scene_as_it_was(renderer: tuple[str, Path]):
    address, path = renderer

    async def scenario() -> None:
        async with client_of(address) as client:
            await client.call("clear-models")
            await client.call("add-model", sonata(path, "cells"))
            before = await client.call("get-scene")
            for wrong in (
                sonata(path, "nope"),
                sonata(path.parent / "morphologies", "cells"),
                sonata(path.with_name("nodes.h5"), "cells"),
                sonata("/no/such/file.json", "cells"),
                sonata(path, "cells") | {"loader_name": "mesh"},
                sonata(path, "cells") | {"loader_properties": None},
            ):
                with pytest.raises(Failed) as caught:
                    await client.call("add-model", wrong)
                assert caught.value.code in (-32602, -32603)
            assert await client.call("get-scene") == before

    asyncio.run(scenario())


def test_parameters_nested_too_deeply_to_be_told_again_are_refused(renderer: tuple[str, Path]):
    address, _path = renderer
    deep: Any = 0
    for _level in range(300):
        deep = {"a": [deep]}
    upload = {"type": "xyz", "loader_name": "xyz", "loader_properties": deep}

    async def scenario() -> None:
        async with client_of(address) as client:
            await client.call("clear-models")
            with pytest.raises(Failed, match="nested deeper") as caught:
                await client.reply(await client.send("upload-model", upload, b"0 0 0\n"))
            assert caught.value.code == -32602
            assert (await client.call("get-scene"))["models"] == []

    asyncio.run(scenario())


VALUES: list[Any] = [
    None,
    True,
    -1,
    0,
    1.5,
    1e300,
    10**30,
    float("nan"),
    "",
    "x",
    "\ud800",
    "a\0b",
    [],
    [1],
    {},
    {"a": 1},
]


def mutated(randomness: random.Random, value: Any) -> Any:
    """A copy with something wrong somewhere."""
    if isinstance(value, dict) and value and randomness.random() < 0.8:
        key = randomness.choice(list(value))
        return value | {key: mutated(randomness, value[key])}
    if isinstance(value, list) and value and randomness.random() < 0.8:
        index = randomness.randrange(len(value))
        return [mutated(randomness, item) if i == index else item for i, item in enumerate(value)]
    return randomness.choice(VALUES)


def test_malformed_messages_are_answered_or_ignored(renderer: tuple[str, Path]):
    """Some hundreds of broken requests to all methods but ``quit``; then everything still works."""
    address, path = renderer
    randomness = random.Random(20)
    view = {"position": [0, 0, 100], "target": [0, 0, 0], "up": [0, 1, 0]}
    good: dict[str, Any] = {
        "add-model": sonata(path, "cells"),
        "set-camera-view": view,
        "set-camera-perspective": {"fovy": 45.0, "aperture_radius": 0.0, "focus_distance": 1.0},
        "set-camera-orthographic": {"height": 10.0},
        "set-camera-region": {"image_start": [0, 1], "image_end": [1, 0]},
        "set-camera-near-clip": {"distance": 1.0},
        "set-application-parameters": {"viewport": [16, 16]},
        "set-renderer-interactive": {"samples_per_pixel": 2, "background_color": [0, 0, 0, 1]},
        "set-framebuffer-progressive": {"scale": 2},
        "add-light-ambient": {"intensity": 1.0, "color": [1, 1, 1]},
        "add-light-directional": {"direction": [0, 0, -1]},
        "update-model": {"model_id": 0, "model": {"transform": {"scale": [1, 1, 1]}, "is_visible": True}},
        "color-model": {"id": 0, "method": "id", "values": {"0": [1, 0, 0, 1]}},
        "get-color-values": {"id": 0, "method": "id"},
        "remove-model": {"ids": [0]},
        "snapshot": {"image_settings": {"size": [8, 8]}, "camera_view": view, "metadata": {"title": "x"}},
        "render-image": {"force": True, "jpeg_quality": 50},
        "cancel": {"id": 1},
        "schema": {"endpoint": "snapshot"},
    }
    names = [method.name for method in METHODS if method.name != "quit"]

    async def scenario() -> None:
        async with client_of(address) as client:
            for number in range(500):
                name = randomness.choice([*good, *good, *names])
                message: Any = {"jsonrpc": "2.0", "id": number, "method": name, "params": good.get(name)}
                if name == "snapshot":
                    message["params"] = {**message["params"], "file_path": ""}
                message = mutated(randomness, message) if randomness.random() < 0.3 else message
                if isinstance(message, dict) and randomness.random() < 0.9:
                    params = mutated(randomness, message.get("params"))
                    writes = isinstance(params, dict) and params.get("file_path") not in (None, "")
                    message["params"] = None if writes else params
                await client.socket.send(broken(randomness, json.dumps(message)))
            await client.send("get-version", id="last")
            while (await client.receive()).get("id") != "last":
                pass
            await client.call("clear-models")
            await client.call("set-application-parameters", {"viewport": [32, 32]})
            assert len(await client.call("add-model", sonata(path, "cells"))) == 1
            await client.call("set-camera-view", view)
            assert (await client.call("render-image", {"force": True}))["accumulation"] >= 1
            assert client.payload[:2] == b"\xff\xd8"

    def broken(randomness: random.Random, text: str) -> str | bytes:
        match randomness.random():
            case low if low < 0.05:
                return text[: randomness.randrange(len(text) + 1)]
            case low if low < 0.1:
                return randomness.randbytes(randomness.randrange(40))
            case low if low < 0.2:
                data = text.encode()
                return struct.pack("<I", len(data) + randomness.choice([0, 0, 1, -1, 1 << 31])) + data + b"surplus"
        return text

    asyncio.run(scenario())


def test_a_client_that_leaves_disturbs_no_picture_but_its_own(renderer: tuple[str, Path]):
    address, path = renderer

    async def scenario() -> None:
        async with client_of(address) as client:
            await client.call("clear-models")
            await client.call("add-model", sonata(path, "cells"))
            await client.call("set-application-parameters", {"viewport": [640, 480]})
            await client.call("set-renderer-interactive", {"samples_per_pixel": 60})
            for _leaving in range(5):
                async with client_of(address) as other:
                    await other.call("render-image", {"force": True})
                    await client.call("set-renderer-interactive", {})  # the same, which begins anew
                    picture = await client.send("render-image", {"accumulate": True})
                counted = await client.reply(picture)
                assert (counted["accumulation"], counted["max_accumulation"]) == (60, 60)

    asyncio.run(scenario())


def test_a_floor_that_no_number_holds_is_done_without(renderer: tuple[str, Path]):
    """Neither does a picture wait for it for ever, nor does it fail."""
    address, _path = renderer

    async def scenario() -> None:
        async with client_of(address) as client:
            await client.call("clear-models")
            await client.call("set-application-parameters", {"viewport": [64, 48]})
            await client.call("set-renderer-interactive", {"samples_per_pixel": 1})
            await client.call("set-radius-floor", {"pixels": 1})
            ball = {"geometry": {"center": [0, 0, 0], "radius": 1}, "color": [1, 1, 1, 1]}
            model = await client.call("add-spheres", [ball])
            stretched = {"transform": {"scale": [1, 2, 1]}}
            for _round in range(2):
                for height in (1e-30, 1e-24, 1e21, 1e25):
                    await client.call("set-camera-orthographic", {"height": height})
                    await client.call("render-image", {"accumulate": True})
                await client.call("set-camera-perspective", {"fovy": 45, "aperture_radius": 0, "focus_distance": 1})
                far = {"position": [0, 0, 1e21], "target": [0, 0, 0], "up": [0, 1, 0]}
                await client.call("set-camera-view", far)
                await client.call("render-image", {"accumulate": True})
                await client.call("snapshot", {})
                await client.call("set-camera-view", far | {"position": [0, 0, 10]})
                await client.call("update-model", {"model_id": model["model_id"], "model": stretched})
            await client.call("set-radius-floor", {"pixels": 0})
            await client.call("clear-models")

    asyncio.run(scenario())
