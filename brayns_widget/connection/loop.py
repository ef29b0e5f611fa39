"""An event loop on a thread of its own; a process shares one (see ``process``).

Notebook handlers run on several threads (JupyterLab's subshells), and the kernel's own loop stands still while a cell
computes. So all mutable state of the client side lives on a loop of its own; other threads only post to it.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import os
import threading
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar, TypeVarTuple

from brayns_widget.protocol.errors import BraynsWidgetError, ForkedError

T = TypeVar("T")
Ts = TypeVarTuple("Ts")

NO_THREADS = "If the main thread has ended, let it wait for the others instead, as with thread.join()."
"""What to do where no thread can be started."""


async def finish_cleanup(work: Coroutine[Any, Any, T]) -> T:
    """Await ``work`` to its end, even if the waiting task is cancelled meanwhile.

    For cleaning up after an error or a cancellation. ``work`` must have a deadline of its own. Cancellations are lost,
    so raise afterwards.
    """
    task = asyncio.ensure_future(work)
    while not task.done():
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.wait([task])
    return task.result()


def outlive_threads(loop: asyncio.AbstractEventLoop) -> None:
    """Let a loop run on its own thread what others refuse once the main thread has ended, such as looking up names.

    Python ends its pools of threads then: before the hooks of the end of the process, and long before if another
    thread goes on.
    """
    run_in_pool = loop.run_in_executor

    def run(
        pool: concurrent.futures.ThreadPoolExecutor | None, work: Callable[[*Ts], T], *args: *Ts
    ) -> asyncio.Future[T]:
        try:
            return run_in_pool(pool, work, *args)
        except RuntimeError:
            if threading.main_thread().is_alive():
                raise
        done: asyncio.Future[T] = loop.create_future()
        try:
            done.set_result(work(*args))
        except Exception as error:  # it is whoever awaits the future that handles it
            done.set_exception(error)
        return done

    setattr(loop, "run_in_executor", run)  # noqa: B010 - of this loop alone


class LoopThread:
    """An asyncio event loop that runs on a daemon thread.

    Raises:
        BraynsWidgetError: no thread can be started.
    """

    def __init__(self, name: str = "brayns-widget") -> None:
        self._process = os.getpid()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self.loop = asyncio.new_event_loop()
        outlive_threads(self.loop)
        try:
            self._thread.start()
        except RuntimeError as error:
            self.loop.close()
            raise BraynsWidgetError(f"No thread can be started: {error}.", hint=NO_THREADS) from None

    @property
    def is_current(self) -> bool:
        """Whether the caller runs on this thread."""
        return threading.current_thread() is self._thread

    @property
    def is_here(self) -> bool:
        """Whether it runs in this process; a forked child has the object without the thread."""
        return os.getpid() == self._process

    def check(self) -> None:
        """Check that it runs in this process.

        Raises:
            ForkedError: it does not.
        """
        if not self.is_here:
            raise ForkedError(
                "This belongs to the process that this one was forked from, and cannot be used here.",
                hint="Make a new controller or widget here; attach_to=… shows the same job, if it is a remote one.",
            )

    def post(self, callback: Callable[[*Ts], object], *args: *Ts) -> None:
        """Call ``callback`` soon on the loop thread, from any thread.

        Raises:
            ForkedError: see ``check``.
        """
        self.check()
        self.loop.call_soon_threadsafe(callback, *args)

    def submit(self, coroutine: Coroutine[Any, Any, T]) -> concurrent.futures.Future[T]:
        """Run a coroutine on the loop thread, from any thread.

        Raises:
            ForkedError: see ``check``.
        """
        if not self.is_here:
            coroutine.close()  # or Python warns that nobody has awaited it
        self.check()
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop)

    def close(self, timeout: float = 5.0) -> None:
        """Cancel all tasks, end the loop and join its thread; waits up to ``timeout`` seconds."""
        if self.is_here and not self.loop.is_closed():
            self.post(self.loop.stop)
            self._thread.join(timeout)

    def _run(self) -> None:
        asyncio.set_event_loop(self.loop)
        try:
            self.loop.run_forever()
            tasks = asyncio.all_tasks(self.loop)
            for task in tasks:
                task.cancel()
            if tasks:
                self.loop.run_until_complete(asyncio.wait(tasks, timeout=3.0))
            self.loop.run_until_complete(self.loop.shutdown_asyncgens())
        finally:
            asyncio.set_event_loop(None)
            # Also ends the executor. Waiting for it would take a new thread, which the end of the process forbids.
            self.loop.close()
