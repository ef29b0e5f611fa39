from __future__ import annotations

import pytest

from brayns_widget.protocol.origins import host_of, host_of_origin, is_loopback, parse_origin


@pytest.mark.parametrize(
    ("header", "host"),
    [
        ("127.0.0.1:5000", "127.0.0.1"),
        ("LocalHost", "localhost"),
        ("[::1]:5000", "::1"),
        ("node_17.lab.example", "node_17.lab.example"),
        ("", None),
        ("[", None),
        ("::1", None),
        ("localhost:", None),
        ("user@localhost", None),
        ("localhost/a", None),
        ("localhost, evil.example", None),
    ],
)
def test_a_host_header_is_a_name_or_an_address_with_a_port(header, host):
    assert host_of(header) == host


@pytest.mark.parametrize(
    ("text", "origin"),
    [
        ("https://lab.example", "https://lab.example"),
        ("HTTPS://Lab.Example:443", "https://lab.example"),
        ("http://lab.example:80", "http://lab.example"),
        ("http://lab.example:08080", "http://lab.example:8080"),
        ("http://[::1]:8888", "http://[::1]:8888"),
        ("vscode-webview://1a2b", "vscode-webview://1a2b"),
    ],
)
def test_an_origin_is_written_as_browsers_do(text, origin):
    assert parse_origin(text) == origin


@pytest.mark.parametrize(
    "text",
    ["", "*", "null", "lab.example", "https://", "https://*.example", "https://lab.example/", "https://lab.example/page",
     "https://a@lab.example", "https://lab.example:0", "https://lab.example:65536", "https://a b", "https://x\n"],
)  # fmt: skip
def test_what_is_no_origin_is_refused_with_an_example(text):
    with pytest.raises(ValueError, match=r"is not an origin: that is scheme://host\[:port\], such as https://"):
        parse_origin(text)


@pytest.mark.parametrize(
    ("origin", "host"), [("http://[::1]:8888", "::1"), ("https://Hub.example", "hub.example"), ("null", None)]
)
def test_the_host_of_an_origin(origin, host):
    assert host_of_origin(origin) == host


@pytest.mark.parametrize(
    ("host", "loopback"),
    [("localhost", True), ("127.0.0.1", True), ("127.8.9.1", True), ("::1", True), ("10.0.0.1", False),
     ("localhost.evil.example", False), ("127.0.0.1.evil.example", False), ("0.0.0.0", False)],
)  # fmt: skip
def test_loopback_addresses_are_known_without_a_name_server(host, loopback):
    assert is_loopback(host) is loopback
