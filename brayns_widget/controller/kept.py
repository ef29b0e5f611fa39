"""The bytes of uploads, kept as long as there is room, so that they can be loaded again."""

from __future__ import annotations

import weakref

from brayns_widget.protocol.errors import CircuitError

MOST = 256 << 20
"""Bytes that are kept; the oldest uploads are given up for newer ones."""


class Kept:
    """The bytes of an upload, while there is room.

    Args:
        content: the bytes.
    """

    def __init__(self, content: bytes | memoryview) -> None:
        self.content: bytes | memoryview | None = content

    def read(self) -> bytes | memoryview:
        """Return the bytes.

        Raises:
            CircuitError: they were given up.
        """
        if self.content is None:
            raise CircuitError("The upload is not kept any more.", hint="Upload the file again.")
        return self.content


class Keeper:
    """Keeper of the uploads that models and steps have come from; what none of these has is not held."""

    def __init__(self) -> None:
        self._kept: list[weakref.ref[Kept]] = []  # the oldest first

    def keep(self, content: bytes | memoryview) -> Kept:
        """Keep the bytes of an upload; the same ones, sent again, take no more room."""
        there = [one for reference in self._kept if (one := reference()) is not None and one.content is not None]
        newest = next((one for one in there if one.content is content), None) or Kept(content)
        there = [*(one for one in there if one is not newest), newest]
        room = sum(len(one.content or b"") for one in there) - MOST
        for one in there[:-1]:
            if room <= 0:
                break
            room -= len(one.content or b"")
            one.content = None
        self._kept = [weakref.ref(one) for one in there]
        return newest
