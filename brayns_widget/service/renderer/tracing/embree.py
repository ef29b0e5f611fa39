"""Embree's C API through ctypes: the devices, scenes and geometries that the renderer needs, and their owners.

Constants and signatures are those of Embree 4 (embree4/rtcore*.h). Tracing itself is not here: kernels call
Embree's traversal functions directly (``kernels.native``).
"""

from __future__ import annotations

import ctypes
import functools
import importlib.util
import os
import sys
import threading
import weakref
from abc import ABC, abstractmethod
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from brayns_widget.service.cores import usable_cores

LIBRARY_VARIABLE = "BRAYNS_WIDGET_EMBREE"

TRIANGLE = 0
ROUND_LINEAR_CURVE = 16
SPHERE_POINT = 50
INSTANCE = 121

NEIGHBOR_LEFT = 1
NEIGHBOR_RIGHT = 2

SHADOWS = 2  # mask of rays that only meet what casts shadows
FAINT = 4  # mask of what only rays with this bit meet

_BUFFER_INDEX, _BUFFER_VERTEX, _BUFFER_FLAGS = 0, 1, 32
_FORMAT_UCHAR, _FORMAT_UINT, _FORMAT_UINT3, _FORMAT_FLOAT3, _FORMAT_FLOAT4 = 0x1001, 0x5001, 0x5003, 0x9003, 0x9004
FORMAT_ROWS = 0x9134  # of a 3x4 matrix
_PROPERTY_VERSION, _PROPERTY_RAY_MASK = 0, 64
_ERROR_OUT_OF_MEMORY, _ERROR_CANCELLED = 4, 6
_ERRORS = {
    1: "unknown error",
    2: "invalid argument",
    3: "invalid operation",
    _ERROR_OUT_OF_MEMORY: "out of memory",
    5: "this CPU is not supported",
    _ERROR_CANCELLED: "cancelled",
}

_ErrorFunction = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_int, ctypes.c_char_p)
_ProgressFunction = ctypes.CFUNCTYPE(ctypes.c_bool, ctypes.c_void_p, ctypes.c_double)

_P, _U = ctypes.c_void_p, ctypes.c_uint
_SIGNATURES: dict[str, tuple[Any, list[Any]]] = {
    "rtcNewDevice": (_P, [ctypes.c_char_p]),
    "rtcReleaseDevice": (None, [_P]),
    "rtcGetDeviceError": (ctypes.c_int, [_P]),
    "rtcGetDeviceProperty": (ctypes.c_ssize_t, [_P, ctypes.c_int]),
    "rtcSetDeviceErrorFunction": (None, [_P, _ErrorFunction, _P]),
    "rtcNewScene": (_P, [_P]),
    "rtcReleaseScene": (None, [_P]),
    "rtcSetSceneProgressMonitorFunction": (None, [_P, _ProgressFunction, _P]),
    "rtcCommitScene": (None, [_P]),
    "rtcAttachGeometryByID": (None, [_P, _P, _U]),
    "rtcNewGeometry": (_P, [_P, ctypes.c_int]),
    "rtcReleaseGeometry": (None, [_P]),
    "rtcSetGeometryMask": (None, [_P, _U]),
    "rtcSetGeometryInstancedScene": (None, [_P, _P]),
    "rtcSetGeometryTransform": (None, [_P, _U, ctypes.c_int, _P]),
    "rtcSetSharedGeometryBuffer": (
        None,
        [_P, ctypes.c_int, _U, ctypes.c_int, _P, ctypes.c_size_t, ctypes.c_size_t, ctypes.c_size_t],
    ),
    "rtcSetGeometryUserData": (None, [_P, _P]),
    "rtcSetGeometryIntersectFilterFunction": (None, [_P, _P]),
    "rtcSetGeometryOccludedFilterFunction": (None, [_P, _P]),
    "rtcCommitGeometry": (None, [_P]),
    "rtcIntersect16": (None, [_P, _P, _P, _P]),
}


class EmbreeError(RuntimeError):
    """Embree refused or failed; the text is Embree's own."""


class EmbreeMissing(EmbreeError):
    """The machine has no Embree that fits.

    Args:
        message: what is missing.
        hint: what can be done about it.
    """

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(f"{message} {hint}")
        self.message = message
        self.hint = hint


