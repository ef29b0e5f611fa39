"""Tasks: long calls that can be waited for, awaited, watched and cancelled."""

from __future__ import annotations

import asyncio
import concurrent.futures
import itertools
import logging
import threading
from collections.abc import Callable, Coroutine, Generator, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from brayns_widget.connection.loop import LoopThread
from brayns_widget.connection.reports import Report
from brayns_widget.protocol.errors import CANCELLED, DeadlineExceeded, RequestCancelled

T = TypeVar("T")
_IDS = itertools.count(1)
_LOG = logging.getLogger(__name__)

# Seconds that `result` waits, after Ctrl-C, for the server to confirm that it has stopped.
INTERRUPT_DEADLINE = 5.0


@dataclass(frozen=True, slots=True)
class TaskProgress:
    """Progress of a task; ``amount`` is from 0 to 1, or None if it is unknown."""

    amount: float | None = None
    operation: str = ""


class Task(Generic[T]):
    """A long call that runs on the private event loop.

    Wait for it with ``result()`` in a plain cell or script, with ``await task`` in async code; iterate over it to get
    its progress. Interrupting ``result()`` cancels what the server does.

    Args:
        loop: the thread that it runs on.
        work: makes the coroutine; gets a function that reports progress.
        name: description of the call, such as "load circuit.json".
        subject: what it is about, such as the path of a circuit, or None.
    """

    def __init__(
        self,
        loop: LoopThread,
        work: Callable[[Report], Coroutine[Any, Any, T]],
        name: str,
        subject: object = None,
    ) -> None:
        self.id = f"task-{next(_IDS)}"
        self.name = name
        self.subject = subject
        self.progress = TaskProgress()
        self._loop = loop
        self._changed = threading.Condition()
        self._watchers: list[Callable[[Task[Any]], object]] = []
        # Always "running" for its owner, so that it cannot be cancelled without the server.
        self._future: concurrent.futures.Future[T] = concurrent.futures.Future()
        self._future.set_running_or_notify_cancel()
        # The same for those who wait. They go on when the watchers have been told, so that what these keep, such as
        # the notice, is about this end.
        self._told: concurrent.futures.Future[T] = concurrent.futures.Future()
        self._told.set_running_or_notify_cancel()
        self._running: asyncio.Task[T] | None = None
        loop.post(self._start, work)

    def __repr__(self) -> str:
        if not self.done:
            amount = "" if self.progress.amount is None else f" {self.progress.amount:.0%}"
            return f"<Task {self.name!r}: running{amount} {self.progress.operation}".rstrip() + ">"
        error = self._future.exception()
        return f"<Task {self.name!r}: {'done' if error is None else f'failed: {error}'}>"

    @property
    def done(self) -> bool:
        """Whether it has ended, by success, failure or cancellation."""
        return self._future.done()

    @property
    def is_current(self) -> bool:
        """Whether it is this task that asks, on the loop thread."""
        return self._running is not None and self._running is asyncio.current_task()

    def result(self, timeout: float | None = None) -> T:
        """Wait for the result.

        Args:
            timeout: seconds; None waits as long as the task's own deadlines allow. The task continues after a timeout.

        Raises:
            DeadlineExceeded: it is not done in time.
            RequestCancelled: it was cancelled.
            BraynsWidgetError: it failed.
        """
        self._refuse_own_thread()
        if self._loop.is_current:
            return self._future.result()  # for a watcher
        try:
            return self._told.result(timeout)
        except KeyboardInterrupt:
            self.cancel()
            concurrent.futures.wait([self._told], INTERRUPT_DEADLINE)
            raise
        except TimeoutError:
            if self._told.done():
                raise
            raise DeadlineExceeded(f"{self.name!r} was not done within {timeout:g} s; it goes on.") from None

    def exception(self) -> BaseException | None:
        """Return the error of a task that is done, or None."""
        return self._future.exception(0)

    def cancel(self) -> None:
        """Ask it to stop, from any thread. ``result`` then raises RequestCancelled, unless it was done before."""
        self._loop.post(self._cancel)

    def add_callback(self, callback: Callable[[Task[Any]], object]) -> None:
        """Call ``callback(task)`` on the loop thread, now, at each progress and, last, when it is done."""
        self._loop.post(self._add_callback, callback)

    def __await__(self) -> Generator[Any, None, T]:
        return self._wait().__await__()

    def __iter__(self) -> Iterator[TaskProgress]:
        """Yield the newest progress whenever it changes, until the task is done; ``result`` then returns at once."""
        self._refuse_own_thread()
        seen = TaskProgress()
        try:
            while True:
                with self._changed:
                    while not self.done and self.progress == seen:
                        self._changed.wait()
                    newest = self.progress
                if newest == seen:
                    return
                seen = newest
                yield newest
        except KeyboardInterrupt:
            self.cancel()
            raise

    async def _wait(self) -> T:
        try:
            return await asyncio.wrap_future(self._told)
        except asyncio.CancelledError:
            self.cancel()
            raise

    def _start(self, work: Callable[[Report], Coroutine[Any, Any, T]]) -> None:
        self._running = asyncio.get_running_loop().create_task(work(self._report), name=self.name)
        self._running.add_done_callback(self._finish)

    def _finish(self, running: asyncio.Task[T]) -> None:
        self._settle(self._future, running)
        self._announce()
        self._settle(self._told, running)

    def _settle(self, future: concurrent.futures.Future[T], running: asyncio.Task[T]) -> None:
        if running.cancelled():
            future.set_exception(RequestCancelled(f"{self.name!r} was cancelled.", code=CANCELLED))
        elif error := running.exception():
            future.set_exception(error)
        else:
            future.set_result(running.result())

    def _cancel(self) -> None:
        if self._running is not None:
            self._running.cancel()

    def _add_callback(self, callback: Callable[[Task[Any]], object]) -> None:
        self._watchers.append(callback)
        self._tell(callback)

    def _report(self, amount: float | None, operation: str) -> None:
        progress = TaskProgress(amount, operation)
        if progress != self.progress:
            self.progress = progress
            self._announce()

    def _announce(self) -> None:
        with self._changed:
            self._changed.notify_all()
        for callback in list(self._watchers):
            self._tell(callback)

    def _tell(self, callback: Callable[[Task[Any]], object]) -> None:
        try:
            callback(self)
        except Exception:
            # A callback's error must not stop the work.
            _LOG.exception("A callback of %r failed", self.name)

    def _refuse_own_thread(self) -> None:
        if self._loop.is_current and not self.done:
            raise RuntimeError("This would wait for itself: callbacks run on the loop thread. Await the task instead.")


