"""Frames of any stream, in any pieces."""

from __future__ import annotations

import pytest
from websockets.frames import CloseCode, Frame, Opcode

from brayns_widget.service.frame_stream import FrameError, FrameStream

SIZES = [0, 1, 125, 126, 65535, 65536, 70_000]


def pieces(stream: FrameStream, data: bytes, size: int) -> list[bytes | Frame]:
    return [found for at in range(0, len(data), size) for found in stream.feed(data[at : at + size])]


@pytest.mark.parametrize("masked", [True, False])
@pytest.mark.parametrize("size", [1, 2, 3, 7, 1000, 10**6])
def test_data_passes_as_it_came_and_control_frames_apart(masked, size):
    data = [
        frame.serialize(mask=masked)
        for frame in (
            *(Frame(Opcode.BINARY, b"x" * length) for length in SIZES),
            Frame(Opcode.TEXT, b"frag", fin=False),
            Frame(Opcode.CONT, b"ment"),
        )
    ]
    controls = [Frame(Opcode.PING, b"p" * 125), Frame(Opcode.PONG, b""), Frame(Opcode.CLOSE, b"\x03\xe8bye")]
    mixed = b"".join(
        part + (controls[index % 3].serialize(mask=masked) if index < 3 else b"") for index, part in enumerate(data)
    )
    found = pieces(FrameStream(masked=masked, limit=10**6), mixed, size)
    assert b"".join(piece for piece in found if isinstance(piece, bytes)) == b"".join(data)
    assert [piece for piece in found if isinstance(piece, Frame)] == controls


def test_a_piece_of_a_frame_is_given_before_the_frame_is_complete():
    stream = FrameStream(masked=False, limit=10**6)
    frame = Frame(Opcode.BINARY, b"x" * 1000).serialize(mask=False)
    found = [(stream.feed(piece), stream.within) for piece in (frame[:500], frame[500:], frame[:1])]
    assert found == [([frame[:500]], True), ([frame[500:]], False), ([], False)]


@pytest.mark.parametrize(
    ("data", "code", "reason"),
    [
        (bytes([0x83, 0x80]), CloseCode.PROTOCOL_ERROR, "unknown kind"),
        (bytes([0xC2, 0x80]), CloseCode.PROTOCOL_ERROR, "reserved bits"),
        (bytes([0x82, 0x00]), CloseCode.PROTOCOL_ERROR, "not masked"),
        (bytes([0x89, 0xFE]), CloseCode.PROTOCOL_ERROR, "control frame"),
        (bytes([0x09, 0x80]), CloseCode.PROTOCOL_ERROR, "control frame"),
        (Frame(Opcode.BINARY, b"x" * 1001).serialize(mask=True), CloseCode.MESSAGE_TOO_BIG, "more than 1000 bytes"),
        (bytes([0x82, 0xFF]) + b"\xff" * 12, CloseCode.MESSAGE_TOO_BIG, "more than 1000 bytes"),
    ],
)
def test_frames_that_end_the_connection(data, code, reason):
    with pytest.raises(FrameError, match=reason) as caught:
        FrameStream(masked=True, limit=1000).feed(data)
    assert caught.value.code == code


def test_the_limit_is_for_all_frames_of_a_message():
    stream = FrameStream(masked=False, limit=1000)
    for opcode in (Opcode.BINARY, Opcode.TEXT):
        stream.feed(Frame(opcode, b"x" * 600, fin=False).serialize(mask=False))
    stream.feed(Frame(Opcode.CONT, b"x" * 400, fin=False).serialize(mask=False))
    with pytest.raises(FrameError):
        stream.feed(Frame(Opcode.CONT, b"x").serialize(mask=False))
