"""Reader: runs functions that read files in a process that may die.

The process is started once and used for one task after the other, so that a small load does not wait for it. It is
replaced when it has died, or when it had to be ended: it did not stop soon after a cancellation, or did not return from
a library. Either costs the task that it ran, and nothing else.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Sequence
from typing import Any, Protocol

from brayns_widget.protocol.errors import INTERNAL_ERROR, RequestError
from brayns_widget.service.reading.process import LONGEST_END, Limits, Process
from brayns_widget.service.rpc.running import RunningRequest


class Runner(Protocol):
    """Runs functions that read files, somewhere."""

    def run(self, what: str, function: Callable[..., Sequence[Any]], request: RunningRequest, *arguments: Any) -> Any:
        """Run a function; see ``Reader.run``."""

    def tidy(self, function: Callable[..., Sequence[Any]], *arguments: Any) -> None:
        """Run a function that frees what an earlier one has left, unless that is gone already."""


class Here:
    """Runs functions in this process."""

    def run(self, what: str, function: Callable[..., Sequence[Any]], request: RunningRequest, *arguments: Any) -> Any:
        """Run a function; see ``Reader.run``."""
        del what
        return function(request, *arguments)

    def tidy(self, function: Callable[..., Sequence[Any]], *arguments: Any) -> None:
        """Run a function; see ``Runner.tidy``."""
        function(RunningRequest(), *arguments)


class Reader:
    """Runs functions in a process of its own, one at a time; thread-safe. Its owner closes it.

    Args:
        prepare: runs first in each process; a function of a module, or a ``functools.partial`` of one.
        limits: of each task.
    """

    def __init__(self, prepare: Callable[[], None] | None = None, limits: Limits | None = None) -> None:
        self._prepare = prepare or _nothing
        self._limits = limits or Limits()
        self._turn = threading.Lock()
        self._changing = threading.Lock()
        self._process: Process | None = None
        self._closed = False

    def start(self) -> None:
        """Start the process now, so that the first task need not wait for it."""
        with contextlib.suppress(RequestError):  # the first task tells
            self._living()

    def run(self, what: str, function: Callable[..., Sequence[Any]], request: RunningRequest, *arguments: Any) -> Any:
        """Run a function and return what it returns, a sequence; large arrays come in shared memory.

        Args:
            what: is read, such as a path: for messages.
            function: of a module; called with a running request and the arguments.
            request: told about progress; stops the work when cancelled.
            arguments: of the function; they and the results can be pickled.

        Raises:
            RequestError: -32603, the process died or was ended, with what it has read; 20, cancelled.
            Exception: what the function raised.
        """
        with self._turn:
            process = self._living()
            try:
                return process.run(what, function, request, *arguments)
            finally:
                if process.dead:
                    process.end()

    def tidy(self, function: Callable[..., Sequence[Any]], *arguments: Any) -> None:
        """Run a function; see ``Runner.tidy``."""
        if self.pid is not None and not self._closed:
            with contextlib.suppress(RequestError):
                self.run("What was read", function, RunningRequest(), *arguments)

    @property
    def pid(self) -> int | None:
        """The id of the process, if it runs."""
        process = self._process
        return None if process is None or process.ended else process.pid

    def _living(self) -> Process:
        with self._changing:
            if self._closed:
                raise RequestError("The renderer is closing", code=INTERNAL_ERROR)
            if self._process is not None and (self._process.dead or self._process.ended):
                self._process.end()
                self._process = None
            if self._process is None:
                self._process = Process(self._prepare, self._limits)
            return self._process

    def close(self) -> None:
        """End the process; the running task fails."""
        with self._changing:
            self._closed = True
            if self._process is None:
                return
            self._process.kill()
        if self._turn.acquire(timeout=LONGEST_END):  # the running task ends its process
            self._process.end()
            self._turn.release()


def _nothing() -> None:
    pass
