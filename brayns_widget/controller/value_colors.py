"""The colors that the values of attributes have: one value has one color in all models of a scene.

A color that was given stays, whatever is loaded later. The first model that is colored by an attribute gives colors to
all values that its population has, as far as the backend tells them, so that they do not depend on the share of the
cells that is loaded. Where they cannot be listed, the loaded ones get theirs, and others that come later the next free.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING

from brayns_widget.protocol.colors import Rgba

if TYPE_CHECKING:
    from brayns_widget.controller.state import ModelState, State

ValueColors = Mapping[str, Mapping[str, Rgba]]
"""Linear RGBA by attribute, see ``kind_of``, and value. Never changed in place."""

NO_COLORS: ValueColors = MappingProxyType({})


def kind_of(name: str) -> str:
    """Return the usual name of an attribute or coloring method: "synapse class" for "synapse_class"."""
    plain = name.replace("_", " ").strip()
    return "morphology class" if plain == "morph class" else plain


def give(state: State, kind: str, names: Iterable[str], among: Iterable[str] = ()) -> dict[str, Rgba]:
    """Return the colors of all known values of an attribute: those that they have, or else free ones.

    Args:
        state: the controller's.
        kind: the attribute, see ``kind_of``; "" for values without a name, which share no colors.
        names: the values that a model shows.
        among: all values of its population, as far as they are known.
    """
    from brayns_widget.controller.palettes import colors_of_names

    known = {*names, *among}
    return colors_of_names(kind, known, _given(state, kind, known))


def _given(state: State, kind: str, known: set[str]) -> Mapping[str, Rgba]:
    from brayns_widget.protocol.colors import parse

    if not kind:
        return {}
    given = state.value_colors.get(kind, {})
    sections = [section for section in state.sections if section.attribute == kind]
    if not sections and given.keys().isdisjoint(known):
        return {}  # those of another circuit, which nobody shows any more
    # Other clients may have given some.
    shown = {entry.label: parse(entry.color) for section in sections for entry in section.entries}
    return {**shown, **given}


def with_colors(state: State, kind: str, colors: Mapping[str, Rgba]) -> State:
    """Return the state after the values of an attribute got these colors, and all others of it none."""
    return replace(state, value_colors=MappingProxyType({**state.value_colors, kind: MappingProxyType(dict(colors))}))


def tells_cells(model: ModelState, method: str) -> bool:
    """Whether a coloring method of a model is by an attribute of cells that it shows."""
    from brayns_widget.protocol.brayns.colors import CELL_ATTRIBUTES

    return model.cells is not None and method in CELL_ATTRIBUTES
