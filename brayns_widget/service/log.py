"""The log of the servers: on the standard error, without tokens, and short whatever others send."""

from __future__ import annotations

import errno
import logging
import sys
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from brayns_widget.service.auth import Token

_QUIET_SECONDS = 1.0
# They log once for each request that they can't read, connection that they can't accept, and method that fails.
_NOISY = ("aiohttp.server", "asyncio", "brayns_widget.service.rpc.server")

_EXHAUSTED = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM, errno.ENOSPC)


def log_to_stderr(level: str | int, token: Token | None = None) -> None:
    """Send messages from `level` on to the standard error.

    Args:
        level: a level, or the name of one in any case.
        token: is masked in every text: the HTTP library quotes requests; None: nothing is.
    """

    class Masking(logging.Formatter):
        def format(self, record: logging.LogRecord) -> str:
            text = super().format(record)
            return text if token is None else token.mask(text)

    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(Masking("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    handler.addFilter(Quiet())
    logging.basicConfig(level=level.upper() if isinstance(level, str) else level, handlers=[handler])


class Quiet(logging.Filter):
    """Filter that lets one failure of a kind through each second, with the number of those it held back.

    It looks at the HTTP library, asyncio and the server of methods only. A failure that others can cause is told in one
    line; one that may be a defect of ours keeps its traceback.

    Args:
        clock: gives seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._clock = clock
        # kind → when it was told last, and how many were held back since
        self._told: dict[tuple[str, str], tuple[float, int]] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        if record.name not in _NOISY or record.levelno < logging.WARNING:
            return True
        error = record.exc_info[1] if record.exc_info else None
        # asyncio puts the objects that are concerned into further lines.
        words = record.getMessage().partition("\n")[0]
        kind = record.name, type(error).__name__ if error else str(record.msg).partition("\n")[0]
        now = self._clock()
        last, held_back = self._told.get(kind, (float("-inf"), 0))
        if now - last < _QUIET_SECONDS:
            self._told[kind] = last, held_back + 1
            return False
        self._told[kind] = now, 0
        if error is not None and _of_others(error):
            # Only the class: the text of an error may quote the request.
            what = str(error) if isinstance(error, OSError) else type(error).__name__
            record.msg, record.args, record.exc_info, record.exc_text = f"{words}: {what}", (), None, None
        if held_back:
            record.msg, record.args = f"{record.getMessage()} ({held_back} more before)", ()
        return True


def _of_others(error: BaseException) -> bool:
    """Whether an error comes from what a client sent, or from a system that has nothing left to give."""
    from aiohttp.http_exceptions import HttpProcessingError  # here: the import is slow

    return isinstance(error, HttpProcessingError) or (isinstance(error, OSError) and error.errno in _EXHAUSTED)
