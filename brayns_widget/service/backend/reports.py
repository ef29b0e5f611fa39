"""A loaded report: a child process that keeps its file open, as a frame must not take the start of a process."""

from __future__ import annotations

from collections.abc import Callable

from brayns_widget.service.backend.child import Child
from brayns_widget.service.backend.reader import CircuitReader


class LoadedReport:
    """A report of selected nodes.

    Args:
        reader: starts its process, again if that died.
        path: of the simulation's configuration.
        params: makes further ones of the question "report".

    Raises:
        RequestError: it cannot be loaded.
    """

    def __init__(self, reader: CircuitReader, path: str, params: Callable[[], dict[str, str]]) -> None:
        self._reader = reader
        self._path = path
        self._params = params
        self._child = self._opened()

    def _opened(self) -> Child:
        child = self._reader.start("report", self._path)
        try:
            child.ask(self._params())
        except BaseException:
            child.close()
            raise
        return child

    def frame(self, number: int, low: float, high: float) -> bytes:
        """Read a frame; see ``frames.Frames.read``.

        Raises:
            RequestError: there is no such frame, or it cannot be read.
        """
        if self._child.dead:
            self._child.close()
            self._child = self._opened()
        return self._child.ask({"frame": number, "min_value": low, "max_value": high})[1]

    def close(self) -> None:
        """End the process."""
        self._child.close()
