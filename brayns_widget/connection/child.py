"""Child processes of the client side that end with it, such as the local service.

A child's standard input is its life line: the child ends when the pipe closes, and the pipe closes when this process
ends, in whatever way. The child's secret goes through the same pipe.
"""

from __future__ import annotations

import collections
import contextlib
import json
import queue
import secrets
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from brayns_widget.connection.loop import NO_THREADS
from brayns_widget.connection.tokens import Token, redact
from brayns_widget.protocol.errors import ServiceError

START_DEADLINE = 30.0
STOP_DEADLINE = 5.0
_LOG_TIMEOUT = 1.0  # seconds to read the rest of an ended process' log

_NEW_GROUP: int = getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0)  # exists on Windows only


class Child:
    """A running subcommand of ``brayns-widget``. Make it with ``launch``.

    Attributes:
        secret: what the child was told, for its clients to show.
        greeting: the JSON object that it said when it was ready.
    """

    def __init__(self, process: subprocess.Popen[bytes], name: str, secret: Token) -> None:
        self.secret = secret
        self.greeting: Mapping[str, Any] = {}
        self._name = name
        self._process = process
        self._log: collections.deque[str] = collections.deque(maxlen=50)

    def __repr__(self) -> str:
        return f"<Child {self._process.pid}: {self._name}>"

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Whether its process runs."""
        return self._process.poll() is None

    def log_tail(self, lines: int = 8) -> str:
        """Return the last lines that it wrote to its standard error."""
        return "\n".join(list(self._log)[-lines:])

    @classmethod
    def launch(
        cls,
        arguments: Sequence[str],
        *,
        name: str,
        timeout: float = START_DEADLINE,
        on_process: Callable[[Child], None] = lambda _: None,
    ) -> Child:
        """Start a child and wait until it has greeted.

        Args:
            arguments: the subcommand and its options.
            name: what it is called in messages, such as "local service".
            timeout: seconds.
            on_process: called as soon as its process exists.

        Raises:
            ServiceError: it cannot be started; the error's note has the log of the process.
        """
        secret = Token(secrets.token_urlsafe(32))
        subcommand, *options = arguments
        # -P: a file of the user's working directory must not shadow a module of the child.
        command = [sys.executable, "-P", "-m", "brayns_widget", subcommand, "--exit-with-stdin", *options]
        try:
            process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                bufsize=0,
                # An interrupt goes to a whole process group, but the child ends by its pipe only.
                process_group=None if sys.platform == "win32" else 0,
                creationflags=_NEW_GROUP,
            )
        except OSError as error:
            raise ServiceError(f"The {name} cannot be started: {error}.") from error
        child = cls(process, name, secret)
        on_process(child)
        try:
            child._greet(timeout)
        except BaseException:
            child.close()
            raise
        return child

    def close(self, timeout: float | None = None) -> None:
        """End the child and wait for its process (seconds, then it is killed; None: ``STOP_DEADLINE``)."""
        timeout = STOP_DEADLINE if timeout is None else timeout
        self.hang_up()
        try:
            self._process.wait(timeout)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(timeout)

    def wait(self, timeout: float) -> None:
        """Wait for the end of its process, at most so many seconds."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(timeout)

    def kill(self) -> None:
        """Kill the child, because it does not answer; ``close`` waits for its end."""
        self._process.kill()

    def hang_up(self) -> None:
        """Close the child's life line; it ends unless another process holds the pipe open."""
        assert self._process.stdin is not None
        with contextlib.suppress(OSError):
            self._process.stdin.close()

    def failure(self, what: str) -> ServiceError:
        """Make an error of the child, with its log as a note."""
        lines = self.log_tail(1)
        error = ServiceError(f"The {self._name} {what}" + (f": {lines}" if lines else "."))
        error.add_note(self.log_tail())
        return error

    def _greet(self, timeout: float) -> None:
        first_line: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        output, log = (
            threading.Thread(target=work, name=f"brayns-widget {self._name} output", daemon=True)
            for work in (lambda: self._drain_output(first_line), self._drain_log)
        )
        try:
            output.start()
            log.start()
        except RuntimeError as error:
            for thread, stream in ((output, self._process.stdout), (log, self._process.stderr)):
                if thread.ident is None and stream is not None:  # else it closes its stream itself
                    stream.close()
            raise ServiceError(f"The {self._name} cannot be used: {error}.", hint=NO_THREADS) from None
        stdin = self._process.stdin
        assert stdin is not None
        # It may have died already, or been told to end (then the pipe is closed); the missing greeting says so.
        with contextlib.suppress(OSError, ValueError):
            stdin.write(self.secret.reveal().encode() + b"\n")
        try:
            line = first_line.get(timeout=timeout)
        except queue.Empty:
            raise self.failure(f"did not start within {timeout:g} s") from None
        if not line:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(STOP_DEADLINE)
            log.join(_LOG_TIMEOUT)
            raise self.failure(f"ended at once (exit code {self._process.returncode})")
        try:
            greeting = json.loads(line)
        except ValueError:
            greeting = None
        if not isinstance(greeting, dict):
            raise self.failure(f"said {line[:200]!r} instead of a greeting")
        self.greeting = greeting

    def _drain_output(self, first_line: queue.SimpleQueue[bytes]) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as stream:
            # A process that dies closes the pipe, which gives an empty line: the queue is always answered.
            first_line.put(stream.readline())
            while stream.read(65536):
                pass

    def _drain_log(self) -> None:
        assert self._process.stderr is not None
        with self._process.stderr as stream:
            while line := stream.readline():
                self._log.append(redact(line.decode(errors="replace").rstrip()))
