"""The process that reads: ``python -m brayns_widget.service.reading.child CONNECTION LINE``; see ``reader``.

It runs one task at a time. While one runs, it tells its owner once a second that Python still works, and each file that
it opens, so that the owner knows the last one if a library does not return.
"""

from __future__ import annotations

import contextlib
import faulthandler
import logging
import os
import pickle
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Sequence
from multiprocessing.connection import Connection
from pathlib import Path
from queue import SimpleQueue
from typing import Any

from brayns_widget.lifetime import end_with_line
from brayns_widget.service import confined
from brayns_widget.service.reading.channel import Channel, closed
from brayns_widget.service.reading.shared import Results, Segment, hand_over
from brayns_widget.service.rpc.running import RunningRequest

BEAT = 1.0  # seconds between two signs of life
LONGEST_SILENCE = 60.0  # seconds that a library may keep Python from running


class _Child:
    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._tasks: SimpleQueue[list[Any]] = SimpleQueue()
        self._running: tuple[int, RunningRequest] | None = None
        self._sent: list[Segment] = []
        self._busy = threading.Event()
        self._opened = ""

    def run(self) -> None:
        """Run tasks until the owner is gone."""
        logging.getLogger().addHandler(_Handler(self._channel))
        confined.watch(self._open)
        for work in (self._listen, self._beat):
            threading.Thread(target=work, daemon=True).start()
        while True:
            number, function, arguments = self._tasks.get()
            self._run_task(number, function, arguments)

    def _run_task(self, number: int, function: Callable[..., Sequence[Any]], arguments: Sequence[Any]) -> None:
        request = RunningRequest(self._report)
        self._running = number, request
        self._opened = ""
        results = Results()
        hand_over(results)
        self._busy.set()
        try:
            found = function(request, *arguments)
            self._sent = self._channel.send("done", number, *found, made=results.segments)
        except Exception as error:
            self._fail(number, error)
            closed(results.segments)
        finally:
            self._busy.clear()
            hand_over(None)
            self._running = None

    def _report(self, amount: float, operation: str) -> None:
        self._channel.send("progress", amount, operation)

    def _fail(self, number: int, error: Exception) -> None:
        trace = "".join(traceback.format_exception(error))
        error.__cause__ = error.__context__ = error.__traceback__ = None
        try:
            pickle.loads(pickle.dumps(error))  # noqa: S301 - not every class that can be pickled comes back
        except Exception:
            error = RuntimeError(f"{type(error).__name__}: {error}")
        error.add_note(trace)
        self._channel.send("failed", number, error)

    def _open(self, path: str) -> None:
        if path != self._opened:
            self._opened = path
            self._channel.send("opening", path)

    def _listen(self) -> None:
        try:
            while True:
                kind, values = self._channel.receive()
                running = self._running
                if kind == "run":
                    self._tasks.put(values)
                elif kind == "taken":
                    closed(self._sent)
                    self._sent = []
                elif running is not None and running[0] == values[0]:
                    running[1].cancel()
        finally:
            os._exit(0)  # the owner is gone

    def _beat(self) -> None:
        # The watchdog is no thread of Python: it ends this process although a library holds Python's lock, and
        # although the owner, which would end it sooner, is gone.
        pause = threading.Event()
        with Path(os.devnull).open("w") as nowhere:
            while self._busy.wait():
                faulthandler.dump_traceback_later(LONGEST_SILENCE, exit=True, file=nowhere)
                self._channel.send("alive")
                pause.wait(BEAT)
                faulthandler.cancel_dump_traceback_later()


class _Handler(logging.Handler):
    """Lets the owner log what is logged here."""

    def __init__(self, channel: Channel) -> None:
        super().__init__()
        self._channel = channel

    def emit(self, record: logging.LogRecord) -> None:
        with contextlib.suppress(OSError):
            self._channel.send("log", record.name, record.levelno, self.format(record))


def _connection(handle: int) -> Connection[Any, Any]:
    if sys.platform == "win32":
        from multiprocessing.connection import PipeConnection

        return PipeConnection(handle)
    return Connection(handle)


def main(connection: str, line: str) -> None:
    """Serve the owner at the other end of the connection."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C goes to the owner, too, who decides
    if line:
        end_with_line(int(line))
    _Child(Channel(_connection(int(connection)))).run()


if __name__ == "__main__":
    main(*sys.argv[1:])
