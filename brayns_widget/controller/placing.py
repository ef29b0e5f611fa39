"""Where a model stands: moved, turned, scaled; and the camera that looks there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

from annotated_types import Ge, Gt, Le

from brayns_widget.controller.calls import offered, waiting
from brayns_widget.controller.described import Described
from brayns_widget.controller.placement import UNMOVED, Placement
from brayns_widget.controller.views import LiveCamera
from brayns_widget.protocol.errors import CircuitError

if TYPE_CHECKING:
    from brayns_widget.protocol.brayns.models import Transform

Factor = Annotated[float, Gt(0), Le(1e6)]
Distance = Annotated[float, Ge(-1e15), Le(1e15)]


class Placed(Described):
    """The place of a model."""

    @property
    def placement(self) -> Placement:
        """How far it is moved, turned and scaled from where it was loaded."""
        return self.state.placement

    @offered
    @waiting
    async def move(self, x: Distance | None = 0.0, y: Distance | None = 0.0, z: Distance | None = 0.0) -> None:
        """Move it away from where it was loaded; the numbers of another call replace these.

        None leaves a number as it is.

        Args:
            x: how far along the x axis, µm.
            y: how far along the y axis, µm.
            z: how far along the z axis, µm.

        Raises:
            CircuitError: it was removed.
        """
        await self._place(move=(x, y, z))

    @offered
    @waiting
    async def turn(self, x: float | None = 0.0, y: float | None = 0.0, z: float | None = 0.0) -> None:
        """Turn it about its center; the numbers of another call replace these, and None leaves one as it is.

        Args:
            x: degrees about the x axis, counterclockwise as seen from its end; it is the first to be turned about.
            y: degrees about the y axis.
            z: degrees about the z axis.

        Raises:
            CircuitError: it was removed.
        """
        await self._place(turn=(x, y, z))

    @offered
    @waiting
    async def scale(self, factor: Factor = 1.0) -> None:
        """Make it larger or smaller than it was loaded, about its center; another factor replaces this one.

        Args:
            factor: above 1 makes it larger.

        Raises:
            CircuitError: it was removed.
        """
        await self._place(scale=(factor, factor, factor))

    @offered
    @waiting
    async def put_back(self) -> None:
        """Put it back where it was loaded: not moved, turned or scaled.

        Raises:
            CircuitError: it was removed.
        """
        await self._place(**{name: getattr(UNMOVED, name) for name in ("move", "turn", "scale")})

    @waiting
    async def place(self, transform: Transform) -> None:
        """Set its transform: scale, rotation and translation, about the origin.

        Args:
            transform: a ``brayns_widget.protocol.brayns.models.Transform``; it replaces the present one.

        Raises:
            CircuitError: it was removed.
        """
        from brayns_widget.protocol.brayns.models import ModelInstance

        await self._change(await self._renderer(), ModelInstance(transform=transform))

    async def _place(self, **changes: tuple[float | None, float | None, float | None]) -> None:
        from brayns_widget.protocol.brayns.models import ModelInstance

        renderer = await self._renderer()
        async with self._core.scene.changing:
            known = self.placement
            placement = replace(known, **{name: _filled(new, getattr(known, name)) for name, new in changes.items()})
            await self._change(renderer, ModelInstance(transform=placement.transform), placement=placement)

    @waiting
    async def frame(self) -> None:
        """Point the camera at it, from the present direction.

        Raises:
            CircuitError: it was removed, or it is empty.
        """
        points = self.state.extent
        if not points:
            raise CircuitError(f"{self.state.name!r} is empty, so there is nothing to point the camera at.")
        LiveCamera._of(self._core)._look_at(points)  # noqa: SLF001 - of the same package


def _filled(new: Sequence[float | None], known: Sequence[float]) -> tuple[float, float, float]:
    x, y, z = (old if value is None else value for value, old in zip(new, known, strict=True))
    return x, y, z
