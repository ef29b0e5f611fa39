"""What the surface of a model is made of, how thick it is, and the colors of what it plays or fills."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from annotated_types import Ge, Le, MaxLen, MinLen

from brayns_widget.connection.server import Server
from brayns_widget.controller.calls import offered, waiting
from brayns_widget.controller.described import Described
from brayns_widget.controller.scene import seen
from brayns_widget.controller.surfaces import Options, made, read_material, told
from brayns_widget.protocol.errors import CircuitError

if TYPE_CHECKING:
    from brayns_widget.protocol.brayns.materials import Material, MaterialName
    from brayns_widget.protocol.brayns.simulation import ColorRamp

ModelName = Annotated[str, MinLen(1), MaxLen(200)]
Thickness = Annotated[float, Ge(1e-6), Le(1e6)]


class Dressed(Described):
    """Material, thickness and ramp of a model."""

    @property
    def material(self) -> Material:
        """Its material, one of the classes of ``protocol.brayns.materials``; set it to one of these, or to a name."""
        return self.read_material()

    @material.setter
    def material(self, material: Material | MaterialName) -> None:
        self.set_material(material)

    @waiting
    async def read_material(self) -> Material:
        """Read its material.

        Raises:
            RequestError: it has none.
        """
        return await read_material(await self._renderer(), self.id)

    @offered
    @waiting
    async def set_material(self, material: Material | MaterialName, options: Options | None = None) -> None:
        """Set its material.

        Args:
            material: "carpaint", "emissive", "ghost", "glass", "matte", "metal", "phong", "plastic" or "principled", or
                one of the classes of ``brayns_widget.protocol.brayns.materials``.
            options: with a name: values by the properties of that class, such as {"roughness": 0.3}. What is not given
                has its default, but the opacity stays.

        Raises:
            RequestError: the renderer refuses it.
            TypeError: it is not a material.
            ValueError: it has no such options.
        """
        renderer = await self._renderer()
        async with self._core.scene.changing:
            await self._cover(renderer, made(material, options, self.state.material_options))

    async def _fade(self, renderer: Server, opacity: float) -> None:
        state = self.state
        if state.material is None or "opacity" not in state.material_options:
            why = "it has no material" if state.material is None else f"{state.material} has none"
            raise CircuitError(f"{state.name!r} has no opacity: {why}.", hint="matte, phong and plastic have one.")
        await self._cover(renderer, made(state.material, {**state.material_options, "opacity": opacity}, {}))

    async def _cover(self, renderer: Server, material: Material) -> None:
        from brayns_widget.protocol.brayns import materials

        kind = type(material)
        params = materials.SetMaterialParams[kind](model_id=self.id, material=material)  # type: ignore[valid-type]
        await renderer.call(materials.setter(kind), params)
        self._put(**told(material))

    @waiting
    async def thicken(self, factor: Thickness) -> None:
        """Multiply its radii; the factors of several calls multiply. ``thickness`` sets them.

        Args:
            factor: above 1 makes it thicker.

        Raises:
            RequestError: it has no radii, or they would overflow.
        """
        renderer = await self._renderer()
        async with self._core.scene.changing:
            await self._thicken(renderer, factor, (self.state.thickness or 1.0) * factor)

    async def _set_thickness(self, thickness: float) -> None:
        renderer = await self._renderer()
        async with self._core.scene.changing:
            await self._thicken(renderer, thickness / (self.state.thickness or 1.0), thickness)

    async def _thicken(self, renderer: Server, factor: float, thickness: float) -> None:
        from brayns_widget.protocol.brayns.circuits import SET_CIRCUIT_THICKNESS, ThicknessParams
        from brayns_widget.protocol.brayns.models import GET_MODEL, GetModelParams

        params = ThicknessParams(model_id=self.id, radius_multiplier=factor)
        await renderer.call(SET_CIRCUIT_THICKNESS, params)
        instance = await renderer.call(GET_MODEL, GetModelParams(id=self.id))  # its box is another now
        self._core.scene.put([seen(self.state, instance, thickness=thickness)])
        self._core.touch()

    @property
    def ramp(self) -> ColorRamp:
        """The color ramp of its simulation or volume; set it to a ``ColorRamp``."""
        return self.read_ramp()

    @ramp.setter
    def ramp(self, ramp: ColorRamp) -> None:
        self.set_ramp(ramp)

    @waiting
    async def read_ramp(self) -> ColorRamp:
        """Read the color ramp (linear RGBA) of its simulation or volume.

        Raises:
            RequestError: it has none.
        """
        from brayns_widget.protocol.brayns.models import GetModelParams
        from brayns_widget.protocol.brayns.simulation import GET_COLOR_RAMP

        return await (await self._renderer()).call(GET_COLOR_RAMP, GetModelParams(id=self.id))

    @waiting
    async def set_ramp(self, ramp: ColorRamp) -> None:
        """Set the color ramp of its simulation or volume; properties that were not given stay.

        Args:
            ramp: a ``brayns_widget.protocol.brayns.simulation.ColorRamp``.

        Raises:
            RequestError: it has no simulation and no volume.
        """
        from brayns_widget.protocol.brayns.simulation import SET_COLOR_RAMP, SetColorRampParams

        renderer, findings = await self._renderer(), self._core.findings
        owner = self._core.scene.key(self.id)
        found = await findings.find(owner, self._core.connection.ready, self.read_ramp.aio)
        await renderer.call(SET_COLOR_RAMP, SetColorRampParams(id=self.id, color_ramp=ramp))
        given = {name: getattr(ramp, name) for name in ramp.model_fields_set}
        findings.put(owner, found, found.now.model_copy(update=given))
        self._core.touch()
