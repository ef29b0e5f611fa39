"""What the parts share: a local service in a folder of its own, plain clients of it, and findings."""

from __future__ import annotations

import contextlib
import json
import re
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import psutil
from websockets.sync.client import ClientConnection, connect

from brayns_widget.connection.local import LocalService
from brayns_widget.protocol.errors import INTERNAL_ERROR

READY_DEADLINE = 60.0
GONE_DEADLINE = 10.0
ANSWER_DEADLINE = 60.0
_MEGABYTE = 1 << 20
_FROM_INSIDE = re.compile(r"[A-Z]\w*(Error|Exception|Warning)\b")
"""An exception that a method did not expect begins with its class."""
_READER_DIED = re.compile(
    r"(what reads it|its reader) (died|does not answer)|(return|be read) within|there was no progress within"
)
"""A process that reads files, of the renderer or of the backend, has died or had to be ended."""


@dataclass
class Findings:
    """What a part found: figures for a file, and sentences about what must not be."""

    figures: dict[str, Any] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)

    def expect(self, holds: object, text: str) -> None:
        """Note what must not be, unless it holds."""
        if not holds:
            self.wrong.append(text)


@dataclass
class Place:
    """A running service with a folder that its servers may read and write."""

    service: LocalService
    folder: Path
    client: httpx.Client

    @property
    def process(self) -> Any:
        """The service's process."""
        return process(self.service.child.pid)

    def start(self) -> str:
        """Start a job, wait until it is ready, and return its id."""
        job: str = self.client.post("/start", json={"usecase": "SBO1"}).json()["job_id"]
        wait_for(lambda: self.status(job)["brayns_started"], READY_DEADLINE, "the job")
        return job

    def status(self, job: str) -> Any:
        """The status of a job, as the master answers it."""
        return self.client.get(f"/status/{job}").json()

    def stop(self, job: str) -> None:
        """Stop a job."""
        self.client.post(f"/stop/{job}")

    def open(self, job: str, server: str) -> Socket:
        """Connect to a server of a job."""
        return Socket(f"{self.service.slave}/{job}/{server}?token={self.service.token.reveal()}")


class Socket:
    """A plain client of a renderer or a backend."""

    def __init__(self, url: str) -> None:
        self._socket: ClientConnection = connect(url, compression=None, max_size=None, proxy=None)
        self._probes = 0

    def close(self) -> None:
        """Close the connection."""
        self._socket.close()

    def ask(self, method: str, params: Any = None, seconds: float = ANSWER_DEADLINE) -> Any:
        """Send a request and return the whole answer; others' answers and progress are left out."""
        self._probes += 1
        name = f"probe {self._probes}"
        message = {"jsonrpc": "2.0", "id": name, "method": method} | ({} if params is None else {"params": params})
        self._socket.send(json.dumps(message))
        return next(answer for answer in self.answers(seconds) if answer.get("id") == name)

    def send(self, raw: str | bytes) -> None:
        """Send anything."""
        self._socket.send(raw)

    def answers(self, seconds: float = ANSWER_DEADLINE) -> Iterator[dict[str, Any]]:
        """All answers, in order.

        Raises:
            TimeoutError: none came in time.
            websockets.ConnectionClosed
        """
        deadline = time.monotonic() + seconds
        while True:
            raw = self._socket.recv(timeout=max(0.0, deadline - time.monotonic()))
            text = raw if isinstance(raw, str) else raw[4 : 4 + int.from_bytes(raw[:4], "little")].decode()
            answer: dict[str, Any] = json.loads(text)
            if "method" not in answer:
                yield answer


@contextlib.contextmanager
def local_service() -> Iterator[Place]:
    """Run a local service while the context lasts."""
    with tempfile.TemporaryDirectory(prefix="brayns-widget-faults-", ignore_cleanup_errors=True) as name:
        folder = Path(name).resolve()
        service = LocalService.launch(folder)
        headers = {"Authorization": f"Bearer {service.token.reveal()}"}
        try:
            with httpx.Client(base_url=service.master, headers=headers, timeout=30, trust_env=False) as client:
                yield Place(service, folder, client)
        finally:
            service.child.close()


def wait_for(check: Callable[[], object], seconds: float, what: str) -> float:
    """Wait until something holds; returns how long that took, in seconds.

    Raises:
        TimeoutError: it did not.
    """
    began = time.monotonic()
    while not check():
        if time.monotonic() - began > seconds:
            raise TimeoutError(f"waited {seconds:g} s for {what}")
        time.sleep(0.005)
    return time.monotonic() - began


def process(pid: int | None = None) -> Any:
    """Return a process of psutil, whose methods have no types; this one without a number."""
    return psutil.Process(pid)  # type: ignore[no-untyped-call]


def survivors(processes: list[Any], seconds: float = GONE_DEADLINE) -> list[Any]:
    """Return the processes that have not ended in time; those that only wait to be collected have."""
    _, left = psutil.wait_procs(processes, timeout=seconds)  # type: ignore[no-untyped-call]
    return [one for one in left if one.is_running() and one.status() != psutil.STATUS_ZOMBIE]


def megabytes(process: Any) -> float:
    """Resident memory of a process."""
    return round(float(process.memory_info().rss) / _MEGABYTE, 2)


def from_inside(answer: dict[str, Any]) -> str:
    """The text of an error that no method has raised on purpose, or ""."""
    text = _internal(answer)
    return text if _FROM_INSIDE.match(text) else ""


def reader_died(answer: dict[str, Any]) -> str:
    """The text of an error which says that the process that read a file has died, or ""."""
    text = _internal(answer)
    return text if _READER_DIED.search(text) else ""


def _internal(answer: dict[str, Any]) -> str:
    error = answer.get("error") or {}
    return str(error.get("message", "")) if error.get("code") == INTERNAL_ERROR else ""
