"""The thickened copies of one scene: which one serves a picture, and when another one is built."""

from __future__ import annotations

import contextlib
import logging
import math
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from pathlib import Path

import numpy as np

from brayns_widget.service.renderer.content.geometry import LARGEST_COORDINATE, empty_bounds, join_bounds
from brayns_widget.service.renderer.tracing.building.instances import Instance
from brayns_widget.service.renderer.tracing.building.parts import Part
from brayns_widget.service.renderer.tracing.embree import Cancelled, Device
from brayns_widget.service.renderer.tracing.scene import Scene
from brayns_widget.service.renderer.tracing.thickening.floor import Floor
from brayns_widget.service.renderer.tracing.thickening.thickened import ROUND, ThickenedScene

logger = logging.getLogger(__name__)

# Octaves by which a floor may be off before a better one is built for pictures of one sample, which follow one another:
# builds take time from frames.
_ALIKE_MOVING = 0.75
_USABLE = 2.0  # octaves by which a floor may be too thick and still be better than none; too thin is always better
_NICENESS = 10  # of the threads that build a copy where another one already serves
_PAUSE = 2.0  # seconds between builds while the camera moves, for each second that the last one took
_KEPT = 2  # copies
_POLL_SECONDS = 0.005
_FIRST_WAIT = 2.0  # seconds; what takes longer to build is so dense that its pictures are hardly speckle
_THIN = 0.1  # quantile of a scene's radii that counts as the thinnest
_THINNEST = 1e-30  # µm; single precision loses what is much thinner
_MARGIN = 1e3  # factor between the largest radii and the largest coordinate that Embree accepts
_SAMPLED = 10_000  # vertices of a part that its quantile is estimated from


