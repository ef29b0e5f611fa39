"""Reader of circuits in child processes.

HDF5 files come from any source. A damaged one can crash the HDF5 library, one on a lost server can block it forever,
and either would take the backend with it. A child costs 0.1 s and may die.
"""

from __future__ import annotations

import contextlib
import sys
import threading
from typing import Any

from brayns_widget.protocol.errors import INTERNAL_ERROR, RequestError
from brayns_widget.service.backend.base import BaseDirectory
from brayns_widget.service.backend.child import Child

DEADLINE = 60.0  # seconds


class CircuitReader:
    """Reader that answers questions about circuits; thread-safe.

    Args:
        base: the directory that circuits are confined to.
        deadline: seconds that one answer may take.
        module: run as the child, with a question, the base directory, a path and a line as its arguments.
    """

    def __init__(
        self,
        base: BaseDirectory,
        *,
        deadline: float = DEADLINE,
        module: str = "brayns_widget.service.backend.circuits",
    ) -> None:
        self._base = base
        self._deadline = deadline
        self._module = module
        self._lock = threading.Lock()
        self._children: set[Child] = set()
        self._closed = False

    def ask(self, question: str, path: str, **params: Any) -> Any:
        """Ask ``circuits`` a question about a configuration.

        Args:
            question: one of ``circuits.QUESTIONS``.
            path: of the configuration, or of a directory that holds one.
            params: further parameters of the question, as JSON.

        Raises:
            RequestError: the child refused, died, or took too long.
        """
        return self.fetch(question, path, **params)[0]

    def fetch(self, question: str, path: str, **params: Any) -> tuple[Any, bytes]:
        """Ask as ``ask`` does; also return the bytes after the answer."""
        with contextlib.closing(self.start(question, path)) as child:
            return child.ask(params)

    def start(self, question: str, path: str) -> Child:
        """Start the child that answers a question; who calls it closes it.

        Raises:
            RequestError: there is nothing at the path, it is outside of the base directory, or the backend is closing.
        """
        self._base.regular_file(path, or_directory=True)  # common errors are found without a child
        # -P: a file of the user's, say random.py in the current directory, must not take the place of a module.
        command = [sys.executable, "-P", "-m", self._module, question, str(self._base.path), path]
        with self._lock:
            if self._closed:
                raise RequestError("The backend is closing", code=INTERNAL_ERROR)
            child = Child(command, path, self._deadline, self._forget)
            self._children.add(child)
            return child

    def _forget(self, child: Child) -> None:
        with self._lock:
            self._children.discard(child)

    def close(self) -> None:
        """Stop the running children; their callers get an error."""
        with self._lock:
            self._closed = True
            for child in self._children:
                child.kill()
