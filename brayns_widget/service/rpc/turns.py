"""Turns: calls run one after another on one thread, but a long one may let short ones run between its steps."""

from __future__ import annotations

import contextlib
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future
from dataclasses import dataclass, field
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")

# After a pause a long call goes on for this part of the time that the others took, at most for so many seconds.
_SHARE, _LONGEST_STEP = 0.5, 0.1


def _nothing() -> None:
    pass


@dataclass(eq=False)
class _Call:
    run: Callable[[], Any]
    between: bool
    end: Future[Any] = field(default_factory=Future)

    def __call__(self) -> None:
        if not self.end.set_running_or_notify_cancel():
            return
        try:
            result = self.run()
        except BaseException as error:  # who waits for the call gets it
            self.end.set_exception(error)
        else:
            self.end.set_result(result)


class Turns(Executor):
    """Runs calls one after another, in the order in which they were submitted, on a thread of its own.

    A long call may be ``sharing``: whenever it pauses, calls that were submitted to ``between`` run, on the same
    thread, although others wait before them. So nothing that calls share needs a lock.

    Args:
        name: of the thread, which the first call starts.

    Attributes:
        between: where to submit calls that may run between the steps of a long one.
    """

    def __init__(self, name: str = "turns") -> None:
        self._name = name
        self._waiting: deque[_Call] = deque()
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._closed = False
        self._sharing = False
        self._pausing = False
        self._interrupt: Callable[[], None] = _nothing
        self._undisturbed_until = 0.0  # by ``time.monotonic``
        self._alarm: threading.Timer | None = None
        self.between: Executor = _Between(self._submit)

    def submit(self, fn: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> Future[R]:
        """Run a call when all before it have ended.

        Raises:
            RuntimeError: after ``shutdown``.
        """
        return self._submit(_Call(lambda: fn(*args, **kwargs), between=False))

    def _submit(self, call: _Call) -> Future[Any]:
        with self._changed:
            if self._closed:
                raise RuntimeError("No calls can be submitted after the shutdown.")
            self._waiting.append(call)
            self._changed.notify_all()
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name=self._name)
                self._thread.start()
            if call.between:
                self._ask_for_pause()
        return call.end

    def _ask_for_pause(self) -> None:
        """Interrupt the sharing call if somebody waits for a pause, now or when it is time."""
        # Under the lock: a late interruption would meet a call that runs between.
        with self._changed:
            if not self._sharing or self._pausing or not any(call.between for call in self._waiting):
                return
            left = self._undisturbed_until - time.monotonic()
            if left <= 0:
                self._interrupt()
            elif self._alarm is None:
                self._alarm = threading.Timer(left, self._ring)
                self._alarm.daemon = True
                self._alarm.start()

    def _ring(self) -> None:
        with self._changed:
            self._alarm = None
            self._ask_for_pause()

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """End the thread after the calls that wait, or after the running one if ``cancel_futures``."""
        with self._changed:
            self._closed = True
            if cancel_futures:
                for call in self._waiting:
                    call.end.cancel()
                self._waiting.clear()
            self._changed.notify_all()
        if wait and self._thread is not None:
            self._thread.join()

    @contextlib.contextmanager
    def sharing(self, interrupt: Callable[[], None] = _nothing) -> Iterator[None]:
        """Let others run at each ``pause`` of the running call, which begins now and ends with the context.

        Args:
            interrupt: called on any thread when a call waits for a pause; must be quick.
        """
        with self._changed:
            self._sharing, self._interrupt, self._undisturbed_until = True, interrupt, 0.0
        try:
            yield
        finally:
            with self._changed:
                self._sharing, self._interrupt = False, _nothing

    @property
    def wanted(self) -> bool:
        """Whether the sharing call should pause: a call waits for that, and the last pause is long enough ago."""
        with self._changed:
            disturbed = time.monotonic() >= self._undisturbed_until
            return self._sharing and disturbed and any(call.between for call in self._waiting)

    def pause(self) -> None:
        """Let others run now, if the running call shares and one waits. Only for the running call."""
        with self._changed:
            if not self.wanted:
                return
            self._pausing = True
            calls = [call for call in self._waiting if call.between]
            self._waiting = deque(call for call in self._waiting if not call.between)
        begun = time.monotonic()
        for call in calls:
            call()
        now = time.monotonic()
        with self._changed:
            self._pausing, self._undisturbed_until = False, now + min(_LONGEST_STEP, _SHARE * (now - begun))
            self._ask_for_pause()

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting or self._closed)
                if not self._waiting:
                    return
                call = self._waiting.popleft()
            call()


class _Between(Executor):
    def __init__(self, submit: Callable[[_Call], Future[Any]]) -> None:
        self._submit = submit

    def submit(self, fn: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> Future[R]:
        return self._submit(_Call(lambda: fn(*args, **kwargs), between=True))