class Runner:
    """Runner of calls from any thread on the loop thread.

    Args:
        loop: where they run.
        watch: called at the progress and the end of long calls.

    Attributes:
        running: number of calls that run; read it on the loop thread.
        last: when the last call began or ended, on the loop's clock.
        noting: takes in, on the loop thread, what happens inside; gets words for it.
    """

    def __init__(self, loop: LoopThread, watch: Callable[[Task[Any]], object]) -> None:
        self.loop = loop
        self.running = 0
        self.last = loop.loop.time()
        self.noting: Callable[[str], AbstractContextManager[None]] = lambda _: nullcontext()
        self._watch = watch

    def wait(self, work: Callable[[], Coroutine[Any, Any, T]], name: str) -> T:
        """Run a short call and wait for its result.

        Raises:
            RuntimeError: the caller is the loop thread, which would wait for itself.
        """
        if self.loop.is_current:
            raise RuntimeError(f"{name}() would wait for itself: listeners run on the loop thread. Await {name}.aio().")
        return self._task(lambda _: work(), name).result()

    async def run(self, work: Callable[[], Coroutine[Any, Any, T]], name: str) -> T:
        """Run a short call and await its result, on any event loop."""
        if self.loop.is_current:
            return await self._count(work)
        return await self._task(lambda _: work(), name)

    def start(self, work: Callable[[Report], Coroutine[Any, Any, T]], name: str, subject: object = None) -> Task[T]:
        """Start a long call about ``subject``."""
        task = self._task(work, name, subject)
        task.add_callback(self._watch)
        return task

    def _task(self, work: Callable[[Report], Coroutine[Any, Any, T]], name: str, subject: object = None) -> Task[T]:
        return Task(self.loop, lambda report: self._count(lambda: work(report)), name.replace("_", " "), subject)

    async def _count(self, work: Callable[[], Coroutine[Any, Any, T]]) -> T:
        self.running += 1
        self.last = self.loop.loop.time()
        try:
            return await work()  # made here: what is cancelled before it begins is never awaited
        finally:
            self.running -= 1
            self.last = self.loop.loop.time()
