"""Radius floors: copies of the scene in which nothing round is thinner than a part of a pixel.

A neurite thinner than a pixel is hit by chance: it is speckle as long as the camera moves, and nearly gone when far
away. In a copy every vertex has at least the radius that so many pixels have at its distance from the camera, and
vertices less than a pixel behind another are left out, so that far views cost less than without.

Copies are built aside, on a thread of their own, while the last one is traced. One serves as long as the camera stays
about where it was. Two are kept: pixels are larger while the camera moves than at rest.
"""

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
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from brayns_widget.service.renderer.geometry import (
    LARGEST_COORDINATE,
    Bounds,
    Floats,
    Indices,
    empty_bounds,
    join_bounds,
    sphere_bounds,
)
from brayns_widget.service.renderer.tracing.embree import (
    INSTANCE,
    ROUND_LINEAR_CURVE,
    SPHERE_POINT,
    Bvh,
    Cancelled,
    Device,
    Primitives,
)
from brayns_widget.service.renderer.tracing.instances import Instance
from brayns_widget.service.renderer.tracing.scene import Part, Scene, Traced

logger = logging.getLogger(__name__)

_ALIKE = 0.25  # octaves by which a floor may be off before a better one is built: a fifth of a thin line's width
_ALIKE_MOVING = 0.75  # the same for pictures of one sample, which follow one another: builds take time from frames
_USABLE = 2.0  # octaves beyond which too thick a floor is worse than none; too thin a one never is
_NICENESS = 10  # of the threads that build what only improves on another copy
_PAUSE = 2.0  # times the time of a build that passes before the next one while the camera moves
_KEPT = 2
_THIN = 0.1  # part of a scene's vertices that count as the thinnest
_THINNEST = 1e-30  # µm; single precision loses what is much thinner
_MARGIN = 1e3  # from radii to coordinates that can no longer be traced
_SAMPLED = 10_000  # vertices that stand for all of a part
_ROUND = (ROUND_LINEAR_CURVE, SPHERE_POINT)


@dataclass(frozen=True)
class Floor:
    """The least radius everywhere, in pixels, and how large pixels are: ``base + slope * distance`` µm.

    Attributes:
        position: of the camera, in µm.
        base: size in µm of an orthographic camera's pixels, which is the same everywhere.
        slope: size of a perspective camera's pixels at distance 1.
        pixels: the least radius in pixels.
    """

    position: tuple[float, float, float]
    base: float
    slope: float
    pixels: float

    @classmethod
    def of(cls, camera: Floats, height: int, pixels: float) -> Floor:
        """Make the floor of a picture: its camera (see ``camera.ray_frame``), height and least radius in pixels."""
        x, y, z = (float(number) for number in camera[0])
        base, slope = (float(np.linalg.norm(camera[row].astype(np.float64))) / height for row in (2, 5))
        return cls((x, y, z), base, slope, pixels)

    def octaves_from(self, other: Floor, bounds: Bounds, thin: float) -> float:
        """Tell as a power of two by how much the floors differ where they make a difference.

        Args:
            other: the other floor.
            bounds: of the scene, in µm.
            thin: radius of the thinnest neurites in µm; near the camera, where that is more than the floor, no floor
                makes a difference.
        """
        return abs(self.octaves_above(other)) + self._octaves_moved(other, bounds, thin)

    def octaves_exceeded(self, other: Floor, bounds: Bounds, thin: float) -> float:
        """Tell as a power of two by how much another floor may be thicker at most; arguments as of ``octaves_from``."""
        return -self.octaves_above(other) + self._octaves_moved(other, bounds, thin)

    def octaves_above(self, other: Floor) -> float:
        """Tell as a power of two by how much it is thicker because of its pixels; -inf for another projection."""
        mine, others = ((floor.base + floor.slope) * floor.pixels for floor in (self, other))
        ratio = mine / others if others > 0 else math.inf
        if (self.slope > 0) != (other.slope > 0) or not 0 < ratio < math.inf:
            return -math.inf
        return math.log2(ratio)

    def _octaves_moved(self, other: Floor, bounds: Bounds, thin: float) -> float:
        moved = math.dist(self.position, other.position)
        if self.slope == 0 or moved == 0:
            return 0.0
        here = np.array(self.position)
        outside = float(np.linalg.norm(np.clip(here, *bounds) - here))
        nearest = max(outside, thin / (self.slope * self.pixels))
        return math.log2(1 + moved / nearest) if nearest > 0 else math.inf


