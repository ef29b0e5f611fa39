"""Streams of WebSocket frames (RFC 6455 section 5), without I/O: data passes as it came, control frames apart."""

from __future__ import annotations

import struct

from websockets.frames import CloseCode, Frame, Opcode
from websockets.streams import StreamReader

_FINAL, _RESERVED, _OPCODE = 0x80, 0x70, 0x0F  # bits of a header's first byte
_MASKED = 0x80  # bit of its second byte, whose others are the length, or its layout
_LAYOUTS = {126: ">H", 127: ">Q"}
_MOST_CONTROL = 125  # bytes of a control frame


class FrameError(Exception):
    """A frame that ends its connection.

    Attributes:
        code: of the close frames.
    """

    def __init__(self, code: CloseCode, reason: str) -> None:
        super().__init__(reason)
        self.code = code


class FrameStream:
    """Reader of a stream of frames, which passes the data of a frame on in the pieces in which they come.

    Args:
        masked: whether the frames are masked, as those of clients are.
        limit: bytes that a message may have.

    Attributes:
        within: whether the bytes so far end within a frame of data, so that no other frame may follow them.
    """

    def __init__(self, *, masked: bool, limit: int) -> None:
        self.within = False
        self._masked = masked
        self._limit = limit
        self._held = b""  # the beginning of a header or of a control frame
        self._left = 0  # bytes of the present frame
        self._message = 0  # bytes of the present message

    def feed(self, data: bytes) -> list[bytes | Frame]:
        """Split the next bytes of the stream into pieces of data frames, with their headers, and control frames.

        Raises:
            FrameError: a frame is invalid, or its message has more bytes than the limit.
        """
        found: list[bytes | Frame] = []
        if self._held:
            data, self._held = self._held + data, b""
        begin = at = 0  # of a piece of data; what is read
        while at < len(data):
            if self._left:
                taken = min(self._left, len(data) - at)
                at += taken
                self._left -= taken
                continue
            header = self._header(data, at)
            if header is None:
                break
            opcode, size, length = header
            if opcode < Opcode.CLOSE:
                self._count(opcode, length)
                self._left = length
                at += size
                continue
            end = at + size + length
            if end > len(data):
                break
            if begin < at:
                found.append(data[begin:at])
            found.append(_parse(data[at:end], masked=self._masked))
            begin = at = end
        if begin < at:
            found.append(data[begin:at])
        self._held = data[at:]
        self.within = self._left > 0
        return found

    def _header(self, data: bytes, at: int) -> tuple[Opcode, int, int] | None:
        """Read the kind of a frame, and the bytes of its header and of its payload; None if they are not all there."""
        if len(data) - at < 2:
            return None
        first, second = data[at], data[at + 1]
        try:
            opcode = Opcode(first & _OPCODE)
        except ValueError:
            raise FrameError(CloseCode.PROTOCOL_ERROR, "a frame of an unknown kind") from None
        if first & _RESERVED:
            raise FrameError(CloseCode.PROTOCOL_ERROR, "a frame with reserved bits")
        if bool(second & _MASKED) is not self._masked:
            raise FrameError(CloseCode.PROTOCOL_ERROR, f"a frame that is {'not ' if self._masked else ''}masked")
        length, size = second & ~_MASKED, 2
        if opcode >= Opcode.CLOSE and (length > _MOST_CONTROL or not first & _FINAL):
            raise FrameError(CloseCode.PROTOCOL_ERROR, "a control frame that is too large")
        if layout := _LAYOUTS.get(length):
            size += struct.calcsize(layout)
            if len(data) - at < size:
                return None
            (length,) = struct.unpack_from(layout, data, at + 2)
        size += 4 if self._masked else 0
        return None if len(data) - at < size else (opcode, size, length)

    def _count(self, opcode: Opcode, length: int) -> None:
        self._message = length if opcode is not Opcode.CONT else self._message + length
        if self._message > self._limit:
            raise FrameError(CloseCode.MESSAGE_TOO_BIG, f"a message of more than {self._limit} bytes")


def _parse(data: bytes, *, masked: bool) -> Frame:
    """Read a frame that is complete."""
    reader = StreamReader()
    reader.feed_data(data)
    try:
        next(Frame.parse(reader.read_exact, mask=masked))
    except StopIteration as done:
        frame: Frame = done.value
        return frame
    raise AssertionError("the frame is not complete")
