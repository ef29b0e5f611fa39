"""When to start servers ahead of the next job: there is room for them, and the present jobs are idle."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import Callable, Iterable

from brayns_widget.service.cores import usable_cores

VARIABLE = "BRAYNS_WIDGET_SPARE"
"""Environment variable; "0" keeps no servers ready."""

FEWEST_CORES = 2
LEAST_MEMORY = 2 << 30
_LOOK_SECONDS = 1.0
_IDLE_LOOKS = 2
_IDLE_CORES = 0.2  # what idle servers may take


def wanted() -> bool:
    """Whether the environment lets the service keep servers ready."""
    return os.environ.get(VARIABLE, "1") != "0"


def has_room() -> bool:
    """Whether this machine has the cores and the memory for servers that nobody has asked for yet."""
    from brayns_widget.service.available_memory import available

    return usable_cores() >= FEWEST_CORES and available() >= LEAST_MEMORY


async def until_idle(processes: Callable[[], Iterable[int]]) -> None:
    """Wait until servers compute nothing: a start beside the first load would slow it down.

    The priority is the usual one, because a process that was started with a low one cannot raise it again.

    Args:
        processes: returns the process ids of the servers of all jobs.
    """
    quiet, before = 0, _times(processes())
    while quiet < _IDLE_LOOKS:
        await asyncio.sleep(_LOOK_SECONDS)
        now = _times(processes())
        spent = sum(seconds - before.get(process, seconds) for process, seconds in now.items())
        quiet = quiet + 1 if now.keys() <= before.keys() and spent < _IDLE_CORES * _LOOK_SECONDS else 0
        before = now


def _times(processes: Iterable[int]) -> dict[int, float]:
    """Read how many seconds processes have computed."""
    import psutil  # here: it takes 30 ms, and a service must start quickly

    times = {}
    for process in processes:
        with contextlib.suppress(psutil.Error):  # it may just have ended
            spent = psutil.Process(process).cpu_times()  # type: ignore[no-untyped-call]
            times[process] = spent.user + spent.system
    return times
