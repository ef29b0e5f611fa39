from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from brayns_widget.connection.job import EndOfJob, Job
from brayns_widget.connection.place import Place
from brayns_widget.connection.tokens import Token
from brayns_widget.protocol.errors import AllocationError
from tests.fakes import TOKEN, FakeCluster


@pytest.fixture
def cluster():
    with FakeCluster() as fake:
        fake.token = ""
        yield fake


def bare(renderer: str, backend: str | None = None, token: str | None = None) -> Place:
    return Place(None, None, Token(token, optional=True), "SBO1", None, Path("/"), renderer, backend)


async def connect(place: Place) -> Job:
    return await Job.start(place, timeout=10, on_state=lambda *_: None, on_lost=lambda _: None)


def test_the_servers_are_used_and_neither_started_nor_stopped(cluster):
    async def main() -> tuple[str, bool, bool]:
        job = await connect(bare(f"{cluster.slave}/renderer", f"{cluster.slave}/backend"))
        assert job.backend is not None
        await job.renderer.request("get-scene")
        await job.backend.request("version")
        await job.close()
        return job.id, job.owned, job.local

    assert asyncio.run(main()) == ("", False, False)
    assert cluster.calls == []
    assert [request.path for request in cluster.handshakes] == ["/renderer", "/backend"]
    assert all("Authorization" not in request.headers for request in cluster.handshakes)


def test_no_log_is_told(cluster):
    async def main() -> None:
        job = await connect(bare(f"{cluster.slave}/renderer"))
        try:
            await job.log()
        finally:
            await job.close()

    with pytest.raises(AllocationError, match="Without a proxy master no log is told"):
        asyncio.run(main())


def test_without_an_address_there_is_no_backend(cluster):
    async def main() -> object:
        job = await connect(bare(f"{cluster.slave}/renderer"))
        await job.close()
        return job.backend

    assert asyncio.run(main()) is None


def test_a_token_is_sent_if_one_is_given(cluster, monkeypatch):
    monkeypatch.setenv("BRAYNS_WIDGET_TOKEN", "of another server")
    cluster.token = TOKEN

    async def main() -> None:
        await (await connect(bare(f"{cluster.slave}/renderer", token=TOKEN))).close()

    asyncio.run(main())
    assert [request.headers["Authorization"] for request in cluster.handshakes] == [f"Bearer {TOKEN}"]


def test_it_counts_as_running_because_no_master_tells_its_end(cluster):
    async def main() -> EndOfJob | None:
        job = await connect(bare(f"{cluster.slave}/renderer"))
        try:
            end: EndOfJob | None = await job.look()
        finally:
            await job.close()
        return end

    assert asyncio.run(main()) is None
