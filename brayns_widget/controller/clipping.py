"""Clipping shapes, which cut parts of the scene away."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from brayns_widget.controller.calls import waiting
from brayns_widget.controller.parts import Part, Parts, choose
from brayns_widget.controller.state import PartState, State

if TYPE_CHECKING:
    from brayns_widget.protocol.brayns.models import ModelInstance
    from brayns_widget.protocol.brayns.shapes import Shape
    from brayns_widget.protocol.endpoints import Endpoint


class Clipping(Parts[Part]):
    """The clipping shapes of the scene."""

    def _states(self, state: State) -> tuple[PartState, ...]:
        return state.clips

    def _part(self, state: PartState) -> Part:
        return Part(self._core, state)

    def _with(self, state: State, parts: tuple[PartState, ...]) -> State:
        return replace(state, clips=parts)

    @waiting
    async def add(self, *shapes: Shape, invert: bool = False) -> Part:
        """Cut away the inside of shapes, or one side of planes.

        ``Plane`` cuts where a x + b y + c z < d; ``BoundedPlane`` where it is > d, of what is seen through it.

        Args:
            shapes: one or more of one class of ``brayns_widget.protocol.brayns.shapes``: ``Plane``, ``BoundedPlane``,
                ``Box``, ``Sphere`` or ``Capsule``; lengths in µm.
            invert: cut away the other side.

        Returns:
            the clipping, which has all shapes of this call and is removed as one.

        Raises:
            TypeError: there is no shape, or an object of another class.
            RequestError: the renderer refuses them.
        """
        from brayns_widget.protocol.brayns import shapes as brayns

        endpoint = choose(_endpoints(), *shapes)
        params = brayns.Clipping[Any](primitives=list(shapes), invert_normals=invert)
        return self._added(await (await self._core.renderer()).call(endpoint, params))

    @waiting
    async def clear(self) -> None:
        """Remove all clipping shapes."""
        from brayns_widget.protocol.brayns.shapes import CLEAR_CLIPPING_GEOMETRIES

        await (await self._core.renderer()).call(CLEAR_CLIPPING_GEOMETRIES)
        self._cleared()


def _endpoints() -> Mapping[type, Endpoint[Any, ModelInstance]]:
    from brayns_widget.protocol.brayns import shapes as brayns

    return {
        brayns.Plane: brayns.ADD_CLIPPING_PLANES,
        brayns.BoundedPlane: brayns.ADD_CLIPPING_BOUNDED_PLANES,
        brayns.Box: brayns.ADD_CLIPPING_BOXES,
        brayns.Sphere: brayns.ADD_CLIPPING_SPHERES,
        brayns.Capsule: brayns.ADD_CLIPPING_CAPSULES,
    }
