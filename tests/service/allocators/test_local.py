import asyncio
import contextlib
import sys
from pathlib import Path

import psutil
import pytest

from brayns_widget.service.allocators.local import LocalAllocator, local_commands
from brayns_widget.service.allocators.process import LOG_LINES
from brayns_widget.service.jobs import JobStore, State


def alive(processes):
    return [p for p in processes if p.is_running() and p.status() != psutil.STATUS_ZOMBIE]


@pytest.fixture
def allocate():
    """Give an allocator with one started job; nothing may be left of it afterwards."""

    @contextlib.asynccontextmanager
    async def run(commands, **options):
        before = set(psutil.Process().children())
        allocator = LocalAllocator(commands, **options)
        store = JobStore()
        job, _ = store.add("SBO1")
        store.close()
        try:
            await allocator.start(job)
            yield allocator, job.id
        finally:
            await allocator.close()
        assert alive(set(psutil.Process().children()) - before) == []

    return run


async def until(allocator, job_id, *states, seconds=20):
    async with asyncio.timeout(seconds):
        while (condition := await allocator.poll(job_id)).state not in states:  # noqa: ASYNC110 - other processes
            await asyncio.sleep(0.01)
    return condition


def test_a_job_comes_up_at_two_addresses_and_goes(allocate, fake_commands):
    async def main():
        async with allocate(fake_commands()) as (allocator, job_id):
            assert (await allocator.poll(job_id)).state is State.STARTING
            condition = await until(allocator, job_id, State.READY)
            assert {host for host, _ in condition.addresses.values()} == {"127.0.0.1"}
            assert len(set(condition.addresses.values())) == 2
            children = [psutil.Process(pid) for pid in allocator._jobs[job_id].processes]
            assert len(alive(children)) == 2
            await allocator.stop(job_id)
            assert alive(children) == []
            await allocator.stop(job_id)

    asyncio.run(main())


def test_a_death_fails_the_job_and_takes_the_other_server_along(allocate, fake_commands, eventually):
    async def main():
        async with allocate(fake_commands()) as (allocator, job_id):
            await until(allocator, job_id, State.READY)
            children = [psutil.Process(pid) for pid in allocator._jobs[job_id].processes]
            renderer = next(p for p in children if p.pid == min(c.pid for c in children))
            renderer.kill()
            condition = await until(allocator, job_id, State.FAILED, State.ENDED, seconds=2)
            assert condition.state is State.FAILED
            assert condition.reason.startswith("the ")
            await eventually(lambda: not alive(children))

    asyncio.run(main())


def test_a_backend_that_dies_is_replaced_and_the_renderer_goes_on(allocate, fake_commands, eventually):
    async def main():
        async with allocate(fake_commands()) as (allocator, job_id):
            before = await until(allocator, job_id, State.READY)
            renderer, backend = allocator._jobs[job_id].processes
            for _ in range(2):
                psutil.Process(backend).kill()
                async with asyncio.timeout(10):
                    while allocator._jobs[job_id].processes[1] == backend:  # noqa: ASYNC110 - another process
                        await asyncio.sleep(0.01)
                    while "backend" not in (condition := await allocator.poll(job_id)).addresses:  # noqa: ASYNC110
                        await asyncio.sleep(0.01)
                assert condition.state is State.READY
                assert condition.addresses["renderer"] == before.addresses["renderer"]
                assert allocator._jobs[job_id].processes[0] == renderer
                backend = allocator._jobs[job_id].processes[1]
            assert psutil.Process(renderer).is_running()

    asyncio.run(main())


def test_the_logs_of_servers_are_told_by_their_ends_and_without_secrets(allocate, fake_commands, eventually):
    async def main():
        async with allocate(fake_commands("chatty", "noisy")) as (allocator, job_id):
            secret = (await until(allocator, job_id, State.READY)).secret
            log = {}

            async def look():
                log.update(await allocator.log(job_id))
                return "end of it" in log["renderer"] and log["backend"]

            async with asyncio.timeout(10):
                while not await look():  # noqa: ASYNC110 - another process
                    await asyncio.sleep(0.01)
            lines = log["renderer"].splitlines()
            assert (lines[0], lines[-2:], len(lines)) == ("…", ["the secret is …", "the end of it"], LOG_LINES + 1)
            assert secret not in str(log)
            assert log["backend"] == "…", "a single line that is too long"
            assert await allocator.log("another job") == {}

    asyncio.run(main())


