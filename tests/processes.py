"""Looks at processes that may end at any moment."""

from __future__ import annotations

import contextlib

import psutil


def command(process: psutil.Process) -> list[str]:
    """The command line of a process, or nothing if it has ended."""
    with contextlib.suppress(psutil.NoSuchProcess, psutil.ZombieProcess):
        return list(process.cmdline())
    return []


def runs(process: psutil.Process, name: str) -> bool:
    """Whether a process runs this command of ours and has no children; Windows shows a launcher beside each."""
    with contextlib.suppress(psutil.NoSuchProcess, psutil.ZombieProcess):
        return name in process.cmdline() and not process.children()
    return False
