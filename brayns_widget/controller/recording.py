"""What calls change in the scene, step by step, so that each step can be undone and done again.

A step is the difference that one call, from Python or from a page, or one gesture has made in the parts of the scene
that can be set again. What nobody here has changed, such as what another client did, is in no step.
"""

from __future__ import annotations

import asyncio
import re
import time
import weakref
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, replace
from typing import Any, Protocol

from brayns_widget.controller.camera import Camera
from brayns_widget.controller.phrases import CUT_MOVED, FRAME_SHOWN, SLAB_MOVED
from brayns_widget.controller.state import Notice, State, Store
from brayns_widget.controller.weakly import weakly
from brayns_widget.protocol.errors import BraynsWidgetError, ConnectionLost, DeadlineExceeded, RequestCancelled

MOST_STEPS = 100
MOST_LINES = 50

MERGE_PERIOD = 1.0
"""Seconds within which what is done many times a second is one step: the camera, the slab, a plane that
cuts or a frame is set."""

CAMERA_SET = "set the camera"
"""What Python does with the camera; gestures move it, and each of them is a step."""

_MERGED = (CAMERA_SET, SLAB_MOVED, FRAME_SHOWN, CUT_MOVED)

MISSING = object()
"""The value of a part that is not there: a step says nothing of it."""

_ASSIGNED = re.compile(r"[^=(]+ = ")
_UPDATED = re.compile(r"([^=(]+\.update)\(")
_GIVEN = re.compile(r"[(\s](\w+)=")  # an argument's name

Change = tuple[Any, Any]
"""A value before and after a step."""


class Part(Protocol):
    """A part of the scene that can be set again."""

    def read(self) -> Any:
        """Return its present value, which never changes in place."""

    def changes(self, before: Any, after: Any) -> Mapping[Hashable, Change]:
        """Return what differs between two values of it, by what has it."""

    def is_there(self, owner: Hashable) -> bool:
        """Whether something that had it is there still."""

    async def write(self, values: Mapping[Hashable, Any]) -> None:
        """Set it again, by what has it."""


class Owners(Part, Protocol):
    """The part of the scene whose members have the others."""

    def hold(self, owners: Iterable[Hashable]) -> None:
        """Take in which members steps are about, so that these may come back."""


class Settable(Hashable, Protocol):
    """Something that is in no part of the scene, such as where a widget has its legend."""

    def is_there(self) -> bool:
        """Whether it is there still."""

    def set(self, value: Any) -> None:
        """Set it again, without waiting."""


class _Others:
    """What is no part of the scene: it is not read, but tells its changes."""

    def read(self) -> None:
        """Read nothing."""

    def changes(self, _before: None, _after: None) -> Mapping[Hashable, Change]:
        """Return nothing."""
        return {}

    def is_there(self, owner: Any) -> bool:
        """Whether something is there still."""
        return bool(owner.is_there())

    async def write(self, values: Mapping[Any, Any]) -> None:
        """Set it again."""
        for owner, value in values.items():
            owner.set(value)


@dataclass(frozen=True, slots=True)
class Step:
    """What one call or one gesture has changed.

    Attributes:
        text: what it did, such as "color S1 by mtype".
        changes: values before and after, by the number of the part and what has it.
        made: when, on a clock of its own.
    """

    text: str
    changes: Mapping[tuple[int, Hashable], Change]
    made: float


