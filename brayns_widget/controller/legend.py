"""Legends, which explain the colors in a picture."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from html import escape

from brayns_widget.controller.value_colors import kind_of
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
        model: the model's id; None in the legend of a picture where several models share the section.
        title: what the values are called, such as "mtype" or "Cell type".
        entries: the categories in order.
        stops: of a color bar, the colors at even steps from the lowest value to the highest.
        range: of a color bar, the lowest and the highest value.
        missing: color of the cells without a value, or None if all have one.
        attribute: what the values are of, by its usual name: sections of categories with the same one share colors.
        unit: of numbers, such as "µm", or "" if it is not known.
        selectable: whether the categories are of whole cells, which can be selected by them.
    """

    model: int | None
    title: str
    entries: tuple[LegendEntry, ...] = ()
    stops: tuple[str, ...] = ()
    range: tuple[float, float] | None = None
    missing: str | None = None
    attribute: str = ""
    unit: str = ""
    selectable: bool = False

    def recolored(self, colors: Mapping[str, Sequence[float]]) -> LegendSection:
        """Return it with other colors (linear RGBA) of some of its categories."""
        entries = tuple(
            replace(entry, color=to_hex(colors[entry.label])) if entry.label in colors else entry
            for entry in self.entries
        )
        return replace(self, entries=entries)


@dataclass(frozen=True, slots=True)
class Legend:
    """Legend of all models; notebooks draw it."""

    sections: tuple[LegendSection, ...] = ()

    @classmethod
    def of(cls, sections: Iterable[LegendSection]) -> Legend:
        """Put the sections of models together; those of the same values become one."""
        together: list[LegendSection] = []
        for section in sections:
            place = next((place for place, other in enumerate(together) if _agree(other, section)), None)
            if place is None:
                together.append(section)
            else:
                together[place] = _joined(together[place], section)
        return cls(tuple(together))

    def _repr_html_(self) -> str:
        return f'<div style="{_BOX}">{"".join(map(_section, self.sections))}</div>'


def legend_of_values(
    model: int, method: str, colors: Mapping[str, Sequence[float]], *, selectable: bool = False
) -> LegendSection | None:
    """Make the legend of a coloring method.

    Args:
        model: the model's id.
        method: the renderer's coloring method, such as "mtype".
        colors: linear RGBA by the method's values.
        selectable: whether the values are of whole cells.

    Returns:
        The categories in the order of ``colors``; None for methods whose colors have no meaning, such as "solid" and
        the methods by the index of a cell or triangle.
    """
    if method in _MEANINGLESS:
        return None
    entries = tuple(LegendEntry(value, to_hex(color)) for value, color in colors.items())
    return LegendSection(model, method, entries, attribute=kind_of(method), selectable=selectable)


def _agree(one: LegendSection, other: LegendSection) -> bool:
    """Whether two sections of categories tell the same, as far as both tell it."""
    colors = {entry.label: entry.color for entry in one.entries}
    return (
        bool(one.attribute and one.entries and other.entries)
        and (one.attribute, one.title) == (other.attribute, other.title)
        and all(colors.get(entry.label, entry.color) == entry.color for entry in other.entries)
        and (one.missing is None or other.missing is None or one.missing == other.missing)
    )


def _joined(one: LegendSection, other: LegendSection) -> LegendSection:
    entries = tuple(dict.fromkeys((*one.entries, *other.entries)))
    if all(list(part) == sorted(part, key=_label) for part in (one.entries, other.entries)):
        entries = tuple(sorted(entries, key=_label))
    # Of cells and of their synapses, a click selects the cells.
    selectable = one.selectable or other.selectable
    return replace(one, model=None, entries=entries, missing=one.missing or other.missing, selectable=selectable)


def _label(entry: LegendEntry) -> str:
    return entry.label


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
        low, high = (f"{end:.6g}" for end in section.range)
        unit = f" {escape(section.unit)}" if section.unit else ""
        parts.append(f'<div style="{_ENDS}"><span>{low}</span><span>{high}{unit}</span></div>')
    if section.missing is not None:
        parts.append(_entry("no value", section.missing))
    return f"<div>{''.join(parts)}</div>"


def _entry(label: str, color: str) -> str:
    return f'<div><span style="{_SWATCH}; background: {escape(color)}"></span>{escape(label)}</div>'


def _gradient(stops: Iterable[str]) -> str:
    colors = [escape(color) for color in stops]
    return f"linear-gradient(to right, {', '.join(colors if len(colors) > 1 else colors * 2)})"
