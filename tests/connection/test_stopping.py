"""The end of a job whose master does not find it: it may be over, or the master's database is away."""

from __future__ import annotations

import asyncio

import pytest

from brayns_widget.connection import master, stopping
from brayns_widget.connection.link import Link
from brayns_widget.connection.master import MasterClient
from brayns_widget.connection.stopping import end_job
from brayns_widget.connection.tokens import Token
from tests.fakes import JOB_ID, TOKEN, FakeCluster

LOST = (500, "Internal DB error (cannot retreive job)")
END = "2030-01-01T00:00:00"


def end(*, links: bool = True, closed: int | None = None, refuse: int | None = None) -> tuple[str, bool]:
    """End a job of which the master says that it does not find it.

    Args:
        links: whether there is a link to the renderer, which is lost.
        closed: the code with which the other side has closed it; None: it broke.
        refuse: the HTTP status with which it cannot be opened again, or None.

    Returns:
        what is told of the job, and whether its renderer has quit.
    """

    async def main(cluster: FakeCluster) -> str:
        token = Token(TOKEN)
        async with MasterClient(cluster.master, token) as client, asyncio.timeout(10):
            lost = asyncio.Event()
            link = await Link.open(
                f"{cluster.slave}/{JOB_ID}/renderer",
                token,
                name="renderer",
                probe="get-version",
                on_close=lambda _: lost.set(),
            )
            if refuse is not None:
                cluster.refuse["renderer"] = refuse
            if closed is None:
                cluster.kill_renderer()
            else:
                cluster.close_renderer(closed, "")
            await lost.wait()
            try:
                return await end_job(client, JOB_ID, [link] if links else [], END)
            finally:
                await link.close()

    with FakeCluster(dialect="2024", backend=False) as cluster:
        cluster.failures["/stop"] = [LOST] * 100
        return asyncio.run(main(cluster)), cluster.renderer.methods()[-1] == "quit"


@pytest.fixture(autouse=True)
def short(monkeypatch):
    monkeypatch.setattr(master, "STOP_AGAIN", 0.0)
    monkeypatch.setattr(stopping, "QUIT_DEADLINE", 1.0)


TOLD = (
    f"may run on, until {END} (the master's time): The proxy master did not stop the job: HTTP 500, Internal DB error"
)


@pytest.mark.parametrize("refuse", [400, 500, 502, 503])
def test_a_lost_link_is_no_renderer_that_has_ended(refuse):
    told, _ = end(refuse=refuse)
    assert TOLD in told
    assert told.endswith("Its renderer did not quit either.")


def test_a_renderer_that_is_reached_again_quits_and_the_job_is_told():
    told, has_quit = end()
    assert TOLD in told
    assert told.endswith("Its servers have quit.")
    assert has_quit


def test_a_job_whose_servers_are_not_known_is_told():
    told, has_quit = end(links=False)
    assert TOLD in told
    assert not has_quit


def test_a_job_that_the_slave_does_not_know_either_is_over():
    assert end(refuse=404) == ("", False)


@pytest.mark.parametrize(
    ("code", "refuse", "over"),
    [(1000, 500, True), (1000, 400, True), (1000, 502, False), (1001, 500, False), (1011, 500, False)],
)
def test_a_renderer_whose_end_its_proxy_has_told_is_over_if_the_proxy_is_there(code, refuse, over):
    told, _ = end(closed=code, refuse=refuse)
    assert (told == "") is over
