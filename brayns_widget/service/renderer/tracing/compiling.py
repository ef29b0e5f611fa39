"""Compiling: kernels are compiled on threads of their own, so that callers can report progress and give up."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures import wait as wait_for
from typing import Any

from numba import types

from brayns_widget.service.renderer.tracing.kernels.native import register_symbols

logger = logging.getLogger(__name__)

_POLL_SECONDS = 0.02


class Compilation:
    """Compiles a kernel, or loads it from the cache, once in a process. Safe to use from any thread.

    Args:
        kernel: a dispatcher of Numba.
        signature: the types of its arguments; it takes no others.
    """

    def __init__(self, kernel: Any, signature: tuple[types.Type, ...]) -> None:
        self._kernel = kernel
        self._signature = signature
        self._starting = threading.Lock()
        self._end: Future[None] | None = None

    @property
    def ready(self) -> bool:
        """Whether the kernel can be called at once."""
        return self._end is not None and self._end.done() and self._end.exception() is None

    def start(self) -> Future[None]:
        """Start compiling, unless that has happened; returns the future of its end. A failure is tried again."""
        with self._starting:
            if self._end is None or (self._end.done() and self._end.exception() is not None):
                end = Future[None]()
                # No daemon: a compiler that still runs when the interpreter ends crashes.
                thread = threading.Thread(target=self._run, args=(end,), name="compile", daemon=False)
                thread.start()  # first: if the machine has no thread to spare, nobody may wait for this one
                self._end = end
            return self._end

    def wait(self, proceed: Callable[[], bool] = lambda: True) -> bool:
        """Start compiling, unless that has happened, and wait for the end.

        Args:
            proceed: called every 20 ms meanwhile; False ends the waiting, not the compiling.

        Returns:
            Whether the kernel can be called now.

        Raises:
            EmbreeMissing: there is no Embree on this machine.
        """
        end = self.start()
        while not end.done():
            if not proceed():
                return False
            wait_for([end], _POLL_SECONDS)
        end.result()
        return True

    def _run(self, end: Future[None]) -> None:
        try:
            register_symbols()
            self._kernel.compile(self._signature)
            # Arguments of another type are a mistake, not a reason to compile again for seconds.
            self._kernel.disable_compile()
        except BaseException as error:  # callers get it, but perhaps nobody waits
            logger.warning("A kernel cannot be compiled: %s", error)
            end.set_exception(error)
        else:
            end.set_result(None)
