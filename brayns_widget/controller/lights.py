"""The lights of the scene."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any

from annotated_types import Ge

from brayns_widget.connection.connection import Ready
from brayns_widget.connection.reports import ignore
from brayns_widget.connection.server import Server
from brayns_widget.controller.calls import offered, waiting
from brayns_widget.controller.group import Core
from brayns_widget.controller.lit import endpoints, light_of, lit, new_light
from brayns_widget.controller.parts import Part, Parts, choose
from brayns_widget.controller.presets import usual_lights
from brayns_widget.controller.scene import union
from brayns_widget.controller.state import LightKind, PartState, State
from brayns_widget.controller.weakly import weakly_awaited
from brayns_widget.protocol import colors
from brayns_widget.protocol.errors import CircuitError

if TYPE_CHECKING:
    from brayns_widget.protocol.brayns.lights import Light

Intensity = Annotated[float, Ge(0)]


class SceneLight(Part):
    """A light of the scene."""

    def __init__(self, core: Core, lights: Lights, state: PartState) -> None:
        super().__init__(core, state)
        self._lights = lights

    @property
    def kind(self) -> LightKind | None:
        """Its kind, or None if others have added it."""
        return None if (known := self._state().lit) is None else known.kind

    @property
    def light(self) -> Light | None:
        """What it is, as a class of ``brayns_widget.protocol.brayns.lights``; None if others have added it."""
        return None if (known := self._state().lit) is None else light_of(known)

    @property
    def visible(self) -> bool:
        """Whether it shines; set it to change that."""
        return self._state().visible

    @visible.setter
    def visible(self, visible: bool) -> None:
        self.update(visible=visible)

    @property
    def color(self) -> str | None:
        """Its color as "#rrggbb"; set it in any form that ``colors.parse`` reads. None if others have added it."""
        return None if (known := self._state().lit) is None else known.color

    @color.setter
    def color(self, color: Any) -> None:
        self.update(color=color)

    @property
    def intensity(self) -> float | None:
        """How strong it is, in the unit of its kind; set it to change that. None if others have added it."""
        return None if (known := self._state().lit) is None else known.intensity

    @intensity.setter
    def intensity(self, intensity: float) -> None:
        self.update(intensity=intensity)

    @waiting
    async def update(
        self, *, visible: bool | None = None, color: Any = None, intensity: Intensity | None = None
    ) -> None:
        """Change it; what is not given stays.

        Args:
            visible: whether it shines.
            color: a color in any form that ``colors.parse`` reads.
            intensity: in the unit of its kind: irradiance of those from infinitely far, W/sr of spheres, W/sr/m² of
                quads.

        Raises:
            CircuitError: it was removed before; or others have added it, so that its other properties are not known.
            ValueError: it is not a color.
            SceneLost: the scene is lost.
        """
        self._core.scene.need()
        await self._lights.relight(self._state(), visible=visible, color=color, intensity=intensity)


class Lights(Parts[SceneLight]):
    """The lights of the scene; a new job begins with ``usual_lights``."""

    _WORD = "light"

    def __init__(self, core: Core) -> None:
        super().__init__(core)
        self._dark = False  # the user has taken the lights away
        core.light = weakly_awaited(self._relight)

    def _states(self, state: State) -> tuple[PartState, ...]:
        return state.lights

    def _part(self, state: PartState) -> SceneLight:
        return SceneLight(self._core, self, state)

    def _with(self, state: State, parts: tuple[PartState, ...]) -> State:
        return replace(state, lights=parts)

    @waiting
    async def add(self, light: Light) -> SceneLight:
        """Add a light.

        Args:
            light: one of the classes of ``brayns_widget.protocol.brayns.lights``; colors are linear, lengths in µm.
                ``CameraLight``, which turns with the camera, needs our renderer.

        Raises:
            TypeError: it is not a light.
            CircuitError: this renderer has none that turns with the camera.
            RequestError: the renderer refuses it.
        """
        await self._check(light)
        return await self._add(await self._core.renderer(), light)

    @offered
    @waiting
    async def add_kind(self, kind: LightKind) -> None:
        """Add a light of some kind, of which one sees something at once: white, and bright for what is loaded.

        Args:
            kind: "ambient", from everywhere; "directional", from infinitely far; "camera", the same, but turning with
                the camera; "sphere", above the front of the scene; or "quad", above it.

        Raises:
            CircuitError: this renderer has no light that turns with the camera.
        """
        renderer = await self._core.renderer()
        light = new_light(kind, union(model.bounds for model in self._store.state.models if model.visible))
        await self._check(light)
        await self._add(renderer, light)

    @offered
    @waiting
    async def change(
        self,
        id: int,  # noqa: A002 - Brayns' word
        *,
        visible: bool | None = None,
        color: Any = None,
        intensity: Intensity | None = None,
    ) -> None:
        """Change a light by its id, as ``SceneLight.update`` does.

        Args:
            id: the renderer's id.
            visible: whether it shines.
            color: a color in any form that ``colors.parse`` reads.
            intensity: in the unit of its kind.

        Raises:
            CircuitError: there is no such light; or others have added it.
            ValueError: it is not a color.
        """
        await self._by_id(id).update.aio(visible=visible, color=color, intensity=intensity)

    @offered
    @waiting
    async def remove(self, id: int) -> None:  # noqa: A002 - Brayns' word
        """Remove a light by its id.

        Args:
            id: the renderer's id.

        Raises:
            CircuitError: there is no such light.
        """
        await self._by_id(id).remove.aio()

    @waiting
    async def clear(self) -> None:
        """Remove all lights."""
        await self._clear(await self._core.renderer())

    async def _check(self, light: Light) -> None:
        from brayns_widget.protocol.brayns.additions import ADD_LIGHT_CAMERA
        from brayns_widget.protocol.brayns.lights import CameraLight

        if isinstance(light, CameraLight):
            ready = await self._core.connection.ensure(ignore)
            if not ready.capabilities.offers(ADD_LIGHT_CAMERA.name):
                raise CircuitError(
                    "This renderer has no light that turns with the camera.", hint="That of the local service has."
                )

    async def relight(self, state: PartState, *, visible: bool | None, color: Any, intensity: float | None) -> None:
        """Change a light; on the loop thread only.

        No renderer changes the color and the power of a light, so another one takes its place.
        """
        from brayns_widget.protocol.brayns.models import REMOVE_MODEL, RemoveModelParams

        changes: dict[str, Any] = {} if color is None else {"color": list(colors.parse(color)[:3])}
        changes |= {} if intensity is None else {"intensity": intensity}
        shines = state.visible if visible is None else visible
        renderer = await self._core.renderer()
        if not changes:
            await self.show(renderer, state.id, shines)
            return
        if state.lit is None:
            raise CircuitError("Others have added this light, so that it is not known.", hint="Add another one.")
        light, key = light_of(state.lit).model_copy(update=changes), self._core.scene.key(state.id)
        await renderer.call(REMOVE_MODEL, RemoveModelParams(ids=[state.id]))
        self._core.scene.drop([state.id])
        new = await self._add(renderer, light)
        self._core.scene.stand_for(key, self._core.scene.key(new.id))
        if not shines:
            await self.show(renderer, new.id, False)

    async def replace(self, lights: Sequence[Light]) -> None:
        """Remove all lights, and add others; on the loop thread only.

        Where no light can turn with the camera, it is as the camera is at first.
        """
        from brayns_widget.protocol.brayns.additions import ADD_LIGHT_CAMERA
        from brayns_widget.protocol.brayns.lights import CameraLight, DirectionalLight

        ready = await self._core.connection.ensure(ignore)
        turns = ready.capabilities.offers(ADD_LIGHT_CAMERA.name)
        renderer = await self._core.renderer()
        await self._clear(renderer)
        for light in lights:
            fixed = isinstance(light, CameraLight) and not turns
            await self._add(renderer, DirectionalLight(**light.model_dump(exclude_unset=True)) if fixed else light)

    async def prepare(self, ready: Ready) -> None:
        """Light the scene, unless it is lit."""
        # What has come back was dark already.
        self._dark = self._dark and self._core.restorer.wanted
        await self._relight(ready.renderer)

    async def _relight(self, renderer: Server) -> None:
        """Light a scene that has lost its lights, such as by a raw ``clear-models``."""
        if not (self._store.state.lights or self._dark or self._core.joined):
            for light in usual_lights():
                await self._add(renderer, light)

    async def _clear(self, renderer: Server) -> None:
        from brayns_widget.protocol.brayns.lights import CLEAR_LIGHTS

        await renderer.call(CLEAR_LIGHTS)
        self._dark = True
        self._cleared()

    async def _add(self, renderer: Server, light: Light) -> SceneLight:
        endpoint = choose(endpoints(), light)
        return self._added(await renderer.call(endpoint, light), lit=lit(light))
