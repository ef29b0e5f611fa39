"""What only the renderer knows before it is first set here: the ramps of models, and the frame of the simulation."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Hashable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, eq=False)
class Finding:
    """A value.

    Attributes:
        job: the job in which it was found.
        first: what the renderer had before it was first set here.
        now: what it has now.
    """

    job: object
    first: Any
    now: Any


class Findings:
    """The values by what has them. Lives on the loop thread."""

    def __init__(self) -> None:
        self.values: Mapping[Hashable, Finding] = {}  # never changed in place

    async def find(self, owner: Hashable, job: object, read: Callable[[], Awaitable[Any]]) -> Finding:
        """Return what is known of a value, which is read the first time in each job.

        Args:
            owner: what has it.
            job: the present job.
            read: asks the renderer.
        """
        found = self.values.get(owner)
        if found is None or found.job is not job:
            value = await read()
            found = Finding(job, value, value)
        return found

    def put(self, owner: Hashable, found: Finding, value: Any) -> None:
        """Take in that a value was set.

        Args:
            owner: what has it.
            found: what was known before.
            value: the value.
        """
        self.values = {**self.values, owner: Finding(found.job, found.first, value)}

    def forget(self, owner: Hashable) -> None:
        """Forget a value, which others have set."""
        self.values = {other: found for other, found in self.values.items() if other != owner}
