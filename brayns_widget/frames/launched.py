"""The frame process, as the kernel sees it: started by it, with one socket to it."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import logging
from collections.abc import Callable
from typing import Any

import websockets

from brayns_widget.connection.child import Child
from brayns_widget.connection.link import MUTE
from brayns_widget.frames import control
from brayns_widget.protocol.errors import ServiceError
from brayns_widget.protocol.messages import MAX_MESSAGE

CONNECT_DEADLINE = 10.0
PING_PERIOD = 0.5
"""Seconds between two looks for the answer of the process; while none is due, it is asked again."""
SILENT_LOOKS, HUNG_LOOKS = 3, 10
"""Looks without an answer after which the process is told to be silent, and after which it is killed."""

_LOG = logging.getLogger(__name__)

Hear = Callable[[str, list[Any], memoryview], None]
"""Function that gets what a host tells: name, arguments, picture."""


class FrameProcess:
    """A running ``brayns-widget frames``. Make it with ``launch``, and connect it on the loop that uses it.

    One that does not answer for 5 s is killed, and then it is like one that has died.

    Attributes:
        child: the process.
        port: of its server.
    """

    def __init__(self, child: Child) -> None:
        self.child = child
        self.port = int(child.greeting["port"])
        self._numbers = itertools.count(1)
        self._hosts: dict[int, Hear] = {}
        self._lost: dict[int, Callable[[], None]] = {}
        self._silent: dict[int, Callable[[bool], None]] = {}
        self._socket: websockets.ClientConnection | None = None
        self._outbox: asyncio.Queue[str] = asyncio.Queue()
        self._running: asyncio.Task[None] | None = None
        self._connecting = asyncio.Lock()

    @classmethod
    def launch(cls, *, on_process: Callable[[Child], None] = lambda _: None) -> FrameProcess:
        """Start the process and wait until it listens.

        Raises:
            ServiceError: it cannot be started.
        """
        return cls(Child.launch(["frames"], name="frame process", on_process=on_process))

    async def connect(self) -> None:
        """Connect, unless it is connected.

        Raises:
            ServiceError: it does not answer.
        """
        from websockets.asyncio.client import connect

        async with self._connecting:
            if self._running is not None:
                return
            try:
                async with asyncio.timeout(CONNECT_DEADLINE):
                    self._socket = await connect(
                        f"ws://127.0.0.1:{self.port}{control.PATH}",
                        additional_headers={"Authorization": f"Bearer {self.child.secret.reveal()}"},
                        compression=None,
                        ping_interval=None,
                        max_size=MAX_MESSAGE,
                        proxy=None,
                        logger=MUTE,
                    )
            except (OSError, websockets.WebSocketException) as error:
                self.child.kill()  # who asks for it next gets another one
                raise ServiceError(f"The frame process does not answer: {type(error).__name__}.") from None
            self._running = asyncio.create_task(self._run(self._socket), name="frame process")

    def open(self, hear: Hear, on_lost: Callable[[], None], on_silent: Callable[[bool], None]) -> int:
        """Add a host and return its number.

        Args:
            hear: gets what the host tells.
            on_lost: called when the process is gone.
            on_silent: called with True when the process does not answer, and with False when it does again.
        """
        number = next(self._numbers)
        self._hosts[number], self._lost[number], self._silent[number] = hear, on_lost, on_silent
        return number

    def close(self, number: int) -> None:
        """Remove a host."""
        if self._hosts.pop(number, None):
            del self._lost[number], self._silent[number]
            self.say(number, "close", [])

    def say(self, number: int, name: str, arguments: list[Any]) -> None:
        """Call a host."""
        self._outbox.put_nowait(control.encode(number, name, arguments))

    async def _run(self, socket: websockets.ClientConnection) -> None:
        writer = asyncio.create_task(self._write(socket))
        watch = asyncio.create_task(self._watch(socket))
        try:
            async for raw in socket:
                self._hand_on(raw)
        except websockets.ConnectionClosed:
            pass
        finally:
            writer.cancel()
            watch.cancel()
            try:
                # It has died, or is of no use any more. Who is told starts another, unless this one is still alive.
                await asyncio.to_thread(self.child.close)
            finally:
                lost, self._lost = self._lost, {}
                self._hosts.clear()
                self._silent.clear()
                for call in lost.values():
                    call()

    def _hand_on(self, raw: str | bytes) -> None:
        # Not in the loop above, whose variables would hold the last widget that was told something.
        (number, name, arguments), data = control.decode(raw)
        if hear := self._hosts.get(number):
            try:
                hear(name, arguments, data)
            except Exception:  # one widget's trouble must not end the others' frames
                _LOG.exception("What a host told, %r, could not be handled", name)

    async def _write(self, socket: websockets.ClientConnection) -> None:
        try:
            while True:
                await socket.send(await self._outbox.get())
        except websockets.ConnectionClosed:
            pass  # the reader sees it, too

    async def _watch(self, socket: websockets.ClientConnection) -> None:
        """Kill the process when it hangs.

        Looks are counted, not seconds: when a cell has held the GIL, or the computer has slept, much time has passed at
        once, and the answer may have come without having been read.
        """
        asked = asyncio.create_task(_ask(socket))
        missed = 0
        try:
            while missed < HUNG_LOOKS:
                await asyncio.sleep(PING_PERIOD)
                if not asked.done():
                    missed += 1
                    if missed == SILENT_LOOKS:
                        self._tell_silent(True)
                    continue
                if missed >= SILENT_LOOKS:
                    self._tell_silent(False)
                missed = 0
                asked = asyncio.create_task(_ask(socket))
        finally:
            asked.cancel()
        # No warning: that would stand below a cell, and the views tell it.
        _LOG.info("The frame process has not answered for %g s, and is killed", HUNG_LOOKS * PING_PERIOD)
        self.child.kill()

    def _tell_silent(self, silent: bool) -> None:
        for call in list(self._silent.values()):
            call(silent)


async def _ask(socket: websockets.ClientConnection) -> None:
    """Return when the process has answered; its event loop does."""
    with contextlib.suppress(websockets.ConnectionClosed):
        await (await socket.ping())
