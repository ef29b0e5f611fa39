from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from brayns_widget.connection.place import Place
from brayns_widget.connection.tokens import Token


def place(**addresses: Any) -> Place:
    options: dict[str, Any] = {"master": None, "slave": None, "usecase": "u", "project": None, **addresses}
    return Place(**options, token=Token("t"), base_directory=Path())


@pytest.mark.parametrize(
    ("named", "addresses"),
    [
        ({}, {}),
        ({"master": "https://m/a/"}, {"proxy master": "https://m/a"}),
        ({"master": "http://m", "slave": "s/b"}, {"proxy master": "http://m", "proxy slave": "wss://s/b"}),
        ({"renderer": "ws://r:1"}, {"renderer": "ws://r:1"}),
        ({"renderer": "localhost:1", "backend": "b"}, {"renderer": "ws://localhost:1", "backend": "wss://b"}),
    ],
)
def test_servers_that_are_named_have_addresses(named, addresses):
    assert place(**named).addresses == addresses


def test_a_master_is_the_same_however_its_address_ends():
    assert place(master="https://m/").shares_master(place(master="https://m", slave="s"))
    assert not place(master="https://m/").shares_master(place(master="https://other"))
    assert not place(renderer="ws://r").shares_master(place(renderer="ws://r"))
    assert place().shares_master(place())
