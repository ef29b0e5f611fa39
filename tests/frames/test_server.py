"""The server of pages' sockets, with real sockets."""

from __future__ import annotations

import asyncio
import json
import logging
from dataclasses import replace
from typing import Any

import pytest
import websockets
from websockets.asyncio.client import ClientConnection
from websockets.asyncio.server import ServerConnection

from brayns_widget.connection.tokens import Token
from brayns_widget.frames import server as server_module
from brayns_widget.frames.messages import unpack
from brayns_widget.frames.server import FrameServer, Seat
from brayns_widget.stream import Frame, FrameIds, Ids, Picture
from tests.frames.bench import ORIGIN, Served, ack, camera, next_frame, run, served, steering
from tests.stream.bench import TELLS, until

POLICY_VIOLATION = 1008


async def _closed(socket: ClientConnection) -> tuple[int, str]:
    """Wait until the server closes a socket, which must not have said anything; return the code and the reason."""
    with pytest.raises(websockets.ConnectionClosed):
        await socket.recv()
    assert socket.close_code is not None
    return socket.close_code, socket.close_reason or ""


@run
async def test_frames_come_as_one_binary_message_each(made: Served) -> None:
    async with made.page() as socket:
        made.host.set_camera(camera(1), False, 1)
        accumulation = sent = 0
        while accumulation < 3:
            header, picture = await next_frame(socket)
            accumulation, sent = header["accumulation"], sent + 1
            assert picture.startswith(f"800x600 x1 {accumulation} ")
            assert header == {
                "kind": "frame",
                "view": "v",
                "seq": header["seq"],
                "camera": 0,
                "width": 800,
                "height": 600,
                "accumulation": accumulation,
                "max_accumulation": 3,
                "moving": False,
                "mime": "image/jpeg",
            }
            await socket.send(ack(header["seq"]))
        assert made.host.stats()["views"]["v"]["transport"] == "socket"
        await until(lambda: made.host.stats()["views"]["v"]["shown"] == sent)
    assert made.told.frames == []


@run
async def test_what_a_frame_shows_comes_as_a_binary_message_after_it(made: Served) -> None:
    made.host.set_request(made.renderer, TELLS)
    async with made.page() as socket:
        made.host.set_camera(camera(1), False, 1)
        header: dict[str, Any] = {"kind": "frame"}
        seq, data = 0, ""
        while header["kind"] == "frame":
            seq = header.get("seq", 0)
            header, data = await next_frame(socket)
            await socket.send(ack(header["seq"]))
        assert header == {
            "kind": "ids",
            "view": "v",
            "seq": seq,
            "width": 800,
            "height": 600,
            "count": 2,
            "section_types": ["soma"],
        }
        assert data == "ids of 800x600 x1"
    assert made.told.ids == []


def test_ids_of_a_picture_that_is_out_of_date_are_not_sent() -> None:
    async def main() -> None:
        page = server_module._Page(sent := Sent(), Seat(None, "v"))  # type: ignore[arg-type]
        old, new = (Picture(n, memoryview(b"jpeg"), 4, 3, 1, 1, moving=False, cameras={}) for n in (1, 2))
        ids = FrameIds(1, "v", Ids(1, memoryview(b"ids"), 4, 3, 0, ()))
        page.send(Frame(1, "v", old))
        page.send_ids(ids)
        page.send(Frame(2, "v", new))
        page.send_ids(replace(ids, seq=2))
        writer = asyncio.create_task(page._write())
        await until(lambda: page._frames.empty() and len(sent.kinds) == 3)
        assert sent.kinds == [("frame", 1), ("frame", 2), ("ids", 2)]
        writer.cancel()

    asyncio.run(main())


class Sent:
    """A socket that keeps what it is given."""

    def __init__(self) -> None:
        self.kinds: list[tuple[str, int]] = []

    async def send(self, message: bytes) -> None:
        header, _ = unpack(message)
        self.kinds.append((header["kind"], header["seq"]))


