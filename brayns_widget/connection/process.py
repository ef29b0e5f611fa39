"""Resources that exist once per process: its loop thread, its child processes and its running jobs.

One object holds them, because all have to end with the process, in an order that matters, and because a forked child
has to drop them all.
"""

from __future__ import annotations

import asyncio
import atexit
import concurrent.futures
import logging
import os
import sys
import threading
import time
from collections.abc import Callable, Hashable
from functools import partial
from pathlib import Path
from typing import Any, Protocol, TypeVar

from brayns_widget.connection.child import Child
from brayns_widget.connection.local import LocalService
from brayns_widget.connection.loop import LoopThread

EXIT_DEADLINE = 1.3
"""Seconds that jobs and links get at the end of the process, all together."""

CHILDREN_DEADLINE = 0.5
"""The same for child processes, before the process ends without them."""


_LOG = logging.getLogger(__name__)


class HasChild(Protocol):
    """Something that a child process does, such as the local service."""

    child: Child


H = TypeVar("H", bound=HasChild)


class Running(Protocol):
    """Owner of jobs that start, run or end."""

    async def leave(self) -> None:
        """Close the links and stop the jobs, but for those that end with this process anyway."""

    def unfinished(self) -> str:
        """Return what people have to know if there is no time for ``leave``, or ""."""


class Process:
    """Resources of this process. Use the only instance, ``PROCESS``.

    Attributes:
        exits: whether the process ends, so that what would come later does not.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._loop: LoopThread | None = None
        self._children: list[Child] = []
        self._shared: dict[Hashable, asyncio.Task[Any]] = {}  # by key, what its launch has made
        # They are kept here, with their loops, so that a job that was not closed is stopped at the end.
        self._running: dict[Running, asyncio.AbstractEventLoop] = {}
        self.exits = False
        self._has_told = False

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

    def tell(self, text: str) -> None:
        """Tell people of a job that may run on: as a warning of the log, at the end of the process on stderr.

        An end that comes when all that is unfinished has been told there is not told a second time.
        """
        if not self.exits:
            _LOG.warning(text)
        elif not self._has_told:
            print(f"brayns_widget: {text}", file=sys.__stderr__, flush=True)

    def end(self, *, at_exit: bool = False) -> None:
        """Stop the jobs, close the links, end the services.

        All jobs are stopped at once, on the loops that their links live on. Services come last, so that the links to
        their jobs are closed before they break. What may run on is told.

        Args:
            at_exit: the process ends: no thread can be started any more, and nothing is waited for long. A child that
                needs longer ends all the same, for its life line is closed.
        """
        self.exits = at_exit
        self._end_running(time.monotonic() + EXIT_DEADLINE)
        self._has_told = at_exit
        children, self._children = self._children, []
        for child in children:
            child.hang_up()
        deadline = time.monotonic() + CHILDREN_DEADLINE
        for child in children:
            if at_exit:
                child.wait(max(0.0, deadline - time.monotonic()))
            else:
                child.close()

    def _end_running(self, deadline: float) -> None:
        leaving: dict[concurrent.futures.Future[None], Running] = {}
        # An owner that leaves may begin the end of a job, which is one more.
        while running := {one: loop for one, loop in list(self._running.items()) if one not in leaving.values()}:
            for one, loop in running.items():
                if not loop.is_running():
                    self._running.pop(one, None)
                    self._tell_unfinished(one)
                    continue
                leaving[asyncio.run_coroutine_threadsafe(one.leave(), loop)] = one
            concurrent.futures.wait(leaving, max(0.0, deadline - time.monotonic()))
        for future, one in leaving.items():
            if not future.done() or future.exception() is not None:
                self._tell_unfinished(one)

    def _tell_unfinished(self, running: Running) -> None:
        if text := running.unfinished():
            self.tell(text)

    def forget(self) -> None:
        """Drop everything in a forked child: threads are not copied, and the rest belongs to the parent."""
        self._lock = threading.Lock()  # another thread of the parent may have held the old one
        self._loop = None
        self.exits = self._has_told = False
        self._running = {}
        self._shared = {}
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

atexit.register(partial(PROCESS.end, at_exit=True))
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=PROCESS.forget)
