from __future__ import annotations

import logging
import threading
from typing import Any

import pytest

from brayns_widget.notebook.writer import TraitWriter


class _Widget:
    def __init__(self) -> None:
        self.writes: list[tuple[str, Any, bool]] = []
        self.written = threading.Semaphore(0)
        self.gate = threading.Event()
        self.gate.set()

    def write(self, name: str, value: Any, share: bool) -> None:
        assert self.gate.wait(5)
        self.writes.append((name, value, share))
        self.written.release()
        if value == "bad":
            raise ValueError("no such state")


def test_values_are_set_on_another_thread():
    widget = _Widget()
    writer = TraitWriter(widget.write)
    writer.put("status", 1, share=True)
    assert widget.written.acquire(timeout=5)
    assert widget.writes == [("status", 1, True)]
    assert not writer.is_current
    writer.close()


def test_only_the_newest_value_is_set_when_setting_is_slow():
    widget = _Widget()
    writer = TraitWriter(widget.write)
    widget.gate.clear()
    writer.put("camera", 0, share=False)
    for number in range(1, 1000):
        writer.put("camera", number, share=number == 999)
    writer.put("status", "ready", share=True)
    widget.gate.set()
    writer.close()
    assert widget.writes[-2:] == [("camera", 999, True), ("status", "ready", True)]
    assert len(widget.writes) <= 3


def test_a_value_that_cannot_be_set_does_not_end_the_thread(caplog):
    widget = _Widget()
    writer = TraitWriter(widget.write)
    with caplog.at_level(logging.ERROR):
        writer.put("status", "bad", share=True)
        assert widget.written.acquire(timeout=5)
        writer.put("status", "good", share=True)
        writer.close()
    assert widget.writes[-1] == ("status", "good", True)
    assert "'status'" in caplog.text


@pytest.mark.parametrize("values", [0, 3])
def test_closing_sets_what_is_left_and_ends_the_thread(values):
    widget = _Widget()
    writer = TraitWriter(widget.write)
    for number in range(values):
        writer.put(f"trait {number}", number, share=True)
    writer.close()
    assert len(widget.writes) == values
    assert not writer._thread.is_alive()
