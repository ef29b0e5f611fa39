from __future__ import annotations

from pathlib import Path

import pytest

from brayns_widget.service import control_groups
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


def groups(folder: Path, monkeypatch: pytest.MonkeyPatch, line: str) -> None:
    (folder / "process").write_text(line)
    monkeypatch.setattr(control_groups, "_PROCESS_GROUPS", folder / "process")
    monkeypatch.setattr(control_groups, "_GROUPS", folder)


def test_control_groups_limit_what_is_available(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    groups(tmp_path, monkeypatch, "0::/outer/inner\n")
    inner = tmp_path / "outer/inner"
    inner.mkdir(parents=True)
    (inner / "memory.max").write_text("max\n")
    (inner / "memory.current").write_text("5000\n")
    for name, text in {"max": "9000", "current": "7000", "stat": "anon 6000\ninactive_file 300\n"}.items():
        (tmp_path / "outer" / f"memory.{name}").write_text(text)
    assert memory.available() == 9000 - 7000 + 300  # what files hold is given back when it is needed


def test_control_groups_of_version_1_limit_it_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    groups(tmp_path, monkeypatch, "9:cpu:/\n4:memory:/job\n0::/\n")
    job = tmp_path / "memory/job"
    job.mkdir(parents=True)
    (job / "memory.limit_in_bytes").write_text("4000")
    (job / "memory.usage_in_bytes").write_text("3000")
    (job / "memory.stat").write_text("inactive_file 1\ntotal_inactive_file 50\n")
    assert memory.available() == 1050


def test_without_control_groups_the_machine_is_the_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(control_groups, "_PROCESS_GROUPS", tmp_path / "missing")
    assert memory.available() > 1 << 20
