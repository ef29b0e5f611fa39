"""A job of the proxies, with its links to the renderer and the backend."""

# ruff: noqa: ASYNC109 - deadlines are part of this interface, and errors name them
from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Coroutine
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from brayns_widget.connection import records
from brayns_widget.connection.addresses import job_addresses
from brayns_widget.connection.bare import BareServers
from brayns_widget.connection.child import Child
from brayns_widget.connection.endings import Ending
from brayns_widget.connection.job_status import AWAY, GATEWAY, JobStatus, NoVerdict, StatusSource
from brayns_widget.connection.link import ACCEPTED, Link, Unreachable
from brayns_widget.connection.looking import LISTENS_WITHIN, check_before_leaving, check_listens
from brayns_widget.connection.loop import finish_cleanup
from brayns_widget.connection.master import LEASE, MasterClient, master_address
from brayns_widget.connection.place import Place
from brayns_widget.connection.process import PROCESS
from brayns_widget.connection.recovery import shortened
from brayns_widget.connection.status import State
from brayns_widget.connection.stopping import STOP_DEADLINE, describe, end_job, keep_job
from brayns_widget.connection.tokens import Token
from brayns_widget.protocol.errors import BraynsWidgetError, ConnectionLost, DeadlineExceeded

# A job that was given up in a queue and cannot be stopped there is looked for so long, and so often, to end it later.
GIVEN_UP_WATCH = 3600.0
GIVEN_UP_PAUSE = 15.0
GIVING_UP = 0.4
"""Seconds that whoever gives a start up waits for the end of its job, which goes on then."""
# A server that reports ready may need another moment before it accepts connections.
CONNECT_ATTEMPTS = 4
CONNECT_PAUSE = 0.25
BACKEND_PATIENCE = 5.0
"""Seconds that a start waits for a backend, without which a job is good, too."""

LEAVING = "Leaving the last job …"
# Methods without parameters that the servers answer at once.
_PROBES = {"renderer": "get-version", "backend": "version"}

OnState = Callable[[State, str], None]
OnLost = Callable[[BraynsWidgetError], None]
OnLeft = Callable[[str], None]

_LOG = logging.getLogger(__name__)


def _ignore(_: object) -> None:
    pass


@dataclass(frozen=True, slots=True)
class EndOfJob:
    """The reason why a job ended: a sentence, whether it was a failure, and details (log lines)."""

    text: str
    failed: bool
    detail: str = ""


