"""Points and lines as models: a sphere for each row of a table, or a cone between two places, with a color for each.

Import it where it is needed: it imports NumPy.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from brayns_widget.controller.group import Core
from brayns_widget.controller.painting import SOLID, Painter
from brayns_widget.protocol import colors

if TYPE_CHECKING:
    from brayns_widget.protocol.endpoints import Endpoint

Floats = npt.NDArray[np.float64]

MOST_SHAPES = 200_000
"""Spheres or lines of one model: each takes 130 bytes of its request, and the renderer's answer waits for all."""

LINE_END = 0.3
"""Radius of a line where it ends, as a part of that where it starts: so one sees which way it goes."""

USUAL_COLOR = "#e69f00"


@dataclass(frozen=True, slots=True, eq=False)
class Points:
    """Spheres, or lines.

    Attributes:
        name: of the model that they become.
        places: (N, 3) of the spheres, or of the lines' starts, µm.
        radii: (N,) of the spheres, or of the lines at their starts, µm.
        ends: (N, 3) of lines; None: they are spheres.
    """

    name: str
    places: Floats
    radii: Floats
    ends: Floats | None = None

    def only(self, inside: npt.NDArray[np.bool_]) -> Points:
        """Return some of them."""
        ends = None if self.ends is None else self.ends[inside]
        return replace(self, places=self.places[inside], radii=self.radii[inside], ends=ends)

    @property
    def known(self) -> npt.NDArray[np.bool_]:
        """Which of them have finite places and radii above zero."""
        ends = self.places if self.ends is None else self.ends
        finite = np.isfinite(self.places).all(axis=1) & np.isfinite(ends).all(axis=1)
        return finite & np.isfinite(self.radii) & (self.radii > 0)


async def add_points(
    core: Core, painter: Painter, points: Points, *, values: Any = None, color: Any = None, options: Mapping[str, Any]
) -> int:
    """Add spheres or lines as one model and color it.

    Args:
        core: the controller's core.
        painter: of its models.
        points: at least one, each of them known.
        values: what they are colored by, see ``color_cells``; None: they have one color.
        color: the one color, in any form that ``colors.parse`` reads; None: the usual one.
        options: of the coloring; None where one was not given.

    Returns:
        the id of the model.

    Raises:
        ValueError: they are too many, or cannot be colored so.
    """
    from brayns_widget.connection.loop import finish_cleanup
    from brayns_widget.controller.scene import discard

    if len(points.places) > MOST_SHAPES:
        raise ValueError(f"There are {len(points.places)} points, and a model may have {MOST_SHAPES}.")
    rgba = colors.parse(USUAL_COLOR if color is None else color)
    renderer, scene = await core.any_renderer(), core.scene
    endpoint, shapes = await asyncio.to_thread(_shapes, points, rgba)
    await core.light(renderer)
    async with scene.changing:
        instance = await renderer.repeat(endpoint, shapes)
        (state,) = await scene.add(renderer, [instance])
        scene.put([replace(state, name=points.name, color=colors.to_hex(rgba), colored_by=SOLID)])
        if values is not None:
            how = {name: value for name, value in options.items() if value is not None}
            try:
                await painter.paint_primitives(renderer, state.id, values, len(points.places), **how)
            except BaseException:
                await finish_cleanup(discard(renderer, scene, [state.id]))
                raise
    return state.id


def _shapes(points: Points, color: colors.Rgba) -> tuple[Endpoint[Any, Any], list[Any]]:
    """Return the method that adds them, and its parameters as JSON: to make objects of all first would take seconds."""
    from brayns_widget.protocol.brayns import shapes as brayns

    rgba, places, radii = list(color), points.places.tolist(), points.radii.tolist()
    if points.ends is None:
        return brayns.ADD_SPHERES, [
            {"color": rgba, "geometry": {"center": place, "radius": radius}}
            for place, radius in zip(places, radii, strict=True)
        ]
    return brayns.ADD_CAPSULES, [
        {"color": rgba, "geometry": {"p0": start, "p1": end, "r0": radius, "r1": radius * LINE_END}}
        for start, end, radius in zip(places, points.ends.tolist(), radii, strict=True)
    ]
