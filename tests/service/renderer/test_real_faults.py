"""Faults of the real renderer, as recorded, that ours must not have, and what else clients do to a connection."""

from __future__ import annotations

import asyncio
import contextlib
import json
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.service.renderer.loaders.circuits.circuits import places, write_circuit
from tests.service.renderer.renderer_process import DEADLINE, Client, Failed, client_of, renderer_process, sonata
from tests.service.renderer.stage import empty_stage, picture, sphere


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with renderer_process() as (address, process):
        yield address
        assert process.poll() is None


def request(number: int, method: str, **params: Any) -> str:
    message = {"jsonrpc": "2.0", "id": number, "method": method}
    return json.dumps({**message, "params": params} if params else message)


def test_pings_are_answered_and_pongs_do_no_harm(address: str):
    """The real one drops the connection."""

    async def scenario() -> None:
        async with client_of(address) as client:
            await asyncio.wait_for(await client.socket.ping(b"hi"), DEADLINE)
            await client.socket.pong()
            assert (await client.call("get-version"))["major"] == 3

    asyncio.run(scenario())


def test_messages_in_fragments_are_put_together(address: str):
    """The real one takes each fragment for a message."""
    text = request(1, "get-camera-type")

    async def scenario() -> None:
        async with client_of(address) as client:
            await client.socket.send([text[:7], text[7:20], text[20:]])
            assert await client.reply(1) in ("perspective", "orthographic")

    asyncio.run(scenario())


def test_connections_end_with_a_close_frame(address: str):
    """The real one drops TCP."""

    async def scenario() -> None:
        async with client_of(address) as client:
            await client.socket.close()
            assert client.socket.protocol.close_rcvd is not None

    asyncio.run(scenario())


def test_many_clients_are_served(address: str):
    """The real one lets the third wait without an answer."""

    async def scenario() -> None:
        async with contextlib.AsyncExitStack() as stack:
            clients = [await stack.enter_async_context(client_of(address)) for _number in range(5)]
            assert [(await client.call("get-version"))["minor"] for client in clients] == [10] * 5

    asyncio.run(scenario())


def test_snapshots_come_when_they_are_done(address: str):
    """The real one looks once a second whether they are."""

    async def scenario() -> None:
        async with empty_stage(address) as client:
            await client.call("snapshot", {})  # compiles
            start = asyncio.get_running_loop().time()
            for _number in range(10):
                await client.call("snapshot", {})
            assert asyncio.get_running_loop().time() - start < 5  # 0.1 s on a quiet machine

    asyncio.run(scenario())


def test_the_first_picture_after_a_change_is_no_old_one(address: str):
    """The real one's progressive framebuffer answers a stale picture when it is asked for the finished one."""

    async def scenario() -> None:
        async with empty_stage(address) as client:
            await client.call("add-spheres", [sphere(-2)])
            await client.call("set-renderer-interactive", {"samples_per_pixel": 4})
            await client.call("set-framebuffer-progressive", {"scale": 4})
            left = await picture(client)
            await client.call("set-camera-view", {"position": [-4, 0, 10], "target": [-4, 0, 0], "up": [0, 1, 0]})
            right = await picture(client)
            assert [bool(half.any()) for half in (left[:, :30], left[:, 30:])] == [True, False]
            assert [bool(half.any()) for half in (right[:, :30], right[:, 30:])] == [False, True]
            assert np.abs(right - np.roll(left, 40, axis=1)).mean() < 2  # but for samples at other places

    asyncio.run(scenario())


def test_progress_of_a_load_goes_on_to_the_end(address: str, tmp_path: Path):
    """The real one's never passes one half."""
    circuit = write_circuit(tmp_path, places(50))
    many = sonata(circuit, "cells")
    many["loader_properties"]["node_population_settings"] *= 60

    async def scenario() -> None:
        async with client_of(address) as client:
            await client.call("clear-models")
            await client.call("add-model", many)
            amounts = [progress["amount"] for progress in client.progress]
            assert amounts == sorted(amounts)
            assert amounts[0] < 0.5 < amounts[-1] <= 1
            await client.call("clear-models")

    asyncio.run(scenario())


def test_a_mesh_load_is_cancelled(address: str, tmp_path: Path):
    """The real one does not notice."""
    path = tmp_path / "large.off"
    count = 100_000
    triangles = "".join(f"3 {3 * number} {3 * number + 1} {3 * number + 2}\n" for number in range(count))
    path.write_text(f"OFF\n{3 * count} {count} 0\n" + "0 0 0\n1 0 0\n0 1 0\n" * count + triangles)
    load = {"path": str(path), "loader_name": "mesh", "loader_properties": {}}

    async def scenario() -> None:
        async with client_of(address) as client:
            await client.call("clear-models")
            number = await client.send("add-model", load)
            assert (await client.receive())["params"]["id"] == number  # it has begun
            await client.call("cancel", {"id": number})
            with pytest.raises(Failed) as caught:
                await client.reply(number)
            assert caught.value.code == 20
            assert (await client.call("get-scene"))["models"] == []

    asyncio.run(scenario())


DEEP = "[" * 100_000


