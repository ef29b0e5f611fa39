"""Links to a fake renderer."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from brayns_widget.connection.link import Link
from brayns_widget.connection.tokens import Token
from tests.fakes import TOKEN, FakeCluster

DEADLINE = 10


async def open_link(cluster: FakeCluster, **options: Any) -> Link:
    """Open a link to the renderer of a cluster; the options are those of ``Link.open``, and a token or its source."""
    token = Token(options.pop("token", TOKEN))
    link = await Link.open(f"{cluster.slave}/1/renderer", token, name="renderer", probe="get-version", **options)
    link.cancellable = frozenset({"add-model", "render-image", "snapshot"})
    return link


def talk(cluster: FakeCluster, work: Callable[[Link], Awaitable[Any]], **options: Any) -> Any:
    """Await something with such a link, and close it."""

    async def main() -> Any:
        async with asyncio.timeout(DEADLINE):
            link = await open_link(cluster, **options)
            try:
                return await work(link)
            finally:
                await link.close()

    return asyncio.run(main())