class Cancelled(Exception):
    """A build or a picture was given up because the caller asked for it."""


def _library_file() -> Path:
    """Find Embree's library.

    Raises:
        EmbreeMissing: there is no Embree on this machine.
    """
    named = os.environ.get(LIBRARY_VARIABLE)
    if named:
        return Path(named)
    # Not imported: the module's own initialisation (NumPy, Cython) is not needed.
    spec = importlib.util.find_spec("embreex")
    if spec is None or spec.origin is None:
        raise EmbreeMissing(
            "Embree is not installed: there is no package embreex.",
            hint=f"Install brayns-widget[local]; where embreex has no wheel (Linux on ARM), install Embree 4 and "
            f"set {LIBRARY_VARIABLE} to the path of libembree4.",
        )
    package = Path(spec.origin).parent
    folders = (package, package / ".dylibs", package.parent / "embreex.libs")
    names = {"win32": "embree4*.dll", "darwin": "libembree4*.dylib"}.get(sys.platform, "libembree4*.so*")
    for folder in folders:
        for file in sorted(folder.glob(names)):
            return file
    raise EmbreeMissing(
        f"The package embreex in {package} carries no {names}.",
        hint=f"Install Embree 4 and set {LIBRARY_VARIABLE} to the path of its library.",
    )


@functools.cache
def library() -> ctypes.CDLL:
    """Load Embree once per process.

    Raises:
        EmbreeMissing: it is not there, or cannot be loaded.
    """
    file = _library_file()
    try:
        if sys.platform == "win32":
            os.add_dll_directory(str(file.parent.resolve()))  # its tbb lies beside it
        loaded = ctypes.CDLL(str(file))
        for name, (result, arguments) in _SIGNATURES.items():
            function = getattr(loaded, name)
            function.restype, function.argtypes = result, arguments
    except (OSError, AttributeError) as error:
        raise EmbreeMissing(
            f"Embree cannot be loaded from {file}: {error}.",
            hint=f"Set {LIBRARY_VARIABLE} to the path of a library of Embree 4.",
        ) from error
    return loaded


class _Owned(ABC):
    """An object of Embree's that lives until ``close``."""

    def __init__(self, device: Device, handle: int | None) -> None:
        self.device = device
        self._handle = handle
        if not handle:
            device.check()
            raise EmbreeError("Embree made nothing and gave no reason.")

    @property
    def handle(self) -> int:
        """The C pointer.

        Raises:
            EmbreeError: it is closed.
        """
        if self._handle is None:
            raise EmbreeError(f"This {type(self).__name__} is closed.")
        return self._handle

    def _release(self, release: Callable[[int], None]) -> None:
        handle, self._handle = self._handle, None
        if handle is not None:
            release(handle)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @abstractmethod
    def close(self) -> None:
        """Release it."""


