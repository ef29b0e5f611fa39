"""Waiting for what a controller shows."""

from __future__ import annotations

import queue
from collections.abc import Callable
from typing import Generic, TypeVar

from brayns_widget.controller.controller import Controller
from brayns_widget.controller.state import State

_WAIT = 10
T = TypeVar("T")


class Listener(Generic[T]):
    """Keeps the values that a part of a controller's state had since it listens, and waits for them.

    Args:
        controller: whose state.
        read: returns the part.
    """

    def __init__(self, controller: Controller, read: Callable[[State], T]) -> None:
        self.heard: list[T] = []
        self._queue: queue.Queue[T] = queue.Queue()
        self.remove = controller.listen(read, self._hear)

    def _hear(self, value: T) -> None:
        self.heard.append(value)
        self._queue.put(value)

    def wait_for(self, check: Callable[[T], bool] = lambda _: True) -> T:
        """Return the next value that fits; each is looked at once."""
        while True:
            value = self._queue.get(timeout=_WAIT)
            if check(value):
                return value
