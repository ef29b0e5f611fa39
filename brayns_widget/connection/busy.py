"""Waiting for a renderer that works for others, as with another client's load, while a job is connected."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from brayns_widget.connection.server import Server
from brayns_widget.protocol.errors import BraynsWidgetError, DeadlineExceeded

BUSY = "The renderer is busy, as with another client's load. Waiting for it …"

T = TypeVar("T")


class Patience:
    """How long one start waits for the answers of its renderer. Make it on the loop when the start begins.

    Args:
        timeout: seconds that the start may take.
        tell: called with a text for people when an answer takes longer than usual.
    """

    def __init__(self, timeout: float, tell: Callable[[str], None]) -> None:
        self._timeout = timeout
        self._deadline = asyncio.get_running_loop().time() + timeout
        self._tell = tell

    async def wait(self, renderer: Server, work: Awaitable[T]) -> T:
        """Wait for work that asks the renderer, until the deadline of the start, and not for each answer on its own.

        Raises:
            DeadlineExceeded: the start takes too long.
        """
        renderer.on_busy = lambda: self._tell(BUSY)
        try:
            async with asyncio.timeout_at(self._deadline):
                return await work
        except TimeoutError as error:
            if isinstance(error, BraynsWidgetError):
                raise
            raise DeadlineExceeded(
                f"The renderer lives, but has not answered within {self._timeout:g} s. It may be busy with a load.",
                hint="Try again later, allow it more time with start_timeout=…, or stop the job and start another.",
            ) from None
        finally:
            renderer.on_busy = None
