"""One job against a fake cluster, from its start to its end.

More than 600 lines, because all tests begin a job in the same ways and look at what the fake cluster was asked.
"""

from __future__ import annotations

import asyncio
import socket
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from brayns_widget.connection import job as job_module
from brayns_widget.connection import master as master_module
from brayns_widget.connection import records, stopping
from brayns_widget.connection.job import EndOfJob, Job
from brayns_widget.connection.job_status import NoVerdict
from brayns_widget.connection.link import Link
from brayns_widget.connection.master import MasterClient
from brayns_widget.connection.place import Place
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
def short_pauses(monkeypatch, tmp_path):
    monkeypatch.setenv(records.FOLDER_VARIABLE, str(tmp_path / "jobs"))
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
        assert job.unfinished() == ""
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
        cluster.renderer.silent.add("cancel")
    else:
        cluster.refuse[fault] = 400
    with pytest.raises(errors[fault]):
        asyncio.run(start(place(cluster), timeout=1))
    assert cluster.paths()[-1] == STOP


@pytest.mark.parametrize("fault", ["silent", "silent for longer than the start", "refusal"])
def test_a_backend_that_does_not_answer_costs_no_job(cluster, monkeypatch, fault):
    if fault == "silent":
        monkeypatch.setattr(job_module, "BACKEND_PATIENCE", 0.2)
    if fault == "refusal":
        cluster.backend.errors["version"] = (-32603, "no")
    else:
        cluster.backend.silent.add("version")

    async def main() -> None:
        job = await start(place(cluster), timeout=1.0 if "longer" in fault else 10.0)
        assert job.backend is None
        assert ("did not answer within 0." if "silent" in fault else "no") in str(job.backend_away)
        await job.renderer.request("get-scene")
        assert STOP not in cluster.paths()
        await job.close()

    asyncio.run(main())


def test_a_renderer_that_never_answers_has_a_shorter_deadline_of_its_own(cluster, monkeypatch):
    monkeypatch.setattr(Link, "open", partial(Link.open, timeout=0.1))
    cluster.renderer.silent.add("cancel")
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


# ---------------------------------------------------------------------- the end of a job


def close(cluster: FakeCluster, **changes: Any) -> None:
    async def main() -> None:
        await (await start(place(cluster, **changes))).close()

    asyncio.run(main())


def test_a_master_that_cannot_stop_has_the_servers_quit(cluster, caplog):
    cluster.stops = False
    close(cluster)
    assert cluster.renderer.methods()[-1] == cluster.backend.methods()[-1] == "quit"
    assert caplog.messages == []
    assert records.read_all() == []


@pytest.mark.parametrize("fault", ["silent", "cut", "error"])
def test_servers_that_do_not_quit_are_told_with_id_and_end_time(cluster, caplog, monkeypatch, fault):
    monkeypatch.setattr(stopping, "QUIT_DEADLINE", 0.2)
    cluster.stops = False
    if fault == "silent":
        cluster.renderer.silent.add("quit")
    elif fault == "cut":  # it is gone, as far as anybody knows
        cluster.renderer.cut.add("quit")
    else:
        cluster.renderer.errors["quit"] = (-32601, "Method not found")
    close(cluster)
    expected = (
        f"The job {JOB_ID} of {cluster.master} may run on, until 2026-11-22T21:39:49 (the master's time): its master "
        "has no call to stop it. Its renderer did not quit either."
    )
    assert caplog.messages == ([] if fault == "cut" else [expected])
    assert [record.job_id for record in records.read_all()] == ([] if fault == "cut" else [JOB_ID])


def test_a_token_that_is_refused_at_the_end_is_told_and_the_servers_quit(cluster, caplog):
    cluster.failures["/stop"] = [(401, "Invalid Keycloak token")]
    close(cluster)
    assert cluster.renderer.methods()[-1] == "quit"
    (text,) = caplog.messages
    assert JOB_ID in text
    assert "Invalid Keycloak token" in text
    assert text.endswith("Its servers have quit.")
    assert TOKEN not in text
    assert len(records.read_all()) == 1


