from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from brayns_widget.connection.link import Link
from brayns_widget.connection.server import (
    LOAD_TIMEOUT,
    PICTURE_TIMEOUT,
    REQUEST_TIMEOUT,
    Server,
    default_timeout,
)
from brayns_widget.connection.tokens import Token
from brayns_widget.protocol.endpoints import Endpoint
from brayns_widget.protocol.errors import ConnectionLost, DeadlineExceeded, ProtocolError, RequestError
from brayns_widget.protocol.schema import Object
from tests.fakes import JPEG, TOKEN, FakeCluster


class Scene(Object):
    models: list[dict[str, Any]]


class Format(Object):
    format: str
    size: int | None = None


class SnapshotParams(Object):
    image_settings: Format


class ColorBuffer(Object):
    size: int


class SnapshotResult(Object):
    color_buffer: ColorBuffer


GET_SCENE = Endpoint("get-scene", None, Scene)
SNAPSHOT = Endpoint("snapshot", SnapshotParams, SnapshotResult)
UPLOAD = Endpoint("upload-model", Format)
DEADLINE = 10.0
JPG = SnapshotParams(image_settings=Format(format="jpg"))


@pytest.fixture
def cluster():
    with FakeCluster() as fake:
        yield fake


def talk(cluster: FakeCluster, work: Callable[[Server], Awaitable[Any]]) -> Any:
    async def main() -> Any:
        async with asyncio.timeout(10):
            url = f"{cluster.slave}/1/renderer"
            link = await Link.open(url, Token(TOKEN), name="renderer", probe="get-version")
            try:
                return await work(Server(link))
            finally:
                await link.close()

    return asyncio.run(main())


def test_a_call_encodes_its_parameters_and_decodes_its_result(cluster):
    async def work(server: Server) -> None:
        assert (await server.call(GET_SCENE)).models == []
        result, picture = await server.call_with_payload(SNAPSHOT, JPG)
        assert result.color_buffer.size == len(JPEG)
        assert bytes(picture) == JPEG
        assert await server.call(SNAPSHOT, JPG) == result

    talk(cluster, work)
    assert cluster.renderer.requests[1:3] == [("get-scene", None), ("snapshot", {"image_settings": {"format": "jpg"}})]


def test_parameters_that_are_missing_are_not_sent(cluster):
    with pytest.raises(TypeError, match="snapshot"):
        talk(cluster, lambda server: server.call(SNAPSHOT))
    assert cluster.renderer.methods() == ["get-version"]


def test_a_result_that_does_not_fit_is_told(cluster):
    cluster.renderer.models = None
    with pytest.raises(ProtocolError, match="The answer to get-scene is invalid"):
        talk(cluster, lambda server: server.call(GET_SCENE))


def test_requests_go_as_they_are_and_come_back_as_they_came(cluster):
    reply = talk(cluster, lambda server: server.request("get-color-values", {"id": 0, "method": "solid"}))
    assert reply.result == ["color"]


def test_payloads_go_with_requests_and_calls(cluster):
    cluster.renderer.answers["upload-model"] = lambda _: None

    talk(cluster, lambda server: server.call(UPLOAD, Format(format="obj"), b"abc"))
    talk(cluster, lambda server: server.request("upload-model", {"format": "obj"}, b"def"))
    assert cluster.renderer.payloads == [b"abc", b"def"]


def test_progress_is_reported_as_amount_and_text(cluster):
    cluster.renderer.progress["get-scene"] = [(0.5, "half")]
    seen: list[tuple[float | None, str]] = []
    talk(cluster, lambda server: server.call(GET_SCENE, on_progress=lambda *report: seen.append(report)))
    assert seen == [(0.5, "half")]


def test_a_deadline_can_be_given(cluster):
    cluster.renderer.silent.add("get-scene")
    with pytest.raises(DeadlineExceeded, match=r"within 0\.05 s"):
        talk(cluster, lambda server: server.call(GET_SCENE, timeout=0.05))


def test_else_it_goes_by_the_method(cluster, monkeypatch):
    monkeypatch.setattr("brayns_widget.connection.server.REQUEST_TIMEOUT", 0.07)
    cluster.renderer.silent.add("get-scene")
    with pytest.raises(DeadlineExceeded, match=r"within 0\.07 s"):
        talk(cluster, lambda server: server.request("get-scene"))


