"""Children that hang, crash and are stopped."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest

from brayns_widget.protocol.errors import INTERNAL_ERROR, INVALID_PARAMS, RequestError
from brayns_widget.service.backend.base import BaseDirectory
from brayns_widget.service.backend.reader import CircuitReader


@pytest.fixture
def config(tmp_path: Path) -> str:
    (tmp_path / "config.json").write_text("{}")
    return str(tmp_path / "config.json")


@pytest.fixture
def stubborn(tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parent))

    def make(deadline=30.0):
        return CircuitReader(BaseDirectory(tmp_path), deadline=deadline, module="stubborn_reader")

    return make


def test_it_answers(demo):
    reader = CircuitReader(BaseDirectory(demo))
    assert reader.ask("populations", str(demo / "circuit_config.json"))["populations"][0]["size"] == 4


def test_an_error_keeps_its_code(demo, tmp_path):
    with pytest.raises(RequestError, match="outside") as caught:
        CircuitReader(BaseDirectory(demo)).ask("populations", str(tmp_path))
    assert caught.value.code == INVALID_PARAMS
    (tmp_path / "config.json").write_text("[]")
    with pytest.raises(RequestError, match="no object") as caught:
        CircuitReader(BaseDirectory(tmp_path)).ask("populations", str(tmp_path / "config.json"))
    assert caught.value.code == INTERNAL_ERROR


def test_a_crash_is_an_error(stubborn, config):
    with pytest.raises(RequestError, match="died") as caught:
        stubborn().ask("crash", config)
    assert caught.value.code == INTERNAL_ERROR


def test_a_crash_before_all_parameters_are_read_is_an_error(stubborn, config):
    with pytest.raises(RequestError, match="died"):
        stubborn().fetch("crash", config, ids=list(range(200_000)))  # more than the pipe holds


def test_a_child_that_hangs_is_killed_at_the_deadline(stubborn, config):
    reader = stubborn(deadline=0.2)
    begin = time.monotonic()
    with pytest.raises(RequestError, match=r"within 0\.2 s") as caught:
        reader.ask("hang", config)
    assert caught.value.code == INTERNAL_ERROR
    assert time.monotonic() - begin < 10
    assert not reader._children


def test_noise_on_stderr_does_no_harm(stubborn, config):
    assert stubborn().ask("chatter", config) == 5


def test_close_stops_whoever_waits(stubborn, config):
    reader = stubborn()
    errors = []

    def ask():
        with pytest.raises(RequestError) as caught:
            reader.ask("hang", config)
        errors.append(caught.value.message)

    thread = threading.Thread(target=ask)
    thread.start()
    deadline = time.monotonic() + 20
    while not reader._children:
        assert time.monotonic() < deadline
        thread.join(0.01)
    reader.close()
    thread.join(20)
    assert not thread.is_alive()
    assert "died" in errors[0]
    with pytest.raises(RequestError, match="closing"):
        reader.ask("chatter", config)
