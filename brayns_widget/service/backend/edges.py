"""Edges between two sets of nodes, read in the child process that runs ``circuits``.

Few edges are found by libsonata's indices. Where there are many, or no indices, all edges are looked through, some at a
time, so that memory does not grow with the population: ten million take a quarter of a second.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from brayns_widget.protocol.answers import check_answer
from brayns_widget.protocol.errors import INVALID_PARAMS, RequestError
from brayns_widget.service.backend.attributes import read_columns
from brayns_widget.service.sonata.native import End
from brayns_widget.service.sonata.populations import EdgePopulation
from brayns_widget.service.sonata.problems import failure

Ints = npt.NDArray[np.int64]

_PIECE = 1 << 21  # edges that are looked through at once
_FEW_NODES = 2000  # for which an index is asked
_FEW_EDGES = 1 << 20  # that are read one by one
_LARGEST = 1 << 27  # id of a node at which edges are counted, which bounds memory
_ENDS: tuple[End, End] = ("source", "target")
_COLUMNS = ("@edge_id", "@source_node", "@target_node")  # as bluepysnap calls them
_LARGEST_ID = np.iinfo(np.int64).max
_ADVICE = "ask for fewer edges at once"


class _Piece(NamedTuple):
    """Some edges: their ids, ascending, sources and targets."""

    ids: Ints
    sources: Ints
    targets: Ints

    def only(self, inside: npt.NDArray[Any]) -> _Piece:
        return _Piece(self.ids[inside], self.sources[inside], self.targets[inside])


def count(
    edges: EdgePopulation, sources: Sequence[int] | None, targets: Sequence[int] | None, by: End | None
) -> tuple[dict[str, int], bytes]:
    """Count edges between nodes.

    Args:
        edges: their population.
        sources: ids of the nodes where they start; None: any.
        targets: likewise, where they end.
        by: the end at whose nodes they are counted, too; None: at none.

    Returns:
        the answer to ``sonata-count-edges``, and its payload.

    Raises:
        RequestError: -32603, they cannot be read, or they have nodes of too large ids.
    """
    if sources is None and targets is None and by is None:
        return {"count": edges.size, "nodes": 0}, b""
    total, at = 0, np.zeros(0, np.int64)
    for piece in _between(edges, sources, targets):
        total += len(piece.ids)
        if by is not None and len(piece.ids):
            nodes = piece.sources if by == "source" else piece.targets
            if not 0 <= int(nodes.min()) <= int(nodes.max()) < _LARGEST:
                raise failure(f"Edge population {edges.name} of {edges.file} has a {by} beyond {_LARGEST - 1}")
            found = np.bincount(nodes, minlength=len(at))
            found[: len(at)] += at
            at = found
    nodes = np.flatnonzero(at)
    check_answer(2 * nodes.nbytes, "ask for fewer nodes at once")
    return {"count": total, "nodes": len(nodes)}, nodes.astype("<i8").tobytes() + at[nodes].astype("<i8").tobytes()


def read(
    edges: EdgePopulation,
    *,
    sources: Sequence[int] | None,
    targets: Sequence[int] | None,
    names: Sequence[str] | None,
    limit: int | None,
    first: int,
    count: int | None,
) -> tuple[dict[str, Any], bytes]:
    """Read edges between nodes; see ``EdgesParams``.

    Returns:
        the answer to ``sonata-get-edges``, and its payload.

    Raises:
        RequestError: -32602, there is no such attribute, or too many edges for one answer; -32603, something cannot be
            read.
    """
    pieces = _Again(edges, sources, targets)
    chosen = pieces.total if limit is None else min(limit, pieces.total)
    rows = range(first, chosen if count is None else min(first + count, chosen))
    size = len(rows) * 8 * len(_COLUMNS)
    check_answer(size, _ADVICE)
    found = pieces.take(
        np.arange(rows.start, max(rows.start, rows.stop), dtype=np.int64) * pieces.total // max(1, chosen)
    )
    columns, payload = read_columns(edges, found.ids, names, size=size)
    ends: list[dict[str, Any]] = [{"name": name, "type": "integer", "dynamics": False} for name in _COLUMNS]
    answer = {"total": pieces.total, "chosen": chosen, "count": len(found.ids), "attributes": ends + columns}
    return answer, b"".join(part.astype("<i8").tobytes() for part in found) + payload


class _Again:
    """Edges between nodes: counted first, then taken by their numbers; kept in between if they are few."""

    def __init__(self, edges: EdgePopulation, sources: Sequence[int] | None, targets: Sequence[int] | None) -> None:
        self._edges, self._sources, self._targets = edges, sources, targets
        self._kept: list[_Piece] | None = []
        self._all = sources is None and targets is None
        self.total = edges.size if self._all else 0
        if self._all:
            return
        for piece in _between(edges, sources, targets):
            self.total += len(piece.ids)
            if self._kept is not None:
                self._kept.append(piece)
                if self.total > _FEW_EDGES:
                    self._kept = None

    def take(self, numbers: Ints) -> _Piece:
        """Return the edges of these numbers (N,), ascending, counted from 0 in the order of the edges' ids."""
        if self._all:
            return self._of_all(numbers)
        found, begin = [_NOTHING], 0
        pieces = _between(self._edges, self._sources, self._targets) if self._kept is None else self._kept
        for piece in pieces:
            here = numbers[np.searchsorted(numbers, begin) : np.searchsorted(numbers, begin + len(piece.ids))] - begin
            begin += len(piece.ids)
            found.append(piece.only(here))
            if len(numbers) and begin > numbers[-1]:
                break
        return _Piece(*map(np.concatenate, zip(*found, strict=True)))

    def _of_all(self, numbers: Ints) -> _Piece:
        if not len(numbers):
            return _NOTHING
        if len(numbers) > 1 and len(numbers) * 64 < numbers[-1] - numbers[0]:
            return _Piece(numbers, self._edges.source_nodes(numbers), self._edges.target_nodes(numbers))
        found = [_NOTHING]
        for begin in range(int(numbers[0]), int(numbers[-1]) + 1, _PIECE):
            end = min(begin + _PIECE, int(numbers[-1]) + 1)
            here = numbers[np.searchsorted(numbers, begin) : np.searchsorted(numbers, end)]
            found.append(_Piece(here, *(self._edges.ends(side, begin, end)[here - begin] for side in _ENDS)))
        return _Piece(*map(np.concatenate, zip(*found, strict=True)))


