"""One local service, with a small stand-in for it; those of the whole process are in test_process."""

from __future__ import annotations

import subprocess
from pathlib import Path

import psutil
import pytest

from brayns_widget.connection import local as local_module
from brayns_widget.connection.local import LocalService
from brayns_widget.protocol.errors import ServiceError
from tests.connection.stand_in import GOOD


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
    seen: list[LocalService] = []
    with pytest.raises(ServiceError, match=r"within 0\.3 s"):
        LocalService.launch(Path("/"), timeout=0.3, on_process=seen.append)
    assert not seen[0].alive


@pytest.mark.parametrize("line", ["hello", "{}", "[]", '{"master": "x"}'])
def test_a_service_that_says_something_else_is_refused(stand_in, line):
    stand_in(f"print({line!r}, flush=True); import sys; sys.stdin.read()")
    seen: list[LocalService] = []
    with pytest.raises(ServiceError, match="instead of its addresses"):
        LocalService.launch(Path("/"), on_process=seen.append)
    assert not seen[0].alive


def test_a_missing_extra_is_told_with_the_command_that_installs_it(monkeypatch):
    monkeypatch.setattr(local_module, "_REQUIRED", ("numpy", "no_such_module_here"))
    with pytest.raises(ServiceError, match="no_such_module_here missing") as caught:
        LocalService.launch(Path("/"))
    assert 'pip install "brayns-widget[local]"' in caught.value.hint


def test_a_process_that_cannot_be_started_is_told(monkeypatch):
    def refuse(*_: object, **__: object) -> None:
        raise OSError("no process is free")

    monkeypatch.setattr(subprocess, "Popen", refuse)
    with pytest.raises(ServiceError, match="no process is free"):
        LocalService.launch(Path("/"))


def test_a_service_that_does_not_end_is_killed(stand_in):
    stand_in(GOOD + "import time; time.sleep(60)")
    service = LocalService.launch(Path("/"))
    service.close(timeout=0.2)
    assert not service.alive


def test_what_a_service_says_after_its_greeting_is_read_and_forgotten(stand_in):
    # else it would wait for ever as soon as the pipe is full
    stand_in(GOOD.replace("sys.stdin.read()", "print('x' * 1_000_000, flush=True); sys.stdin.read()"))
    service = LocalService.launch(Path("/"))
    service.close()
    assert service._process.returncode == 0
