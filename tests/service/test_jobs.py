import socket
import sqlite3
import stat
import sys
from datetime import UTC, datetime, timedelta

import pytest

from brayns_widget.protocol.errors import ServiceError
from brayns_widget.service.jobs import JobStore, State


@pytest.fixture
def store():
    store = JobStore()
    yield store
    store.close()


def test_a_new_job_is_queued_and_found_again(store):
    job, new = store.add("SBO1")
    assert new
    assert job.state is State.QUEUED
    assert job.created.tzinfo is UTC
    assert store.get(job.id) == job
    assert store.get("another") is None


def test_the_same_key_finds_the_same_job(store):
    first, _ = store.add("SBO1", "my key")
    again, new = store.add("SBO1", "my key")
    other, _ = store.add("SBO1", "your key")
    assert (again, new) == (first, False)
    assert other.id != first.id


def test_jobs_without_a_key_are_all_different(store):
    assert store.add("SBO1")[0].id != store.add("SBO1")[0].id
    assert len(store.all()) == 2


def test_an_update_is_recorded_and_keeps_the_end_time(store):
    job, _ = store.add("SBO1")
    end = datetime(2030, 1, 1, 12, tzinfo=UTC)
    store.update(job, State.READY, end_time=end)
    store.update(store.get(job.id), State.FAILED, reason="boom")
    found = store.get(job.id)
    assert (found.state, found.reason, found.end_time) == (State.FAILED, "boom", end)
    assert store.unfinished() == []


def test_states_that_cannot_be_written_are_kept_until_they_can(tmp_path, caplog):
    path = str(tmp_path / "jobs.sqlite")
    store = JobStore(path)
    first, _ = store.add("SBO1", "key")
    store._database.execute("PRAGMA query_only = ON")  # each write fails, as on a full disk
    store.update(first, State.FAILED, reason="boom")
    assert "can't be written" in caplog.text
    for found in (store.get(first.id), store.all()[0], store.add("SBO1", "key")[0]):
        assert found
        assert (found.state, found.reason) == (State.FAILED, "boom")
    with pytest.raises(ServiceError, match="can't be recorded"):
        store.add("SBO1")
    store._database.execute("PRAGMA query_only = OFF")
    store.close()
    again = JobStore(path)
    assert [(job.state, job.reason) for job in again.all()] == [(State.FAILED, "boom")]
    again.close()


def test_status_speaks_the_contracts_dialect_and_ours(store):
    job, _ = store.add("SBO1")
    assert job.status() == {
        "job_running": False,
        "end_time": None,
        "brayns_started": False,
        "end_time_utc": None,
        "state": "queued",
        "reason": "",
        "host": socket.gethostname(),
    }
    end = datetime.now(UTC) + timedelta(hours=4)
    status = store.update(job, State.READY, end_time=end).status()
    assert (status["job_running"], status["brayns_started"]) == (True, True)
    assert datetime.fromisoformat(status["end_time"]) == end.astimezone().replace(tzinfo=None, microsecond=0)
    assert datetime.fromisoformat(status["end_time_utc"]) == end.replace(microsecond=0)


@pytest.mark.parametrize("state", [State.ENDED, State.FAILED])
def test_a_job_that_is_over_runs_no_more_and_says_why(store, state):
    job, _ = store.add("SBO1")
    status = store.update(job, state, reason="because", end_time=datetime.now(UTC)).status()
    assert (status["job_running"], status["brayns_started"], status["end_time"]) == (False, False, None)
    assert (status["state"], status["reason"]) == (state.value, "because")


def test_records_outlive_the_store(tmp_path):
    path = str(tmp_path / "jobs.sqlite")
    first = JobStore(path)
    job, _ = first.add("SBO1", "key")
    first.close()
    second = JobStore(path)
    assert second.get(job.id) == job
    assert second.add("SBO1", "key") == (job, False)
    second.close()


@pytest.mark.skipif(sys.platform == "win32", reason="files have no modes there")
def test_nobody_else_reads_the_records(tmp_path):
    store = JobStore(str(tmp_path / "jobs.db"))
    store.add("SBO1")
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()}
    store.close()
    assert modes == {"jobs.db": 0o600, "jobs.db-wal": 0o600}


def test_a_file_belongs_to_one_service(tmp_path):
    path = str(tmp_path / "jobs.sqlite")
    first = JobStore(path)
    with pytest.raises(ServiceError, match="Another service"):
        JobStore(path)
    first.close()


def test_what_is_no_record_of_ours_is_refused_and_left_alone(tmp_path):
    text = tmp_path / "text"
    text.write_text("this is no database, but long enough to look at " * 50)
    before = text.read_bytes()
    with pytest.raises(ServiceError, match="can't be used"):
        JobStore(str(text))
    assert text.read_bytes() == before
    with pytest.raises(ServiceError, match="can't be opened"):
        JobStore(str(tmp_path / "missing" / "jobs.sqlite"))


def test_a_later_layout_is_refused(tmp_path):
    path = str(tmp_path / "jobs.sqlite")
    later = sqlite3.connect(path)
    later.execute("PRAGMA user_version = 99")
    later.close()
    with pytest.raises(ServiceError, match="layout 99"):
        JobStore(path)