class Device(_Owned):
    """An Embree device.

    Args:
        threads: how many threads build acceleration structures; None: as many as cores this process may use.

    Raises:
        EmbreeMissing: there is no Embree, or it was built without what we need.
        EmbreeError: Embree refused.
    """

    def __init__(self, threads: int | None = None) -> None:
        self.library = library()
        self._problems: dict[int, list[tuple[int, str]]] = {}  # by thread: several may build at once
        self._lock = threading.Lock()
        self._error_function = _ErrorFunction(self._note_error)
        self._filter: tuple[int | None, NDArray[np.float32] | None] = (None, None)
        self._geometries: weakref.WeakSet[Primitives] = weakref.WeakSet()
        handle = self.library.rtcNewDevice(f"threads={threads or usable_cores()}".encode())
        if not handle:
            code = self.library.rtcGetDeviceError(None)
            raise EmbreeError(f"Embree cannot start: {_ERRORS.get(code, f'error {code}')}.")
        super().__init__(self, handle)
        self.library.rtcSetDeviceErrorFunction(self.handle, self._error_function, None)
        version = self.property(_PROPERTY_VERSION)
        if not 40000 <= version < 50000 or not self.property(_PROPERTY_RAY_MASK):
            self.close()
            raise EmbreeMissing(
                f"This Embree (version {version}) does not fit: the renderer needs Embree 4 with ray masks.",
                hint=f"Set {LIBRARY_VARIABLE} to the path of a library of Embree 4.",
            )

    def set_filter(self, function: int | None, data: NDArray[np.float32] | None = None) -> None:
        """Let a function reject hits of all geometries, present and future; nothing may be traced meanwhile.

        Args:
            function: address of a RTCFilterFunctionN; None: reject no hits, at no cost.
            data: passed to it as geometryUserPtr.
        """
        with self._lock:
            self._filter = (function, data)
            geometries = list(self._geometries)
        for geometry in geometries:
            geometry.set_filter(function, data)

    def move_filter(self, data: NDArray[np.float32]) -> bool:
        """Pass other numbers to the present filter, if there is one and they are as many.

        Nothing may be traced meanwhile, as with ``set_filter``; but what is being built can go on.

        Returns:
            whether that could be done.
        """
        with self._lock:
            _, present = self._filter
            if present is None or present.shape != data.shape:
                return False
            present[:] = data
            geometries = list(self._geometries)
        for geometry in geometries:
            geometry.filter_moved(present)
        return True

    def register(self, geometry: Primitives) -> None:
        """Include a geometry in ``set_filter``, until it is closed."""
        with self._lock:
            self._geometries.add(geometry)
            function, data = self._filter
        if function is not None:
            geometry.set_filter(function, data)

    def forget(self, geometry: Primitives) -> None:
        """Exclude a geometry from ``set_filter``."""
        with self._lock:
            self._geometries.discard(geometry)

    def property(self, number: int) -> int:
        """Read a device property (RTCDeviceProperty)."""
        return int(self.library.rtcGetDeviceProperty(self.handle, number))

    def _note_error(self, _user: int | None, code: int, text: bytes | None) -> None:
        with self._lock:
            problems = self._problems.setdefault(threading.get_ident(), [])
            problems.append((code, (text or b"").decode(errors="replace")))

    def check(self) -> None:
        """Raise the first error that Embree reported on this thread since the last check.

        Raises:
            Cancelled: a build was given up.
            MemoryError: Embree ran out of memory.
            EmbreeError: anything else.
        """
        with self._lock:
            problems = self._problems.pop(threading.get_ident(), [])
        if not problems:
            return
        code, text = problems[0]
        message = f"Embree: {_ERRORS.get(code, f'error {code}')}{f' ({text})' if text else ''}."
        if code == _ERROR_CANCELLED:
            raise Cancelled(message)
        if code == _ERROR_OUT_OF_MEMORY:
            raise MemoryError(message)
        raise EmbreeError(message)

    def close(self) -> None:
        """Release the device; its scenes and geometries must be closed before."""
        self._release(self.library.rtcReleaseDevice)