@pytest.mark.parametrize(
    ("method", "seconds"),
    [("add-model", LOAD_TIMEOUT), ("snapshot", PICTURE_TIMEOUT), ("get-scene", REQUEST_TIMEOUT)],
)
def test_deadlines(method, seconds):
    assert default_timeout(method) == seconds


def test_it_is_called_what_its_link_is_called(cluster):
    async def work(server: Server) -> None:
        assert server.name == "renderer"
        assert repr(server) == "<Server over <Link to the renderer, open>>"

    talk(cluster, work)


def test_typed_calls_that_succeeded_are_told_and_can_be_repeated(cluster):
    heard: list[Any] = []

    async def work(server: Server) -> None:
        server.on_call = lambda *call: heard.append(call)
        result = await server.call(SNAPSHOT, JPG)
        await server.request("get-version")
        with pytest.raises(RequestError):
            await server.call(Endpoint("no-such-method"))
        assert heard == [(SNAPSHOT, {"image_settings": {"format": "jpg"}}, result, b"")]
        assert await server.repeat(*heard[0][:2]) == result
        assert heard[1] == heard[0]

    talk(cluster, work)


def test_late_results_of_typed_calls_are_handed_over(cluster):
    cluster.renderer.delays["get-scene"] = 0.2
    late: list[Any] = []

    async def work(server: Server) -> None:
        server.on_late = lambda *call: late.append(call)
        with pytest.raises(DeadlineExceeded):
            await server.call(GET_SCENE, timeout=0.02)
        await server.request("get-version")
        ((endpoint, params, result),) = late
        assert (endpoint, params, result.models) == (GET_SCENE, None, [])

    talk(cluster, work)


@pytest.mark.parametrize("waits", [True, False])
def test_calls_without_an_answer_are_told_once_when_their_link_breaks(cluster, waits):
    cluster.renderer.silent.add("get-scene")
    unanswered: list[Any] = []

    async def work(server: Server) -> None:
        server.on_unanswered = lambda *call: unanswered.append(call)
        call = asyncio.create_task(server.call(GET_SCENE, timeout=DEADLINE if waits else 0.02))
        if not waits:
            with pytest.raises(DeadlineExceeded):
                await call
        await server.call(SNAPSHOT, JPG)
        assert unanswered == []
        await server._open_link.close()
        if waits:
            with pytest.raises(ConnectionLost):
                await call
        assert unanswered == [(GET_SCENE, None)]

    talk(cluster, work)


def test_calls_whose_link_broke_the_protocol_are_unanswered(cluster):
    cluster.renderer.silent.add("get-scene")
    unanswered: list[Any] = []

    async def work(server: Server) -> None:
        server.on_unanswered = lambda *call: unanswered.append(call)
        call = asyncio.create_task(server.call(GET_SCENE))
        await server.call(SNAPSHOT, JPG)
        server._open_link._shut(ProtocolError("The renderer broke the protocol."))
        with pytest.raises(ProtocolError):
            await call
        assert unanswered == [(GET_SCENE, None)]

    talk(cluster, work)


def test_late_refusals_are_not_told(cluster):
    cluster.renderer.delays["get-scene"] = 0.2
    cluster.renderer.errors["get-scene"] = (1, "no")
    told: list[Any] = []

    async def work(server: Server) -> None:
        server.on_late = lambda *call: told.append(call)
        server.on_unanswered = lambda *call: told.append(call)
        with pytest.raises(DeadlineExceeded):
            await server.call(GET_SCENE, timeout=0.02)
        await server.request("get-version")
        assert len(server._open_link._table) == 0
        assert told == []

    talk(cluster, work)


def test_a_server_whose_link_is_closed_goes_on_over_another_one(cluster):
    async def work(first: Server) -> None:
        asked = 0

        async def reopen() -> None:
            nonlocal asked
            asked += 1
            if asked == 1:
                raise ConnectionLost("not now")
            await server.renew(await open_link())

        async def open_link() -> Link:
            url, token = first.address.url, first.address.token
            return await Link.open(url, token, name="renderer", probe="get-version")

        link = await open_link()
        server = Server(link, reopen)
        await link.close()
        reachable = [server.reachable]
        with pytest.raises(ConnectionLost, match="not now"):
            await server.call(GET_SCENE)
        assert (await server.call(GET_SCENE)).models == []
        assert [*reachable, server.reachable] == [False, True]
        await server.call(GET_SCENE)
        assert asked == 2
        await server._open_link.close()

    talk(cluster, work)
