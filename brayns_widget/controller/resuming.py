"""A scene whose renderer was out of reach: what it should be is applied again, and what is half done is removed."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from brayns_widget.connection.busy import BUSY
from brayns_widget.connection.connection import Ready
from brayns_widget.connection.server import LOAD_TIMEOUT, Server
from brayns_widget.controller.group import Core
from brayns_widget.controller.journal import ADDS
from brayns_widget.controller.leftovers import find_leftovers, is_tracked
from brayns_widget.controller.scene import take_out

if TYPE_CHECKING:
    from brayns_widget.protocol.endpoints import Endpoint

MOST_WAYS_BACK = 2
"""Attempts to bring a scene back to a renderer that has lost it, before a person is asked."""


class Resumer:
    """What one controller knows of requests whose end it has not heard. Lives on the loop thread.

    Args:
        core: the controller's core.

    Attributes:
        survived: whether the scene was still there when its renderer was reached again.
    """

    def __init__(self, core: Core) -> None:
        self._core = core
        self.survived = False
        self._jobs = 0  # that have begun
        self._failures = 0  # to bring the scene back to its renderer
        self._unanswered: list[tuple[str, Any]] = []  # additions and removals whose link broke
        self._undoing: set[asyncio.Task[None]] = set()

    def begin(self, renderer: Server) -> None:
        """Listen to the renderer of a new job."""
        self._jobs += 1
        self.survived, self._failures = False, 0
        self._unanswered = []  # the link of the last job may break later
        self._listen_to(renderer)

    async def close(self) -> None:
        """Wait for what is being removed; without links that ends at once."""
        if self._undoing:
            await asyncio.wait(self._undoing)

    async def resume(self, ready: Ready) -> None:
        """Go on with a job that was out of reach, and repeat nothing.

        A renderer that has lost all of the scene gets it again. If that fails, it may be the scene that ends renderers,
        so it is left to a person then.

        Raises:
            BraynsWidgetError: it is out of reach again, or refuses what it took before.
        """
        core, renderer = self._core, ready.renderer
        self._listen_to(renderer)
        core.connection.report(None, "Reading the scene …")
        survives = await self._tidy(renderer)
        self.survived = survives
        core.joined = core.joined and survives  # others' work has gone with the renderer
        if not survives and not self._failures:
            core.restorer.keep()
        before, core.restorer.wanted = core.restorer.wanted, True  # a scene without lights stays dark
        try:
            if not survives:
                await self._bring_back(renderer)
            await core.scene.read(renderer)
            for step in core.prepare:
                await step(ready)
        except asyncio.CancelledError:
            raise  # the job was left, and whoever did that has said what is wanted
        except BaseException:
            core.restorer.wanted = before
            raise
        core.restorer.wanted = before

    async def _tidy(self, renderer: Server) -> bool:
        """Remove what requests have made whose callers were told that they failed; tell if any of the scene is there.

        Renderers answer this after the loads that run.
        """
        from brayns_widget.protocol.brayns.models import GET_SCENE

        scene, anew = self._core.scene, self._failures > 0
        renderer.on_busy = partial(self._core.connection.report, None, BUSY)
        there = (await renderer.call(GET_SCENE, timeout=LOAD_TIMEOUT)).models
        renderer.on_busy = None
        if anew:
            there = await self._core.restorer.sweep(renderer, there)
        handled = tuple(self._unanswered)
        shared = self._core.connection.attaches
        if left := find_leftovers(scene.strange(there, anew=anew), handled, shared=shared):
            await take_out(renderer, left)
        del self._unanswered[: len(handled)]  # the removal may be unanswered, too
        return not anew and scene.survives(there)

    async def _bring_back(self, renderer: Server) -> None:
        core = self._core
        core.journal.clear()
        self._failures += 1  # until it has not failed
        shown = core.store.state.models or core.store.state.clips
        if shown and self._failures <= MOST_WAYS_BACK:
            await core.restorer.bring_back(renderer, core.connection.report, fresh=True)
        else:
            core.lose_scene()
        self._failures = 0

    # ------------------------------------------------------------------ from the renderer

    def _listen_to(self, renderer: Server) -> None:
        renderer.on_call = self._core.journal.note
        renderer.on_late = partial(self._undo, renderer, self._jobs)
        renderer.on_unanswered = partial(_note, self._unanswered)

    def _undo(self, renderer: Server, job: int, endpoint: Endpoint[Any, Any], _params: Any, result: Any) -> None:
        """Remove what a request has added whose caller was told that it has failed, and nothing else."""
        if endpoint.name.startswith(ADDS):
            added = result if isinstance(result, Sequence) else [result]
            work = self._remove(renderer, job, [instance.model_id for instance in added])
            task = asyncio.create_task(work, name="remove what came late")
            self._undoing.add(task)
            task.add_done_callback(self._undoing.discard)

    async def _remove(self, renderer: Server, job: int, ids: Sequence[int]) -> None:
        await take_out(renderer, ids)
        if job == self._jobs:  # else these are ids of other models now
            self._core.scene.drop(ids)


def _note(unanswered: list[tuple[str, Any]], endpoint: Endpoint[Any, Any], params: Any) -> None:
    if is_tracked(endpoint.name):
        unanswered.append((endpoint.name, params))
