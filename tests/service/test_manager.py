import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from brayns_widget.service.allocators import Condition
from brayns_widget.service.allocators.local import LocalAllocator
from brayns_widget.service.jobs import NO_LIMIT, JobStore, State
from brayns_widget.service.leases import Leases
from brayns_widget.service.manager import JobManager, KeyReusedError, UnknownUseCaseError


@pytest.fixture
def store():
    store = JobStore()
    yield store
    store.close()


def record(manager, job_id):
    job = manager.get(job_id)
    assert job
    return job


def test_a_job_is_recorded_before_it_is_started(store, scripted):
    recorded = []
    scripted.before_start = lambda job: recorded.append(store.get(job.id))
    job = asyncio.run(JobManager(store, scripted).start("SBO1"))
    assert [(found.id, found.state) for found in recorded] == [(job.id, State.QUEUED)]
    assert job.state is State.READY


def test_the_end_time_counts_from_the_allocation(store, scripted):
    async def main():
        manager = JobManager(store, scripted)
        scripted.first = Condition(State.QUEUED)
        job = await manager.start("SBO1")
        assert job.end_time is None
        scripted.conditions[job.id] = Condition(State.STARTING)
        job = await manager.refresh(job)
        assert job.end_time
        assert abs(job.end_time - datetime.now(UTC) - timedelta(hours=4)) < timedelta(seconds=5)
        end_time = job.end_time
        scripted.conditions[job.id] = Condition(State.READY)
        assert (await manager.refresh(job)).end_time == end_time

    asyncio.run(main())


def test_a_job_without_a_limit_has_no_end(store, scripted):
    async def main():
        manager = JobManager(store, scripted, duration=NO_LIMIT)
        job = await manager.start("SBO1")
        assert (job.state, job.end_time) == (State.READY, None)
        assert job.status()["end_time"] is None

    asyncio.run(main())


def test_a_job_whose_clients_have_gone_ends_with_its_lease_and_others_do_not(store, scripted, eventually):
    async def main():
        leases = Leases()
        manager = JobManager(store, scripted, leases=leases)
        leased, kept, used, other = [await manager.start("SBO1", lease=lease) for lease in (0.3, 0.3, 0.3, None)]
        leases.grant(kept.id, None)
        watch = asyncio.create_task(manager.watch())
        with leases.in_use(used.id):
            await eventually(lambda: record(manager, leased.id).state is State.ENDED)
            await eventually(lambda: leased.id in scripted.stopped)
            assert record(manager, leased.id).reason == "none of its clients has been there for 0.3 s"
            assert {record(manager, job.id).state for job in (kept, used, other)} == {State.READY}
        await eventually(lambda: record(manager, used.id).state is State.ENDED)
        assert {record(manager, job.id).state for job in (kept, other)} == {State.READY}
        watch.cancel()
        await asyncio.wait([watch])

    asyncio.run(main())


def test_a_start_that_fails_is_a_failed_job(store, scripted):
    scripted.first = OSError("no more processes")
    manager = JobManager(store, scripted)
    job = asyncio.run(manager.start("SBO1", lease=0.001))
    manager.leases._looked -= 1
    assert manager.leases.look() == {}, "its lease has gone with it"
    assert job.state is State.FAILED
    assert "no more processes" in job.reason
    assert record(manager, job.id) == job


@pytest.mark.parametrize("usecase", ["NOPE", "", None, 1, ["SBO1"], {}])
def test_an_unknown_use_case_is_refused_with_the_known_ones(store, scripted, usecase):
    with pytest.raises(UnknownUseCaseError, match="SBO1"):
        asyncio.run(JobManager(store, scripted).start(usecase))
    assert store.all() == []


def test_a_repeated_start_with_a_key_starts_once(store, scripted, monkeypatch):
    async def main():
        manager = JobManager(store, scripted)
        first, second = await asyncio.gather(manager.start("SBO1", "k"), manager.start("SBO1", "k"))
        assert first.id == second.id
        assert scripted.started == [first.id]
        monkeypatch.setitem(manager.start.__globals__["USE_CASES"], "OTHER", timedelta(1))
        with pytest.raises(KeyReusedError, match="SBO1"):
            await manager.start("OTHER", "k")

    asyncio.run(main())


def test_jobs_that_end_by_themselves_are_forgotten_and_their_reasons_are_not(store, fake_commands, eventually):
    async def main():
        allocator = LocalAllocator(fake_commands("broken"))
        manager = JobManager(store, allocator)
        watch = asyncio.create_task(manager.watch())
        jobs = [await manager.start("SBO1") for _ in range(3)]
        await eventually(lambda: all(record(manager, job.id).state is State.FAILED for job in jobs), 30)
        await eventually(lambda: not allocator._jobs)
        for job in jobs:
            assert record(manager, job.id).reason.endswith("its last words:\nno circuit, no fun")
            assert await manager.log(job) == {}
        watch.cancel()
        await asyncio.wait([watch])
        await manager.end_all("the test ends")
        assert manager._forgetting == set()

    asyncio.run(main())


