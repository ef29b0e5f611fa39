"""Renderers that are busy while a job is connected, such as with the load of a kernel that has crashed."""

from __future__ import annotations

import asyncio
from functools import partial

import pytest

from brayns_widget.connection import server as server_module
from brayns_widget.connection.busy import BUSY
from brayns_widget.connection.connection import Ready
from brayns_widget.connection.link import Link
from brayns_widget.connection.reports import ignore
from brayns_widget.connection.status import Status
from brayns_widget.connection.tokens import Token
from brayns_widget.protocol.errors import METHOD_NOT_FOUND, DeadlineExceeded, RequestCancelled
from tests.connection.test_connection import STOP, Owner, nothing_is_left, play  # noqa: F401 - a fixture
from tests.fakes import JOB_ID, TOKEN, FakeCluster

SHORT = 0.3  # s, of each deadline that a busy renderer exceeds


@pytest.fixture(autouse=True)
def short_deadlines(monkeypatch):
    monkeypatch.setattr(server_module, "MOMENT", 0.05)
    monkeypatch.setattr(server_module, "REQUEST_TIMEOUT", SHORT)


@pytest.fixture(params=["2023", "2024"])
def cluster(request):
    with FakeCluster(dialect=request.param, polls=0) as fake:
        yield fake


@pytest.mark.parametrize("method", ["get-version", "registry", "schema"])
def test_a_busy_renderer_is_waited_for_and_told(cluster, monkeypatch, method):
    cluster.renderer.delays[method] = 2 * SHORT
    monkeypatch.setattr(Link, "open", partial(Link.open, timeout=SHORT))

    async def work(owner: Owner) -> None:
        reports: list[str] = []
        ready = await owner.connection.ensure(lambda _, text: reports.append(text))
        assert Status("starting", BUSY) in owner.heard
        assert BUSY in reports
        assert ready.capabilities.version == "3.10.1"
        assert ready.capabilities.cancellable == {"add-model", "snapshot"}

    play(cluster, work, attach_to=JOB_ID)
    assert STOP not in cluster.paths()


def test_a_scene_is_waited_for_until_the_start_must_be_over(cluster):
    async def work(owner: Owner) -> None:
        async def read(ready: Ready) -> None:
            cluster.renderer.delays["get-scene"] = 2 * SHORT  # another load has begun
            await owner.connection.patience.wait(ready.renderer, ready.renderer.request("get-scene"))

        owner.prepared = read
        ready = await owner.connection.ensure(ignore)
        assert Status("starting", BUSY) in owner.heard
        with pytest.raises(DeadlineExceeded):  # now requests have their own deadlines again
            await ready.renderer.request("get-scene")

    play(cluster, work, attach_to=JOB_ID)


def test_one_that_is_busy_for_too_long_ends_the_start_and_runs_on(cluster):
    cluster.renderer.silent.add("get-version")

    async def work(owner: Owner) -> None:
        with pytest.raises(DeadlineExceeded, match=r"lives, but has not answered within 1 s") as caught:
            await owner.connection.ensure(ignore)
        assert "start_timeout=" in caught.value.hint
        assert owner.heard[-2:] == [Status("starting", BUSY), Status("failed", str(caught.value))]
        cluster.renderer.silent.clear()
        await owner.connection.ensure(ignore)

    play(cluster, work, attach_to=JOB_ID, start_timeout=1)
    assert STOP not in cluster.paths()


def test_the_wait_for_a_busy_renderer_can_be_cancelled(cluster):
    cluster.renderer.silent.add("get-version")

    async def work(owner: Owner) -> None:
        waiting = asyncio.create_task(owner.connection.ensure(ignore))
        await owner.until(lambda: Status("starting", BUSY) in owner.heard)
        assert await owner.connection.cancel_start()
        with pytest.raises(RequestCancelled):
            await waiting
        assert owner.heard[-1] == Status("idle", "The start was cancelled.")

    play(cluster, work, attach_to=JOB_ID)


def test_one_that_answers_nothing_at_all_is_not_called_busy(cluster, monkeypatch):
    cluster.renderer.silent |= {"cancel", "get-version"}
    monkeypatch.setattr(Link, "open", partial(Link.open, timeout=SHORT))

    async def work(owner: Owner) -> None:
        with pytest.raises(DeadlineExceeded, match=r"The renderer did not answer within 0\.3 s\.") as caught:
            await owner.connection.ensure(ignore)
        assert "Try again later" in caught.value.hint
        assert Status("starting", BUSY) not in owner.heard

    play(cluster, work, attach_to=JOB_ID)


@pytest.mark.parametrize("knows", [True, False])
def test_a_renderer_without_cancel_is_reached_as_well(cluster, knows):
    if not knows:
        cluster.renderer.errors["cancel"] = (METHOD_NOT_FOUND, "Method not found")
        cluster.renderer.offers.remove("cancel")

    async def main() -> None:
        address = f"{cluster.slave}/1/renderer"
        link = await Link.open(address, Token(TOKEN), name="renderer", probe="get-version", overtakes=True)
        assert link.overtakes is knows
        await link.close()

    async def work(owner: Owner) -> None:
        ready = await owner.connection.ensure(ignore)
        assert ready.capabilities.offers("cancel") is knows

    asyncio.run(main())
    play(cluster, work, attach_to=JOB_ID)
