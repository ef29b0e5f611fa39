from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
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
from brayns_widget.protocol.errors import DeadlineExceeded, ProtocolError
from tests.fakes import JPEG, TOKEN, FakeCluster


@dataclass(frozen=True)
class GetScene:
    """An endpoint without parameters."""

    name: str = "get-scene"

    def encode(self, params: None) -> Any:
        return params

    def decode(self, result: Any) -> int:
        try:
            return len(result["models"])
        except TypeError as error:
            raise ProtocolError("That is no scene.") from error


@dataclass(frozen=True)
class Snapshot:
    """An endpoint with parameters and a payload."""

    name: str = "snapshot"

    def encode(self, params: str) -> Any:
        return {"image_settings": {"format": params}}

    def decode(self, result: Any) -> int:
        return int(result["color_buffer"]["size"])


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
        assert await server.call(GetScene()) == 0
        assert await server.call_with_payload(Snapshot(), "jpg") == (len(JPEG), memoryview(JPEG))
        assert await server.call(Snapshot(), "jpg") == len(JPEG)

    talk(cluster, work)
    assert cluster.renderer.requests[1:3] == [("get-scene", None), ("snapshot", {"image_settings": {"format": "jpg"}})]


def test_a_result_that_does_not_fit_is_told(cluster):
    cluster.renderer.answer = lambda *_: (None, b"")
    with pytest.raises(ProtocolError, match="no scene"):
        talk(cluster, lambda server: server.call(GetScene()))


def test_requests_go_as_they_are_and_come_back_as_they_came(cluster):
    reply = talk(cluster, lambda server: server.request("get-color-values", {"id": 0, "method": "solid"}))
    assert reply.result == ["color"]


def test_payloads_go_with_requests_and_calls(cluster):
    cluster.renderer.answers["upload-model"] = lambda _: None

    @dataclass(frozen=True)
    class Upload:
        name: str = "upload-model"

        def encode(self, params: int) -> Any:
            return {"size": params}

        def decode(self, result: Any) -> None:
            return result  # type: ignore[no-any-return]

    talk(cluster, lambda server: server.call(Upload(), 3, b"abc"))
    talk(cluster, lambda server: server.request("upload-model", {"size": 3}, b"def"))
    assert cluster.renderer.payloads == [b"abc", b"def"]


def test_progress_is_reported_as_amount_and_text(cluster):
    cluster.renderer.progress["get-scene"] = [(0.5, "half")]
    seen: list[tuple[float | None, str]] = []
    talk(cluster, lambda server: server.call(GetScene(), on_progress=lambda *report: seen.append(report)))
    assert seen == [(0.5, "half")]


def test_a_deadline_can_be_given(cluster):
    cluster.renderer.silent.add("get-scene")
    with pytest.raises(DeadlineExceeded, match=r"within 0\.05 s"):
        talk(cluster, lambda server: server.call(GetScene(), timeout=0.05))


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
