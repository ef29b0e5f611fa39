"""Links that are open: requests, answers, cancels, and their end."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import json
from typing import Any

import pytest
from websockets import ConnectionClosed, ConnectionClosedError
from websockets.asyncio.server import ServerConnection, serve

from brayns_widget.connection import link as link_module
from brayns_widget.connection.link import Link, is_loopback
from brayns_widget.connection.tokens import Token
from brayns_widget.protocol.errors import (
    BraynsWidgetError,
    ConnectionLost,
    DeadlineExceeded,
    ProtocolError,
    RequestCancelled,
    RequestError,
)
from brayns_widget.protocol.messages import Request
from tests.connection.links import DEADLINE, open_link, talk
from tests.fakes import JPEG, TOKEN, FakeCluster
from tests.tcp_proxy import TcpProxy


@pytest.fixture
def cluster():
    with FakeCluster() as fake:
        yield fake


def test_it_probes_and_asks(cluster):
    async def work(link: Link) -> Any:
        return (await link.request("get-scene")).result["models"]

    assert talk(cluster, work) == []
    assert cluster.renderer.requests == [("get-version", None), ("get-scene", None)]


def test_binary_replies_carry_their_payload(cluster):
    reply = talk(cluster, lambda link: link.request("render-image", {}))
    assert bytes(reply.payload) == JPEG


def test_large_replies_cost_no_connection(cluster):
    entries = ["x" * 1000] * 70_000  # beyond 64 MiB, as a listing of 160,000 files has
    answer = cluster.renderer.answer
    cluster.renderer.answer = lambda method, params: (entries, b"") if method == "get-scene" else answer(method, params)

    async def work(link: Link) -> Any:
        assert len((await link.request("get-scene")).result) == len(entries)
        return bytes((await link.request("render-image", {})).payload)

    assert talk(cluster, work) == JPEG


def test_a_message_that_the_server_does_not_take_is_told_with_its_limit():
    async def main() -> None:
        async def serve_one(socket: ServerConnection) -> None:
            with contextlib.suppress(ConnectionClosed):
                async for raw in socket:
                    await socket.send(json.dumps({"jsonrpc": "2.0", "id": json.loads(raw)["id"], "result": {}}))

        async with serve(serve_one, "127.0.0.1", 0, max_size=1000) as server:
            port = next(iter(server.sockets)).getsockname()[1]
            link = await Link.open(f"ws://127.0.0.1:{port}", Token(TOKEN), name="renderer", probe="get-version")
            with pytest.raises(ConnectionLost, match=r"no message of that size. It takes up to 1,000 bytes. Send"):
                await link.request("set-camera", "x" * 2000)
            await link.close()

    asyncio.run(main())


def test_an_answer_that_is_too_large_is_told_as_such(cluster, monkeypatch):
    monkeypatch.setattr("brayns_widget.connection.link.MAX_MESSAGE", 2 << 20)
    answer = cluster.renderer.answer
    cluster.renderer.answer = lambda method, params: (
        ("x" * (3 << 20), b"") if method == "get-scene" else answer(method, params)
    )
    with pytest.raises(ConnectionLost, match=r"The renderer sent a message of more than 2 MiB.*Ask for less"):
        talk(cluster, lambda link: link.request("get-scene"))


def test_it_offers_no_compression_and_names_itself_by_header_and_query(cluster):
    talk(cluster, lambda link: link.request("get-scene"))
    (handshake,) = cluster.handshakes
    assert "Sec-WebSocket-Extensions" not in handshake.headers
    assert handshake.headers["Authorization"] == f"Bearer {TOKEN}"
    assert handshake.path == f"/1/renderer?token={TOKEN}"


def test_this_machine_is_not_reached_through_a_proxy(cluster, monkeypatch):
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    assert talk(cluster, lambda link: link.request("get-scene"))


def test_answers_of_many_requests_are_kept_apart(cluster):
    async def work(link: Link) -> list[Any]:
        calls = [link.request("get-color-values", {"id": 0, "method": m}) for m in ("solid", "mtype", "solid")]
        return [reply.result for reply in await asyncio.gather(*calls)]

    assert talk(cluster, work) == [["color"], ["L23_PC", "L5_BC"], ["color"]]


def test_progress_is_passed_on(cluster):
    cluster.renderer.progress["snapshot"] = [(0.1, "a"), (0.9, "b")]
    seen: list[tuple[float, str]] = []
    params = {"image_settings": {"format": "png"}}
    talk(
        cluster,
        lambda link: link.request("snapshot", params, on_progress=lambda p: seen.append((p.amount, p.operation))),
    )
    assert seen == [(0.1, "a"), (0.9, "b")]


def test_refusals_are_raised_with_their_data(cluster):
    with pytest.raises(RequestError) as caught:
        talk(cluster, lambda link: link.request("no-such-method"))
    assert (caught.value.code, caught.value.method) == (-32601, "no-such-method")


def test_a_late_answer_is_a_deadline_and_the_link_goes_on(cluster):
    cluster.renderer.delays["inspect"] = 0.3

    async def work(link: Link) -> None:
        with pytest.raises(DeadlineExceeded, match=r"'inspect' within 0\.05 s"):
            await link.request("inspect", {}, timeout=0.05)
        await link.request("get-scene")  # answered after the late one

    talk(cluster, work)
    assert "cancel" not in cluster.renderer.methods()  # renderers refuse to cancel this one


def test_a_renderer_that_refuses_to_cancel_is_not_waited_for(cluster):
    cluster.renderer.silent.add("render-image")
    cluster.renderer.errors["cancel"] = (-32602, "Method 'render-image' is not cancellable.")

    async def work(link: Link) -> float:
        start = asyncio.get_running_loop().time()
        with pytest.raises(DeadlineExceeded):
            await link.request("render-image", {}, timeout=0.05)
        return asyncio.get_running_loop().time() - start

    assert talk(cluster, work) < 5


def test_a_deadline_cancels_what_can_be_cancelled(cluster):
    cluster.renderer.delays["add-model"] = 60

    async def work(link: Link) -> None:
        with pytest.raises(DeadlineExceeded):
            await link.request("add-model", {}, timeout=0.05)

    talk(cluster, work)
    assert cluster.renderer.cancelled == ["add-model"]


def test_cancelling_the_waiting_task_cancels_the_request_and_waits_for_the_servers_word(cluster):
    cluster.renderer.delays["add-model"] = 60

    async def work(link: Link) -> None:
        begun = asyncio.Event()
        waiting = asyncio.create_task(link.request("add-model", {}, on_progress=lambda _: begun.set()))
        await begun.wait()
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        # the server was done with it when the task ended
        assert cluster.renderer.cancelled == ["add-model"]
        await link.request("get-scene")

    talk(cluster, work)


def test_a_server_that_does_not_confirm_a_cancel_is_not_waited_for_for_ever(cluster, monkeypatch):
    monkeypatch.setattr(link_module, "CANCEL_DEADLINE", 0.1)
    cluster.renderer.silent.add("snapshot")

    async def work(link: Link) -> None:
        waiting = asyncio.create_task(link.request("snapshot", {}))
        await asyncio.sleep(0)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting

    talk(cluster, work)


def test_someone_elses_cancel_is_told(cluster):
    cluster.renderer.errors["snapshot"] = (20, "Task has been cancelled")
    with pytest.raises(RequestCancelled):
        talk(cluster, lambda link: link.request("snapshot", {}))


def test_a_broken_connection_fails_all_pending_at_once_and_is_reported_once(cluster):
    cluster.renderer.silent.add("render-image")
    lost: list[BraynsWidgetError] = []

    async def work(link: Link) -> None:
        pending = [asyncio.create_task(link.request("render-image", {})) for _ in range(3)]
        await link.request("get-scene")
        cluster.kill_renderer()
        results = await asyncio.gather(*pending, return_exceptions=True)
        assert [type(result) for result in results] == [ConnectionLost] * 3
        with pytest.raises(ConnectionLost):
            await link.request("get-scene")

    talk(cluster, work, on_close=lost.append)
    assert [type(error) for error in lost] == [ConnectionLost]


def test_closing_fails_what_is_pending_but_reports_nothing(cluster):
    cluster.renderer.silent.add("render-image")
    lost: list[BraynsWidgetError] = []

    async def work(link: Link) -> None:
        pending = asyncio.create_task(link.request("render-image", {}))
        await link.request("get-scene")
        await link.close()
        with pytest.raises(ConnectionLost):
            await pending

    talk(cluster, work, on_close=lost.append)
    assert lost == []


@pytest.mark.parametrize("raw", ["nonsense", b"\x01", '{"jsonrpc":"2.0"}', '{"id":{},"result":1}'])
def test_garbage_closes_the_link_and_says_so(cluster, raw):
    cluster.renderer.raw["get-scene"] = [raw]
    with pytest.raises(ProtocolError, match="renderer broke the protocol"):
        talk(cluster, lambda link: link.request("get-scene"))


def test_answers_to_unknown_ids_are_dropped(cluster):
    cluster.renderer.raw["get-scene"] = ['{"jsonrpc":"2.0","id":"never","result":1}']

    async def work(link: Link) -> None:
        with pytest.raises(DeadlineExceeded):
            await link.request("get-scene", timeout=0.1)
        await link.request("set-framebuffer-static")

    talk(cluster, work)


def test_an_error_without_id_fails_what_is_pending(cluster):
    cluster.renderer.raw["get-scene"] = ['{"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"Bad"}}']
    with pytest.raises(RequestError, match="Bad"):
        talk(cluster, lambda link: link.request("get-scene"))


def test_an_idle_link_is_probed_and_a_silent_server_is_lost(cluster):
    lost: asyncio.Future[BraynsWidgetError]

    async def main() -> None:
        nonlocal lost
        lost = asyncio.get_running_loop().create_future()
        async with asyncio.timeout(DEADLINE):
            link = await open_link(cluster, idle=0.1, patience=0.5, on_close=lost.set_result)
            # the first one, and two after silence
            while cluster.renderer.methods().count("get-version") < 3:  # noqa: ASYNC110 - asked on another loop
                await asyncio.sleep(0.01)
            assert not lost.done()
            cluster.renderer.silent.add("get-version")
            error = await lost
            assert "stopped answering" in str(error)
            await link.close()

    asyncio.run(main())


@pytest.mark.parametrize("cancelled", [True, False])
def test_a_busy_server_is_asked_with_what_overtakes(cluster, cancelled):
    async def work(link: Link) -> None:
        link.overtakes = True
        cluster.renderer.silent.add("add-model")
        begun = asyncio.Event()
        cluster.renderer.progress["add-model"] = [(0.1, "Reading")]
        pending = asyncio.create_task(link.request("add-model", {}, on_progress=lambda _: begun.set()))
        await begun.wait()
        while cluster.renderer.sent("cancel").count({"id": None}) < 3:  # noqa: ASYNC110 - asked on another loop
            await asyncio.sleep(0.01)
        cluster.renderer.silent.add("cancel")
        if cancelled:  # which nobody answers
            pending.cancel()
        await asyncio.wait([pending])
        while link.closed is None:  # noqa: ASYNC110 - by the link's own task
            await asyncio.sleep(0.01)
        assert "stopped answering" in str(link.closed)
        assert cluster.renderer.methods().count("get-version") == 1

    talk(cluster, work, idle=0.1, patience=0.5)


def test_a_large_answer_is_heard_long_before_its_end(cluster):
    async def work(link: Link) -> None:
        link.overtakes = True
        cluster.renderer.silent.add("cancel")
        entries = ["x" * 1000] * 20_000
        answer = cluster.renderer.answer

        def large(method: str, params: Any) -> Any:
            return (entries, b"") if method == "inspect" else answer(method, params)

        cluster.renderer.answer = large
        assert len((await link.request("inspect", {})).result) == len(entries)
        assert link.closed is None

    with TcpProxy(cluster.slave, bandwidth=16e6) as proxy:
        cluster.slave = proxy.url
        talk(cluster, work, idle=0.1, patience=0.3)


def test_a_large_request_is_heard_while_it_is_taken(cluster):
    async def work(link: Link) -> None:
        link.overtakes = True
        cluster.renderer.silent.add("cancel")
        await link.request("get-scene", payload=b"x" * 40_000_000)
        assert link.closed is None

    # What the buffers of the system hold at the end is not seen; it takes less than the patience.
    with TcpProxy(cluster.slave, bandwidth=10e6) as proxy:
        cluster.slave = proxy.url
        talk(cluster, work, idle=0.2, patience=2.0)


def test_an_answer_that_comes_late_is_handed_over(cluster):
    cluster.renderer.delays["inspect"] = 0.3
    late: list[Any] = []

    async def work(link: Link) -> None:
        with pytest.raises(DeadlineExceeded):
            await link.request("inspect", {}, timeout=0.05, on_late=late.append)
        assert late == []
        await link.request("get-scene")  # answered after the late one
        assert len(late) == 1

    talk(cluster, work)


def test_an_answer_that_comes_while_it_is_cancelled_is_late(cluster):
    late: list[Any] = []

    async def work(link: Link) -> None:
        async def give_up(method: str, request_id: int, answer: asyncio.Future[Any]) -> None:
            await asyncio.wait([answer])  # the server is faster than the cancel

        link._give_up = give_up  # type: ignore[method-assign]
        with pytest.raises(DeadlineExceeded):
            await link.request("inspect", {}, timeout=0.0, on_late=late.append)
        assert len(late) == 1

    talk(cluster, work)


@pytest.mark.parametrize("how", ["deadline", "cancel"])
@pytest.mark.parametrize("end", ["cut", "closed", "refused"])
def test_the_error_of_a_request_that_nobody_waits_for_is_handed_over_once(cluster, how, end):
    cluster.renderer.silent.add("inspect")
    late: list[Any] = []

    async def work(link: Link) -> None:
        request = asyncio.create_task(link.request("inspect", {}, timeout=0.05, on_late=late.append))
        if how == "cancel":
            await link.request("get-scene")
            request.cancel()
        with pytest.raises((DeadlineExceeded, asyncio.CancelledError)):
            await request
        assert late == []
        if end == "cut":
            cluster.kill_renderer()
            await asyncio.wait(link._tasks)
        elif end == "closed":
            await link.close()
        else:
            link._table.receive('{"jsonrpc": "2.0", "id": null, "error": {"code": -32700, "message": "what?"}}')
        (error,) = late
        assert isinstance(error, RequestError if end == "refused" else ConnectionLost)

    talk(cluster, work)


def test_a_link_that_breaks_while_a_request_is_cancelled_is_told_once(cluster, monkeypatch):
    cluster.renderer.silent |= {"add-model", "cancel"}
    late: list[Any] = []

    async def work(link: Link) -> None:
        send = link._send

        async def send_and_break(request: Request) -> None:
            await send(request)
            if request.method == "cancel":
                cluster.kill_renderer()

        monkeypatch.setattr(link, "_send", send_and_break)
        monkeypatch.setattr(link_module, "CANCEL_DEADLINE", DEADLINE)
        with pytest.raises(DeadlineExceeded):
            await link.request("add-model", {}, timeout=0.05, on_late=late.append)
        assert late == [link.closed]

    talk(cluster, work)


def test_a_busy_link_is_not_probed(cluster):
    cluster.renderer.delays["get-scene"] = 0.5
    talk(cluster, lambda link: link.request("get-scene"), idle=0.05)
    assert cluster.renderer.methods() == ["get-version", "get-scene"]


def test_a_link_that_is_lost_is_not_probed_any_more(cluster):
    async def work(link: Link) -> None:
        asked = len(cluster.renderer.requests)
        cluster.kill_renderer()
        await asyncio.wait(link._tasks)  # both its reader and its watch end
        assert link.closed is not None
        assert len(cluster.renderer.requests) == asked

    talk(cluster, work, idle=0.4)


def test_a_link_that_is_lost_while_it_is_probed_is_reported_once(cluster):
    lost: list[BraynsWidgetError] = []

    async def work(link: Link) -> None:
        cluster.renderer.cut.add("get-version")
        await asyncio.wait(link._tasks)

    talk(cluster, work, idle=0.05, on_close=lost.append)
    assert [str(error) for error in lost] == ["The connection to the renderer was lost."]


@pytest.mark.parametrize(
    ("code", "reason", "detail"),
    [(1011, f"killed, ?token={TOKEN}", " (killed, ?token=…)"), (1001, "", " (close code 1001)"), (1000, "", "")],
)
def test_a_server_that_closes_politely_is_quoted(cluster, code, reason, detail):
    async def work(link: Link) -> None:
        cluster.close_renderer(code, reason)
        await asyncio.wait(link._tasks, return_when=asyncio.FIRST_COMPLETED)
        assert str(link.closed) == f"The connection to the renderer was lost{detail}."

    talk(cluster, work)


def test_a_connection_that_breaks_while_a_request_is_sent_fails_it(cluster, monkeypatch):
    async def broken(_: object) -> None:
        raise ConnectionClosedError(None, None)

    async def work(link: Link) -> None:
        monkeypatch.setattr(link._socket, "send", broken)
        with pytest.raises(ConnectionLost):
            await link.request("get-scene")
        assert isinstance(link.closed, ConnectionLost)

    complaints: list[Any] = []

    async def watched(link: Link) -> None:
        asyncio.get_running_loop().set_exception_handler(lambda _, context: complaints.append(context["message"]))
        await work(link)

    talk(cluster, watched)
    gc.collect()
    assert complaints == []  # such as a future whose error nobody has looked at


def test_requests_are_what_the_protocol_says(cluster):
    talk(cluster, lambda link: link.request("set-camera-view", {"position": [0, 0, 1]}))
    assert json.dumps(cluster.renderer.requests[-1]) == '["set-camera-view", {"position": [0, 0, 1]}]'


@pytest.mark.parametrize(
    ("url", "answer"),
    [("ws://127.0.0.1:5/x", True), ("http://[::1]/", True), ("http://localhost", True), ("wss://host.org/", False)],
)
def test_loopback(url, answer):
    assert is_loopback(url) is answer
