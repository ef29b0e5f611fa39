"""Less of this machine for some processes: one CPU by quota, and so much memory, as a container has it."""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import psutil

from tests.end_to_end.lab import until

PERIOD_US = 100_000
WATCH_S = 0.2
END_TIMEOUT = 15.0

# Names in version 1 and in version 2 of control groups.
_CPU = {"cpu.cfs_quota_us": f"{PERIOD_US}", "cpu.max": f"{PERIOD_US} {PERIOD_US}"}
_MEMORY = ("memory.limit_in_bytes", "memory.max")
_KILLED = ("memory.oom_control", "memory.events")


class Limits:
    """One CPU and ``memory`` bytes for what is started by ``command``.

    Where control groups cannot be made, it is one CPU by affinity, and memory is only watched (proportional shares).
    """

    def __init__(self, memory: int, groups: list[Path]) -> None:
        self.memory = memory
        self.by_quota = bool(groups)
        self._groups = groups
        self._peak = 0
        self._done = threading.Event()

    @property
    def command(self) -> list[str]:
        """The beginning of a command line: what follows it runs within the limits."""
        if self._groups:
            enter = "".join(f"echo $$ > '{group}/cgroup.procs' && " for group in self._groups)
            return ["sh", "-c", f'{enter}exec "$@"', "sh"]
        return ["taskset", "--cpu-list", str(min(os.sched_getaffinity(0)))]

    def watch(self, process: int) -> threading.Thread:
        """Watch the memory of a process and of all that it starts, until it ends or the limits are given up."""
        thread = threading.Thread(target=self._watch, args=(psutil.Process(process),), daemon=True)
        thread.start()
        return thread

    def _watch(self, top: psutil.Process) -> None:
        while not self._done.wait(WATCH_S):
            total = 0
            with contextlib.suppress(psutil.Error):
                for process in [top, *top.children(recursive=True)]:
                    with contextlib.suppress(psutil.Error):
                        total += process.memory_full_info().pss
            self._peak = max(self._peak, total)

    @property
    def peak(self) -> int:
        """The most bytes that were used at one time."""
        return self._peak

    @property
    def killed(self) -> int:
        """How many processes were killed because memory was short."""
        lines = [line.split() for file in self._read(_KILLED) for line in file.splitlines()]
        return sum(int(line[1]) for line in lines if line[0] == "oom_kill")

    def _read(self, names: tuple[str, ...]) -> list[str]:
        files = [group / name for group in self._groups for name in names]
        return [file.read_text() for file in files if file.is_file()]

    def end(self) -> None:
        """Stop watching and remove the groups, as soon as all processes in them have ended."""
        self._done.set()
        for group in self._groups:
            until(partial(_is_empty, group), END_TIMEOUT, "the processes of a group to end")
            group.rmdir()


def _is_empty(group: Path) -> bool:
    return not (group / "cgroup.procs").read_text(encoding="utf-8")


@contextlib.contextmanager
def limited(memory: int) -> Iterator[Limits]:
    """Make the limits; all that was started within them must have ended at the end."""
    limits = Limits(memory, _groups(memory))
    try:
        yield limits
    finally:
        limits.end()


def _groups(memory: int) -> list[Path]:
    """Make control groups below this process' own ones: one, or one for each controller; none if that is refused."""
    made: list[Path] = []
    try:
        for line in Path("/proc/self/cgroup").read_text(encoding="utf-8").splitlines():
            _, controllers, path = line.split(":", 2)
            if controllers in {"", "cpu", "cpu,cpuacct", "memory"}:
                group = Path("/sys/fs/cgroup", controllers, path[1:], f"brayns-widget-{os.getpid()}")
                if group.parent.is_dir() and (group.parent / "cgroup.procs").is_file():
                    group.mkdir()
                    made.append(group)
        values = _CPU | dict.fromkeys(_MEMORY, str(memory))
        written = {name for group in made for name, value in values.items() if _write(group / name, value)}
        if len(written) != 2:
            raise OSError("not both controllers are there")
    except OSError:
        for group in made:
            group.rmdir()
        return []
    return made


def _write(file: Path, value: str) -> bool:
    if not file.is_file():
        return False
    file.write_text(value, encoding="utf-8")
    return True
