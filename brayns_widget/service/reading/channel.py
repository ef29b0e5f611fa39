"""Messages between two processes; large arrays go in shared memory.

A message is its kind and any number of values, of all types that can be pickled. Each value has memory of its own,
which is free when nobody needs that value any more.
"""

from __future__ import annotations

import contextlib
import errno
import os
import pickle
import socket
import sys
import threading
from collections.abc import Sequence
from multiprocessing.connection import Connection
from typing import Any, TypeAlias

from brayns_widget.service.reading.shared import Handle, Segment, address_of, mapped, places

_LARGE = 1 << 16  # bytes of an array for which shared memory is worth it
_AT_ONCE = 100  # descriptors in one message; Linux allows 253
_LOOK = 0.25  # seconds between two looks whether to go on waiting, where nothing else ends a wait

Place: TypeAlias = tuple[int, int, int]
"""Of an array: the segment's number in its value, the first byte there, and the number of bytes."""
Header: TypeAlias = tuple[bytes, list[Place], list[tuple[int, Handle]]]
"""Of a value: the pickle, the places of its arrays, and the size and handle of each segment."""


class Channel:
    """One end of a connection. ``send`` is safe on any thread; one thread at a time may receive.

    Args:
        connection: a pipe of ``multiprocessing`` with two directions; closed by ``close``.
    """

    def __init__(self, connection: Connection[Any, Any]) -> None:
        self._connection = connection
        self._sending = threading.Lock()
        self._hung_up = False
        self._socket = None if sys.platform == "win32" else socket.socket(fileno=os.dup(connection.fileno()))

    def send(self, kind: str, *values: Any, made: Sequence[Segment] = ()) -> list[Segment]:
        """Send a message; returns the segments that the caller closes when the other side has received it.

        Args:
            kind: of the message.
            values: its content.
            made: segments in which some of the arrays are already; closed like those that are made here.

        Raises:
            OSError: the other side is gone.
        """
        packed = [_Packed(value, made) for value in values]
        new = [one.rest for one in packed if one.rest is not None]
        headers = [one.header for one in packed]
        with self._sending:
            self._connection.send_bytes(pickle.dumps((kind, headers)))
            if self._socket is not None:
                handles = [handle for one in packed for _size, handle in one.header[2] if isinstance(handle, int)]
                for begin in range(0, len(handles), _AT_ONCE):
                    socket.send_fds(self._socket, [b"\0"], handles[begin : begin + _AT_ONCE])
        return [*made, *new]

    def receive(self) -> tuple[str, list[Any]]:
        """Wait for the next message; returns its kind and its values.

        Raises:
            EOFError, OSError: the other side is gone.
        """
        while self._socket is None and not self._connection.poll(_LOOK):
            if self._hung_up:
                raise EOFError
        kind, headers = pickle.loads(self._connection.recv_bytes())  # noqa: S301 - from a process of ours
        sizes = [size for _data, _places, segments in headers for size, _handle in segments]
        handles = iter(self._descriptors(len(sizes))) if self._socket is not None else None
        return kind, [
            _unpacked(data, where, [(size, handle if handles is None else next(handles)) for size, handle in segments])
            for data, where, segments in headers
        ]

    def _descriptors(self, count: int) -> list[int]:
        assert self._socket is not None
        found: list[int] = []
        for begin in range(0, count, _AT_ONCE):
            expected = min(_AT_ONCE, count - begin)
            data, descriptors, _flags, _address = socket.recv_fds(self._socket, 1, expected)
            found += descriptors
            if not data or len(descriptors) < expected:
                for descriptor in found:
                    os.close(descriptor)
                if not data:
                    raise EOFError
                raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))
        return found

    def hang_up(self) -> None:
        """Let ``send`` and ``receive`` fail, also where they wait already; safe on any thread."""
        self._hung_up = True
        if self._socket is not None:
            with contextlib.suppress(OSError):  # the other side has done so, or this end is closed
                self._socket.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Close this end; nobody may be receiving."""
        with self._sending:
            self._connection.close()
            if self._socket is not None:
                self._socket.close()


class _Packed:
    """A value to send.

    Attributes:
        header: what tells the other side of it.
        rest: a new segment with those arrays that were in none, or None.
    """

    def __init__(self, value: Any, made: Sequence[Segment]) -> None:
        found: list[memoryview] = []

        def aside(buffer: pickle.PickleBuffer) -> bool:
            memory = buffer.raw()
            if memory.nbytes < _LARGE:
                return True
            found.append(memory)
            return False

        data = pickle.dumps(value, 5, buffer_callback=aside)
        used: list[Segment] = []
        where = [_place(memory, made, used) for memory in found]
        new = [memory for memory, place in zip(found, where, strict=True) if place is None]
        begins, size = places([memory.nbytes for memory in new])
        self.rest = Segment(size) if new else None
        if self.rest is not None:
            used.append(self.rest)
            with memoryview(self.rest.memory) as whole:
                for memory, begin in zip(new, begins, strict=True):
                    whole[begin : begin + memory.nbytes] = memory
        copied = iter([(len(used) - 1, begin, memory.nbytes) for memory, begin in zip(new, begins, strict=True)])
        self.header: Header = (
            data,
            [place or next(copied) for place in where],
            [(segment.size, segment.handle) for segment in used],
        )


def _place(memory: memoryview, made: Sequence[Segment], used: list[Segment]) -> Place | None:
    """Find the segment that an array is in, and count it as used."""
    if not made:
        return None
    address = address_of(memory)
    for segment in made:
        offset = segment.offset_of(address)
        if offset is not None:
            if segment not in used:
                used.append(segment)
            return used.index(segment), offset, memory.nbytes
    return None


def _unpacked(data: bytes, where: list[Place], segments: list[tuple[int, Handle]]) -> Any:
    memories = [memoryview(mapped(handle, size)) for size, handle in segments]
    return pickle.loads(data, buffers=[memories[number][begin : begin + size] for number, begin, size in where])  # noqa: S301


def closed(segments: Sequence[Segment]) -> None:
    """Close segments that the other side has received."""
    for segment in segments:
        with contextlib.suppress(OSError):
            segment.close()