class Floored:
    """A copy of the scene with a floor: geomIDs are the scene's, primIDs are not.

    Raises:
        Cancelled: ``go_on`` returned False.
        MemoryError: it does not fit into memory.
    """

    def __init__(self, device: Device, parts: Sequence[Part], floor: Floor, go_on: Callable[[], bool]) -> None:
        self.floor = floor
        self.parts = parts
        self._own: dict[int, tuple[Primitives, Indices]] = {}  # by geomID; what is not round is shared with the scene
        try:
            for number, part in enumerate(parts):
                if not go_on():
                    raise Cancelled("The radius floor was cancelled.")
                if part.primitives.kind in (*_ROUND, INSTANCE):
                    self._own[number] = _raised(device, part, floor)
            geometries = [
                self._own[number][0] if number in self._own else part.primitives for number, part in enumerate(parts)
            ]
            self._bvh = Bvh(device, geometries, lambda _amount: go_on())
        except BaseException:
            self._close_own()
            raise

    def traced(self, scene: Scene) -> Traced:
        """Return what the tracer needs, as ``Scene.traced`` does, with the colors and the visibility of now."""
        table = scene.traced[1].copy()
        for number, (primitives, slots) in self._own.items():
            seen = self.parts[number].primitives
            if (primitives.visible, primitives.shadows) != (seen.visible, seen.shadows):
                primitives.set_visible(seen.visible, seen.shadows)
            table[number, 0] = slots.ctypes.data
        return Traced(self._bvh.handle, table, self._bvh.geometries)

    @property
    def size(self) -> int:
        """How many round primitives it has."""
        return sum(len(slots) for _primitives, slots in self._own.values())

    def close(self) -> None:
        """Release it; nothing may be tracing it."""
        self._bvh.close()
        self._close_own()

    def _close_own(self) -> None:
        for primitives, _slots in self._own.values():
            primitives.close()


class Floors:
    """The copies of one scene. Used by one thread at a time, the one that uses the scene."""

    def __init__(self, scene: Scene, device: Device) -> None:
        self._scene = scene
        self._device = device
        self._pools: dict[bool, ThreadPoolExecutor] = {}  # by whether it is urgent
        self._building: Future[Floored] | None = None
        self._urgent = False  # what is being built
        self._cancelled = False  # tells the builder
        self._ready: list[Floored] = []  # the last used first
        self._parts: list[Part] = []
        self._bounds = empty_bounds()
        self._thin = 0.0
        self._failed = False
        self._started = 0.0  # when the last build began, by ``time.monotonic``
        self._pause_end = 0.0
        scene.before_change = self.stop

    def best(self, floor: Floor, moving: bool = False) -> Floored | None:
        """Return the copy that fits best, or None if none does; if it is off by too much, have a better one built.

        While the camera is ``moving`` more is allowed, and at most a third of the time goes into builds, for each takes
        some from the pictures. But where all copies are so thin that pictures are speckle, building comes first.
        """
        self._update()
        if not self._sensible(floor):
            return None
        found = self._nearest(floor)
        off = math.inf if found is None else self._octaves(found, floor)
        # A picture of one sample is speckle then; at rest it refines until the copy is there.
        urgent = moving and (math.isinf(off) or (found is not None and floor.octaves_above(found.floor) > _USABLE))
        paused = moving and not urgent and time.monotonic() < self._pause_end
        if urgent and not self._urgent:
            self._cancelled = True  # what is being built would take long; it is taken in with one of the next calls
        if off > (_ALIKE_MOVING if moving else _ALIKE) and not paused:
            self._build(floor, urgent=urgent)
        if found is None or floor.octaves_exceeded(found.floor, self._bounds, self._thin) > _USABLE:
            return None
        self._ready.remove(found)
        self._ready.insert(0, found)
        return found

    def prepare(self, floor: Floor) -> None:
        """Have a copy built for pictures of a moving camera, if there is none: there is time now."""
        self._update()
        found = self._nearest(floor)
        if self._sensible(floor) and (found is None or self._octaves(found, floor) > _ALIKE_MOVING):
            self._build(floor, urgent=True)

    @contextlib.contextmanager
    def fitting(self, floor: Floor, cancelled: Callable[[], bool] | None = None) -> Iterator[Floored | None]:
        """Give a copy that fits; it is built now if there is none. None if there can be none.

        Raises:
            Cancelled: ``cancelled`` said so.
            MemoryError: it does not fit into memory.
        """
        self._update()
        found = self._nearest(floor)
        if not self._sensible(floor):
            yield None
            return
        if found is not None and self._octaves(found, floor) <= _ALIKE:
            yield found
            return
        made = Floored(self._device, self._parts, floor, lambda: cancelled is None or not cancelled())
        try:
            yield made
        finally:
            made.close()

    def wait(self, seconds: float) -> bool:
        """Wait for what is being built; False if nothing is. What was built is there with the next call of ``best``."""
        if self._building is None:
            return False
        wait([self._building], seconds)
        return True

    def stop(self) -> None:
        """Stop building: a copy is made of geometry that may be about to change."""
        self._cancelled = True
        if self._building is not None:
            wait([self._building])
            self._collect(self._building)

    def clear(self) -> None:
        """Release all copies, and stop building."""
        self.stop()
        for floored in self._ready:
            floored.close()
        self._ready, self._parts = [], []

    def close(self) -> None:
        """Release everything."""
        self.clear()
        for pool in self._pools.values():
            pool.shutdown()

    def _build(self, floor: Floor, *, urgent: bool) -> None:
        if self._building is None and not self._failed:
            if urgent not in self._pools:
                self._pools[urgent] = ThreadPoolExecutor(1, "floor", None if urgent else _step_back)
            self._urgent, self._cancelled = urgent, False
            self._started = time.monotonic()
            self._building = self._pools[urgent].submit(
                Floored, self._device, self._parts, floor, lambda: not self._cancelled
            )

    def _update(self) -> None:
        """Take in what was built, and drop what is no longer in the scene."""
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
            for outdated in self._ready[_KEPT:]:
                outdated.close()
            del self._ready[_KEPT:]

    def _collect(self, building: Future[Floored]) -> None:
        self._building = None
        now = time.monotonic()
        self._pause_end = now + _PAUSE * (now - self._started)
        try:
            self._ready.insert(0, building.result())
        except Cancelled:
            pass
        except MemoryError as error:
            self._failed = True  # pictures go on without
            logger.warning("There is no memory for a radius floor: %s", error)
        except Exception:  # it only improves on pictures, which must not end with it
            self._failed = True
            logger.exception("A radius floor cannot be built")

    def _sensible(self, floor: Floor) -> bool:
        """Whether there is anything to copy, and its radii would be numbers that can be traced."""
        if not self._parts:
            return False
        place = np.array(floor.position, np.float64)
        far = max(float(np.abs(corner.astype(np.float64) - place).max()) for corner in self._bounds)
        least, most = floor.base + floor.slope, floor.base + 2 * floor.slope * far
        return least * floor.pixels > _THINNEST and most * floor.pixels < LARGEST_COORDINATE / _MARGIN

    def _nearest(self, floor: Floor) -> Floored | None:
        return min(self._ready, key=lambda floored: self._octaves(floored, floor), default=None)

    def _octaves(self, floored: Floored, floor: Floor) -> float:
        return floor.octaves_from(floored.floor, self._bounds, self._thin)


