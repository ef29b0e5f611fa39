"""The lights of the scene."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from brayns_widget.connection.connection import Ready
from brayns_widget.connection.server import Server
from brayns_widget.controller.calls import waiting
from brayns_widget.controller.group import Core
from brayns_widget.controller.parts import Part, Parts, choose
from brayns_widget.controller.presets import usual_lights
from brayns_widget.controller.state import PartState, State
from brayns_widget.controller.weakly import weakly_awaited

if TYPE_CHECKING:
    from brayns_widget.protocol.brayns.lights import Light
    from brayns_widget.protocol.brayns.models import ModelInstance
    from brayns_widget.protocol.endpoints import Endpoint


class Lights(Parts):
    """The lights of the scene; a new job begins with ``usual_lights``."""

    def __init__(self, core: Core) -> None:
        super().__init__(core)
        self._dark = False  # the user has taken the lights away
        core.light = weakly_awaited(self._relight)

    def _states(self, state: State) -> tuple[PartState, ...]:
        return state.lights

    def _with(self, state: State, parts: tuple[PartState, ...]) -> State:
        return replace(state, lights=parts)

    @waiting
    async def add(self, light: Light) -> Part:
        """Add a light.

        Args:
            light: one of the classes of ``brayns_widget.protocol.brayns.lights``; colors are linear, lengths in µm.

        Raises:
            TypeError: it is not a light.
            RequestError: the renderer refuses it.
        """
        return await self._add(await self._core.renderer(), light)

    @waiting
    async def clear(self) -> None:
        """Remove all lights."""
        await self._clear(await self._core.renderer())

    async def replace(self, lights: Sequence[Light]) -> None:
        """Remove all lights, and add others; on the loop thread only."""
        renderer = await self._core.renderer()
        await self._clear(renderer)
        for light in lights:
            await self._add(renderer, light)

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

    async def _add(self, renderer: Server, light: Light) -> Part:
        endpoint = choose(_endpoints(), light)
        return self._added(await renderer.call(endpoint, light))


def _endpoints() -> Mapping[type, Endpoint[Any, ModelInstance]]:
    from brayns_widget.protocol.brayns import lights

    return {
        lights.AmbientLight: lights.ADD_LIGHT_AMBIENT,
        lights.DirectionalLight: lights.ADD_LIGHT_DIRECTIONAL,
        lights.SphereLight: lights.ADD_LIGHT_SPHERE,
        lights.QuadLight: lights.ADD_LIGHT_QUAD,
    }
