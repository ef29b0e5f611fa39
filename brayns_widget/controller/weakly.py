"""Calls of an object's methods by those who must not keep the object alive."""

from __future__ import annotations

import weakref
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, ParamSpec

P = ParamSpec("P")


def weakly(method: Callable[P, object]) -> Callable[P, None]:
    """Return a function that calls a bound method as long as its object lives."""
    reference = weakref.WeakMethod(method)

    def call(*args: P.args, **kwargs: P.kwargs) -> None:
        if (bound := reference()) is not None:
            bound(*args, **kwargs)

    return call


def weakly_awaited(method: Callable[P, Awaitable[object]]) -> Callable[P, Coroutine[Any, Any, None]]:
    """Return a coroutine function that awaits a bound method as long as its object lives."""
    reference = weakref.WeakMethod(method)

    async def call(*args: P.args, **kwargs: P.kwargs) -> None:
        if (bound := reference()) is not None:
            await bound(*args, **kwargs)

    return call
