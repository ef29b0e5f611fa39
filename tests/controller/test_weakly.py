from __future__ import annotations

import asyncio
import gc

from brayns_widget.controller.weakly import weakly, weakly_awaited


class Thing:
    def __init__(self, called: list[int]) -> None:
        self.called = called

    def call(self, number: int) -> None:
        self.called.append(number)

    async def wait(self, number: int) -> None:
        self.called.append(number)


def test_who_calls_weakly_holds_nothing():
    called: list[int] = []
    thing = Thing(called)
    call, wait = weakly(thing.call), weakly_awaited(thing.wait)
    call(1)
    asyncio.run(wait(2))
    assert called == [1, 2]
    del thing
    gc.collect()
    call(3)
    asyncio.run(wait(4))
    assert called == [1, 2]
