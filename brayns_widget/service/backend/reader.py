"""Reader of circuits in child processes.

HDF5 files come from any source. A damaged one can crash the HDF5 library, one on a lost server can block it forever,
and either would take the backend with it. A child costs 0.1 s and may die.
"""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import threading
from typing import Any

from brayns_widget.protocol.errors import INTERNAL_ERROR, RequestError
from brayns_widget.service.backend.base import BaseDirectory

DEADLINE = 60.0  # seconds


class CircuitReader:
    """Reader that answers questions about circuits; thread-safe.

    Args:
        base: the directory that circuits are confined to.
        deadline: seconds that one answer may take.
        module: run as the child, with a question, the base directory and a path as its arguments.
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
        self._children: set[subprocess.Popen[bytes]] = set()
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

    def fetch(self, question: str, path: str, **params: Any) -> tuple[Any, memoryview]:
        """Ask as ``ask`` does; also return the bytes after the answer."""
        self._base.regular_file(path, or_directory=True)  # common errors are found without a child
        late = threading.Event()
        with self._start(question, path) as child:
            assert child.stdout
            assert child.stdin

            def stop() -> None:
                late.set()
                child.kill()

            timer = threading.Timer(self._deadline, stop)
            timer.start()
            try:
                _write(child.stdin, json.dumps(params).encode() + b"\n")
                output = child.stdout.read()
                code = child.wait()
            finally:
                timer.cancel()
                timer.join()
                with self._lock:
                    self._children.discard(child)
        if late.is_set():
            raise RequestError(f"{path!r} could not be read within {self._deadline:g} s", code=INTERNAL_ERROR)
        if code:
            raise RequestError(f"{path!r} could not be read: its reader died with code {code}", code=INTERNAL_ERROR)
        end = output.index(b"\n") + 1
        answer = json.loads(output[:end])
        if "error" in answer:
            raise RequestError(answer["error"]["message"], code=answer["error"]["code"])
        return answer["result"], memoryview(output)[end:]

    def _start(self, question: str, path: str) -> subprocess.Popen[bytes]:
        # -P: a file of the user's, say random.py in the current directory, must not take the place of a module.
        command = [sys.executable, "-P", "-m", self._module, question, str(self._base.path), path]
        with self._lock:
            if self._closed:
                raise RequestError("The backend is closing", code=INTERNAL_ERROR)
            # HDF5 prints its stack of errors to stderr; the answer has the relevant part.
            # Without buffers: closing one that is not empty after the child's death would raise an error.
            child = subprocess.Popen(
                command, bufsize=0, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
            )
            self._children.add(child)
            return child

    def close(self) -> None:
        """Stop the running children; their callers get an error."""
        with self._lock:
            self._closed = True
            for child in self._children:
                child.kill()


def _write(pipe: Any, data: bytes) -> None:
    """Write to a child, which may have died: its exit code says so."""
    rest = memoryview(data)
    with contextlib.suppress(OSError):
        while rest:
            rest = rest[pipe.write(rest) :]
