from __future__ import annotations

import asyncio

from brayns_widget.stream.lateness import Lateness

SOON = 0.02


def test_what_is_drawn_in_time_is_not_told():
    async def main() -> None:
        wants, told = [True], list[bool]()
        lateness = Lateness(60, lambda: wants[0], told.append)
        lateness.look()
        lateness.drawn()
        wants[0] = False
        lateness.drawn()
        lateness.look()
        assert told == []

    asyncio.run(main())


def test_what_is_late_is_told_once_until_it_is_drawn_or_wanted_no_more():
    async def main() -> None:
        wants, told, heard = [True], [], asyncio.Event()

        def tell(late: bool) -> None:
            told.append(late)
            heard.set()

        lateness = Lateness(SOON, lambda: wants[0], tell)
        for end in (lateness.drawn, lateness.look):
            told.clear()
            heard.clear()
            wants[0] = True
            lateness.look()
            lateness.look()
            async with asyncio.timeout(5):
                await heard.wait()
            lateness.look()
            assert told == [True]
            wants[0] = False
            end()
            assert told == [True, False]

    asyncio.run(main())


def test_a_picture_of_what_was_wanted_before_gives_another_while():
    async def main() -> None:
        told, heard = list[bool](), asyncio.Event()

        def tell(late: bool) -> None:
            told.append(late)
            heard.set()

        lateness = Lateness(SOON, lambda: True, tell)
        lateness.look()
        for end in ([True], [True, False, True]):
            async with asyncio.timeout(5):
                await heard.wait()
            assert told == end
            heard.clear()
            lateness.drawn()
            heard.clear()
        lateness.close()

    asyncio.run(main())
