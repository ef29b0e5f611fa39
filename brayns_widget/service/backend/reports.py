"""A loaded report: a process that keeps its file open, as a frame must not take the start of a process."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from brayns_widget.service.backend import tasks
from brayns_widget.service.backend.reader import CircuitReader, run
from brayns_widget.service.reading.process import Process
from brayns_widget.service.rpc.running import RunningRequest


class LoadedReport:
    """A report of selected nodes.

    Args:
        reader: starts its process, again if that died.
        path: of the simulation's configuration.
        params: makes those of ``frames.Frames``.
        request: of the client that loads it.

    Raises:
        RequestError: it cannot be loaded.
    """

    def __init__(
        self, reader: CircuitReader, path: str, params: Callable[[], dict[str, Any]], request: RunningRequest
    ) -> None:
        self._reader = reader
        self._path = path
        self._params = params
        self._process = self._opened(request)

    def _opened(self, request: RunningRequest) -> Process:
        process = self._reader.start(self._path)
        try:
            run(process, self._path, tasks.open_report, request, self._reader.base, self._path, self._params())
        except BaseException:
            self._reader.end(process)
            raise
        return process

    def frame(self, number: int, low: float, high: float, request: RunningRequest) -> bytes | memoryview:
        """Read a frame; see ``frames.Frames.read``.

        Raises:
            RequestError: there is no such frame, or it cannot be read.
        """
        if self._process.dead:
            self._reader.end(self._process)
            self._process = self._opened(request)
        values: bytes | memoryview
        (values,) = run(self._process, self._path, tasks.read_frame, request, self._path, number, low, high)
        return values

    def close(self) -> None:
        """End the process."""
        self._reader.end(self._process)
