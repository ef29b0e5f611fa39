"""The benchmarks of faults and of requests: they run, and find nothing that must not be."""

from __future__ import annotations

import asyncio
import json
import random
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks import rpc
from benchmarks.faults.cycles import Look, _compare
from benchmarks.faults.damaged import FORMATS
from benchmarks.faults.fuzz import Library, Values
from benchmarks.faults.place import Findings, from_inside, reader_died
from tests.conftest import ROOT

TIMEOUT_S = 240
BUSY = 2  # how much dearer everything may be where other tests run, too
LATER = 4  # how much later a kill may be told there, where one of three is enough to fail


def call(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=TIMEOUT_S, check=False)


def run(name: str, *options: str) -> subprocess.CompletedProcess[str]:
    return call("-m", "benchmarks", name, *options)


# Each part in a run of its own, as each may take minutes on a busy machine that has compiled no kernel yet.
@pytest.mark.timeout(TIMEOUT_S + 10)
def test_nothing_is_found_in_a_hundredth_of_the_damaged_files(tmp_path):
    pytest.importorskip("embreex", reason="needs the extra 'local'")
    done = run("faults", "--quick", "--only", "damaged", "--json", str(tmp_path / "damaged.json"))
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads((tmp_path / "damaged.json").read_text())["damaged"]
    assert set(found) >= set(FORMATS)
    assert all(found[name]["ends"]["shown"] >= 1 for name in FORMATS)


@pytest.mark.timeout(TIMEOUT_S + 10)
def test_nothing_is_found_in_a_hundredth_of_the_random_requests(tmp_path):
    pytest.importorskip("embreex", reason="needs the extra 'local'")
    done = run("faults", "--quick", "--only", "fuzz", "--json", str(tmp_path / "fuzz.json"))
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads((tmp_path / "fuzz.json").read_text())["fuzz"]
    assert sum(found["master"]["statuses"].values()) == found["master"]["requests"]
    assert sum(found["renderer"]["ends"].values()) == found["renderer"]["requests"]


@pytest.mark.timeout(TIMEOUT_S + 10)
def test_cycles_leave_nothing_behind(tmp_path):
    done = run("faults", "--quick", "--only", "cycles", "--json", str(tmp_path / "cycles.json"))
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads((tmp_path / "cycles.json").read_text())["cycles"]
    assert found["client"]["cycles"] == 12
    assert found["service"]["cycles"] == 4


@pytest.mark.timeout(TIMEOUT_S + 10)
def test_kills_end_in_typed_errors(tmp_path):
    pytest.importorskip("embreex", reason="needs the extra 'local'")
    patient = f"import sys; from benchmarks.faults import kills, main; kills.TOLD *= {LATER}; sys.exit(main())"
    options = ("--quick", "--only", "kills", "--json", str(tmp_path / "kills.json"))
    done = call("-c", patient, *options)
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads((tmp_path / "kills.json").read_text())["kills"]
    assert sum(found["servers"]["ends"].values()) == found["servers"]["kills"] == 3
    assert found["kernels"]["kills"] == 1


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


@pytest.mark.parametrize(
    "text",
    [
        "/a/b.h5 cannot be read: what reads it died with signal SIGSEGV; the last file that it opened is /a/b.h5",
        "/a/b.h5 cannot be read: what reads it died with code 1",
        "/a/b.h5 cannot be read: what reads it does not answer",
        "/a/b.h5 cannot be read: the library that reads it did not return within 55 s",
        "/a/b.h5 cannot be read: there was no progress within 600 s",
        "'/a/b.h5' could not be read: its reader died with code -11",
        "'/a/b.h5' could not be read within 60 s",
    ],
)
def test_readers_that_died_are_told_apart(text):
    error = {"code": -32603, "message": text}
    assert reader_died({"error": error})
    assert not from_inside({"error": error})
    assert not reader_died({"error": error | {"code": 1}})
    assert not reader_died({"error": error | {"message": "/a/b.h5 cannot be read: it is no HDF5 file"}})


def test_growth_is_measured_by_cycle():
    def look(kilobytes: float) -> Findings:
        looks = [Look(100 * number, 50 + number * 100 * kilobytes / 1024, 3, 2) for number in range(1, 11)]
        return _compare(looks, 1000, "the client")

    assert look(0.5).wrong == []
    assert look(0.5).figures["KB per cycle"] == 0.5
    assert look(4.0).wrong == ["the memory of the client grows by 4.0 KB per cycle"]


def test_random_values_name_files_that_exist(tmp_path):
    library = Library(tmp_path)
    values = Values(random.Random(1), library.files, library.NAMES)
    schema = {"type": "object", "properties": {"path": {"type": "string"}}, "required": ["path"]}
    paths = [value.get("path") for value in (values.fitting(schema) for _ in range(50)) if isinstance(value, dict)]
    assert sum(isinstance(path, str) and path in library.files for path in paths) > 25
    assert {load["loader_name"] for load in library.loads} == {kind.loader for kind in FORMATS.values()}
    assert all(Path(load["path"]).exists() for load in library.loads)


def test_requests_are_measured_on_all_ways(tmp_path):
    done = run("rpc", "--rounds", "3", "--requests", "50", "--json", str(tmp_path / "rpc.json"))
    assert done.returncode == 0, done.stderr
    figures = json.loads((tmp_path / "rpc.json").read_text())
    assert set(figures) == {"1 at a time", f"{rpc.TOGETHER} at a time"}
    for found in figures.values():
        assert set(found) == {"bare", "in turn", "at once"}
        assert found["bare"]["over bare"] == 0
        assert all(row["elapsed"] > 0 for row in found.values())


@pytest.mark.timeout(TIMEOUT_S)
def test_a_small_request_costs_little_beyond_its_socket():
    figures = asyncio.run(rpc.measure(rounds=7, count=500, together=rpc.TOGETHER))
    assert figures["at once"]["least over"] < BUSY * rpc.LIMIT
