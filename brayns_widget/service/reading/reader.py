"""Reader: runs functions that read files in a process that may die.

The process is started once and used for one task after the other, so that a small load does not wait for it. It is
replaced when it has died, or when it had to be ended: it did not stop soon after a cancellation, or did not return from
a library. Either costs the task that it ran, and nothing else.
"""

from __future__ import annotations

import contextlib
import logging
import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from multiprocessing.connection import Connection
from typing import Any, Protocol

from brayns_widget.lifetime import line_of_life
from brayns_widget.protocol.errors import INTERNAL_ERROR, RequestError
from brayns_widget.service.reading.channel import Channel, closed
from brayns_widget.service.reading.shared import Segment
from brayns_widget.service.rpc.methods import RunningRequest

GRACE = 0.5  # seconds that a cancelled task gets to stop
SILENCE = 55.0  # seconds without a sign of Python's life; less than the child's own limit, so that this one tells
STALLED = 600.0  # seconds without any progress
_LOOK = 1.0  # seconds between two looks at the clock
_LONGEST_END = 1.0  # seconds that a killed process gets to end


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
        silence: seconds that a library may keep Python from running.
        stalled: seconds that a task may take without any progress.
    """

    def __init__(
        self, prepare: Callable[[], None] | None = None, *, silence: float = SILENCE, stalled: float = STALLED
    ) -> None:
        self._prepare = prepare or _nothing
        self._silence, self._stalled = silence, stalled
        self._turn = threading.Lock()
        self._changing = threading.Lock()
        self._process: _Process | None = None
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
                return process.run(what, function, request, arguments, self._silence, self._stalled)
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

    def _living(self) -> _Process:
        with self._changing:
            if self._closed:
                raise RequestError("The renderer is closing", code=INTERNAL_ERROR)
            if self._process is not None and (self._process.dead or self._process.ended):
                self._process.end()
                self._process = None
            if self._process is None:
                try:
                    self._process = _Process(self._prepare)
                except OSError as error:
                    raise RequestError(f"No process can be started to read: {error}", code=INTERNAL_ERROR) from error
            return self._process

    def close(self) -> None:
        """End the process; the running task fails."""
        with self._changing:
            self._closed = True
            if self._process is None:
                return
            self._process.kill()
        if self._turn.acquire(timeout=_LONGEST_END):  # the running task ends its process
            self._process.end()
            self._turn.release()


class _Process:
    """A process that reads.

    Attributes:
        dead: it cannot be used any more.
    """

    def __init__(self, prepare: Callable[[], None]) -> None:
        ours, theirs = multiprocessing.Pipe()
        line = line_of_life()
        # -P: a file of the user's, say random.py in the current directory, must not take the place of a module.
        command = [sys.executable, "-P", "-m", "brayns_widget.service.reading.child", str(theirs.fileno())]
        with theirs:
            self._popen = subprocess.Popen(
                [*command, "" if line is None else str(line)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,  # HDF5 prints its stack of errors there; exceptions have the relevant part
                **_inheriting(theirs, line),
            )
        self._channel = Channel(ours)
        self._number = 0
        self._file = ""
        self._ending = threading.Lock()
        self.dead = False
        self.pid = self._popen.pid
        with contextlib.suppress(OSError):  # it has ended already: its first task tells
            self._channel.send("run", 0, _prepared, (prepare,))

    @property
    def ended(self) -> bool:
        return self._popen.poll() is not None

    def run(  # noqa: PLR0917 - what the reader was given, and its limits
        self,
        what: str,
        function: Callable[..., Sequence[Any]],
        request: RunningRequest,
        arguments: Sequence[Any],
        silence: float,
        stalled: float,
    ) -> Any:
        self._number += 1
        number, over = self._number, threading.Event()
        request.when_cancelled(lambda: self._cancel(number, over))
        request.check()
        self._file, late, finished = "", "", False
        sent: Sequence[Segment] = ()
        try:
            sent = self._channel.send("run", number, function, arguments)
            heard = progressed = time.monotonic()
            while True:
                now = time.monotonic()
                if not self._channel.poll(_LOOK):
                    if now - heard > silence:
                        late = f"the library that reads it did not return within {silence:g} s"
                    elif now - progressed > stalled:
                        late = f"there was no progress within {stalled:g} s"
                    if late:
                        self.kill()
                    continue
                kind, values = self._channel.receive()
                heard = now
                progressed = progressed if kind == "alive" else now
                if kind == "failed":
                    finished = values[0] == number
                    raise values[1]
                if kind != "done":
                    self._heed(kind, values, request)
                elif values[0] == number:
                    finished = True
                    with contextlib.suppress(OSError):  # it may die now
                        self._channel.send("taken")
                    return values[1:]
        except (EOFError, OSError) as error:
            if finished:
                raise
            self.kill()
            request.check()
            why = f"{late or self._end()}{self._last()}"
            raise RequestError(f"{what} cannot be read: {why}", code=INTERNAL_ERROR) from error
        finally:
            with self._ending:
                over.set()
            closed(sent)
            if not finished:
                self.kill()

    def _heed(self, kind: str, values: Sequence[Any], request: RunningRequest) -> None:
        if kind == "opening":
            self._file = values[0]
        elif kind == "log":
            name, level, text = values
            logging.getLogger(name).log(level, "%s", text)
        elif kind == "progress":
            with contextlib.suppress(RequestError):  # cancelled: the process was told, and answers
                request.progress(*values)

    def _cancel(self, number: int, over: threading.Event) -> None:
        """Ask the task to stop, and end the process if it does not; on a thread, as the process may not listen."""

        def end() -> None:
            over.wait(GRACE)
            with self._ending:  # or it would be the next task's process
                if not over.is_set():
                    self.kill()

        def ask() -> None:
            with contextlib.suppress(OSError):
                self._channel.send("cancel", number)

        if not over.is_set():
            for work in (end, ask):
                threading.Thread(target=work, daemon=True).start()

    def _end(self) -> str:
        """Say how the process ended."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            code = self._popen.wait(_LONGEST_END)
            if code < 0:
                with contextlib.suppress(ValueError):
                    return f"what reads it died with signal {signal.Signals(-code).name}"
            return f"what reads it died with code {code}"
        return "what reads it does not answer"

    def _last(self) -> str:
        return f"; the last file that it opened is {self._file}" if self._file else ""

    def kill(self) -> None:
        """End the process; safe on any thread."""
        self.dead = True
        self._popen.kill()

    def end(self) -> None:
        """End the process, and wait a limited time for that."""
        self.kill()
        with contextlib.suppress(subprocess.TimeoutExpired):  # a lost disk may keep it
            self._popen.wait(_LONGEST_END)
        self._channel.close()


def _nothing() -> None:
    pass


def _prepared(request: RunningRequest, prepare: Callable[[], None]) -> Sequence[Any]:
    del request
    prepare()
    return ()


def _inheriting(connection: Connection[Any, Any], line: int | None) -> dict[str, Any]:
    """Make the options of ``subprocess`` for a child that inherits these."""
    if sys.platform == "win32":
        os.set_handle_inheritable(connection.fileno(), True)
        startup = subprocess.STARTUPINFO()
        startup.lpAttributeList = {"handle_list": [connection.fileno()]}
        return {"startupinfo": startup}
    return {"pass_fds": [connection.fileno(), *([] if line is None else [line])]}
