"""The benchmarks of faults and of requests: they run, and find nothing that must not be."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from benchmarks.faults.damaged import FORMATS
from benchmarks.faults.place import Findings, from_inside
from tests.conftest import ROOT

TIMEOUT_S = 240


def run(name: str, *options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "benchmarks", name, *options]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=TIMEOUT_S, check=False)


@pytest.mark.timeout(TIMEOUT_S + 10)
def test_nothing_is_found_in_a_hundredth_of_the_work(tmp_path):
    pytest.importorskip("embreex", reason="needs the extra 'local'")
    done = run("faults", "--quick", "--only", "fuzz", "--only", "damaged", "--json", str(tmp_path / "faults.json"))
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads((tmp_path / "faults.json").read_text())
    assert set(found) == {"fuzz", "damaged"}
    assert set(found["damaged"]) >= set(FORMATS)
    assert all(found["damaged"][name]["ends"]["shown"] >= 1 for name in FORMATS)
    assert sum(found["fuzz"]["master"]["statuses"].values()) == found["fuzz"]["master"]["requests"]
    assert sum(found["fuzz"]["renderer"]["ends"].values()) == found["fuzz"]["renderer"]["requests"]


def test_findings_and_errors_from_inside_are_told_apart():
    found = Findings()
    found.expect(1, "one")
    found.expect([], "two")
    assert found.wrong == ["two"]
    error = {"code": -32603, "message": "ZeroDivisionError: division by zero"}
    assert from_inside({"error": error})
    assert not from_inside({"error": error | {"code": -32602}})
    assert not from_inside({"error": error | {"message": "The file cannot be read"}})
    assert not from_inside({"result": 1})


def test_requests_are_measured_on_all_ways(tmp_path):
    done = run("rpc", "--rounds", "3", "--requests", "50", "--json", str(tmp_path / "rpc.json"))
    assert done.returncode == 0, done.stderr
    found = json.loads((tmp_path / "rpc.json").read_text())
    assert set(found) == {"bare", "in turn", "at once"}
    assert found["bare"]["over bare"] == 0
    assert all(row["elapsed"] > 0 for row in found.values())