def test_the_log_tells_how_a_backend_ended_that_was_replaced(allocate, fake_commands):
    async def main():
        async with allocate(fake_commands()) as (allocator, job_id):
            await until(allocator, job_id, State.READY)
            _, backend = allocator._jobs[job_id].processes
            psutil.Process(backend).kill()
            async with asyncio.timeout(10):
                while not (log := await allocator.log(job_id))["backend"]:  # noqa: ASYNC110 - another process
                    await asyncio.sleep(0.01)
            assert log["backend"].startswith("the backend ")
            assert log["renderer"] == ""

    asyncio.run(main())


@pytest.mark.parametrize("trouble", ["broken", "silent"])
def test_a_backend_that_does_not_come_back_leaves_the_job_without(allocate, fake_commands, trouble):
    async def main():
        async with allocate(fake_commands(), ready_within=5) as (allocator, job_id):
            await until(allocator, job_id, State.READY)
            job = allocator._jobs[job_id]
            job._commands = fake_commands("", trouble)
            job._ready_within = 0.3
            backends = {job.processes[1]}
            psutil.Process(job.processes[1]).kill()
            async with asyncio.timeout(20):
                while len(backends) < 4:
                    backends.add(job.processes[1])
                    await asyncio.sleep(0.01)
            condition = await allocator.poll(job_id)
            assert (condition.state, set(condition.addresses)) == (State.READY, {"renderer"})

    asyncio.run(main())


@pytest.mark.parametrize(
    ("renderer", "backend", "seconds", "reason"),
    [
        ("broken", "", 60, "the renderer ended with exit code 1\nits last words:\nno circuit, no fun"),
        ("", "broken", 60, "the backend ended with exit code 1\nits last words:\nno circuit, no fun"),
        ("babbling", "", 60, "the renderer did not say where it listens but b'hello world"),
        ("silent", "", 1.5, "the servers were not ready in 1.5 s"),
        ("", "unhealthy", 1.5, "the servers were not ready in 1.5 s"),
    ],
)
def test_a_job_that_does_not_come_up_says_why(allocate, fake_commands, renderer, backend, seconds, reason):
    async def main():
        async with allocate(fake_commands(renderer, backend), ready_within=seconds) as (allocator, job_id):
            condition = await until(allocator, job_id, State.FAILED, State.READY, State.ENDED)
            assert condition.state is State.FAILED
            assert condition.reason.startswith(reason)

    asyncio.run(main())


def test_a_flood_on_standard_error_neither_blocks_nor_is_kept(allocate, fake_commands):
    async def main():
        async with allocate(fake_commands("noisy broken")) as (allocator, job_id):
            condition = await until(allocator, job_id, State.FAILED, State.READY)
            assert condition.reason.endswith("no circuit, no fun")
            assert len(condition.reason) < 2500

    asyncio.run(main())


@pytest.mark.skipif(sys.platform == "win32", reason="there terminate is kill")
def test_a_server_that_does_not_leave_is_killed(allocate, fake_commands, caplog):
    async def main():
        async with allocate(fake_commands("stubborn"), grace=0.3) as (allocator, job_id):
            await until(allocator, job_id, State.READY)
            children = [psutil.Process(pid) for pid in allocator._jobs[job_id].processes]
            async with asyncio.timeout(5):
                await allocator.stop(job_id)
            assert alive(children) == []

    asyncio.run(main())
    assert "does not leave in 0.3 s: killing it" in caplog.text


def test_a_program_that_does_not_exist_starts_nothing(fake_commands):
    async def main():
        allocator = LocalAllocator({**fake_commands(), "backend": ["/nonexistent/program"]}, grace=2)
        store = JobStore()
        job, _ = store.add("SBO1")
        store.close()
        before = set(psutil.Process().children())
        with pytest.raises(FileNotFoundError):
            await allocator.start(job)
        assert alive(set(psutil.Process().children()) - before) == []
        await allocator.close()

    asyncio.run(main())


def test_the_real_servers_are_started_on_ports_of_their_own_choice():
    commands = local_commands(Path("somewhere"))
    guards = ["--base-directory", "somewhere", "--secret-from-stdin", "--exit-with-stdin"]
    assert commands["renderer"][-7:] == ["renderer", "--uri", "127.0.0.1:0", *guards]
    assert commands["backend"][-6:] == ["--port", "0", *guards]