_NOTHING = _Piece(*(np.empty(0, np.int64) for _ in _Piece._fields))


def _between(edges: EdgePopulation, sources: Sequence[int] | None, targets: Sequence[int] | None) -> Iterator[_Piece]:
    """Find the edges that start at ``sources`` and end at ``targets``, ascending; None: anywhere."""
    wanted: dict[End, Ints] = {}
    given: dict[End, Sequence[int] | None] = {"source": sources, "target": targets}
    for end, ids in given.items():
        if ids is not None:
            # Python's own maximum: an id may be larger than NumPy's integers.
            if ids and max(ids) > _LARGEST_ID:
                raise RequestError(f"Node id {max(ids)} is too large", code=INVALID_PARAMS)
            wanted[end] = np.unique(np.array(ids, np.int64))
    if any(not len(nodes) for nodes in wanted.values()):
        return
    if (few := _indexed(edges, wanted)) is not None:
        piece = _Piece(few, edges.source_nodes(few), edges.target_nodes(few))
        for end, nodes in wanted.items():
            piece = piece.only(_among(piece.sources if end == "source" else piece.targets, nodes))
        yield piece
        return
    for begin in range(0, edges.size, _PIECE):
        yield from _within(edges, begin, min(begin + _PIECE, edges.size), wanted)


def _within(edges: EdgePopulation, begin: int, past: int, wanted: dict[End, Ints]) -> Iterator[_Piece]:
    """Find edges in a range; its sources are not read if none of its targets, by which files are sorted, is wanted."""
    ends: dict[End, Ints] = {}
    inside = np.ones(past - begin, np.bool_)
    for end in sorted(_ENDS, key=lambda end: (end not in wanted, end == "source")):
        ends[end] = edges.ends(end, begin, past)
        if end in wanted:
            inside &= _among(ends[end], wanted[end])
            if not inside.any():
                return
    yield _Piece(begin + np.flatnonzero(inside), ends["source"][inside], ends["target"][inside])


def _indexed(edges: EdgePopulation, wanted: dict[End, Ints]) -> Ints | None:
    """Find the edges of the fewer nodes by an index; None: it would take longer than to look through all."""
    if not wanted:
        return None
    end = min(wanted, key=lambda end: len(wanted[end]))
    if len(wanted[end]) > _FEW_NODES:
        return None
    return edges.indexed(end, wanted[end], min(_FEW_EDGES, edges.size // 16))


def _among(ends: Ints, nodes: Ints) -> npt.NDArray[np.bool_]:
    """Tell which of the ends (N,) are among the nodes; ``numpy.isin`` takes three times as long where a table fits."""
    if not len(ends):
        return np.empty(0, np.bool_)
    if not 0 <= int(ends.min()) <= int(ends.max()) < _LARGEST:
        return np.isin(ends, nodes)
    table = np.zeros(int(ends.max()) + 1, np.bool_)
    table[nodes[nodes < len(table)]] = True
    found: npt.NDArray[np.bool_] = table[ends]
    return found
