from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brayns_widget.protocol import binary
from brayns_widget.protocol.errors import ProtocolError


@given(st.text(), st.binary())
def test_what_was_packed_is_unpacked(text, payload):
    unpacked, rest = binary.unpack(binary.pack(text, payload))
    assert unpacked == text
    assert bytes(rest) == payload


def test_length_prefix_is_little_endian_and_counts_bytes():
    assert binary.pack("é", b"x") == b"\x02\x00\x00\x00\xc3\xa9x"


def test_payload_is_a_view_of_the_message():
    data = binary.pack("{}", b"abc")
    _, payload = binary.unpack(data)
    assert payload.obj is data


@pytest.mark.parametrize("data", [b"", b"\x01\x00\x00", b"\x05\x00\x00\x00{}", b"\x02\x00\x00\x00\xff\xfe"])
def test_broken_messages_are_refused(data):
    with pytest.raises(ProtocolError):
        binary.unpack(data)


@given(st.binary())
def test_no_bytes_raise_anything_else(data):
    with contextlib.suppress(ProtocolError):
        binary.unpack(data)
