"""A child process that reads one circuit, which may crash it or hang."""

from __future__ import annotations

import contextlib
import io
import json
import subprocess
import threading
from collections.abc import Callable, Sequence
from typing import Any

from brayns_widget.lifetime import line_of_life
from brayns_widget.protocol.errors import INTERNAL_ERROR, RequestError

_LONGEST_END = 1.0  # seconds


class Child:
    """A running child. Each question is a line of JSON; each answer, too, and ``size`` bytes may follow it.

    Args:
        command: starts it; gets another argument, the number of the ``line_of_life`` that it inherits, or "".
        path: what it reads, for messages.
        deadline: seconds that one answer may take.
        on_close: called with the child when it is over.

    Attributes:
        dead: it crashed, was too slow or was killed: it answers no more.
    """

    def __init__(self, command: Sequence[str], path: str, deadline: float, on_close: Callable[[Child], None]) -> None:
        self.dead = False
        self._path = path
        self._deadline = deadline
        self._on_close = on_close
        # HDF5 prints its stack of errors to stderr; the answer has the relevant part.
        # Without buffers: closing one that is not empty after the child's death would raise an error.
        line = line_of_life()
        self._process = subprocess.Popen(
            [*command, "" if line is None else str(line)],
            bufsize=0,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            pass_fds=() if line is None else (line,),
        )
        assert self._process.stdin
        assert isinstance(self._process.stdout, io.FileIO)
        self._input = self._process.stdin
        self._output = io.BufferedReader(self._process.stdout)

    def ask(self, question: dict[str, Any]) -> tuple[Any, bytes]:
        """Ask a question; returns the answer and its bytes.

        Raises:
            RequestError: the child refused, died, or took too long.
        """
        late = threading.Event()

        def stop() -> None:
            late.set()
            self.kill()

        timer = threading.Timer(self._deadline, stop)
        timer.start()
        try:
            self._write(json.dumps(question).encode() + b"\n")
            line = self._output.readline()
            answer = json.loads(line) if line.endswith(b"\n") else None
            size = 0 if answer is None else answer.get("size", 0)
            payload = self._output.read(size)
        finally:
            timer.cancel()
            timer.join()
            self.dead |= late.is_set()
        if answer is None or len(payload) < size:
            self.dead = True
            self.kill()
            if late.is_set():
                raise self._error(f"could not be read within {self._deadline:g} s")
            raise self._error(f"could not be read: its reader died with code {self._ended()}")
        if "error" in answer:
            raise RequestError(answer["error"]["message"], code=answer["error"]["code"])
        return answer["result"], payload

    def _write(self, data: bytes) -> None:
        rest = memoryview(data)
        with contextlib.suppress(OSError):  # it has died: its exit code says so
            while rest:
                rest = rest[self._input.write(rest) :]

    def _error(self, problem: str) -> RequestError:
        return RequestError(f"{self._path!r} {problem}", code=INTERNAL_ERROR)

    def _ended(self) -> int | None:
        """Wait for the end; None: a lost disk keeps the process, which has been killed, in the system's hands."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            return self._process.wait(_LONGEST_END)
        return None

    def kill(self) -> None:
        """End the process; safe on any thread, also while another one asks."""
        self._process.kill()

    def close(self) -> None:
        """End the process, and wait a limited time for that."""
        self.dead = True
        self.kill()
        self._ended()
        self._input.close()
        self._output.close()
        self._on_close(self)
