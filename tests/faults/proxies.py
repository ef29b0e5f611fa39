"""The proxies of the two public editions, in the dialects that were recorded of them, in front of any servers."""

from __future__ import annotations

import asyncio
import contextlib
import json
import uuid
import weakref
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Literal, Self

import aiohttp
from aiohttp import WSMsgType, web

from brayns_widget.connection.loop import LoopThread
from tests.fakes import JOB_ID, TOKEN, FakeCluster

Edition = Literal["2023", "2024"]
EDITIONS: tuple[Edition, ...] = ("2023", "2024")
END_TIME = "2030-01-01T00:00:00"
_DEADLINE = 10
_BROKEN = b"HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n"  # on a socket that was upgraded


@dataclass
class ProxiedJob:
    """A job of the fake proxies.

    Attributes:
        id: its id.
        body: what was asked for.
        polls: how often its status is asked before it is ready.
        servers: names of its servers.
        died: it has ended by itself.
        stopped: it was stopped.
        quit: names of the servers that were asked to quit.
    """

    id: str
    body: Any
    polls: int
    servers: frozenset[str]
    died: bool = False
    stopped: bool = False
    quit: set[str] = field(default_factory=set)

    @property
    def runs(self) -> bool:
        """Whether it costs something still."""
        return not (self.died or self.stopped or self.servers <= self.quit)


