"""Thousands of requests, one in a hundred with a fault: each ends as it should, and nothing piles up."""

from __future__ import annotations

import asyncio
import collections
import gc

import pytest

from brayns_widget.connection.link import Link
from brayns_widget.connection.tokens import Token
from brayns_widget.protocol.errors import BraynsWidgetError, ConnectionLost, DeadlineExceeded, ProtocolError
from tests.fakes import TOKEN, FakeCluster
from tests.faults.plans import SIDES, Fault, Side, by_chance

REQUESTS, WORKERS, SHARE, SEED = 5_000, 8, 0.01, 1  # of each server
DEADLINE = 0.5  # seconds that a request may take
LATE = 1.5  # seconds that one may take beyond that, on a busy machine
GROWTH = 3_000  # objects that there may be more after the second half
WHOLE = 90.0


class Client:
    """Some workers that share a link and open another one when it breaks.

    Attributes:
        ends: how often requests ended in which way.
        slowest: seconds that a request took at most.
        halfway: number of objects when half of the requests were done.
    """

    def __init__(self, url: str, side: Side) -> None:
        self.ends: collections.Counter[str] = collections.Counter()
        self.slowest = 0.0
        self.halfway = 0
        self._url = url
        self._side = side
        self._link: Link | None = None
        self._opening = asyncio.Lock()
        self._left = REQUESTS

    async def work(self) -> None:
        loop = asyncio.get_running_loop()
        while self._left > 0:
            self._left -= 1
            if self._left == REQUESTS // 2:
                self.halfway = _objects()
            link = await self._open()
            began = loop.time()
            try:
                reply = await link.request(self._side.method, timeout=DEADLINE)
            except BraynsWidgetError as error:
                self.ends[type(error).__name__] += 1
            else:
                assert reply.result.items() >= self._side.answer.items()
                self.ends["result"] += 1
            self.slowest = max(self.slowest, loop.time() - began)

    async def close(self) -> None:
        if self._link is not None:
            await self._link.close()

    async def _open(self) -> Link:
        async with self._opening:
            if self._link is None or self._link.closed is not None:
                await self.close()
                token, side = Token(TOKEN), self._side
                self._link = await Link.open(self._url, token, name=side.name, probe=side.probe, timeout=WHOLE)
            return self._link


def _objects() -> int:
    gc.collect()
    return len(gc.get_objects())


@pytest.mark.parametrize("side", SIDES, ids=lambda side: side.name)
def test_each_request_ends_with_a_result_or_a_typed_error_and_memory_is_flat(side):
    async def main(cluster: FakeCluster) -> tuple[Client, int]:
        client = Client(f"{cluster.slave}/1/{side.name}", side)
        async with asyncio.timeout(WHOLE):
            await asyncio.gather(*(client.work() for _ in range(WORKERS)))
        await client.close()
        return client, _objects()

    with FakeCluster() as cluster:
        server = side.put(cluster, by_chance(SHARE, list(Fault), SEED))
        server.requests = collections.deque(maxlen=1)  # it must not keep them all
        client, objects = asyncio.run(main(cluster))
    assert sum(client.ends.values()) == REQUESTS
    errors = {ConnectionLost, DeadlineExceeded, ProtocolError}
    assert set(client.ends) <= {"result"} | {error.__name__ for error in errors}
    assert set(server.done) == set(Fault)
    assert 25 < len(server.done) < 75
    # At worst all that wait at a link break with it; a busy machine misses some deadlines by itself.
    assert client.ends["result"] > REQUESTS - 2 * WORKERS * len(server.done)
    assert client.slowest < DEADLINE + LATE
    assert objects - client.halfway < GROWTH
