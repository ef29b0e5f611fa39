"""A thousand damaged circuits: refused with a file's name or shown, by the backend and by the renderer's loader."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ROOT

COUNT = 250
SLOWEST = 10.0  # seconds


@pytest.mark.timeout(120)
@pytest.mark.parametrize("seed", range(4))
def test_damaged_circuits_are_shown_or_refused(tmp_path: Path, seed: int):
    tried = list(variants(tmp_path, seed))
    for damage, result in tried:
        for message in result["refused"]:
            assert str(tmp_path) in message, (damage, message)
            assert "\n" not in message, (damage, message)
    refused = sum(bool(result["refused"]) for _damage, result in tried)
    assert COUNT / 5 < refused < COUNT


@pytest.mark.timeout(120)
def test_damaged_files_that_nobody_asks_for_stand_in_nobodys_way(tmp_path: Path):
    for damage, result in variants(tmp_path, 7, "unasked"):
        assert result["refused"] == [], damage


def variants(folder: Path, seed: int, *options: str) -> Iterator[tuple[Any, Any]]:
    """Try ``COUNT`` variants in a process of their own; yields each damage and what came of it."""
    command = [sys.executable, "-m", "tests.service.damaged", str(seed), str(COUNT), str(folder), *options]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=110)
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 0, (lines[-1:], done.stderr)
    damages, results = lines[::2], lines[1::2]
    assert len(damages) == len(results) == COUNT
    for damage, result in zip(damages, results, strict=True):
        assert not result["fault"], (damage, result["fault"])
        assert result["took"] < SLOWEST, damage
        yield damage, result