@pytest.mark.parametrize(
    "frame",
    [
        b"",
        b"\x01",
        b"\xff\xff\xff\xff",
        struct.pack("<I", 10) + b"{}",
        struct.pack("<I", 0) + b"{}",
        struct.pack("<I", 3) + b"\xff\xfe\xfd",
        struct.pack("<I", 1 << 31) + b"{}",
        "",
        "{",
        DEEP,
        struct.pack("<I", len(DEEP)) + DEEP.encode() + b"payload",
        '{"jsonrpc": "2.0", "id": 1, "method": "get-version", "params": NaN}',
        "1" * 10_000,
    ],
    ids=lambda frame: f"{frame[:12]!r}",
)
def test_frames_that_are_no_messages_are_told(address: str, frame: str | bytes):
    async def scenario() -> None:
        async with client_of(address) as client:
            await client.socket.send(frame)
            reply = await client.receive()
            assert reply["id"] is None
            assert reply["error"]["code"] == -32700
            assert "Invalid JSON" in reply["error"]["message"]
            assert (await client.call("get-version"))["major"] == 3

    asyncio.run(scenario())


@pytest.mark.parametrize(
    ("method", "params", "code"),
    [
        ("remove-model", {"ids": list(range(2, 100_000))}, -32603),
        ("remove-model", {"ids": [10**300]}, -32603),
        ("instantiate-model", {"model_id": 1, "transforms": [{"rotation": [0, 0, 0, 0]}]}, -32602),
        ("color-model", {"id": 1, "method": "primitive", "values": {"5-99999999999": [1, 1, 1, 1]}}, -32602),
        ("instantiate-model", {"model_id": 1, "transforms": []}, 0),
        ("color-model", {"id": 1, "method": "primitive", "values": {"0": [1, 0, 0, 1], "1-0": [1, 1, 1, 1]}}, -32602),
        ("color-model", {"id": 1, "method": "primitive", "values": {"9" * 5000: [1, 1, 1, 1]}}, -32603),
        ("color-model", {"id": 1, "method": "primitive", "values": {"0," * 100_000: [1, 1, 1, 1]}}, -32603),
        ("add-model", {"path": "x" * 10**6, "loader_name": "mesh", "loader_properties": {}}, -32603),
        ("get-color-values", {"id": 1, "method": "x" * 10**6}, -32602),
        ("schema", {"endpoint": "x" * 10**6}, -32601),
        ("add-spheres", [sphere(radius=0)] * 1000 + [{}], -32602),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_what_is_too_much_is_answered_and_harms_nothing(address: str, method: str, params: Any, code: int):
    async def scenario() -> None:
        async with empty_stage(address) as client:
            await client.call("add-spheres", [sphere()])
            before = await client.call("get-scene"), (await picture(client)).tolist()
            with pytest.raises(Failed) as caught:
                await client.call(method, params)
            assert caught.value.code == code
            assert len(json.dumps(caught.value.args[0])) < 10_000
            assert (await client.call("get-scene"), (await picture(client)).tolist()) == before

    asyncio.run(scenario())


class Gone(Exception):
    """The model is no longer there."""


async def reply(client: Client, number: int) -> None:
    try:
        await client.reply(number)
    except Failed as failed:
        if failed.message.startswith("No model found with ID "):
            raise Gone from failed
        raise


def test_clients_that_load_render_and_clear_at_once(address: str, tmp_path: Path):
    """Whatever the order, every request is answered, the scene is right at the end, and nothing is left behind."""
    circuit = write_circuit(tmp_path, places(10))
    view = {"position": [50, 0, 100], "target": [50, 0, 0], "up": [0, 1, 0]}

    async def work(client: Client) -> None:
        for _round in range(15):
            (model,) = await client.call("add-model", sonata(circuit, "cells"))
            requests = [
                await client.send("set-camera-view", view),
                await client.send("set-radius-floor", {"pixels": 1}),  # a copy of the scene, built aside
                await client.send("render-image", {"force": True}),
                await client.send("update-model", {"model_id": model["model_id"], "model": {"is_visible": False}}),
                await client.send("snapshot", {"image_settings": {"size": [16, 16]}}),
                await client.send("clear-models"),
                await client.send("render-image", {"force": True}),
            ]
            for number in requests:
                with contextlib.suppress(Gone):  # another client was faster
                    await reply(client, number)

    async def scenario() -> None:
        async with contextlib.AsyncExitStack() as stack:
            clients = [await stack.enter_async_context(client_of(address)) for _number in range(3)]
            await clients[0].call("set-application-parameters", {"viewport": [64, 48]})
            await asyncio.gather(*(work(client) for client in clients))
            assert (await clients[0].call("get-scene"))["models"] == []
            await clients[0].call("set-radius-floor", {"pixels": 0})
            (model,) = await clients[0].call("add-model", sonata(circuit, "cells"))
            assert model["model_id"] == 0

    asyncio.run(scenario())


def test_copies_that_do_not_fit_into_memory_are_refused():
    with renderer_process("--memory-budget", "1M") as (address, process):

        async def scenario() -> None:
            async with empty_stage(address) as client:
                model = (await client.call("add-spheres", [sphere()] * 1000))["model_id"]
                before = await client.call("get-scene")
                with pytest.raises(Failed, match=r"not enough memory for 20000 more primitives .*1\.0 MB"):
                    await client.call("instantiate-model", {"model_id": model, "transforms": [{}] * 20})
                assert await client.call("get-scene") == before
                await client.call("instantiate-model", {"model_id": model, "transforms": [{}] * 5})

        asyncio.run(scenario())
        assert process.poll() is None
