"""Numba's cache of kernels, which may be full, damaged or missing: a kernel is then compiled again."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable
from typing import Any

from numba.core.caching import FunctionCache

logger = logging.getLogger(__name__)


_FunctionCache: Any = FunctionCache  # Numba has no annotations


class _KernelCache:
    """A cache for Numba around its own one; failures count as cache misses."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self._cache = _FunctionCache(function)

    @property
    def cache_path(self) -> str:
        """The folder."""
        return str(self._cache.cache_path)

    def load_overload(self, signature: Any, target_context: Any) -> Any:
        """Find what was compiled, or None."""
        try:
            return self._cache.load_overload(signature, target_context)
        except Exception as error:
            logger.warning("A compiled kernel cannot be read from %s: %s", self.cache_path, error)
            with contextlib.suppress(Exception):
                self._cache.flush()  # or it would be compiled in each process from now on
            return None

    def save_overload(self, signature: Any, data: Any) -> None:
        """Keep what was compiled, if that is possible."""
        try:
            self._cache.save_overload(signature, data)
        except Exception as error:
            logger.warning("A compiled kernel cannot be kept in %s: %s", self.cache_path, error)


def keep(compiled: Any, function: Callable[..., Any]) -> None:
    """Cache what Numba compiles of a function, if there is a folder for it.

    Numba's own ``cache=True`` does the same, but a full disk or a damaged file makes the call of the kernel fail. If no
    cache folder is writable nothing is cached; each process then compiles for itself. (A folder that others can write
    to is no substitute: others could run their code here.)

    Args:
        compiled: a dispatcher or a callback of Numba, not compiled yet.
        function: the Python function that it compiles.
    """
    with contextlib.suppress(RuntimeError):
        compiled._cache = _KernelCache(function)  # noqa: SLF001 - as its own enable_caching does
