"""A backend whose link breaks."""

from __future__ import annotations

import asyncio
from functools import partial

import pytest

from brayns_widget.connection import capabilities, job, mending, recovery
from brayns_widget.connection.link import Link
from brayns_widget.connection.reports import ignore
from brayns_widget.connection.server import Server
from brayns_widget.protocol.errors import AuthError, ConnectionLost
from tests.connection.test_connection import Owner, nothing_is_left, play  # noqa: F401 - a fixture
from tests.fakes import JOB_ID, FakeBackend, FakeCluster


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch):
    monkeypatch.setattr(recovery, "BASE", 0.02)
    monkeypatch.setattr(recovery, "CAP", 0.05)


@pytest.fixture
def cluster():
    with FakeCluster(polls=0) as fake:
        yield fake


def cut_backend(cluster: FakeCluster) -> None:
    assert cluster.backend is not None
    sockets = list(cluster.backend.sockets)
    for socket in sockets:
        cluster._loop.call_soon_threadsafe(socket.transport.abort)


async def lose(cluster: FakeCluster, backend: Server) -> None:
    cut_backend(cluster)
    while backend.reachable:  # noqa: ASYNC110 - by another thread
        await asyncio.sleep(0.005)


def test_a_lost_backend_is_told_and_opened_again_and_the_renderer_goes_on(cluster):
    async def work(owner: Owner) -> None:
        ready = await owner.connection.ensure(ignore)
        assert ready.backend is not None
        owner.heard.clear()
        cluster.refuse["backend"] = 502
        cut_backend(cluster)
        await owner.until(lambda: owner.heard)
        ((name, error),) = owner.heard
        assert (name, str(error)) == ("backend", "The connection to the backend was lost.")
        with pytest.raises(ConnectionLost, match=r"The backend is out of reach, so neither files .*HTTP 502"):
            await ready.backend.request("fs-get-root")
        await ready.renderer.request("get-scene")
        assert owner.connection.ready is ready
        cluster.refuse.clear()
        await owner.until(lambda: ("backend", None) in owner.heard)
        assert (await ready.backend.request("fs-get-root")).result == "/data"
        assert owner.statuses == []

    play(cluster, work)


def test_a_backend_that_is_needed_is_opened_again_at_once(cluster, monkeypatch):
    monkeypatch.setattr(mending, "pause_before", lambda _: 60.0)

    async def work(owner: Owner) -> None:
        ready = await owner.connection.ensure(ignore)
        assert ready.backend is not None
        await lose(cluster, ready.backend)
        assert (await ready.backend.request("fs-get-root")).result == "/data"
        assert owner.heard[-1] == ("backend", None)

    play(cluster, work)


def test_a_backend_that_is_lost_again_while_it_is_sought_is_told_again(cluster, monkeypatch):
    monkeypatch.setattr(mending, "pause_before", lambda attempt: 0.01 if attempt == 1 else 1.0)

    async def work(owner: Owner) -> None:
        ready = await owner.connection.ensure(ignore)
        assert ready.backend is not None
        owner.heard.clear()
        cluster.refuse["backend"] = 502
        await lose(cluster, ready.backend)
        await owner.until(lambda: owner.heard)
        cluster.refuse.clear()
        await ready.backend.request("fs-get-root")
        assert owner.heard[-1] == ("backend", None)
        owner.heard.clear()
        cluster.refuse["backend"] = 502
        await lose(cluster, ready.backend)
        await owner.until(lambda: owner.heard)
        assert owner.heard[0] != ("backend", None)

    play(cluster, work)


def test_a_backend_that_is_back_is_told_though_whoever_has_asked_it_gives_up(cluster, monkeypatch):
    monkeypatch.setattr(mending, "pause_before", lambda _: 60.0)
    close, closing, closed = Link.close, asyncio.Event(), asyncio.Event()

    async def slowly(link: Link, why: str = "") -> None:
        closing.set()
        await closed.wait()
        await close(link, why)

    async def work(owner: Owner) -> None:
        ready = await owner.connection.ensure(ignore)
        assert ready.backend is not None
        await lose(cluster, ready.backend)
        monkeypatch.setattr(Link, "close", slowly)
        asking = asyncio.create_task(ready.backend.request("fs-get-root"))
        await closing.wait()
        asking.cancel()
        await asyncio.wait([asking])
        closed.set()
        assert ready.backend.reachable
        assert owner.heard[-1] == ("backend", None)

    play(cluster, work)


