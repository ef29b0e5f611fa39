"""A connection whose links break while its job runs, through a TCP proxy."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import replace

import pytest

from brayns_widget.connection import connection as connection_module
from brayns_widget.connection import job as job_module
from brayns_widget.connection import recovery
from brayns_widget.connection.connection import Ready
from brayns_widget.connection.reports import ignore
from brayns_widget.connection.status import Status
from brayns_widget.connection.tokens import Token
from brayns_widget.protocol.errors import ConnectionLost, DeadlineExceeded, RequestError
from tests.connection.test_connection import STOP, Owner, nothing_is_left, play  # noqa: F401 - a fixture
from tests.fakes import JOB_ID, TOKEN, FakeCluster
from tests.tcp_proxy import TcpProxy


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch):
    monkeypatch.setattr(job_module, "CONNECT_PAUSE", 0.01)
    monkeypatch.setattr(recovery, "BASE", 0.02)
    monkeypatch.setattr(recovery, "CAP", 0.05)


@pytest.fixture
def cluster():
    with FakeCluster(polls=0) as fake:
        yield fake


@pytest.fixture
def proxy(cluster):
    with TcpProxy(cluster.slave) as made:
        cluster.slave = made.url
        yield made


async def ready_again(owner: Owner, before: Ready) -> Ready:
    await owner.until(lambda: owner.connection.ready not in {None, before})
    assert owner.connection.ready is not None
    return owner.connection.ready


@pytest.mark.parametrize("fault", ["reset", "half_close"])
def test_a_broken_link_is_opened_again_to_the_same_job(cluster, proxy, fault):
    async def work(owner: Owner) -> None:
        connection = owner.connection
        first = await connection.ensure(ignore)
        owner.heard.clear()
        getattr(proxy, fault)()
        second = await ready_again(owner, first)
        heard = [item for item in owner.heard if not isinstance(item, tuple)]  # without the backend
        assert heard[1:] == ["away", *heard[2:-3], "resume", Status("ready", "Ready."), second]
        assert owner.statuses[0] == "stale"
        assert second.renderer is not first.renderer
        assert second.backend is first.backend
        assert second.capabilities == first.capabilities
        assert connection.job_id == JOB_ID
        assert (await second.renderer.request("get-scene")).result["models"] == []
        with pytest.raises(ConnectionLost):
            await first.renderer.request("get-scene")
        assert STOP not in cluster.paths()

    play(cluster, work)
    assert cluster.paths().count("POST /start") == 1
    assert cluster.paths()[-1] == STOP


def test_a_proxy_that_is_restarted_is_tried_until_it_is_back_and_who_asks_meanwhile_waits(cluster, proxy):
    async def work(owner: Owner) -> None:
        first = await owner.connection.ensure(ignore)
        proxy.refuse(True)
        proxy.reset()
        await owner.until(lambda: "attempt 3" in owner.connection.status.text)
        assert owner.connection.status.state == "stale"
        assert owner.connection.status.text.startswith("The connection to the renderer was lost")
        waiting = asyncio.create_task(owner.connection.ensure(ignore))
        proxy.refuse(False)
        assert await waiting is await ready_again(owner, first)

    play(cluster, work)
    assert cluster.paths().count("POST /start") == 1


def test_a_master_that_does_not_answer_is_no_reason_to_give_a_job_up(cluster, proxy):
    async def work(owner: Owner) -> None:
        first = await owner.connection.ensure(ignore)
        proxy.refuse(True)
        cluster.failures["/status"] = [(400, "<html>away</html>")] * 5
        proxy.reset()
        await owner.until(lambda: "The proxy does not answer, either." in owner.connection.status.text)
        proxy.refuse(False)
        await ready_again(owner, first)
        assert STOP not in cluster.paths()

    play(cluster, work)


def test_a_proxy_that_refuses_the_token_meanwhile_is_not_said_to_be_silent(cluster, proxy):
    async def work(owner: Owner) -> None:
        await owner.connection.ensure(ignore)
        cluster.failures["/status"] = [(401, "who are you?")] * 10**4
        proxy.refuse(True)
        proxy.reset()
        await owner.until(lambda: "The proxy refuses the token. Connecting again" in owner.connection.status.text)

    play(cluster, work)


def test_a_job_that_ends_while_it_is_tried_is_told_and_not_replaced_for_who_waits(cluster, proxy):
    async def work(owner: Owner) -> None:
        await owner.connection.ensure(ignore)
        proxy.refuse(True)
        proxy.reset()
        await owner.until(lambda: "attempt 2" in owner.connection.status.text)
        waiting = asyncio.create_task(owner.connection.ensure(ignore))
        await asyncio.sleep(0)
        cluster.over, cluster.reason = True, "the renderer crashed"
        with pytest.raises(ConnectionLost, match="the renderer crashed"):
            await waiting
        assert owner.connection.status == Status("failed", "The job has ended: the renderer crashed.")
        assert owner.connection.job_id is None
        assert cluster.paths().count("POST /start") == 1
        proxy.refuse(False)
        await owner.connection.ensure(ignore)
        assert cluster.paths().count("POST /start") == 2

    play(cluster, work)


def test_what_the_backend_is_asked_when_its_job_ends_fails_with_the_reason(cluster):
    async def work(owner: Owner) -> None:
        ready = await owner.connection.ensure(ignore)
        assert ready.backend is not None
        assert cluster.backend is not None
        cluster.backend.silent.add("fs-get-root")
        asked = asyncio.create_task(ready.backend.request("fs-get-root"))
        while "fs-get-root" not in cluster.backend.methods():  # noqa: ASYNC110 - by another thread
            await asyncio.sleep(0.01)
        cluster.kill_renderer("the renderer crashed")
        with pytest.raises(ConnectionLost, match="The job has ended: the renderer crashed"):
            await asked

    play(cluster, work)


def test_a_job_that_cannot_be_reached_is_kept_and_tried_again_by_the_next_call(cluster, proxy, monkeypatch):
    monkeypatch.setattr(connection_module, "REACHED_WITHIN", 0.05)

    async def work(owner: Owner) -> None:
        connection = owner.connection
        await connection.ensure(ignore)
        proxy.refuse(True)
        proxy.reset()
        await owner.until(lambda: owner.statuses[-1] == "failed")
        assert f"Job {JOB_ID} cannot be reached" in connection.status.text
        with pytest.raises(ConnectionLost, match=r"It may still run"):
            await connection.ensure(ignore)
        assert connection.job_id == JOB_ID
        assert STOP not in cluster.paths()
        proxy.refuse(False)
        await connection.ensure(ignore)
        assert cluster.paths().count("POST /start") == 1
        assert not connection.abandon(), "it is ready"

    play(cluster, work)


def test_a_job_that_cannot_be_reached_is_replaced_at_the_word_of_its_owner(cluster, proxy, monkeypatch):
    monkeypatch.setattr(connection_module, "REACHED_WITHIN", 0.0)

    async def work(owner: Owner) -> None:
        connection = owner.connection
        await connection.ensure(ignore)
        proxy.refuse(True)
        proxy.reset()
        await owner.until(lambda: owner.statuses[-1] == "failed")
        assert connection.abandon()
        assert owner.heard[-1] is None
        proxy.refuse(False)
        await connection.ensure(ignore)
        assert cluster.paths().count("POST /start") == 2
        assert STOP in cluster.paths()

    play(cluster, work)


def test_a_refused_token_ends_the_attempts_and_not_the_job(cluster, proxy):
    async def work(owner: Owner) -> None:
        await owner.connection.ensure(ignore)
        cluster.refuse["renderer"] = 401
        proxy.reset()
        await owner.until(lambda: owner.statuses[-1] == "failed")
        text = owner.connection.status.text
        assert "refused the token (HTTP 401). Use a new token: job.connect(…, attach_to=" in text
        with pytest.raises(ConnectionLost, match="Use a new token"):
            await owner.connection.ensure(ignore)
        assert STOP not in cluster.paths()

    play(cluster, work)


def test_a_call_does_not_wait_for_ever(cluster, proxy, monkeypatch):
    monkeypatch.setattr(connection_module, "REACH_DEADLINE", 0.1)

    async def work(owner: Owner) -> None:
        await owner.connection.ensure(ignore)
        proxy.refuse(True)
        proxy.reset()
        await owner.until(lambda: owner.connection.ready is None)  # on a busy machine attempt 2 is past the deadline
        with pytest.raises(ConnectionLost, match=r"for 0\.1 s"):
            await owner.connection.ensure(ignore)
        await owner.until(lambda: owner.connection.status.state == "failed")
        assert owner.connection.status.text.endswith("cannot be reached; new attempts go on.")
        first = owner.connection._servers
        assert first is not None
        proxy.refuse(False)
        await ready_again(owner, first)

    play(cluster, work)


def test_closing_ends_the_attempts_and_stops_the_job(cluster, proxy):
    async def work(owner: Owner) -> None:
        await owner.connection.ensure(ignore)
        proxy.refuse(True)
        proxy.reset()
        await owner.until(lambda: "attempt 2" in owner.connection.status.text)
        waiting = asyncio.create_task(owner.connection.ensure(ignore))
        await asyncio.sleep(0)
        await owner.connection.close()
        with pytest.raises(ConnectionLost, match="was closed"):
            await waiting
        assert owner.connection.status == Status("ended", "Closed.")
        assert cluster.paths()[-1] == STOP

    play(cluster, work)


def test_a_job_that_cannot_be_resumed_is_tried_again(cluster, proxy):
    failures = [RequestError("busy", code=-32603)]

    async def fail_once(ready: Ready) -> None:
        if failures:
            raise failures.pop()

    async def work(owner: Owner) -> None:
        owner.resumed = fail_once
        first = await owner.connection.ensure(ignore)
        proxy.reset()
        await ready_again(owner, first)
        assert owner.heard.count("resume") == 2

    play(cluster, work)


def test_a_fault_of_ours_is_told(cluster, proxy):
    async def fail(_: Ready) -> None:
        raise ZeroDivisionError("oh")

    async def work(owner: Owner) -> None:
        owner.resumed = fail
        await owner.connection.ensure(ignore)
        proxy.reset()
        await owner.until(lambda: owner.statuses[-1] == "failed")
        assert owner.connection.status.text == "ZeroDivisionError: oh"

    play(cluster, work)


@pytest.mark.parametrize("busy", [True, False])
def test_packets_that_vanish_are_noticed_at_rest_and_during_a_load(cluster, proxy, monkeypatch, busy):
    from functools import partial

    from brayns_widget.connection.link import Link

    monkeypatch.setattr(Link, "open", partial(Link.open, idle=0.2, patience=0.4))

    async def work(owner: Owner) -> None:
        first = await owner.connection.ensure(ignore)
        cluster.renderer.silent.add("add-model")
        pending = asyncio.create_task(first.renderer.request("add-model", {})) if busy else None
        await asyncio.sleep(0)
        proxy.be_silent(True)
        await owner.until(lambda: "stale" in owner.statuses)
        assert "has stopped answering" in owner.connection.status.text
        if pending is not None:
            with pytest.raises(ConnectionLost, match="has stopped answering"):
                await pending
        proxy.be_silent(False)
        await ready_again(owner, first)

    play(cluster, work)


def test_a_token_whose_function_fails_is_asked_for_until_it_can_tell_it(cluster, proxy):
    fails = False

    def source() -> str:
        if fails:
            raise OSError("no route")
        return TOKEN

    async def work(owner: Owner) -> None:
        nonlocal fails
        owner.connection.place = replace(owner.connection.place, token=Token(source))
        first = await owner.connection.ensure(ignore)
        fails = True
        proxy.reset()
        await owner.until(lambda: "attempt 3" in owner.connection.status.text)
        fails = False
        await ready_again(owner, first)

    play(cluster, work)
    assert cluster.paths().count("POST /start") == 1


# ---------------------------------------------------------------------- a job that is left while it is tried


def tried_in_vain(owner: Owner) -> bool:
    return "attempt 3" in owner.connection.status.text


@pytest.mark.parametrize("leave", ["stop", "give_back"])
def test_a_job_that_is_left_is_tried_no_more(cluster, proxy, leave):
    async def work(owner: Owner) -> None:
        connection = owner.connection
        await connection.ensure(ignore)
        proxy.refuse(True)
        proxy.reset()
        await owner.until(lambda: tried_in_vain(owner))
        recovering = connection._recovering
        assert recovering is not None
        if leave == "stop":
            connection.stop()
        else:
            assert connection.give_back("It sleeps.")
        left, count = connection.status, len(owner.heard)
        assert left.state == {"stop": "ended", "give_back": "asleep"}[leave]
        proxy.refuse(False)
        await asyncio.wait([recovering])
        assert recovering.cancelled()
        await asyncio.wait(connection._endings)
        if leave == "stop":  # what came of it is told
            left, count = Status("ended", "The job was stopped."), count + 1
        assert (connection.status, connection.ready, connection.job_id) == (left, None, None)
        assert len(owner.heard) == count

    play(cluster, work)
    assert STOP in cluster.paths()


def test_who_waits_for_a_job_that_is_stopped_is_told_and_starts_none(cluster, proxy):
    async def work(owner: Owner) -> None:
        await owner.connection.ensure(ignore)
        proxy.refuse(True)
        proxy.reset()
        await owner.until(lambda: tried_in_vain(owner))
        waiting = asyncio.create_task(owner.connection.ensure(ignore))
        await asyncio.sleep(0)
        owner.connection.stop()
        with pytest.raises(ConnectionLost, match="The job was left while this call waited for it"):
            await waiting
        assert cluster.paths().count("POST /start") == 1

    play(cluster, work)


def test_a_job_that_comes_back_after_a_move_does_not_take_the_place_of_the_next(cluster, proxy):
    async def work(owner: Owner) -> None:
        connection, held = owner.connection, asyncio.Event()
        first = await connection.ensure(ignore)

        async def hold(_ready: Ready) -> None:
            with contextlib.suppress(asyncio.CancelledError):  # as what takes it for another error
                await held.wait()

        owner.resumed = hold
        proxy.reset()
        await owner.until(lambda: "resume" in owner.heard)
        old = connection._recovering
        assert old is not None
        await connection.move(owner.place, attach_to=None, start_timeout=30)
        second = await connection.ensure(ignore)
        held.set()
        await asyncio.wait([old])
        assert old.cancelled()
        assert connection.ready is second is not first

    play(cluster, work)
    assert cluster.paths().count("POST /start") == 2


def test_a_move_keeps_the_time_that_starts_have_unless_another_one_is_given(cluster):
    cluster.polls = 10**9

    async def work(owner: Owner) -> None:
        await owner.connection.move(owner.place, attach_to=None, start_timeout=None)
        with pytest.raises(DeadlineExceeded, match=r"within 0\.2 s"):
            await owner.connection.ensure(ignore)
        await owner.connection.move(owner.place, attach_to=None, start_timeout=0.1)
        with pytest.raises(DeadlineExceeded, match=r"within 0\.1 s"):
            await owner.connection.ensure(ignore)

    play(cluster, work, start_timeout=0.2)


def test_who_waits_for_a_scene_that_does_not_come_back_waits_no_longer_than_for_a_link(cluster, proxy, monkeypatch):
    monkeypatch.setattr(connection_module, "REACH_DEADLINE", 0.1)

    async def work(owner: Owner) -> None:
        first, on = await owner.connection.ensure(ignore), asyncio.Event()

        async def hold(_ready: Ready) -> None:
            owner.connection.report(None, "Reading the scene …")
            await on.wait()

        owner.resumed = hold
        proxy.reset()
        await owner.until(lambda: owner.connection.status.state == "starting")
        with pytest.raises(ConnectionLost, match=r"has not been reached for 0\.1 s"):
            await owner.connection.ensure(ignore)
        on.set()
        await ready_again(owner, first)

    play(cluster, work)
