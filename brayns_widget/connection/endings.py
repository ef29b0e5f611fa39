"""Ends of jobs, which go on when nobody waits for them any more."""

# ruff: noqa: ASYNC109 - the end comes after that, too
from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from brayns_widget.connection.process import PROCESS
from brayns_widget.connection.tokens import redact


class Ending:
    """The end of a job. The process knows it until it has come, and gives it a little time at its own end.

    Args:
        work: ends the job; returns what people have to know of a job that may run on, or "".
        unfinished: returns what they have to know if there is no time left for that, or "".
        on_left: called with what they have to know, too, or None.

    Attributes:
        left: what was told of a job that may run on, or "".
    """

    def __init__(
        self,
        work: Coroutine[Any, Any, str],
        unfinished: Callable[[], str],
        on_left: Callable[[str], None] | None = None,
    ) -> None:
        self._task = asyncio.create_task(work, name="end a job")
        self._task.add_done_callback(self._tell)
        self.unfinished = unfinished
        self._on_left = on_left
        self.left = ""
        PROCESS.add(self)

    @property
    def done(self) -> bool:
        """Whether the end has come."""
        return self._task.done()

    async def wait(self, timeout: float | None = None) -> None:
        """Wait for the end, at most so many seconds. It comes all the same, also if the waiting task is cancelled."""
        await asyncio.wait([self._task], timeout=timeout)

    async def leave(self) -> None:
        """Wait for the end, as long as that of the process allows."""
        await self.wait()

    def _tell(self, task: asyncio.Task[str]) -> None:
        PROCESS.discard(self)
        if task.cancelled():
            return
        if (error := task.exception()) is not None:
            problem = redact(f"{type(error).__name__}: {error}".rstrip(": "))
            self.left = f"The end of a job failed ({problem}). {self.unfinished()}".rstrip()
        else:
            self.left = task.result()
        if self.left:
            PROCESS.tell(self.left)
            if self._on_left is not None:
                self._on_left(self.left)
