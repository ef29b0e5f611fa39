"""Playback: the simulation time that all models show."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator

from brayns_widget.protocol.errors import CANCELLED, DOMAIN_ERROR, INTERNAL_ERROR, RequestError
from brayns_widget.service.renderer.content.ramps import ColorRamp
from brayns_widget.service.renderer.content.reports import Timeline
from brayns_widget.service.renderer.content.simulation import RadiiSimulation, Simulation
from brayns_widget.service.renderer.scene.entries import Entry
from brayns_widget.service.renderer.scene.models import Models
from brayns_widget.service.rpc.running import RunningRequest

logger = logging.getLogger(__name__)


class Playback:
    """Plays the reports of all models together: at the same time, whatever their steps. Used by one thread at a time.

    Args:
        models: those that may have simulations.
    """

    def __init__(self, models: Models) -> None:
        self._models = models
        self._frame = 0

    def _simulated(self) -> Iterator[tuple[Entry, Simulation]]:
        return ((entry, entry.simulation) for entry in self._models if entry.simulation is not None)

    @property
    def timeline(self) -> Timeline | None:
        """The frames from the first report's start to the last one's end, in the smallest step; None: no report."""
        lines = [simulation.timeline for _entry, simulation in self._simulated()]
        if not lines:
            return None
        finest = min(lines, key=lambda line: line.dt)
        origin = min(line.origin for line in lines)
        starts = [(line.origin + line.start * line.dt - origin) / finest.dt for line in lines]
        ends = [(line.origin + line.end * line.dt - origin) / finest.dt for line in lines]
        return Timeline(finest.dt, round(min(starts)), round(max(ends)), finest.unit, origin)

    @property
    def frame(self) -> int:
        """The frame of ``timeline`` that is shown: the nearest to the one that was asked for; 0 without a report."""
        line = self.timeline
        return 0 if line is None else min(max(line.start, self._frame), line.end)

    def seek(self, frame: int, request: RunningRequest | None = None) -> None:
        """Show another frame.

        Raises:
            RequestError: -32603, there is no such frame, or a report cannot be read; 20, ``request`` is cancelled.
        """
        line = self.timeline
        if line is None and frame == 0:
            return  # as the real renderer: what has no frames has a frame 0
        if line is None or not line.start <= frame <= line.end:
            raise RequestError("Simulation frame out of range", code=INTERNAL_ERROR)  # the real renderer's words
        former, self._frame = self._frame, frame
        try:
            self.refresh(request)
        except RequestError:
            self._frame = former
            self.settle()
            raise

    def refresh(self, request: RunningRequest | None = None) -> None:
        """Update all models to the frame, after models were added or removed.

        Raises:
            RequestError: -32603, a report cannot be read; the others' models show it. 20, ``request`` is cancelled.
        """
        line, self._frame = self.timeline, self.frame
        if line is None:
            return
        time = line.origin + self._frame * line.dt
        for _entry, simulation in self._simulated():
            simulation.seek(time)
        problems = []
        for simulation in {id(simulation): simulation for _entry, simulation in self._simulated()}.values():
            if simulation.outdated and simulation.enabled:
                try:
                    self._repaint(simulation, request)
                except RequestError as error:
                    if error.code == CANCELLED:
                        raise
                    problems.append(error)
        if problems:
            raise problems[0]

    def settle(self) -> None:
        """Update the models whose reports can be read to the frame; the others stay as they are."""
        try:
            self.refresh()
        except RequestError as error:
            logger.warning("%s", error)

    @contextlib.contextmanager
    def at(self, frame: int, request: RunningRequest | None = None) -> Iterator[None]:
        """Show another frame for a while; see ``seek``."""
        former = self._frame
        self.seek(frame, request)
        try:
            yield
        finally:
            self._frame = former
            self.settle()

    def enable(self, model_id: int, *, enabled: bool, request: RunningRequest | None = None) -> None:
        """Show a model's simulation, or its own colors.

        Raises:
            RequestError: -32602 for an unknown model, 0 for one without a simulation, -32603 if its report cannot be
                read, 20 if ``request`` is cancelled.
        """
        simulation = self._models[model_id].simulation
        if simulation is None:
            raise RequestError("The model does not have simulation", code=DOMAIN_ERROR)
        if enabled != simulation.enabled:
            simulation.enabled = enabled
            try:
                self._repaint(simulation, request)
            except RequestError:
                simulation.enabled = not enabled
                raise

    def ramp(self, model_id: int) -> ColorRamp:
        """Get the colors of a model's simulation.

        Raises:
            RequestError: -32602 for an unknown model, 0 for one whose colors no simulation changes.
        """
        return self._with_ramp(model_id).ramp

    def set_ramp(self, model_id: int, ramp: ColorRamp, request: RunningRequest | None = None) -> None:
        """Give a model's simulation other colors; see ``ramp``.

        Raises:
            RequestError: also -32603, its report cannot be read; 20, ``request`` is cancelled.
        """
        simulation = self._with_ramp(model_id)
        former, simulation.ramp = simulation.ramp, ramp
        try:
            self._repaint(simulation, request)
        except RequestError:
            simulation.ramp = former
            raise

    def _with_ramp(self, model_id: int) -> Simulation:
        simulation = self._models[model_id].simulation
        if simulation is None or isinstance(simulation, RadiiSimulation):
            raise RequestError("The requested model does not have a color ramp", code=DOMAIN_ERROR)
        return simulation

    def _repaint(self, simulation: Simulation, request: RunningRequest | None) -> None:
        for entry, shown in self._simulated():
            if shown is simulation:
                self._models.repaint(entry, request)
                simulation.shown(by_all=False)
        simulation.shown(by_all=True)
