"""Memory that this process may still take, and a limit so that it takes no more."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from pathlib import Path

from brayns_widget.service.control_groups import groups_of

_SLACK = 1 << 28  # bytes for stacks and the like, which are reserved and not used


def available() -> int:
    """Return the bytes that this process may still take, of the machine's memory and within its control groups."""
    import psutil  # here: it takes 30 ms, and a renderer must start quickly

    free: int = psutil.virtual_memory().available  # type: ignore[no-untyped-call]
    return max(0, min([free, *_left_in_groups()]))


def _left_in_groups() -> Iterator[int]:
    """Yield what is left in each control group of Linux that limits this process."""
    for group in groups_of("memory"):
        if group.version == 1:
            names, cache = ("memory.limit_in_bytes", "memory.usage_in_bytes"), "total_inactive_file"
        else:
            names, cache = ("memory.max", "memory.current"), "inactive_file"
        with contextlib.suppress(OSError, ValueError):  # the root has no limit, other groups "max"
            limit, used = (int((group.folder / name).read_text()) for name in names)
            yield limit - used + _cached(group.folder, cache)


def _cached(group: Path, name: str) -> int:
    """Return the bytes of cached files, which the kernel frees when memory gets scarce."""
    for line in (group / "memory.stat").read_text().splitlines():
        key, _space, number = line.partition(" ")
        if key == name:
            return int(number)
    return 0


def limit_data(size: int) -> None:
    """Let this process reserve no more than ``size`` bytes beside what it has, until it is called again; only on Linux.

    What asks for more gets a ``MemoryError``. Otherwise it would get the memory, and the system would kill any process
    once there is none left. Shared memory does not count.
    """
    if sys.platform == "linux":
        import resource

        with contextlib.suppress(OSError, ValueError):
            status = Path("/proc/self/status").read_text()
            held = int(status.partition("VmData:")[2].split()[0]) << 10
            _soft, hard = resource.getrlimit(resource.RLIMIT_DATA)
            most = held + size + _SLACK
            resource.setrlimit(
                resource.RLIMIT_DATA, (most if hard == resource.RLIM_INFINITY else min(most, hard), hard)
            )
