"""One server of a job as a child process, which writes its address to its standard output."""

from __future__ import annotations

import asyncio
import asyncio.subprocess
import contextlib
import logging
import os
import signal
import subprocess
import sys
from asyncio.subprocess import PIPE
from collections.abc import Sequence

_TAIL = 2000
LOG_LINES, LOG_SIZE = 100, 16384
"""Most lines and bytes that are kept of what a server has logged."""

_DRAIN_SECONDS = 1.0
_NEW_GROUP: int = getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0)  # exists on Windows only
_ANNOUNCEMENT = b"listening on "

logger = logging.getLogger(__name__)


class ServerDiedError(Exception):
    """A server ended by itself; the message has its exit code and the last lines of its log."""


class ServerProcess:
    """A running child whose standard input is a pipe from this process: it ends when this process ends, in any way.

    Make one with `start`; the caller must `stop` it.
    """

    def __init__(self, name: str, process: asyncio.subprocess.Process) -> None:
        assert process.stdin
        assert process.stdout
        assert process.stderr
        self.name = name
        self.pid = process.pid
        self._process = process
        self._stdin = process.stdin
        self._stdout = process.stdout
        self._log = bytearray()
        self._drains = [asyncio.create_task(self._drain(process.stderr, keep=True))]

    @classmethod
    async def start(cls, name: str, command: Sequence[str], secret: str) -> ServerProcess:
        """Start `command`, with `secret` as the first line of its standard input: arguments are readable by all users.

        Raises:
            OSError: there is no such program, or no further process can be started.
        """
        process = await asyncio.create_subprocess_exec(
            *command,
            stdin=PIPE,
            stdout=PIPE,
            stderr=PIPE,
            # Ctrl-C in a terminal goes to a whole process group; only the service acts on it, and ends us in order.
            process_group=None if sys.platform == "win32" else 0,
            creationflags=_NEW_GROUP,
        )
        logger.info("%s started as process %d", name, process.pid)
        server = cls(name, process)
        server._stdin.write(f"{secret}\n".encode())  # fits into any pipe: nothing to wait for
        return server

    async def address(self) -> tuple[str, int]:
        """Wait for the line "listening on HOST:PORT"; call it once.

        Raises:
            ServerDiedError: the process ended, or wrote something else.
        """
        try:
            line = await self._stdout.readline()
        except ValueError:  # over the stream's limit: certainly not the announcement
            line = b"(a very long line)"
        self._drains.append(asyncio.create_task(self._drain(self._stdout)))
        if not line:
            raise ServerDiedError(await self.ended())
        host, _, port = line.strip().removeprefix(_ANNOUNCEMENT).rpartition(b":")
        if not line.startswith(_ANNOUNCEMENT) or not port.isdigit():
            raise ServerDiedError(f"the {self.name} did not say where it listens but {line[:200]!r}")
        return host.decode(), int(port)

    def log(self) -> str:
        """Return the last lines that it has logged; "…" stands for earlier ones."""
        text = self._log.decode(errors="replace").rstrip()
        lines = text.splitlines()
        if len(self._log) == LOG_SIZE:
            lines[:1] = ["…"]  # half a line, which may begin in a secret
        return "\n".join(lines if len(lines) <= LOG_LINES else ["…", *lines[-LOG_LINES:]])

    async def ended(self) -> str:
        """Wait for the end of the process; return its exit code and the last lines of its stderr, as a text."""
        code = await self._process.wait()
        await asyncio.wait(self._drains, timeout=_DRAIN_SECONDS)
        text = f"the {self.name} {_how(code)}"
        tail = self._log[-_TAIL:].decode(errors="replace").strip()
        return f"{text}\nits last words:\n{tail}" if tail else text

    async def stop(self, grace: float) -> None:
        """End the process and wait for its end: terminate it, and after `grace` seconds kill it."""
        self._stdin.close()
        # The process may end between the check and the signal, which is fine.
        with contextlib.suppress(ProcessLookupError):
            if self._process.returncode is None:
                self._process.terminate()
        try:
            async with asyncio.timeout(grace):
                await self._process.wait()
        except TimeoutError:
            logger.warning("%s (process %d) does not leave in %g s: killing it", self.name, self.pid, grace)
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()
            await self._process.wait()
        # A grandchild may hold the pipes open, so their end is not waited for without limit.
        await asyncio.wait(self._drains, timeout=_DRAIN_SECONDS)
        for drain in self._drains:
            drain.cancel()
        await asyncio.gather(*self._drains, return_exceptions=True)
        with contextlib.suppress(OSError):
            await self._stdin.wait_closed()
        logger.info("%s (process %d) ended with %s", self.name, self.pid, _exit(self._process.returncode or 0))

    async def _drain(self, stream: asyncio.StreamReader, *, keep: bool = False) -> None:
        # A full pipe would stop the child, so everything is read, whatever it is.
        while chunk := await stream.read(65536):
            logger.debug("%s (process %d): %s", self.name, self.pid, chunk.decode(errors="replace").rstrip())
            if keep:
                self._log += chunk
                del self._log[:-LOG_SIZE]


def _exit(code: int) -> str:
    """Return the exit code or signal, for the log."""
    if code >= 0 or os.name == "nt":
        return f"exit code {code}"
    try:
        return f"signal {signal.Signals(-code).name}"
    except ValueError:
        return f"signal {-code}"


def _how(code: int) -> str:
    """Return how a process has ended that should have lived, in words for people."""
    if code >= 0 or os.name == "nt":
        return f"ended with exit code {code}"
    if -code == getattr(signal, "SIGKILL", None):
        return "was killed by the system, perhaps because memory ran out"
    if -code in {getattr(signal, name, None) for name in ("SIGTERM", "SIGINT", "SIGHUP")}:
        return "was ended by another program"
    return "crashed"
