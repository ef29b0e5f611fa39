"""Running requests, as their methods see them. The process that reads has some, too, so this imports little."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from typing import TypeVar

from brayns_widget.protocol.errors import CANCELLED, RequestError

R = TypeVar("R")

POLL_INTERVAL = 0.02  # seconds
REPORT_INTERVAL = 0.05  # seconds; more progress messages than people can see only cost time


class _Cancellation:
    """Cancellation state of a request, shared by its parts.

    Its flags are set by one thread and read by others; nobody waits for them. Each request has them, and three
    ``threading.Event`` would cost as much time as decoding it.
    """

    def __init__(self) -> None:
        self.cancelled = False
        self.client_left = False
        self.only_for_client = False
        self._on_cancel: list[Callable[[], None]] = []
        self._calling = threading.Lock()  # of ``_on_cancel``

    def cancel(self) -> None:
        self.cancelled = True
        with self._calling:
            for call in self._on_cancel:
                call()

    def when_cancelled(self, call: Callable[[], None]) -> None:
        with self._calling:
            self._on_cancel.append(call)

    def forget_calls(self) -> None:
        with self._calling:
            self._on_cancel.clear()


class RunningRequest:
    """A running request, seen by its method: reports progress, learns of cancellation.

    Args:
        report: called with (amount from 0 to 1, operation); may be called on any thread.
        when_settled: called once ``settled`` is; likewise.

    Attributes:
        given_up: whether the server ends, and so no client waits for "cancelled".
    """

    def __init__(
        self,
        report: Callable[[float, str], None] = lambda _amount, _operation: None,
        when_settled: Callable[[], None] = lambda: None,
    ) -> None:
        self._report = report
        self._when_settled = when_settled
        self._end = _Cancellation()
        self.given_up = False
        self._operation = ""
        self._next_report = 0.0

    @property
    def cancelled(self) -> bool:
        """Whether the client has asked to stop."""
        return self._end.cancelled

    def cancel(self) -> None:
        """Ask the method to stop; safe on any thread."""
        self._end.cancel()

    def give_up(self) -> None:
        """Ask the method to stop, because the server ends; safe on any thread."""
        self.given_up = True
        self.cancel()

    def end(self) -> None:
        """Disconnect the functions of ``when_cancelled``: the method is done, and the next one may be running."""
        self._end.forget_calls()

    def when_cancelled(self, call: Callable[[], None]) -> None:
        """Have a function called, on any thread, if the request is cancelled from now on until its end."""
        self._end.when_cancelled(call)

    def only_for_client(self) -> None:
        """Declare that only this client gets the result, so the task is cancelled when the client disconnects."""
        self._end.only_for_client = True
        if self._end.client_left:
            self.cancel()

    def leave(self) -> None:
        """Record that the client has disconnected; safe on any thread."""
        self._end.client_left = True
        if self._end.only_for_client:
            self.cancel()

    def settled(self) -> None:
        """Tell that the method has read all that later requests of its client may change between its steps."""
        self._when_settled()

    def check(self) -> None:
        """Raise if the client has cancelled.

        Raises:
            RequestError: 20, "Task has been cancelled".
        """
        if self.cancelled:
            raise RequestError("Task has been cancelled", code=CANCELLED)

    def progress(self, amount: float, operation: str) -> None:
        """Tell the client how far the request is, or stop if it has cancelled (as ``check``).

        Cheap enough for inner loops: a new operation is sent at once, amounts every ``REPORT_INTERVAL``.
        """
        self.check()
        now = time.monotonic()
        if operation != self._operation or now >= self._next_report:
            self._operation, self._next_report = operation, now + REPORT_INTERVAL
            self._report(min(1.0, max(0.0, amount)), operation)

    def aside(self, work: Callable[[], R], operation: str = "", meanwhile: Callable[[], None] = lambda: None) -> R:
        """Do work that cannot be stopped, such as encoding a large picture, on a thread of its own.

        A client that cancels does not wait for it; the thread ends after the work, and its result is discarded.

        Args:
            work: the work.
            operation: reported to the client meanwhile, with the amount 1, as the progress is unknown; without one
                nothing is reported.
            meanwhile: called every 20 ms.

        Raises:
            RequestError: 20, "Task has been cancelled".
        """
        pool = ThreadPoolExecutor(1, "aside")
        result = pool.submit(work)
        pool.shutdown(wait=False)
        while wait([result], POLL_INTERVAL).not_done:
            self.check()
            meanwhile()
            if operation:
                self.progress(1.0, operation)
        self.check()
        return result.result()

    def part(self, begin: float, end: float) -> RunningRequest:
        """Make a request for a part of this one, from amount ``begin`` to ``end``; both are cancelled together."""
        part = RunningRequest(lambda amount, operation: self._report(begin + (end - begin) * amount, operation))
        part._end = self._end
        return part
