"""Selections of nodes and their reports, which one connection holds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pickle import PickleBuffer
from typing import Any

from brayns_widget.protocol.errors import INVALID_PARAMS, RequestError
from brayns_widget.service.backend.numbered import Numbered
from brayns_widget.service.backend.reader import CircuitReader
from brayns_widget.service.backend.reports import LoadedReport
from brayns_widget.service.rpc.running import RunningRequest

# Of one connection.
MAX_SELECTIONS = 1000
MAX_IDS = 256 << 20  # bytes of the ids of all selections
MAX_REPORTS = 8  # each is a process


@dataclass
class _Selection:
    """Selected nodes of a population; ``ids`` are little-endian uint64, ascending."""

    path: str
    population: str
    ids: bytes
    reports: list[int] = field(default_factory=list)

    @property
    def params(self) -> dict[str, Any]:
        return {"population": self.population, "ids": PickleBuffer(self.ids)}


class Selections:
    """Selections and reports of one connection, by number. Its owner closes it.

    Args:
        reader: reads circuits.
    """

    def __init__(self, reader: CircuitReader) -> None:
        self._reader = reader
        self._nodes: Numbered[_Selection] = Numbered("node selection", MAX_SELECTIONS)
        self._reports: Numbered[LoadedReport] = Numbered("report", MAX_REPORTS)

    def load_nodes(
        self, path: str, population: str, count: int, node_sets: Sequence[str], request: RunningRequest
    ) -> tuple[int, int]:
        """Select nodes, see ``nodes.select``; returns the number of the selection, and how many nodes it has.

        Raises:
            RequestError: they cannot be read, or the connection holds too much.
        """
        self._nodes.check_room()
        wanted = {"population": population, "count": count, "node_sets": list(node_sets)}
        found, ids = self._reader.fetch("select-nodes", path, request, **wanted)
        held = sum(len(selection.ids) for _number, selection in self._nodes)
        if held + len(ids) > MAX_IDS:
            raise RequestError(
                f"The selections of this connection would have {(held + len(ids)) // 8} nodes, and may have "
                f"{MAX_IDS // 8}: unload some",
                code=INVALID_PARAMS,
            )
        return self._nodes.add(_Selection(path, population, bytes(ids))), found["count"]

    def unload_nodes(self, number: int) -> None:
        """Forget a selection and its reports.

        Raises:
            RequestError: -32602, there is none.
        """
        for report in self._nodes.pop(number).reports:
            self._reports.pop(report).close()

    def ids(self, number: int) -> bytes:
        """Return the ids of a selection, ascending, as little-endian uint64.

        Raises:
            RequestError: -32602, there is none.
        """
        return self._nodes[number].ids

    def positions(self, number: int, request: RunningRequest) -> bytes | memoryview:
        """Read the positions of a selection, see ``nodes.positions``.

        Raises:
            RequestError: -32602, there is none; or they cannot be read.
        """
        selection = self._nodes[number]
        if not selection.ids:
            return b""
        return self._reader.fetch("node-positions", selection.path, request, **selection.params)[1]

    def load_report(self, nodes: int, name: str, request: RunningRequest) -> int:
        """Open a report of selected nodes; returns its number.

        Raises:
            RequestError: -32602, there is no such selection or report; or it cannot be used.
        """
        selection = self._nodes[nodes]
        self._reports.check_room()
        report = LoadedReport(self._reader, selection.path, lambda: selection.params | {"name": name}, request)
        number = self._reports.add(report)
        selection.reports.append(number)
        return number

    def unload_report(self, number: int) -> None:
        """Close a report.

        Raises:
            RequestError: -32602, there is none.
        """
        self._reports.pop(number).close()
        for _number, selection in self._nodes:
            if number in selection.reports:
                selection.reports.remove(number)

    def frame(self, report: int, number: int, low: float, high: float, request: RunningRequest) -> bytes | memoryview:
        """Read a frame, see ``frames.Frames.read``.

        Raises:
            RequestError: -32602, there is no such report, or ``low`` is not below ``high``; or it cannot be read.
        """
        loaded = self._reports[report]
        if not low < high:
            raise RequestError(f"Invalid range [{low}, {high}]: it must ascend", code=INVALID_PARAMS)
        return loaded.frame(number, low, high, request)

    def close(self) -> None:
        """Close all reports."""
        for number, report in self._reports:
            self._reports.pop(number)
            report.close()
