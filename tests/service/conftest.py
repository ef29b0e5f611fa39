"""Fixtures that run the local service, in this process or as one, with stand-ins for renderer and backend."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import httpx
import psutil
import pytest
from websockets.asyncio.client import connect

from brayns_widget.service.access import Access
from brayns_widget.service.allocators import Allocator, Condition
from brayns_widget.service.allocators.local import LocalAllocator
from brayns_widget.service.app import serve
from brayns_widget.service.auth import Token
from brayns_widget.service.jobs import JobStore, State
from brayns_widget.service.main import TOKEN_VARIABLE
from brayns_widget.service.manager import JobManager

TOKEN = "canary-7f3a9e"
FAKE = str(Path(__file__).with_name("fake_server.py"))
SERVICE_WITH_FAKES = str(Path(__file__).with_name("service_with_fakes.py"))


class ScriptedAllocator(Allocator):
    """Runs nothing: its jobs are as the test says."""

    def __init__(self):
        self.conditions = {}
        self.started = []
        self.stopped = []
        self.logs = {}
        self.before_start = lambda job: None
        self.may_start = asyncio.Event()
        self.may_start.set()
        self.first = Condition(State.READY, addresses={"renderer": ("127.0.0.1", 9)})

    async def start(self, job):
        if isinstance(self.first, Exception):
            raise self.first
        self.before_start(job)
        await self.may_start.wait()
        self.started.append(job.id)
        self.conditions[job.id] = self.first

    async def poll(self, job_id):
        return self.conditions[job_id]

    async def log(self, job_id):
        return self.logs.get(job_id, {})

    async def stop(self, job_id):
        self.stopped.append(job_id)

    async def close(self):
        self.stopped += [job_id for job_id in self.conditions if job_id not in self.stopped]


class Service:
    """A running service and a client of it."""

    def __init__(self, addresses, manager, client):
        self.addresses = addresses
        self.manager = manager
        self.client = client

    async def start(self):
        """Start a job and wait until it is ready."""
        response = await self.client.post("/start", json={"usecase": "SBO1"})
        assert response.status_code == 201, response.text
        job_id = response.json()["job_id"]
        await self.until(job_id, "ready")
        return job_id

    async def status(self, job_id):
        response = await self.client.get(f"/status/{job_id}")
        assert response.status_code == 200, response.text
        return response.json()

    async def until(self, job_id, state, seconds=20):
        async with asyncio.timeout(seconds):
            while (status := await self.status(job_id))["state"] != state:
                assert status["state"] not in ("ended", "failed"), status
                await asyncio.sleep(0.01)
        return status

    def open(self, job_id, server="renderer", *, query=f"?token={TOKEN}", **options):
        options = {"compression": None, "max_size": None, "open_timeout": 10, "proxy": None} | options
        return connect(f"{self.addresses.slave}/{job_id}/{server}{query}", **options)


@pytest.fixture
def eventually():
    """Wait until something is so, or fail."""

    async def wait(is_so, seconds=10):
        async with asyncio.timeout(seconds):
            while not is_so():  # noqa: ASYNC110 - other processes have no event to wait for
                await asyncio.sleep(0.01)

    return wait


@pytest.fixture
def token():
    return TOKEN


@pytest.fixture
def scripted():
    return ScriptedAllocator()


@pytest.fixture
def fake_commands():
    """Commands of a job whose servers get these words as arguments."""

    def make(renderer="", backend=""):
        return {
            "renderer": [sys.executable, FAKE, *renderer.split()],
            "backend": [sys.executable, FAKE, *backend.split()],
        }

    return make


@pytest.fixture
def running(fake_commands):
    """Run a service while the context lasts."""

    @contextlib.asynccontextmanager
    async def run(allocator=None, *, store=None, duration=None, origins=()):
        manager = JobManager(store or JobStore(), allocator or LocalAllocator(fake_commands()), duration=duration)
        async with (
            serve(manager, Token(TOKEN), access=Access(origins)) as addresses,
            httpx.AsyncClient(
                base_url=addresses.master, headers={"Authorization": f"Bearer {TOKEN}"}, trust_env=False, timeout=20
            ) as client,
        ):
            yield Service(addresses, manager, client)

    return run


class Running:
    """A service process with its greeting read."""

    def __init__(self, process):
        self.process = process
        self.greeting = json.loads(process.stdout.readline())
        self.client = httpx.Client(
            base_url=self.greeting["master"], headers={"Authorization": f"Bearer {TOKEN}"}, trust_env=False, timeout=20
        )

    def start_job(self):
        job_id = self.client.post("/start", json={"usecase": "SBO1"}).json()["job_id"]
        deadline = time.monotonic() + 20
        while not self.client.get(f"/status/{job_id}").json()["brayns_started"]:
            assert time.monotonic() < deadline
        return job_id

    def servers(self):
        return psutil.Process(self.process.pid).children()


@pytest.fixture
def launch(monkeypatch):
    """Start a service process; it gets the token through its standard input where the options say so."""
    monkeypatch.delenv(TOKEN_VARIABLE, raising=False)
    runs, processes = [], []

    def start(*options, command=(SERVICE_WITH_FAKES,), **environment):
        process = subprocess.Popen(
            [sys.executable, *command, *options],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, **environment},
        )
        processes.append(process)
        if "--exit-with-stdin" in options:
            assert process.stdin
            process.stdin.write(TOKEN + "\n")
            process.stdin.flush()
        runs.append(Running(process))
        return runs[-1]

    yield start
    for run in runs:
        run.client.close()
    for process in processes:
        with process:
            process.kill()


@pytest.fixture
def greet():
    """Read the greeting of a service whose standard output a process has."""
    return Running


@pytest.fixture
def gone():
    """Tell whether processes end in time; one that its new parent has not yet collected counts as ended."""

    def wait(processes, seconds=10):
        _, left = psutil.wait_procs(processes, timeout=seconds)
        return all(process.status() == psutil.STATUS_ZOMBIE for process in left)

    return wait
