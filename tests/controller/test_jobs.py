from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace

import pytest

from brayns_widget.connection import records
from brayns_widget.controller.controller import Controller
from brayns_widget.controller.jobs import StartedJobs
from brayns_widget.protocol.errors import AllocationError, BraynsWidgetError
from tests.fakes import JOB_ID, TOKEN, FakeCluster

STOP = f"POST /stop/{JOB_ID}"
CRASH = """
import os, sys
from brayns_widget import Controller
Controller(master=sys.argv[1], slave=sys.argv[2], token=sys.argv[3]).start().result(20)
os._exit(9)
"""


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv(records.FOLDER_VARIABLE, str(tmp_path / "jobs"))


@pytest.fixture
def cluster():
    with FakeCluster() as fake:
        yield fake


def record(cluster: FakeCluster, **changes: object) -> records.Record:
    made = records.Record.new(cluster.master, JOB_ID, cluster.slave, "SBO1", None)
    one = replace(made, **changes)  # type: ignore[arg-type]
    records.write(one)
    return one


def test_the_job_of_a_process_that_crashed_is_found_attached_to_and_stopped(cluster):
    environment = os.environ | {"JPY_SESSION_NAME": "cells.ipynb"}
    command = [sys.executable, "-c", CRASH, cluster.master, cluster.slave, cluster.token]
    assert subprocess.run(command, env=environment, timeout=60, check=False).returncode == 9
    assert STOP not in cluster.paths()
    (job,) = Controller.jobs(token=TOKEN)
    assert (job.id, job.state, job.end_time) == (JOB_ID, "ready", "2026-11-22T21:39:49")
    assert job.owner.startswith("cells.ipynb on ")
    with job.attach(start_timeout=20) as controller:
        controller.start().result(20)
        assert controller.job.id == JOB_ID
        assert list(controller.models) == []
    assert STOP not in cluster.paths()  # what was attached to is left
    job.stop()
    assert STOP in cluster.paths()
    assert Controller.jobs(token=TOKEN) == []


def test_jobs_are_shown_one_on_a_line_without_a_token(cluster):
    one = record(cluster, notebook="cells.ipynb", project="proj7", host="node1")
    records.write(replace(one, job_id="other"))
    cluster.polls = 0
    (job,) = jobs = Controller.jobs(cluster.master, token=TOKEN)  # the other is unknown, so it is over
    text = repr(jobs)
    assert text == repr(job)
    assert text.startswith(f"<Job {JOB_ID} at {cluster.master}: ready, SBO1, proj7, started 20")
    assert text.endswith(" by cells.ipynb on node1, ends 2026-11-22T21:39:49>")
    assert TOKEN not in text
    assert repr(StartedJobs()) == "No job that was started from here is known to run."
    assert len(records.read_all()) == 1


@pytest.mark.parametrize(
    ("asked", "ready", "state"),
    [(0, False, "queued"), (1, False, "starting"), (0, True, None), (1, True, "starting")],
)
def test_states_are_those_of_the_master(cluster, asked, ready, state):
    record(cluster, ready=ready)
    cluster.polls, cluster._asked = 3, asked
    assert [job.state for job in Controller.jobs(token=TOKEN)] == ([state] if state else [])


def test_jobs_of_a_master_that_cannot_tell_are_shown_until_they_expire(cluster):
    record(cluster, end_time="2999-01-01T00:00:00")
    (job,) = Controller.jobs(token="wrong")
    assert job.state == "unknown"
    assert "HTTP 401" in job.detail
    assert "wrong" not in repr(job).replace("wrong or expired", "")
    record(cluster, end_time="2026-11-22T21:39:49")
    assert Controller.jobs(token="wrong") == []
    assert records.read_all() == []


def test_a_token_is_sent_to_one_master_only(cluster):
    one = record(cluster)
    records.write(replace(one, master="https://elsewhere.example.org"))
    jobs = Controller.jobs(token=TOKEN)
    assert [job.state for job in jobs] == ["unknown", "unknown"]
    for job in jobs:
        for use in (job.stop, job.attach):
            with pytest.raises(AllocationError, match=f"No token is known to be for {job.record.master}"):
                use()
    assert cluster.calls == []
    assert [job.state for job in Controller.jobs(f"{cluster.master}/", token=TOKEN)] == ["queued"]
    (here,) = (job for job in jobs if job.record.master == cluster.master)
    with here.attach(token=TOKEN) as controller:  # given for this one
        controller.start().result(20)


def test_jobs_whose_masters_are_never_asked_go_when_their_time_is_over(cluster):
    one = record(cluster)
    records.write(replace(one, master="https://a.example.org", end_time="2026-11-22T21:39:49"))
    records.write(replace(one, master="https://b.example.org", started="2026-10-01T00:00:00+00:00"))
    records.write(replace(one, master="https://c.example.org"))
    masters = {job.record.master for job in Controller.jobs(token=TOKEN)}
    assert masters == {record.master for record in records.read_all()} == {cluster.master, "https://c.example.org"}


def test_a_job_of_a_master_without_a_stop_quits(cluster):
    cluster.stops, cluster.polls = False, 0
    record(cluster, slave=None)
    (job,) = Controller.jobs(slave=cluster.slave, token=TOKEN)
    job.stop()
    assert cluster.renderer.methods()[-1] == "quit"
    assert records.read_all() == []


def test_a_job_that_cannot_be_stopped_says_so_and_is_kept(cluster):
    cluster.stops, cluster.polls = False, 100
    record(cluster)
    (job,) = Controller.jobs(token=TOKEN)
    with pytest.raises(AllocationError, match=f"The job {JOB_ID} .* may run on"):
        job.stop()
    assert len(records.read_all()) == 1


def test_an_address_with_a_credential_is_refused():
    with pytest.raises(BraynsWidgetError) as caught:
        Controller.jobs("https://me:canary@host", token=TOKEN)
    assert "canary" not in str(caught.value)
