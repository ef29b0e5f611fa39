"""The local service: a child process of the kernel, shared by all of the kernel's controllers (see ``process``).

The child's standard input is its life line: the child ends when the pipe closes, and the pipe closes when this process
ends, in whatever way. The service's token goes through the same pipe.
"""

from __future__ import annotations

import collections
import contextlib
import importlib.util
import json
import queue
import secrets
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

from brayns_widget.connection.tokens import Token, redact
from brayns_widget.protocol.errors import ServiceError

START_DEADLINE = 30.0
STOP_DEADLINE = 5.0
_LOG_TIMEOUT = 1.0  # seconds to read the rest of an ended process' log
_INSTALL_HINT = 'Install it with: pip install "brayns-widget[local]"'

# Modules of the extra `local` on every platform (its ray tracer has no wheel on some, and may come from the system).
_REQUIRED = ("aiohttp", "h5py", "libsonata", "morphio", "numba", "pydantic")

_NEW_GROUP: int = getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0)  # exists on Windows only


class LocalService:
    """A running ``brayns-widget service``. Make it with ``launch``, or share one through ``Process.local_service``.

    Attributes:
        master: address of its proxy master.
        slave: address of its proxy slave.
        token: the bearer token of both.
    """

    def __init__(self, process: subprocess.Popen[bytes], token: Token, log: collections.deque[str]) -> None:
        self.token = token
        self.master = ""
        self.slave = ""
        self._process = process
        self._log = log

    def __repr__(self) -> str:
        return f"<LocalService at {self.master}, process {self._process.pid}>"

    @property
    def alive(self) -> bool:
        """Whether its process runs."""
        return self._process.poll() is None

    def log_tail(self, lines: int = 8) -> str:
        """Return the last lines that the service wrote to its standard error."""
        return "\n".join(list(self._log)[-lines:])

    @classmethod
    def launch(
        cls,
        base_directory: Path,
        *,
        timeout: float = START_DEADLINE,
        on_process: Callable[[LocalService], None] = lambda _: None,
    ) -> LocalService:
        """Start a service and wait until it listens.

        Args:
            base_directory: the directory that its backend may show.
            timeout: seconds.
            on_process: called as soon as its process exists.

        Raises:
            ServiceError: it cannot be started; the error's note has the log of the process.
        """
        missing = [name for name in _REQUIRED if importlib.util.find_spec(name) is None]
        if missing:
            raise ServiceError(
                f"The local service is not installed ({', '.join(missing)} missing).", hint=_INSTALL_HINT
            )
        secret = secrets.token_urlsafe(32)
        # -P: a file of the user's working directory must not shadow a module of the service.
        command = [sys.executable, "-P", "-m", "brayns_widget", "service", "--exit-with-stdin"]
        try:
            process = subprocess.Popen(
                [*command, "--base-directory", str(base_directory)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                bufsize=0,
                # An interrupt goes to a whole process group, but the service ends by its pipe only.
                process_group=None if sys.platform == "win32" else 0,
                creationflags=_NEW_GROUP,
            )
        except OSError as error:
            raise ServiceError(f"The local service cannot be started: {error}.") from error
        service = cls(process, Token(secret), collections.deque(maxlen=50))
        on_process(service)
        try:
            service._greet(secret, timeout)
        except BaseException:
            service.close()
            raise
        return service

    def close(self, timeout: float = STOP_DEADLINE) -> None:
        """End the service and all its jobs, and wait for its process (seconds, then it is killed)."""
        self.hang_up()
        try:
            self._process.wait(timeout)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(timeout)

    def hang_up(self) -> None:
        """Close the service's life line; the service ends unless another process holds the pipe open."""
        assert self._process.stdin is not None
        with contextlib.suppress(OSError):
            self._process.stdin.close()

    def _greet(self, secret: str, timeout: float) -> None:
        first_line: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        output, log = (
            threading.Thread(target=work, name="brayns-widget-service-output", daemon=True)
            for work in (lambda: self._drain_output(first_line), self._drain_log)
        )
        output.start()
        log.start()
        stdin = self._process.stdin
        assert stdin is not None
        # The process may have died already; then the missing greeting says so.
        with contextlib.suppress(OSError):
            stdin.write(secret.encode() + b"\n")
        try:
            greeting = first_line.get(timeout=timeout)
        except queue.Empty:
            raise self._failure(f"did not start within {timeout:g} s") from None
        if not greeting:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(STOP_DEADLINE)
            log.join(_LOG_TIMEOUT)
            raise self._failure(f"ended at once (exit code {self._process.returncode})")
        try:
            said = json.loads(greeting)
            self.master, self.slave = str(said["master"]), str(said["slave"])
        except (ValueError, KeyError, TypeError):
            raise self._failure(f"said {greeting[:200]!r} instead of its addresses") from None

    def _failure(self, what: str) -> ServiceError:
        lines = self.log_tail(1)
        error = ServiceError(f"The local service {what}" + (f": {lines}" if lines else "."))
        error.add_note(self.log_tail())
        return error

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
