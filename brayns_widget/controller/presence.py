"""Who looks at a scene, and who asks for it: without either, its job is given back, and the scene sleeps.

It wakes up when somebody looks again (``Presence.heard``), or by the next call (``Connection.ensure``).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Hashable
from typing import TYPE_CHECKING

from brayns_widget.controller.group import Core

if TYPE_CHECKING:
    from brayns_widget.controller.tasks import Task

REST = 600.0
"""Seconds without a view and without a call after which a scene sleeps."""

GRACE = 3.0
"""Seconds without a view after which a scene sleeps that nothing holds: a view that moves goes and comes."""

UNSEEN = 60.0
"""The same for a scene that no page has shown yet: a page may take its time."""

_LOOK_PERIOD = 0.2  # s

_LOG = logging.getLogger(__name__)


class Presence:
    """The views of one controller's scene, on all pages of all widgets. Lives on the loop thread.

    Args:
        core: the controller's core.
    """

    def __init__(self, core: Core) -> None:
        self._core = core
        self._heard: dict[Hashable, float] = {}  # views → when they last said something
        self._plugged: set[Hashable] = set()  # views with an open socket, which are there even if they say nothing
        self._left = 0.0  # when the last view said goodbye
        self._was_seen = False
        self._is_held: Callable[[], bool] | None = None
        self._watching: asyncio.Task[None] | None = None
        self._waking: Task[object] | None = None

    def guard(self, is_held: Callable[[], bool]) -> None:
        """Let the scene sleep from now on; without this it never does.

        Args:
            is_held: whether users can still reach the scene other than through a notebook's output history.
        """
        self._is_held = is_held
        self._left = self._now()
        self._watching = asyncio.create_task(self._watch(), name="watch for sleep")

    async def abandon(self) -> None:
        """Let the scene sleep after the calls that run, unless something holds it: no view will come any more."""
        while self._core.runner.running:  # noqa: ASYNC110 - calls are counted, not announced
            await asyncio.sleep(_LOOK_PERIOD)
        if self._is_held is not None and not self._is_held():
            self._sleep("Its view was dropped.")

    async def close(self) -> None:
        """Let the scene sleep no more."""
        if self._watching is not None:
            self._watching.cancel()
            await asyncio.wait([self._watching])

    def heard(self, view: Hashable, *, wakes: bool = True) -> None:
        """Take in that a view is on a page.

        Args:
            view: the view.
            wakes: whether it wakes a scene that sleeps, as a view does that is seen or used.
        """
        self._heard[view] = self._now()
        self._was_seen = True
        if wakes and self._core.store.state.status.state == "asleep" and (self._waking is None or self._waking.done):
            self._waking = self._core.runner.start(self._core.restore, "restore")

    def gone(self, view: Hashable) -> None:
        """Take in that a view is on no page any more."""
        self._heard.pop(view, None)
        self._plugged.discard(view)
        self._left = self._now()
        self._was_seen = True
        self._core.aim.tell()

    def plugged(self, view: Hashable, plugged: bool) -> None:
        """Take in that a view has a socket of its own, or has it no more."""
        if plugged:
            self.heard(view)
            self._plugged.add(view)
        else:
            self._plugged.discard(view)

    @property
    def seen(self) -> bool:
        """Whether it is on a page.

        A view without a socket that says nothing for ``REST`` seconds is gone: its page was closed or hidden, or its
        computer sleeps.
        """
        return bool(self._plugged) or any(self._now() - moment < REST for moment in self._heard.values())

    def _now(self) -> float:
        return self._core.loop.loop.time()

    async def _watch(self) -> None:
        asked_for = None  # the time of the last farewell for which the holders were asked
        while True:
            await asyncio.sleep(min(GRACE, REST) / 2)
            if self.seen or self._core.runner.running or self._core.connection.ready is None:
                continue
            now, last = self._now(), max(self._left, self._core.runner.last, *self._heard.values())
            try:
                if now - last >= REST and not self._core.journal.altered:
                    self._sleep("Nobody has looked at it for a while.")
                elif now - last >= (GRACE if self._was_seen else UNSEEN) and self._left != asked_for:
                    asked_for = self._left
                    if self._is_held is not None and not self._is_held():
                        self._sleep("It was taken from the page.")
            except Exception:
                _LOG.exception("The scene could not be given back")

    def _sleep(self, why: str) -> None:
        self._core.sleep(f"Asleep: {why} Its renderer was given back; it comes back when you look, or call something.")
