"""Settings of the view: background, shading, fog and outlines, presets of all, and the minimum radius of neurites."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any

from annotated_types import Ge, Le

from brayns_widget.connection.connection import Ready
from brayns_widget.connection.reports import ignore
from brayns_widget.connection.server import Server
from brayns_widget.controller.amounts import Share
from brayns_widget.controller.calls import offered, waiting
from brayns_widget.controller.group import Core, Group
from brayns_widget.controller.joining import look_of
from brayns_widget.controller.lights import Lights
from brayns_widget.controller.presets import PresetName, presets, usual_settings
from brayns_widget.controller.state import FOG, AtRest, Shading
from brayns_widget.protocol import colors
from brayns_widget.protocol.errors import CircuitError

if TYPE_CHECKING:
    from brayns_widget.protocol.brayns.renderers import Interactive, Production


RADIUS_FLOOR = 0.5
"""Default minimum radius in pixels: without one, distant neurites are speckle."""


class Rendering(Group):
    """Settings of the view."""

    def __init__(self, core: Core, lights: Lights) -> None:
        super().__init__(core)
        self._lights = lights
        self._floor = RADIUS_FLOOR
        self._fog = FOG  # what is wanted, also of renderers to come
        self._outlines = 0.0
        self._at_rest: AtRest = "interactive"
        self._settings: Interactive | None = None  # what the user has set; None: the usual ones

    @property
    def background(self) -> str:
        """The background as "#rrggbb", or "#rrggbbaa" if it is not opaque; set it in any form of ``colors.parse``.

        "transparent" lets pictures that are saved as PNG have none. The view has a checkerboard there.
        """
        return self._store.state.background

    @background.setter
    def background(self, color: Any) -> None:
        self.set_background(color)

    @waiting
    async def set_background(self, color: Any) -> None:
        """Set the background, now or when the job starts.

        Args:
            color: a color in any form that ``colors.parse`` reads.

        Raises:
            ValueError: it is not a color.
        """
        background = colors.to_hex(colors.parse(color))
        self._store.state = replace(self._store.state, background=background)
        await self._apply()

    @property
    def settings(self) -> Interactive:
        """Shadows, ambient occlusion and bounces of view and snapshots; set it to an ``Interactive``.

        Samples and background are not its matter: the view chooses samples, and the background has its own attribute.
        While the camera moves there is no ambient occlusion: it is grain in a picture of one sample.
        """
        return self._settings or usual_settings()

    @settings.setter
    def settings(self, settings: Interactive) -> None:
        self.set_settings(settings)

    @waiting
    async def set_settings(self, settings: Interactive) -> None:
        """Set shadows, ambient occlusion and bounces of the view, now or when the job starts.

        Args:
            settings: a ``brayns_widget.protocol.brayns.renderers.Interactive``.

        Raises:
            TypeError: it is something else.
            ValueError: it has samples or a background, which would have no effect.
        """
        if given := settings.model_fields_set & {"samples_per_pixel", "background_color"}:
            raise ValueError(f"{min(given)} has no effect here: the view chooses samples, and has a background")
        await self.give(settings)

    @property
    def given(self) -> Interactive | None:
        """The settings that were set, or None for the usual ones."""
        return self._settings

    async def give(self, settings: Interactive | None) -> None:
        """Set what ``given`` is, without a check; on the loop thread only."""
        self._settings = settings
        shown = self.settings
        self._shade(shadows=shown.enable_shadows, ambient_occlusion=shown.ao_samples)
        await self._apply()

    def _shade(self, **changes: Any) -> None:
        self._store.state = replace(self._store.state, shading=replace(self._store.state.shading, **changes))

    @property
    def shadows(self) -> bool:
        """Whether lights cast shadows; set it to change that. Those of a path tracer always do."""
        return self._shading.shadows

    @shadows.setter
    def shadows(self, shadows: bool) -> None:
        self.set_shadows(shadows)

    @offered
    @waiting
    async def set_shadows(self, shadows: bool) -> None:
        """Let lights cast shadows, or not.

        Args:
            shadows: whether they do.
        """
        await self.give(self.settings.model_copy(update={"enable_shadows": shadows}))

    @property
    def ambient_occlusion(self) -> int:
        """Rays for each sample that look how much of its surroundings a place sees; set it to change that.

        They darken what lies deep in the scene; 0: none. While the camera moves there are none.
        """
        return self._shading.ambient_occlusion

    @ambient_occlusion.setter
    def ambient_occlusion(self, rays: int) -> None:
        self.set_ambient_occlusion(rays)

    @offered
    @waiting
    async def set_ambient_occlusion(self, rays: Annotated[int, Ge(0), Le(64)]) -> None:
        """Set how exactly ambient occlusion is found.

        Args:
            rays: for each sample, of which a picture at rest has 16; 0: none.
        """
        await self.give(self.settings.model_copy(update={"ao_samples": rays}))

    @property
    def _shading(self) -> Shading:
        return self._store.state.shading

    @property
    def outlines(self) -> float | None:
        """How dark the lines are around what stands in front of something, 0 to 1; set it to change that.

        It is None if this renderer has no outlines; ours has.
        """
        return self._shading.outlines

    @outlines.setter
    def outlines(self, strength: float) -> None:
        self.set_outlines(strength)

    @property
    def given_outlines(self) -> float:
        """The outlines that were set, whether this renderer has any or not."""
        return self._outlines

    @offered
    @waiting
    async def set_outlines(self, strength: Share) -> None:
        """Draw dark lines on what lies behind the edges of surfaces, the darker the farther it is behind.

        Args:
            strength: of the darkest line, 1: black; 0: no lines.

        Raises:
            CircuitError: this renderer has no outlines.
        """
        from brayns_widget.protocol.brayns.additions import SET_OUTLINES

        ready = await self._core.connection.ensure(ignore)
        if not ready.capabilities.offers(SET_OUTLINES.name):
            raise CircuitError("This renderer has no outlines.", hint="That of the local service has.")
        await self.give_outlines(strength)

    async def give_outlines(self, strength: float) -> None:
        """Set what ``given_outlines`` is, with an effect where there are any; on the loop thread only."""
        await self._send_outlines(await self._core.connection.ensure(ignore), strength)
        self._core.touch()

    async def _send_outlines(self, ready: Ready, strength: float) -> None:
        from brayns_widget.protocol.brayns.additions import SET_OUTLINES, Outlines

        offered = ready.capabilities.offers(SET_OUTLINES.name)
        if offered:
            await ready.renderer.call(SET_OUTLINES, Outlines(strength=strength))
        self._outlines = strength
        self._shade(outlines=strength if offered else None)

    @property
    def at_rest(self) -> AtRest | None:
        """What draws the view when the camera rests, "interactive" or "path tracer"; set it to change that.

        With the path tracer, light that surfaces throw on others is seen, too. The view shows the usual picture first,
        and the better one once that has no grain any more. Snapshots are made by the same. It is None if this renderer
        cannot do that.
        """
        return self._shading.at_rest

    @at_rest.setter
    def at_rest(self, renderer: AtRest) -> None:
        self.set_at_rest(renderer)

    @property
    def given_at_rest(self) -> AtRest:
        """What was set, whether this renderer can do that or not."""
        return self._at_rest

    @offered
    @waiting
    async def set_at_rest(self, renderer: AtRest) -> None:
        """Choose what draws the view when the camera rests.

        Args:
            renderer: "interactive", as while it moves; or "path tracer".

        Raises:
            CircuitError: this renderer has no path tracer for views.
        """
        ready = await self._core.connection.ensure(ignore)
        if not _traces_paths(ready):
            raise CircuitError(
                "This renderer has no path tracer for views.", hint="That of the local service has; snapshots have one."
            )
        self._at_rest = renderer
        self._shade(at_rest=renderer)
        self._core.touch()

    @property
    def fog(self) -> float | None:
        """How far surfaces fade into the background at the far end of the scene, 0 to 1; set it to change that.

        It tells near from far. It is None if this renderer has no fog; ours has.
        """
        return self._store.state.fog

    @fog.setter
    def fog(self, strength: float) -> None:
        self.set_fog(strength)

    @property
    def given_fog(self) -> float:
        """The fog that was set, whether this renderer has any or not."""
        return self._fog

    @offered
    @waiting
    async def set_fog(self, strength: Share) -> None:
        """Let surfaces fade into the background, the more the farther they are along the view.

        Args:
            strength: share of the background at the far end of the scene; 0: no fog.

        Raises:
            CircuitError: this renderer has no fog.
        """
        from brayns_widget.protocol.brayns.additions import SET_FOG

        ready = await self._core.connection.ensure(ignore)
        if not ready.capabilities.offers(SET_FOG.name):
            raise CircuitError("This renderer has no fog.", hint="That of the local service has.")
        await self.give_fog(strength)

    async def give_fog(self, strength: float) -> None:
        """Set what ``given_fog`` is, with an effect where there is fog; on the loop thread only."""
        await self._send_fog(await self._core.connection.ensure(ignore), strength)
        self._core.touch()

    async def _send_fog(self, ready: Ready, strength: float) -> None:
        from brayns_widget.protocol.brayns.additions import SET_FOG, Fog

        offered = ready.capabilities.offers(SET_FOG.name)
        if offered:
            await ready.renderer.call(SET_FOG, Fog(strength=strength))
        self._fog = strength
        self._store.state = replace(self._store.state, fog=strength if offered else None)

    @offered
    @waiting
    async def use_preset(self, name: PresetName) -> None:
        """Set background, lights, shading and fog to what looks good together.

        Args:
            name: "readable", as the view is at first; "paper", white and soft, for print; "stage", dark and lit from
                behind; or "flat", with the colors of the legend. Fog and outlines need our renderer.
        """
        preset = presets()[name]
        ready = await self._core.connection.ensure(ignore)
        await self._lights.replace(preset.lights)
        await self._send_fog(ready, preset.fog)
        await self._send_outlines(ready, preset.outlines)
        self._store.state = replace(self._store.state, background=preset.background)
        await self.give(preset.settings)

    @property
    def given_radius_floor(self) -> float:
        """The minimum radius that was set, whether this renderer has any or not."""
        return self._floor

    @waiting
    async def set_radius_floor(self, pixels: Annotated[float, Ge(0), Le(16)]) -> None:
        """Set the minimum radius of neurites and spheres on the screen; only our renderer has it.

        Args:
            pixels: the radius in pixels; 0: no minimum.

        Raises:
            CircuitError: this renderer has no minimum radius.
        """
        from brayns_widget.protocol.brayns.additions import SET_RADIUS_FLOOR, RadiusFloor

        ready = await self._core.connection.ensure(ignore)
        if not ready.capabilities.offers(SET_RADIUS_FLOOR.name):
            raise CircuitError("This renderer has no minimum radius.", hint="That of the local service has one.")
        await ready.renderer.call(SET_RADIUS_FLOOR, RadiusFloor(pixels=pixels))
        self._floor = pixels
        self._core.touch()

    async def _apply(self) -> None:
        ready = self._core.connection.ready
        if ready is not None:
            await self._send(ready.renderer)
            self._core.touch()

    async def _send(self, renderer: Server) -> None:
        from brayns_widget.protocol.brayns.renderers import SET_RENDERER_INTERACTIVE

        await renderer.call(SET_RENDERER_INTERACTIVE, interactive(self.settings, self.background))

    async def prepare(self, ready: Ready) -> None:
        """Prepare a new job to show pictures; the last step, because of what users set meanwhile."""
        from brayns_widget.protocol.brayns.additions import (
            SET_PICTURE_OPTIONS,
            SET_RADIUS_FLOOR,
            PictureOptions,
            RadiusFloor,
        )
        from brayns_widget.protocol.brayns.renderers import SET_FRAMEBUFFER_STATIC

        if self._core.joined:
            background, settings = await look_of(ready.renderer, self._store.state)
            self._store.state = replace(self._store.state, background=background)
            self._settings = self._settings or settings
            self._shade(shadows=self.settings.enable_shadows, ambient_occlusion=self.settings.ao_samples)
        await ready.renderer.call(SET_FRAMEBUFFER_STATIC)
        # Floor and options are common to all clients, so those of a scene that is there stay as they were set.
        kept = self._core.joined or (self._core.resumer.survived and self._store.state.models)
        if ready.capabilities.offers(SET_RADIUS_FLOOR.name) and not kept:
            await ready.renderer.call(SET_RADIUS_FLOOR, RadiusFloor(pixels=self._floor))
        if not kept:
            await self._send_fog(ready, self._fog)
            await self._send_outlines(ready, self._outlines)
        self._shade(at_rest=self._at_rest if _traces_paths(ready) else None)
        if ready.capabilities.offers(SET_PICTURE_OPTIONS.name) and not kept:
            better = PictureOptions(
                all_materials=True, centered=True, exact_background=True, soft_shadows=True, stepwise=True
            )
            await ready.renderer.call(SET_PICTURE_OPTIONS, better)
        # Settings made before the job counts as ready are only stored, so they are compared again after each answer.
        sent = None
        while sent != (self.settings, self.background):
            sent = self.settings, self.background
            await self._send(ready.renderer)


def _traces_paths(ready: Ready) -> bool:
    from brayns_widget.protocol.brayns.additions import SET_PICTURE_OPTIONS

    return ready.capabilities.offers(SET_PICTURE_OPTIONS.name)


def interactive(settings: Interactive, background: str, *, samples: int = 1) -> Interactive:
    """Return all settings of the interactive renderer, so that none keeps an old value.

    Args:
        settings: shadows, ambient occlusion and bounces.
        background: a color.
        samples: samples per pixel.
    """
    from brayns_widget.protocol.brayns.renderers import Interactive

    return Interactive(
        samples_per_pixel=samples,
        ao_samples=settings.ao_samples,
        enable_shadows=settings.enable_shadows,
        max_ray_bounces=settings.max_ray_bounces,
        background_color=list(colors.parse(background)),
    )


def path_tracer(settings: Interactive, background: str, *, samples: int) -> Production:
    """Return the settings of the path tracer that go with those of the interactive renderer.

    Args:
        settings: shadows, ambient occlusion and bounces.
        background: a color.
        samples: samples per pixel.
    """
    from brayns_widget.protocol.brayns.renderers import Production

    return Production(
        samples_per_pixel=samples,
        max_ray_bounces=settings.max_ray_bounces,
        background_color=list(colors.parse(background)),
    )
