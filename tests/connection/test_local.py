"""The life of the local service's process, with a small stand-in for the service."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import psutil
import pytest

from brayns_widget.connection import local as local_module
from brayns_widget.connection.local import LocalService
from brayns_widget.protocol.errors import ServiceError

# Greets as the service does, and ends with its standard input.
GOOD = """
import json, os, sys
token = sys.stdin.readline().strip()
assert len(token) > 30 and token not in " ".join(sys.argv)
sys.stderr.write(f"listening, ?token={token}\\n"); sys.stderr.flush()
print(json.dumps({"master": "http://127.0.0.1:1", "slave": "ws://127.0.0.1:2", "pid": os.getpid()}), flush=True)
sys.stdin.read()
"""


@pytest.fixture
def stand_in(monkeypatch, tmp_path):
    """Let ``launch`` run a script instead of the service."""
    real = subprocess.Popen

    def use(code: str) -> None:
        script = tmp_path / "service.py"
        script.write_text(textwrap.dedent(code), encoding="utf-8")

        def popen(command: list[str], **options: object) -> subprocess.Popen[bytes]:
            assert command[1:6] == ["-P", "-m", "brayns_widget", "service", "--exit-with-stdin"]
            return real([sys.executable, str(script), *command[6:]], **options)  # type: ignore[call-overload,no-any-return]

        monkeypatch.setattr(subprocess, "Popen", popen)

    return use


def test_it_learns_the_addresses_and_ends_the_process(stand_in):
    stand_in(GOOD)
    service = LocalService.launch(Path("/"))
    assert (service.master, service.slave) == ("http://127.0.0.1:1", "ws://127.0.0.1:2")
    assert service.alive
    service.close()
    assert not service.alive


def test_the_token_shows_nowhere(stand_in):
    stand_in(GOOD)
    service = LocalService.launch(Path("/"))
    secret = service.token.reveal()
    command = psutil.Process(service._process.pid).cmdline()
    service.close()
    assert secret not in repr(service) + service.log_tail() + str(command)
    assert "listening, ?token=…" in service.log_tail()


def test_a_service_that_dies_says_its_last_words(stand_in):
    stand_in("import sys; sys.stderr.write('no port is free\\n'); sys.exit(3)")
    with pytest.raises(ServiceError, match=r"exit code 3\)") as caught:
        LocalService.launch(Path("/"))
    assert "no port is free" in "".join(caught.value.__notes__)


def test_a_service_that_does_not_greet_is_killed_at_the_deadline(stand_in, monkeypatch):
    monkeypatch.setattr(local_module, "STOP_DEADLINE", 0.1)
    stand_in("import time; time.sleep(60)")
    with pytest.raises(ServiceError, match=r"within 0\.3 s"):
        LocalService.launch(Path("/"), timeout=0.3)
    assert not LocalService._all


@pytest.mark.parametrize("line", ["hello", "{}", "[]", '{"master": "x"}'])
def test_a_service_that_says_something_else_is_refused(stand_in, line):
    stand_in(f"print({line!r}, flush=True); import sys; sys.stdin.read()")
    with pytest.raises(ServiceError, match="instead of its addresses"):
        LocalService.launch(Path("/"))
    assert not LocalService._all


def test_a_missing_extra_is_told_with_the_command_that_installs_it(monkeypatch):
    monkeypatch.setattr(local_module, "_REQUIRED", ("numpy", "no_such_module_here"))
    with pytest.raises(ServiceError, match="no_such_module_here missing") as caught:
        LocalService.launch(Path("/"))
    assert 'pip install "brayns-widget[local]"' in caught.value.hint


def test_it_is_shared_and_replaced_when_it_died(stand_in, monkeypatch):
    monkeypatch.setattr(LocalService, "_running", {})
    stand_in(GOOD)

    async def main() -> None:
        first, same = await asyncio.gather(LocalService.shared(Path("/a")), LocalService.shared(Path("/a")))
        other = await LocalService.shared(Path("/b"))
        assert first is same
        assert first is not other
        first.close()
        again = await LocalService.shared(Path("/a"))
        assert again is not first
        for service in (other, again):
            service.close()

    asyncio.run(main())


def test_a_failed_start_is_tried_again(stand_in, monkeypatch):
    monkeypatch.setattr(LocalService, "_running", {})

    async def main() -> None:
        stand_in("raise SystemExit(1)")
        with pytest.raises(ServiceError):
            await LocalService.shared(Path("/a"))
        stand_in(GOOD)
        (await LocalService.shared(Path("/a"))).close()

    asyncio.run(main())


OWNER = """
import subprocess, sys, os
from pathlib import Path
from brayns_widget.connection import local
real = subprocess.Popen
local.subprocess.Popen = lambda command, **options: real([sys.executable, sys.argv[1]], **options)
service = local.LocalService.launch(Path("/"))
if sys.argv[2] == "fork":
    if os.fork() == 0:
        sys.stdin.read()  # a child that outlives its parent
        os._exit(0)
print(service._process.pid, flush=True)
if sys.argv[2] != "leave":
    sys.stdin.read()
"""


@pytest.mark.parametrize("way", ["leave", "kill", "fork"])
def test_it_ends_with_its_owner_however_that_ends(tmp_path, way):
    if way == "fork" and not hasattr(os, "fork"):
        pytest.skip("only where processes fork")
    script = tmp_path / "service.py"
    script.write_text(GOOD, encoding="utf-8")
    with subprocess.Popen(
        [sys.executable, "-W", "ignore", "-c", OWNER, str(script), way],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as owner:
        assert owner.stdout is not None
        service = psutil.Process(int(owner.stdout.readline()))
        if way != "leave":
            owner.send_signal(signal.SIGKILL if hasattr(signal, "SIGKILL") else signal.SIGTERM)
        gone, left = psutil.wait_procs([service], timeout=10)
        assert not left
        assert gone
