"""Legends, which explain the colors in a picture."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape

from brayns_widget.protocol.colors import to_hex


@dataclass(frozen=True, slots=True)
class LegendEntry:
    """A category and its color.

    Attributes:
        label: name of the category.
        color: "#rrggbb", or "#rrggbbaa" if it is not opaque.
    """

    label: str
    color: str


@dataclass(frozen=True, slots=True)
class LegendSection:
    """Legend of one model: categories, or a color bar.

    Attributes:
        model: the model's id.
        title: name of the values, such as "mtype".
        entries: the categories in order.
        stops: of a color bar, the colors at even steps from the lowest value to the highest.
        range: of a color bar, the lowest and the highest value.
        missing: color of the cells without a value, or None if all have one.
    """

    model: int
    title: str
    entries: tuple[LegendEntry, ...] = ()
    stops: tuple[str, ...] = ()
    range: tuple[float, float] | None = None
    missing: str | None = None


@dataclass(frozen=True, slots=True)
class Legend:
    """Legend of all models; notebooks draw it."""

    sections: tuple[LegendSection, ...] = ()

    def _repr_html_(self) -> str:
        return f'<div style="{_BOX}">{"".join(map(_section, self.sections))}</div>'


def legend_of_values(model: int, method: str, colors: Mapping[str, Sequence[float]]) -> LegendSection | None:
    """Make the legend of a coloring method.

    Args:
        model: the model's id.
        method: the renderer's coloring method, such as "mtype".
        colors: linear RGBA by the method's values.

    Returns:
        The categories in the order of ``colors``; None for methods whose colors have no meaning, such as "solid" and
        the methods by the index of a cell or triangle.
    """
    if method in _MEANINGLESS:
        return None
    return LegendSection(model, method, tuple(LegendEntry(value, to_hex(color)) for value, color in colors.items()))


_MEANINGLESS = {"solid", "id", "primitive", "triangle", "vertex", "morphology section geometry"}

_BOX = "display: flex; flex-wrap: wrap; gap: 0.5em 2em; align-items: flex-start"
_SWATCH = "display: inline-block; width: 0.9em; height: 0.9em; margin-right: 0.5em; vertical-align: -0.1em"
_BAR = "height: 0.9em; width: 14em"
_ENDS = "display: flex; justify-content: space-between; width: 14em"


def _section(section: LegendSection) -> str:
    parts = [f"<strong>{escape(section.title)}</strong>"] if section.title else []
    parts += [_entry(entry.label, entry.color) for entry in section.entries]
    if section.stops:
        parts.append(f'<div style="{_BAR}; background: {_gradient(section.stops)}"></div>')
    if section.range is not None:
        low, high = section.range
        parts.append(f'<div style="{_ENDS}"><span>{low:.6g}</span><span>{high:.6g}</span></div>')
    if section.missing is not None:
        parts.append(_entry("no value", section.missing))
    return f"<div>{''.join(parts)}</div>"


def _entry(label: str, color: str) -> str:
    return f'<div><span style="{_SWATCH}; background: {escape(color)}"></span>{escape(label)}</div>'


def _gradient(stops: Iterable[str]) -> str:
    colors = [escape(color) for color in stops]
    return f"linear-gradient(to right, {', '.join(colors if len(colors) > 1 else colors * 2)})"