def test_a_master_that_is_gone_is_told_and_the_servers_quit(cluster, caplog, monkeypatch):
    monkeypatch.setattr("brayns_widget.connection.master.STOP_AGAIN", 0.1)

    async def main() -> None:
        job = await start(place(cluster))
        with socket.create_server(("127.0.0.1", 0)) as server:
            job._master.url = f"http://127.0.0.1:{server.getsockname()[1]}"
        await job.close()

    asyncio.run(main())
    assert cluster.renderer.methods()[-1] == "quit"
    assert "cannot be reached" in caplog.text


def test_a_server_whose_link_is_lost_is_reached_again_to_quit(cluster, caplog):
    cluster.stops = False

    async def main() -> None:
        job = await start(place(cluster))
        cluster.renderer.cut.add("get-scene")
        with pytest.raises(ConnectionLost):
            await job.renderer.request("get-scene")
        await job.close()

    asyncio.run(main())
    assert cluster.renderer.methods()[-1] == "quit"
    assert caplog.messages == []


def test_a_job_that_has_ended_by_itself_is_not_told(cluster, caplog):
    cluster.stops = False

    async def main() -> None:
        job = await start(place(cluster))
        cluster.kill_renderer()
        async with asyncio.timeout(5):
            while job.renderer.closed is None:  # noqa: ASYNC110 - no event to wait for
                await asyncio.sleep(0.005)
        assert job.backend is not None
        await job.backend.close()
        await job.close()

    asyncio.run(main())
    assert caplog.messages == []
    assert records.read_all() == []


def test_a_job_that_is_kept_is_neither_stopped_nor_forgotten(cluster):
    async def main() -> None:
        await (await start(place(cluster))).close(stop=False)

    asyncio.run(main())
    assert cluster.paths()[-1] == f"POST /lease/{JOB_ID}"
    (record,) = records.read_all()
    assert (record.master, record.job_id, record.ready) == (cluster.master, JOB_ID, True)


def test_a_master_that_does_not_agree_to_keep_a_job_is_told_of(cluster, caplog):
    cluster.failures["/lease"] = [(400, "no")]

    async def main() -> str:
        return await (await start(place(cluster))).close(stop=False)

    told = asyncio.run(main())
    assert f"The job {JOB_ID} of {cluster.master} was to run on, but may end soon without clients." in told
    assert "HTTP 400, no" in told
    assert caplog.messages == [told]
    assert len(records.read_all()) == 1, "it may run on all the same"


def test_without_a_slave_nothing_is_started_where_the_master_does_not_tell_it(cluster):
    with pytest.raises(BraynsWidgetError, match=r"no job was started\. Pass slave="):
        asyncio.run(start(place(cluster, slave=None)))
    assert "POST /start" not in cluster.paths()


@pytest.mark.parametrize("options", [{"slave": None}, {}])
def test_a_master_that_is_away_holds_a_start_no_longer_than_its_deadline(cluster, options):
    cluster.failures["/status"] = [(502, "")] * 100
    job_id = None if options else JOB_ID
    with pytest.raises(DeadlineExceeded, match=r"did not (answer|tell) within 0\.3 s.*start_timeout"):
        asyncio.run(asyncio.wait_for(start(place(cluster, **options), job_id=job_id, timeout=0.3), 3))
    assert "POST /start" not in cluster.paths()


def test_a_start_that_is_cancelled_before_its_id_is_known_stops_the_job_when_it_appears(cluster):
    async def main() -> None:
        asked, answer = asyncio.Event(), asyncio.Event()
        real = MasterClient.start

        async def late(master: MasterClient, *what: Any, **options: Any) -> str:
            job_id = await real(master, *what, **options)
            asked.set()
            await answer.wait()
            return job_id

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(MasterClient, "start", late)
            patch.setattr(job_module, "GIVING_UP", 0.05)
            starting = asyncio.create_task(start(place(cluster)))
            await asyncio.wait_for(asked.wait(), 5)
            starting.cancel()
            with pytest.raises(asyncio.CancelledError):
                await starting  # it does not wait for the answer
            assert STOP not in cluster.paths()
            assert len(PROCESS._running) == 1  # the end of the process would tell
            answer.set()
            async with asyncio.timeout(5):
                while PROCESS._running:  # noqa: ASYNC110 - no event to wait for
                    await asyncio.sleep(0.005)
        assert cluster.paths()[-1] == STOP

    asyncio.run(main())


MAY_RUN_ON = "may run on: its master has no call to stop it. If it comes up within {} minutes, it is ended then."


