"""The group of the colors that values have: read them, change them one by one, and list the color maps for numbers."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Annotated, Any

from annotated_types import Len

from brayns_widget.controller.calls import offered, waiting
from brayns_widget.controller.color_maps import ColorMap, color_maps, map_names
from brayns_widget.controller.group import Core, Group
from brayns_widget.controller.painting import Painter
from brayns_widget.controller.palettes import colors_of_names
from brayns_widget.controller.selection import Name
from brayns_widget.controller.value_colors import kind_of
from brayns_widget.protocol import colors as convert

Changes = Annotated[Mapping[str, Any], Len(1)]


class Colors(Group):
    """The colors of values, such as of each mtype: a value has one color in all models of the scene.

    A value gets its color when a model is colored by its attribute first, and keeps it::

        viewer.colors.of("mtype")                       # {"L1_DAC": "#bb0000", …}
        viewer.colors.set("mtype", {"L1_DAC": "gold"})  # in all models that show it
        viewer.colors.set("mtype", {"L1_DAC": None})    # as it was chosen at first
    """

    def __init__(self, core: Core, painter: Painter) -> None:
        super().__init__(core)
        self._painter = painter

    def of(self, attribute: Name) -> dict[str, str]:
        """Return the colors of an attribute's values, as "#rrggbb" by value; also of values that no model shows yet.

        Args:
            attribute: a node attribute or a coloring method, such as "mtype", or the name of values of yours.
        """
        given = self._store.state.value_colors.get(kind_of(attribute), {})
        return {value: convert.to_hex(color) for value, color in given.items()}

    @offered
    @waiting
    async def maps(self) -> tuple[ColorMap, ...]:
        """List color maps for numbers and for categories; ``Model.color_by`` takes these and many others."""
        return await asyncio.to_thread(color_maps)

    @offered
    @waiting
    async def map_names(self) -> tuple[str, ...]:
        """List the names of all color maps that ``Model.color_by`` takes; each with "_r" behind it is turned round."""
        return await asyncio.to_thread(map_names)

    @offered
    @waiting
    async def set(self, attribute: str, changes: Changes) -> None:
        """Change the colors of values, in all models that show them and in those that are still to come.

        Calls with the former colors, which ``of`` returns, undo it.

        Args:
            attribute: as of ``of``; "" for values without a name.
            changes: by value, a color in any form that ``colors.parse`` reads; None for the color that it would get at
                first.

        Raises:
            ValueError: something is no color.
        """
        kind = kind_of(attribute)
        changed = {value: convert.parse(color) for value, color in changes.items() if color is not None}
        async with self._core.scene.changing:
            state = self._store.state
            others = {value: color for value, color in state.value_colors.get(kind, {}).items() if value not in changes}
            usual = colors_of_names(kind, changes.keys() - changed.keys(), others)
            changed |= {value: usual[value] for value in changes if value not in changed}
            if any(section.attribute == kind and section.entries for section in state.sections):
                await self._painter.recolor(await self._core.renderer(), kind, changed)
            else:
                self._painter.keep(kind, changed)
