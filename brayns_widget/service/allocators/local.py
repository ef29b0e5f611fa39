"""Jobs as child processes of the service: one renderer and one backend each, on free ports of the loopback.

A job ends with its renderer, which has the scene. A backend has nothing that cannot be read again, so it is replaced.
One pair may be kept ready for the next job, which then needs no start.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NoReturn

from brayns_widget.service.allocators import BACKEND, RENDERER, Allocator, Condition
from brayns_widget.service.allocators import spare as spares
from brayns_widget.service.allocators.process import ServerDiedError, ServerProcess
from brayns_widget.service.auth import Token
from brayns_widget.service.jobs import Job, State

_PROBE_SECONDS = 0.05
# Seconds until a backend that has died is replaced: at first, and after many deaths in a row.
_PAUSE, _PAUSE_MAX = 0.1, 30.0
_STABLE = 60.0
"""Seconds after which a backend that dies has run well."""

logger = logging.getLogger(__name__)


def local_commands(base_directory: Path) -> dict[str, list[str]]:
    """Return the commands of a job's servers. Each picks a free port itself, so that no two can race for one.

    Args:
        base_directory: the directory that the clients' files are confined to.
    """
    # -P: a file of the user's, say random.py in the notebook's folder, must not take the place of a module.
    python = [sys.executable, "-P", "-m", "brayns_widget"]
    host = "127.0.0.1"
    common = ["--base-directory", str(base_directory), "--secret-from-stdin", "--exit-with-stdin"]
    return {
        RENDERER: [*python, "renderer", "--uri", f"{host}:0", *common],
        BACKEND: [*python, "backend", "--host", host, "--port", "0", *common],
    }


class LocalAllocator(Allocator):
    """Allocator that starts each job's servers as child processes and watches them.

    Args:
        commands: server name → command; a server reads the job's secret from the first line of its stdin, prints
            "listening on HOST:PORT", answers `GET /healthz` with 200 when it is ready, and leaves when its stdin ends.
        ready_within: seconds that the servers of a job may take to come up.
        grace: seconds between asking a server to exit and killing it.
        spare: keep the servers of one more job ready, from the first job on.
    """

    def __init__(
        self,
        commands: Mapping[str, Sequence[str]],
        *,
        ready_within: float = 60.0,
        grace: float = 3.0,
        spare: bool = False,
    ) -> None:
        self._commands = commands
        self._ready_within = ready_within
        self._grace = grace
        self._jobs: dict[str, _LocalJob] = {}
        self._keeps_spare = spare
        self._spare: _LocalJob | None = None
        self._keeping: asyncio.Task[None] | None = None

    async def start(self, job: Job) -> None:
        spare, self._spare = self._spare, None
        usable = spare is not None and not spare.condition.state.final
        self._jobs[job.id] = spare if spare is not None and usable else await self._launch()
        if self._keeps_spare and (self._keeping is None or self._keeping.done()):
            self._keeping = asyncio.create_task(self._keep_spare(), name="spare")

    async def start_ahead(self) -> None:
        """Start the servers of the first job before it is asked for.

        Raises:
            OSError: they cannot be started.
        """
        self._spare = await self._launch()

    async def _launch(self) -> _LocalJob:
        started: list[ServerProcess] = []
        # Other users of this machine reach its loopback ports too, so the servers ask for a token of their own.
        secret = secrets.token_urlsafe(32)
        try:
            for name, command in self._commands.items():
                started.append(await ServerProcess.start(name, command, secret))
        except BaseException:
            await _stop_all(started, self._grace)
            raise
        return _LocalJob(started, self._commands, secret, self._ready_within, self._grace)

    async def _keep_spare(self) -> None:
        await spares.until_idle(lambda: [process for job in self._jobs.values() for process in job.processes])
        if self._spare is None and spares.has_room():
            try:
                self._spare = await self._launch()
            except OSError as error:
                logger.warning("no servers can be kept ready: %s", error)

    async def poll(self, job_id: str) -> Condition:
        job = self._jobs.get(job_id)
        return job.condition if job else Condition(State.QUEUED)

    async def log(self, job_id: str) -> Mapping[str, str]:
        job = self._jobs.get(job_id)
        return job.log() if job else {}

    async def stop(self, job_id: str) -> None:
        if job := self._jobs.get(job_id):
            await job.stop()
            self._jobs.pop(job_id, None)

    async def close(self) -> None:
        if self._keeping is not None:
            self._keeping.cancel()
            await asyncio.wait([self._keeping])
        if self._spare is not None:
            await self._spare.stop()
            self._spare = None
        await asyncio.gather(*(self.stop(job_id) for job_id in list(self._jobs)))


class _LocalJob:
    """The servers of one job, from their start to the end of the last one."""

    def __init__(
        self,
        servers: Sequence[ServerProcess],
        commands: Mapping[str, Sequence[str]],
        secret: str,
        ready_within: float,
        grace: float,
    ) -> None:
        self.condition = Condition(State.STARTING)
        self._servers = {server.name: server for server in servers}
        self._last_ends: dict[str, str] = {}  # name of a server that was replaced → how the one before has ended
        self._commands = commands
        self._secret = secret
        self._ready_within = ready_within
        self._grace = grace
        # Two tasks: the first may be cancelled at any time, the second cleans up after it and is never cancelled.
        self._life = asyncio.create_task(self._live())
        self._end = asyncio.create_task(self._wind_up())

    @property
    def processes(self) -> Sequence[int]:
        """The process ids of the servers."""
        return [server.pid for server in self._servers.values()]

    def log(self) -> dict[str, str]:
        """Return the last lines that each server has logged."""
        log = {}
        for name, server in self._servers.items():
            text = f"{self._last_ends.get(name, '')}\n{server.log()}".strip()
            log[name] = self._mask(text)
        return log

    def _mask(self, text: str) -> str:
        return Token(self._secret).mask(text)

    async def stop(self) -> None:
        self._life.cancel()
        await asyncio.wait({self._end})
        self._end.result()

    async def _live(self) -> NoReturn:
        servers = list(self._servers.values())
        async with asyncio.TaskGroup() as group:
            for server in servers:
                group.create_task(self._keep(server))
            try:
                async with asyncio.timeout(self._ready_within), asyncio.TaskGroup() as coming:
                    coming_up = {server.name: coming.create_task(_come_up(server)) for server in servers}
            except TimeoutError:
                raise ServerDiedError(f"the servers were not ready in {self._ready_within:g} s") from None
            addresses = {name: task.result() for name, task in coming_up.items()}
            self.condition = Condition(State.READY, addresses=addresses, secret=self._secret)
        raise AssertionError("the group ends only by an exception")

    async def _keep(self, server: ServerProcess) -> NoReturn:
        """Fail when a server ends, but replace a backend of a job that was ready.

        Raises:
            ServerDiedError: it has ended.
        """
        clock = asyncio.get_running_loop().time
        pause = _PAUSE
        while True:
            began = clock()
            reason = await server.ended()
            if server.name != BACKEND or self.condition.state is not State.READY:
                raise ServerDiedError(reason)
            logger.warning("%s; another one takes its place", reason.partition("\n")[0])
            self._last_ends[server.name] = reason
            self._tell_address(server.name, None)
            await server.stop(self._grace)  # its pipes are open still
            pause = _PAUSE if clock() - began > _STABLE else pause
            await asyncio.sleep(pause)
            pause = min(2 * pause, _PAUSE_MAX)
            try:
                server = await ServerProcess.start(server.name, self._commands[server.name], self._secret)
                self._servers[server.name] = server
                async with asyncio.timeout(self._ready_within):
                    self._tell_address(server.name, await _come_up(server))
            except (ServerDiedError, TimeoutError, OSError):
                await server.stop(self._grace)  # and the loop goes on

    def _tell_address(self, name: str, address: tuple[str, int] | None) -> None:
        addresses = {other: known for other, known in self.condition.addresses.items() if other != name}
        if address is not None:
            addresses[name] = address
        self.condition = replace(self.condition, addresses=addresses)

    async def _wind_up(self) -> None:
        await asyncio.wait({self._life})
        if self._life.cancelled():
            self.condition = Condition(State.ENDED, "it was stopped")
        else:
            self.condition = Condition(State.FAILED, self._mask(_reason(self._life.exception())))
        await _stop_all(list(self._servers.values()), self._grace)


async def _come_up(server: ServerProcess) -> tuple[str, int]:
    address = await server.address()
    while not await _healthy(*address):  # noqa: ASYNC110 - another process has no event to wait for
        await asyncio.sleep(_PROBE_SECONDS)
    return address


async def _healthy(host: str, port: int) -> bool:
    """Whether `GET /healthz` is answered with 200."""
    try:
        reader, writer = await asyncio.open_connection(host, port)
        try:
            writer.write(f"GET /healthz HTTP/1.1\r\nHost: {host}:{port}\r\nConnection: close\r\n\r\n".encode())
            status = await reader.readline()
        finally:
            writer.close()
            await writer.wait_closed()
    except OSError:
        return False
    return status.split()[1:2] == [b"200"]


async def _stop_all(servers: Sequence[ServerProcess], grace: float) -> None:
    await asyncio.gather(*(server.stop(grace) for server in servers))


def _reason(error: BaseException | None) -> str:
    """Return the first cause in a group of errors, as one line for people."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return str(error)
