"""The bytes of uploads, and the room for them."""

from __future__ import annotations

import gc

import pytest

from brayns_widget.controller import kept
from brayns_widget.controller.kept import Keeper
from brayns_widget.protocol.errors import CircuitError


@pytest.fixture
def keeper(monkeypatch):
    monkeypatch.setattr(kept, "MOST", 10)
    return Keeper()


def test_the_oldest_make_room(keeper):
    first, second = keeper.keep(b"123456"), keeper.keep(b"1234")
    assert (first.read(), second.read()) == (b"123456", b"1234")
    third = keeper.keep(b"1")
    assert (second.read(), third.read()) == (b"1234", b"1")
    with pytest.raises(CircuitError, match="not kept any more"):
        first.read()


def test_the_newest_is_kept_however_large_it_is(keeper):
    assert keeper.keep(b"x" * 20).read() == b"x" * 20


def test_the_same_bytes_take_room_once(keeper):
    content = b"123456"
    first = keeper.keep(content)
    assert keeper.keep(content) is first
    keeper.keep(b"1234")
    assert first.read() == content


def test_what_nobody_holds_takes_no_room(keeper):
    keeper.keep(b"123456789")
    gc.collect()
    second = keeper.keep(b"12345")
    keeper.keep(b"12345")
    assert second.read() == b"12345"
