"""A thousand damaged circuits: refused with a file's name or shown, by the backend and by the renderer's loader."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT

COUNT = 250
SLOWEST = 10.0  # seconds


@pytest.mark.timeout(120)
@pytest.mark.parametrize("seed", range(4))
def test_damaged_circuits_are_shown_or_refused(tmp_path: Path, seed: int):
    command = [sys.executable, "-m", "tests.service.damaged", str(seed), str(COUNT), str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=110)
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 0, (lines[-1:], done.stderr)
    damages, results = lines[::2], lines[1::2]
    assert len(damages) == len(results) == COUNT
    for damage, result in zip(damages, results, strict=True):
        assert not result["fault"], (damage, result["fault"])
        assert result["took"] < SLOWEST, damage
        for message in result["refused"]:
            assert str(tmp_path) in message, (damage, message)
            assert "\n" not in message, (damage, message)
    refused = sum(bool(result["refused"]) for result in results)
    assert COUNT / 5 < refused < COUNT
