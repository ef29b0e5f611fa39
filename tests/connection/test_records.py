from __future__ import annotations

import json
import os
import socket
import stat
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brayns_widget.connection import records
from brayns_widget.connection.records import FOLDER_VARIABLE, Record


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    path = tmp_path / "data" / "jobs"
    monkeypatch.setenv(FOLDER_VARIABLE, str(path))
    return path


def record(job_id: str = "7", **changes: object) -> Record:
    made = Record.new("https://host/master", job_id, "wss://host/slave", "SBO1", "proj")
    return replace(made, **changes)  # type: ignore[arg-type]


def test_a_record_is_written_replaced_and_removed(folder):
    assert records.read_all() == []
    first, other = record(), record("../../8 ?")
    for one in (first, other):
        records.write(one)
    ready = replace(first, ready=True, end_time="2026-12-01T00:00:00")
    records.write(ready)
    assert records.read_all() == sorted([ready, other], key=lambda one: (one.started, one.job_id))
    assert len(list(folder.iterdir())) == 2  # nothing of the writing is left
    records.remove(ready)
    records.remove(ready)
    assert records.read_all() == [other]


def test_it_says_who_has_started_the_job(monkeypatch):
    monkeypatch.setenv("JPY_SESSION_NAME", "/home/me/cells.ipynb")
    one = record()
    assert one.is_own
    assert (one.notebook, one.process, one.host) == ("/home/me/cells.ipynb", os.getpid(), socket.gethostname())
    assert not replace(one, process=one.process + 1).is_own
    assert not replace(one, host="other").is_own


@pytest.mark.skipif(os.name == "nt", reason="Windows has other rights")
def test_only_the_user_can_read_it(folder):
    records.write(record())
    (path,) = folder.iterdir()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"\xff",
        b"[" * 60000,
        b'{"layout": 1}',
        b'{"layout": 2, "job_id": "8"}',
        b"x" * 100_000,
    ],
)
def test_what_is_no_record_is_left_out_and_left_alone(folder, content):
    records.write(record())
    (folder / "other.json").write_bytes(content)
    assert [one.job_id for one in records.read_all()] == ["7"]
    assert (folder / "other.json").read_bytes() == content


@given(name=st.sampled_from(sorted(record().__slots__)), value=st.none() | st.integers() | st.lists(st.none()))
def test_a_record_with_a_value_of_another_kind_is_none(name, value):
    path = records.folder() / "x.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    one = record()
    content = {key: getattr(one, key) for key in one.__slots__} | {"layout": 1, name: value}
    path.write_text(json.dumps(content), encoding="utf-8")
    optional = name in {"slave", "project", "end_time"} and value is None
    number = name == "process" and isinstance(value, int)
    assert bool(records.read_all()) is (optional or number)


def test_it_expires_a_day_after_its_end_or_a_month_after_its_start():
    now = datetime.now(UTC)
    naive = now.replace(tzinfo=None)
    assert not record(end_time=(naive - timedelta(hours=14)).isoformat()).expired(now)  # in some zone it is to come
    assert record(end_time=(naive - timedelta(hours=25)).isoformat()).expired(now)
    assert record(end_time=(now - timedelta(hours=25)).isoformat()).expired(now)
    for unknown in (None, "soon", "9999-12-31T23:59:59"):
        assert not record(end_time=unknown).expired(now + timedelta(days=29))
        assert record(end_time=unknown).expired(now + timedelta(days=31))


def test_a_record_that_cannot_be_written_leaves_nothing(folder, monkeypatch):
    def full(*_: object) -> None:
        raise OSError("no space")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(OSError, match="no space"):
        records.write(record())
    assert list(folder.iterdir()) == []


def test_many_processes_write_at_once(folder):
    code = (
        "import sys; from brayns_widget.connection import records as r\n"
        "for n in range(50):\n"
        "    r.write(r.Record.new('https://host', 'shared', None, 'SBO1', None))\n"
        "    r.write(r.Record.new('https://host', f'{sys.argv[1]}-{n % 5}', None, 'SBO1', None))\n"
    )
    writers = [subprocess.Popen([sys.executable, "-c", code, str(number)]) for number in range(3)]
    while any(writer.poll() is None for writer in writers):
        records.read_all()  # whatever is there can be read
    assert [writer.returncode for writer in writers] == [0, 0, 0]
    assert len(records.read_all()) == 16


def test_by_default_it_is_the_users_data_folder(monkeypatch):
    monkeypatch.delenv(FOLDER_VARIABLE)
    assert records.folder().parts[-2:] == ("brayns-widget", "jobs")