def test_what_is_over_stays_over(store, scripted):
    async def main():
        manager = JobManager(store, scripted)
        job = await manager.start("SBO1")
        stopped = await manager.stop(job, "enough")
        assert (stopped.state, stopped.reason) == (State.ENDED, "enough")
        scripted.conditions[job.id] = Condition(State.FAILED, "terminated")
        assert (await manager.refresh(job)).reason == "enough"
        assert (await manager.stop(stopped, "again")).reason == "enough"
        assert manager.address(job.id, "renderer") is None

    asyncio.run(main())


def test_a_job_stopped_while_its_state_is_asked_for_stays_stopped(store, scripted, eventually):
    asked, may_answer = asyncio.Event(), asyncio.Event()

    async def main():
        manager = JobManager(store, scripted)
        job = await manager.start("SBO1")

        async def slow_poll(_):
            asked.set()
            await may_answer.wait()
            return Condition(State.FAILED, "terminated")

        scripted.poll = slow_poll
        refreshing = asyncio.create_task(manager.refresh(job))
        await eventually(asked.is_set)
        await manager.stop(job, "enough")
        may_answer.set()
        assert (await refreshing).reason == "enough"

    asyncio.run(main())


def test_a_job_stopped_while_it_starts_is_stopped(store, scripted, eventually):
    manager = JobManager(store, scripted)

    async def main():
        starting = asyncio.create_task(manager.start("SBO1"))
        scripted.may_start.clear()
        await eventually(store.all)
        await manager.stop(store.all()[0], "changed my mind")
        scripted.stopped.clear()
        scripted.may_start.set()
        return await starting

    job = asyncio.run(main())
    assert (job.state, job.reason) == (State.ENDED, "changed my mind")
    assert scripted.stopped == [job.id]


def test_the_watch_ends_a_job_at_its_end_time_and_sees_one_fail(store, scripted, eventually):
    async def main():
        manager = JobManager(store, scripted, duration=timedelta(seconds=0.5))
        watch = asyncio.create_task(manager.watch())
        short = await manager.start("SBO1")
        failing = await manager.start("SBO1")
        scripted.conditions[failing.id] = Condition(State.FAILED, "boom")
        await eventually(lambda: record(manager, short.id).state is State.ENDED)
        assert "time" in record(manager, short.id).reason
        assert set(scripted.stopped) == {short.id, failing.id}, "the other one is to be forgotten"
        assert (record(manager, failing.id).state, record(manager, failing.id).reason) == (State.FAILED, "boom")
        watch.cancel()
        await asyncio.wait({watch})

    asyncio.run(main())


def test_a_job_that_cannot_be_watched_costs_no_other(store, scripted, eventually, caplog):
    async def main():
        manager = JobManager(store, scripted)
        odd, sound = await manager.start("SBO1"), await manager.start("SBO1")
        looks = []

        async def poll(job_id):
            if job_id == odd.id:
                looks.append(job_id)
                raise RuntimeError("an odd job")
            return scripted.conditions[job_id]

        scripted.poll = poll
        watch = asyncio.create_task(manager.watch())
        await eventually(lambda: len(looks) > 1)
        scripted.conditions[sound.id] = Condition(State.FAILED, "boom")
        await eventually(lambda: watch.done() or record(manager, sound.id).state is State.FAILED)
        assert not watch.done()
        watch.cancel()
        await asyncio.wait({watch})

    asyncio.run(main())
    assert caplog.text.count("can't be watched") == 1
    assert "an odd job" in caplog.text


def test_with_a_full_disk_jobs_go_on_and_end(store, scripted, eventually):
    async def main():
        manager = JobManager(store, scripted, duration=timedelta(seconds=0.5))
        scripted.first = Condition(State.STARTING)
        job = await manager.start("SBO1")
        store._database.execute("PRAGMA query_only = ON")  # each write fails, as on a full disk
        scripted.conditions[job.id] = Condition(State.READY, addresses={"renderer": ("127.0.0.1", 9)})
        assert (await manager.refresh(job)).state is State.READY
        assert manager.address(job.id, "renderer")
        watch = asyncio.create_task(manager.watch())
        await eventually(lambda: watch.done() or record(manager, job.id).state is State.ENDED)
        assert not watch.done()
        await eventually(lambda: scripted.stopped == [job.id])
        watch.cancel()
        await asyncio.wait({watch})

    asyncio.run(main())


def test_jobs_of_an_earlier_service_are_over(store, scripted):
    job, _ = store.add("SBO1")
    store.update(job, State.READY, end_time=datetime.now(UTC) + timedelta(hours=1))
    done, _ = store.add("SBO1")
    store.update(done, State.FAILED, reason="boom")
    manager = JobManager(store, scripted)
    assert record(manager, job.id).state is State.ENDED
    assert "service ended" in record(manager, job.id).reason
    assert record(manager, done.id).reason == "boom"


def test_closing_stops_every_job(scripted, tmp_path):
    path = str(tmp_path / "jobs.sqlite")

    async def main():
        manager = JobManager(JobStore(path), scripted)
        job = await manager.start("SBO1")
        await manager.close()
        assert scripted.stopped == [job.id]
        return job

    job = asyncio.run(main())
    again = JobStore(path)
    assert again.unfinished() == []
    assert again.all()[0].id == job.id
    again.close()
