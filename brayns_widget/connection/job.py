"""A job of the proxies, with its links to the renderer and the backend."""

# ruff: noqa: ASYNC109 - deadlines are part of this interface, and errors name them
from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote, urlsplit, urlunsplit

from brayns_widget.connection.child import Child
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
# Methods without parameters that the servers answer at once.
_PROBES = {"renderer": "get-version", "backend": "version"}

OnState = Callable[[State, str], None]
OnLost = Callable[[BraynsWidgetError], None]


def _ignore(_: BraynsWidgetError) -> None:
    pass


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

    Raises:
        BraynsWidgetError: an address is invalid, or contains a credential.
    """

    master: str | None
    slave: str | None
    token: Token = field(repr=False)
    usecase: str
    project: str | None
    base_directory: Path

    def __post_init__(self) -> None:
        # At once, so that no address with a credential in it is ever kept.
        if self.master is not None:
            master_address(self.master)
        if self.slave is not None:
            _slave_address(self.slave, "")


@dataclass(frozen=True, slots=True)
class EndOfJob:
    """The reason why a job ended: a sentence, whether it was a failure, and details (log lines)."""

    text: str
    failed: bool
    detail: str = ""


class Job:
    """A ready job. Make it with ``Job.start``.

    Attributes:
        id: the master's id.
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
        self._address = ""  # of the slave's part for this job
        self._token: Token
        self._service: Child | None = None  # of a local job
        self._on_lost: OnLost = _ignore
        self._on_backend_lost: OnLost = _ignore
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
        on_lost: OnLost,
        on_backend_lost: OnLost = _ignore,
    ) -> Job:
        """Start a job, wait until it is ready and connect to it. After any failure the job is stopped.

        Args:
            place: where the job runs.
            job_id: attach to this job instead; it is then not stopped by ``close``.
            timeout: seconds until the job is connected.
            on_state: called with a state ("queued", "starting") and a text for people.
            on_lost: called on the loop when the link to the renderer breaks later.
            on_backend_lost: the same for the backend.

        Raises:
            ServiceError, AuthError, AllocationError, ConnectionLost, DeadlineExceeded, ProtocolError
        """
        loop = asyncio.get_running_loop()
        deadline = loop.time() + timeout
        token, master_url, slave_url = place.token, place.master, place.slave
        child: Child | None = None
        if master_url is None:
            on_state("starting", "Starting the local service …")
            service = await PROCESS.local_service(place.base_directory)
            token, master_url, slave_url = service.token, service.master, service.slave
            child = service.child
        master = MasterClient(master_url, token)
        job: Job | None = None
        try:
            on_state("starting", "Asking for a job …")
            owned = job_id is None
            if job_id is None:
                job_id = await master.start(place.usecase, place.project)
            else:
                await master.check_known(job_id)
            job = cls(master, job_id, owned=owned, local=place.master is None)
            job._token, job._service = token, child
            job._on_lost, job._on_backend_lost = on_lost, on_backend_lost
            status = await master.wait_ready(
                job.id, timeout=deadline - loop.time(), on_status=lambda status: _describe(status, on_state)
            )
            job.end_time = status.end_time
            on_state("starting", "Connecting to the renderer …")
            job._address = f"{_slave_address(slave_url, status.renderer_url)}/{quote(job_id, safe='')}"
            try:
                async with asyncio.timeout_at(deadline):
                    await job._connect()
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

    async def look(self, timeout: float = 5.0) -> EndOfJob | None:
        """Ask the master whether the job still runs; return None if it does, and else why it ended.

        Raises:
            BraynsWidgetError, TimeoutError: the master cannot tell.
        """
        try:
            async with asyncio.timeout(timeout):
                status = await self._master.status(self.id)
        except (BraynsWidgetError, TimeoutError):
            if self._service is None or self._service.alive:
                raise
            return EndOfJob("The job has ended, because the local service has.", failed=True)
        if status.reason:
            first, _, rest = status.reason.partition("\n")
            return EndOfJob(f"The job has ended: {first.rstrip('.')}.", failed=status.failed, detail=rest)
        # No master but ours tells ended jobs from queued ones; one that was ready before does not queue again.
        if status.gone or not status.ready:
            end = f" It was to end at {self.end_time}." if self.end_time else ""
            return EndOfJob(f"The job has ended.{end}", failed=False)
        return None

    async def open_renderer(self, *, overtakes: bool = False) -> Link:
        """Open the link to the renderer anew, once.

        Args:
            overtakes: see ``Link.open``.

        Raises:
            AuthError, ConnectionLost, DeadlineExceeded: see ``Link.open``.
        """
        url = f"{self._address}/renderer"
        link = await _open(url, self._token, "renderer", self._on_lost, overtakes=overtakes)
        self._renderer = link
        return link

    async def open_backend(self) -> Link:
        """Open the link to the backend anew, once.

        Raises:
            AuthError, ConnectionLost, DeadlineExceeded: see ``Link.open``.
        """
        link = await _open(f"{self._address}/backend", self._token, "backend", self._on_backend_lost)
        self.backend = link
        return link

    async def _connect(self) -> None:
        await _patiently(self.open_renderer)
        # Some masters run jobs without a backend: files can't be browsed then, but the renderer works.
        with contextlib.suppress(_Missing):
            await _patiently(self.open_backend, may_miss=True)


class _Missing(Exception):
    pass


async def _open(url: str, token: Token, name: str, on_close: OnLost, *, overtakes: bool = False) -> Link:
    return await Link.open(url, token, name=name, probe=_PROBES[name], overtakes=overtakes, on_close=on_close)


async def _patiently(open_link: Callable[[], Awaitable[Link]], *, may_miss: bool = False) -> None:
    for attempt in range(CONNECT_ATTEMPTS):
        if attempt:
            await asyncio.sleep(CONNECT_PAUSE * 2 ** (attempt - 1))
        try:
            await open_link()
        except ConnectionLost as error:
            if may_miss and isinstance(error, Unreachable) and error.status == 404:
                raise _Missing from None
            if attempt + 1 == CONNECT_ATTEMPTS:
                raise
        else:
            return


def _describe(status: JobStatus, on_state: OnState) -> None:
    if status.ready:
        return
    if status.running:
        on_state("starting", "Starting the renderer …")
    else:
        on_state("queued", "Waiting for a machine …")


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
