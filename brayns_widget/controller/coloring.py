"""Colors of cells by any values: a Series, a dict or an array becomes input of the renderer's coloring method "id".

Import it where it is needed: it imports NumPy.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from numbers import Real
from typing import Any

import numpy as np
import numpy.typing as npt

from brayns_widget.controller.cell_ids import read_ids
from brayns_widget.controller.legend import LegendEntry, LegendSection
from brayns_widget.controller.palettes import colors_of_names
from brayns_widget.controller.value_colors import kind_of
from brayns_widget.protocol.colors import Rgba, parse, to_hex
from brayns_widget.protocol.ids import format_ids

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

LEVELS = 256  # of a colormap: more nobody sees, and each costs the renderer a comparison with all ids
_UNUSED: Rgba = (0.0, 0.0, 0.0, 1.0)  # the color of a category that no cell has
STOPS = 32  # of a color bar

# Of node attributes, by SONATA's guide and the Blue Brain Project's additions to it.
UNITS = {
    **dict.fromkeys(("x", "y", "z"), "µm"),
    **dict.fromkeys(("holding_current", "threshold_current"), "nA"),
    "input_resistance": "MΩ",
    "resting_potential": "mV",
}


@dataclass(frozen=True, slots=True, eq=False)
class CellColors:
    """Colors of all loaded cells, and their legend.

    Attributes:
        by_ids: linear RGBA by ids, such as "0-79,90": the values of the renderer's coloring method "id".
        legend: the categories or the color bar.
        keys: of categories, the key of each one in ``by_ids``.
    """

    by_ids: dict[str, Rgba]
    legend: LegendSection
    keys: dict[str, str]


def color_cells(
    values: Any,
    ids: Any,
    *,
    model: int,
    colormap: Any = "viridis",
    range: tuple[float, float] | None = None,  # noqa: A002 - the usual word
    missing: Any = "#808080",
    palette: Any = None,
    title: str | None = None,
    usual: Callable[[str, Sequence[str]], Mapping[str, Rgba]] = colors_of_names,
) -> CellColors:
    """Color cells by their values: numbers by a colormap, categories by a palette.

    Booleans, strings, other objects and pandas' categoricals are categories, in alphabetical order or in that of the
    categorical. To show whole numbers as categories, make them strings or categoricals.

    Args:
        values: a pandas Series whose index holds node ids, a dict by node id, or an array or list in the order of
            ``ids``. Values of cells that are not loaded are left out. Cells without a value, or with None, NaN or
            pandas' NA, are "missing".
        ids: node ids of the loaded cells, in the order of loading.
        model: the model's id, for the legend.
        colormap: for numbers: a name known to matplotlib or the package cmap, colors from low to high, or any other
            colormap that cmap accepts.
        range: the numbers with the first and the last color; numbers beyond are clamped. None: the smallest and the
            largest finite number of the loaded cells.
        missing: color of the cells without a value.
        palette: for categories: colors in their order, a dict by category, or the name of a colormap; None takes the
            ``usual`` ones.
        title: of the legend; the name of the Series if it is None.
        usual: gives categories their colors, by the usual name of what they are of and by their labels, with those that
            no loaded cell has.

    Raises:
        ValueError: the values do not match the cells, or are of a type without colors; a color, the colormap, the
            palette or the range is invalid.
    """
    loaded = np.asarray(ids)
    if loaded.ndim != 1 or not len(loaded):
        raise ValueError("No cells are loaded that could be colored.")
    loaded = loaded.astype(np.int64)
    column, rows = _aligned(values, loaded)
    name = _name(values) or title or ""
    title = name if title is None else title
    gray = parse(missing)
    is_missing = rows < 0
    is_missing[~is_missing] = column.is_missing[rows[~is_missing]]
    codes = np.zeros(len(loaded), np.intp)
    used: dict[int, str] = {}  # labels of categories that loaded cells have
    if isinstance(column, _Numbers):
        numbers = column.values[rows[~is_missing]]
        ends = _range(numbers, range)
        table = table_of(colormap)
        codes[~is_missing] = _levels(numbers, ends, len(table))
        colors = _linear(table)
        legend = LegendSection(model, title, stops=_bar(colors), range=ends)
        legend = replace(legend, attribute=kind_of(name), unit=UNITS.get(name.removeprefix("@dynamics:"), ""))
    else:
        found = column.read_alike[column.codes[rows[~is_missing]]]
        if not len(found):
            raise ValueError("None of the loaded cells has a value.")
        codes[~is_missing] = found
        used = {code: column.labels[code] for code in np.unique(found).tolist()}
        kind, wanted = kind_of(name), list(used.values())
        by_label = usual(kind, column.labels) if palette is None else colors_of_categories(palette, wanted)
        colors = [by_label.get(label, _UNUSED) for label in column.labels]
        entries = tuple(LegendEntry(label, to_hex(by_label[label])) for label in wanted)
        legend = LegendSection(model, title, entries, attribute=kind)
    if is_missing.any():
        codes[is_missing] = len(colors)
        colors.append(gray)
        legend = replace(legend, missing=to_hex(gray))
    if not used:
        return CellColors(by_ids(loaded, codes, colors), legend, {})
    groups = members(loaded, codes)
    by_group = {group: colors[code] for code, group in groups.items()}
    return CellColors(by_group, legend, {label: groups[code] for code, label in used.items()})


def by_ids(ids: Ints, codes: npt.NDArray[np.intp], colors: Sequence[Rgba]) -> dict[str, Rgba]:
    """Group ids (N,) by the places (N,) of their colors; equal colors share a key."""
    keys = {color: key for key, color in reversed(list(enumerate(colors)))}
    codes = np.array([keys[color] for color in colors], np.intp)[codes]
    return {group: colors[code] for code, group in members(ids, codes).items()}


def members(ids: Ints, codes: npt.NDArray[np.intp]) -> dict[int, str]:
    """Return the ids that have each of the codes (N,), as ranges."""
    order = np.lexsort((ids, codes))
    ids, codes = ids[order], codes[order]
    starts = np.append(0, np.flatnonzero(np.diff(codes)) + 1)
    groups = zip(codes[starts].tolist(), np.split(ids, starts[1:]), strict=True)
    return {code: format_ids(group) for code, group in groups}


# --- values ---


@dataclass(frozen=True)
class _Numbers:
    values: Floats  # NaN: missing

    @property
    def is_missing(self) -> npt.NDArray[np.bool_]:
        return np.isnan(self.values)


@dataclass(frozen=True)
class _Categories:
    labels: list[str]  # in order
    codes: npt.NDArray[np.intp]  # -1: missing

    @property
    def read_alike(self) -> npt.NDArray[np.intp]:
        """The code of the first label that reads as each one, as 1 and "1" do."""
        first = {label: code for code, label in reversed(list(enumerate(self.labels)))}
        return np.array([first[label] for label in self.labels], np.intp)

    @property
    def is_missing(self) -> npt.NDArray[np.bool_]:
        return self.codes < 0


def _pandas() -> Any:
    return sys.modules.get("pandas")  # without pandas imported there is no Series


def _name(values: Any) -> str:
    name = values.name if _pandas() and isinstance(values, _pandas().Series) else None
    return "" if name is None else str(name)


def _aligned(values: Any, ids: Ints) -> tuple[_Numbers | _Categories, npt.NDArray[np.intp]]:
    """Read the values, and find the row of each cell, or -1 if it has none."""
    pandas = _pandas()
    if pandas and isinstance(values, pandas.DataFrame):
        raise ValueError("A DataFrame has many columns; color by one of them, such as frame['mtype'].")
    if pandas and isinstance(values, pandas.Series):
        return _column(values), _rows(values.index, ids)
    if isinstance(values, Mapping):
        return _column(list(values.values())), _rows(list(values), ids)
    if (
        isinstance(values, str | bytes | AbstractSet)
        or not hasattr(values, "__len__")
        or not hasattr(values, "__iter__")
    ):
        raise ValueError(
            f"Cells are colored by a Series, a dict by node id, or an array in the order of the loaded cells; "
            f"got {type(values).__name__}."
        )
    if len(values) != len(ids):
        raise ValueError(f"There are {len(values)} values for {len(ids)} loaded cells; use a Series or a dict by id.")
    return _column(values), np.arange(len(ids))


def _rows(keys: Any, ids: Ints) -> npt.NDArray[np.intp]:
    try:
        read = read_ids(keys, "index")
    except ValueError as error:
        raise ValueError(f"The values have to be indexed by node id: {error}.") from None
    if read.is_mask or read.populations is not None:
        what = "booleans" if read.is_mask else "populations, too; leave out that level by droplevel"
        raise ValueError(f"The values have to be indexed by node id, not by {what}.")
    numbers = read.values
    order = np.argsort(numbers, kind="stable")
    ordered = numbers[order]
    if (again := ordered[1:][np.diff(ordered) == 0]).size:
        raise ValueError(f"Node id {again[0]} has more than one value.")
    if not len(ordered):
        raise ValueError("There are no values.")
    places = np.minimum(np.searchsorted(ordered, ids), len(ordered) - 1)
    found = ordered[places] == ids
    if not found.any():
        raise ValueError(
            f"None of the values is of a loaded cell: theirs are node ids {ordered[0]} to {ordered[-1]}, "
            f"loaded are {ids.min()} to {ids.max()}."
        )
    return np.where(found, order[places], -1)


def _column(data: Any) -> _Numbers | _Categories:
    dtype = getattr(data, "dtype", None)
    if hasattr(dtype, "categories"):  # pandas' categoricals
        source = data.cat if hasattr(data, "cat") else data
        return _Categories([_label(category) for category in source.categories], np.asarray(source.codes, np.intp))
    if np.ma.isMaskedArray(data):
        return _objects(data.tolist())  # None where it is masked
    if isinstance(data, list | tuple):
        try:
            array = np.asarray(data)
        except ValueError as error:  # of different lengths
            raise ValueError("There has to be one value for each cell.") from error
        # NumPy converts numbers among texts to texts, and NaN to "nan".
        return _array(array) if array.dtype.kind in "biufcMm" or array.ndim != 1 else _objects(list(data))
    if hasattr(data, "to_numpy") and not isinstance(dtype, np.dtype):  # pandas' own types, which have a missing value
        if dtype is not None and getattr(dtype, "kind", "O") in "iuf":
            return _Numbers(data.to_numpy(np.float64, na_value=np.nan))
        return _objects(data.to_numpy(object).tolist())
    return _array(np.asarray(data))


def _array(array: npt.NDArray[Any]) -> _Numbers | _Categories:
    if array.ndim != 1:
        raise ValueError(f"There has to be one value for each cell, not an array of shape {array.shape}.")
    match array.dtype.kind:
        case "b":
            return _Categories(["False", "True"], array.astype(np.intp))
        case "i" | "u" | "f":
            return _Numbers(array.astype(np.float64))
        case "O" | "U" | "S" | "T":
            return _objects(array.tolist())
    raise ValueError(f"Cells cannot be colored by {array.dtype}; make them numbers or texts.")


def _objects(values: list[Any]) -> _Numbers | _Categories:
    try:
        different = list(dict.fromkeys(values))
    except TypeError:  # such as lists
        raise ValueError("There has to be one value for each cell.") from None
    present = [value for value in different if not _is_missing(value)]
    if all(isinstance(value, Real) and not isinstance(value, bool | np.bool) for value in present):
        try:
            numbers = dict.fromkeys(different, math.nan) | {value: float(value) for value in present}
        except OverflowError:
            raise ValueError("A number is too large.") from None
        return _Numbers(np.array([numbers[value] for value in values], np.float64))
    labels = sorted(set(map(_label, present)))
    places = {label: place for place, label in enumerate(labels)}
    codes = dict.fromkeys(different, -1) | {value: places[_label(value)] for value in present}
    return _Categories(labels, np.array([codes[value] for value in values], np.intp))


def _is_missing(value: Any) -> bool:
    if value is None or type(value).__name__ in {"NAType", "NaTType"}:  # pandas' own, which cannot be compared
        return True
    return isinstance(value, float | np.floating) and math.isnan(value)


def _label(value: Any) -> str:
    return value.decode(errors="replace") if isinstance(value, bytes) else str(value)


# --- colors ---


def _range(numbers: Floats, wanted: tuple[float, float] | None) -> tuple[float, float]:
    if wanted is not None:
        try:
            low, high = (float(end) for end in wanted)
        except (TypeError, ValueError):
            raise ValueError(f"The range is {wanted!r}, not two numbers (low, high).") from None
        if not (np.isfinite(low) and np.isfinite(high)):
            raise ValueError(f"The range is {low:g} to {high:g}, which is not finite.")
        if not low < high:
            raise ValueError(f"The range is {low:g} to {high:g}, which does not ascend; 'viridis_r' turns a colormap.")
        return low, high
    finite = numbers[np.isfinite(numbers)]
    if not len(finite):
        raise ValueError("None of the loaded cells has a finite value; give a range to color them all the same.")
    low, high = float(finite.min()), float(finite.max())
    if low == high:  # the one value takes the middle of the colormap, and the legend says so
        margin = max(abs(low) / 10, sys.float_info.min) if low else 1.0
        largest = sys.float_info.max
        low, high = max(low - margin, -largest), min(high + margin, largest)
    return low, high


def _levels(numbers: Floats, ends: tuple[float, float], count: int) -> npt.NDArray[np.intp]:
    low, high = ends
    with np.errstate(over="ignore"):  # an overflow lies beyond an end
        # Halves, because the whole range may overflow.
        share = (numbers / 2 - low / 2) / (high / 2 - low / 2)
        return (share * count).clip(0, count - 1).astype(np.intp)


def table_of(colormap: Any) -> Floats:
    """Return the sRGB colors (N, 4) of a colormap; N is 256, or the number of its steps if it has any."""
    import cmap

    if isinstance(colormap, str):
        chosen = cmap.Colormap(_known(colormap))
    else:
        try:
            if isinstance(colormap, list | tuple):
                if not colormap:
                    raise ValueError("it has no colors")
                colormap = [to_hex(parse(color)) for color in colormap]
            chosen = cmap.Colormap(colormap)
        except (TypeError, ValueError) as error:
            raise ValueError(f"{colormap!r} is not a colormap: {error}") from error
    if chosen.interpolation == "nearest":
        return np.array([stop.color.rgba for stop in chosen.color_stops], np.float64)[:LEVELS]
    return np.asarray(chosen.lut(LEVELS), np.float64).clip(0, 1)


def stops_of(table: Floats) -> tuple[str, ...]:
    """Return the colors of a table as texts: all steps of one that has any, else those of its color bar."""
    colors = _linear(table)
    return tuple(map(to_hex, colors)) if len(colors) < LEVELS else _bar(colors)


def _bar(colors: Sequence[Rgba]) -> tuple[str, ...]:
    steps = np.arange(STOPS) * len(colors) // STOPS if len(colors) < LEVELS else np.linspace(0, LEVELS - 1, STOPS)
    return tuple(to_hex(colors[int(step)]) for step in steps)


def _known(name: str) -> str:
    """Find a colormap in cmap's catalog, without the warning about ambiguous names."""
    import difflib

    import cmap

    catalog = cmap.Colormap.catalog()
    for base, suffix in ((name, ""), (name.removesuffix("_r"), "_r" if name.endswith("_r") else "")):
        try:
            return catalog.resolve(base) + suffix
        except KeyError:
            continue
    by_lower = {key.lower(): key for key in catalog.short_keys()}
    found = difflib.get_close_matches(name.lower(), by_lower, 1)
    hint = f"; did you mean {by_lower[found[0]]!r}?" if found else "."
    raise ValueError(f"There is no colormap {name!r}{hint} Those of matplotlib and of the package cmap are known.")


