"""How a server's process learns that it is to end: by a signal, by the end of its standard input, or by a method."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager

from brayns_widget.lifetime import when_stdin_closes

_SIGNALS = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGBREAK") if hasattr(signal, name)]


def exit_on_signals() -> None:
    """Let signals end this process at once with exit code 0, until there is something to stop; see ``hear``."""
    for number in _SIGNALS:
        signal.signal(number, lambda *_: os._exit(0))


class Ending:
    """Whether this process is to end. Make it on the loop that waits for that."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._asked = asyncio.Event()

    def ask(self) -> None:
        """Ask for the end, from any thread and from handlers of signals."""
        with contextlib.suppress(RuntimeError):  # the loop is closed: it has ended already
            self._loop.call_soon_threadsafe(self._asked.set)

    async def wait(self) -> None:
        """Wait until somebody asks."""
        await self._asked.wait()


@contextmanager
def hear(*, stdin: bool) -> Iterator[Ending]:
    """Let signals ask for the end, from the loop on the main thread, until the context ends.

    Args:
        stdin: whether the end of standard input asks for it, too.
    """
    ending = Ending()
    # signal.signal rather than loop.add_signal_handler: Windows has only the former.
    before = {number: signal.signal(number, lambda *_: ending.ask()) for number in _SIGNALS}
    try:
        if stdin:
            when_stdin_closes(ending.ask)
        yield ending
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
