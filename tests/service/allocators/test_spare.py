"""Servers that are kept ready for the next job, and when."""

from __future__ import annotations

import asyncio
import contextlib
import os
import time

import psutil
import pytest

from brayns_widget.service import available_memory
from brayns_widget.service.allocators import spare
from brayns_widget.service.allocators.local import LocalAllocator
from brayns_widget.service.jobs import JobStore, State

DEADLINE = 20


@pytest.fixture(autouse=True)
def short_looks(monkeypatch):
    monkeypatch.setattr(spare, "_LOOK_SECONDS", 0.05)
    monkeypatch.setattr(spare, "has_room", lambda: True)


def children() -> set[int]:
    return {p.pid for p in psutil.Process().children() if p.status() != psutil.STATUS_ZOMBIE}


@contextlib.asynccontextmanager
async def allocating(commands, **options):
    """Give an allocator and jobs to start; nothing may be left afterwards."""
    before = children()
    allocator, store = LocalAllocator(commands, spare=True, **options), JobStore()
    try:
        async with asyncio.timeout(DEADLINE):
            yield allocator, [store.add("SBO1")[0] for _ in range(3)]
    finally:
        await allocator.close()
        store.close()
    assert children() <= before


async def ready(allocator, job):
    while (condition := await allocator.poll(job.id)).state is not State.READY:  # noqa: ASYNC110 - other processes
        await asyncio.sleep(0.01)
    return condition


async def there_are(count):
    while len(children()) != count:  # noqa: ASYNC110 - other processes
        await asyncio.sleep(0.01)


async def spare_servers(allocator):
    while allocator._spare is None:  # noqa: ASYNC110 - their processes exist a moment before
        await asyncio.sleep(0.01)
    return allocator._spare


def test_the_next_job_takes_the_servers_that_were_kept_ready(fake_commands):
    async def main():
        before = len(children())
        async with allocating(fake_commands()) as (allocator, jobs):
            await allocator.start(jobs[0])
            first = await ready(allocator, jobs[0])
            await there_are(before + 4)
            kept = await spare_servers(allocator)
            while kept.condition.state is not State.READY:  # noqa: ASYNC110 - other processes
                await asyncio.sleep(0.01)
            processes = children()
            await allocator.start(jobs[1])
            second = await allocator.poll(jobs[1].id)
            assert second.state is State.READY, "at once"
            assert children() == processes
            assert second.secret != first.secret
            assert not set(second.addresses.values()) & set(first.addresses.values())
            await there_are(before + 6)  # one more, and never two
            await allocator.stop(jobs[1].id)
            await there_are(before + 4)

    asyncio.run(main())


def test_the_first_job_takes_servers_that_were_started_ahead(fake_commands):
    async def main():
        before = len(children())
        async with allocating(fake_commands()) as (allocator, jobs):
            await allocator.start_ahead()
            processes = children()
            assert len(processes) == before + 2
            await allocator.start(jobs[0])
            assert children() == processes
            assert set(allocator._jobs[jobs[0].id].processes) <= processes
            await ready(allocator, jobs[0])

    asyncio.run(main())


def test_servers_that_died_meanwhile_are_not_taken(fake_commands):
    async def main():
        async with allocating(fake_commands()) as (allocator, jobs):
            await allocator.start(jobs[0])
            await ready(allocator, jobs[0])
            kept = await spare_servers(allocator)
            psutil.Process(kept.processes[0]).kill()
            while not kept.condition.state.final:  # noqa: ASYNC110 - other processes
                await asyncio.sleep(0.01)
            await allocator.start(jobs[1])
            assert (await ready(allocator, jobs[1])).state is State.READY

    asyncio.run(main())


def test_without_room_there_is_none(fake_commands, monkeypatch):
    asked = asyncio.Event()

    def no() -> bool:
        asked.set()
        return False

    monkeypatch.setattr(spare, "has_room", no)

    async def main():
        before = len(children())
        async with allocating(fake_commands()) as (allocator, jobs):
            await allocator.start(jobs[0])
            await ready(allocator, jobs[0])
            await asked.wait()
            await asyncio.wait([allocator._keeping])
            assert len(children()) == before + 2

    asyncio.run(main())


@pytest.mark.parametrize(
    ("cores", "free", "room"),
    [(2, 2 << 30, True), (8, 64 << 30, True), (1, 64 << 30, False), (2, (2 << 30) - 1, False)],
)
def test_there_is_room_with_two_cores_and_two_gigabytes(monkeypatch, cores, free, room):
    monkeypatch.undo()
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(cores)), raising=False)
    monkeypatch.setattr(available_memory, "available", lambda: free)
    assert spare.has_room() is room


@pytest.mark.parametrize(("value", "expected"), [(None, True), ("1", True), ("0", False)])
def test_the_environment_can_switch_it_off(monkeypatch, value, expected):
    monkeypatch.delenv(spare.VARIABLE, raising=False)
    if value is not None:
        monkeypatch.setenv(spare.VARIABLE, value)
    assert spare.wanted() is expected


def test_servers_that_compute_are_not_idle(monkeypatch):
    looks = iter([{1: 0.0}, {1: 5.0}, {1: 5.0}, {1: 9.0}, {1: 9.0, 2: 0.0}, {1: 9.0, 2: 0.0}, {2: 0.0}])
    monkeypatch.setattr(spare, "_times", lambda _: next(looks))

    async def main():
        async with asyncio.timeout(DEADLINE):
            await spare.until_idle(list)

    asyncio.run(main())
    assert list(looks) == [], "it computed, was idle once, computed, a server came, and then it was idle twice"


def test_what_processes_have_computed_is_read_from_the_system():
    assert spare._times([os.getpid(), 2**22 + 1]) == {os.getpid(): pytest.approx(time.process_time(), abs=5)}
