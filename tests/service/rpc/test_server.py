from __future__ import annotations

import asyncio
import contextlib
import json
import struct
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from brayns_widget.service.rpc import server as server_module
from brayns_widget.service.rpc.running import RunningRequest
from brayns_widget.service.rpc.server import MAX_PROBLEMS, MAX_TEXT, RpcServer
from tests.service.rpc.bench import DEADLINE, METHODS, State, begun, finished, open_client, receive, send, serving


def test_requests_of_a_connection_are_answered_in_order():
    async def scenario() -> None:
        async with serving() as (_state, address), open_client(address) as socket:
            for number in range(300):
                await send(socket, number, "echo", {"text": str(number)})
            replies = [await receive(socket) for _ in range(300)]
            assert [(reply["id"], reply["result"]) for reply in replies] == [(n, str(n)) for n in range(300)]

    asyncio.run(scenario())


async def answers(socket: ClientConnection, count: int) -> list[Any]:
    return [(await receive(socket))["id"] for _reply in range(count)]


def test_short_requests_overtake_a_long_one_of_their_connection_once_it_is_settled():
    async def scenario() -> None:
        async with serving() as (state, address), open_client(address) as socket:
            await send(socket, "long", "long")
            for number, method in enumerate(["at-once", "between", "at-once", "echo", "between", "at-once"]):
                await send(socket, number, method, {"text": str(number)})
            await begun(state)
            with pytest.raises(TimeoutError):  # it may read yet what they change
                await asyncio.wait_for(socket.recv(), 0.05)
            state.settle.set()
            assert await answers(socket, 3) == [0, 1, 2]
            with pytest.raises(TimeoutError):  # 3 waits, and so do those behind it
                await asyncio.wait_for(socket.recv(), 0.05)
            state.go_on.set()
            assert await answers(socket, 4) == ["long", 3, 4, 5]
            assert state.done == ["0", "1", "2", "long", "3", "4", "5"]

    asyncio.run(scenario())


def test_short_requests_of_others_do_not_wait_for_a_long_one():
    async def scenario() -> None:
        async with serving() as (state, address), open_client(address) as one, open_client(address) as other:
            await send(one, "long", "long")
            await begun(state)
            state.settle.set()
            await send(other, 1, "between", {"text": "1"})
            await send(other, 2, "at-once", {"text": "2"})
            assert await answers(other, 2) == [1, 2]
            await send(other, 3, "echo", {"text": "3"})
            await send(one, "again", "long")
            state.go_on.set()
            assert await answers(one, 2) == ["long", "again"]
            assert await answers(other, 1) == [3]

    asyncio.run(scenario())


def test_what_is_done_at_once_does_not_even_wait_for_what_lets_none_between():
    async def scenario() -> None:
        async with serving() as (state, address), open_client(address) as one, open_client(address) as other:
            await send(one, "wait", "wait")
            await begun(state)
            await send(other, 1, "at-once", {"text": "1"})
            assert await answers(other, 1) == [1]
            state.go_on.set()

    asyncio.run(scenario())


def test_a_request_with_the_id_of_the_long_one_waits_for_it():
    async def scenario() -> None:
        async with serving() as (state, address), open_client(address) as socket:
            await send(socket, 1, "long")
            await begun(state)
            state.settle.set()
            await send(socket, 1, "between", {"text": "second"})
            await send(socket, 2, "cancel", {"id": 1})
            replies = [await receive(socket) for _reply in range(3)]
            codes = [reply.get("error", {}).get("code") for reply in replies]
            assert (codes, replies[2]["result"]) == ([None, 20, None], "second")

    asyncio.run(scenario())


def test_a_client_that_leaves_ends_what_it_overtook():
    async def scenario() -> None:
        async with serving() as (state, address):
            async with open_client(address) as socket:
                await send(socket, 1, "long")
                await begun(state)
                state.settle.set()
                await send(socket, 2, "between", {"text": "2"})
                assert await answers(socket, 1) == [2]
            await finished(state, "gave up")

    asyncio.run(scenario())


def test_errors_have_codes_and_break_nothing(caplog: pytest.LogCaptureFixture):
    async def scenario() -> None:
        async with serving() as (_state, address), open_client(address) as socket:
            await socket.send("{")
            reply = await receive(socket)
            assert (reply["error"]["code"], reply["id"]) == (-32700, None)
            await send(socket, 1, "nope")
            assert (await receive(socket))["error"] == {"code": -32601, "message": "Method 'nope' not found"}
            await send(socket, 2, "break")
            assert (await receive(socket))["error"]["message"] == "ZeroDivisionError: division by zero"
            await send(socket, 3, "echo", {"text": "still here"})
            assert (await receive(socket))["result"] == "still here"

    asyncio.run(scenario())
    assert "Method 'break' failed" in caplog.text


