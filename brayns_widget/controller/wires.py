"""What synapses look like: tables of edges, their places, lines between their somas, and what they are colored by.

Import it where it is needed: it imports pandas.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from brayns_widget.connection.server import Server
from brayns_widget.controller import edges
from brayns_widget.controller.attributes import read_columns
from brayns_widget.controller.edges import SOURCE, TARGET, Part
from brayns_widget.controller.points import Points
from brayns_widget.controller.rows import stacked
from brayns_widget.protocol.errors import CircuitError, QueryError

Floats = npt.NDArray[np.float64]

MOST_READ = 2_000_000
"""Edges that are read for lines, each of which stands for all synapses of a pair."""

_DIRECTIONS = pd.CategoricalDtype(pd.Index(["afferent", "efferent"], dtype=object))
DIRECTION = "direction"
_CLASS = "synapse_class"
_LEGEND = "synapse class"  # whose values have colors of their own: excitation is warm, inhibition cold
EXCITATORY, INHIBITORY = "EXC", "INH"
_FIRST_EXCITATORY = 100  # of syn_type_id
_AXES = ("x", "y", "z")
_PLACES = [
    [f"{side}_{where}_{axis}" for axis in _AXES] for side in ("afferent", "efferent") for where in ("surface", "center")
]
_NO_PLACES = "They can be shown as lines; load_circuit(afferent=…) places synapses by sections, too."


@dataclass(frozen=True, slots=True, eq=False)
class Wired:
    """Spheres or lines, what they are colored by, and remarks about what is not shown."""

    points: Points
    values: pd.Series[Any] | None
    remarks: tuple[str, ...]


async def read_parts(server: Server, parts: Sequence[Part], names: Sequence[str] | None, limit: int) -> pd.DataFrame:
    """Read edges of several parts; of more than ``limit``, a share of each at even steps."""
    frames = []
    for part, share in zip(parts, _shares(parts, limit), strict=True):
        frame = await edges.read(server, part, names, share)
        frame.insert(2, DIRECTION, pd.Series(part.direction, frame.index, dtype=_DIRECTIONS))
        frame.index = pd.MultiIndex.from_product([[part.population], frame.index], names=["population", "edge_id"])
        frames.append(frame)
    if not frames:
        empty = pd.MultiIndex.from_arrays([[], []], names=["population", "edge_id"])
        return pd.DataFrame(columns=[SOURCE, TARGET, DIRECTION], index=empty)
    return stacked(frames)


async def spheres(server: Server, parts: Sequence[Part], color_by: str | None, radius: float, limit: int) -> Wired:
    """Make spheres where synapses are.

    Raises:
        CircuitError: no edge population tells places, or the edges cannot be colored so.
        QueryError: there is no such attribute.
    """
    places, values, remarks, placeless = [], [], [], []
    shown = [part for part in parts if part.count]
    for part, share in zip(shown, _shares(shown, limit), strict=True):
        known = await edges.attributes(server, part)
        axes = next((names for names in _PLACES if set(names) <= set(known)), None)
        if axes is None:
            placeless.append(part)
            continue
        frame = await edges.read(server, part, [*axes, *_needed(color_by, known, axes)], share)
        places.append(frame[axes].to_numpy(np.float64))
        values.append(await _values(server, part, frame, color_by))
    if not places:
        names = " and ".join(dict.fromkeys(repr(part.population) for part in placeless))
        raise CircuitError(f"The edges of {names} do not tell where their synapses are.", hint=_NO_PLACES)
    if missing := sum(part.count for part in placeless):
        remarks.append(f"{missing:,} synapses are not shown, for their edge populations do not tell their places.")
    found = np.concatenate(places)
    points = Points("synapses", found, np.full(len(found), radius))
    total = sum(part.count for part in shown) - missing
    if len(found) < total:
        remarks.append(f"{len(found):,} of {total:,} synapses are shown, at even steps; a larger limit shows more.")
    return _finished(points, _joined(values), remarks)


async def lines(server: Server, parts: Sequence[Part], color_by: str | None, radius: float, limit: int) -> Wired:
    """Make lines between somas, one for each pair of cells and direction.

    Raises:
        CircuitError: cells have no places, or the edges cannot be colored so.
        QueryError: there is no such attribute.
    """
    starts, ends, values, remarks, own, pairs = [], [], [], [], 0, 0
    shown = [part for part in parts if part.count]
    total, read = sum(part.count for part in shown), 0
    tables = []
    for part, share in zip(shown, _shares(shown, MOST_READ), strict=True):
        known = await edges.attributes(server, part)
        frame = await edges.read(server, part, _needed(color_by, known, ()), share)
        read += len(frame)
        column = await _values(server, part, frame, color_by)
        table = _pairs(frame, column)
        own += int((table[SOURCE] == table[TARGET]).sum()) if part.source == part.target else 0
        tables.append(table[table[SOURCE] != table[TARGET]] if part.source == part.target else table)
    pairs = sum(map(len, tables))
    if not pairs:
        raise CircuitError("These synapses join cells with themselves only, so there are no lines.")
    for part, table in zip(shown, tables, strict=True):
        share = len(table) if pairs <= limit else max(1, len(table) * limit // pairs) if len(table) else 0
        table = table.iloc[np.arange(share) * len(table) // max(1, share)]  # noqa: PLW2901 - thinned
        starts.append(await _somas(server, part, part.source, table[SOURCE]))
        ends.append(await _somas(server, part, part.target, table[TARGET]))
        values.append(table.get("value"))
    if read < total:
        remarks.append(f"{read:,} of {total:,} synapses were read for these lines, at even steps.")
    if own:
        remarks.append(f"{own:,} cells have synapses onto themselves, for which there is no line.")
    begun = np.concatenate(starts)
    if len(begun) < pairs:
        remarks.append(f"{len(begun):,} of {pairs:,} lines are shown, at even steps; a larger limit shows more.")
    points = Points("connections", begun, np.full(len(begun), radius), np.concatenate(ends))
    joined = _joined(values)
    return _finished(points, None if joined is None or color_by is None else joined.rename(_title(color_by)), remarks)


def _shares(parts: Sequence[Part], limit: int) -> list[int]:
    """Share a limit among parts by their numbers; each that has edges gets one at least."""
    total = sum(part.count for part in parts)
    return [part.count if total <= limit else max(1, part.count * limit // total) for part in parts]


def _needed(color_by: str | None, known: Sequence[str], more: Sequence[str]) -> list[str]:
    """Return the attributes of edges that a coloring needs; an unknown one is refused when it is read."""
    match color_by:
        case None | "direction":
            return []
        case "type":
            return [name for name in ("syn_type_id", "syn_weight") if name in known]
    return [] if color_by in more else [color_by]


def _title(color_by: str) -> str:
    return _LEGEND if color_by == "type" else color_by


async def _values(server: Server, part: Part, frame: pd.DataFrame, color_by: str | None) -> pd.Series[Any] | None:
    """Return what edges are colored by, with a row for each."""
    match color_by:
        case None:
            return None
        case "direction":
            return pd.Series([part.direction] * len(frame), name=DIRECTION, dtype="category")
        case "type":
            return await _classes(server, part, frame)
    return frame[color_by].reset_index(drop=True)


async def _classes(server: Server, part: Part, frame: pd.DataFrame) -> pd.Series[Any]:
    """Tell whether edges are excitatory or inhibitory, by what tells it first; None: nothing does."""
    for name, texts in ((_CLASS, {"EXC": EXCITATORY, "INH": INHIBITORY}), ("ei", {"e": EXCITATORY, "i": INHIBITORY})):
        found = await _of_nodes(server, part, part.source, frame[SOURCE], [name])
        if found is not None:
            return found[name].astype(object).map(texts).rename(_LEGEND)
    if "syn_type_id" in frame:
        return _signed(frame["syn_type_id"].to_numpy() >= _FIRST_EXCITATORY)
    if "syn_weight" in frame and bool((frame["syn_weight"] < 0).any()):
        return _signed(frame["syn_weight"].to_numpy() >= 0)
    return pd.Series([None] * len(frame), dtype=object, name=_LEGEND)


def _signed(excitatory: npt.NDArray[np.bool_]) -> pd.Series[Any]:
    return pd.Series(np.where(excitatory, EXCITATORY, INHIBITORY).astype(object), name=_LEGEND)


async def _of_nodes(
    server: Server, part: Part, population: str, ids: pd.Series[int], names: Sequence[str]
) -> pd.DataFrame | None:
    """Read attributes of the nodes at one end, with a row for each edge; None: the population has no such attribute."""
    different, rows = np.unique(ids.to_numpy(), return_inverse=True)
    try:
        found = await read_columns(server, part.path, population, different.tolist(), names)
    except QueryError:
        return None
    return found.iloc[rows].reset_index(drop=True)


async def _somas(server: Server, part: Part, population: str, ids: pd.Series[int]) -> Floats:
    found = await _of_nodes(server, part, population, ids, _AXES)
    if found is None:
        raise CircuitError(f"The cells of {population!r} have no places, so that there are no lines to them.")
    return found[list(_AXES)].to_numpy(np.float64)


def _pairs(frame: pd.DataFrame, values: pd.Series[Any] | None) -> pd.DataFrame:
    """Return a row for each pair of source and target, with the mean of numbers, or a text that all share."""
    table = frame[[SOURCE, TARGET]].reset_index(drop=True)
    if values is None:
        return table.drop_duplicates().reset_index(drop=True)
    grouped = table.assign(value=values.array).groupby([SOURCE, TARGET], sort=True, observed=True)["value"]
    if pd.api.types.is_numeric_dtype(values.dtype):
        return grouped.mean().reset_index()
    first = grouped.first().astype(object)
    different = grouped.nunique()
    return first.where(different <= 1, "various").reset_index()


def _joined(values: Sequence[pd.Series[Any] | None]) -> pd.Series[Any] | None:
    columns = [column for column in values if column is not None]
    if not columns:
        return None
    if any(not pd.api.types.is_numeric_dtype(column.dtype) for column in columns):
        columns = [column.astype(object) for column in columns]
    joined: pd.Series[Any] = pd.concat(columns, ignore_index=True)
    joined.name = columns[0].name
    return joined


def _finished(points: Points, values: pd.Series[Any] | None, remarks: Sequence[str]) -> Wired:
    """Leave out what has no finite place, and say so."""
    known = points.known
    if not known.any():
        raise CircuitError("None of the synapses has a finite place.")
    left = () if known.all() else (f"{int((~known).sum()):,} are not shown, for they have no finite place.",)
    if values is not None and bool(values.isna().all()):
        raise CircuitError(
            "Neither the cells nor their edges tell whether the synapses are excitatory or inhibitory."
            if values.name == _LEGEND
            else f"No edge has a value of {values.name!r}.",
            hint="Color them by direction, or by one of their attributes.",
        )
    kept = None if values is None else values[known].reset_index(drop=True)
    return Wired(points.only(known), kept, (*remarks, *left))


def of_population(part: Part, numbers: pd.Series[int]) -> pd.Series[int]:
    """Return numbers by node id at the far end of a part, by population and node id."""
    population = part.source if part.direction == "afferent" else part.target
    index = pd.MultiIndex.from_product([[population], numbers.index], names=["population", "node_id"])
    return pd.Series(numbers.to_numpy(), index)


def with_count(part: Part, numbers: pd.Series[int]) -> Part:
    """Return a part with the number of its edges, which were counted by node."""
    return replace(part, count=int(numbers.sum()))


def by_population(frame: pd.DataFrame) -> dict[str, npt.NDArray[np.int64]]:
    """Return the node ids of a table of partners, ascending, by population."""
    found: dict[str, list[int]] = {}
    for population, node in frame.index:
        found.setdefault(population, []).append(node)
    return {population: np.sort(np.array(ids, np.int64)) for population, ids in found.items()}


def to_cells(counts: Mapping[str, Sequence[pd.Series[int]]]) -> pd.DataFrame:
    """Put numbers of synapses by partner together.

    Args:
        counts: by direction, numbers by population and node id.
    """
    columns = {
        name: pd.concat(series).groupby(level=["population", "node_id"]).sum()
        for name, series in counts.items()
        if series
    }
    empty = pd.MultiIndex.from_arrays([[], []], names=["population", "node_id"])
    frame = pd.DataFrame({name: columns.get(name, pd.Series(dtype=np.int64, index=empty)) for name in counts})
    frame = frame.fillna(0).astype(np.int64)
    order = frame.sum(axis=1).sort_values(ascending=False, kind="stable").index
    return frame.loc[order]
