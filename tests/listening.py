"""Waiting for the events of a controller."""

from __future__ import annotations

import queue
from collections.abc import Callable
from typing import Any

from brayns_widget.controller import Controller

_WAIT = 10


class Listener:
    """Keeps the events of a controller, and waits for them."""

    def __init__(self, controller: Controller) -> None:
        self.events: list[tuple[str, Any]] = []
        self._queue: queue.Queue[tuple[str, Any]] = queue.Queue()
        self.unsubscribe = controller.subscribe(self._heard)

    def _heard(self, event: str, value: Any) -> None:
        self.events.append((event, value))
        self._queue.put((event, value))

    def wait_for(self, event: str, check: Callable[[Any], bool] = lambda _: True) -> Any:
        while True:
            name, value = self._queue.get(timeout=_WAIT)
            if name == event and check(value):
                return value

    def all(self, event: str) -> list[Any]:
        return [value for name, value in self.events if name == event]
