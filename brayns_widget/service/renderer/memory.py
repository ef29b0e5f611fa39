"""The memory budget: how much a scene may take, and how much a load may still take.

What a load will need is estimated from counts of primitives, before anything large is allocated.
"""

from __future__ import annotations

import contextlib
import ctypes
import math
import os
import re
import sys
from collections.abc import Iterator
from contextvars import ContextVar

from brayns_widget.service.available_memory import available

VARIABLE = "BRAYNS_WIDGET_MEMORY_BUDGET"

PRIMITIVE_BYTES = 60  # of a scene: arrays 25, acceleration structure 33 and some slack; see docs/performance.md
STRUCTURE_BYTES = 58  # what there was and is built anew: the old arrays and structure are traced until that is done
_SHARE = 0.5  # of what is available; radius floors and pictures need some, too

_UNITS = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40}


def parse_size(text: str) -> int:
    """Read a number of bytes, such as ``1500M`` or ``2.5G`` (powers of 1024).

    Raises:
        ValueError: it is none, or 0.
    """
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([KMGT]?)I?B?", text.strip().upper())
    size = float(found[1]) * _UNITS[found[2]] if found else 0.0
    if not 1 <= size < math.inf:
        raise ValueError(f"{text!r} is not a memory size such as 1500M or 2.5G")
    return int(size)


def format_size(size: float) -> str:
    """Format a number of bytes for people."""
    if size < 1 << 10:
        return f"{size:.0f} bytes"
    unit = next((unit for unit in "TGM" if size >= _UNITS[unit]), "K")
    return f"{size / _UNITS[unit]:.1f} {unit}B"


def give_back() -> None:
    """Return freed memory to the system at once, where the C library would keep it for later (glibc does)."""
    if sys.platform == "linux":
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
        if trim is not None:
            trim(0)


class Allowance:
    """The memory that one load may take.

    Args:
        size: bytes; None: no limit.
        budget: what the budget is called in messages.
    """

    def __init__(self, size: float | None, budget: str = "") -> None:
        self._left = size
        self.budget = budget
        self.taken = 0  # primitives

    def fits(self, primitives: int) -> bool:
        """Whether so many segments, spheres or triangles can be loaded."""
        return self._left is None or primitives * PRIMITIVE_BYTES <= self._left

    def take(self, primitives: int) -> None:
        """Count primitives that are loaded."""
        self.taken += primitives
        if self._left is not None:
            self._left -= primitives * PRIMITIVE_BYTES


class Budget:
    """The memory that scenes may take.

    Args:
        size: bytes for all models; None: half of what is available when something is loaded.
    """

    def __init__(self, size: int | None = None) -> None:
        self._size = size

    @classmethod
    def from_environment(cls, text: str | None = None) -> Budget:
        """Make the budget that a command line's ``text`` or else the environment variable names.

        Raises:
            ValueError: that is no size.
        """
        text = text or os.environ.get(VARIABLE)
        return cls(parse_size(text) if text else None)

    def allowance(self, held: int) -> Allowance:
        """Compute what a load may take beside ``held`` primitives, which are built anew with it."""
        if self._size is None:
            size = _SHARE * available()
            return Allowance(size - held * STRUCTURE_BYTES, f"{format_size(size)}, half of what is available")
        return Allowance(self._size - held * (PRIMITIVE_BYTES + STRUCTURE_BYTES), format_size(self._size))


_current: ContextVar[Allowance] = ContextVar("allowance", default=Allowance(None))  # noqa: B039 - never changed


def allowance() -> Allowance:
    """Get what the running load may take; no limit outside of ``allowing``."""
    return _current.get()


@contextlib.contextmanager
def allowing(allowed: Allowance) -> Iterator[None]:
    """Limit what is loaded within the block by this thread."""
    token = _current.set(allowed)
    try:
        yield
    finally:
        _current.reset(token)
