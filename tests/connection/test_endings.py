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