def test_a_job_that_was_given_up_in_a_queue_without_a_stop_is_told_and_quits_when_it_comes_up(
    cluster, monkeypatch, caplog
):
    monkeypatch.setattr(job_module, "GIVEN_UP_PAUSE", 0.02)
    monkeypatch.setattr(job_module, "GIVING_UP", 5.0)  # on a busy machine, too
    cluster.stops = False
    cluster.polls = 10**9
    text = f"The job {JOB_ID} of {cluster.master} {MAY_RUN_ON.format(60)}"
    told: list[str] = []

    async def main() -> None:
        with pytest.raises(DeadlineExceeded, match=r"not ready within 0\.3 s") as caught:
            await start(place(cluster), timeout=0.3, on_left_behind=told.append)
        assert str(caught.value).endswith(text)
        assert "quit" not in cluster.renderer.methods()
        assert caplog.messages == told == [text]
        cluster.polls = 0
        async with asyncio.timeout(5):
            while PROCESS._running:  # noqa: ASYNC110 - no event to wait for
                await asyncio.sleep(0.005)

    asyncio.run(main())
    assert cluster.renderer.methods()[-1] == "quit"
    assert caplog.messages == told == [text]


def test_a_job_that_stays_in_a_queue_without_a_stop_is_told_once(cluster, monkeypatch, caplog):
    monkeypatch.setattr(job_module, "GIVEN_UP_WATCH", 0.1)
    monkeypatch.setattr(job_module, "GIVEN_UP_PAUSE", 0.02)
    cluster.stops = False
    cluster.polls = 10**9

    async def main() -> None:
        with pytest.raises(DeadlineExceeded):
            await start(place(cluster), timeout=0.1)
        async with asyncio.timeout(5):
            while PROCESS._running:  # noqa: ASYNC110 - no event to wait for
                await asyncio.sleep(0.005)

    asyncio.run(main())
    assert caplog.messages == [f"The job {JOB_ID} of {cluster.master} {MAY_RUN_ON.format(0)}"]


def test_a_job_that_was_given_up_and_whose_stop_is_refused_is_told(cluster, monkeypatch, caplog):
    cluster.failures["/stop"] = [(403, "no")]
    cluster.refuse["renderer"] = 401
    monkeypatch.setattr(job_module, "GIVEN_UP_WATCH", 0.0)
    monkeypatch.setattr(job_module, "GIVING_UP", 5.0)  # on a busy machine, too
    told: list[str] = []

    async def main() -> None:
        with pytest.raises(AuthError) as caught:
            await start(place(cluster), on_left_behind=told.append)
        assert f"The job {JOB_ID} of {cluster.master} may run on, until 2026-11-22T21:39:49" in caught.value.hint
        assert caught.value.hint.endswith(told[0])

    asyncio.run(main())
    assert caplog.messages == told


def test_a_start_that_fails_while_its_job_is_being_stopped_names_it(cluster, monkeypatch, caplog):
    monkeypatch.setattr(job_module, "GIVING_UP", 0.05)
    cluster.polls = 10**9
    real = MasterClient.stop

    async def main() -> None:
        go = asyncio.Event()

        async def late(master: MasterClient, job_id: str) -> bool:
            await go.wait()
            return await real(master, job_id)

        monkeypatch.setattr(MasterClient, "stop", late)
        with pytest.raises(DeadlineExceeded) as caught:
            await start(place(cluster), timeout=0.1)
        assert str(caught.value).endswith(f"The job {JOB_ID} of {cluster.master} is being ended.")
        go.set()
        async with asyncio.timeout(5):
            while PROCESS._running:  # noqa: ASYNC110 - no event to wait for
                await asyncio.sleep(0.005)

    asyncio.run(main())
    assert cluster.paths()[-1] == STOP
    assert caplog.messages == []


def test_a_start_whose_job_has_ended_names_none(cluster, monkeypatch):
    monkeypatch.setattr(job_module, "GIVING_UP", 5.0)  # on a busy machine, too
    cluster.polls = 10**9
    with pytest.raises(DeadlineExceeded) as caught:
        asyncio.run(start(place(cluster), timeout=0.1))
    assert cluster.paths()[-1] == STOP
    assert JOB_ID not in str(caught.value)


