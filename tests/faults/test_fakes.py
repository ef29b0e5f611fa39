"""The faulty fakes do what they say, or no test here means anything."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from typing import Any

import httpx
import pytest

from brayns_widget.connection.link import Link
from brayns_widget.connection.tokens import Token
from brayns_widget.protocol.errors import ConnectionLost, DeadlineExceeded, ProtocolError
from tests.fakes import TOKEN, FakeCluster
from tests.faults.plans import GARBAGE, SIDES, Fault, Faulty, Side, at, by_chance
from tests.faults.proxies import EDITIONS, Proxies
from tests.tcp_proxy import TcpProxy

WAIT = 10
SHORT = 0.3


RENDERER = SIDES[0]
each_side = pytest.mark.parametrize("side", SIDES, ids=lambda side: side.name)


async def open_link(url: str, side: Side) -> Link:
    return await Link.open(f"{url}/1/{side.name}", Token(TOKEN), name=side.name, probe=side.probe, timeout=WAIT)


def play(
    cluster: FakeCluster,
    work: Callable[[Link], Coroutine[Any, Any, None]],
    wire: TcpProxy | None = None,
    side: Side = RENDERER,
) -> None:
    async def main() -> None:
        async with asyncio.timeout(WAIT):
            link = await open_link(cluster.slave if wire is None else wire.url, side)
            try:
                await work(link)
            finally:
                await link.close()

    asyncio.run(main())


@contextlib.asynccontextmanager
async def at_once(*requests: Coroutine[Any, Any, Any]) -> AsyncIterator[list[str]]:
    """The order in which requests that are sent at once are answered."""
    order: list[str] = []

    async def note(request: Coroutine[Any, Any, Any], name: str) -> None:
        await request
        order.append(name)

    await asyncio.gather(*(note(request, str(number)) for number, request in enumerate(requests)))
    yield order


# ---------------------------------------------------------------------- answers


@each_side
@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Fault.DROP, DeadlineExceeded),
        (Fault.BREAK, ConnectionLost),
        (Fault.CUT, ConnectionLost),
    ],
)
def test_an_answer_that_does_not_come_is_a_typed_error(cluster, side, fault, error):
    server = side.put(cluster, at(**{side.method: [fault]}))

    async def work(link: Link) -> None:
        with pytest.raises(error):
            await link.request(side.method, timeout=SHORT)
        assert (link.closed is None) == (fault is Fault.DROP)

    play(cluster, work, side=side)
    assert server.done == [fault]


@each_side
@pytest.mark.parametrize("garbage", GARBAGE, ids=lambda garbage: repr(garbage)[:30])
def test_garbage_ends_the_link_with_a_typed_error(cluster, side, garbage, monkeypatch):
    side.put(cluster, at(**{side.method: [Fault.GARBAGE]}))
    monkeypatch.setattr("tests.faults.plans.GARBAGE", (garbage,))

    async def work(link: Link) -> None:
        with pytest.raises((ProtocolError, ConnectionLost)):
            await link.request(side.method, timeout=WAIT)
        assert isinstance(link.closed, ProtocolError | ConnectionLost)

    play(cluster, work, side=side)


@each_side
def test_late_double_and_disordered_answers_go_to_their_requests(cluster, side):
    faults: dict[str, Sequence[Fault | None]] = {
        side.method: [Fault.REORDER],
        side.probe: [None, Fault.DUPLICATE],
        "registry": [Fault.DELAY],
    }
    server = side.put(cluster, at(**faults))

    async def work(link: Link) -> None:
        requests = [link.request(name, timeout=WAIT) for name in (side.method, side.probe, "registry")]
        async with at_once(*requests) as order:
            assert order == ["1", "0", "2"]

    play(cluster, work, side=side)
    assert set(server.done) == {Fault.DELAY, Fault.DUPLICATE, Fault.REORDER}


def test_a_plan_by_chance_is_the_same_each_time():
    plans = [[by_chance(0.1, list(Fault), 7)("get-scene") for _ in range(3)] for _ in range(2)]
    assert plans[0] == plans[1]
    plan = by_chance(0.1, list(Fault), 7)
    faults = [plan("get-scene") for _ in range(1000)]
    assert 60 < sum(fault is not None for fault in faults) < 140
    assert plan("get-version") is plan("version") is None
    assert Faulty().plan("get-scene") is None


# ---------------------------------------------------------------------- the wire


@pytest.fixture
def wire(cluster):
    with TcpProxy(cluster.slave) as made:
        yield made


def test_a_wire_passes_everything_on(cluster, wire):
    async def work(link: Link) -> None:
        assert (await link.request("get-scene", timeout=WAIT)).result["models"] == []
        assert wire.connections == 1

    play(cluster, work, wire)


@pytest.mark.parametrize("fault", ["reset", "half_close"])
def test_a_link_that_breaks_fails_what_waits(cluster, wire, fault):
    cluster.renderer.silent.add("snapshot")

    async def work(link: Link) -> None:
        asked = asyncio.create_task(link.request("snapshot", timeout=WAIT))
        await link.request("get-scene", timeout=WAIT)
        await asyncio.to_thread(getattr(wire, fault))
        with pytest.raises(ConnectionLost):
            await asked
        assert link.closed is not None

    play(cluster, work, wire)


def test_a_message_that_is_cut_fails_its_request(cluster, wire):
    async def work(link: Link) -> None:
        await asyncio.to_thread(wire.cut_after, 20)
        with pytest.raises(ConnectionLost):
            await link.request("get-scene", timeout=WAIT)

    play(cluster, work, wire)


def test_silence_is_no_end(cluster, wire):
    async def work(link: Link) -> None:
        await asyncio.to_thread(wire.be_silent, True)
        with pytest.raises(DeadlineExceeded):
            await link.request("get-scene", timeout=SHORT)
        assert link.closed is None
        await asyncio.to_thread(wire.be_silent, False)
        await link.request("get-scene", timeout=WAIT)

    play(cluster, work, wire)


def test_a_slow_wire_takes_its_time(cluster):
    with TcpProxy(cluster.slave, latency=0.05, bandwidth=1e6) as wire:

        async def work(link: Link) -> None:
            began = asyncio.get_running_loop().time()
            await link.request("get-scene", timeout=WAIT)
            assert asyncio.get_running_loop().time() - began >= 0.1

        play(cluster, work, wire)


def test_a_wire_that_refuses_cannot_be_passed(cluster, wire):
    wire.refuse(True)

    async def work(_: Link) -> None:
        pytest.fail("it was passed")

    with pytest.raises(ConnectionLost):
        play(cluster, work, wire)


# ---------------------------------------------------------------------- the proxies

ANSWERS = {
    "start good": ("POST", "/start", {"usecase": "SBO1", "project": "p"}),
    "start no token": ("POST", "/start", {"usecase": "SBO1", "project": "p"}),
    "start bad token": ("POST", "/start", {"usecase": "SBO1", "project": "p"}),
    "status unknown id": ("GET", "/status/does-not-exist", None),
    "status no token": ("GET", "/status/does-not-exist", None),
    "status bad token": ("GET", "/status/does-not-exist", None),
    "stop unknown": ("POST", "/stop/does-not-exist", None),
    "healthz": ("GET", "/healthz", None),
    "root": ("GET", "/", None),
}
RECORDED = {"2023": "2023-AWS", "2024": "2024-TEST-pg-fixed"}


@pytest.mark.parametrize("edition", EDITIONS)
@pytest.mark.parametrize("label", ANSWERS)
def test_a_master_answers_as_was_recorded(shared_dir, edition, label):
    lines = (shared_dir / "protocol" / "proxy-rest.jsonl").read_text(encoding="utf-8").splitlines()
    told = next(x for x in map(json.loads, lines) if (x["edition"], x["label"]) == (RECORDED[edition], label))
    verb, path, body = ANSWERS[label]
    token = {"start no token": None, "status no token": None, "start bad token": "x", "status bad token": "x"}.get(
        label, TOKEN
    )
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    with Proxies(edition, {}) as proxies:
        answer = httpx.request(verb, proxies.master + path, json=body, headers=headers, trust_env=False, timeout=WAIT)
    assert answer.status_code == told["status"]
    if answer.status_code == 201:
        assert len(answer.json()["job_id"]) == len(json.loads(told["body"])["job_id"])
    else:
        assert answer.text == told["body"]
