"""A job of the proxies, with its links to the renderer and the backend."""

# ruff: noqa: ASYNC109 - deadlines are part of this interface, and errors name them
from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote, urlsplit, urlunsplit

from brayns_widget.connection.bare import BareServers, server_address
from brayns_widget.connection.link import Link, Unreachable, is_loopback
from brayns_widget.connection.loop import finish_cleanup
from brayns_widget.connection.master import JobStatus, MasterClient, master_address
from brayns_widget.connection.process import PROCESS
from brayns_widget.connection.status import State
from brayns_widget.connection.tokens import Token, redact
from brayns_widget.protocol.errors import BraynsWidgetError, ConnectionLost, DeadlineExceeded

STOP_DEADLINE = 10.0
# A server that reports ready may need another moment before it accepts connections.
CONNECT_ATTEMPTS = 4
CONNECT_PAUSE = 0.25

OnState = Callable[[State, str], None]


@dataclass(frozen=True, slots=True)
class Place:
    """The place where jobs run: addresses of the proxies, the token, and options of the start.

    Attributes:
        master: address of the proxy master, or None for the local service.
        slave: address of the proxy slave, or None if the master provides it.
        token: bearer token; not used with the local service, which has its own.
        usecase: which versions of renderer and backend the master launches.
        project: the project, which the 2024 edition requires, or None.
        base_directory: the directory in which the local service may read and write.
        renderer: address of a renderer that runs already, without proxies, or None.
        backend: address of its backend, or None.

    Raises:
        BraynsWidgetError: an address is invalid, or contains a credential.
    """

    master: str | None
    slave: str | None
    token: Token = field(repr=False)
    usecase: str
    project: str | None
    base_directory: Path
    renderer: str | None = None
    backend: str | None = None

    def __post_init__(self) -> None:
        # At once, so that no address with a credential in it is ever kept.
        if self.master is not None:
            master_address(self.master)
        if self.slave is not None:
            _slave_address(self.slave, "")
        for name in ("renderer", "backend"):
            if (address := getattr(self, name)) is not None:
                server_address(address, name)

    @property
    def is_local(self) -> bool:
        """Whether the local service runs the jobs."""
        return self.master is None and self.renderer is None

    @property
    def name(self) -> str:
        """Where it is, for people."""
        return self.renderer or self.master or "the local service"


@dataclass(frozen=True, slots=True)
class EndOfJob:
    """The reason why a job ended: a sentence, whether it was a failure, and details (log lines)."""

    text: str
    failed: bool
    detail: str = ""


