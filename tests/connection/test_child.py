"""One child process, with a small stand-in for it; what exists once in a process is in test_process."""

from __future__ import annotations

import subprocess
import threading

import psutil
import pytest

from brayns_widget.connection import child as child_module
from brayns_widget.connection.child import Child
from brayns_widget.protocol.errors import ServiceError
from tests.connection.stand_in import GOOD


def launch(**options: object) -> Child:
    return Child.launch(["work", "--fast"], name="worker", **options)  # type: ignore[arg-type]


def test_it_greets_and_ends_when_it_is_closed(stand_in):
    started = stand_in(GOOD)
    child = launch()
    assert started == [["work", "--fast"]]
    assert child.greeting["master"] == "http://127.0.0.1:1"
    assert child.greeting["pid"] == child.pid
    assert child.alive
    child.close()
    assert not child.alive


def test_the_secret_shows_nowhere(stand_in):
    stand_in(GOOD)
    child = launch()
    secret = child.secret.reveal()
    process = psutil.Process(child.pid)
    told = [*process.cmdline(), *process.environ().values()]
    child.close()
    assert secret not in repr(child) + child.log_tail() + str(told) + str(vars(child))
    assert "listening, ?token=…" in child.log_tail()


def test_each_child_has_a_secret_of_its_own(stand_in):
    stand_in(GOOD)
    children = [launch(), launch()]
    secrets = {child.secret.reveal() for child in children}
    for child in children:
        child.close()
    assert len(secrets) == 2


def test_one_that_dies_says_its_last_words(stand_in):
    stand_in("import sys; sys.stderr.write('no port is free\\n'); sys.exit(3)")
    with pytest.raises(ServiceError, match=r"The worker ended at once \(exit code 3\)") as caught:
        launch()
    assert "no port is free" in "".join(caught.value.__notes__)


def test_one_whose_output_no_thread_can_read_is_ended(stand_in, monkeypatch):
    def refuse(_: threading.Thread) -> None:
        raise RuntimeError("can't create new thread at interpreter shutdown")

    stand_in(GOOD)
    children: list[Child] = []
    monkeypatch.setattr(threading.Thread, "start", refuse)
    with pytest.raises(ServiceError, match=r"The worker cannot be used: can't create .* shutdown\. If the main thread"):
        launch(on_process=children.append)
    assert not children[0].alive


def test_one_that_does_not_greet_is_killed_at_the_deadline(stand_in, monkeypatch):
    monkeypatch.setattr(child_module, "STOP_DEADLINE", 0.1)
    stand_in("import time; time.sleep(60)")
    seen: list[Child] = []
    with pytest.raises(ServiceError, match=r"within 0\.3 s"):
        launch(timeout=0.3, on_process=seen.append)
    assert not seen[0].alive


@pytest.mark.parametrize("line", ["hello", "[]", "3", ""])
def test_one_that_says_something_else_is_refused(stand_in, line):
    stand_in(f"print({line!r}, flush=True); import sys; sys.stdin.read()")
    seen: list[Child] = []
    with pytest.raises(ServiceError, match="instead of a greeting"):
        launch(on_process=seen.append)
    assert not seen[0].alive


def test_a_process_that_cannot_be_started_is_told(monkeypatch):
    def refuse(*_: object, **__: object) -> None:
        raise OSError("no process is free")

    monkeypatch.setattr(subprocess, "Popen", refuse)
    with pytest.raises(ServiceError, match="The worker cannot be started: no process is free"):
        launch()


def test_one_that_does_not_end_is_killed(stand_in):
    stand_in(GOOD + "import time; time.sleep(60)")
    child = launch()
    child.close(timeout=0.2)
    assert not child.alive


def test_one_that_has_died_can_be_closed(stand_in):
    stand_in(GOOD)
    child = launch()
    psutil.Process(child.pid).kill()
    child.hang_up()
    child.close()
    child.close()
    assert not child.alive


def test_what_it_says_after_its_greeting_is_read_and_forgotten(stand_in):
    # else it would wait for ever as soon as the pipe is full
    stand_in(GOOD.replace("sys.stdin.read()", "print('x' * 1_000_000, flush=True); sys.stdin.read()"))
    child = launch()
    child.close()
    assert child._process.returncode == 0


def test_only_the_last_lines_of_its_log_are_kept(stand_in):
    lines = "for n in range(200): sys.stderr.write(f'line {n}\\n')\nsys.stderr.flush()\n"
    stand_in(GOOD.replace("print(json", lines + "print(json"))
    child = launch()
    child.close()
    child._process.wait()
    with pytest.raises(ServiceError) as caught:
        raise child.failure("is tired")
    assert str(caught.value).startswith("The worker is tired")
    assert len(child.log_tail(1000).splitlines()) <= 50
