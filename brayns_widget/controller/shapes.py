"""Simple shapes as models: spheres, capsules, boxes, planes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from brayns_widget.controller.calls import waiting
from brayns_widget.controller.group import Core, Group
from brayns_widget.controller.models import Model, Models
from brayns_widget.controller.painting import SOLID
from brayns_widget.controller.parts import choose
from brayns_widget.protocol import colors

if TYPE_CHECKING:
    from brayns_widget.protocol.brayns.models import ModelInstance
    from brayns_widget.protocol.brayns.shapes import Shape
    from brayns_widget.protocol.endpoints import Endpoint


class Shapes(Group):
    """Adds simple shapes to the scene."""

    def __init__(self, core: Core, models: Models) -> None:
        super().__init__(core)
        self._models = models

    @waiting
    async def add(self, *shapes: Shape, color: Any = "#e69f00") -> Model:
        """Add shapes as one model.

        Args:
            shapes: one or more of one class of ``brayns_widget.protocol.brayns.shapes``: ``Sphere``, ``Capsule``,
                ``Box``, ``Plane`` or ``BoundedPlane``; lengths in µm.
            color: their color, in any form that ``colors.parse`` reads.

        Raises:
            TypeError: there is no shape, or an object of another class.
            ValueError: the color is invalid.
            RequestError: the renderer refuses them.
        """
        from brayns_widget.protocol.brayns import shapes as brayns

        endpoint, rgba = choose(_endpoints(), *shapes), colors.parse(color)
        params = [brayns.Colored[Any](color=rgba, geometry=shape) for shape in shapes]
        renderer, scene = await self._core.any_renderer(), self._core.scene
        await self._core.light(renderer)
        async with scene.changing:
            instance = await renderer.call(endpoint, params)
            (state,) = await scene.add(renderer, [instance])
            scene.put([replace(state, color=colors.to_hex(rgba), colored_by=SOLID)])
        return self._models.by_id(state.id)


def _endpoints() -> Mapping[type, Endpoint[Any, ModelInstance]]:
    from brayns_widget.protocol.brayns import shapes as brayns

    return {
        brayns.Sphere: brayns.ADD_SPHERES,
        brayns.Capsule: brayns.ADD_CAPSULES,
        brayns.Box: brayns.ADD_BOXES,
        brayns.Plane: brayns.ADD_PLANES,
        brayns.BoundedPlane: brayns.ADD_BOUNDED_PLANES,
    }
