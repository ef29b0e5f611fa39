from __future__ import annotations

import pytest

from brayns_widget.service.renderer import memory
from brayns_widget.service.renderer.memory import PRIMITIVE_BYTES, STRUCTURE_BYTES, Allowance, Budget


@pytest.mark.parametrize(
    ("text", "size"), [("100", 100), ("4K", 4096), ("1.5g", 3 << 29), ("2 GiB", 2 << 30), ("7MB", 7 << 20)]
)
def test_sizes_are_read(text: str, size: int):
    assert memory.parse_size(text) == size


@pytest.mark.parametrize("text", ["", "0", "-1G", "1P", "much", "nan", "1e9", "9" * 400 + "T"])
def test_what_is_no_size_is_refused(text: str):
    with pytest.raises(ValueError, match="is not a memory size"):
        memory.parse_size(text)


def test_sizes_are_written_for_people():
    assert [memory.format_size(size) for size in (12, 3 << 20, 5 << 29)] == ["12 bytes", "3.0 MB", "2.5 GB"]


def test_what_the_scene_holds_counts(monkeypatch: pytest.MonkeyPatch):
    held = 1000
    left = 50 * PRIMITIVE_BYTES
    stated = Budget(held * (PRIMITIVE_BYTES + STRUCTURE_BYTES) + left).allowance(held)
    assert stated.fits(50)
    assert not stated.fits(51)
    monkeypatch.setattr(memory, "available", lambda: 2 * (held * STRUCTURE_BYTES + left))
    derived = Budget().allowance(held)
    assert derived.fits(50)
    assert not derived.fits(51)


def test_what_was_taken_is_gone():
    allowed = Allowance(10 * PRIMITIVE_BYTES)
    allowed.take(6)
    assert allowed.fits(4)
    assert not allowed.fits(5)


def test_only_the_block_is_limited():
    with memory.allowing(Allowance(0)):
        assert not memory.allowance().fits(1)
    assert memory.allowance().fits(1 << 60)


def test_the_command_line_comes_before_the_environment(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv(memory.VARIABLE, "1M")
    assert Budget.from_environment().allowance(0).budget == "1.0 MB"
    assert Budget.from_environment("2M").allowance(0).budget == "2.0 MB"
    monkeypatch.delenv(memory.VARIABLE)
    assert "half of what is available" in Budget.from_environment().allowance(0).budget
