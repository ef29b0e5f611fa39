"""Pins: picks whose cards stay in the view."""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any, overload

from annotated_types import Ge

from brayns_widget.controller.arguments import Reads
from brayns_widget.controller.calls import offered, waiting
from brayns_widget.controller.group import Core, Group
from brayns_widget.controller.picked import Picked
from brayns_widget.protocol.errors import CircuitError

MOST_PICKS = 100
"""Picks that can be pinned: the last ones."""


def _read_number(value: Any, name: str) -> Any:
    del name
    return value.number if isinstance(value, Picked) else value


if TYPE_CHECKING:
    Pick = Picked | int
else:
    Pick = Annotated[int, Ge(1), Reads(_read_number)]


class Pins(Group, Sequence[Picked]):
    """The pinned picks, the newest first; the view has a card and a ring for each.

    ::

        viewer.pins.add()                          # the last pick
        viewer.pins.add(viewer.selection.pick(0.5, 0.5))
        [pin.cell for pin in viewer.pins]
        viewer.pins.clear()
    """

    def __init__(self, core: Core) -> None:
        super().__init__(core)
        self._numbers = itertools.count(1)
        self._picks: deque[Picked] = deque(maxlen=MOST_PICKS)

    @overload
    def __getitem__(self, index: int) -> Picked: ...

    @overload
    def __getitem__(self, index: slice) -> Sequence[Picked]: ...

    def __getitem__(self, index: int | slice) -> Picked | Sequence[Picked]:
        return self._store.state.pins[index]

    def __len__(self) -> int:
        return len(self._store.state.pins)

    def __repr__(self) -> str:
        return repr(list(self))

    def __iter__(self) -> Iterator[Picked]:
        return iter(self._store.state.pins)

    @offered
    @waiting
    async def add(self, pick: Pick | None = None) -> None:
        """Pin a pick; one that is pinned stays where it is.

        Args:
            pick: what ``selection.pick`` has returned or ``on_pick`` has told, or its number; None for the last one.

        Raises:
            CircuitError: nothing was picked, or too much was picked since.
        """
        found = self._find(pick)
        if found not in self._store.state.pins:
            self._put((found, *self._store.state.pins))

    @offered
    @waiting
    async def remove(self, pick: Pick) -> None:
        """Unpin a pick.

        Args:
            pick: the pick, or its number; one that is not pinned changes nothing.
        """
        self._put(tuple(pin for pin in self._store.state.pins if pin.number != pick))

    @offered
    @waiting
    async def clear(self) -> None:
        """Unpin all."""
        self._put(())

    def number(self, picked: Picked) -> Picked:
        """Give a pick that has hit something its number, by which it can be pinned."""
        if picked.hit:
            picked = replace(picked, number=next(self._numbers))
            self._picks.append(picked)
        return picked

    async def give(self, pins: tuple[Picked, ...]) -> None:
        """Set all of them; on the loop thread only."""
        self._put(pins)

    def _find(self, pick: Pick | None) -> Picked:
        if pick is None:
            if not self._picks:
                raise CircuitError("Nothing was picked.", hint="Click a cell, or call selection.pick.")
            return self._picks[-1]
        for known in (*self._picks, *self._store.state.pins):
            if known.number == pick:
                return known
        raise CircuitError(f"There is no pick {pick} among the last {MOST_PICKS} that hit something.")

    def _put(self, pins: tuple[Picked, ...]) -> None:
        self._store.state = replace(self._store.state, pins=pins)
