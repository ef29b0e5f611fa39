"""Life cycle of child processes: each ends when its standard input, a pipe held by its owner, closes."""

from __future__ import annotations

import contextlib
import os
import sys
import threading
from collections.abc import Callable
from functools import cache

_STDIN = 0


def when_stdin_closes(callback: Callable[[], None]) -> None:
    """Call ``callback`` once, from a daemon thread, when standard input ends.

    A pipe ends when the process at its other end closes it or dies, in any way, on every platform. Data before the end
    is discarded. A standard input that can't be read counts as ended.
    """

    def watch() -> None:
        while _read(65536):
            pass
        callback()

    # A blocked read can't be woken, so this thread can't be joined: a daemon.
    threading.Thread(target=watch, name="stdin-watch", daemon=True).start()


def read_stdin_line(limit: int = 4096) -> str:
    """Read the first line of standard input, without its end; the rest stays for ``when_stdin_closes``.

    Raises:
        EOFError: standard input ended before the line did.
        ValueError: the line is longer than ``limit`` bytes or is not UTF-8.
    """
    line = bytearray()
    while (byte := _read(1)) != b"\n":
        if not byte:
            raise EOFError("standard input ended before its first line did")
        line += byte
        if len(line) > limit:
            raise ValueError(f"the first line of standard input is longer than {limit} bytes")
    return line.decode().rstrip("\r")


def _read(count: int) -> bytes:
    # Not sys.stdin: its lock, held by a blocked daemon thread, is a fatal error when the interpreter ends.
    try:
        return os.read(_STDIN, count)
    except OSError:
        return b""


@cache
def line_of_life() -> int | None:
    """Return a descriptor for children to inherit, see ``end_with_line``; None: this system has nothing like it.

    Nobody ever writes to it, and it ends with this process. What a child does meanwhile does not matter, even in a
    library that never returns to Python, so that no thread of the child could notice anything.
    """
    if sys.platform != "linux":
        return None
    inherited, _kept = os.pipe()  # the other end closes with this process
    return inherited


def end_with_line(descriptor: int) -> None:
    """End this process, by a signal of the kernel, when the process with the ``line_of_life`` has ended."""
    if sys.platform == "linux":
        import fcntl
        import select

        # Opened anew: whom the signal goes to is a property of the opened pipe, which all children would share.
        descriptor = os.open(f"/proc/self/fd/{descriptor}", os.O_RDONLY | os.O_NONBLOCK)
        fcntl.fcntl(descriptor, fcntl.F_SETOWN, os.getpid())
        with contextlib.suppress(OSError):  # its default, SIGIO, ends a process as well
            fcntl.fcntl(descriptor, fcntl.F_SETSIG, 9)
        fcntl.fcntl(descriptor, fcntl.F_SETFL, fcntl.fcntl(descriptor, fcntl.F_GETFL) | os.O_ASYNC)
        if select.select([descriptor], [], [], 0)[0]:  # it has ended before that
            os._exit(1)
