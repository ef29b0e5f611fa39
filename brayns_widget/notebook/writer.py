"""Threads that set widgets' traits, one for each widget.

Setting a trait runs the user's observers, which may wait for the loop thread. So the loop thread must not set traits
itself. It leaves the newest value here, and this thread sets it.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Any

_LOG = logging.getLogger(__name__)

Write = Callable[[str, Any, bool], None]
"""Function that sets a trait: name, value, and whether to send it to the pages."""


class TraitWriter:
    """A thread that sets each trait to the newest value put for it.

    Args:
        write: sets one trait, on this thread.
    """

    def __init__(self, write: Write) -> None:
        self._write = write
        self._changed = threading.Condition()
        self._pending: dict[str, tuple[Any, bool]] = {}
        self._closed = False
        self._thread = threading.Thread(target=self._run, name="brayns-widget traits", daemon=True)
        self._thread.start()

    @property
    def is_current(self) -> bool:
        """Whether the caller runs on this thread."""
        return threading.current_thread() is self._thread

    def put(self, name: str, value: Any, *, share: bool = True) -> None:
        """Schedule a trait to be set, from any thread. A value that was not set yet is replaced."""
        with self._changed:
            self._pending[name] = (value, share)
            self._changed.notify()

    def end(self) -> None:
        """Set the remaining values, then end the thread."""
        with self._changed:
            self._closed = True
            self._changed.notify()

    def close(self, timeout: float = 2.0) -> None:
        """Do what ``end`` does, and wait up to ``timeout`` seconds for it."""
        self.end()
        if not self.is_current:
            self._thread.join(timeout)

    def _run(self) -> None:
        while True:
            with self._changed:
                while not self._pending and not self._closed:
                    self._changed.wait()
                if not self._pending:
                    return
                pending, self._pending = self._pending, {}
            for name, (value, share) in pending.items():
                try:
                    self._write(name, value, share)
                except Exception:  # an error of an observer, or of a closing comm: the next value may succeed
                    _LOG.exception("The trait %r could not be set", name)
