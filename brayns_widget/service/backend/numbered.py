"""What a client holds by number."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from typing import Generic, TypeVar

from brayns_widget.protocol.errors import INVALID_PARAMS, RequestError

T = TypeVar("T")

_MOST_NAMED = 10  # numbers in a message


class Numbered(Generic[T]):
    """Things with numbers; a new one gets the least that is free, as in the real backend.

    Args:
        what: they are, for messages.
        most: how many there may be.
    """

    def __init__(self, what: str, most: int) -> None:
        self._what = what
        self._most = most
        self._things: dict[int, T] = {}

    def __iter__(self) -> Iterator[tuple[int, T]]:
        return iter(list(self._things.items()))

    def check_room(self) -> None:
        """Raise if no more may be added.

        Raises:
            RequestError: -32602.
        """
        if len(self._things) >= self._most:
            raise RequestError(
                f"This connection holds {self._most} {self._what}s already: unload some", code=INVALID_PARAMS
            )

    def add(self, thing: T) -> int:
        """Add a thing and return its number; see ``check_room``."""
        self.check_room()
        number = next(number for number in count() if number not in self._things)
        self._things[number] = thing
        return number

    def __getitem__(self, number: int) -> T:
        """Return a thing.

        Raises:
            RequestError: -32602, none has this number.
        """
        if number not in self._things:
            known = list(map(str, self._things))
            named = ", ".join([*known[:_MOST_NAMED], *(["…"] if len(known) > _MOST_NAMED else [])]) or "none"
            # The first words are the real backend's.
            problem = f"Cannot find {self._what} registered with ID {number}: this connection has {named}"
            raise RequestError(problem, code=INVALID_PARAMS)
        return self._things[number]

    def pop(self, number: int) -> T:
        """Remove a thing and return it; see ``__getitem__``."""
        thing = self[number]
        del self._things[number]
        return thing