def _step_back() -> None:
    """Let the threads that trace go first, where a thread has a priority of its own.

    Embree builds on threads of its own, too: all that Python does not know step back.
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
        if seen.kind in _ROUND:
            radii.append(scale * seen.vertices[:: max(1, len(seen.vertices) // _SAMPLED), 3])
    return float(np.quantile(np.concatenate(radii), _THIN)) if radii else 0.0


def _raised(device: Device, part: Part, floor: Floor) -> tuple[Primitives, Indices]:
    """Copy a round part with at least the floor's radii; returns the copy and its slots."""
    if not isinstance(part.primitives, Instance):
        return _raised_primitives(device, part, part.primitives.vertices, floor, lambda vertices: vertices)
    instance = part.primitives
    inner = replace(part, primitives=instance.inner)
    # In the world, for there is the camera; the radii are those of the mean of all directions.
    placed = instance.placed(instance.inner.vertices)
    raised, slots = _raised_primitives(device, inner, placed, floor, instance.taken_back)
    try:
        return Instance(device, raised, sphere_bounds(raised.vertices), instance.transform), slots
    except BaseException:
        raised.close()
        raise


def _raised_primitives(
    device: Device, part: Part, vertices: Floats, floor: Floor, finished: Callable[[Floats], Floats]
) -> tuple[Primitives, Indices]:
    """Copy a round part, the vertices of which stand in the world as given, and finish those of the copy."""
    position = np.array(floor.position, np.float32)
    if part.primitives.kind == SPHERE_POINT:
        raised = vertices.copy()
        distance = np.linalg.norm(vertices[:, :3] - position, axis=1)
        raised[:, 3] = np.maximum(vertices[:, 3], floor.pixels * (floor.base + floor.slope * distance))
        return Primitives(device, SPHERE_POINT, finished(raised)), part.slots
    from brayns_widget.service.renderer.tracing.kernels.floor import thicken  # here, for it is compiled, or loaded, now

    segments, seen = part.shown_segments()
    count = len(segments)
    # Memory that the kernel does not touch costs nothing.
    thick = np.empty((2 * count, 4), np.float32)
    runs, slots, flags = np.empty(count, np.uint32), np.empty(count, np.uint32), np.empty(count, np.uint8)
    kept, made = thicken(
        vertices, segments, seen, position,
        np.float32(floor.base), np.float32(floor.slope), np.float32(floor.pixels),
        thick, runs, slots, flags,
    )  # fmt: skip
    return Primitives(device, ROUND_LINEAR_CURVE, finished(thick[:kept]), runs[:made], flags[:made]), slots[:made]