class Job:
    """A ready job. Make it with ``Job.start``.

    Attributes:
        id: the master's id, or "" of servers without a master.
        owned: whether this process started it, and so has to stop it.
        local: whether the local service runs it; then it ends with the service.
        renderer: the link to the renderer.
        backend: the link to the metadata backend, or None where the job has none, or it is away.
        backend_away: why the backend could not be used at the start, as it did not answer in time, though there is one.
        end_time: when it expires, as the master writes it, or None.
        host: name of the machine that runs it, or "" if the master does not tell it.
    """

    def __init__(self, master: StatusSource, job_id: str, *, owned: bool, local: bool) -> None:
        self.id = job_id
        self.owned = owned
        self.local = local
        self.end_time: str | None = None
        self.host = ""
        self._addresses: tuple[str, str | None] = ("", None)  # of renderer and backend
        self._token: Token
        self._service: Child | None = None  # of a local job
        self._on_lost: OnLost = _ignore
        self._on_backend_lost: OnLost = _ignore
        self._on_left_behind: OnLeft = _ignore
        self.backend: Link | None = None
        self.backend_away: BraynsWidgetError | None = None
        self._renderer: Link | None = None
        self._master = master
        self._unsure_since: float | None = None
        self._end_is_a_guess = False  # of the master's silence
        self._beginning: asyncio.Task[None] | None = None
        self._record: records.Record | None = None

    def __repr__(self) -> str:
        return f"<Job {self.id} at {self._master.url}>"

    @property
    def _proxy(self) -> MasterClient:
        assert isinstance(self._master, MasterClient), "only a master's jobs are owned, and have an id"
        return self._master

    def is_at(self, place: Place) -> bool:
        """Whether the master of a place runs it."""
        return place.master is not None and self._master.url == master_address(place.master)

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
        after: Collection[asyncio.Task[Any]] = (),
        timeout: float,
        on_state: OnState,
        on_lost: OnLost,
        on_backend_lost: OnLost = _ignore,
        on_left_behind: OnLeft = _ignore,
    ) -> Job:
        """Start a job, wait until it is ready and connect to it. After any failure the job is stopped.

        That goes on in the background if it takes long: a master may answer late, or cannot stop a job in its queue.
        The error names the job, unless it has ended.

        Args:
            place: where the job runs.
            job_id: attach to this job instead; it is then not stopped by ``close``.
            after: the ends of other jobs, which it waits for first.
            timeout: seconds until the job is connected.
            on_state: called with a state ("queued", "starting") and a text for people.
            on_lost: called on the loop when the link to the renderer breaks later.
            on_backend_lost: the same for the backend.
            on_left_behind: called with what people have to know of the job if it was given up and may run on.

        Raises:
            ServiceError, AuthError, AllocationError, ConnectionLost, DeadlineExceeded, ProtocolError
        """
        loop = asyncio.get_running_loop()
        deadline = loop.time() + timeout
        if after:
            on_state("starting", LEAVING)
            async with _bounded(deadline, f"The last job did not end within {timeout:g} s."):
                await asyncio.wait(after)
        token, master_url, slave_url = place.token, place.master, place.slave
        child: Child | None = None
        if place.is_local:
            on_state("starting", "Starting the local service …")
            service = await PROCESS.local_service(place.base_directory)
            token, master_url, slave_url = service.token, service.master, service.slave
            child = service.child
        if place.renderer is not None:
            master: StatusSource = BareServers(place.renderer)
            job_id = ""
        else:
            assert master_url is not None
            master = MasterClient(master_url, token)
        job = cls(master, job_id or "", owned=job_id is None, local=place.is_local)
        job._token, job._service = token, child
        job._on_lost, job._on_backend_lost, job._on_left_behind = on_lost, on_backend_lost, on_left_behind
        try:
            if job.owned and place.slave is not None:
                wait = partial(on_state, "starting", "Waiting for the proxy slave …")
                await check_listens(place.slave, min(LISTENS_WITHIN, timeout), wait)
            on_state("starting", "Asking for a job …")
            if job.owned:
                async with _bounded(deadline, f"The proxy master did not answer within {timeout:g} s."):
                    await job._begin(place, slave_url)
            else:
                async with _bounded(
                    deadline, f"The proxy master did not tell within {timeout:g} s whether the job runs."
                ):
                    await job._master.check_known(
                        job.id, on_doubt=lambda text: on_state("starting", f"{text} Asking again …")
                    )
            status = await job._master.wait_ready(
                job.id,
                timeout=deadline - loop.time(),
                told=timeout,
                on_status=lambda status: job._queued(status, on_state),
            )
            await job._note_ready(status)
            on_state("starting", "Connecting to the renderer …")
            job._addresses = place.servers or job_addresses(slave_url, status.renderer_url, job.id)
            async with _bounded(deadline, f"The renderer could not be reached within {timeout:g} s."):
                await _patiently(job.open_renderer)
            await job._connect_backend(min(BACKEND_PATIENCE, (deadline - loop.time()) / 2))
        except BaseException as error:
            await job._end_soon(job._give_up(slave_url), error)
            raise
        return job

    @staticmethod
    async def check(place: Place, job_id: str | None) -> None:
        """Check what can be known of a place before another job is left for it, and nothing is started there.

        Args:
            place: where the next job is to run.
            job_id: the job to attach to there, or None to start one.

        Raises:
            BraynsWidgetError: no job can be had there.
        """
        await check_before_leaving(place.addresses)
        if place.is_local:
            await PROCESS.local_service(place.base_directory)
        if place.servers is not None:
            link = await _open(place.servers[0], place.token, "renderer", _ignore)
            await link.close()
        if place.master is None:
            return
        async with MasterClient(place.master, place.token) as master:
            if job_id is not None:
                await master.check_known(job_id, patience=0.0)
            elif place.slave is None:
                await master.check_names_slave()
            else:
                await master.check_is_one()

    @classmethod
    async def end(cls, record: records.Record, token: Token, end_time: str | None) -> str:
        """End a job that any process of this user has started; return what people have to know if it may run on, or "".

        Args:
            record: the record of the job.
            token: the bearer token of its master.
            end_time: when the job expires, as the master writes it, or None.
        """
        job = cls(MasterClient(record.master, token), record.job_id, owned=True, local=False)
        job._token, job._record, job.end_time = token, record, end_time
        if left := await job._end():
            return await job._end_later(record.slave, 0.0, left)
        await job._master.aclose()
        return ""

    async def close(self, *, stop: bool = True) -> str:
        """Close the links, and end the job if this process started it. Never raises: what may run on, or not, is told.

        Args:
            stop: False leaves it running; our own master then keeps it without clients, too.

        Returns:
            what people have to know if it may run on, or if it may not though it was to, or "".
        """
        ending = Ending(self._close(stop=stop), self.unfinished)
        await ending.wait()
        return ending.left

    async def give_up(self, error: BaseException) -> None:
        """Close it as ``close`` does, but wait for a moment only.

        Args:
            error: why; it tells then of the job, unless that has ended.
        """
        await self._end_soon(self._close(stop=True), error)

    async def _end_soon(self, work: Coroutine[Any, Any, str], error: BaseException) -> None:
        ending = Ending(work, self.unfinished, self._on_left_behind)
        await finish_cleanup(ending.wait(GIVING_UP))
        told = ending.left if ending.done else self._is_ending()
        if told and isinstance(error, BraynsWidgetError):
            error.hint = f"{error.hint} {told}".lstrip()

    async def _close(self, *, stop: bool) -> str:
        left = ""
        for link in self._links:
            link.silence()
        if self.owned and self.id:
            if self.local:  # it ends with the service at the latest
                await self._close_links()
                if stop:
                    with contextlib.suppress(BraynsWidgetError, TimeoutError):
                        async with asyncio.timeout(STOP_DEADLINE):
                            await self._proxy.stop(self.id)
            elif stop:
                left = await self._end()
            else:
                left = await keep_job(self._proxy, self.id)
        await self._close_links()
        await self._master.aclose()
        return left

    async def forget(self, why: str) -> str:
        """Close what is left of a job that has ended, and end it as ``close`` does if it may run all the same.

        Args:
            why: it has ended, for requests that wait for an answer.

        Returns:
            what people have to know if it may run on, or "".
        """
        left = ""
        await self._close_links(why)
        if self._end_is_a_guess and self.owned and not self.local:
            ending = Ending(self._end(), self.unfinished)
            await ending.wait()
            left = ending.left
        elif self._record is not None:
            await asyncio.to_thread(records.remove, self._record)
        await self._master.aclose()
        return left

    async def _end(self) -> str:
        left = await end_job(self._proxy, self.id, self._links, self.end_time)
        if not left and self._record is not None:
            await asyncio.to_thread(records.remove, self._record)
        return left

    def unfinished(self) -> str:
        """Return what people have to know if ``close`` is cut short, or "" if nothing."""
        if self.local or not self.owned:
            return ""
        return describe(self._master.url, self.id or "that was asked for", self.end_time, "there was no time to end it")

    def _is_ending(self) -> str:
        """Tell people of the end that has begun, or return "" if they need not know."""
        if self.local or not self.owned:
            return ""
        return (
            f"The job {self.id} of {self._master.url} is being ended."
            if self.id
            else "If it starts a job all the same, that is ended."
        )

    @property
    def _links(self) -> list[Link]:
        return [link for link in (self._renderer, self.backend) if link is not None]

    async def _close_links(self, why: str = "") -> None:
        await asyncio.gather(*(link.close(why) for link in self._links))

    async def _begin(self, place: Place, slave: str | None) -> None:
        if slave is None:
            await self._proxy.check_names_slave()
        self._beginning = asyncio.create_task(self._ask(place), name="ask for a job")
        await asyncio.shield(self._beginning)  # a job that is begun must be known, to be ended

    async def _ask(self, place: Place) -> None:
        # A local job needs no lease: it ends with this process, also if that is killed.
        self.id = await self._proxy.start(place.usecase, place.project, lease=None if self.local else LEASE)
        if not self.local:
            await self._write_record(
                records.Record.new(self._master.url, self.id, place.slave, place.usecase, place.project)
            )

    async def _write_record(self, record: records.Record) -> None:
        self._record = record
        try:
            await asyncio.to_thread(records.write, record)
        except OSError as error:
            _LOG.warning("The job %s is not recorded: %s", self.id, error)

    def _queued(self, status: JobStatus, on_state: OnState) -> None:
        self.end_time = status.end_time or self.end_time
        if not status.ready:
            on_state(*status.waits)

    async def _note_ready(self, status: JobStatus) -> None:
        self.end_time, self.host = status.end_time, status.host
        if self._record is not None:
            await self._write_record(replace(self._record, ready=True, end_time=status.end_time))

    async def _give_up(self, slave: str | None) -> str:
        """End a job without links, as soon as that is possible; return what ``_close`` does.

        A job that cannot be stopped in its queue is told, and ended when it comes up.

        Args:
            slave: address of the proxy slave, or None if the master tells it.
        """
        self._on_lost = self._on_backend_lost = _ignore
        if self._beginning is not None:
            with contextlib.suppress(BraynsWidgetError):  # then there is no job, as far as anybody knows
                await self._beginning
        if self.local or not self.owned or not self.id or self._links:
            return await self._close(stop=True)
        left = await self._end()
        if not left or PROCESS.exits:
            await self._master.aclose()
            return left
        Ending(self._end_later(slave, GIVEN_UP_WATCH), self.unfinished, self._on_left_behind)
        return f"{left} If it comes up within {GIVEN_UP_WATCH / 60:.0f} minutes, it is ended then."

    async def _end_later(self, slave: str | None, watch: float, left: str = "") -> str:
        """End a job that could not be stopped, when it can be or comes up; return what ``_close`` does.

        Args:
            slave: as above.
            watch: seconds in which it may come up.
            left: what to return if it does not.
        """
        loop = asyncio.get_running_loop()
        until = loop.time() + watch
        while (found := await self._try_to_end(slave)) is None and loop.time() < until:  # noqa: ASYNC110 - a master's answer
            await asyncio.sleep(shortened(GIVEN_UP_PAUSE))
        await self._master.aclose()
        return left if found is None else found

    async def _try_to_end(self, slave: str | None) -> str | None:
        """End a job that could not be stopped; return what ``_close`` does, or None if that is not possible yet."""
        with contextlib.suppress(BraynsWidgetError):  # the master may come back
            status = await self._master.status(self.id)
            if status.unsure:
                return None
            if status.ready:
                self.end_time = status.end_time
                self._addresses = job_addresses(slave, status.renderer_url, self.id)
                with contextlib.suppress(BraynsWidgetError):  # its master may stop it now
                    await _patiently(self.open_renderer)
                    await self._connect_backend(BACKEND_PATIENCE)
            is_over = status.gone or bool(status.reason)
            if is_over or self._links or not self._proxy.cannot_stop:
                left = await self._end()
                await self._close_links()
                return left if is_over or self._links or not left else None
        return None

    async def look(self, timeout: float = 5.0) -> EndOfJob | None:
        """Ask the master whether the job still runs; return None if it does, and else why it ended.

        Raises:
            BraynsWidgetError, TimeoutError: the master cannot tell.
        """
        try:
            async with asyncio.timeout(timeout):
                status = await self._master.status(self.id)
        except (BraynsWidgetError, TimeoutError):
            self._unsure_since = None  # a database that is away for a minute is asked for the whole of it
            if self._service is None or self._service.alive:
                raise
            return EndOfJob("The job has ended, because the local service has.", failed=True)
        if not status.unsure:
            self._unsure_since = None
        if status.reason:
            first, _, rest = status.reason.partition("\n")
            return EndOfJob(f"The job has ended: {first.rstrip('.')}.", failed=status.failed, detail=rest)
        if status.unsure and self._unsure_for() < AWAY:
            raise NoVerdict("The proxy master does not find the job; its database may be away.")
        # No master but ours tells ended jobs from queued ones; one that was ready before does not queue again.
        if status.gone or not status.running:
            self._end_is_a_guess = True
            end = f" It was to end at {self.end_time}." if self.end_time else ""
            return EndOfJob(f"The job has ended.{end}", failed=False)
        return None

    async def log(self) -> str:
        """Return the last lines of its log; see ``MasterClient.log``."""
        return await self._master.log(self.id)

    def _unsure_for(self) -> float:
        """Return for how many seconds the master has been unsure whether it knows the job."""
        now = asyncio.get_running_loop().time()
        if self._unsure_since is None:
            self._unsure_since = now
        return now - self._unsure_since

    async def renew(self, token: Token, slave: str | None) -> None:
        """Use another token for what is asked and opened from now on, unless the master refuses it.

        Args:
            token: the token.
            slave: another address of the proxy slave, or None to keep the present one.

        Raises:
            AuthError: the master refuses the token.
            AllocationError: it does not know the job.
        """
        if self.local:  # it has the service's token
            return
        async with MasterClient(self._master.url, token) as client:
            # The master, or its database, may be away.
            with contextlib.suppress(ConnectionLost, DeadlineExceeded, NoVerdict):
                await client.check_known(self.id, patience=0.0)
        self._token = token
        self._proxy.renew(token)
        if slave is not None:
            self._addresses = job_addresses(slave, "", self.id)

    async def open_renderer(self) -> Link:
        """Open the link to the renderer anew, once. A renderer that is busy counts as there.

        Raises:
            AuthError, ConnectionLost, DeadlineExceeded: see ``Link.open``.
        """
        self._renderer = await _open(self._addresses[0], self._token, "renderer", self._on_lost)
        self._unsure_since = None  # it runs, whatever its master has found
        return self._renderer

    async def open_backend(self) -> Link:
        """Open the link to the backend anew, once.

        Raises:
            AuthError, ConnectionLost, DeadlineExceeded: see ``Link.open``.
        """
        address = self._addresses[1]
        assert address is not None
        self.backend = await _open(address, self._token, "backend", self._on_backend_lost)
        return self.backend

    async def _connect_backend(self, patience: float) -> None:
        """Connect to the backend, if there is one; one that does not answer in time may come back.

        Some masters run jobs without a backend: files can't be browsed then, but the renderer works.
        """
        if self._addresses[1] is None:
            return
        try:
            async with asyncio.timeout(patience):
                await _patiently(self.open_backend, may_miss=True)
        except _Missing:
            pass
        except Unreachable as error:
            if error.status not in _AWAY:
                raise
            self.backend_away = error
        except BraynsWidgetError as error:
            self.backend_away = error
        except TimeoutError:
            self.backend_away = DeadlineExceeded(f"The backend did not answer within {patience:.2g} s.")


_AWAY = GATEWAY | {ACCEPTED, 500}
"""What a proxy answers for a backend that it knows, and does not reach: it may come back."""


class _Missing(Exception):
    pass


@contextlib.asynccontextmanager
async def _bounded(deadline: float, text: str) -> AsyncIterator[None]:
    """Let a step of a start take until a deadline of the loop's clock.

    Raises:
        DeadlineExceeded: it takes longer.
    """
    try:
        async with asyncio.timeout_at(deadline):
            yield
    except TimeoutError as error:
        if isinstance(error, BraynsWidgetError):
            raise
        raise DeadlineExceeded(text, hint="Allow it more time with start_timeout=…") from None


async def _open(url: str, token: Token, name: str, on_close: OnLost) -> Link:
    busy = name == "renderer"  # maybe: with what others have asked
    return await Link.open(url, token, name=name, probe=_PROBES[name], overtakes=busy, on_close=on_close)


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
