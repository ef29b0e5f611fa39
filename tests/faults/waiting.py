"""Waiting for what other threads bring about."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

SOON = 10.0


def until(condition: Callable[[], object], seconds: float = SOON) -> None:
    """Wait until a condition holds; nobody tells these tests of it."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"this did not come true within {seconds:g} s"
        threading.Event().wait(0.005)
