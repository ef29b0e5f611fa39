"""Servers that answer wrongly, as a plan says."""

from __future__ import annotations

import asyncio
import enum
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from websockets.asyncio.server import ServerConnection
from websockets.frames import Frame, Opcode
from websockets.protocol import State

from brayns_widget.protocol.messages import RawMessage, Request
from tests.fake_server import FakeServer
from tests.fakes import FakeBackend, FakeCluster, FakeRenderer

LATE = 0.05
"""Seconds that an answer is late, or waits for another one to overtake it."""


class Fault(enum.Enum):
    """What becomes of an answer."""

    DELAY = "it comes late"
    DROP = "it never comes"
    BREAK = "the connection breaks before it"
    CUT = "the connection breaks in its middle"
    GARBAGE = "something else comes"
    DUPLICATE = "it comes twice"
    REORDER = "the next one comes before it"


@dataclass(frozen=True)
class Wild:
    """Bytes that a server writes as they are, although no WebSocket has such ones."""

    data: bytes


GARBAGE: Sequence[RawMessage | Wild] = (
    "",
    "no JSON",
    "<html><body>502 Bad Gateway</body></html>",
    "[1, 2]",
    '{"jsonrpc": "2.0"}',
    '{"jsonrpc": "2.0", "id": {}, "result": 1}',
    '{"jsonrpc": "2.0", "id": 1, "error": "no"}',
    '{"jsonrpc": "2.0", "result": NaN}',
    b"",
    b"\xff\xff\xff\xff{}",
    b"\x02\x00\x00\x00\xff\xfe",
    Wild(b"\x81\x02\xff\xfe"),  # text that is no UTF-8
    Wild(b"\x80\x02{}"),  # the end of a message without a beginning
    Wild(b"\x89\x7e\x00\x7e" + b"x" * 126),  # a ping that is longer than one may be
)

Plan = Callable[[str], Fault | None]
"""The fault of the answer to a method, asked once for each answer."""


def by_chance(
    share: float, faults: Sequence[Fault], seed: int, spared: Sequence[str] = ("get-version", "version")
) -> Plan:
    """A plan with a share of faults, the same for each seed."""
    chance = random.Random(seed)

    def plan(method: str) -> Fault | None:
        return chance.choice(faults) if method not in spared and chance.random() < share else None

    return plan


def at(**faults: Fault | Sequence[Fault | None]) -> Plan:
    """A plan by method (with ``_`` for ``-``): one fault for ever, or some, one after another, and then none."""
    lists = {name.replace("_", "-"): fault for name, fault in faults.items()}
    left = {name: list(fault) for name, fault in lists.items() if not isinstance(fault, Fault)}

    def plan(method: str) -> Fault | None:
        fault = lists.get(method)
        if isinstance(fault, Fault):
            return fault
        return left[method].pop(0) if left.get(method) else None

    return plan


class Faulty(FakeServer):
    """A server whose answers have the faults of its ``plan``.

    Attributes:
        plan: as above.
        done: the faults that there were.
    """

    def __init__(self, plan: Plan = lambda _: None) -> None:
        super().__init__()
        self.plan = plan
        self.done: list[Fault] = []
        self._fault: Fault | None = None
        self._garbage = random.Random(1)
        self._held: list[tuple[ServerConnection, RawMessage]] = []

    def _encode(self, request: Request) -> RawMessage:
        raw = super()._encode(request)
        self._fault = self.plan(request.method)  # ``_send`` follows at once
        return raw

    async def _send(self, socket: ServerConnection, raw: RawMessage) -> None:
        fault, self._fault = self._fault, None
        if fault is not None:
            self.done.append(fault)
        if fault is Fault.DELAY:
            asyncio.get_running_loop().call_later(LATE, self._post, socket, raw)
        elif fault is Fault.BREAK:
            socket.transport.abort()
        elif fault is Fault.CUT:
            data = _frame(raw)
            _write(socket, data[: len(data) // 2])
            socket.transport.close()
        elif fault is Fault.GARBAGE:
            other = self._garbage.choice(GARBAGE)
            if isinstance(other, Wild):
                _write(socket, other.data)
            else:
                await super()._send(socket, other)
        elif fault is Fault.REORDER:
            self._held.append((socket, raw))
            asyncio.get_running_loop().call_later(LATE, self._release)
        elif fault is not Fault.DROP:
            for _ in range(2 if fault is Fault.DUPLICATE else 1):
                await super()._send(socket, raw)
            self._release()

    def _release(self) -> None:
        held, self._held = self._held, []
        for socket, raw in held:
            self._post(socket, raw)

    def _post(self, socket: ServerConnection, raw: RawMessage) -> None:
        _write(socket, _frame(raw))


class FaultyRenderer(Faulty, FakeRenderer):
    """A renderer whose answers have the faults of its plan."""


class FaultyBackend(Faulty, FakeBackend):
    """A backend whose answers have the faults of its plan."""


@dataclass(frozen=True)
class Side:
    """One of a job's two servers, as it can be faulty.

    Attributes:
        name: as in its address and in a cluster.
        kind: makes it, with a plan.
        probe: the method by which links ask whether it lives.
        method: another one.
        answer: a part of the answer to that.
    """

    name: str
    kind: type[FaultyRenderer | FaultyBackend]
    probe: str
    method: str
    answer: dict[str, Any]

    def put(self, cluster: FakeCluster, plan: Plan) -> FaultyRenderer | FaultyBackend:
        """Let a cluster have it as its server, with a plan."""
        server = self.kind(plan)
        setattr(cluster, self.name, server)
        return server


SIDES = (
    Side("renderer", FaultyRenderer, "get-version", "get-scene", {"models": []}),
    Side("backend", FaultyBackend, "version", "sonata-get-node-sets", {"node_sets": ["All", "Layer1"]}),
)


def _frame(raw: RawMessage) -> bytes:
    frame = Frame(Opcode.TEXT, raw.encode()) if isinstance(raw, str) else Frame(Opcode.BINARY, raw)
    return frame.serialize(mask=False)


def _write(socket: ServerConnection, data: bytes) -> None:
    if socket.state is State.OPEN:
        socket.transport.write(data)
