"""What a process may take, and that it takes no more."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from brayns_widget.service import available_memory, control_groups


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
    assert available_memory.available() == 9000 - 7000 + 300  # what files hold is given back when it is needed


def test_control_groups_of_version_1_limit_it_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    groups(tmp_path, monkeypatch, "9:cpu:/\n4:memory:/job\n0::/\n")
    job = tmp_path / "memory/job"
    job.mkdir(parents=True)
    (job / "memory.limit_in_bytes").write_text("4000")
    (job / "memory.usage_in_bytes").write_text("3000")
    (job / "memory.stat").write_text("inactive_file 1\ntotal_inactive_file 50\n")
    assert available_memory.available() == 1050


def test_without_control_groups_the_machine_is_the_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(control_groups, "_PROCESS_GROUPS", tmp_path / "missing")
    assert available_memory.available() > 1 << 20


LIMITED = """
import numpy as np
from brayns_widget.service.available_memory import limit_data
limit_data(1 << 28)
try:
    np.ones(1 << 28)
except MemoryError:
    print("refused")
limit_data(1 << 32)
print(len(np.empty(1 << 28)))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux limits it")
def test_a_process_takes_no_more_memory_than_it_may():
    done = subprocess.run([sys.executable, "-c", LIMITED], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.split() == ["refused", str(1 << 28)]