def test_records_that_cannot_be_written_cost_no_job(cluster, monkeypatch, tmp_path, caplog):
    (tmp_path / "file").touch()
    monkeypatch.setenv(records.FOLDER_VARIABLE, str(tmp_path / "file" / "jobs"))
    close(cluster)
    assert f"The job {JOB_ID} is not recorded" in caplog.text
    assert cluster.paths()[-1] == STOP


# ---------------------------------------------------------------------- why it ended


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


RUNNING = '{"job_running": true, "end_time": "2030-01-01T00:00:00", "brayns_started": false}'


def test_a_job_that_runs_without_being_ready_has_not_ended(cluster):
    async def main() -> None:
        job = await start(place(cluster))
        cluster.failures["/status"] = [(200, RUNNING)]
        assert await job.look() is None
        await job.close()

    asyncio.run(main())


LOST = (500, "Internal DB error (cannot retreive job)")


@pytest.mark.parametrize("between", ["the job is reached", "the master is away"])
def test_a_database_that_is_away_again_is_given_its_time_again(cluster, monkeypatch, between):
    monkeypatch.setattr(master_module, "STATUS_PAUSE", 0.001)
    monkeypatch.setattr(job_module, "AWAY", 0.2)

    async def main() -> None:
        job = await start(place(cluster))
        cluster.failures["/status"] = [LOST] * 4
        with pytest.raises(NoVerdict, match="database may be away"):
            await job.look()
        await asyncio.sleep(0.25)
        if between == "the job is reached":
            await job.renderer.close()
            await job.open_renderer()
        else:
            cluster.failures["/status"] = [(502, "")] * 4
            with pytest.raises(NoVerdict, match="HTTP 502"):
                await job.look()
        cluster.failures["/status"] = [LOST] * 1000
        with pytest.raises(NoVerdict, match="database may be away"):
            await job.look()
        await asyncio.sleep(0.25)
        assert await job.look() is not None
        await job.close()

    asyncio.run(main())


@pytest.mark.parametrize(("reason", "stops"), [("", 1), ("killed by signal 9", 0)])
def test_a_job_whose_end_was_a_guess_is_stopped_before_it_is_forgotten(cluster, reason, stops):
    async def main() -> None:
        job = await start(place(cluster))
        cluster.over, cluster.reason = True, reason
        assert await job.look() is not None
        assert await job.forget("It has ended.") == ""

    asyncio.run(main())
    assert cluster.paths().count(STOP) == stops
    assert records.read_all() == []


def forget_after_a_guess(cluster, *, runs: bool) -> str:
    """Forget a job that its master has called over; return what is told of it."""

    async def main() -> str:
        job = await start(place(cluster))
        cluster.over = True
        assert await job.look() is not None
        cluster.over = not runs
        return await job.forget("It has ended.")

    return asyncio.run(main())


@pytest.mark.parametrize("quits", [True, False])
def test_a_job_whose_end_was_a_guess_and_that_cannot_be_stopped_is_told_and_stays_recorded(
    cluster, caplog, monkeypatch, quits
):
    cluster.failures["/stop"] = [(401, "Invalid Keycloak token")]
    if not quits:
        monkeypatch.setattr(stopping, "QUIT_DEADLINE", 0.2)
        cluster.renderer.silent.add("quit")
    left = forget_after_a_guess(cluster, runs=False)
    assert left.startswith(f"The job {JOB_ID} of {cluster.master} may run on")
    assert "Invalid Keycloak token" in left
    assert left.endswith("Its servers have quit." if quits else "Its renderer did not quit either.")
    assert TOKEN not in left
    assert caplog.messages == [left]
    assert [record.job_id for record in records.read_all()] == [JOB_ID]


@pytest.mark.parametrize(("runs", "quits", "told"), [(False, False, False), (True, True, False), (True, False, True)])
def test_a_master_without_stop_is_asked_again_before_its_guess_is_believed(
    cluster, caplog, monkeypatch, runs, quits, told
):
    monkeypatch.setattr(stopping, "QUIT_DEADLINE", 0.2)
    cluster.stops = False
    if not quits:
        cluster.renderer.silent.add("quit")
    left = forget_after_a_guess(cluster, runs=runs)
    assert cluster.renderer.methods().count("quit") == runs
    assert caplog.messages == ([left] if told else [])
    assert bool(left) is told
    assert [record.job_id for record in records.read_all()] == ([JOB_ID] if told else [])
