"""Relay of WebSocket messages both ways, in the pieces in which they come.

A message of many megabytes is never held as a whole: to copy and mask it takes seconds, in which nobody else is served.
So the frames pass as they are, with the client's masks. Pings are answered here, because the real renderer drops a
client that sends one.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable

from websockets.exceptions import ProtocolError
from websockets.frames import Close, CloseCode, Frame, Opcode

from brayns_widget.service.frame_stream import FrameError, FrameStream

_CLOSE_SECONDS = 1.0
_MOST_REASON = 123  # bytes

ClosingWords = tuple[int, str]
"""Code and reason of a close frame."""


class Side(asyncio.Protocol):
    """A connection of the relay, after its handshake.

    Args:
        is_client: whether it is the client's, whose frames are masked.
        limit: bytes that a message may have.
        former: hears of the connection's end, too.

    Attributes:
        ended: its closing words, or None if it ended without.
    """

    transport: asyncio.Transport

    def __init__(self, *, is_client: bool, limit: int, former: asyncio.BaseProtocol | None = None) -> None:
        loop = asyncio.get_running_loop()
        self.ended: asyncio.Future[ClosingWords | None] = loop.create_future()
        self._lost: asyncio.Future[None] = loop.create_future()
        self._is_client = is_client
        self._former = former
        self._frames = FrameStream(masked=is_client, limit=limit)
        self._other: Side | None = None
        self._early = b""  # what came before the other side was there
        self._within = False  # the frame that is sent to this side is not complete
        self._paused = False  # this side does not take what was sent to it
        self._pong = b""  # waits for the end of both; only for the last ping, as RFC 6455 (5.5.3) allows

    def take_over(self, transport: asyncio.Transport, early: bytes = b"") -> None:
        """Get all that comes from now on; ``early`` is what has come already, before reading was paused."""
        self._early = early
        transport.set_protocol(self)
        self.connection_made(transport)

    def connect(self, other: Side) -> None:
        """Pass on to ``other`` what comes from here."""
        self._other = other
        early, self._early = self._early, b""
        self.data_received(early)
        self.transport.resume_reading()

    async def close(self, words: ClosingWords) -> None:
        """Close it: with a close frame, unless the frame that is under way will never be complete."""
        code, reason = words
        self._other = None
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_CLOSE_SECONDS):
                if not self._within and not self._lost.done():
                    self.transport.write(self._frame(Opcode.CLOSE, Close(code, _shortened(reason)).serialize()))
                    self.transport.resume_reading()  # data that nobody reads would reset it, and with it the frame
                    await asyncio.shield(self.ended)
                    self.transport.close()
                    await self._lost
        self.transport.abort()

    # ------------------------------------------------------------------ of the transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        if self.ended.done():
            return
        try:
            for piece in self._frames.feed(bytes(data)):  # Windows gives a bytearray
                self._pass_on(piece)
        except FrameError as error:
            self._end((error.code, str(error)))
        if self._other is not None:
            self._other.set_within(self._frames.within)

    def pause_writing(self) -> None:
        self._paused = True
        if self._other is not None:
            self._other.transport.pause_reading()

    def resume_writing(self) -> None:
        self._paused = False
        self._send_pong()
        if self._other is not None:
            self._other.transport.resume_reading()

    def eof_received(self) -> bool:
        self._end(None)
        return True  # the other direction may still get its last words

    def connection_lost(self, exc: Exception | None) -> None:
        self._end(None)
        if not self._lost.done():
            self._lost.set_result(None)
        if self._former is not None:
            self._former.connection_lost(exc)

    # ------------------------------------------------------------------

    def _pass_on(self, piece: bytes | Frame) -> None:
        if isinstance(piece, bytes):
            if self._other is not None:
                self._other.transport.write(piece)
        elif piece.opcode is Opcode.PING:
            self._pong = self._frame(Opcode.PONG, bytes(piece.data))
            self._send_pong()
        elif piece.opcode is Opcode.CLOSE:
            self._end(_closing_words(piece))

    def _frame(self, opcode: Opcode, payload: bytes) -> bytes:
        """Make a control frame for this side."""
        return Frame(opcode, payload).serialize(mask=not self._is_client)

    def _send_pong(self) -> None:
        if self._pong and not self._within and not self._paused:
            pong, self._pong = self._pong, b""
            self.transport.write(pong)

    def set_within(self, within: bool) -> None:
        """Take notice of whether what was sent to this side ends within a frame."""
        self._within = within
        self._send_pong()

    def _end(self, words: ClosingWords | None) -> None:
        if not self.ended.done():
            self.ended.set_result(words)


async def relay(client: Side, server: Side, why_it_ended: Callable[[], Awaitable[ClosingWords]]) -> None:
    """Relay until one side ends; then close both with the same code and reason.

    Args:
        client: the client's connection; it is closed at the end.
        server: the server's; likewise.
        why_it_ended: returns why the server ended without a close frame, or went away without a reason.
    """
    try:
        client.connect(server)
        server.connect(client)
        await asyncio.wait([client.ended, server.ended], return_when=asyncio.FIRST_COMPLETED)
        first = client if client.ended.done() else server
        words = first.ended.result()
        if first is server and words == (CloseCode.GOING_AWAY, ""):
            words = None  # it was told to end, and does not know why
        if words is None:  # a client that leaves needs no reason
            words = (CloseCode.NORMAL_CLOSURE, "") if first is client else await why_it_ended()
        await asyncio.gather(client.close(words), server.close(words))
    finally:
        client.transport.abort()
        server.transport.abort()


def _closing_words(frame: Frame) -> ClosingWords:
    try:
        close = Close.parse(bytes(frame.data))
    except (ProtocolError, UnicodeDecodeError):
        return CloseCode.PROTOCOL_ERROR, "an invalid close frame"
    return (CloseCode.NORMAL_CLOSURE, "") if close.code == CloseCode.NO_STATUS_RCVD else (close.code, close.reason)


def _shortened(reason: str) -> str:
    return reason.partition("\n")[0].encode()[:_MOST_REASON].decode(errors="ignore")
