"""Scenes for tests."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from brayns_widget.controller.controller import Controller
from brayns_widget.controller.models import Model

WAIT = 10
T = TypeVar("T")


def load(controller: Controller, **options: Any) -> Model:
    """Load a circuit, and wait for its model."""
    (model,) = controller.load_circuit("/data/circuit.json", **options).result(WAIT)
    return model


def on_loop(controller: Controller, work: Callable[[], Awaitable[T]]) -> T:
    """Await something on the loop thread, where listeners run."""

    async def run() -> T:
        return await work()

    return controller.loop.submit(run()).result(WAIT)


def elsewhere(work: Callable[[], Awaitable[T]]) -> T:
    """Await something on a loop of one's own."""

    async def run() -> T:
        return await asyncio.wait_for(work(), WAIT)

    return asyncio.run(run())


def until(condition: Callable[[], Any]) -> None:
    """Wait until a condition holds."""
    deadline = time.monotonic() + WAIT
    while not condition():
        assert time.monotonic() < deadline, "the wait was too long"
        threading.Event().wait(0.005)
