"""A server with methods of each kind, and clients, for tests."""

from __future__ import annotations

import asyncio
import contextlib
import json
import threading
from collections.abc import AsyncIterator
from typing import Any

from websockets.asyncio.client import ClientConnection, connect

from brayns_widget.protocol.endpoints import Endpoint
from brayns_widget.protocol.errors import RequestError
from brayns_widget.protocol.schema import Object
from brayns_widget.service.rpc.cancelling import cancelling
from brayns_widget.service.rpc.methods import Methods, Turn, WithPayload
from brayns_widget.service.rpc.running import RunningRequest
from brayns_widget.service.rpc.server import RpcServer
from brayns_widget.service.rpc.turns import Turns

DEADLINE = 10.0


class Text(Object):
    text: str


class State:
    """What the methods of these tests share."""

    def __init__(self) -> None:
        self.begun = threading.Event()
        self.go_on = threading.Event()
        self.settle = threading.Event()  # the long method
        self.turns = Turns()
        self.done: list[str] = []
        self._changed = threading.Condition()

    def finish(self, what: str) -> None:
        with self._changed:
            self.done.append(what)
            self._changed.notify_all()

    def wait_for(self, what: str) -> bool:
        with self._changed:
            return self._changed.wait_for(lambda: what in self.done, DEADLINE)


METHODS: Methods[State] = Methods()
METHODS.include(cancelling)


@METHODS.add(Endpoint("echo", Text, str))
def echo(state: State, params: Text) -> str:
    """Answer the text."""
    state.finish(params.text)
    return params.text


@METHODS.add(Endpoint("break"))
def break_down(_state: State) -> None:
    """Fail."""
    raise ZeroDivisionError("division by zero")


@METHODS.add(Endpoint("bytes", None, int))
def send_bytes(_state: State) -> WithPayload[int]:
    """Answer bytes."""
    return WithPayload(7, b"payload")


@METHODS.add(Endpoint("wait", None, str), cancellable=True)
def wait(state: State, request: RunningRequest) -> str:
    """Wait until the test lets it go on or cancels."""
    request.progress(0.25, "Waiting")
    state.begun.set()
    while not state.go_on.wait(0.005):
        request.check()
    state.finish("waited")
    return "waited"


@METHODS.add(Endpoint("end"), last=True)
def end(_state: State) -> None:
    """End the server."""


@METHODS.add(Endpoint("at-once", Text, str), turn=Turn.AT_ONCE)
def at_once(state: State, params: Text) -> str:
    """Answer the text."""
    return echo(state, params)


@METHODS.add(Endpoint("between", Text, str), turn=Turn.BETWEEN)
def between(state: State, params: Text) -> str:
    """Answer the text."""
    return echo(state, params)


@METHODS.add(Endpoint("long", None, str), cancellable=True, turn=Turn.LONG)
def run_long(state: State, request: RunningRequest) -> str:
    """Wait as ``show`` does, and let others run between."""
    request.only_for_client()
    state.begun.set()
    assert state.settle.wait(DEADLINE)
    request.settled()
    with state.turns.sharing():
        while not state.go_on.wait(0.005):
            if request.cancelled:
                state.finish("gave up")
            request.check()
            state.turns.pause()
    state.finish("long")
    return "long"


@METHODS.add(Endpoint("show", None, str), cancellable=True)
def show(state: State, request: RunningRequest) -> str:
    """Make what is for the client only."""
    request.only_for_client()
    try:
        return wait(state, request)
    except RequestError:
        state.finish("gave up")
        raise


@METHODS.add(Endpoint("hook"), cancellable=True)
def hook(state: State, request: RunningRequest) -> None:
    """Be done, for its client only, and say what would have interrupted it."""
    request.only_for_client()
    request.when_cancelled(lambda: state.finish("interrupted"))


@METHODS.add(Endpoint("big", None, int))
def send_much(state: State) -> WithPayload[int]:
    """Answer more bytes than sockets hold."""
    state.finish("big")
    return WithPayload(7, bytes(20_000_000))


@contextlib.asynccontextmanager
async def serving(**options: Any) -> AsyncIterator[tuple[State, str]]:
    state = State()
    with state.turns as turns:
        server = RpcServer(METHODS, state, turns, between=turns.between, **options)
        async with server.serve("127.0.0.1", 0) as (host, port):
            yield state, f"{host}:{port}"


def open_client(address: str) -> connect:
    return connect(f"ws://{address}", compression=None, ping_interval=None)


async def receive(socket: ClientConnection) -> Any:
    frame = await asyncio.wait_for(socket.recv(), DEADLINE)
    return json.loads(frame) if isinstance(frame, str) else frame


async def send(socket: ClientConnection, request_id: Any, method: str, params: Any = None) -> None:
    message = {"jsonrpc": "2.0", "id": request_id, "method": method}
    await socket.send(json.dumps(message if params is None else {**message, "params": params}))


async def begun(state: State) -> None:
    assert await asyncio.to_thread(state.begun.wait, DEADLINE)


async def finished(state: State, what: str) -> None:
    assert await asyncio.to_thread(state.wait_for, what)