class Recorder:
    """Recorder of one controller's steps. Lives on the loop thread.

    Args:
        store: the state, which tells what can be undone.
        members: the models and the like that there are.
        parts: all else that can be set again, in the order in which it is.
        camera: number of the part among these that is the camera.
    """

    def __init__(self, store: Store, members: Owners, parts: Sequence[Part], camera: int) -> None:
        self._store = store
        self._members = members
        self._parts = (*parts, members, _Others())
        self._camera = camera
        self._known: list[Any] = []
        self._calls: set[asyncio.Task[Any] | None] = set()  # the tasks of calls that run
        self._done: list[Step] = []
        self._undone: list[Step] = []
        self._turned_from: Camera | None = None  # during a gesture
        self._turn = asyncio.Lock()
        store.listen(lambda state: state.models, weakly(self._models_changed))

    # ------------------------------------------------------------------ recording

    @contextmanager
    def noting(self, text: str) -> Iterator[None]:
        """Make a step of what changes inside; calls that another call makes belong to that one's step.

        Args:
            text: what is done, or "" if others have done it.
        """
        task = asyncio.current_task()
        if task in self._calls:
            yield
            return
        if not self._calls:
            self._known = self._read()
        self._calls.add(task)
        try:
            yield
        finally:
            self._calls.discard(task)
            if (changes := self._changes()) and text:
                self._add(text, changes)
            self._models_changed()

    def changed(self, text: str, owner: Settable, before: Any, after: Any) -> None:
        """Take in that something that is no part of the scene was changed.

        Args:
            text: what was done.
            owner: what was changed.
            before: its value before.
            after: its value now.
        """
        self._add(text, {(len(self._parts) - 1, owner): (before, after)})

    def turning(self) -> None:
        """Take in that a gesture is about to move the camera."""
        self._turned_from = self._turned_from or self._store.state.camera

    def turned(self) -> bool:
        """Take in that a gesture has ended, which is one step; return whether it has moved the camera."""
        before, now, self._turned_from = self._turned_from, self._store.state.camera, None
        if before is None or before == now:
            return False
        if self._calls:
            self._known[self._camera] = now  # it is no part of the calls that run
        text = "move the camera" if before.type == now.type else f"make the camera {now.type}"
        self._add(text, {(self._camera, None): (before, now)})
        return True

    def _read(self) -> list[Any]:
        return [part.read() for part in self._parts]

    def _changes(self) -> dict[tuple[int, Hashable], Change]:
        """Return what has changed since it was asked last."""
        before, self._known = self._known, self._read()
        return {
            (number, owner): change
            for number, part in enumerate(self._parts)
            if before[number] is not self._known[number] and not (number == self._camera and self._turned_from)
            for owner, change in part.changes(before[number], self._known[number]).items()
        }

    def _add(self, text: str, changes: Mapping[tuple[int, Hashable], Change]) -> None:
        step = Step(text, changes, time.monotonic())
        if text in _MERGED and self._done and (longer := self._longer(self._done[-1], step)):
            self._done[-1] = longer
        else:
            self._done.append(step)
            del self._done[:-MOST_STEPS]
        self._undone.clear()
        self._tell()

    def _longer(self, last: Step, step: Step) -> Step | None:
        """Join two steps if both only set the same, one soon after the other.

        A plane or a box that cuts is another member of the scene after each change. So the second step sets the same if
        it takes away all that the first one has brought.
        """
        if last.text != step.text or step.made - last.made > MERGE_PERIOD:
            return None
        if {*_with(last, 1)} != {*_with(step, 0)}:
            return None
        before = {key: change[0] for key, change in (*step.changes.items(), *last.changes.items())}
        after = {key: change[1] for key, change in (*last.changes.items(), *step.changes.items())}
        return replace(step, changes={key: (before[key], after[key]) for key in before if before[key] != after[key]})

    # ------------------------------------------------------------------ going back and forth

    async def undo(self) -> bool:
        """Undo the last step; return whether there was one."""
        return await self._go(self._done, self._undone, 0)

    async def redo(self) -> bool:
        """Do again what was undone last; return whether there was something."""
        return await self._go(self._undone, self._done, 1)

    async def _go(self, source: list[Step], target: list[Step], side: int) -> bool:
        async with self._turn:
            self._forget_gone()
            if not source:
                return False
            step = source[-1]
            try:
                await self._write(step, side)
            except (RequestCancelled, ConnectionLost, DeadlineExceeded):
                raise  # it can be tried again
            except BraynsWidgetError as error:
                target = []  # or it would be in the way of all other steps
                self._tell_left_out(step, side, error)
            finally:
                self._known = self._read()  # this is no step
            if source and source[-1] is step:  # no other one has been made meanwhile
                target.append(source.pop())
                self._tell()
            return True

    async def _write(self, step: Step, side: int) -> None:
        for number, part in enumerate(self._parts):
            values = {
                owner: change[side]
                for (other, owner), change in step.changes.items()
                if other == number and part.is_there(owner)
            }
            if values:
                await part.write(values)

    def _tell_left_out(self, step: Step, side: int, error: BraynsWidgetError) -> None:
        text = f"“{step.text}” cannot be {'done again' if side else 'undone'}, so it is left out."
        self._store.state = replace(self._store.state, notice=Notice("warning", text, str(error)))

    def _models_changed(self, _: object = None) -> None:
        if not self._calls:  # what a call removes may come back by its step, which is made at its end
            self._forget_gone()

    def _forget_gone(self) -> None:
        """Forget the steps about what is gone, unless it may come back by another step."""
        members = self._parts.index(self._members)
        self._members.hold(
            owner for step in (*self._done, *self._undone) for number, owner in step.changes if number == members
        )
        for steps in (self._done, self._undone):
            steps[:] = [
                step for step in steps if any(self._parts[number].is_there(owner) for number, owner in step.changes)
            ]
        self._tell()

    # ------------------------------------------------------------------ telling

    def write(self, line: str) -> None:
        """Take down the Python line of what a page has done; of two that set the same, the second one counts."""
        past = self._store.state.past
        last = past.lines[-1] if past.lines else ""
        target = _target(line)
        lines = past.lines[:-1] if target is not None and target == _target(last) else past.lines
        self._set(replace(self._store.state, past=replace(past, lines=(*lines, line)[-MOST_LINES:])))

    def _tell(self) -> None:
        undo, redo = (steps[-1].text if steps else "" for steps in (self._done, self._undone))
        self._set(replace(self._store.state, past=replace(self._store.state.past, undo=undo, redo=redo)))

    def _set(self, state: State) -> None:
        if state.past != self._store.state.past:
            self._store.state = state


def _target(line: str) -> str | None:
    """Return what a line of Python sets; None if it sets nothing."""
    if found := _ASSIGNED.match(line):
        return found[0]
    if found := _UPDATED.match(line):
        return " ".join([found[1], *_GIVEN.findall(line)])
    return None


def _with(step: Step, side: int) -> Iterator[tuple[int, Hashable]]:
    """Yield what has a value before a step (side 0) or after it (1)."""
    return (key for key, change in step.changes.items() if change[side] is not None)


def noted_weakly(recorder: Recorder) -> Callable[[str], AbstractContextManager[None]]:
    """Return the recorder's ``noting``, which does nothing any more when nothing else holds the recorder."""
    reference = weakref.ref(recorder)

    def noting(text: str) -> AbstractContextManager[None]:
        found = reference()
        return nullcontext() if found is None else found.noting(text)

    return noting