def test_a_backend_that_is_lost_after_its_job_has_ended_is_not_sought(cluster):
    async def work(owner: Owner) -> None:
        ready = await owner.connection.ensure(ignore)
        assert ready.backend is not None
        cluster.kill_renderer("it crashed")
        await owner.until(lambda: owner.statuses[-1] == "failed")
        await asyncio.wait([*owner.connection._endings, asyncio.create_task(asyncio.sleep(0))])
        with pytest.raises(ConnectionLost):
            await ready.backend.request("fs-get-root")

    play(cluster, work)


def test_a_job_that_is_given_back_has_its_backend_sought_no_more(cluster):
    async def work(owner: Owner) -> None:
        ready = await owner.connection.ensure(ignore)
        assert ready.backend is not None
        cluster.refuse["backend"] = 502
        cut_backend(cluster)
        await owner.until(lambda: isinstance(owner.heard[-1], tuple))
        mender = owner.connection._mender
        assert mender is not None
        assert mender._mending is not None
        owner.connection.give_back("Nobody looks.")
        await owner.connection.close()
        assert mender._mending.done()
        with pytest.raises(ConnectionLost):
            await ready.backend.request("fs-get-root")

    play(cluster, work)


@pytest.mark.parametrize("status", [500, 502, 503])
def test_a_backend_that_is_away_at_the_start_is_told_and_opened_when_it_is_there(cluster, status, monkeypatch):
    monkeypatch.setattr(job, "CONNECT_PAUSE", 0.01)

    async def work(owner: Owner) -> None:
        cluster.refuse["backend"] = status
        ready = await owner.connection.ensure(ignore)
        assert ready.capabilities.backend_methods == frozenset()
        await owner.until(lambda: any(isinstance(item, tuple) for item in owner.heard))
        name, error = owner.heard[-1]
        assert name == "backend"
        assert f"HTTP {status}" in str(error)
        assert ready.backend is not None
        with pytest.raises(ConnectionLost, match="The backend is out of reach"):
            await ready.backend.request("fs-get-root")
        cluster.refuse.clear()
        await owner.until(lambda: ("backend", None) in owner.heard)
        assert (await ready.backend.request("fs-get-root")).result == "/data"
        assert owner.connection.ready is not None
        assert "fs-get-root" in owner.connection.ready.capabilities.backend_methods
        assert owner.connection.ready.renderer is ready.renderer

    play(cluster, work)
    assert cluster.paths().count("POST /start") == 1


@pytest.mark.parametrize("method", ["version", "registry"])
@pytest.mark.parametrize("fault", ["silent", "cut"])
def test_a_backend_that_hangs_or_breaks_at_the_start_is_told_and_sought_and_the_renderer_goes_on(
    cluster, monkeypatch, method, fault
):
    monkeypatch.setattr(job, "CONNECT_PAUSE", 0.01)
    monkeypatch.setattr(job, "BACKEND_PATIENCE", 0.2)
    monkeypatch.setattr(capabilities, "LIST_DEADLINE", 0.2)
    monkeypatch.setattr(Link, "open", partial(Link.open, timeout=0.5))
    assert cluster.backend is not None
    getattr(cluster.backend, fault).add(method)

    async def work(owner: Owner) -> None:
        assert cluster.backend is not None
        ready = await owner.connection.ensure(ignore)
        assert owner.statuses[-1] == "ready"
        assert ready.capabilities.backend_methods == frozenset()
        await owner.until(lambda: any(isinstance(item, tuple) for item in owner.heard))
        assert ready.backend is not None
        with pytest.raises(ConnectionLost, match="The backend is out of reach"):
            await ready.backend.request("fs-get-root")
        await ready.renderer.request("get-scene")
        cluster.backend.silent.clear()
        cluster.backend.cut.clear()
        await owner.until(lambda: ("backend", None) in owner.heard)
        assert owner.connection.ready is not None
        assert "fs-get-root" in owner.connection.ready.capabilities.backend_methods
        assert (await ready.backend.request("fs-get-root")).result == "/data"
        assert owner.statuses[-1] == "ready"

    play(cluster, work)
    assert cluster.paths().count("POST /start") == 1


