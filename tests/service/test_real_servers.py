"""The service with the servers that it really starts."""

import asyncio
import json

import psutil
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from tests.processes import command

pytest.importorskip("embreex", reason="the renderer needs Embree, which has no wheel here")

COMMAND = ("-P", "-m", "brayns_widget", "service")


async def ask(run, job_id, server, method, token, **params):
    request = {"jsonrpc": "2.0", "id": 1, "method": method} | ({"params": params} if params else {})
    address = f"{run.greeting['slave']}/{job_id}/{server}?token={token}"
    async with asyncio.timeout(30), connect(address, compression=None, proxy=None) as connection:
        await connection.send(json.dumps(request))
        return json.loads(await connection.recv())


async def knock(port):
    async with asyncio.timeout(10), connect(f"ws://127.0.0.1:{port}", proxy=None):
        pass


def test_both_servers_answer_and_die_with_the_service(launch, gone, token, tmp_path):
    (tmp_path / "shown").mkdir()
    run = launch("--exit-with-stdin", "--base-directory", str(tmp_path), command=COMMAND)
    job_id = run.start_job()
    assert asyncio.run(ask(run, job_id, "renderer", "get-version", token))["result"]["major"] == 3
    listing = asyncio.run(ask(run, job_id, "backend", "fs-list-dir", token, path=str(tmp_path)))
    assert "shown" in json.dumps(listing["result"])
    servers = run.servers()
    assert len(servers) == 2
    for port in (listening.laddr.port for server in servers for listening in server.net_connections("tcp")[:1]):
        with pytest.raises(InvalidStatus, match="401"):  # past the proxy, without the job's secret
            asyncio.run(knock(port))
    run.process.kill()
    assert gone(servers)


def test_a_killed_renderer_ends_the_job_and_the_next_one_works(launch, gone, token):
    run = launch("--exit-with-stdin", command=COMMAND)
    job_id = run.start_job()
    servers = run.servers()
    renderer = next(server for server in servers if "renderer" in command(server))
    renderer.kill()
    assert gone(servers)
    status = run.client.get(f"/status/{job_id}").json()
    assert status["state"] == "failed"
    assert status["reason"].startswith("the renderer ")
    assert "SIG" not in status["reason"].partition("\n")[0]
    assert asyncio.run(ask(run, run.start_job(), "renderer", "get-version", token))["result"]["major"] == 3
    left = [psutil.Process(run.process.pid), *run.servers()]
    run.process.stdin.close()
    assert run.process.wait(10) == 0
    assert gone(left, 1)
