"""Session variables, which all clients share."""

from __future__ import annotations

import threading

from brayns_widget.protocol.errors import INVALID_PARAMS, RequestError

MAX_SIZE = 64 << 20  # characters of all names and values


class Storage:
    """Variables by name; thread-safe."""

    def __init__(self) -> None:
        self._values: dict[str, str] = {}
        self._size = 0
        self._lock = threading.Lock()

    def get(self, key: str) -> str:
        """Return a value.

        Raises:
            RequestError: -32602, there is none.
        """
        try:
            return self._values[key]
        except KeyError:
            raise RequestError(f"No values for key {key!r}", code=INVALID_PARAMS) from None

    def set(self, key: str, value: str) -> None:
        """Set a value.

        Raises:
            RequestError: -32602, there is no room for it.
        """
        with self._lock:
            old = self._values.get(key)
            size = self._size + len(value) + (len(key) if old is None else -len(old))
            if size > MAX_SIZE:
                raise RequestError(
                    f"The session variables would have {size} characters, and may have {MAX_SIZE}", code=INVALID_PARAMS
                )
            self._values[key], self._size = value, size
