"""Control groups of Linux: the folders that hold the limits of this process."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

_PROCESS_GROUPS = Path("/proc/self/cgroup")
_GROUPS = Path("/sys/fs/cgroup")


class Group(NamedTuple):
    """A control group that limits this process: its folder, and the version (1 or 2) that tells the names of files."""

    folder: Path
    version: int


def groups_of(controller: str) -> Iterator[Group]:
    """Yield the groups of a controller, such as "cpu", from the innermost up to the root; none where there are none.

    Their folders may be missing: in a container the names of groups can be those of the machine.
    """
    try:
        lines = _PROCESS_GROUPS.read_text().splitlines()
    except OSError:
        return  # not Linux
    for line in lines:
        _number, controllers, path = line.split(":", 2)
        if not controllers:
            root, version = _GROUPS, 2
        elif controller in controllers.split(","):
            # Where two share a mount, each has a link of its own; not everywhere.
            root, version = next((_GROUPS / name for name in (controller, controllers) if (_GROUPS / name).is_dir()),
                                 _GROUPS / controller), 1  # fmt: skip
        else:
            continue
        folder = root / path.lstrip("/")
        for group in (folder, *folder.parents):
            yield Group(group, version)
            if group == root:
                break
