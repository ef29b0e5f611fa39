"""The color maps that are offered by name. Any other one of matplotlib's or of the package cmap can be given, too."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Literal

_OFFERED = {
    "sequential": ("viridis", "plasma", "inferno", "magma", "cividis", "turbo", "gray", "hot"),
    "diverging": ("coolwarm", "RdBu", "PuOr", "seismic", "berlin"),
    "cyclic": ("twilight", "hsv"),
    "categories": ("okabeito", "tab10", "tab20", "Set1", "Set2", "Set3", "Paired", "Dark2"),
}


@dataclass(frozen=True, slots=True)
class ColorMap:
    """A color map.

    Attributes:
        name: as of the options ``colormap`` and ``palette`` of ``Model.color_by``.
        kind: what it is good for: numbers, numbers about a middle, angles and phases, or categories.
        stops: "#rrggbb" at even steps from the lowest value to the highest; of a map for categories all its colors.
    """

    name: str
    kind: Literal["sequential", "diverging", "cyclic", "categories"]
    stops: tuple[str, ...]


@functools.cache
def color_maps() -> tuple[ColorMap, ...]:
    """Return the maps that are offered; the first time takes a quarter of a second."""
    from brayns_widget.controller.coloring import stops_of, table_of

    return tuple(
        ColorMap(name, kind, stops_of(table_of(name)))  # type: ignore[arg-type]  # a key is a kind
        for kind, names in _OFFERED.items()
        for name in names
    )


@functools.cache
def map_names() -> tuple[str, ...]:
    """Return the names of all maps that can be given, in the order of the alphabet."""
    import cmap

    return tuple(sorted(cmap.Colormap.catalog().short_keys(), key=str.lower))
