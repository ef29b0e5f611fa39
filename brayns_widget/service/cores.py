"""Cores: how many threads can compute at once.

joblib's loky (3.7) counts them, too, but looks at the outermost control group only, and ``os.process_cpu_count`` of
Python 3.13 at affinity only.
"""

from __future__ import annotations

import contextlib
import math
import os
from collections.abc import Iterator

from brayns_widget.service.control_groups import Group, groups_of


def usable_cores() -> int:
    """Count the cores that this process may use: of the machine, by its affinity, and by quotas of its control groups.

    A part of a core counts as one; the result is at least 1.
    """
    affinity = getattr(os, "sched_getaffinity", None)
    cores = len(affinity(0)) if affinity else os.cpu_count() or 1
    return max(1, min([cores, *(math.ceil(quota) for quota in _quotas())]))


def _quotas() -> Iterator[float]:
    """Yield how many cores each control group allows, of those that have a limit."""
    for group in groups_of("cpu"):
        with contextlib.suppress(OSError, ValueError):  # the root has no limit, other groups "max"
            quota, period = _quota(group)
            if quota > 0 and period > 0:  # version 1 writes -1 for no limit
                yield quota / period


def _quota(group: Group) -> tuple[int, int]:
    """Read the time that a group may compute in each period, in µs."""
    if group.version == 2:
        quota, period = (group.folder / "cpu.max").read_text().split()
    else:
        quota, period = ((group.folder / f"cpu.cfs_{name}_us").read_text() for name in ("quota", "period"))
    return int(quota), int(period)
