"""The lights of the scene."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from brayns_widget.connection.connection import Ready
from brayns_widget.connection.server import Server
from brayns_widget.controller.calls import waiting
from brayns_widget.controller.group import Core
from brayns_widget.controller.parts import Part, Parts, choose
from brayns_widget.controller.state import PartState, State
from brayns_widget.controller.weakly import weakly_awaited

if TYPE_CHECKING:
    from brayns_widget.protocol.brayns.lights import AmbientLight, DirectionalLight, Light
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
        from brayns_widget.protocol.brayns.lights import CLEAR_LIGHTS

        await (await self._core.renderer()).call(CLEAR_LIGHTS)
        self._dark = True
        self._cleared()

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


def usual_lights() -> tuple[AmbientLight, DirectionalLight, DirectionalLight]:
    """Return the initial lights of a scene.

    They are a strong one from above the viewer's right shoulder, a weaker one from below on the far side so that the
    back is not flat, and ambient light.
    """
    from brayns_widget.protocol.brayns.lights import AmbientLight, DirectionalLight

    return (
        AmbientLight(intensity=0.8),
        DirectionalLight(intensity=4.0, direction=(-0.5, -1.0, -1.0)),
        DirectionalLight(intensity=1.5, direction=(0.5, 0.4, 1.0)),
    )