class Copies:
    """The thickened copies of one scene. Used by one thread at a time, the one that uses the scene."""

    def __init__(self, scene: Scene, device: Device) -> None:
        self._scene = scene
        self._device = device
        self._pools: dict[bool, ThreadPoolExecutor] = {}  # by whether it is urgent
        self._building: Future[ThickenedScene] | None = None
        self._urgent = False  # what is being built
        self._cancelled = False  # tells the builder
        self._ready: list[ThickenedScene] = []  # the last used first
        self._lent: ThickenedScene | None = None  # to a long picture, between whose steps others use the copies
        self._parts: list[Part] = []
        self._bounds = empty_bounds()
        self._thin = 0.0
        self._failed = False
        self._started = 0.0  # when the last build began, by ``time.monotonic``
        self._pause_end = 0.0
        scene.before_change = self.stop

    def best(self, floor: Floor, moving: bool = False) -> ThickenedScene | None:
        """Return the copy that fits best, or None if none does; if it does not fit well, have a better one built.

        Floors are rounded (``Floor.snapped``), so that a finished picture does not depend on what was seen before it.
        While the camera is ``moving`` a difference is accepted, and builds get at most a third of the time: they
        slow the pictures down. But where all copies are so thin that pictures are speckle, a build comes first.
        """
        self._update()
        if not self._sensible(floor):
            return None
        floor = floor.snapped(self._bounds, self._thin)
        found = self._nearest(floor)
        off = math.inf if found is None else self._octaves(found, floor)
        # A picture of one sample is speckle then; at rest it refines until the copy is there. The first one waits.
        urgent = found is None or (moving and (math.isinf(off) or floor.octaves_above(found.floor) > _USABLE))
        paused = moving and not urgent and time.monotonic() < self._pause_end
        if urgent and not self._urgent:
            self._cancelled = True  # the running build would take long; one of the next calls collects it
        if off > (_ALIKE_MOVING if moving else 0) and not paused:
            self._build(floor, urgent=urgent)
        if found is None or floor.octaves_exceeded(found.floor, self._bounds, self._thin) > _USABLE:
            return None
        self._ready.remove(found)
        self._ready.insert(0, found)
        return found

    def prepare(self, floor: Floor) -> None:
        """Build a copy for pictures of a moving camera ahead of time, if there is none."""
        self._update()
        if self._sensible(floor):
            floor = floor.snapped(self._bounds, self._thin)
            found = self._nearest(floor)
            if found is None or self._octaves(found, floor) > _ALIKE_MOVING:
                self._build(floor, urgent=True)

    @contextlib.contextmanager
    def fitting(
        self, floor: Floor, cancelled: Callable[[], bool] = lambda: False, pause: Callable[[], None] = lambda: None
    ) -> Iterator[ThickenedScene | None]:
        """Lend a copy that fits, built now if there is none; None if the floor cannot be applied.

        Args:
            floor: what it must fit.
            cancelled: whether to give up; asked on any thread while it is built.
            pause: called every few ms meanwhile; others may use these copies in it, and until the copy is given back.

        Raises:
            Cancelled: ``cancelled`` said so.
            MemoryError: it does not fit into memory.
        """
        self._update()
        if not self._sensible(floor):
            yield None
            return
        floor = floor.snapped(self._bounds, self._thin)
        found = self._nearest(floor)
        if found is not None and found.floor == floor:
            self._lent = found
            try:
                yield found
            finally:
                self._lent = None
                if found not in self._ready:
                    found.close()
            return
        made = self._build_now(floor, cancelled, pause)
        try:
            yield made
        finally:
            made.close()

    def _build_now(self, floor: Floor, cancelled: Callable[[], bool], pause: Callable[[], None]) -> ThickenedScene:
        given_up = False
        with ThreadPoolExecutor(1, "thicken") as pool:
            building = pool.submit(
                ThickenedScene, self._device, self._parts, floor, lambda: not (given_up or cancelled())
            )
            try:
                while wait([building], _POLL_SECONDS).not_done:
                    pause()
            except BaseException:
                given_up = True
                raise
        return building.result()

    def wait(self, seconds: float) -> bool:
        """Wait for the running build; False if there is none. The next call of ``best`` finds the copy."""
        if self._building is None:
            return False
        wait([self._building], seconds)
        return True

    def wait_for_first(self, stopped: Callable[[], bool]) -> bool:
        """Wait for the first copy of a scene, which is no picture but speckle without; not too long in a large scene.

        Args:
            stopped: asked every few ms whether to give up.

        Returns:
            Whether it is there; the next call of ``best`` finds it. False if others are, or none is being built.
        """
        if self._ready or self._building is None:
            return False
        while not self._building.done() and time.monotonic() < self._started + _FIRST_WAIT and not stopped():
            wait([self._building], _POLL_SECONDS)
        return self._building.done()

    def stop(self) -> None:
        """Stop building: the geometry that is being copied may be about to change."""
        self._cancelled = True
        if self._building is not None:
            wait([self._building])
            self._collect(self._building)

    def clear(self) -> None:
        """Release all copies, and stop building."""
        self.stop()
        self._drop(self._ready)
        self._ready, self._parts = [], []

    def close(self) -> None:
        """Release everything."""
        self.clear()
        for pool in self._pools.values():
            pool.shutdown()

    def _build(self, floor: Floor, *, urgent: bool) -> None:
        if self._building is None and not self._failed:
            if urgent not in self._pools:
                self._pools[urgent] = ThreadPoolExecutor(1, "thicken", None if urgent else _lower_priority)
            self._urgent, self._cancelled = urgent, False
            self._started = time.monotonic()
            self._building = self._pools[urgent].submit(
                ThickenedScene, self._device, self._parts, floor, lambda: not self._cancelled
            )

    def _update(self) -> None:
        """Collect a finished build, and drop all copies if the scene has changed."""
        if self._parts != self._scene.parts:
            self.clear()
            self._parts = list(self._scene.parts)
            self._bounds = empty_bounds()
            for part in self._parts:
                self._bounds = join_bounds(self._bounds, part.bounds)
            self._thin = _thinnest(self._parts)
            self._failed = False
        elif self._building is not None and self._building.done():
            self._collect(self._building)
            self._drop(self._ready[_KEPT:])
            del self._ready[_KEPT:]

    def _drop(self, copies: Sequence[ThickenedScene]) -> None:
        for copy in copies:
            if copy is not self._lent:
                copy.close()

    def _collect(self, building: Future[ThickenedScene]) -> None:
        self._building = None
        now = time.monotonic()
        self._pause_end = now + _PAUSE * (now - self._started)
        try:
            self._ready.insert(0, building.result())
        except Cancelled:
            pass
        except MemoryError as error:
            self._failed = True  # pictures do without
            logger.warning("There is no memory for a radius floor: %s", error)
        except Exception:  # copies only improve pictures, which must not fail with them
            self._failed = True
            logger.exception("A radius floor cannot be built")

    def _sensible(self, floor: Floor) -> bool:
        """Whether there is anything to copy, and its radii would stay finite and large enough to trace."""
        if not self._parts:
            return False
        place = np.array(floor.position, np.float64)
        far = max(float(np.abs(corner.astype(np.float64) - place).max()) for corner in self._bounds)
        least, most = floor.base + floor.slope, floor.base + 2 * floor.slope * far
        return least * floor.pixels > _THINNEST and most * floor.pixels < LARGEST_COORDINATE / _MARGIN

    def _nearest(self, floor: Floor) -> ThickenedScene | None:
        return min(self._ready, key=lambda copy: self._octaves(copy, floor), default=None)

    def _octaves(self, copy: ThickenedScene, floor: Floor) -> float:
        return floor.octaves_from(copy.floor, self._bounds, self._thin)


def _lower_priority() -> None:
    """Let the threads that trace go first, where threads have priorities of their own.

    Embree builds on threads of its own: all threads that Python does not know get less priority.
    """
    if sys.platform == "linux":
        known = {thread.native_id for thread in threading.enumerate()} - {threading.get_native_id()}
        for thread in {int(task.name) for task in Path("/proc/self/task").iterdir()} - known:
            with contextlib.suppress(OSError):  # it has ended meanwhile, or is not ours to change
                if os.getpriority(os.PRIO_PROCESS, thread) < _NICENESS:  # going up again is not allowed
                    os.setpriority(os.PRIO_PROCESS, thread, _NICENESS)


def _thinnest(parts: Sequence[Part]) -> float:
    """Radius in µm that all but the thinnest tenth of the scene's vertices have at least; 0 if nothing is round."""
    radii = []
    for part in parts:
        seen = part.primitives
        scale = seen.scale if isinstance(seen, Instance) else 1.0
        seen = seen.inner if isinstance(seen, Instance) else seen
        if seen.kind in ROUND:
            radii.append(scale * seen.vertices[:: max(1, len(seen.vertices) // _SAMPLED), 3])
    return float(np.quantile(np.concatenate(radii), _THIN)) if radii else 0.0
