"""Which cell each pixel of a picture at rest shows, as the renderer tells it: asked beside the stream's loop."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from typing import Any

from brayns_widget.protocol.errors import ConnectionLost, ProtocolError
from brayns_widget.protocol.messages import Reply

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Ids:
    """What each pixel of a picture shows; see ``protocol.brayns.additions.IdBuffer``.

    Attributes:
        picture: number of the picture.
        data: the compressed buffer, untouched.
        width: width in pixels.
        height: height in pixels.
        count: number of its entries.
        section_types: names of the types of sections, to which the entries refer.
    """

    picture: int
    data: memoryview
    width: int
    height: int
    count: int
    section_types: Sequence[str]

    @classmethod
    def of(cls, picture: int, reply: Reply) -> Ids:
        """Take the renderer's answer for a picture.

        Raises:
            ProtocolError: it is not one.
        """
        from brayns_widget.protocol.brayns.additions import RENDER_IDS

        said = RENDER_IDS.decode(reply.result)
        if not len(reply.payload):
            raise ProtocolError("The renderer answered render-ids without a buffer.")
        return cls(picture, reply.payload, said.width, said.height, said.count, said.section_types)


@dataclass(frozen=True, slots=True)
class FrameIds:
    """The ids of the picture that a view has got as frame ``seq``."""

    seq: int
    view: str
    ids: Ids


class Question:
    """At most one question under way, for which nobody waits.

    Args:
        answered: called when one has been answered, or has failed, and the next may be asked.
    """

    def __init__(self, answered: Callable[[], None]) -> None:
        self._answered = answered
        self._task: asyncio.Task[None] | None = None
        self._tasks: set[asyncio.Task[None]] = set()  # with those that were cancelled and have not ended yet

    @property
    def is_open(self) -> bool:
        """Whether one is under way."""
        return self._task is not None

    def ask(self, question: Coroutine[Any, Any, None]) -> None:
        """Begin to ask. An error is logged: without an answer, pictures are as good as before."""
        self._task = asyncio.create_task(self._run(question), name="ask what a picture shows")
        self._tasks.add(self._task)
        self._task.add_done_callback(self._tasks.discard)

    def cancel(self) -> None:
        """Ask no more; does not wait until the renderer has taken that in."""
        if self._task is not None:
            self._task.cancel()
            self._task = None

    async def close(self) -> None:
        """Ask no more, and wait for the ends of all questions."""
        self.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)

    async def _run(self, question: Coroutine[Any, Any, None]) -> None:
        try:
            await question
        except ConnectionLost:
            pass  # the link's owner reports it
        except Exception as error:  # whatever it is, pictures go on
            _LOG.warning(
                "The renderer does not tell which cells a picture shows: %s", str(error) or "no answer in time"
            )
        if asyncio.current_task() is self._task:
            self._task = None
            self._answered()
