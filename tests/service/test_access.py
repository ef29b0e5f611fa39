"""Web pages at the commands renderer and backend: real processes, real sockets."""

from __future__ import annotations

import asyncio
import contextlib
import json
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus
from websockets.typing import Origin

from brayns_widget.cli import main
from brayns_widget.service.access import Access

DEADLINE = 60.0  # seconds; other tests may compile at the same time
ALLOWED = ["https://lab.example", "http://other.example:8080"]
COMMANDS = ["renderer", "backend"]


@pytest.mark.parametrize(
    ("origins", "hosts", "bound", "problem"),
    [
        ([], ["127.0.0.1:5000"], ["10.0.0.7"], None),
        ([], ["Node17:5000"], ["NODE17", "10.0.0.7"], None),
        ([], ["10.0.0.7:5000"], ["node17", "10.0.0.7"], None),
        ([], ["anything.example"], ["0.0.0.0", "10.0.0.7"], None),
        ([], ["anything.example"], ["::", "::1"], None),
        (["https://lab.example"], ["localhost"], [], None),
        ([], ["10.0.0.8:5000"], ["10.0.0.7"], "The Host header '10.0.0.8:5000' names neither"),
        ([], [], ["127.0.0.1"], "The Host header '' names neither"),
        ([], ["localhost", "localhost"], [], "The Host header 'localhost, localhost' names neither"),
        (["https://lab.example"], ["lab.example"], ["127.0.0.1"], "The Host header 'lab.example' names neither"),
        (["https://lab.example"] * 2, ["localhost"], [], "Web pages of 'https://lab.example, https://lab.example' may"),
        (["null"], ["localhost"], [], "Web pages of 'null' may not connect"),
        ([""], ["localhost"], [], "Web pages of '' may not connect"),
    ],
)
def test_who_is_refused(origins, hosts, bound, problem):
    said = Access(ALLOWED).refusal(origins, hosts, bound)
    assert said is None if problem is None else said is not None and said.startswith(problem) and said.endswith(".\n")


def test_a_refusal_quotes_little():
    said = Access().refusal(["https://" + "e" * 100_000], ["localhost"], [])
    assert said is not None
    assert len(said) < 400


@contextlib.contextmanager
def _server(command: str, directory: Any, *flags: str) -> Iterator[str]:
    """Run a server on a free port; gives its HOST:PORT."""
    place = ["--uri", "127.0.0.1:0"] if command == "renderer" else ["--port", "0", "--base-directory", str(directory)]
    pipe = subprocess.PIPE
    with subprocess.Popen(
        [sys.executable, "-m", "brayns_widget", command, *place, *flags],
        stdin=pipe,
        stdout=pipe,
        stderr=pipe,
        text=True,
    ) as process:
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            assert line.startswith("listening on "), process.communicate(timeout=DEADLINE)
            yield line.removeprefix("listening on ").strip()
        finally:
            process.kill()


async def _ask(address: str, *, host: str = "", origin: str | None = None) -> str:
    """Ask a server for its methods; the URL's host, which the header says, may be another than the address."""
    name, _, port = address.rpartition(":")
    url = f"ws://{host or name}:{port}"
    async with (
        asyncio.timeout(DEADLINE),
        connect(url, host=name, origin=None if origin is None else Origin(origin), proxy=None) as socket,
    ):
        await socket.send(json.dumps({"jsonrpc": "2.0", "id": 1, "method": "registry"}))
        return "answered" if "result" in json.loads(await socket.recv()) else "error"


async def _refusal(address: str, **headers: Any) -> tuple[int, str]:
    with pytest.raises(InvalidStatus) as caught:
        await _ask(address, **headers)
    return caught.value.response.status_code, caught.value.response.body.decode()


@pytest.mark.parametrize("command", COMMANDS)
def test_no_page_connects_by_default_and_programs_do(command, tmp_path):
    async def scenario(address: str) -> None:
        for host in ("127.0.0.1", "localhost", "[::1]"):
            assert await _ask(address, host=host) == "answered"
        for origin in ("https://evil.example", "http://localhost:8888", f"http://{address}", "null", *ALLOWED):
            status, text = await _refusal(address, origin=origin)
            assert (status, text) == (
                403,
                f"Web pages of {origin!r} may not connect: --allow-origin does not name them.\n",
            )
        # A page whose name leads here, in a browser that sends no origin.
        status, text = await _refusal(address, host="evil.example")
        assert status == 403
        assert text.startswith("The Host header 'evil.example:")

    with _server(command, tmp_path) as address:
        asyncio.run(scenario(address))


@pytest.mark.parametrize("command", COMMANDS)
def test_allowed_pages_connect_and_no_others(command, tmp_path):
    async def scenario(address: str) -> None:
        assert await _ask(address) == "answered"
        for origin in ALLOWED:
            assert await _ask(address, origin=origin) == "answered"
            assert (await _refusal(address, origin=origin, host="evil.example"))[0] == 403
        for origin in ("http://lab.example", "https://lab.example:8443", "https://lab.example.evil.example", "null"):
            assert (await _refusal(address, origin=origin))[0] == 403

    flags = [flag for origin in (ALLOWED[0] + ":443", ALLOWED[1]) for flag in ("--allow-origin", origin)]
    with _server(command, tmp_path, *flags) as address:
        asyncio.run(scenario(address))


@pytest.mark.parametrize("command", [*COMMANDS, "service"])
def test_what_is_no_origin_ends_the_command_with_a_sentence(command, capsys, tmp_path):
    required = ["--base-directory", str(tmp_path)] if command == "backend" else []
    with pytest.raises(SystemExit):
        main([command, *required, "--allow-origin", "https://lab.example/page"])
    assert "'https://lab.example/page' is not an origin: that is scheme://host[:port]" in capsys.readouterr().err


@pytest.mark.parametrize("command", COMMANDS)
def test_help_says_what_a_port_without_a_secret_means(command, capsys):
    with pytest.raises(SystemExit):
        main([command, "--help"])
    said = " ".join(capsys.readouterr().out.split())
    assert "Without --secret-from-stdin the port has no lock" in said
    assert "Web pages cannot, but for those that --allow-origin names." in said
