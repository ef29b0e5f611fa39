"""Places for a server's connections, so that a neighbour on this machine can't take the handles that its work needs."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from typing import Generic, TypeVar

P = TypeVar("P")

REQUEST_SECONDS = 10.0  # for complete request headers, and between the requests of a connection

_MOST = 500  # connections, whatever the system allows
# Servers take a quarter together, and a second one for what the system has accepted before they look. Relays need as
# much for their other ends. The rest is the reserve: pipes, files that are read, records, the log.
_SHARE = 4


def most_connections(servers: int = 1) -> int:
    """Return how many connections a server may hold, from the process's limit of file handles.

    Args:
        servers: how many servers the process has.
    """
    if sys.platform == "win32":
        return _MOST  # its sockets have no such limit
    import resource

    handles, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return _MOST if handles == resource.RLIM_INFINITY else max(1, min(_MOST, handles // (_SHARE * servers)))


class Places(Generic[P]):
    """Places for connections. A newcomer takes that of the oldest that has no request in work.

    Args:
        most: how many there are.
        close: closes a connection at once.

    Attributes:
        at_work: connections with a request in work; their owner keeps them up to date.
    """

    def __init__(self, most: int, close: Callable[[P], None]) -> None:
        self.most = most
        self._close = close
        self.at_work: set[P] = set()

    def admit(self, present: Iterable[P]) -> bool:
        """Make room for a newcomer; returns whether there is some.

        Args:
            present: the connections that there are, the oldest first.
        """
        present = list(present)
        if len(present) < self.most:
            return True
        oldest = next((connection for connection in present if connection not in self.at_work), None)
        if oldest is None:
            return False
        self._close(oldest)
        return True
