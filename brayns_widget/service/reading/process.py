"""A process that reads files and may die: it runs one task after the other, within limits.

A damaged file can crash the library that reads it, or let it go round in circles; a lost disk can block it for ever.
"""

from __future__ import annotations

import contextlib
import logging
import math
import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any

from brayns_widget.lifetime import line_of_life
from brayns_widget.protocol.errors import INTERNAL_ERROR, RequestError
from brayns_widget.service.reading.channel import Channel, closed
from brayns_widget.service.reading.shared import Segment
from brayns_widget.service.rpc.running import RunningRequest

GRACE = 0.5  # seconds that a cancelled task gets to stop
LONGEST_END = 1.0  # seconds that a killed process gets to end
_LOOK = 0.25  # seconds between two looks at the clock

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Limits:
    """Seconds that a task may take.

    Attributes:
        silence: without a sign of Python's life; less than the child's own limit, so that this one tells.
        stalled: without any progress.
        whole: from its begin to its end.
    """

    silence: float = 55.0
    stalled: float = 600.0
    whole: float = math.inf


class Process:
    """A process that reads. It runs one task at a time; ``kill`` is safe on any thread. Its owner ends it.

    Args:
        prepare: runs first in it; a function of a module, or a ``functools.partial`` of one.
        limits: of each task.

    Attributes:
        dead: it cannot be used any more.

    Raises:
        RequestError: -32603, it cannot be started.
    """

    def __init__(self, prepare: Callable[[], None], limits: Limits) -> None:
        ours, theirs = multiprocessing.Pipe()
        line = line_of_life()
        # -P: a file of the user's, say random.py in the current directory, must not take the place of a module.
        command = [sys.executable, "-P", "-m", "brayns_widget.service.reading.child", str(theirs.fileno())]
        try:
            with theirs:
                self._popen = subprocess.Popen(
                    [*command, "" if line is None else str(line)],
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,  # HDF5 prints its errors there; exceptions have the relevant part
                    **_inheriting(theirs, line),
                )
        except OSError as error:
            ours.close()
            raise RequestError(f"No process can be started to read: {error}", code=INTERNAL_ERROR) from error
        self._channel = Channel(ours)
        self._limits = limits
        self._number = 0
        self._finishing = threading.Lock()
        self._waiting = threading.Lock()
        self._given_up = False
        self.dead = False
        self.pid = self._popen.pid
        with contextlib.suppress(OSError):  # it has ended already: its first task tells
            self._channel.send("run", 0, _prepared, (prepare,))

    @property
    def ended(self) -> bool:
        """Whether the process has ended."""
        return self._popen.poll() is not None

    def run(self, what: str, function: Callable[..., Sequence[Any]], request: RunningRequest, *arguments: Any) -> Any:
        """Run a function; see ``reader.Reader.run``."""
        self._number += 1
        task = _Task(self._number, request, self._limits)
        request.when_cancelled(task.changed.set)
        request.check()
        threading.Thread(target=self._watch, args=(task,), name="reading-watch", daemon=True).start()
        sent: Sequence[Segment] = ()
        try:
            sent = self._channel.send("run", task.number, function, arguments)
            found = self._outcome(task)
        except (EOFError, OSError) as error:
            self.kill()
            request.check()
            why = f"{task.late or self._end()}{task.last}"
            raise RequestError(f"{what} cannot be read: {why}", code=INTERNAL_ERROR) from error
        except BaseException:
            self.kill()
            raise
        finally:
            with self._finishing:
                task.over = True
            task.changed.set()
            closed(sent)
        if isinstance(found, Exception):
            raise found
        return found

    def _outcome(self, task: _Task) -> Sequence[Any] | Exception:
        """Wait for what a task returns or raises."""
        while True:
            kind, values = self._channel.receive()
            if kind == "failed":
                if values[0] != task.number:  # the preparation
                    self.kill()
                error: Exception = values[1]
                return error
            if kind != "done":
                task.hear(kind, values)
            elif values[0] == task.number:
                with contextlib.suppress(OSError):  # it may die now
                    self._channel.send("taken")
                return values[1:]

    def _watch(self, task: _Task) -> None:
        """End the process if its task takes too long, or does not stop when it is cancelled.

        A thread does this, as a process that does not listen also blocks who sends to it or waits for it.
        """
        while not (self.dead or task.changed.wait(_LOOK)):
            task.late = task.overdue()
            if task.late:
                self.kill()
        if not self.dead and task.cancelled():
            threading.Thread(target=self._ask_to_stop, args=(task.number,), name="reading-cancel", daemon=True).start()
            task.changed.wait(GRACE)
        with self._finishing:  # or it would be the next task's process
            if task.over:
                return
            self.kill()
        self._await_end()

    def _ask_to_stop(self, number: int) -> None:
        with contextlib.suppress(OSError):
            self._channel.send("cancel", number)

    def _end(self) -> str:
        """Say how the process ended."""
        if not self._await_end():
            return "what reads it does not answer"
        code = self._popen.returncode
        if code < 0:
            with contextlib.suppress(ValueError):
                return f"what reads it died with signal {signal.Signals(-code).name}"
        return f"what reads it died with code {code}"

    def _await_end(self) -> bool:
        """Wait a limited time until the process, which was killed, has ended; returns whether it has.

        If not, nobody waits for it any more: the system keeps it as long as a lost disk does not answer.
        """
        with self._waiting:
            if self._given_up:
                return False
            try:
                self._popen.wait(LONGEST_END)
            except subprocess.TimeoutExpired:
                self._given_up = True
                self._channel.hang_up()
                logger.warning("The process %d, which reads files, was killed and does not end: left behind", self.pid)
            return not self._given_up

    def kill(self) -> None:
        """End the process, without waiting for that."""
        self.dead = True
        self._popen.kill()

    def end(self) -> None:
        """End the process, and wait a limited time for that."""
        self.kill()
        self._await_end()
        self._channel.close()


class _Task:
    """A running task: what its process has told of it.

    Attributes:
        over: nothing more is to be done for it.
        changed: set when it is over, or cancelled.
        late: which limit it has exceeded, if any.
    """

    def __init__(self, number: int, request: RunningRequest, limits: Limits) -> None:
        self.number = number
        self._request = request
        self._limits = limits
        self._begun = self._heard = self._progressed = time.monotonic()
        self.over = False
        self.changed = threading.Event()
        self.late = ""
        self._file = ""

    def cancelled(self) -> bool:
        """Whether it is cancelled and not yet over; ``changed`` is then set again when it is."""
        self.changed.clear()
        return self._request.cancelled and not self.over

    def hear(self, kind: str, values: Sequence[Any]) -> None:
        """Take note of a message, and pass it on."""
        self._heard = time.monotonic()
        if kind != "alive":
            self._progressed = self._heard
        if kind == "opening":
            self._file = values[0]
        elif kind == "log":
            name, level, text = values
            logging.getLogger(name).log(level, "%s", text)
        elif kind == "progress":
            with contextlib.suppress(RequestError):  # cancelled: the process was told, and answers
                self._request.progress(*values)

    def overdue(self) -> str:
        """Say which limit the task exceeds; empty if none."""
        now = time.monotonic()
        for since, limit, problem in (
            (self._begun, self._limits.whole, "it could not be read within"),
            (self._heard, self._limits.silence, "the library that reads it did not return within"),
            (self._progressed, self._limits.stalled, "there was no progress within"),
        ):
            if now - since > limit:
                return f"{problem} {limit:g} s"
        return ""

    @property
    def last(self) -> str:
        """Words about the last file that it opened."""
        return f"; the last file that it opened is {self._file}" if self._file else ""


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
