"""The list of one's jobs, as a page gets it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from brayns_widget.connection import records
from brayns_widget.controller import listing
from brayns_widget.controller.controller import Controller
from brayns_widget.controller.jobs import StartedJob
from brayns_widget.protocol.errors import AllocationError
from tests.controller.scenes import WAIT
from tests.fakes import JOB_ID, TOKEN, FakeCluster

STOP = f"POST /stop/{JOB_ID}"
OTHER = "http://127.0.0.1:9/other"


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv(records.FOLDER_VARIABLE, str(tmp_path / "jobs"))
    monkeypatch.delenv("BRAYNS_WIDGET_TOKEN", raising=False)


@pytest.fixture
def cluster():
    with FakeCluster(polls=0, dialect="2024") as fake:
        yield fake


def record(cluster: FakeCluster, **changes: object) -> None:
    made = records.Record.new(cluster.master, JOB_ID, cluster.slave, "SBO1", "proj1")
    records.write(replace(made, **changes))  # type: ignore[arg-type]


def test_jobs_of_the_present_master_are_asked_with_its_token_and_others_are_not(cluster):
    record(cluster)
    record(cluster, master=OTHER, job_id="77")
    with Controller(**cluster.options) as controller:
        first, second = controller.job.list()
    assert (first.id, first.state, first.is_present, first.slave) == (JOB_ID, "ready", False, cluster.slave)
    assert first.owner == "this kernel"
    assert first.started > 1.7e9
    assert (second.id, second.master, second.state, second.project) == ("77", OTHER, "unknown", "proj1")
    assert "when you are connected to it" in second.detail


def test_jobs_of_other_masters_go_when_their_time_is_over(cluster):
    record(cluster, master=OTHER, end_time="2026-11-22T21:39:49")
    with Controller(**cluster.options) as controller:
        assert controller.job.list() == ()
    assert records.read_all() == []


def test_a_single_master_is_asked_with_the_token_of_the_environment(cluster, monkeypatch):
    record(cluster)
    monkeypatch.setenv("BRAYNS_WIDGET_TOKEN", TOKEN)
    with Controller() as controller:
        (entry,) = controller.job.list()
    assert entry.state == "ready"


def test_the_job_that_is_used_is_told(cluster):
    with Controller(**cluster.options) as controller:
        controller.start().result(WAIT)
        (entry,) = controller.job.list()
        assert entry.is_present


def test_one_is_attached_to_and_left_running(cluster):
    record(cluster)
    with Controller(**cluster.options) as controller:
        controller.job.list()
        controller.job.attach(f"{cluster.master}/", JOB_ID).result(WAIT)
        assert (controller.job.id, controller.state.job.attached, controller.state.job.project) == (
            JOB_ID,
            True,
            "proj1",
        )
    assert not [path for path in cluster.paths() if path.startswith("POST")]


def test_a_token_is_not_sent_to_another_master(cluster, monkeypatch):
    monkeypatch.setenv("BRAYNS_WIDGET_TOKEN", "of another, too")
    record(cluster)
    with FakeCluster(polls=0) as other, Controller(**(other.options | {"token": "of another"})) as controller:
        controller.job.list()
        for use in (controller.job.end, lambda *job: controller.job.attach(*job).result(WAIT)):
            with pytest.raises(AllocationError, match=f"No token for {cluster.master} is known here"):
                use(cluster.master, JOB_ID)
    assert cluster.paths() == []


def test_one_is_ended(cluster):
    record(cluster)
    with Controller(**cluster.options) as controller:
        controller.job.list()
        controller.job.end(cluster.master, JOB_ID)
        assert STOP in cluster.paths()
        assert controller.job.list() == ()


def test_what_is_not_in_the_list_is_refused(controller):
    with pytest.raises(AllocationError, match="There is no job '8' of http://h in the list"):
        controller.job.end("http://h", "8")
    with pytest.raises(AllocationError, match="in the list"):
        controller.job.attach("http://h", "8").result(WAIT)


def test_the_present_job_comes_first(cluster, monkeypatch):
    async def find(master: str, *_: object) -> list[StartedJob]:
        made = [records.Record.new(master, job_id, None, "SBO1", None) for job_id in ("76", JOB_ID)]
        return [StartedJob(one, "ready", None, "") for one in made]

    monkeypatch.setattr(listing, "find_jobs", find)
    record(cluster)
    with Controller(**cluster.options) as controller:
        controller.start().result(WAIT)
        assert [entry.id for entry in controller.job.list()] == [JOB_ID, "76"]
