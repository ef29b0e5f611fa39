"""A file with a new token, which only this user can read, for as long as the service runs.

A service that is killed leaves its file. The next one removes it: the lock on it tells whether its service runs, also
to a service in another container with the same temporary directory.
"""

from __future__ import annotations

import contextlib
import os
import stat
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from brayns_widget.service.auth import Token

_PREFIX, _SUFFIX = "brayns-widget-", ".token"


@contextlib.contextmanager
def token_file() -> Iterator[tuple[Token, Path]]:
    """Make a token and its file, and remove those that killed services have left.

    Returns:
        The token and the file, which is deleted when the context ends.

    Raises:
        OSError: the file cannot be written.
    """
    import secrets

    _remove_left()
    descriptor, name = tempfile.mkstemp(prefix=_PREFIX, suffix=_SUFFIX)  # mode 600
    path = Path(name)
    try:
        with os.fdopen(descriptor, "w") as file:
            with contextlib.suppress(OSError):  # where nothing can be locked, nothing is removed
                _lock(descriptor)  # before it has content, so that no other service takes it for one that was left
            file.write(secrets.token_urlsafe(32))
            file.flush()
            yield Token(path.read_text()), path
    finally:
        path.unlink(missing_ok=True)


def _remove_left() -> None:
    for path in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*{_SUFFIX}"):
        with contextlib.suppress(OSError):  # its service runs, or it is another user's, or has just gone
            if _is_left(path):
                path.unlink()


if sys.platform == "win32":

    def _lock(descriptor: int) -> None:
        """Do nothing: Windows deletes no file that is open."""

    def _is_left(path: Path) -> bool:
        return path.is_file()

else:
    import fcntl

    def _lock(descriptor: int) -> None:
        """Lock a file until it is closed; raises OSError if another process has locked it."""
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def _is_left(path: Path) -> bool:
        # Whatever other users may have put there under such a name, it is neither followed nor waited for.
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        try:
            state = os.fstat(descriptor)
            if not stat.S_ISREG(state.st_mode) or state.st_uid != os.geteuid() or state.st_size == 0:
                return False
            _lock(descriptor)
            return True
        finally:
            os.close(descriptor)