def test_a_backend_that_hangs_at_the_start_is_told_at_once(cluster, monkeypatch):
    monkeypatch.setattr(capabilities, "LIST_DEADLINE", 0.2)
    monkeypatch.setattr(mending, "pause_before", lambda _: 60.0)
    assert cluster.backend is not None
    cluster.backend.silent.add("registry")

    async def work(owner: Owner) -> None:
        await owner.connection.ensure(ignore)
        await owner.until(lambda: any(isinstance(item, tuple) for item in owner.heard))
        assert "did not answer 'registry'" in str(owner.heard[-1][1])

    play(cluster, work)


def test_a_backend_that_refuses_the_token_is_told_and_tried_when_it_is_needed(cluster):
    async def work(owner: Owner) -> None:
        ready = await owner.connection.ensure(ignore)
        assert ready.backend is not None
        cluster.refuse["backend"] = 401
        before = len(cluster.handshakes)
        cut_backend(cluster)
        mender = owner.connection._mender
        assert mender is not None
        await owner.until(
            lambda: any(isinstance(item, tuple) and isinstance(item[1], AuthError) for item in owner.heard)
        )
        assert mender._mending is not None
        await mender._mending
        assert len(cluster.handshakes) == before + 1, "not for ever"
        with pytest.raises(AuthError, match=r"The backend is out of reach.* refused the token") as caught:
            await ready.backend.request("fs-get-root")
        assert f"job.connect(…, attach_to='{JOB_ID}', token=…)" in caught.value.hint
        cluster.refuse.clear()
        assert (await ready.backend.request("fs-get-root")).result == "/data"
        assert owner.heard[-1] == ("backend", None)

    play(cluster, work)


# ---------------------------------------------------------------------- a backend that can cancel


@pytest.fixture
def cancelling(cluster: FakeCluster, monkeypatch: pytest.MonkeyPatch) -> FakeBackend:
    """The backend of the cluster, which can cancel, while silence is noticed soon."""
    assert cluster.backend is not None
    monkeypatch.setattr(Link, "open", partial(Link.open, idle=0.1, patience=0.5))
    cluster.backend.cancels = True
    return cluster.backend


both_links = pytest.mark.parametrize("again", [False, True], ids=["the first link", "a link that was opened again"])


async def reached(owner: Owner, cluster: FakeCluster, *, again: bool) -> Server:
    """Connect, and return the backend; its link was broken and opened again if it is wanted so."""
    ready = await owner.connection.ensure(ignore)
    assert ready.backend is not None
    if again:
        owner.heard.clear()
        cut_backend(cluster)
        await owner.until(lambda: ("backend", None) in owner.heard)
    return ready.backend


@both_links
def test_a_backend_that_can_cancel_is_asked_while_it_works_and_noticed_when_it_is_dead(cluster, cancelling, again):
    async def work(owner: Owner) -> None:
        backend = await reached(owner, cluster, again=again)
        cancelling.silent.add("fs-list-dir")
        question = asyncio.create_task(backend.request("fs-list-dir", {"path": "/data"}))
        while cancelling.requests.count(("cancel", {"id": None})) < 3:  # noqa: ASYNC110 - asked on another loop
            await asyncio.sleep(0.01)
        assert not question.done(), "it answers, so it lives"
        cancelling.silent.add("cancel")
        with pytest.raises(ConnectionLost, match="The backend has stopped answering"):
            await question

    play(cluster, work)


@both_links
def test_a_question_that_is_given_up_is_cancelled_in_a_backend_that_can(cluster, cancelling, again):
    async def work(owner: Owner) -> None:
        backend = await reached(owner, cluster, again=again)
        cancelling.delays["fs-list-dir"] = 60.0
        question = asyncio.create_task(backend.request("fs-list-dir", {"path": "/data"}))
        while "fs-list-dir" not in cancelling.methods():  # noqa: ASYNC110 - asked on another loop
            await asyncio.sleep(0.01)
        question.cancel()
        while cancelling.cancelled != ["fs-list-dir"]:  # noqa: ASYNC110 - cancelled on another loop
            await asyncio.sleep(0.01)
        await asyncio.wait([question])
        assert question.cancelled()

    play(cluster, work)
