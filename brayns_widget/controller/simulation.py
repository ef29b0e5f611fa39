"""Simulations of the scene: the current frame, and the models that show it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from annotated_types import Ge

from brayns_widget.controller.calls import waiting
from brayns_widget.controller.group import Group
from brayns_widget.controller.models import Model

if TYPE_CHECKING:
    from brayns_widget.protocol.brayns.simulation import SimulationParameters


class Simulation(Group):
    """Frames of the scene's simulations."""

    @property
    def parameters(self) -> SimulationParameters:
        """First, last and current frame, and a frame's duration ``dt`` in ``unit``; all 0 without a simulation."""
        return self.read_parameters()

    @property
    def frame(self) -> int:
        """The current frame; set it to show another one."""
        return self.read_parameters().current

    @frame.setter
    def frame(self, frame: int) -> None:
        self.show(frame)

    @waiting
    async def read_parameters(self) -> SimulationParameters:
        """Read first, last and current frame, and a frame's duration."""
        from brayns_widget.protocol.brayns.simulation import GET_SIMULATION_PARAMETERS

        return await (await self._core.renderer()).call(GET_SIMULATION_PARAMETERS)

    @waiting
    async def show(self, frame: Annotated[int, Ge(0)]) -> None:
        """Show a frame.

        Args:
            frame: its number.

        Raises:
            RequestError: there is no such frame.
        """
        from brayns_widget.protocol.brayns.simulation import SET_SIMULATION_PARAMETERS, SimulationParameters

        renderer, findings = await self._core.renderer(), self._core.findings
        found = await findings.find(None, self._core.connection.ready, self._read_frame)
        await renderer.call(SET_SIMULATION_PARAMETERS, SimulationParameters(current=frame))
        findings.put(None, found, frame)
        self._core.touch()

    async def _read_frame(self) -> int:
        return (await self.read_parameters.aio()).current

    @waiting
    async def enable(self, model: Model | int, *, enabled: bool = True) -> None:
        """Let a model show its simulation, or its own colors.

        Args:
            model: the model, or its id.
            enabled: whether it shows its simulation.

        Raises:
            CircuitError: it was removed.
            RequestError: it has no simulation.
        """
        from brayns_widget.protocol.brayns.simulation import ENABLE_SIMULATION, EnableSimulationParams

        model_id = model if isinstance(model, int) else model.state.id
        params = EnableSimulationParams(model_id=model_id, enabled=enabled)
        await (await self._core.renderer()).call(ENABLE_SIMULATION, params)
        self._core.touch()
