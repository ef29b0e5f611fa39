"""Clipping shapes, which cut parts of the scene away."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from brayns_widget.controller.calls import offered, waiting
from brayns_widget.controller.camera import Vector
from brayns_widget.controller.cuts import NewKind, changed, cut_of, new_shape, request_of, shapes_of
from brayns_widget.controller.group import Core
from brayns_widget.controller.parts import Part, Parts
from brayns_widget.controller.scene import union
from brayns_widget.controller.state import CutState, PartState, State
from brayns_widget.protocol.errors import CircuitError

if TYPE_CHECKING:
    from brayns_widget.protocol.brayns.shapes import Shape


class Cut(Part):
    """Shapes that were added together, and cut away their inside or one side of them."""

    def __init__(self, core: Core, clipping: Clipping, state: PartState) -> None:
        super().__init__(core, state)
        self._clipping = clipping

    @property
    def visible(self) -> bool:
        """Whether it cuts; set it to switch it."""
        return self._state().visible

    @visible.setter
    def visible(self, visible: bool) -> None:
        self.update(visible=visible)

    @property
    def invert(self) -> bool | None:
        """Whether it cuts away the other side; set it to change that. None if others have added it."""
        return None if (cut := self._state().cut) is None else cut.invert

    @invert.setter
    def invert(self, invert: bool) -> None:
        self.update(invert=invert)

    @property
    def shapes(self) -> Sequence[Shape] | None:
        """What it is made of; set it to one or more of one class, see ``add``. None if others have added it."""
        return None if (cut := self._state().cut) is None else shapes_of(cut)

    @shapes.setter
    def shapes(self, shapes: Sequence[Shape]) -> None:
        self.update(shapes=shapes)

    @waiting
    async def update(
        self,
        *,
        visible: bool | None = None,
        invert: bool | None = None,
        shapes: Sequence[Shape] | None = None,
        normal: tuple[float, float, float] | None = None,
        position: float | None = None,
        low: tuple[float, float, float] | None = None,
        high: tuple[float, float, float] | None = None,
    ) -> None:
        """Change it; what is not given stays.

        Args:
            visible: whether it cuts.
            invert: cut away the other side.
            shapes: what it is made of instead: one or more of one class, see ``Clipping.add``.
            normal: of a plane: the direction it faces, a vector of any length.
            position: of a plane: where it lies along its normal, µm from the origin.
            low: of a box: its lower corner, µm.
            high: of a box: its upper corner, µm.

        Raises:
            CircuitError: it was removed before; others have added it; or its shapes have no such numbers.
            TypeError: the shapes are of several classes, or there are none.
            ValueError: the normal has no length, or the lower corner does not lie below the upper one.
            RequestError: the renderer refuses it, and what was there stays.
            SceneLost: the scene is lost.
        """
        self._core.scene.need()
        cut = None if shapes is None else cut_of(shapes, invert=bool(self.invert))
        await self._clipping.change_part(
            self._state(),
            visible=visible,
            cut=cut,
            invert=invert,
            normal=normal,
            position=position,
            low=low,
            high=high,
        )


class Clipping(Parts[Cut]):
    """The clipping shapes of the scene."""

    _WORD = "clipping shape"

    def __init__(self, core: Core) -> None:
        super().__init__(core)
        self._changing = asyncio.Lock()  # of two that change one, the second goes on from what the first has set

    def _states(self, state: State) -> tuple[PartState, ...]:
        return state.clips

    def _part(self, state: PartState) -> Cut:
        return Cut(self._core, self, state)

    def _with(self, state: State, parts: tuple[PartState, ...]) -> State:
        return replace(state, clips=parts)

    @waiting
    async def add(self, *shapes: Shape, invert: bool = False) -> Cut:
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
        return await self._add(shapes, invert=invert)

    @offered
    @waiting
    async def add_kind(self, kind: NewKind) -> None:
        """Add a shape that cuts something of what is shown.

        Args:
            kind: "plane", across z in the middle of what is shown; or "box", in its middle, of half its size.
        """
        await self._core.renderer()  # which tells what is there
        models = self._store.state.models
        await self._add([new_shape(kind, union(model.bounds for model in models if model.visible))], invert=False)

    @offered
    @waiting
    async def change(
        self,
        id: int,  # noqa: A002 - Brayns' word
        *,
        visible: bool | None = None,
        invert: bool | None = None,
        normal: tuple[float, float, float] | None = None,
        position: float | None = None,
        low: tuple[float, float, float] | None = None,
        high: tuple[float, float, float] | None = None,
    ) -> None:
        """Change clipping shapes by their id, as ``Cut.update`` does.

        Args:
            id: the renderer's id.
            visible: whether they cut.
            invert: cut away the other side.
            normal: of a plane: the direction it faces, a vector of any length.
            position: of a plane: where it lies along its normal, µm from the origin.
            low: of a box: its lower corner, µm.
            high: of a box: its upper corner, µm.

        Raises:
            CircuitError: there is nothing of that id; others have added it; or it has no such numbers.
            ValueError: the normal has no length, or the lower corner does not lie below the upper one.
        """
        await self._by_id(id).update.aio(
            visible=visible, invert=invert, normal=normal, position=position, low=low, high=high
        )

    @offered
    @waiting
    async def remove(self, id: int) -> None:  # noqa: A002 - Brayns' word
        """Remove clipping shapes by their id.

        Args:
            id: the renderer's id.

        Raises:
            CircuitError: there is nothing of that id.
        """
        await self._by_id(id).remove.aio()

    @waiting
    async def clear(self) -> None:
        """Remove all clipping shapes."""
        from brayns_widget.protocol.brayns.shapes import CLEAR_CLIPPING_GEOMETRIES

        await (await self._core.renderer()).call(CLEAR_CLIPPING_GEOMETRIES)
        self._cleared()

    async def change_part(
        self,
        part: PartState,
        *,
        visible: bool | None,
        cut: CutState | None,
        invert: bool | None,
        normal: Vector | None,
        position: float | None,
        low: Vector | None,
        high: Vector | None,
    ) -> None:
        """Change one; on the loop thread only.

        No renderer changes a clipping shape, so another one takes its place.
        """
        key, renderer = self._core.scene.key(part.id), await self._core.renderer()
        async with self._changing:
            part = self._by_id(self._core.scene.standing(key)[0])._state()  # noqa: SLF001 - its owner
            shows = part.visible if visible is None else visible
            before = cut or part.cut
            if (invert, normal, position, low, high, cut) != (None,) * 6:
                if before is None or part.cut is None:
                    raise CircuitError("Others have added these shapes, so they are not known.", hint="Add others.")
                after = changed(before, invert=invert, normal=normal, position=position, low=low, high=high)
                if after != part.cut:
                    part = await self._exchange(part, part.cut, after)
            if shows != part.visible:
                await self.show(renderer, part.id, shows)

    async def _exchange(self, part: PartState, before: CutState, after: CutState) -> PartState:
        """Let other shapes take the place of some; if the renderer refuses them, those come back."""
        from brayns_widget.protocol.brayns.models import REMOVE_MODEL, RemoveModelParams

        renderer = await self._core.renderer()
        removal = renderer.call(REMOVE_MODEL, RemoveModelParams(ids=[part.id]))
        adding = renderer.call(*request_of(shapes_of(after), invert=after.invert))
        # Both are sent at once, so that the renderer draws no picture without either of them.
        added, _ = await asyncio.gather(adding, removal, return_exceptions=True)
        refusal = added if isinstance(added, BaseException) else None
        if isinstance(added, BaseException):
            after, added = before, await renderer.call(*request_of(shapes_of(before), invert=before.invert))
        new = PartState(added.model_id, added.model_type, added.is_visible, cut=after)
        key = self._core.scene.key(part.id)
        self._core.scene.exchange(part.id, new)
        self._core.scene.stand_for(key, self._core.scene.key(new.id))
        if not part.visible:
            await self.show(renderer, new.id, False)
            new = replace(new, visible=False)
        self._core.touch()
        if refusal is not None:
            raise refusal
        return new

    async def _add(self, shapes: Sequence[Shape], *, invert: bool) -> Cut:
        endpoint, params = request_of(shapes, invert=invert)
        instance = await (await self._core.renderer()).call(endpoint, params)
        return self._added(instance, cut=cut_of(shapes, invert=invert))