def test_errors_do_not_send_back_at_full_length_what_was_wrong():
    async def scenario() -> None:
        async with serving() as (_state, address), open_client(address) as socket:
            await send(socket, 1, "x" * 100_000)
            error = (await receive(socket))["error"]
            assert len(error["message"]) == MAX_TEXT
            assert error["message"].startswith("Method 'xxx")
            await send(socket, 2, "echo", {"text": "a", **{f"{number}": 1 for number in range(1000)}})
            data = (await receive(socket))["error"]["data"]
            assert data[:2] == ["unknown property '0'", "unknown property '1'"]
            assert data[-1] == f"... and {1000 - MAX_PROBLEMS} more"
            assert len(data) == MAX_PROBLEMS + 1
            await socket.send(json.dumps({"jsonrpc": "2.0", "y" * 100_000: 1}))
            problem, missing = (await receive(socket))["error"]["data"]
            assert len(problem) == MAX_TEXT
            assert missing == "missing required property 'method'"

    asyncio.run(scenario())


def test_requests_without_an_id_are_run_and_not_answered():
    async def scenario() -> None:
        async with serving() as (state, address), open_client(address) as socket:
            await send(socket, None, "echo", {"text": "quiet"})
            await send(socket, None, "nope")
            await send(socket, 1, "echo", {"text": "loud"})
            assert (await receive(socket))["id"] == 1
            assert state.done == ["quiet", "loud"]

    asyncio.run(scenario())


def test_bytes_are_answered_in_a_binary_frame():
    async def scenario() -> None:
        async with serving() as (_state, address), open_client(address) as socket:
            await send(socket, 1, "bytes")
            frame = await receive(socket)
            (size,) = struct.unpack_from("<I", frame)
            assert json.loads(frame[4 : 4 + size])["result"] == 7
            assert frame[4 + size :] == b"payload"

    asyncio.run(scenario())


def test_cancel_overtakes_and_ends_the_request_with_error_20():
    async def scenario() -> None:
        async with serving() as (state, address), open_client(address) as socket:
            await send(socket, 1, "wait")
            await send(socket, 2, "wait")
            assert await receive(socket) == {
                "jsonrpc": "2.0",
                "method": "wait",
                "params": {"id": 1, "amount": 0.25, "operation": "Waiting"},
            }
            await begun(state)
            await send(socket, 3, "cancel", {"id": 2})  # waits still
            await send(socket, 4, "cancel", {"id": 1})
            await send(socket, 5, "cancel", {"id": 1})
            replies = {reply["id"]: reply for reply in [await receive(socket) for _ in range(5)]}
            assert replies[3]["result"] is None
            assert replies[4]["result"] is None
            assert replies[1]["error"] == {"code": 20, "message": "Task has been cancelled"}
            assert replies[2]["error"]["code"] == 20
            assert replies[5]["error"]["code"] == -32602
            assert state.done == []

    asyncio.run(scenario())


@pytest.mark.parametrize(
    ("target", "message"),
    [
        (None, "Empty task ID"),
        (99, "No requests found with ID 99."),
        (2, "Method 'echo' is not cancellable."),
    ],
)
def test_cancel_says_why_it_cannot(target: Any, message: str):
    async def scenario() -> None:
        async with serving() as (state, address), open_client(address) as socket:
            await send(socket, 1, "wait")
            await send(socket, 2, "echo", {"text": "x"})
            await begun(state)
            await receive(socket)
            await send(socket, 3, "cancel", {"id": target})
            assert (await receive(socket))["error"] == {"code": -32602, "message": message}
            state.go_on.set()
            assert [(await receive(socket))["result"] for _ in range(2)] == ["waited", "x"]

    asyncio.run(scenario())


