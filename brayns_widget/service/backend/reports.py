"""A loaded report: a process that keeps its file open, as a frame must not take the start of a process."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from brayns_widget.service.backend import tasks
from brayns_widget.service.backend.reader import CircuitReader
from brayns_widget.service.reading.process import Process
from brayns_widget.service.rpc.running import RunningRequest


class LoadedReport:
    """A report of selected nodes.

    Args:
        reader: starts its process, again if that died.
        path: of the simulation's configuration.
        params: makes those of ``frames.Frames``.

    Raises:
        RequestError: it cannot be loaded.
    """

    def __init__(self, reader: CircuitReader, path: str, params: Callable[[], dict[str, Any]]) -> None:
        self._reader = reader
        self._path = path
        self._params = params
        self._process = self._opened()

    def _opened(self) -> Process:
        process = self._reader.start(self._path)
        try:
            params = self._params()
            process.run(repr(self._path), tasks.open_report, RunningRequest(), self._reader.base, self._path, params)
        except BaseException:
            self._reader.end(process)
            raise
        return process

    def frame(self, number: int, low: float, high: float) -> bytes | memoryview:
        """Read a frame; see ``frames.Frames.read``.

        Raises:
            RequestError: there is no such frame, or it cannot be read.
        """
        if self._process.dead:
            self._reader.end(self._process)
            self._process = self._opened()
        what, request = repr(self._path), RunningRequest()
        values: bytes | memoryview
        (values,) = self._process.run(what, tasks.read_frame, request, self._path, number, low, high)
        return values

    def close(self) -> None:
        """End the process."""
        self._reader.end(self._process)