@run
async def test_a_page_steers_with_one_message_for_each_picture(made: Served) -> None:
    async with made.page() as socket:
        await socket.send(steering(1, 1, moving=True))
        for number in range(2, 6):
            header, picture = await next_frame(socket)
            assert header["camera"] == number - 1
            assert f" x{number - 1} " in picture
            await socket.send(steering(number, number, moving=True, seq=header["seq"]))
        await until(lambda: made.host.stats()["views"]["v"]["shown"] == 4)
    assert made.told.cameras[0] == (1, True, 0)


@run
async def test_a_socket_has_one_frame_under_way(made: Served) -> None:
    async with made.page() as socket:
        made.host.set_camera(camera(1), False, 1)
        header, _ = await next_frame(socket)
        await until(lambda: made.renderer.accumulation == 3)
        assert made.host.stats()["views"]["v"]["sent"] == 1
        await socket.send(ack(header["seq"]))
        assert "x1 3 q95" in (await next_frame(socket))[1]


@run
async def test_when_a_socket_closes_frames_go_over_the_comm(made: Served) -> None:
    async with made.page():
        made.host.set_camera(camera(1), False, 1)
    await until(lambda: made.told.frames)
    assert made.host.stats()["views"]["v"]["transport"] == "comm"


@run
async def test_a_malformed_message_is_ignored(made: Served) -> None:
    async with made.page() as socket:
        for text in ("", "{", "[]", json.dumps({"kind": "gone"}), json.dumps({"kind": "camera", "number": 1})):
            await socket.send(text)
        await socket.send(steering(1, 7, moving=False))
        assert " x7 " in (await next_frame(socket))[1]


@run
async def test_a_ticket_opens_one_socket(made: Served) -> None:
    secret = made.ticket()
    async with made.connect() as first, made.connect() as second:
        await first.send(json.dumps({"ticket": secret}))
        assert await first.recv() == "welcome"
        await second.send(json.dumps({"ticket": secret}))
        assert await _closed(second) == (POLICY_VIOLATION, "the ticket is not valid")


@pytest.mark.parametrize(
    "said",
    ['{"ticket": "wrong"}', '{"ticket": null}', '{"ticket": ["a"]}', "{}", "[]", "3", "", "{", "wrong", b"\xff\xfe"],
)
def test_without_a_right_ticket_nothing_opens(said: str | bytes) -> None:
    @run
    async def test(made: Served) -> None:
        made.ticket()
        made.host.set_camera(camera(1), False, 1)
        async with made.connect() as socket:
            await socket.send(said)
            assert (await _closed(socket))[0] == POLICY_VIOLATION

    test()


def test_a_socket_that_shows_no_ticket_is_closed_at_the_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server_module, "TICKET_DEADLINE", 0.05)

    @run
    async def test(made: Served) -> None:
        async with made.connect() as socket:
            assert (await _closed(socket))[0] == POLICY_VIOLATION

    test()


def test_sockets_without_a_ticket_are_few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server_module, "_WAITING_MAX", 2)

    @run
    async def test(made: Served) -> None:
        async with made.connect() as first, made.connect():
            await until(lambda: made.server._waiting == 2)
            assert await _status(made) == 503
            await first.send(json.dumps({"ticket": made.ticket()}))
            assert await first.recv() == "welcome"
            async with made.page():
                pass

    test()


@pytest.mark.parametrize("origin", ["https://evil.example", "http://hub.example:8000", "null"])
def test_another_origin_does_not_get_in_and_the_ticket_is_lost(origin: str) -> None:
    @run
    async def test(made: Served) -> None:
        secret = made.ticket()
        for shown_by in (origin, ORIGIN):
            async with made.connect(origin=shown_by) as socket:
                await socket.send(json.dumps({"ticket": secret}))
                assert (await _closed(socket))[0] == POLICY_VIOLATION

    test()


async def _handshake(made: Served, host: str, origin: str | None) -> tuple[bytes, asyncio.StreamWriter, Any]:
    """Open a socket by hand, with the headers that a client chooses by itself."""
    reader, writer = await asyncio.open_connection("127.0.0.1", made.server.port)
    lines = [
        "GET /frames HTTP/1.1",
        f"Host: {host}",
        "Upgrade: websocket",
        "Connection: Upgrade",
        "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==",
        "Sec-WebSocket-Version: 13",
        *([f"Origin: {origin}"] if origin else []),
    ]
    writer.write("\r\n".join([*lines, "", ""]).encode())
    return await reader.readuntil(b"\r\n\r\n"), writer, reader


