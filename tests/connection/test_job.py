from __future__ import annotations

import asyncio
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from brayns_widget.connection import job as job_module
from brayns_widget.connection.job import EndOfJob, Job, Place, _slave_address
from brayns_widget.connection.link import Link
from brayns_widget.connection.process import PROCESS
from brayns_widget.connection.tokens import Token
from brayns_widget.protocol.errors import (
    AllocationError,
    AuthError,
    BraynsWidgetError,
    ConnectionLost,
    DeadlineExceeded,
)
from tests.fakes import JOB_ID, TOKEN, FakeCluster

STOP = f"POST /stop/{JOB_ID}"


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch):
    monkeypatch.setattr(job_module, "CONNECT_PAUSE", 0.01)


@pytest.fixture
def cluster():
    with FakeCluster() as fake:
        yield fake


def place(cluster: FakeCluster, **changes: Any) -> Place:
    options: dict[str, Any] = {
        "master": cluster.master,
        "slave": cluster.slave,
        "token": Token(TOKEN),
        "usecase": "SBO1",
        "project": None,
        "base_directory": Path("/"),
    }
    return Place(**(options | changes))


async def start(where: Place, **options: Any) -> Job:
    defaults: dict[str, Any] = {"timeout": 10, "on_state": lambda *_: None, "on_lost": lambda _: None}
    return await Job.start(where, **(defaults | options))


def test_a_job_is_started_connected_and_stopped(cluster):
    states: list[str] = []

    async def main() -> None:
        job = await start(place(cluster), on_state=lambda state, _: states.append(state))
        assert (job.id, job.owned, job.end_time) == (JOB_ID, True, "2026-11-22T21:39:49")
        assert job.backend is not None
        await job.renderer.request("get-scene")
        await job.backend.request("version")
        await job.close()

    asyncio.run(main())
    assert states == ["starting", "queued", "starting", "starting"]
    assert cluster.paths()[-1] == STOP


def test_an_attached_job_is_not_started_and_not_stopped(cluster):
    async def main() -> None:
        job = await start(place(cluster), job_id=JOB_ID)
        assert not job.owned
        job.stop_blocking()
        await job.close()

    asyncio.run(main())
    assert not {"POST /start", STOP} & set(cluster.paths())


@pytest.mark.parametrize("job_id", ["unknown", ""])
def test_attaching_to_an_unknown_job_says_that_there_is_none(cluster, job_id):
    cluster.failures["/status"] = [(404, "")]
    with pytest.raises(AllocationError, match=f"There is no job '{job_id}' at http://"):
        asyncio.run(start(place(cluster), job_id=job_id))
    assert not {"POST /start", STOP} & set(cluster.paths())


def test_without_a_master_it_is_a_job_of_the_local_service(cluster, monkeypatch):
    asked: list[Path] = []

    async def local_service(base_directory: Path) -> Any:
        asked.append(base_directory)
        return SimpleNamespace(master=cluster.master, slave=cluster.slave, token=Token(cluster.token), child=None)

    async def main() -> None:
        # The token of the place is for remote masters only.
        job = await start(place(cluster, master=None, slave=None, token=Token("other"), base_directory=Path("/data")))
        assert job.local
        await job.close()

    monkeypatch.setattr(PROCESS, "local_service", local_service)
    asyncio.run(main())
    assert asked == [Path("/data")]


def test_a_backend_that_goes_away_leaves_the_job_as_it_is(cluster):
    cluster.backend.cut.add("fs-get-root")
    lost: list[BraynsWidgetError] = []

    async def main() -> None:
        job = await start(place(cluster), on_lost=lost.append)
        assert job.backend is not None
        with pytest.raises(ConnectionLost):
            await job.backend.request("fs-get-root")
        await job.renderer.request("get-scene")
        await job.close()

    asyncio.run(main())
    assert lost == []


def test_a_job_without_backend_is_fine():
    async def main(cluster: FakeCluster) -> None:
        job = await start(place(cluster))
        assert job.backend is None
        await job.close()

    with FakeCluster(backend=False) as cluster:
        asyncio.run(main(cluster))


def test_the_2024_dialect_names_the_slave_itself_without_a_scheme():
    async def main(cluster: FakeCluster) -> None:
        job = await start(place(cluster, slave=None))
        await job.renderer.request("get-scene")
        await job.close()

    with FakeCluster(dialect="2024", backend=False) as cluster:
        asyncio.run(main(cluster))