def test_each_connection_has_its_context_until_its_last_request_is_done():
    opened: list[State] = []
    left: list[State] = []

    @contextlib.contextmanager
    def for_client() -> Iterator[State]:
        state = State()
        opened.append(state)
        try:
            yield state
        finally:
            left.append(state)

    async def scenario() -> None:
        async with serving(for_client=for_client) as (shared, address):
            async with open_client(address) as first:
                await send(first, 1, "echo", {"text": "first"})
                assert (await receive(first))["result"] == "first"
                await send(first, 2, "wait")
                await begun(opened[0])
                await send(first, 3, "echo", {"text": "last"})
            assert not left
            opened[0].go_on.set()
            await finished(opened[0], "last")
            async with open_client(address) as second:
                await send(second, 1, "echo", {"text": "other"})
                assert (await receive(second))["result"] == "other"
        assert [state.done for state in opened] == [["first", "waited", "last"], ["other"]]
        assert not shared.done
        assert sorted(left, key=id) == sorted(opened, key=id)

    asyncio.run(scenario())


def test_what_a_client_began_goes_on_when_it_vanishes():
    async def scenario() -> None:
        async with serving() as (state, address):
            async with open_client(address) as socket:
                await send(socket, 1, "wait")
                await begun(state)
                socket.transport.abort()
            async with open_client(address) as socket:
                await send(socket, 1, "echo", {"text": "next"})
                state.go_on.set()
                assert (await receive(socket))["result"] == "next"
                assert state.done == ["waited", "next"]

    asyncio.run(scenario())


def test_what_is_for_a_client_only_ends_when_it_vanishes():
    async def scenario() -> None:
        async with serving() as (state, address):
            for request_id in (1, None):
                state.begun.clear()
                async with open_client(address) as socket:
                    await send(socket, request_id, "show")
                    await begun(state)
                    socket.transport.abort()
                async with open_client(address) as socket:
                    await send(socket, 1, "echo", {"text": "next"})
                    assert (await receive(socket))["result"] == "next"
            assert state.done == ["gave up", "next"] * 2

    asyncio.run(scenario())


@pytest.mark.parametrize("request_id", [None, 1])
def test_what_a_client_sent_before_it_left_is_done(request_id: Any):
    async def scenario() -> None:
        async with serving(max_clients=1) as (state, address):
            async with open_client(address) as socket:
                await send(socket, request_id, "wait")
                await begun(state)
                for number in range(200):
                    await send(socket, request_id, "echo", {"text": str(number)})
            async with open_client(address) as socket:  # who has left leaves room for another
                await send(socket, 1, "echo", {"text": "next"})
                state.go_on.set()
                assert (await receive(socket))["result"] == "next"
                await finished(state, "199")
            assert [text for text in state.done if text != "next"] == ["waited", *map(str, range(200))]

    asyncio.run(scenario())


def test_a_cancel_overtakes_any_number_of_requests():
    async def scenario() -> None:
        async with serving() as (state, address), open_client(address) as socket:
            await send(socket, "long", "wait")
            await begun(state)
            for number in range(3000):
                await send(socket, number, "echo", {"text": ""})
            await send(socket, "stop", "cancel", {"id": "long"})
            replies = [await receive(socket) for _ in range(3)]
            assert [reply.get("id") for reply in replies] == [None, "stop", "long"]  # the first is progress

    asyncio.run(scenario())


def test_an_answer_that_no_client_takes_is_an_error_and_costs_no_connection(monkeypatch: pytest.MonkeyPatch):
    async def scenario() -> None:
        async with serving() as (_state, address), open_client(address) as socket:
            monkeypatch.setattr(server_module, "MAX_MESSAGE", 1 << 20)
            await send(socket, 1, "echo", {"text": "x" * (3 << 20)})
            error = (await receive(socket))["error"]
            assert error["code"] == -32603
            assert (
                error["message"]
                == "The answer does not fit into a message, which may have 1 MiB: ask for less at a time"
            )
            await send(socket, 2, "echo", {"text": "still here"})
            assert (await receive(socket))["result"] == "still here"

    asyncio.run(scenario())