@pytest.mark.parametrize(
    ("host", "origin", "welcome"),
    [
        ("127.0.0.1:{port}", ORIGIN, True),
        ("localhost:{port}", ORIGIN, True),
        ("[::1]:{port}", ORIGIN, True),
        ("hub.example:8000", ORIGIN, True),  # a proxy that passes the page's own
        ("evil.example:{port}", ORIGIN, False),  # DNS rebinding
        ("evil.example", "https://evil.example", False),
        ("127.0.0.1:{port}", None, False),
        ("[", ORIGIN, False),
    ],
)
def test_host_and_origin_are_checked(host: str, origin: str | None, welcome: bool) -> None:
    @run
    async def test(made: Served) -> None:
        text = json.dumps({"ticket": made.ticket()}).encode()
        answer, writer, reader = await _handshake(made, host.format(port=made.server.port), origin)
        assert b" 101 " in answer.partition(b"\r\n")[0]
        writer.write(bytes([0x81, 0x80 | len(text), 0, 0, 0, 0]) + text)  # RFC 6455 section 5.2, masked by zeros
        first = await reader.read(2)
        assert (first[0] == 0x81) is welcome  # a text; else it closes (0x88)
        writer.close()
        await writer.wait_closed()

    test()


async def _status(made: Served, path: str = "/frames", **options: Any) -> int:
    with pytest.raises(websockets.InvalidStatus) as caught:
        await made.connect(path, **options)
    return caught.value.response.status_code


@run
async def test_other_paths_lead_nowhere(made: Served) -> None:
    for path in ("/", "/frame", "/frames/", "/control", "/frames/../control"):
        assert await _status(made, path) == 404


def test_a_further_path_demands_its_secret() -> None:
    async def main() -> None:
        served_by: list[ServerConnection] = []

        async def serve(connection: ServerConnection) -> None:
            served_by.append(connection)
            await connection.send("at your service")

        async with asyncio.timeout(20), served() as made:
            await made.server.close()
            made.server = FrameServer({"/control": (Token("secret-1"), serve)})
            await made.server.start()  # ``served`` closes it
            wrong = ["", "secret-1", "Bearer secret-2", "Bearer ", "bearer secret-1"]
            for shown in ({}, *({"Authorization": value} for value in wrong)):
                assert await _status(made, "/control", additional_headers=shown) == 401
            assert await _status(made, "/control?token=secret-1") == 401
            assert served_by == []
            right = {"Authorization": "Bearer secret-1"}
            async with made.connect("/control", additional_headers=right) as socket:
                assert await socket.recv() == "at your service"

    asyncio.run(main())


@run
async def test_it_listens_on_loopback_only(made: Served) -> None:
    assert made.server._server is not None
    assert {socket.getsockname()[0] for socket in made.server._server.sockets} == {"127.0.0.1"}


def test_closing_closes_all_sockets() -> None:
    async def main() -> None:
        async with asyncio.timeout(20), served() as made, made.page() as socket, made.connect() as waiting:
            await made.server.close()
            for one in (socket, waiting):
                await _closed(one)

    asyncio.run(main())


def test_a_ticket_is_in_no_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    for name in ("websockets", "websockets.server", "asyncio", "brayns_widget"):
        caplog.set_level(logging.DEBUG, name)
    tickets: list[str] = []
    own = logging.getLogger("the client of this test")
    own.propagate = False

    @run
    async def test(made: Served) -> None:
        for good in (True, False):
            tickets.append(made.ticket(origin=ORIGIN if good else "https://elsewhere.example"))
            async with made.connect(logger=own) as socket:
                await socket.send(json.dumps({"ticket": tickets[-1]}))
                if good:
                    assert await socket.recv() == "welcome"
                    await socket.send("no JSON")
                    made.host.set_camera(camera(1), False, 1)
                    await next_frame(socket)
                else:
                    await _closed(socket)

    test()
    assert "malformed message" in caplog.text  # something was logged at all
    assert not any(ticket in f"{record.getMessage()} {record.args}" for record in caplog.records for ticket in tickets)