@pytest.mark.parametrize("fault", ["status", "token", "renderer", "backend", "hang"])
def test_whatever_goes_wrong_what_was_started_is_stopped(cluster, fault):
    errors: dict[str, type[Exception]] = {
        "status": AllocationError,
        "token": AuthError,
        "renderer": ConnectionLost,
        "backend": ConnectionLost,
        "hang": DeadlineExceeded,
    }
    if fault == "status":
        cluster.failures["/status"] = [(404, "")]
    elif fault == "token":
        cluster.refuse["renderer"] = 401
    elif fault == "hang":
        cluster.renderer.silent.add("get-version")
    else:
        cluster.refuse[fault] = 500
    with pytest.raises(errors[fault]):
        asyncio.run(start(place(cluster), timeout=1))
    assert cluster.paths()[-1] == STOP


def test_a_renderer_that_never_answers_has_a_shorter_deadline_of_its_own(cluster, monkeypatch):
    monkeypatch.setattr(Link, "open", partial(Link.open, timeout=0.1))
    cluster.renderer.silent.add("get-version")
    with pytest.raises(DeadlineExceeded, match=r"The renderer did not answer within 0\.1 s"):
        asyncio.run(start(place(cluster)))
    assert cluster.paths()[-1] == STOP


def test_a_cancelled_start_stops_the_job(cluster):
    cluster.polls = 10**9

    async def main() -> None:
        queued = asyncio.Event()

        def on_state(state: str, _: str) -> None:
            if state == "queued":
                queued.set()

        starting = asyncio.create_task(start(place(cluster), on_state=on_state))
        await asyncio.wait_for(queued.wait(), 5)
        starting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await starting

    asyncio.run(main())
    assert cluster.paths()[-1] == STOP


def test_a_renderer_that_is_late_is_tried_again(cluster):
    cluster.refuse["renderer"] = 404

    async def main() -> None:
        starting = asyncio.create_task(start(place(cluster)))
        while not cluster.handshakes:  # noqa: ASYNC110 - made on another loop
            await asyncio.sleep(0.005)
        cluster.refuse.clear()
        await (await starting).close()

    asyncio.run(asyncio.wait_for(main(), 10))
    assert len(cluster.handshakes) >= 3


def test_a_job_that_cannot_be_stopped_is_closed_all_the_same(cluster):
    cluster.failures["/stop"] = [(500, "")]

    async def main() -> None:
        await (await start(place(cluster))).close()

    asyncio.run(main())
    assert cluster.paths()[-1] == STOP


@pytest.mark.parametrize(
    ("reason", "dialect", "text", "failed"),
    [
        (
            "the renderer was killed by signal 9\nlog",
            "2023",
            "The job has ended: the renderer was killed by signal 9.",
            True,
        ),
        ("", "2023", "The job has ended. It was to end at 2026-11-22T21:39:49.", False),
        ("", "2024", "The job has ended. It was to end at 2026-11-22T21:39:49.123456.", False),
    ],
)
def test_the_master_is_asked_why_a_job_ended(reason, dialect, text, failed):
    async def main(cluster: FakeCluster) -> None:
        job = await start(place(cluster))
        assert await job.look() is None
        cluster.over, cluster.reason = True, reason
        found = await job.look()
        assert found == EndOfJob(text, failed, reason.partition("\n")[2])
        await job.close()

    with FakeCluster(dialect=dialect) as cluster:
        asyncio.run(main(cluster))


@pytest.mark.parametrize("alive", [True, False])
def test_a_master_that_cannot_tell_is_no_verdict_unless_its_process_has_died(cluster, alive):
    async def main() -> None:
        job = await start(place(cluster))
        job._service = SimpleNamespace(alive=alive)  # type: ignore[assignment]
        cluster.failures["/status"] = [(400, "")]
        try:
            if alive:
                with pytest.raises(AllocationError):
                    await job.look()
            else:
                end = await job.look()
                assert end is not None
                assert end.failed
                assert "local service" in end.text
        finally:
            await job.close()

    asyncio.run(main())


@pytest.mark.parametrize(
    ("slave", "renderer_url", "address"),
    [
        ("wss://host/base/", "", "wss://host/base"),
        ("https://host", "", "wss://host"),
        ("http://127.0.0.1:80", "", "ws://127.0.0.1:80"),
        ("host:8888", "", "wss://host:8888"),
        (None, "localhost:8888/ID/renderer", "ws://localhost:8888"),
        (None, "wss://host/deep/ID/renderer", "wss://host/deep"),
        ("wss://host", "wss://other/ID/renderer", "wss://host"),
    ],
)
def test_addresses_of_slaves(slave, renderer_url, address):
    assert _slave_address(slave, renderer_url) == address


@pytest.mark.parametrize("slave", [None, "ftp://host", "wss://host/?token=canary", "wss://me:canary@host", "wss://"])
def test_addresses_that_are_none(slave):
    with pytest.raises(BraynsWidgetError) as caught:
        _slave_address(slave, "")
    assert "canary" not in str(caught.value)