class Job:
    """A ready job. Make it with ``Job.start`` or ``Job.attach``.

    Attributes:
        id: the master's id, or "" of servers without a master.
        owned: whether this process started it, and so has to stop it.
        local: whether the local service runs it; then it ends with the service.
        renderer: the link to the renderer.
        backend: the link to the metadata backend, or None where the job has none.
        end_time: when it expires, as the master writes it, or None.
    """

    def __init__(self, master: MasterClient, job_id: str, *, owned: bool, local: bool) -> None:
        self.id = job_id
        self.owned = owned
        self.local = local
        self.end_time: str | None = None
        self.backend: Link | None = None
        self._renderer: Link | None = None
        self._master = master

    def __repr__(self) -> str:
        return f"<Job {self.id} at {self._master.url}>"

    @property
    def renderer(self) -> Link:
        assert self._renderer is not None
        return self._renderer

    @classmethod
    async def start(
        cls,
        place: Place,
        *,
        job_id: str | None = None,
        timeout: float,
        on_state: OnState,
        on_lost: Callable[[BraynsWidgetError], None],
    ) -> Job:
        """Start a job, wait until it is ready and connect to it. After any failure the job is stopped.

        Args:
            place: where the job runs.
            job_id: attach to this job instead; it is then not stopped by ``close``.
            timeout: seconds until the job is connected.
            on_state: called with a state ("queued", "starting") and a text for people.
            on_lost: called on the loop when the link to the renderer breaks later.

        Raises:
            ServiceError, AuthError, AllocationError, ConnectionLost, DeadlineExceeded, ProtocolError
        """
        loop = asyncio.get_running_loop()
        deadline = loop.time() + timeout
        token, master_url, slave_url = place.token, place.master, place.slave
        if place.is_local:
            on_state("starting", "Starting the local service …")
            service = await PROCESS.local_service(place.base_directory)
            token, master_url, slave_url = service.token, service.master, service.slave
        if place.renderer is not None:
            master: MasterClient = BareServers(place.renderer)
            job_id = ""
        else:
            assert master_url is not None
            master = MasterClient(master_url, token)
        job: Job | None = None
        try:
            on_state("starting", "Asking for a job …")
            owned = job_id is None
            if job_id is None:
                job_id = await master.start(place.usecase, place.project)
            else:
                await master.check_known(job_id)
            job = cls(master, job_id, owned=owned, local=place.is_local)
            status = await master.wait_ready(
                job.id, timeout=deadline - loop.time(), on_status=lambda status: _describe(status, on_state)
            )
            job.end_time = status.end_time
            on_state("starting", "Connecting to the renderer …")
            renderer, backend = _addresses(place, slave_url, status.renderer_url, job.id)
            try:
                async with asyncio.timeout_at(deadline):
                    await job._connect(renderer, backend, token, on_lost)
            except TimeoutError as error:
                if isinstance(error, BraynsWidgetError):
                    raise
                raise DeadlineExceeded(f"The renderer could not be reached within {timeout:g} s.") from None
        except BaseException:
            await finish_cleanup(job.close() if job is not None else master.aclose())
            raise
        return job

    async def close(self, *, stop: bool = True) -> None:
        """Close the links, and stop the job if this process started it. Never raises: a lost job is stopped already."""
        for link in (self._renderer, self.backend):
            if link is not None:
                await link.close()
        if stop and self.owned:
            with contextlib.suppress(BraynsWidgetError, TimeoutError):
                async with asyncio.timeout(STOP_DEADLINE):
                    await self._master.stop(self.id)
        await self._master.aclose()

    def stop_blocking(self) -> None:
        """Stop the job if this process started it, without the event loop, at process exit."""
        if self.owned:
            with contextlib.suppress(BraynsWidgetError):
                self._master.stop_blocking(self.id)

    async def why_it_ended(self, error: BraynsWidgetError, timeout: float = 5.0) -> EndOfJob:
        """Ask the master why the job ended; if it can't tell, return the link's error."""
        try:
            async with asyncio.timeout(timeout):
                status = await self._master.status(self.id)
        except (BraynsWidgetError, TimeoutError):
            return EndOfJob(error.message, failed=True)
        if status.reason:
            first, _, rest = status.reason.partition("\n")
            return EndOfJob(f"The job has ended: {first.rstrip('.')}.", failed=status.failed, detail=rest)
        if status.gone or not status.ready:
            end = f" It was to end at {self.end_time}." if self.end_time else ""
            return EndOfJob(f"The job has ended.{end}", failed=False)
        return EndOfJob(error.message, failed=True)

    async def _connect(
        self, renderer: str, backend: str | None, token: Token, on_lost: Callable[[BraynsWidgetError], None]
    ) -> None:
        self._renderer = await _open(renderer, token, "renderer", "get-version", on_lost)
        # Some masters run jobs without a backend: files can't be browsed then, but the renderer works.
        with contextlib.suppress(_Missing):
            if backend is not None:
                self.backend = await _open(backend, token, "backend", "version", _ignore)


class _Missing(Exception):
    pass


def _ignore(_: BraynsWidgetError) -> None:
    pass


async def _open(url: str, token: Token, name: str, probe: str, on_lost: Callable[[BraynsWidgetError], None]) -> Link:
    attempt = 1
    while True:
        try:
            return await Link.open(url, token, name=name, probe=probe, on_close=on_lost)
        except ConnectionLost as error:
            if name == "backend" and isinstance(error, Unreachable) and error.status == 404:
                raise _Missing from None
            if attempt == CONNECT_ATTEMPTS:
                raise
        await asyncio.sleep(CONNECT_PAUSE * 2 ** (attempt - 1))
        attempt += 1


def _describe(status: JobStatus, on_state: OnState) -> None:
    if status.ready:
        return
    if status.running:
        on_state("starting", "Starting the renderer …")
    else:
        on_state("queued", "Waiting for a machine …")


def _addresses(place: Place, slave: str | None, renderer_url: str, job_id: str) -> tuple[str, str | None]:
    """Make the addresses of renderer and backend."""
    if place.renderer is not None:
        backend = None if place.backend is None else server_address(place.backend, "backend")
        return server_address(place.renderer, "renderer"), backend
    base = f"{_slave_address(slave, renderer_url)}/{quote(job_id, safe='')}"
    return f"{base}/renderer", f"{base}/backend"


def _slave_address(slave: str | None, renderer_url: str) -> str:
    """Make the WebSocket address of a slave, without job and query."""
    address = slave or renderer_url.rsplit("/", 2)[0]
    if not address:
        raise BraynsWidgetError("The address of the proxy slave is not known.", hint="Pass slave=…")
    if "://" not in address:
        # The 2024 master leaves the scheme out.
        address = f"{'ws' if is_loopback(f'ws://{address}') else 'wss'}://{address}"
    parts = urlsplit(address)
    scheme = {"http": "ws", "https": "wss", "ws": "ws", "wss": "wss"}.get(parts.scheme)
    if scheme is None or not parts.hostname or parts.query or parts.username:
        raise BraynsWidgetError(
            f"{redact(address)!r} is not the address of a proxy slave.",
            hint="It looks like wss://host/path, without a token or a user in it.",
        )
    return urlunsplit((scheme, parts.netloc, parts.path.rstrip("/"), "", ""))
