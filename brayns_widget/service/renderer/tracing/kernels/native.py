"""What kernels need below Numba: Embree's traversal functions, raw memory, and decorators that compile and cache."""

from __future__ import annotations

import ctypes
import functools
import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import llvmlite
import llvmlite.binding
import llvmlite.ir
import numba
from numba import types
from numba.core.ccallback import CFunc
from numba.extending import intrinsic as untyped_intrinsic

from brayns_widget.service.renderer.tracing.embree import library
from brayns_widget.service.renderer.tracing.kernels.caching import keep

# The one has no annotations, those of the other leave options out.
_llvm: Any = llvmlite
_njit: Any = numba.njit

# void rtcIntersect16(const int* valid, RTCScene, RTCRayHit16*, RTCIntersectArguments*), and with RTCRay16 alike.
_TRAVERSAL = types.void(types.int64, types.int64, types.int64, types.int64)
intersect16: Any = types.ExternalFunction("rtcIntersect16", _TRAVERSAL)
occluded16: Any = types.ExternalFunction("rtcOccluded16", _TRAVERSAL)


@functools.cache
def register_symbols() -> None:
    """Tell LLVM where Embree's functions are. Must precede every use of a kernel: a cached one crashes without.

    Raises:
        EmbreeMissing: there is no Embree on this machine.
    """
    for name in ("rtcIntersect16", "rtcOccluded16"):
        address = ctypes.cast(getattr(library(), name), ctypes.c_void_p).value
        _llvm.binding.add_symbol(name, address)


def kernel(function: Callable[..., Any]) -> Any:
    """Compile to a serial kernel that releases the GIL, cached on disk if there is a folder for it.

    Numba's cache checks the kernel's own file only, but kernels are made of parts from several: a hash of all sources
    is part of the kernel's name there.
    """
    function.__qualname__ = f"{function.__qualname__}_{_sources()}"
    compiled = _njit(function, nogil=True, error_model="numpy")
    keep(compiled, function)
    return compiled


def callback(function: Callable[..., Any], arguments: tuple[Any, ...]) -> Any:
    """Compile to a function without a result that C can call, cached as kernels are."""
    function.__qualname__ = f"{function.__qualname__}_{_sources()}"
    compiled = CFunc(function, (arguments, types.void), locals={}, options={"error_model": "numpy"})
    keep(compiled, function)
    compiled.compile()
    return compiled


@functools.cache
def _sources() -> str:
    """Hash all sources that kernels are made of."""
    here = Path(__file__).parent
    tracing, renderer = here.parent, here.parents[1]
    files = [
        *sorted(here.glob("*.py")),
        *(tracing / name for name in ("embree.py", "ground.py", "lights.py", "materials.py", "tonemap.py")),
        renderer / "content" / "volumes.py",
    ]
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()[:16]


def inlined(function: Callable[..., Any]) -> Any:
    """Compile to an inlined part of kernels, without the wrappers for Python and C that would double compile time."""
    return _njit(
        function, nogil=True, error_model="numpy", forceinline=True, no_cpython_wrapper=True, no_cfunc_wrapper=True
    )


def called(function: Callable[..., Any]) -> Any:
    """Compile to a part of kernels that is not inlined, since a copy in each place would take too long to compile."""
    return _njit(function, nogil=True, error_model="numpy", no_cpython_wrapper=True, no_cfunc_wrapper=True)


def _intrinsic(function: Callable[..., Any]) -> Any:
    return untyped_intrinsic(function)


def _element(builder: Any, arguments: Any, kind: Any) -> Any:
    address, index = arguments
    array = builder.inttoptr(address, kind.as_pointer())
    return builder.load(builder.gep(array, [index], source_etype=kind), typ=kind)


@_intrinsic
def load_uint32(_context: Any, address: Any, index: Any) -> Any:  # noqa: ARG001 - their number declares the arity
    """Read element ``index`` of the uint32 array at ``address``."""

    def generate(_target: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        return builder.zext(_element(builder, arguments, _llvm.ir.IntType(32)), _llvm.ir.IntType(64))

    return types.int64(types.int64, types.int64), generate


@_intrinsic
def load_uint8(_context: Any, address: Any, index: Any) -> Any:  # noqa: ARG001
    """Read element ``index`` of the uint8 array at ``address``."""

    def generate(_target: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        return builder.zext(_element(builder, arguments, _llvm.ir.IntType(8)), _llvm.ir.IntType(64))

    return types.int64(types.int64, types.int64), generate


@_intrinsic
def load_uint16(_context: Any, address: Any, index: Any) -> Any:  # noqa: ARG001
    """Read element ``index`` of the uint16 array at ``address``."""

    def generate(_target: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        return builder.zext(_element(builder, arguments, _llvm.ir.IntType(16)), _llvm.ir.IntType(64))

    return types.int64(types.int64, types.int64), generate


@_intrinsic
def load_int16(_context: Any, address: Any, index: Any) -> Any:  # noqa: ARG001
    """Read element ``index`` of the int16 array at ``address``."""

    def generate(_target: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        return builder.sext(_element(builder, arguments, _llvm.ir.IntType(16)), _llvm.ir.IntType(64))

    return types.int64(types.int64, types.int64), generate


@_intrinsic
def load_float32(_context: Any, address: Any, index: Any) -> Any:  # noqa: ARG001
    """Read element ``index`` of the float32 array at ``address``."""

    def generate(_target: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        return _element(builder, arguments, _llvm.ir.FloatType())

    return types.float32(types.int64, types.int64), generate


@_intrinsic
def load_int64(_context: Any, address: Any, index: Any) -> Any:  # noqa: ARG001
    """Read element ``index`` of the int64 array at ``address``."""

    def generate(_target: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        return _element(builder, arguments, _llvm.ir.IntType(64))

    return types.int64(types.int64, types.int64), generate


@_intrinsic
def store_int32(_context: Any, address: Any, index: Any, value: Any) -> Any:  # noqa: ARG001
    """Write element ``index`` of the int32 array at ``address``."""

    def generate(target: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        kind = _llvm.ir.IntType(32)
        array = builder.inttoptr(arguments[0], kind.as_pointer())
        place = builder.gep(array, [arguments[1]], source_etype=kind)
        builder.store(builder.trunc(arguments[2], kind), place)
        return target.get_dummy_value()

    return types.void(types.int64, types.int64, types.int64), generate


@_intrinsic
def take_number(_context: Any, address: Any) -> Any:  # noqa: ARG001
    """Return the int64 at ``address`` and add one to it, atomically among threads."""

    def generate(_target: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        kind = _llvm.ir.IntType(64)
        pointer = builder.inttoptr(arguments[0], kind.as_pointer())
        return builder.atomic_rmw("add", pointer, _llvm.ir.Constant(kind, 1), "monotonic")

    return types.int64(types.int64), generate