def _linear(table: Floats) -> list[Rgba]:
    # In Python, as ``parse`` converts single colors and a table has only 256 rows.
    return [parse(tuple(row)) for row in table.tolist()]


def colors_of_categories(palette: Any, labels: Sequence[str]) -> dict[str, Rgba]:
    """Give each category a color of a palette.

    Args:
        palette: a mapping from categories to colors, a list of colors, or the name of a color map.
        labels: the categories.

    Raises:
        ValueError: the palette has too few colors, or something in it is none.
    """
    if isinstance(palette, Mapping):
        given = {_label(key): parse(color) for key, color in palette.items()}
        if absent := [label for label in labels if label not in given]:
            raise ValueError(f"The palette has no color for {', '.join(map(repr, absent[:5]))}.")
        return {label: given[label] for label in labels}
    if isinstance(palette, str):
        table = _linear(table_of(palette))
        if len(table) == LEVELS:  # of a continuous one, colors at even steps
            table = [table[step] for step in np.linspace(0, LEVELS - 1, len(labels)).astype(int).tolist()]
    else:
        table = [parse(color) for color in palette]
    if len(table) < len(labels):
        raise ValueError(f"The palette has {len(table)} colors for {len(labels)} categories.")
    return dict(zip(labels, table, strict=False))