def test_requests_beyond_the_limit_are_refused(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(server_module, "MAX_WAITING_BYTES", 1000)

    async def scenario() -> None:
        async with serving() as (state, address), open_client(address) as socket:
            await send(socket, 1, "wait")
            await begun(state)
            await receive(socket)
            await send(socket, 2, "echo", {"text": "x" * 800})
            await send(socket, 3, "echo", {"text": "x" * 800})
            refused = await receive(socket)
            assert (refused["id"], refused["error"]["code"]) == (3, -32603)
            assert "wait already" in refused["error"]["message"]
            state.go_on.set()
            assert [(await receive(socket))["id"] for _ in range(2)] == [1, 2]
            await send(socket, 4, "echo", {"text": "x" * 800})
            assert (await receive(socket))["id"] == 4

    asyncio.run(scenario())


def test_malformed_messages_are_slowed_and_hold_up_nobody(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(server_module, "MAX_MALFORMED", 5)
    monkeypatch.setattr(server_module, "SLOWED", 0.02)

    async def scenario() -> None:
        async with serving() as (state, address), open_client(address) as socket, open_client(address) as other:
            await send(socket, 1, "wait")
            await begun(state)
            await receive(socket)
            begin = asyncio.get_running_loop().time()
            for _ in range(25):
                await socket.send("garbage")
            await send(socket, 2, "at-once", {"text": "late"})  # waits for its turn behind them
            await send(other, 3, "at-once", {"text": "soon"})
            assert (await receive(other))["result"] == "soon"
            at_once = [await receive(socket) for _ in range(20)]  # five wait for their turn
            assert {reply["error"]["code"] for reply in at_once} == {-32700}
            assert asyncio.get_running_loop().time() - begin > 19 * 0.02
            assert not state.go_on.is_set()
            state.go_on.set()
            assert [(await receive(socket))["id"] for _ in range(7)] == [1, None, None, None, None, None, 2]
            await socket.send("garbage")
            await send(socket, 4, "echo", {"text": "in order"})
            assert [(await receive(socket))["id"] for _ in range(2)] == [None, 4]

    asyncio.run(scenario())


@pytest.mark.parametrize("count", [10, 3000])
def test_the_server_ends_whatever_waits_and_whoever_does_not_read(count: int, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(server_module, "SHUTDOWN_TIMEOUT", 0.5)

    async def scenario() -> None:
        state = State()
        with ThreadPoolExecutor(1) as worker:
            server = RpcServer(METHODS, state, worker)
            async with contextlib.AsyncExitStack() as clients:
                async with asyncio.timeout(DEADLINE), server.serve("127.0.0.1", 0) as (host, port):
                    socket = await clients.enter_async_context(connect(f"ws://{host}:{port}", max_queue=1))
                    await send(socket, 0, "wait")
                    await begun(state)
                    for number in range(count):
                        await send(socket, number, "big")
                    state.go_on.set()
                    await finished(state, "big")
                assert not server.running
                socket.transport.abort()  # closing politely would wait for what was never read

    asyncio.run(scenario())


def test_who_is_gone_before_a_task_says_whom_it_is_for_cancels_it_too():
    request = RunningRequest()
    request.leave()
    assert not request.cancelled
    request.only_for_client()
    assert request.cancelled


def test_the_end_of_the_server_gives_up_what_runs_without_an_answer():
    async def scenario() -> None:
        async with serving() as (state, address):
            socket = await open_client(address)
            await send(socket, 1, "wait")
            await begun(state)
            await receive(socket)
        with pytest.raises(ConnectionClosed) as caught:  # which tells, unlike "cancelled", what has happened
            await receive(socket)
        assert caught.value.rcvd is not None
        assert caught.value.rcvd.code == 1001
        await socket.close()

    asyncio.run(scenario())


def test_after_the_last_method_nothing_is_served():
    async def scenario() -> State:
        async with serving() as (state, address), open_client(address) as socket, open_client(address) as other:
            await send(socket, 1, "wait")
            await begun(state)
            await send(socket, 2, "end")
            for number, method in enumerate(("echo", "at-once", "between"), 3):
                await send(socket, number, method, {"text": method})
            state.go_on.set()
            replies = [await receive(socket) for _ in range(3)]
            assert [reply.get("id") for reply in replies] == [None, 1, 2]  # the first is progress
            for late in (socket, other):
                for number, method in enumerate(("echo", "at-once", "between"), 6):
                    await send(late, number, method, {"text": method})
                await send(late, 9, "cancel", {"id": 1})
        for late in (socket, other):
            with pytest.raises(ConnectionClosed):
                await receive(late)
        return state

    assert asyncio.run(scenario()).done == ["waited"]


def test_a_client_that_leaves_interrupts_nothing_that_came_after_its_requests():
    async def scenario() -> None:
        async with serving() as (state, address), connect(f"ws://{address}") as other:
            async with connect(f"ws://{address}") as leaving:
                await send(leaving, 1, "hook")
                assert (await receive(leaving))["id"] == 1
                await send(other, 1, "wait")
                await begun(state)
            await asyncio.to_thread(urllib.request.urlopen, f"http://{address}/healthz", timeout=DEADLINE)
            state.go_on.set()
            while (answer := await receive(other)).get("id") != 1:
                pass
            assert answer["result"] == "waited"
        assert state.done == ["waited"]  # the server, which has ended, knows that the client has left

    asyncio.run(scenario())
