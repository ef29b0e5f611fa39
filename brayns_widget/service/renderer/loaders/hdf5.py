"""Silence the error stack that the HDF5 library prints: exceptions tell what is wrong."""

from __future__ import annotations

import contextlib
import ctypes
from types import ModuleType


def silence(*extensions: ModuleType) -> None:
    """Turn off printing in the HDF5 copies inside these extension modules.

    The switch is per thread in HDF5's thread-safe builds, so call this on each thread that reads. Where a module does
    not export HDF5's symbols, its copy goes on printing.
    """
    for extension in extensions:
        with contextlib.suppress(AttributeError, OSError, TypeError):
            # H5Eset_auto2(H5E_DEFAULT, no callback, no data)
            ctypes.CDLL(extension.__file__).H5Eset_auto2(ctypes.c_int64(0), None, None)
