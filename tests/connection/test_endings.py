from __future__ import annotations

import asyncio

from brayns_widget.connection.endings import Ending


def test_an_end_that_fails_in_an_unforeseen_way_is_told(caplog):
    async def fail() -> str:
        raise OSError("Bearer canary-1")

    async def main() -> None:
        await Ending(fail(), lambda: "The job 7 may run on.").wait()
        await asyncio.sleep(0)  # the callback comes after the end

    asyncio.run(main())
    assert caplog.messages == ["The end of a job failed (OSError: Bearer …). The job 7 may run on."]


def test_what_is_left_is_told_to_the_view_as_well(caplog):
    async def end() -> str:
        return "The job 7 may run on."

    async def main() -> list[str]:
        told: list[str] = []
        ending = Ending(end(), lambda: "", told.append)
        done = [ending.done]
        await ending.wait()
        assert [*done, ending.done] == [False, True]
        return told

    assert asyncio.run(main()) == caplog.messages == ["The job 7 may run on."]
