"""Reader of circuits in child processes.

HDF5 files come from any source. A damaged one can crash the HDF5 library, one on a lost server can block it forever,
and either would take the backend with it. A process for each question costs 0.1 s and may die; see ``service.reading``.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from brayns_widget.protocol.errors import INTERNAL_ERROR, RequestError
from brayns_widget.service.available_memory import available
from brayns_widget.service.backend import tasks
from brayns_widget.service.backend.base import BaseDirectory
from brayns_widget.service.reading.process import Limits, Process
from brayns_widget.service.rpc.running import RunningRequest

DEADLINE = 60.0  # seconds


class CircuitReader:
    """Reader that answers questions about circuits; thread-safe.

    Args:
        base: the directory that circuits are confined to.
        deadline: seconds that one answer may take.
    """

    def __init__(self, base: BaseDirectory, *, deadline: float = DEADLINE) -> None:
        self.base = str(base.path)
        self._base = base
        self._limits = Limits(whole=deadline)
        self._lock = threading.Lock()
        self._processes: set[Process] = set()
        self._closed = False

    def ask(self, question: str, path: str, request: RunningRequest, **params: Any) -> Any:
        """Ask a question about a configuration.

        Args:
            question: one of ``circuits.QUESTIONS``.
            path: of the configuration, or of a directory that holds one.
            request: of the client that asks.
            params: further parameters of the question.

        Raises:
            RequestError: the question cannot be answered, or its process died or took too long.
        """
        return self.fetch(question, path, request, **params)[0]

    def fetch(self, question: str, path: str, request: RunningRequest, **params: Any) -> tuple[Any, bytes | memoryview]:
        """Ask as ``ask`` does; also return the bytes that belong to the answer."""
        process = self.start(path)
        try:
            answer, payload = run(process, path, tasks.answer, request, question, self.base, path, params)
            return answer, payload
        finally:
            self.end(process)

    def start(self, path: str) -> Process:
        """Start a process that runs ``tasks``; who calls it hands it to ``end``.

        Raises:
            RequestError: there is nothing at the path, it is outside of the base directory, no process can be started,
                or the backend is closing.
        """
        self._base.regular_file(path, or_directory=True)  # common errors are found without a process
        prepare = partial(tasks.prepare, self.base, available())
        with self._lock:
            if self._closed:
                raise RequestError("The backend is closing", code=INTERNAL_ERROR)
            process = Process(prepare, self._limits)
            self._processes.add(process)
            return process

    def end(self, process: Process) -> None:
        """End a process, and wait a limited time for that."""
        process.end()
        with self._lock:
            self._processes.discard(process)

    def close(self) -> None:
        """Stop the running processes; their callers get an error."""
        with self._lock:
            self._closed = True
            for process in self._processes:
                process.kill()


def run(
    process: Process, path: str, task: Callable[..., Sequence[Any]], request: RunningRequest, *arguments: Any
) -> Any:
    """Run one of ``tasks``; it stops when the client, who alone gets the answer, disconnects.

    Raises:
        RequestError: see ``Process.run``; or the task's own.
    """
    request.only_for_client()
    return process.run(repr(path), task, request, *arguments)
