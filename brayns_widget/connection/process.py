"""Resources that exist once per process: its loop thread, its child processes and its running jobs.

One object holds them, because all have to end with the process, in an order that matters, and because a forked child
has to drop them all.
"""

from __future__ import annotations

import asyncio
import atexit
import concurrent.futures
import contextlib
import os
import threading
from collections.abc import Callable, Hashable
from functools import partial
from pathlib import Path
from typing import Any, Protocol, TypeVar

from brayns_widget.connection.child import Child
from brayns_widget.connection.local import LocalService
from brayns_widget.connection.loop import LoopThread

EXIT_DEADLINE = 5.0


class HasChild(Protocol):
    """Something that a child process does, such as the local service."""

    child: Child


H = TypeVar("H", bound=HasChild)


class Running(Protocol):
    """Owner of a job that starts or runs."""

    def stop_blocking(self) -> None:
        """Stop the job without the event loop, unless it ends with this process anyway."""

    async def close(self, *, stop: bool = True) -> None:
        """Close the links, and stop the job unless ``stop`` is False."""


class Process:
    """Resources of this process. Use the only instance, ``PROCESS``."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._loop: LoopThread | None = None
        self._children: list[Child] = []
        self._shared: dict[Hashable, asyncio.Task[Any]] = {}  # by key, what its launch has made
        # They are kept here, with their loops, so that a job that was not closed is stopped at the end.
        self._running: dict[Running, asyncio.AbstractEventLoop] = {}

    def loop_thread(self) -> LoopThread:
        """Return the loop thread, started at the first call. Callable from any thread."""
        with self._lock:
            if self._loop is None or self._loop.loop.is_closed():
                self._loop = LoopThread()
            return self._loop

    async def local_service(self, base_directory: Path) -> LocalService:
        """Return the local service for a base directory; starts it unless it runs. Call it on the loop thread.

        Raises:
            ServiceError: it cannot be started.
        """
        return await self.shared(base_directory, partial(LocalService.launch, base_directory))

    async def shared(self, key: Hashable, launch: Callable[..., H]) -> H:
        """Return what the child process for ``key`` does; starts it unless it runs. Call it on the loop thread.

        Args:
            key: for one key there is one child.
            launch: starts it, on a thread; gets ``on_process``, to be called as soon as the process exists.

        Raises:
            ServiceError: it cannot be started.
        """
        task = self._shared.get(key)
        if task is None or (task.done() and (task.cancelled() or task.exception() or not task.result().child.alive)):
            # It is kept from its first moment on: this process may end before the child has sent its greeting.
            task = asyncio.create_task(asyncio.to_thread(launch, on_process=self._add_child))
            self._shared[key] = task
        # Shielded: others may wait for the same start.
        made: H = await asyncio.shield(task)
        return made

    def add(self, running: Running) -> None:
        """Stop and close ``running`` at the end of the process. Call it on its loop."""
        self._running[running] = asyncio.get_running_loop()

    def discard(self, running: Running) -> None:
        """Undo ``add``."""
        self._running.pop(running, None)

    def end(self) -> None:
        """Stop the jobs, close the links, end the services. Called at exit, when no thread can be started any more.

        Jobs come first: a remote one costs until it is stopped, and a link that hangs must not prevent that. Services
        come last, so that the links to their jobs are closed before they break.
        """
        running = list(self._running.items())
        for connection, _ in running:
            with contextlib.suppress(Exception):  # such as one of a user's function that returns the token
                connection.stop_blocking()
        closing = [
            asyncio.run_coroutine_threadsafe(connection.close(stop=False), loop)
            for connection, loop in running
            if loop.is_running()
        ]
        concurrent.futures.wait(closing, EXIT_DEADLINE)
        for child in self._children:
            with contextlib.suppress(Exception):  # one that cannot be ended must not keep the others
                child.close()
        self._children.clear()

    def forget(self) -> None:
        """Drop everything in a forked child: threads are not copied, and the rest belongs to the parent."""
        self._lock = threading.Lock()  # another thread of the parent may have held the old one
        self._loop = None
        self._running.clear()
        self._shared.clear()
        for child in self._children:  # while the fork held their life lines, they would outlive the parent
            child.hang_up()
        self._children.clear()

    def _add_child(self, child: Child) -> None:
        with self._lock:  # children are launched on worker threads
            gone = [other for other in self._children if not other.alive]
            self._children = [*(other for other in self._children if other not in gone), child]
        for other in gone:
            other.close()


PROCESS = Process()

atexit.register(PROCESS.end)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=PROCESS.forget)
