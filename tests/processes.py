"""Looks at processes that may end at any moment."""

from __future__ import annotations

import contextlib

import psutil

READER = "brayns_widget.service.reading.child"
"""The word of a renderer's child that reads files."""


def command(process: psutil.Process) -> list[str]:
    """The command line of a process, or nothing if it has ended."""
    with contextlib.suppress(psutil.NoSuchProcess, psutil.ZombieProcess):
        return list(process.cmdline())
    return []


def runs(process: psutil.Process, name: str) -> bool:
    """Whether a process runs this command of ours itself; Windows shows a launcher above it, with the same words."""
    with contextlib.suppress(psutil.NoSuchProcess, psutil.ZombieProcess):
        return name in process.cmdline() and not any(name in command(child) for child in process.children())
    return False


def check_none_left(seconds: float = 20.0) -> None:
    """Check that this process has no children any more; an end is not waited for as long as a busy machine takes."""
    _, left = psutil.wait_procs(psutil.Process().children(recursive=True), seconds)
    assert not left, [command(process) for process in left]  # pytest explains no assertion here
