"""CPU time by process: renderer, frame process, kernel, Jupyter server, page."""

from __future__ import annotations

import contextlib
import os
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import psutil


class Processes:
    """The processes that take part in showing one notebook.

    Args:
        server: process id of the Jupyter server.
        kernel: id of the notebook's kernel.
    """

    def __init__(self, server: int, kernel: str) -> None:
        self._server: Any = psutil.Process(server)  # type: ignore[no-untyped-call]
        self._kernel = kernel

    def cpu(self) -> dict[str, float]:
        """Read the CPU ms by name so far."""
        found: defaultdict[str, float] = defaultdict(float)
        for name, process in self._all():
            with contextlib.suppress(psutil.Error):  # it has ended meanwhile
                times = process.cpu_times()
                found[name] += 1e3 * (times.user + times.system)
        return found

    def _all(self) -> Iterator[tuple[str, Any]]:
        yield "Jupyter server", self._server
        for child in self._server.children():
            with contextlib.suppress(psutil.Error):
                if any(self._kernel in argument for argument in child.cmdline()):
                    yield "kernel", child
                    for process in child.children(recursive=True):
                        yield _role(process.cmdline()), process
        for process in psutil.Process(os.getpid()).children(recursive=True):  # type: ignore[no-untyped-call]
            with contextlib.suppress(psutil.Error):
                if "--type=renderer" in process.cmdline():
                    yield "page", process


def _role(command: list[str]) -> str:
    """Name a process of the product by what its command line runs."""
    for index, argument in enumerate(command):
        package, _, module = argument.partition(".")
        if package == "brayns_widget":
            return module or next(iter(command[index + 1 :]), package)
    return "others"