class Primitives(_Owned):
    """An Embree geometry over shared arrays, which it keeps alive.

    Args:
        kind: ROUND_LINEAR_CURVE, SPHERE_POINT or TRIANGLE; INSTANCE: see ``instances``.
        vertices: float32 (V, 4), x, y, z, radius; for triangles (V, 3) with 4 bytes that can be read behind the last.
        indices: for curves, uint32 (S,), each segment's first vertex; for triangles, uint32 (T, 3), their corners.
        flags: for curves, uint8 (S,), NEIGHBOR_LEFT and NEIGHBOR_RIGHT: which ends continue in another segment.

    Attributes:
        visible: whether camera rays hit it.
        shadows: whether shadow rays do.
        faint: whether all rays that are not the camera's pass it.
        revision: grows when vertices that were hidden (see ``batch``) get their radii back.
        normal_matrix: float32 (3, 3), brings normals of hits to world space; None: they are there.
    """

    normal_matrix: NDArray[np.float32] | None = None

    def __init__(
        self,
        device: Device,
        kind: int,
        vertices: NDArray[np.float32],
        indices: NDArray[np.uint32] | None = None,
        flags: NDArray[np.uint8] | None = None,
    ) -> None:
        super().__init__(device, device.library.rtcNewGeometry(device.handle, kind))
        self.kind = kind
        self.vertices = vertices
        self.indices = indices
        self._flags = flags
        self.visible = True
        self.shadows = True
        self.faint = False
        self.revision = 0
        device.library.rtcSetGeometryMask(self.handle, 0xFFFFFFFF)  # by default rays with bit 0 only
        try:
            self._describe()
            device.library.rtcCommitGeometry(self.handle)
            device.register(self)
            device.check()
        except Exception:
            self.close()
            raise

    def _describe(self) -> None:
        """Pass the buffers to Embree."""
        flat = self.kind == TRIANGLE
        self._share(_BUFFER_VERTEX, _FORMAT_FLOAT3 if flat else _FORMAT_FLOAT4, self.vertices)
        if self.indices is not None:
            self._share(_BUFFER_INDEX, _FORMAT_UINT3 if flat else _FORMAT_UINT, self.indices)
        if self._flags is not None:
            self._share(_BUFFER_FLAGS, _FORMAT_UCHAR, self._flags)

    def _share(self, buffer: int, layout: int, array: NDArray[Any]) -> None:
        self.device.library.rtcSetSharedGeometryBuffer(
            self.handle, buffer, 0, layout, array.ctypes.data, 0, array.strides[0], len(array)
        )

    def set_filter(self, function: int | None, data: NDArray[np.float32] | None) -> None:
        """Let a function reject hits, see ``Device.set_filter``."""
        calls = self.device.library
        self._filter_data = data
        calls.rtcSetGeometryUserData(self.handle, None if data is None else data.ctypes.data)
        calls.rtcSetGeometryIntersectFilterFunction(self.handle, function)
        calls.rtcSetGeometryOccludedFilterFunction(self.handle, function)
        calls.rtcCommitGeometry(self.handle)

    def move_filter_data(self, data: NDArray[np.float32]) -> None:
        """Change its own numbers of the filter, which are as many as before."""
        assert self._filter_data is not None
        self._filter_data[:] = data

    def filter_moved(self, data: NDArray[np.float32]) -> None:
        """Take in that the filter's numbers have changed in place."""

    def set_visible(self, visible: bool, shadows: bool = True, faint: bool = False) -> None:
        """Show or hide it at once, without a rebuild: Embree reads its mask during traversal.

        Args:
            visible: whether any ray hits it.
            shadows: whether rays with the mask SHADOWS do, too.
            faint: whether only rays with the mask FAINT do.
        """
        self.visible, self.shadows, self.faint = visible, shadows, faint
        mask = (FAINT if faint else 0xFFFFFFFF if shadows else 0xFFFFFFFF & ~SHADOWS) if visible else 0
        self.device.library.rtcSetGeometryMask(self.handle, mask)
        self.device.library.rtcCommitGeometry(self.handle)

    def close(self) -> None:
        """Release it; scenes that hold it must be closed before its arrays are freed."""
        self.device.forget(self)
        self._release(self.device.library.rtcReleaseGeometry)


class Bvh(_Owned):
    """An Embree scene, built once: geometry n of the list has geomID n.

    Embree's defaults (no flags, medium quality) are the best for cone-spheres: "compact" saves nothing and traces a
    quarter slower, "high" and "low" make no difference.

    Raises:
        Cancelled: ``report`` returned False.
        EmbreeError: Embree refused.
        MemoryError: not enough memory.
    """

    def __init__(self, device: Device, geometries: list[Primitives], report: Callable[[float], bool]) -> None:
        super().__init__(device, device.library.rtcNewScene(device.handle))
        self.geometries = geometries
        self._raised: BaseException | None = None
        try:
            self._build(report)
        except BaseException:
            self.close()
            raise

    def _build(self, report: Callable[[float], bool]) -> None:
        calls = self.device.library
        for number, geometry in enumerate(self.geometries):
            calls.rtcAttachGeometryByID(self.handle, geometry.handle, number)

        def progress(_user: int | None, amount: float) -> bool:
            try:
                return report(amount)
            except BaseException as error:  # no exception may cross Embree's C++ frames: raised again below
                self._raised = error
                return False

        function = _ProgressFunction(progress)
        calls.rtcSetSceneProgressMonitorFunction(self.handle, function, None)
        calls.rtcCommitScene(self.handle)
        calls.rtcSetSceneProgressMonitorFunction(self.handle, _ProgressFunction(), None)
        try:
            self.device.check()
        except Cancelled:
            if self._raised is not None:
                raise self._raised from None
            raise

    def close(self) -> None:
        """Release the scene; nothing may be tracing it."""
        self._release(self.device.library.rtcReleaseScene)
