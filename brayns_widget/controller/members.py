"""The members of a scene, which come and go: models, lights and clipping shapes.

A removal is undone by the requests that have made the member, and those that have changed it. What was added is removed
again, but for what a load has added: loads are no steps.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from brayns_widget.connection.reports import Report, ignore
from brayns_widget.connection.server import Server
from brayns_widget.controller.group import Core
from brayns_widget.controller.loading import remove
from brayns_widget.controller.models import Models
from brayns_widget.controller.painting import Painted
from brayns_widget.controller.recording import Change
from brayns_widget.controller.restoring import Remembered
from brayns_widget.controller.scene import Key

_LOADS = frozenset({"add-model", "upload-model", "add-morphology"})


@dataclass(frozen=True, slots=True, eq=False)
class Snapshot:
    """A scene at some moment.

    Attributes:
        scene: what it takes to make it once more.
        painted: the colors of its models.
    """

    scene: Remembered
    painted: Mapping[Key, Painted]


class Members:
    """All members of the scene, as a part that can be set again.

    Members that others have made, or a request of the user's own, cannot be made once more, so they are left out.

    Args:
        core: the controller's core.
        models: the models.
    """

    def __init__(self, core: Core, models: Models) -> None:
        self._core = core
        self._painter = models._painter  # noqa: SLF001 - of the same package

    def read(self) -> Snapshot | None:
        """Return the present scene, or None without a job: the lights that a job begins with are nobody's change."""
        if self._core.connection.ready is None:
            return None
        models = self._core.store.state.models
        painted = {self._core.scene.key(model.id): self._painter.painted(model) for model in models}
        return Snapshot(self._core.restorer.remember(), {key: one for key, one in painted.items() if one is not None})

    def changes(self, before: Snapshot | None, after: Snapshot | None) -> Mapping[Hashable, Change]:
        """Return the snapshot to which a member belongs, by its key; None on the side where it is not there."""
        if before is None or after is None:
            return {}
        old, new = (snapshot.scene.made() for snapshot in (before, after))
        removals = [snapshot.scene.record.removals for snapshot in (before, after)]
        gone: dict[Hashable, Change] = {
            key: (before, None)
            for key in old
            # What another client has removed meanwhile is nobody's step here.
            if key not in after.scene.keys.values() and removals[1].get(key[0], 0) > removals[0].get(key[0], 0)
        }
        come: dict[Hashable, Change] = {
            key: (None, after)
            for key, call in new.items()
            if call.endpoint.name not in _LOADS and key not in before.scene.keys.values()
        }
        return {**gone, **come}

    def is_there(self, _owner: Hashable) -> bool:
        """Whether there is a scene that it can come back to."""
        return self._core.connection.ready is not None or self._core.store.state.scene_lost

    def hold(self, owners: Iterable[Any]) -> None:
        """Take in which members steps are about: what is gone of these may come back."""
        self._core.scene.returning = frozenset(map(self._core.scene.present, owners))

    async def write(self, values: Mapping[Any, Snapshot | None]) -> None:
        """Remove members, or make them once more; what cannot be made is told."""
        core = self._core
        core.scene.need()
        renderer = await core.renderer()
        there = {key: core.scene.present(key)[0] for key in values if self._is_shown(key)}
        if gone := [there[key] for key, snapshot in values.items() if snapshot is None and key in there]:
            await remove(renderer, core.scene.drop, gone)
        missing = {key: one for key, one in values.items() if one is not None and key not in there}
        for snapshot in dict.fromkeys(missing.values()):
            await self._make({key for key, one in missing.items() if one is snapshot}, snapshot)
        core.touch()

    def _is_shown(self, key: Key) -> bool:
        present = self._core.scene.present(key)
        state = self._core.store.state
        ids = {model.id for model in state.models} | {part.id for part in (*state.lights, *state.clips)}
        return present[0] in ids and present == self._core.scene.key(present[0])

    async def _make(self, keys: set[Key], snapshot: Snapshot) -> None:
        core, some = self._core, snapshot.scene.only(keys)
        names = [model.name for thing, model in snapshot.scene.models.items() if snapshot.scene.keys[thing] in keys]
        renderer = await core.renderer()
        if names:  # it may take as long as the load
            work = lambda report: self._bring_back(renderer, some, snapshot, report)  # noqa: E731
            await core.runner.start(work, "bring_back", ", ".join(names))
        else:
            await self._bring_back(renderer, some, snapshot, ignore)

    async def _bring_back(self, renderer: Server, some: Remembered, snapshot: Snapshot, report: Report) -> None:
        core = self._core
        problems = await core.restorer.put_back(renderer, some, report)
        async with core.scene.changing:
            for key, painted in snapshot.painted.items():
                if key in some.keys.values() and self._is_shown(key):
                    await self._painter.paint_again(renderer, core.scene.present(key)[0], painted)
        keys = [snapshot.scene.keys[thing] for thing in snapshot.scene.models]
        core.scene.reorder([core.scene.present(key)[0] for key in keys if self._is_shown(key)])
        if problems:
            core.tell("warning", "Not all that was removed has come back.", "\n".join(problems))
