from __future__ import annotations

import pytest

from brayns_widget.connection.addresses import job_addresses, server_address
from brayns_widget.protocol.errors import BraynsWidgetError
from tests.fakes import TOKEN


@pytest.mark.parametrize(
    ("slave", "renderer_url", "address"),
    [
        ("wss://host/base/", "", "wss://host/base"),
        ("https://host", "", "wss://host"),
        ("http://127.0.0.1:80", "", "ws://127.0.0.1:80"),
        ("host:8888", "", "wss://host:8888"),
        (None, "localhost:8888/ID/renderer", "ws://localhost:8888"),
        (None, "wss://host/deep/ID/renderer", "wss://host/deep"),
        ("wss://host", "wss://other/ID/renderer", "wss://host"),
    ],
)
def test_addresses_of_slaves(slave, renderer_url, address):
    assert job_addresses(slave, renderer_url, "a/7") == (f"{address}/a%2F7/renderer", f"{address}/a%2F7/backend")


@pytest.mark.parametrize(
    "slave", [None, "ftp://host", "wss://host/?token=canary", "wss://me:canary@host", "wss://:canary@host", "wss://"]
)
def test_addresses_that_are_none(slave):
    with pytest.raises(BraynsWidgetError) as caught:
        job_addresses(slave, "", "7")
    assert "canary" not in str(caught.value)


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("ws://127.0.0.1:5000", "ws://127.0.0.1:5000"),
        ("localhost:5000/", "ws://localhost:5000"),
        ("https://host/a/", "wss://host/a"),
        ("host:5000", "wss://host:5000"),
    ],
)
def test_addresses_are_those_of_web_sockets(given, meant):
    assert server_address(given, "renderer") == meant


@pytest.mark.parametrize(
    "address",
    [
        f"ws://host/?token={TOKEN}",
        f"ws://me:{TOKEN}@host",
        f"ws://:{TOKEN}@host",
        f"me:{TOKEN}@host",
        "ftp://host",
        "ws://",
        "ws://host:99999",
        "ws://host:port",
        "ws://host:0",
        "ws://[::1",
        "[::1",
        "ws://my..host",
        f"ws://{'a' * 64}",
    ],
)
def test_other_addresses_are_refused_without_their_credentials(address):
    with pytest.raises(BraynsWidgetError, match="is not the address of a renderer") as caught:
        server_address(address, "renderer")
    assert TOKEN not in str(caught.value)
