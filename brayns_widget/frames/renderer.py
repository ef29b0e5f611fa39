"""The frame process's own link to a renderer."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from brayns_widget.connection.link import Address, Link
from brayns_widget.protocol.errors import BraynsWidgetError, ConnectionLost, DeadlineExceeded
from brayns_widget.stream import RequestFunction

ATTEMPTS = 4
_PAUSE = 0.25
_STABLE = 10.0
"""Seconds after which a link that breaks has not failed to open."""

SetRequest = Callable[[RequestFunction | None], None]


class RendererLink:
    """A link that is opened again when it breaks, a few times; then the owner is told.

    Args:
        address: the renderer's.
        cancellable: its methods that it can cancel.
        on_request: gets the way to the renderer whenever it is open, and None when it breaks.
        on_failed: gets the last error when it cannot be opened (again).
    """

    def __init__(
        self,
        address: Address,
        cancellable: frozenset[str],
        on_request: SetRequest,
        on_failed: Callable[[BraynsWidgetError], None],
    ) -> None:
        self._address = address
        self._cancellable = cancellable
        self._on_request = on_request
        self._on_failed = on_failed
        self._task = asyncio.create_task(self._run(), name="frames' link to the renderer")

    async def close(self) -> None:
        """Close the link."""
        self._task.cancel()
        await asyncio.wait([self._task])

    async def _run(self) -> None:
        clock = asyncio.get_running_loop().time
        failures = 0
        while True:
            began = clock()
            try:
                await self._live()
            except BraynsWidgetError as error:
                failures = 1 if clock() - began > _STABLE else failures + 1
                if failures == ATTEMPTS or not isinstance(error, ConnectionLost | DeadlineExceeded):
                    self._on_failed(error)
                    return
            await asyncio.sleep(_PAUSE * 2 ** (failures - 1))

    async def _live(self) -> None:
        """Open the link and use it until it breaks, which raises the reason."""
        broken: asyncio.Future[BraynsWidgetError] = asyncio.get_running_loop().create_future()
        address = self._address
        link = await Link.open(
            address.url,
            address.token,
            name="renderer",
            probe="get-version",
            overtakes=True,  # our renderer and Brayns answer a cancel at once, whatever the kernel's link does there
            on_close=broken.set_result,
        )
        link.cancellable = self._cancellable
        self._on_request(link.request)
        try:
            raise await broken
        finally:
            self._on_request(None)
            await link.close()
