"""The backend's link, which is opened again whenever it breaks: a backend has nothing to lose, and may be back soon."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from brayns_widget.connection.capabilities import equip_backend, list_methods
from brayns_widget.connection.job import Job
from brayns_widget.connection.link import Link
from brayns_widget.connection.loop import finish_cleanup
from brayns_widget.connection.recovery import is_for_good, pause_before, with_new_token
from brayns_widget.connection.server import Server
from brayns_widget.protocol.errors import AuthError, BraynsWidgetError, ConnectionLost


class Mender:
    """Keeper of the link to the backend of one job, by and by, and at once when a request needs it.

    Args:
        job: the job.
        link: its link to the backend, or None if that was away from the start.
        tell: called with the reason when the link is lost and cannot be opened at once, and with None when it is open.

    Attributes:
        server: the backend, the same one over all its links.
        methods: the backend's methods, or None until it is reached for the first time.
        told: whether a loss is worth telling; while the renderer is out of reach, too, it is not.
    """

    def __init__(self, job: Job, link: Link | None, tell: Callable[[BraynsWidgetError | None], None]) -> None:
        self.server = Server(link, self._reopen)
        self.methods: frozenset[str] | None = None
        self.told = False
        self._job = job
        self._tell = tell
        self._opening = asyncio.Lock()
        self._mending: asyncio.Task[None] | None = None
        self._has_told = False  # of the present loss
        self._closed = False

    def lost(self, error: BraynsWidgetError, *, tried: bool = False) -> None:
        """Take in that the link broke. It is opened again, unless the token is refused; then whoever needs it tries.

        Args:
            error: why.
            tried: whether an attempt has failed already, so that the loss is told at once.
        """
        if not self._closed and (self._mending is None or self._mending.done()):
            self._mending = asyncio.create_task(self._mend(error, tried), name="reach the backend")

    def renewed(self) -> None:
        """Take in that there is another token, if the last one was refused."""
        if not self.server.reachable:
            self.lost(ConnectionLost("The connection to the backend was lost."))

    async def close(self) -> None:
        """Open the link no more."""
        self._closed = True
        if self._mending is not None:
            self._mending.cancel()
            await asyncio.wait([self._mending])

    async def _mend(self, error: BraynsWidgetError, tried: bool) -> None:
        attempt, self._has_told = 1, False
        while not self.server.reachable:
            if tried and self.told and not self._has_told:
                self._has_told = True
                self._tell(error)
            await asyncio.sleep(pause_before(attempt))
            attempt += 1
            try:
                await self._reopen()
            except BraynsWidgetError as failure:
                if is_for_good(failure):
                    self._tell(failure)
                    return
            tried = True

    async def _reopen(self) -> None:
        async with self._opening:
            if self.server.reachable:
                return
            try:
                link = await self._job.open_backend()
                if self.methods is None:
                    self.methods = await self._list_methods(link)
            except BraynsWidgetError as error:
                text = f"The backend is out of reach, so neither files nor node attributes can be read: {error.message}"
                if is_for_good(error):
                    raise AuthError(text, hint=with_new_token(self._job.id)) from None
                raise ConnectionLost(text, hint="New attempts go on; what is loaded can be used meanwhile.") from None
            if self._closed:
                await link.close()
                raise ConnectionLost("The backend has gone with its job.")
            equip_backend(link, self.methods)
            self._has_told = False
            try:
                await self.server.renew(link)
            finally:  # the server has it, also if whoever asks gives up while the last one is closed
                self._tell(None)

    async def _list_methods(self, link: Link) -> frozenset[str]:
        try:
            return await list_methods(Server(link))
        except BaseException:
            await finish_cleanup(link.close())
            raise
