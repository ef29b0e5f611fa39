"""The directory that a renderer's files are confined to: one for the whole process, from its start to its end."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator

from brayns_widget.service.backend.base import BaseDirectory

_bases: list[BaseDirectory] = []
_watchers: list[Callable[[str], None]] = []


@contextlib.contextmanager
def confined(directory: str | None) -> Iterator[None]:
    """Confine all files of this process's clients while the context lasts; None: to nothing.

    Raises:
        NotADirectoryError: it is not a directory.
    """
    if directory is None:
        yield
        return
    base = BaseDirectory(directory)
    _bases.append(base)
    try:
        yield
    finally:
        _bases.remove(base)


def check_confined(path: str) -> None:
    """Check that a file, or the target of its links, may be read or written. It need not exist.

    Raises:
        RequestError: -32602, it is outside of the directory, or not absolute.
    """
    for base in _bases:
        base.resolve(path)
    for told in _watchers:
        told(path)


def watch(told: Callable[[str], None]) -> None:
    """Call a function with each file that ``check_confined`` lets through, from now on."""
    _watchers.append(told)
