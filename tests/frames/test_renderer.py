"""The frame process' own link to a renderer, against a fake one."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from brayns_widget.connection.link import Address
from brayns_widget.connection.tokens import Token
from brayns_widget.frames import renderer as renderer_module
from brayns_widget.frames.renderer import ATTEMPTS, RendererLink
from brayns_widget.protocol.errors import AuthError, BraynsWidgetError, ConnectionLost
from brayns_widget.stream import RequestFunction
from tests.fakes import TOKEN, FakeCluster
from tests.stream.bench import until


@pytest.fixture
def cluster(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeCluster]:
    monkeypatch.setattr(renderer_module, "_PAUSE", 0.01)
    with FakeCluster() as cluster:
        yield cluster


class Owner:
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.requests: list[RequestFunction | None] = []
        self.failures: list[BraynsWidgetError] = []

    @property
    def request(self) -> RequestFunction | None:
        return self.requests[-1] if self.requests else None


def run(cluster: FakeCluster, test: Callable[[Owner, RendererLink], Any], token: str = TOKEN) -> None:
    async def main() -> None:
        owner = Owner()
        address = Address(f"{cluster.slave}/1/renderer", Token(token))
        made = RendererLink(address, frozenset({"render-image"}), owner.requests.append, owner.failures.append)
        try:
            async with asyncio.timeout(20):
                await test(owner, made)
        finally:
            await made.close()

    asyncio.run(main())


def test_it_opens_a_link_of_its_own(cluster: FakeCluster) -> None:
    async def test(owner: Owner, made: RendererLink) -> None:
        await until(lambda: owner.request)
        assert owner.request is not None
        reply = await owner.request("render-image", {"send": True})
        assert reply.payload
        assert owner.failures == []
        await made.close()
        assert owner.requests[1:] == [None]
        await until(lambda: not cluster.renderer.sockets)

    run(cluster, test)


def test_a_request_can_be_cancelled(cluster: FakeCluster) -> None:
    cluster.renderer.delays["render-image"] = 60.0

    async def test(owner: Owner, made: RendererLink) -> None:
        await until(lambda: owner.request)
        assert owner.request is not None
        picture = asyncio.ensure_future(owner.request("render-image", {}))
        await until(lambda: "render-image" in cluster.renderer.methods())
        picture.cancel()
        await until(lambda: cluster.renderer.cancelled == ["render-image"])

    run(cluster, test)


def test_one_that_is_busy_is_open(cluster: FakeCluster) -> None:
    cluster.renderer.silent.add("get-version")

    async def test(owner: Owner, made: RendererLink) -> None:
        await until(lambda: owner.request)

    run(cluster, test)


def test_one_that_breaks_is_opened_again(cluster: FakeCluster) -> None:
    async def test(owner: Owner, made: RendererLink) -> None:
        await until(lambda: owner.request)
        first = owner.request
        cluster.kill_renderer()
        await until(lambda: len(owner.requests) == 3)
        assert owner.requests[1] is None
        assert owner.request not in {None, first}
        assert owner.request is not None
        assert (await owner.request("get-version", None)).result["revision"] == "fake"
        assert owner.failures == []

    run(cluster, test)


def test_after_some_attempts_it_gives_up_and_tells(cluster: FakeCluster) -> None:
    cluster.refuse["renderer"] = 503

    async def test(owner: Owner, made: RendererLink) -> None:
        await until(lambda: owner.failures)
        assert isinstance(owner.failures[0], ConnectionLost)
        assert len(cluster.handshakes) == ATTEMPTS
        await asyncio.sleep(0.05)  # long enough for another attempt, were there one
        assert len(cluster.handshakes) == ATTEMPTS
        assert len(owner.failures) == 1
        assert owner.requests == []

    run(cluster, test)


def test_breaks_that_are_far_apart_are_no_reason_to_give_up(cluster: FakeCluster, monkeypatch) -> None:
    monkeypatch.setattr(renderer_module, "_STABLE", 0.0)

    async def test(owner: Owner, made: RendererLink) -> None:
        for opened in range(1, ATTEMPTS + 3):
            await until(lambda opened=opened: len(owner.requests) == 2 * opened - 1)  # type: ignore[misc]
            cluster.kill_renderer()
        assert owner.failures == []

    run(cluster, test)


def test_breaks_in_a_row_are_failures(cluster: FakeCluster) -> None:
    async def test(owner: Owner, made: RendererLink) -> None:
        for opened in range(1, ATTEMPTS + 1):
            await until(lambda opened=opened: len(owner.requests) == 2 * opened - 1)  # type: ignore[misc]
            cluster.kill_renderer()
        await until(lambda: owner.failures)
        assert owner.request is None

    run(cluster, test)


@pytest.mark.parametrize("status", [401, 403])
def test_a_refused_token_is_not_tried_again(cluster: FakeCluster, status: int) -> None:
    cluster.refuse["renderer"] = status

    async def test(owner: Owner, made: RendererLink) -> None:
        await until(lambda: owner.failures)
        assert isinstance(owner.failures[0], AuthError)
        assert len(cluster.handshakes) == 1

    run(cluster, test)


def test_it_can_be_closed_while_it_opens(cluster: FakeCluster) -> None:
    cluster.renderer.silent.add("cancel")

    async def test(owner: Owner, made: RendererLink) -> None:
        await until(lambda: "cancel" in cluster.renderer.methods())
        await made.close()
        assert (owner.requests, owner.failures) == ([], [])
        assert asyncio.all_tasks() == {asyncio.current_task()}

    run(cluster, test)


def test_the_token_is_not_in_its_repr(cluster: FakeCluster) -> None:
    assert TOKEN not in repr(Address(cluster.slave, Token(TOKEN)))
