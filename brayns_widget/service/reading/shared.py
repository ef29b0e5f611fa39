"""Memory that two processes share. It has no name in the file system, so that nothing stays behind after a crash."""

from __future__ import annotations

import math
import mmap
import os
import secrets
import sys
import tempfile
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    import numpy.typing as npt

    Array: TypeAlias = npt.NDArray[Any]

# NumPy is imported by those who use it: most questions about circuits do without, and it takes a tenth of a second.

Handle = int | str
"""What the other process needs to map it: a file descriptor, or on Windows a name."""

_ALIGNMENT = 64  # bytes


class Segment:
    """Shared memory that this process has made. It lasts until neither process uses it.

    Args:
        size: bytes, at least 1.

    Attributes:
        handle: for the other process, see ``mapped``; good until ``close``.
        memory: the bytes.
    """

    def __init__(self, size: int) -> None:
        self.size = size
        if sys.platform == "win32":
            self.handle: Handle = f"brayns-widget-{secrets.token_hex(16)}"
            self.memory = mmap.mmap(-1, size, tagname=self.handle)
            return
        self.handle = _file()
        try:
            os.ftruncate(self.handle, size)
            self.memory = mmap.mmap(self.handle, size)
        except BaseException:
            self.close()
            raise

    def offset_of(self, address: int) -> int | None:
        """Find a place of this process's memory within the segment."""
        offset = address - address_of(self.memory)
        return offset if 0 <= offset < self.size else None

    def close(self) -> None:
        """Let nobody else map it any more; ``memory`` stays as long as an array uses it."""
        if isinstance(self.handle, int):
            os.close(self.handle)


def _file() -> int:
    """Open a file that is in no directory."""
    if hasattr(os, "memfd_create"):
        try:
            return os.memfd_create("brayns-widget")
        except OSError:  # sandboxes may forbid it
            pass
    with tempfile.TemporaryFile() as file:
        return os.dup(file.fileno())


def mapped(handle: Handle, size: int) -> mmap.mmap:
    """Map the memory that another process has made; a descriptor is closed."""
    if sys.platform == "win32":
        assert isinstance(handle, str)
        return mmap.mmap(-1, size, tagname=handle)
    assert isinstance(handle, int)
    try:
        return mmap.mmap(handle, size)
    finally:
        os.close(handle)


def address_of(memory: Any) -> int:
    """Return where the bytes of a buffer, which may not be empty, begin."""
    import numpy as np

    address: int = np.frombuffer(memory, np.uint8).__array_interface__["data"][0]
    return address


def places(sizes: Sequence[int]) -> tuple[list[int], int]:
    """Lay buffers out one behind the other; returns where they begin, and the bytes that they take."""
    begins, end = [], 0
    for size in sizes:
        begins.append(end)
        end = math.ceil((end + size) / _ALIGNMENT) * _ALIGNMENT
    return begins, end


class Results:
    """The arrays that a task makes in shared memory at once, so that nobody has to copy them."""

    def __init__(self) -> None:
        self.segments: list[Segment] = []

    def empty(self, shapes: Sequence[tuple[tuple[int, ...], npt.DTypeLike]]) -> list[Array]:
        """Make arrays, all in one segment."""
        import numpy as np

        sizes = [math.prod(shape) * np.dtype(kind).itemsize for shape, kind in shapes]
        begins, size = places(sizes)
        segment = Segment(max(1, size))
        self.segments.append(segment)
        return [
            np.frombuffer(segment.memory, kind, math.prod(shape), begin).reshape(shape)
            for (shape, kind), begin in zip(shapes, begins, strict=True)
        ]


_results: Results | None = None
LEAST = 1 << 20  # bytes of arrays for which memory of their own is worth it


def hand_over(results: Results | None) -> None:
    """Let ``empty`` make the arrays of this process in shared memory; None: no longer."""
    global _results  # noqa: PLW0603 - there is one task at a time, and what makes arrays is far from it
    _results = results


def empty(*shapes: tuple[tuple[int, ...], npt.DTypeLike]) -> list[Array]:
    """Make arrays with any content: in shared memory if they are a result for another process, and large."""
    import numpy as np

    size = sum(math.prod(shape) * np.dtype(kind).itemsize for shape, kind in shapes)
    if _results is None or size < LEAST:
        return [np.empty(shape, kind) for shape, kind in shapes]
    return _results.empty(shapes)
