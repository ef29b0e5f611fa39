from __future__ import annotations

import os
from pathlib import Path

import pytest

from brayns_widget.service import control_groups
from brayns_widget.service.cores import usable_cores

MACHINE = 8


@pytest.fixture
def groups(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine of eight cores; its control groups lie in this folder."""
    monkeypatch.setattr(os, "sched_getaffinity", lambda _process: set(range(MACHINE)), raising=False)
    monkeypatch.setattr(control_groups, "_PROCESS_GROUPS", tmp_path / "process")
    monkeypatch.setattr(control_groups, "_GROUPS", tmp_path)
    return tmp_path


def write(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)


def write_quota(folder: Path, quota: int, period: int = 100_000) -> None:
    write(folder / "cpu.cfs_quota_us", f"{quota}\n")
    write(folder / "cpu.cfs_period_us", f"{period}\n")


def test_without_control_groups_affinity_counts(groups: Path):
    assert not (groups / "process").exists()
    assert usable_cores() == MACHINE


def test_without_affinity_all_cores_count(groups: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delattr(os, "sched_getaffinity")
    monkeypatch.setattr(os, "cpu_count", lambda: 3)
    assert usable_cores() == 3
    monkeypatch.setattr(os, "cpu_count", lambda: None)
    assert usable_cores() == 1


@pytest.mark.parametrize(
    ("limit", "cores"),
    [
        ("max 100000", MACHINE),
        ("200000 100000", 2),
        ("150000 100000", 2),
        ("100000 100000", 1),
        ("10000 100000", 1),
        ("50000 10000", 5),
        ("9900000 100000", MACHINE),
        ("", MACHINE),
        ("100000 0", MACHINE),
    ],
)
def test_a_quota_counts(groups: Path, limit: str, cores: int):
    write(groups / "process", "0::/job\n")
    write(groups / "job/cpu.max", f"{limit}\n")
    assert usable_cores() == cores


@pytest.mark.parametrize(
    "limits", [("300000", "max", "max"), ("max", "300000", "400000"), ("500000", "400000", "300000")]
)
def test_the_smallest_quota_on_the_way_up_counts(groups: Path, limits: tuple[str, str, str]):
    write(groups / "process", "0::/outer/middle/inner\n")
    for folder, limit in zip(("outer", "outer/middle", "outer/middle/inner"), limits, strict=True):
        write(groups / folder / "cpu.max", f"{limit} 100000\n")
    write(groups / "other/cpu.max", "100000 100000\n")
    assert usable_cores() == 3


@pytest.mark.parametrize("mount", ["cpu", "cpu,cpuacct"])
def test_quotas_of_version_1_count(groups: Path, mount: str):
    write(groups / "process", "9:cpuset:/job\n4:cpu,cpuacct:/job/inner\n0::/\n")
    write_quota(groups / mount / "job", 250_000)
    write_quota(groups / mount / "job/inner", -1)
    write_quota(groups / "cpuset/job", 100_000)
    assert usable_cores() == 3


def test_in_a_container_the_outermost_folder_has_the_limit(groups: Path):
    """There the names of groups can be those of the machine, and the mount shows the container's only."""
    write(groups / "process", "4:cpu,cpuacct:/docker/0123abc\n0::/docker/0123abc\n")
    write_quota(groups / "cpu", 400_000)
    assert usable_cores() == 4
    write(groups / "cpu.max", "200000 100000\n")
    assert usable_cores() == 2


def test_affinity_counts_if_it_is_less(groups: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda _process: {5})
    write(groups / "process", "0::/job\n")
    write(groups / "job/cpu.max", "400000 100000\n")
    assert usable_cores() == 1
