"""Tracer: the threads that run the kernels."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import Any

import numpy as np
from numba import types
from numpy.typing import NDArray

from brayns_widget.service.cores import usable_cores
from brayns_widget.service.renderer.content.geometry import Floats
from brayns_widget.service.renderer.content.volumes import Packed
from brayns_widget.service.renderer.tracing.compiling import Compilation
from brayns_widget.service.renderer.tracing.cover import Cover, Mask, ready, start_compiling, whole_mask, worthwhile
from brayns_widget.service.renderer.tracing.embree import Cancelled
from brayns_widget.service.renderer.tracing.kernels import surfaces
from brayns_widget.service.renderer.tracing.kernels.clip import filter_address
from brayns_widget.service.renderer.tracing.kernels.ids import trace_ids
from brayns_widget.service.renderer.tracing.kernels.layers import trace_layers
from brayns_widget.service.renderer.tracing.kernels.lights import SHADOWED, VEILED
from brayns_widget.service.renderer.tracing.kernels.paths import trace_paths
from brayns_widget.service.renderer.tracing.kernels.volume_paths import VOLUME_PATH_ROWS, trace_volume_paths
from brayns_widget.service.renderer.tracing.kernels.volumes import trace_volumes
from brayns_widget.service.renderer.tracing.lights import have_places
from brayns_widget.service.renderer.tracing.pictures.framebuffer import Frame, tiles
from brayns_widget.service.renderer.tracing.sampling import pixel_offset
from brayns_widget.service.renderer.tracing.scene import Traced
from brayns_widget.service.renderer.tracing.tonemap import tone_table

_POLL_SECONDS = 0.02


def _array(kind: types.Type, dimensions: int) -> types.Array:
    return types.Array(kind, dimensions, "C")


_SCENE = (
    types.int64,  # scene
    _array(types.int64, 2),  # table
)
_MATERIALS = (_array(types.float32, 2),)
_VOLUMES = (
    _array(types.float32, 2),  # numbers
    _array(types.int64, 2),  # places
    _array(types.float32, 1),  # clips
)
_PASS = (
    _array(types.float32, 2),  # f
    _array(types.int32, 2),  # i
    _array(types.int64, 1),  # state
    _array(types.int32, 1),  # done
    _array(types.float32, 2),  # camera
    types.float64,  # near
    _array(types.float32, 1),  # ambient
    _array(types.float32, 2),  # lights
)
_EFFECTS = (
    types.int64,  # ao_samples
    types.int64,  # shadows
)
_BOUNCES = (types.int64,)
_PATHS = (
    types.int64,  # shadows
    types.int64,  # bounces
)
_PICTURE = (
    _array(types.float32, 1),  # background
    types.int64,  # sample
    types.float64,  # pixel_x
    types.float64,  # pixel_y
    _array(types.uint8, 1),  # tone
)
_MASK = (_array(types.uint8, 2),)
_FRAME = (
    _array(types.float32, 3),  # sums
    _array(types.uint32, 2),  # image
)
_COMPILATIONS = {
    kernel: Compilation(kernel, signature)
    for kernel, signature in (
        (surfaces.trace, _SCENE + _PASS + _EFFECTS + _PICTURE + _MASK + _FRAME),
        (trace_layers, _SCENE + _MATERIALS + _PASS + _EFFECTS + _BOUNCES + _PICTURE + _MASK + _FRAME),
        (trace_volumes, _SCENE + _MATERIALS + _VOLUMES + _PASS + _EFFECTS + _BOUNCES + _PICTURE + _FRAME),
        (trace_volume_paths, _SCENE + _MATERIALS + _VOLUMES + _PASS + _PATHS + _PICTURE + _FRAME),
        (trace_paths, _SCENE + _MATERIALS + _PASS + _PATHS + _PICTURE + _FRAME),
        (trace_ids, _SCENE + _PASS[:6] + _MASK + (_array(types.int32, 3), _array(types.float32, 2))),
    )
}


def warm_up() -> None:
    """Compile, or load, the kernel of the interactive renderer with opaque materials; others wait until needed.

    Raises:
        EmbreeMissing: there is no Embree on this machine.
    """
    _COMPILATIONS[surfaces.trace].wait()
    start_compiling()
    filter_address()  # or the first cut would wait for the compiler, and all pictures with it


def warm_up_ids() -> None:
    """Compile, or load, the kernel of ``Tracer.ids``, which views need as soon as a picture rests."""
    _COMPILATIONS[trace_ids].wait()


@dataclass(frozen=True)
class Look:
    """All that a pass needs besides the scene.

    Attributes:
        camera: float32 (9, 3), see ``camera.ray_frame``.
        near: where rays start, in µm from the camera.
        ambient, lights: see ``PackedLights``.
        ao_samples: rays for ambient occlusion a sample, of the interactive renderer.
        shadows: whether directional lights cast shadows, in the interactive renderer.
        background: see ``ground.packed_background``.
        bounces: how many surfaces a ray or path meets at most, at least 1.
        paths: whether to trace paths, as the production renderer does.
        plain: whether all surfaces are opaque and not emissive, and all lights directional, so that the interactive
            renderer can use its simplest kernel.
        veiled: whether some surfaces let light through.
        materials: see ``Scene.materials``.
        volumes: see ``Scene.packed_volumes``.
        clips: cut the volumes, see ``Scene.packed_clips``.
        centered: see ``RenderSettings``.
    """

    camera: Floats
    near: float
    ambient: Floats
    lights: Floats
    ao_samples: int
    shadows: bool
    background: Floats
    bounces: int
    paths: bool
    plain: bool
    veiled: bool
    materials: Floats
    volumes: Packed
    clips: Floats
    centered: bool


class Tracer:
    """Threads that trace one pass at a time. Used by one thread at a time, except for ``stop``.

    Args:
        threads: how many; None: as many as cores this process may use.
    """

    def __init__(self, threads: int | None = None) -> None:
        count = threads or usable_cores()
        self._pool = ThreadPoolExecutor(count, thread_name_prefix="trace")
        self._scratch = [_aligned(VOLUME_PATH_ROWS) for _ in range(count)]
        self._state = np.zeros(2, np.int64)
        self._cover = Cover()

    def add_sample(
        self,
        frame: Frame,
        traced: Traced,
        look: Look,
        watch: Callable[[bool], bool] | None = None,
        stopped: Callable[[], bool] = lambda: False,
    ) -> bool:
        """Add one sample to every pixel of the frame.

        Args:
            frame: what to add to; tiles that an earlier, stopped call finished are skipped.
            traced: the scene.
            look: everything else.
            watch: called every 20 ms with whether the kernel is still being compiled, once a machine; False cancels.
            stopped: whether ``stop`` was meant for this pass; called while the kernel is being compiled, and once at
                the beginning.

        Returns:
            False if it was stopped before all tiles were done.

        Raises:
            Cancelled: ``watch`` returned False.
        """
        if not len(traced.table) and not len(look.volumes) and not (look.paths and have_places(look.lights)):
            # Every session starts with an empty scene: it need not wait for the compiler.
            frame.fill(look.background)
            return True
        kernel, materials, effects = _kernel(look)

        def proceed() -> bool:
            if watch is not None and not watch(True):
                raise Cancelled("The picture was cancelled.")
            return not stopped()

        if not _COMPILATIONS[kernel].wait(proceed):
            return False
        offset = pixel_offset(frame.samples, centered=look.centered)
        state = self._state
        state[:] = 0
        if stopped():
            return False
        masked = kernel in {surfaces.trace, trace_layers}
        mask = (self._mask(frame.size, traced, look, offset, watch),) if masked else ()
        arguments: tuple[Any, ...] = (
            look.camera, look.near, look.ambient, look.lights, *effects, look.background,
            frame.samples, *offset, tone_table(), *mask, frame.sums, frame.image,
        )  # fmt: skip

        def trace(scratch: Floats) -> None:
            lanes = scratch.view(np.int32)
            kernel(traced.scene, traced.table, *materials, scratch, lanes, state, frame.done, *arguments)

        self._run(trace, watch and (lambda: watch(False)))
        if (frame.done <= frame.samples).any():
            return False
        frame.samples += 1
        return True

    def ids(
        self, size: tuple[int, int], traced: Traced, look: Look, stopped: Callable[[], bool] = lambda: False
    ) -> NDArray[np.int32] | None:
        """Find what is seen in the middle of each pixel.

        Args:
            size: width and height in pixels.
            traced: the scene.
            look: whose camera looks.
            stopped: as that of ``add_sample``.

        Returns:
            int32 (height, width, 2), geomID and slot, -1 where nothing is hit; None if it was stopped.
        """
        width, height = size
        found = np.full((height, width, 2), -1, np.int32)
        depths = np.empty((height, width), np.float32)
        return found if self._find(found, depths, traced, look, stopped=stopped) else None

    def depths(
        self,
        size: tuple[int, int],
        traced: Traced,
        look: Look,
        watch: Callable[[bool], bool] | None = None,
        stopped: Callable[[], bool] = lambda: False,
    ) -> Floats | None:
        """Find how far what is seen in the middle of each pixel is; arguments are those of ``ids`` and ``add_sample``.

        Returns:
            float32 (height, width), distances along the rays, infinite where nothing is hit; None if it was stopped.

        Raises:
            Cancelled: ``watch`` returned False.
        """
        width, height = size
        depths = np.full((height, width), np.inf, np.float32)
        nothing = np.empty((0, 0, 2), np.int32)
        return depths if self._find(nothing, depths, traced, look, watch=watch, stopped=stopped) else None

    def _find(
        self,
        found: NDArray[np.int32],
        depths: Floats,
        traced: Traced,
        look: Look,
        *,
        watch: Callable[[bool], bool] | None = None,
        stopped: Callable[[], bool],
    ) -> bool:
        """Fill buffers; False if it was stopped."""
        height, width = depths.shape
        if not len(traced.table):
            return True

        def proceed() -> bool:
            if watch is not None and not watch(True):
                raise Cancelled("The picture was cancelled.")
            return not stopped()

        if not _COMPILATIONS[trace_ids].wait(proceed):
            return False
        state, done = self._state, tiles(width, height)
        state[:] = 0
        if stopped():
            return False
        mask = self._mask((width, height), traced, look, pixel_offset(0), watch)
        arguments = state, done, look.camera, look.near, mask, found, depths

        def trace(scratch: Floats) -> None:
            trace_ids(traced.scene, traced.table, scratch, scratch.view(np.int32), *arguments)

        self._run(trace, watch and (lambda: watch(False)))
        return bool(done.all())

    def _mask(
        self,
        size: tuple[int, int],
        traced: Traced,
        look: Look,
        offset: tuple[float, float],
        watch: Callable[[bool], bool] | None,
    ) -> Mask:
        """Make the mask of pixels to trace: all of them if a mask costs more than it saves, or is not compiled yet."""
        if not (ready() and worthwhile(traced.primitives, size)):
            return whole_mask(*size)

        def run(work: Callable[[], None]) -> None:
            self._run(lambda _scratch: work(), watch and (lambda: watch(False)))

        mask = self._cover.mask(traced.primitives, look.camera, size, offset, run=run, state=self._state)
        self._state[surfaces.NEXT_TILE] = 0
        return mask

    def _run(self, work: Callable[[Floats], None], watch: Callable[[], bool] | None) -> None:
        """Run the work on all threads, each with its scratch, and wait for them.

        Raises:
            Cancelled: ``watch``, called every 20 ms, returned False.
        """
        futures = [self._pool.submit(work, scratch) for scratch in self._scratch]
        try:
            while wait(futures, None if watch is None else _POLL_SECONDS).not_done:
                if watch is not None and not watch():
                    raise Cancelled("The picture was cancelled.")
        except BaseException:
            self.stop()
            raise
        finally:
            wait(futures)
        for future in futures:
            future.result()

    def stop(self) -> None:
        """Give up the running pass after the tiles that are being traced, from any thread."""
        self._state[surfaces.STOP] = 1

    def close(self) -> None:
        """End the threads."""
        self._pool.shutdown()


def _kernel(look: Look) -> tuple[Any, tuple[Any, ...], tuple[Any, ...]]:
    """Choose the kernel, and its own arguments: materials and volumes, and light effects."""
    shadows = look.shadows * SHADOWED | look.veiled * VEILED
    volumes = (look.materials, look.volumes.numbers, look.volumes.places, look.clips)
    if look.paths and len(look.volumes):
        return trace_volume_paths, volumes, (shadows, look.bounces)
    if look.paths:
        return trace_paths, (look.materials,), (shadows, look.bounces)
    effects = (look.ao_samples, shadows)
    if len(look.volumes):
        return trace_volumes, volumes, (*effects, look.bounces)
    if look.plain:
        return surfaces.trace, (), effects
    return trace_layers, (look.materials,), (*effects, look.bounces)


def _aligned(rows: int) -> Floats:
    """float32 (rows, 16) at an address that is a multiple of 64, as packets of 16 rays must be."""
    memory = np.zeros(rows * 16 + 16, np.float32)
    start = -memory.ctypes.data % 64 // 4
    return memory[start : start + rows * 16].reshape(rows, 16)
