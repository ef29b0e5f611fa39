"""What kernels need below Numba: Embree's traversal functions, raw memory, and a decorator that survives anywhere."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba
from llvmlite import binding, ir
from numba import types
from numba.extending import intrinsic

from brayns_widget.service.renderer.embree import library

F = TypeVar("F", bound=Callable[..., Any])

_ADDRESS = types.int64

# void rtcIntersect16(const int* valid, RTCScene, RTCRayHit16*, RTCIntersectArguments*), and with RTCRay16 alike.
_TRAVERSAL = types.void(_ADDRESS, _ADDRESS, _ADDRESS, _ADDRESS)
_SYMBOLS = ("rtcIntersect16", "rtcOccluded16")
intersect16 = types.ExternalFunction("rtcIntersect16", _TRAVERSAL)
occluded16 = types.ExternalFunction("rtcOccluded16", _TRAVERSAL)


def register_symbols() -> None:
    """Tell LLVM where Embree's functions are. Must precede every use of a kernel: a cached one crashes without."""
    for name in _SYMBOLS:
        address = ctypes.cast(getattr(library(), name), ctypes.c_void_p).value
        binding.add_symbol(name, address)


def kernel(function: F) -> F:
    """Compile to a serial kernel that releases the GIL, cached on disk if there is a place for it.

    Where no cache folder is writable Numba refuses to cache; each process then compiles for itself. (A folder that
    others can write to would be no substitute: whoever writes there would run code here.)
    """
    options = {"nogil": True, "error_model": "numpy"}
    try:
        compiled = numba.njit(function, cache=True, **options)
    except RuntimeError:
        compiled = numba.njit(function, **options)
    return cast("F", compiled)


def _pointer(builder: Any, address: Any, index: Any, element: Any) -> Any:
    return builder.gep(builder.inttoptr(address, element.as_pointer()), [index], source_etype=element)


@intrinsic
def load_uint32(_context: Any, address: Any, index: Any) -> Any:
    """Read number ``index`` of the uint32 array at ``address``."""

    def generate(_target: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        element = ir.IntType(32)
        value = builder.load(_pointer(builder, *arguments, element), typ=element)
        return builder.zext(value, ir.IntType(64))

    return types.int64(types.int64, types.int64), generate


@intrinsic
def load_float32(_context: Any, address: Any, index: Any) -> Any:
    """Read number ``index`` of the float32 array at ``address``."""

    def generate(_target: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        element = ir.FloatType()
        return builder.load(_pointer(builder, *arguments, element), typ=element)

    return types.float32(types.int64, types.int64), generate


@intrinsic
def take_number(_context: Any, address: Any) -> Any:
    """Return the int64 at ``address`` and add one to it, atomically among threads."""

    def generate(_target: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        element = ir.IntType(64)
        pointer = builder.inttoptr(arguments[0], element.as_pointer())
        return builder.atomic_rmw("add", pointer, ir.Constant(element, 1), "monotonic")

    return types.int64(types.int64), generate
