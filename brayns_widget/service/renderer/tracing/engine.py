"""Engine: one scene, one interactive picture that accumulates, and snapshots beside it."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from types import TracebackType
from typing import Protocol, Self

import numpy as np
from numpy.typing import NDArray

from brayns_widget.service.renderer.content.geometry import Floats
from brayns_widget.service.renderer.tracing import outlines
from brayns_widget.service.renderer.tracing.camera import (
    Camera,
    Perspective,
    View,
    axes_of,
    ray_frame,
    rays,
    through_lens,
)
from brayns_widget.service.renderer.tracing.embree import Cancelled, Device
from brayns_widget.service.renderer.tracing.ground import BLEND, NEGATIVE, add_fog, packed_background
from brayns_widget.service.renderer.tracing.kernels.ids import MOST_UNSEEN
from brayns_widget.service.renderer.tracing.kernels.surfaces import EPSILON
from brayns_widget.service.renderer.tracing.lights import hardened, have_places, turned
from brayns_widget.service.renderer.tracing.materials import plainly_shaded
from brayns_widget.service.renderer.tracing.picking import first_hits
from brayns_widget.service.renderer.tracing.pictures.framebuffer import Frame, checked_size, coarse_size
from brayns_widget.service.renderer.tracing.pictures.images import encode_image, over_checkers
from brayns_widget.service.renderer.tracing.sampling import lens_point
from brayns_widget.service.renderer.tracing.scene import Scene, Traced
from brayns_widget.service.renderer.tracing.settings import RenderSettings
from brayns_widget.service.renderer.tracing.thickening.copies import Copies
from brayns_widget.service.renderer.tracing.thickening.floor import Floor
from brayns_widget.service.renderer.tracing.thickening.thickened import ThickenedScene
from brayns_widget.service.renderer.tracing.tracer import Look, Tracer, warm_up, warm_up_ids

_RAYS_AT_ONCE = 1 << 18  # 24 MB

__all__ = ["Cancelled", "Engine", "warm_up", "warm_up_ids"]

_COPY_WAIT = 0.01  # seconds that one call of ``render`` may wait for a thickened copy
_MOVING_SCALE = 2  # how many times smaller a side pictures of a moving camera are assumed to be
_MOST_BOUNCES = 64  # more make no visible difference, but among white walls a picture would never end
_MOST_AT_ONCE = 64  # samples of a step: who sets a million can still stop it
_MOST_AMBIENT = 4096  # rays for each sample; more make no visible difference, and 64 bits would overflow
_RESOLVING = 16  # samples of paths that resolve thin primitives; the others are for their noise
_INITIAL_CAMERA = Camera(View(position=(0.0, 0.0, 0.0), target=(0.0, 0.0, 1.0), up=(0.0, 1.0, 0.0)))


@dataclass(frozen=True)
class Pick:
    """What a ray hit.

    Attributes:
        handle: of the model.
        slot: of the primitive, in the model's table of colors.
        position: float32 (3,), in µm.
    """

    handle: int
    slot: int
    position: Floats


@dataclass(frozen=True)
class Surfaces:
    """What the middles of a picture's pixels show.

    Attributes:
        depth: float32 (height, width), distance to where the camera's ray starts in µm; infinite where nothing is hit.
        albedo: float32 (height, width, 3), the color of the surface, linear; black where nothing is hit.
        normal: float32 (height, width, 3), unit vectors in the world, towards the viewer; 0 where nothing is hit.
    """

    depth: Floats
    albedo: Floats
    normal: Floats


@dataclass(frozen=True)
class Ids:
    """What is seen in the middle of each pixel.

    Attributes:
        numbers: uint32 (height, width): 0 where nothing is seen, else one more than the index in what follows.
        handles: int64 (N,), of the models.
        slots: int32 (N,), in the models' tables of colors.
    """

    numbers: NDArray[np.uint32]
    handles: NDArray[np.int64]
    slots: NDArray[np.int32]


class Others(Protocol):
    """Other users of the engine, who may use it between the steps of a long picture."""

    @property
    def wanted(self) -> bool:
        """Whether somebody waits; who makes it so calls ``Engine.interrupt``."""

    def pause(self) -> None:
        """Let those who wait use the engine now; they do not change the scene."""


class _Nobody:
    wanted = False

    def pause(self) -> None:
        pass


class Engine:
    """The ray tracer. Used by one thread at a time, except for ``interrupt``.

    ``samples_per_pixel`` N takes N steps of one sample each, or as many of which the first has all samples and the
    others change nothing: N samples cost N. (The real renderer traces N samples in each of N steps.)

    Args:
        threads: how many threads trace and build; None: as many as cores this process may use.

    Raises:
        EmbreeMissing: there is no Embree on this machine.

    Attributes:
        scene: models, lights and clips; the next ``render`` or ``snapshot`` commits what changed in it.
        has_picture: whether there is one to ``encode``: a step has been done.
    """

    scene: Scene

    def __init__(self, threads: int | None = None) -> None:
        self._device = Device(threads)
        self._tracer = Tracer(threads)
        self.scene = Scene(self._device)
        self._copies = Copies(self.scene, self._device)
        self._radius_floor = 0.0
        self._moving_height: int | None = None  # of the newest picture of one sample
        self._thickened: ThickenedScene | None = None  # what is being accumulated, if not the scene itself
        self._viewport = (800, 600)
        self._camera = _INITIAL_CAMERA
        self._settings = RenderSettings()
        self._coarse_scale = 1
        self._frame = Frame(1, 1, accumulates=False)
        self._lines: Floats | None = None  # of the picture that is being accumulated
        self.has_picture = False
        self._steps = 0
        self._traced: tuple[int, int] | None = None  # size of what is being accumulated; None: start anew
        self._revision = self.scene.revision

    def close(self) -> None:
        """End the threads and release the scene."""
        self._tracer.close()
        self._copies.close()
        self.scene.close()
        self._device.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def set_viewport(self, width: int, height: int) -> None:
        """Set the size of the full picture in pixels; another size restarts the accumulation.

        Raises:
            ValueError: it has no pixels, or too many; see ``framebuffer.checked_size``.
        """
        size = checked_size(width, height)
        if size != self._viewport:
            self._viewport = size
            self._restart()

    def set_camera(self, camera: Camera) -> None:
        """Set the camera; another one restarts the accumulation.

        Raises:
            ValueError: the numbers make no camera (see ``camera.ray_frame``); the camera stays as it was.
        """
        if camera != self._camera:
            _look(self.scene, camera, self._settings, self._viewport)
            self._camera = camera
            self._restart()

    def set_render_settings(self, settings: RenderSettings) -> None:
        """Set samples, light effects and background; restarts the accumulation, even if nothing changes.

        Raises:
            ValueError: the background is not finite; the settings stay as they were.
        """
        _look(self.scene, self._camera, settings, self._viewport)
        self._settings = settings
        self._restart()

    def set_coarse_scale(self, scale: int) -> None:
        """Set how many times smaller a side the first step's picture is, 1 or more; another scale restarts."""
        if scale != self._coarse_scale:
            self._coarse_scale = scale
            self._restart()

    def set_radius_floor(self, pixels: float) -> None:
        """Set the radius floor; another one restarts the accumulation.

        Args:
            pixels: least radius of round primitives in a picture of one sample a pixel; N samples resolve primitives
                that are thinner by the square root of N. 0: no floor.
        """
        if pixels != self._radius_floor:
            self._radius_floor = pixels
            if pixels == 0:
                self._thickened = None
                self._copies.clear()
            self._restart()  # the present copy may serve until another one is ready

    @property
    def accumulation(self) -> int:
        """How many steps the newest picture has; 0 after a change."""
        return self._steps if self._revision == self.scene.revision else 0

    @property
    def max_accumulation(self) -> int:
        """How many steps make the picture complete.

        As many as samples a pixel. A first, small picture counts as one of them, but is followed by at least one in
        full size.
        """
        samples = self._settings.samples
        return max(2, samples) if self._coarse_size() != self._viewport else samples

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the newest picture."""
        return self._frame.size

    def render(self, stopped: Callable[[], bool] = lambda: False, *, patient: bool = False) -> bool:
        """Trace one step; False if the picture is complete, or if ``interrupt`` came before the step was done.

        Restarts the accumulation if the scene has changed, after committing it, or if its thickened copy is ready. The
        first picture of a scene and the last of several samples wait for that copy, the latter a little with each call.

        Args:
            stopped: whether to give up; asked on any thread while the scene is built, and once when tracing begins:
                ``interrupt`` may have come before.
            patient: let a single sample wait for the copy, too.

        Raises:
            ValueError, MemoryError: the scene cannot be built.
        """
        try:
            self.scene.commit(None, stopped)
        except Cancelled:
            return False
        if self._revision != self.scene.revision:
            self._revision = self.scene.revision
            self._restart()
        look = _look(self.scene, self._camera, self._settings, self._viewport)
        traced = self._traced_scene(look, stopped)
        if self._steps >= self.max_accumulation:
            return False
        last = self._steps == self.max_accumulation - 1
        if last and (patient or self._steps > 0) and self._copies.wait(_COPY_WAIT):
            return True  # the next call traces the copy
        size = self._coarse_size() if self._steps == 0 else self._viewport
        if self._traced != size:
            self._start(size)
        if self._settings.outlines > 0 and self._lines is None:
            self._lines = self._find_lines(size, traced, look, self._settings, stopped=stopped)
            if self._lines is None:
                return False
        due = self._samples_due(size)
        while self._frame.samples < due:
            focused = _focused(look, self._camera, self._frame.samples)
            if not self._tracer.add_sample(self._frame, traced, focused, stopped=stopped):
                return False
        self._steps += 1
        self.has_picture = True
        if self._settings.samples == 1:
            self._moving_height = self._viewport[1]
        elif last and self._radius_floor > 0:  # a copy for the pictures of the next gesture
            height = self._moving_height or self._viewport[1] // _MOVING_SCALE
            self._copies.prepare(Floor.of(look.camera, max(1, height), self._radius_floor))
        return True

    def interrupt(self) -> None:
        """Let the running ``render`` give up, from any thread; the next one continues where it stopped."""
        self._tracer.stop()

    def encode(self, image_format: str = "jpg", quality: int = 100) -> bytes:
        """Encode the newest picture as "jpg" (quality 1 to 100) or "png" (RGBA, with the background's alpha).

        Raises:
            ValueError: unknown format or quality.
        """
        pixels = self._frame.pixels
        if self._lines is not None and self._settings.outlines > 0:
            pixels = outlines.draw(pixels, self._lines, self._settings.outlines)
        if image_format == "jpg" and self._settings.exact_background and self._settings.background[3] < 1:
            light = packed_background(self._settings.background, exact=True)[BLEND] == NEGATIVE
            pixels = over_checkers(pixels, light=bool(light))
        return encode_image(pixels, image_format, quality)

    def snapshot(
        self,
        size: tuple[int, int],
        camera: Camera,
        *,
        settings: RenderSettings | None = None,
        progress: Callable[[float], None] | None = None,
        cancelled: Callable[[], bool] | None = None,
    ) -> NDArray[np.uint8]:
        """Trace a picture of its own; the interactive one is not disturbed.

        Args:
            size: width and height in pixels.
            camera: may differ from that of ``set_camera``.
            settings: samples, light effects and background; None: those of ``set_render_settings``.
            progress: called with 0..1; what it raises ends the work.
            cancelled: asked every 20 ms whether to give up.

        Returns:
            uint8 (height, width, 4), RGBA.

        Raises:
            ValueError: the size or the camera makes no picture.
            Cancelled: ``cancelled`` said so.
        """
        return self.trace(size, camera, settings=settings, progress=progress, cancelled=cancelled).pixels

    def trace(
        self,
        size: tuple[int, int],
        camera: Camera,
        *,
        settings: RenderSettings | None = None,
        keep: bool = False,
        progress: Callable[[float], None] | None = None,
        compiling: Callable[[], None] | None = None,
        cancelled: Callable[[], bool] | None = None,
        others: Others | None = None,
    ) -> Frame:
        """Trace a frame as ``snapshot`` does, and ``keep`` its linear light, too.

        ``compiling`` is called instead of ``progress`` while its kernel is compiled, for some seconds once a machine.
        ``others`` may use the engine in between; the frame is the same.
        """
        others = others or _Nobody()
        settings = settings or self._settings
        frame = Frame(*checked_size(*size), accumulates=keep or settings.samples > 1)
        self.scene.commit(None, cancelled)
        look = _look(self.scene, camera, settings, size)

        def proceed(compiles: bool = False) -> bool:
            if compiles:
                if compiling is not None:
                    compiling()
            elif progress is not None:
                progress(frame.traced / settings.samples)
            return cancelled is None or not cancelled()

        with self._snapshot_scene(look, size[1], settings, lambda: not proceed(), others.pause) as traced:
            while frame.samples < settings.samples:
                focused = _focused(look, camera, frame.samples)
                self._tracer.add_sample(frame, traced, focused, proceed, lambda: others.wanted)
                proceed()
                others.pause()
            if settings.outlines > 0:
                found = self._find_lines(size, traced, look, settings, watch=proceed)
                if found is not None:
                    frame.pixels[:] = outlines.draw(frame.pixels, found, settings.outlines)
        return frame

    def surfaces(
        self,
        size: tuple[int, int],
        camera: Camera,
        *,
        progress: Callable[[float], None] = lambda _amount: None,
        cancelled: Callable[[], bool] | None = None,
        others: Others | None = None,
    ) -> Surfaces:
        """Trace the middle of each pixel for depth, albedo and normal; arguments are those of ``trace``.

        Raises:
            ValueError: the size or the camera makes no picture.
            Cancelled: ``cancelled`` said so.
        """
        others = others or _Nobody()

        def proceed() -> None:
            others.pause()
            if cancelled is not None and cancelled():
                raise Cancelled("The buffers were cancelled.")

        width, height = checked_size(*size)
        self.scene.commit(None, cancelled)
        look = _look(self.scene, camera, self._settings, size)
        u = (np.arange(width, dtype=np.float32) + 0.5) / width
        depth = np.empty((height, width), np.float32)
        albedo, normal = np.zeros((2, height, width, 3), np.float32)
        rows = max(1, _RAYS_AT_ONCE // width)
        for top in range(0, height, rows):
            band = slice(top, min(top + rows, height))
            v = (np.arange(band.start, band.stop, dtype=np.float32) + 0.5) / height
            origins, directions = (numbers.reshape(-1, 3) for numbers in rays(look.camera, u, v[:, None]))
            hits = first_hits(self.scene.traced, origins, directions, look.near, proceed)
            depth[band] = hits.distance.reshape(-1, width)
            albedo[band] = self.scene.colors_at(hits.geometry, hits.primitive, hits.uv).reshape(-1, width, 3)
            normal[band] = hits.facing(directions).reshape(-1, width, 3)
            progress(band.stop / height)
        return Surfaces(depth, albedo, normal)

    def pick(self, u: float, v: float, *, aspect: float | None = None, as_seen: bool = False) -> Pick | None:
        """Find what the camera of ``set_camera`` sees at a point of the picture.

        Args:
            u: from the picture's first column, 0, to its last, 1.
            v: from the picture's first row, 0, to its last, 1.
            aspect: width / height of the picture; None: of the viewport.
            as_seen: as ``ids`` does: with a radius floor, on the surface that the picture shows, and behind colors with
                an alpha of 0.

        Returns:
            None if nothing is hit.
        """
        self.scene.commit()
        size = self._viewport if aspect is None else (aspect, 1.0)
        look = _look(self.scene, self._camera, self._settings, size)
        traced = self._traced_scene(look, lambda: False) if as_seen else self.scene.traced
        origin, direction = rays(look.camera, u, v)
        near = look.near
        for _ in range(MOST_UNSEEN):
            hits = first_hits(traced, origin[None], direction[None], near)
            geometry, distance = int(hits.geometry[0]), float(hits.distance[0])
            if geometry < 0:
                break
            slot = traced.slot(geometry, int(hits.primitive[0]))
            if not as_seen or traced.alpha(geometry, slot) > 0:
                (handle,), (own,) = self.scene.owners(hits.geometry, np.array([slot], np.int32))
                return Pick(int(handle), int(own), origin + hits.distance[0] * direction)
            near = distance * (1 + float(EPSILON))
        return None

    def ids(self, stopped: Callable[[], bool] = lambda: False) -> Ids | None:
        """Find what the picture of ``render`` shows, in full size; None if ``interrupt`` came.

        With a radius floor that is what the newest picture shows, not the scene itself.

        Args:
            stopped: as that of ``render``.

        Raises:
            ValueError, MemoryError: the scene cannot be built.
        """
        try:
            self.scene.commit(None, stopped)
        except Cancelled:
            return None
        look = _look(self.scene, self._camera, self._settings, self._viewport)
        found = self._tracer.ids(self._viewport, self._traced_scene(look, stopped), look, stopped)
        if found is None:
            return None
        hit = found[..., 0] >= 0
        pairs = found[hit].astype(np.int64)
        keys, indices = np.unique(pairs[:, 0] << 32 | pairs[:, 1], return_inverse=True)
        numbers = np.zeros(hit.shape, np.uint32)
        numbers[hit] = indices.astype(np.uint32) + 1
        handles, slots = self.scene.owners((keys >> 32).astype(np.int32), (keys & 0xFFFFFFFF).astype(np.int32))
        return Ids(numbers, handles, slots)

    def _traced_scene(self, look: Look, stopped: Callable[[], bool]) -> Traced:
        """Choose what the next step of the interactive picture traces."""
        copy = None
        if self._radius_floor > 0:
            floor, moving = self._floor(look, self._viewport[1], self._settings), self._settings.samples == 1
            copy = self._copies.best(floor, moving)
            if copy is None and self._copies.wait_for_first(stopped):
                copy = self._copies.best(floor, moving)
        if copy is not self._thickened:
            self._thickened = copy
            self._restart()
        return self.scene.traced if copy is None else copy.traced(self.scene)

    @contextlib.contextmanager
    def _snapshot_scene(
        self,
        look: Look,
        height: int,
        settings: RenderSettings,
        cancelled: Callable[[], bool],
        pause: Callable[[], None],
    ) -> Iterator[Traced]:
        if self._radius_floor > 0:
            with self._copies.fitting(self._floor(look, height, settings), cancelled, pause) as copy:
                yield self.scene.traced if copy is None else copy.traced(self.scene)
        else:
            yield self.scene.traced

    def _floor(self, look: Look, height: int, settings: RenderSettings) -> Floor:
        resolving = min(settings.samples, _RESOLVING) if settings.path_tracing else settings.samples
        return Floor.of(look.camera, height, self._radius_floor / math.sqrt(resolving))

    def _find_lines(
        self,
        size: tuple[int, int],
        traced: Traced,
        look: Look,
        settings: RenderSettings,
        *,
        watch: Callable[[bool], bool] | None = None,
        stopped: Callable[[], bool] = lambda: False,
    ) -> Floats | None:
        """Find the outlines of a picture; None if that was stopped."""
        fine = outlines.fineness(size, settings.samples)
        depths = self._tracer.depths((fine * size[0], fine * size[1]), traced, look, watch, stopped)
        return None if depths is None else outlines.lines(depths, look.camera, fine)

    def _coarse_size(self) -> tuple[int, int]:
        return coarse_size(*self._viewport, self._coarse_scale)

    def _samples_due(self, size: tuple[int, int]) -> int:
        """Return how many samples the frame has after the next step."""
        samples = self._settings.samples
        if self._settings.stepwise:
            return self._frame.samples + 1
        coarse = size == self._viewport and self._coarse_size() != self._viewport
        return min(samples, _MOST_AT_ONCE * (self._steps + 1 - coarse))

    def _restart(self) -> None:
        self._steps = 0
        self._traced = None

    def _start(self, size: tuple[int, int]) -> None:
        self._traced = size
        self._lines = None
        accumulates = self._settings.samples > 1 and (size == self._viewport or not self._settings.stepwise)
        if self._frame.size == size and self._frame.accumulates == accumulates:
            self._frame.restart()
        else:
            self._frame = Frame(*size, accumulates)


def _focused(look: Look, camera: Camera, sample: int) -> Look:
    """Let the rays of a sample pass through its point of the camera's lens, the same for all pixels."""
    projection = camera.projection
    if not isinstance(projection, Perspective) or projection.aperture_radius == 0:
        return look
    lens = (projection.aperture_radius, projection.focus_distance, lens_point(sample))
    return replace(look, camera=through_lens(look.camera, *lens))


def _look(scene: Scene, camera: Camera, settings: RenderSettings, size: tuple[float, float]) -> Look:
    if not 0 <= camera.near_clip < np.inf:
        raise ValueError(f"The near clipping distance must be finite and not negative, got {camera.near_clip}.")
    ambient, lights = scene.lights
    lights = turned(lights, axes_of(camera.view))
    materials = scene.materials
    if not settings.path_tracing:
        if settings.samples == 1 or not settings.soft_shadows:
            lights = hardened(lights)  # one sample of a soft shadow is noise
        if not settings.all_materials:
            materials = plainly_shaded(materials)
    frame = ray_frame(camera, size[0] / size[1])
    background = packed_background(settings.background, exact=settings.exact_background)
    add_fog(background, settings.fog, frame, scene.seen_bounds())
    return Look(
        camera=frame,
        near=camera.near_clip,
        ambient=ambient,
        lights=lights,
        ao_samples=0 if settings.path_tracing else min(settings.ao_samples, _MOST_AMBIENT),
        shadows=settings.shadows or settings.path_tracing,
        background=background,
        bounces=min(max(1, settings.bounces), _MOST_BOUNCES),
        paths=settings.path_tracing,
        plain=scene.plain and not have_places(lights),
        veiled=scene.veiled,
        materials=materials,
        volumes=scene.packed_volumes,
        clips=scene.packed_clips,
        centered=settings.centered,
    )