class Proxies:
    """A proxy master and a proxy slave of an edition on one port; a context manager.

    The edition of 2023 has no ``/stop``; the one of 2024 wants a project, relays to the renderer only, and tells its
    address. Addresses of neither are checked for tokens by the slave, as there.

    Args:
        edition: the edition.
        servers: name of a server ("renderer", "backend") → its address.
        polls: how often a job's status is asked before it is ready.
        ends: a job whose renderer breaks has ended.

    Attributes:
        jobs: all jobs, by their ids.
        token: what the master demands.
        answers: verb and path, or their beginning → (status, body) to answer with, one after the other.
        calls: what the master was asked, as "VERB path".
        requests: the names of the methods that passed the slave, each with the name of its server.
    """

    def __init__(
        self, edition: Edition, servers: Mapping[str, str], *, polls: int = 1, ends: bool = True, token: str = TOKEN
    ) -> None:
        self.edition = edition
        self.servers = dict(servers)
        self.polls = polls
        self.ends = ends
        self.token = token
        self.jobs: dict[str, ProxiedJob] = {}
        self.answers: dict[str, list[tuple[int, str]]] = {}
        self.calls: list[str] = []
        self.requests: list[tuple[str, str]] = []
        self.port = 0
        self._relays: set[web.WebSocketResponse] = set()
        self._transports: weakref.WeakSet[asyncio.Transport] = weakref.WeakSet()

    @classmethod
    def of(cls, cluster: FakeCluster, edition: Edition, **options: Any) -> Self:
        """Make proxies of the servers of a fake cluster, which is no cluster then."""
        names = ("renderer", "backend") if cluster.backend else ("renderer",)
        return cls(edition, {name: f"{cluster.slave}/{JOB_ID}/{name}?token={TOKEN}" for name in names}, **options)

    def __enter__(self) -> Self:
        self._thread = LoopThread("proxies")
        self._run(self._listen())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._run(self._tidy())
        self._thread.close()

    @property
    def master(self) -> str:
        """Address of the master."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def slave(self) -> str:
        """Address of the slave."""
        return f"ws://127.0.0.1:{self.port}"

    @property
    def options(self) -> dict[str, Any]:
        """The arguments of a controller of these proxies."""
        own = {"slave": self.slave} if self.edition == "2023" else {"project": "proj1"}
        return {"master": self.master, "token": self.token} | own

    @property
    def job(self) -> ProxiedJob:
        """The newest job."""
        return next(reversed(self.jobs.values()))

    def running(self) -> list[ProxiedJob]:
        """The jobs that cost something still."""
        return [job for job in self.jobs.values() if job.runs]

    def asked(self, method: str) -> int:
        """How often a method passed the slave."""
        return sum(name == method for _, name in self.requests)

    def _run(self, work: Any) -> None:
        self._thread.submit(work).result(_DEADLINE)

    async def _tidy(self) -> None:
        await self._runner.cleanup()
        for transport in self._transports:  # one whose last bytes nobody reads would outlive the loop
            transport.abort()
        await asyncio.sleep(0)  # in which they close

    async def _listen(self) -> None:
        app = web.Application()
        app.router.add_route("*", "/{job}/{server:renderer|backend}", self._relay)
        app.router.add_route("*", "/{path:.*}", self._answer)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.port = self._runner.addresses[0][1]

    # ------------------------------------------------------------------ master

    async def _answer(self, request: web.Request) -> web.Response:
        call = f"{request.method} {request.path}"
        self.calls.append(call)
        for beginning, answers in self.answers.items():
            if call.startswith(beginning) and answers:
                status, text = answers.pop(0)
                return _plain(status, text)
        try:
            body = json.loads(await request.text())
        except ValueError:
            body = None
        refusal = self._refusal(request.method, request.headers.get("Authorization"))
        match request.method, request.path.split("/")[1:]:
            case "GET", ["healthz"]:
                return _plain(200, "" if self.edition == "2023" else "200: OK")
            case "POST", ["start"]:
                return refusal or self._start(body)
            case "GET", ["status", job]:
                return refusal or self._status(job)
            case "POST", ["stop", job] if self.edition == "2024":
                return refusal or self._stop(job)
        return _plain(404, "404: Not Found")

    def _refusal(self, verb: str, presented: str | None) -> web.Response | None:
        if presented == f"Bearer {self.token}":
            return None
        if self.edition == "2024":
            return _plain(401, "Invalid Keycloak token" if presented else "No authorization header")
        if verb == "GET" and presented is None:
            return _plain(500, "500 Internal Server Error\n\nServer got itself in trouble")
        return _plain(401, "")

    def _start(self, body: Any) -> web.Response:
        wanted = "usecase" if self.edition == "2023" else "project"
        if not isinstance(body, dict) or wanted not in body:
            return _plain(400, "" if self.edition == "2023" else "No projects provided in request body")
        name = str(uuid.uuid4()) if self.edition == "2023" else uuid.uuid4().hex
        servers = frozenset(self.servers) if self.edition == "2023" else frozenset({"renderer"})
        self.jobs[name] = ProxiedJob(name, body, self.polls, servers)
        return _plain(201, json.dumps({"job_id": name}))

    def _status(self, name: str) -> web.Response:
        job = self.jobs.get(name)
        if job is None or (self.edition == "2024" and not job.runs):
            return _plain(404, "" if self.edition == "2023" else f"Invalid job ID {name}")
        ready = job.runs and job.polls <= 0
        job.polls -= 1
        if self.edition == "2024":
            address = {"job_url": f"127.0.0.1:{self.port}/{name}/renderer"} if ready else {}
            return _plain(200, json.dumps({"ready": ready, "end_time": f"{END_TIME}.123456"} | address))
        up = job.runs and job.polls <= 0
        status = {"job_running": up, "end_time": END_TIME if up else None, "brayns_started": ready}
        return _plain(200, json.dumps(status))

    def _stop(self, name: str) -> web.Response:
        job = self.jobs.get(name)
        if job is None or not job.runs:
            return _plain(404, f"Invalid job ID {name}")
        job.stopped = True
        return _plain(200, "200: OK")

    # ------------------------------------------------------------------ slave

    async def _relay(self, request: web.Request) -> web.StreamResponse:
        name, job = request.match_info["server"], self.jobs.get(request.match_info["job"])
        if job is None or name not in self.servers or (name == "backend" and self.edition == "2024"):
            return _plain(404, "404: Not Found")
        if job.polls >= 0:
            return _plain(*((404, "") if self.edition == "2023" else (400, "Job not ready")))
        assert request.transport is not None
        self._transports.add(request.transport)
        socket = web.WebSocketResponse(max_msg_size=0, compress=False)
        await socket.prepare(request)
        async with aiohttp.ClientSession() as session:
            try:
                server = await session.ws_connect(self.servers[name], max_msg_size=0, compress=0)
            except aiohttp.ClientError:
                if self.edition == "2024":
                    request.transport.write(_BROKEN)
                    await _until_closed(request.transport)
                await socket.close()
                return socket
            await self._pass_on(job, name, socket, server)
        return socket

    async def _pass_on(
        self,
        job: ProxiedJob,
        name: str,
        client: web.WebSocketResponse,
        server: aiohttp.ClientWebSocketResponse,
    ) -> None:
        async def forward() -> None:
            async for message in client:
                self._note(job, name, message.data)
                if message.type is WSMsgType.BINARY:
                    await server.send_bytes(message.data)
                elif message.type is WSMsgType.TEXT:
                    await server.send_str(message.data)

        async def back() -> None:
            async for message in server:
                if message.type is WSMsgType.BINARY:
                    await client.send_bytes(message.data)
                elif message.type is WSMsgType.TEXT:
                    await client.send_str(message.data)
            if name == "renderer" and self.ends and not client.closed:
                job.died = True

        tasks = [asyncio.create_task(forward()), asyncio.create_task(back())]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            with contextlib.suppress(ConnectionError):
                await server.close()
                await client.close()  # 1000 without a reason, whatever the server's end was

    def _note(self, job: ProxiedJob, name: str, data: Any) -> None:
        text = data if isinstance(data, str) else bytes(data[4 : 4 + int.from_bytes(data[:4], "little")]).decode()
        method = json.loads(text).get("method", "")
        self.requests.append((name, method))
        if method == "quit":
            job.quit.add(name)


def _plain(status: int, text: str) -> web.Response:
    return web.Response(status=status, text=text)


async def _until_closed(transport: asyncio.Transport) -> None:
    async with asyncio.timeout(_DEADLINE):
        while not transport.is_closing():  # noqa: ASYNC110 - a transport that was upgraded tells nobody
            await asyncio.sleep(0.01)
