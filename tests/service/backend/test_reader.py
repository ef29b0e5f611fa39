"""Questions whose processes hang, crash, take too much and are stopped."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from brayns_widget.protocol.errors import INTERNAL_ERROR, INVALID_PARAMS, RequestError
from brayns_widget.service.backend import reader, tasks
from brayns_widget.service.backend.base import BaseDirectory
from brayns_widget.service.backend.reader import CircuitReader
from brayns_widget.service.rpc.running import RunningRequest
from tests.conftest import ROOT
from tests.service.backend import stubborn

SOON = 2.0  # seconds


@pytest.fixture
def config(tmp_path: Path) -> str:
    (tmp_path / "config.json").write_text("{}")
    return str(tmp_path / "config.json")


@pytest.fixture
def stubborn_reader(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., CircuitReader]:
    """Makes readers whose processes do what they are asked."""
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setattr(tasks, "answer", stubborn.answer)

    def make(deadline: float = 30.0) -> CircuitReader:
        return CircuitReader(BaseDirectory(tmp_path), deadline=deadline)

    return make


def test_it_answers(demo):
    reader = CircuitReader(BaseDirectory(demo))
    assert reader.ask("populations", str(demo / "circuit_config.json"), RunningRequest())["populations"][0]["size"] == 4


def test_an_error_keeps_its_code(demo, tmp_path):
    with pytest.raises(RequestError, match="outside") as caught:
        CircuitReader(BaseDirectory(demo)).ask("populations", str(tmp_path), RunningRequest())
    assert caught.value.code == INVALID_PARAMS
    (tmp_path / "config.json").write_text("[]")
    with pytest.raises(RequestError, match="no object") as caught:
        CircuitReader(BaseDirectory(tmp_path)).ask("populations", str(tmp_path / "config.json"), RunningRequest())
    assert caught.value.code == INTERNAL_ERROR


def test_a_crash_is_an_error(stubborn_reader: Callable[..., CircuitReader], config: str):
    with pytest.raises(RequestError, match=f"{config}' cannot be read: what reads it died") as caught:
        stubborn_reader().ask("crash", config, RunningRequest())
    assert caught.value.code == INTERNAL_ERROR


def test_a_crash_with_parameters_of_any_size_is_an_error(stubborn_reader: Callable[..., CircuitReader], config: str):
    with pytest.raises(RequestError, match="died"):
        stubborn_reader().fetch("crash", config, RunningRequest(), ids=list(range(200_000)))  # more than the pipe holds


@pytest.mark.measures
def test_a_process_that_hangs_is_ended_at_the_deadline(stubborn_reader: Callable[..., CircuitReader], config: str):
    reader = stubborn_reader(deadline=0.2)
    begin = time.monotonic()
    with pytest.raises(RequestError, match=r"within 0\.2 s") as caught:
        reader.ask("hang", config, RunningRequest())
    assert caught.value.code == INTERNAL_ERROR
    assert time.monotonic() - begin < 0.2 + SOON
    assert not reader._processes


def test_noise_on_stderr_does_no_harm(stubborn_reader: Callable[..., CircuitReader], config: str):
    assert stubborn_reader().ask("chatter", config, RunningRequest()) == 5


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux limits it")
def test_a_question_takes_no_more_memory_than_there_is(
    stubborn_reader: Callable[..., CircuitReader], config: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(reader, "available", lambda: 1 << 28)
    assert stubborn_reader().ask("take", config, RunningRequest(), size=1 << 27) == 1 << 27
    with pytest.raises(RequestError, match=r"config\.json' cannot be read: there is not enough memory") as caught:
        stubborn_reader().ask("take", config, RunningRequest(), size=1 << 30)
    assert caught.value.code == INTERNAL_ERROR


def test_close_stops_whoever_waits(stubborn_reader: Callable[..., CircuitReader], config: str):
    reader = stubborn_reader()
    errors: list[str] = []

    def ask() -> None:
        with pytest.raises(RequestError) as caught:
            reader.ask("hang", config, RunningRequest())
        errors.append(caught.value.message)

    thread = threading.Thread(target=ask)
    thread.start()
    deadline = time.monotonic() + 20
    while not reader._processes:
        assert time.monotonic() < deadline
        thread.join(0.01)
    reader.close()
    thread.join(20)
    assert not thread.is_alive()
    assert "died" in errors[0]
    with pytest.raises(RequestError, match="closing"):
        reader.ask("chatter", config, RunningRequest())
