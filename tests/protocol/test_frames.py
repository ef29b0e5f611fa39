from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brayns_widget.protocol import frames
from brayns_widget.protocol.errors import ProtocolError


@given(st.text(), st.binary())
def test_what_was_packed_is_unpacked(text, payload):
    unpacked, rest = frames.unpack(frames.pack(text, payload))
    assert unpacked == text
    assert bytes(rest) == payload


def test_length_prefix_is_little_endian_and_counts_bytes():
    assert frames.pack("é", b"x") == b"\x02\x00\x00\x00\xc3\xa9x"


def test_payload_is_a_view_of_the_frame():
    frame = frames.pack("{}", b"abc")
    _, payload = frames.unpack(frame)
    assert payload.obj is frame


@pytest.mark.parametrize("frame", [b"", b"\x01\x00\x00", b"\x05\x00\x00\x00{}", b"\x02\x00\x00\x00\xff\xfe"])
def test_broken_frames_are_refused(frame):
    with pytest.raises(ProtocolError):
        frames.unpack(frame)


@given(st.binary())
def test_no_bytes_raise_anything_else(frame):
    with contextlib.suppress(ProtocolError):
        frames.unpack(frame)
