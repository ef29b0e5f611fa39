"""Clients on a service of ours that another process runs, as on another machine."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import time
from collections.abc import Iterator

import httpx
import psutil
import pytest

from brayns_widget.connection import records
from brayns_widget.controller.controller import Controller
from tests.processes import runs

TOKEN = "canary-91c2"
LEASE = 2
WAIT = 60

CLIENT = f"""
import asyncio, sys
from pathlib import Path
from brayns_widget.connection import job as job_module
from brayns_widget.connection.job import Job
from brayns_widget.connection.place import Place
from brayns_widget.connection.tokens import Token
job_module.LEASE = {LEASE}
async def main():
    place = Place(sys.argv[1], sys.argv[2], Token("{TOKEN}"), "SBO1", None, Path("/"))
    job = await Job.start(place, timeout=60, on_state=lambda *_: None, on_lost=lambda _: None)
    if sys.argv[3] == "keep":
        await job.close(stop=False)
    print(job.id, flush=True)
    await asyncio.to_thread(sys.stdin.read)
asyncio.run(main())
"""


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv(records.FOLDER_VARIABLE, str(tmp_path / "jobs"))


@pytest.fixture(scope="module")
def service():
    command = [sys.executable, "-m", "brayns_widget", "service", "--exit-with-stdin"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            process.stdin.write(f"{TOKEN}\n".encode())
            process.stdin.flush()
            yield json.loads(process.stdout.readline())
            process.stdin.close()
            assert process.wait(WAIT) == 0
        finally:
            process.kill()


def status(service: dict[str, str], job_id: str) -> dict[str, object]:
    """Ask as ``GET /jobs`` does, which is no sign of life of a client."""
    answer = httpx.get(f"{service['master']}/jobs", headers={"Authorization": f"Bearer {TOKEN}"}, trust_env=False)
    (found,) = (job for job in answer.json()["jobs"] if job["job_id"] == job_id)
    return dict(found)


@contextlib.contextmanager
def client(service: dict[str, str], way: str) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    command = [sys.executable, "-c", CLIENT, service["master"], service["slave"], way]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        try:
            yield process, process.stdout.readline().decode().strip()
        finally:
            process.kill()


def test_a_job_whose_client_was_killed_ends_with_its_lease(service):
    with client(service, "stay") as (process, job_id):
        time.sleep(2 * LEASE)  # an open connection is a sign of life
        assert status(service, job_id)["state"] == "ready"
        process.kill()
        deadline = time.monotonic() + WAIT
        while status(service, job_id)["state"] != "ended":
            assert time.monotonic() < deadline
            time.sleep(0.05)
    assert status(service, job_id)["reason"] == f"none of its clients has been there for {LEASE} s"
    while [one for one in psutil.Process(service["pid"]).children(recursive=True) if runs(one, "renderer")]:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert Controller.jobs(service["master"], token=TOKEN) == []


def test_a_job_that_was_left_on_purpose_is_kept_and_found(service):
    with client(service, "keep") as (process, job_id):
        process.kill()
    time.sleep(2 * LEASE)
    assert status(service, job_id)["state"] == "ready"
    (job,) = Controller.jobs(service["master"], token=TOKEN)
    assert (job.id, job.state) == (job_id, "ready")
    with job.attach() as controller:
        controller.start().result(WAIT)
    job.stop()
    assert status(service, job_id)["reason"] == "it was stopped on request"
