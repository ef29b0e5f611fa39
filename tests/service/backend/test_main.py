"""The command `brayns-widget backend` as a process."""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
import sys
import time

import pytest
from websockets.asyncio.client import connect

from brayns_widget.cli import main
from tests.service.backend.simulations import CELLS, write_simulation

DEADLINE = 20  # seconds


# As where a disk is lost: the call does not come back.
HANGING = "import os, threading; os.scandir = lambda path: threading.Event().wait()"
MAIN = "import sys; from brayns_widget.cli import main; sys.exit(main(sys.argv[1:]))"


@pytest.fixture
def start():
    processes = []

    def run(directory, *flags, before=""):
        how = ["-c", f"{before}; {MAIN}"] if before else ["-m", "brayns_widget"]
        command = [sys.executable, *how, "backend", "--port", "0", "--base-directory", str(directory)]
        process = subprocess.Popen(
            [*command, *flags], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        processes.append(process)
        assert process.stdout
        line = process.stdout.readline()
        assert line.startswith("listening on 127.0.0.1:"), process.communicate(timeout=DEADLINE)
        return process, f"ws://{line.split()[-1]}"

    yield run
    for process in processes:
        with process:
            process.kill()


def ask(url, method, **params):
    async def exchange():
        async with asyncio.timeout(DEADLINE), connect(url) as socket:
            await socket.send(json.dumps({"id": 1, "method": method, **({"params": params} if params else {})}))
            return json.loads(await socket.recv())

    return asyncio.run(exchange())


def test_it_serves_until_its_standard_input_closes(start, tmp_path):
    process, url = start(tmp_path, "--exit-with-stdin")
    assert ask(url, "fs-get-root")["result"] == str(tmp_path)
    assert process.poll() is None
    process.stdin.close()
    assert process.wait(DEADLINE) == 0
    assert process.stderr.read() == ""


def test_a_listing_that_hangs_does_not_keep_it(start, tmp_path):
    process, url = start(tmp_path, "--exit-with-stdin", before=HANGING)

    async def ask_in_vain():
        async with asyncio.timeout(DEADLINE), connect(url) as socket:
            await socket.send(json.dumps({"id": 1, "method": "fs-list-dir", "params": {"path": str(tmp_path)}}))
            await socket.send(json.dumps({"id": 2, "method": "cancel", "params": {"id": 1}}))  # it has begun then
            await socket.recv()
            process.stdin.close()
            await socket.wait_closed()

    asyncio.run(ask_in_vain())
    assert process.wait(DEADLINE) == 0


def test_each_connection_has_its_own_selections(start, tmp_path):
    config = str(write_simulation(tmp_path))
    _process, url = start(tmp_path)
    for _ in range(2):
        assert ask(url, "sonata-load-nodes", path=config, population=CELLS, count=1)["result"] == {"id": 0, "count": 1}
    assert "this connection has none" in ask(url, "sonata-get-node-ids", id=0)["error"]["message"]


def test_without_the_flag_standard_input_does_not_matter(start, tmp_path):
    process, url = start(tmp_path)
    process.stdin.close()
    assert ask(url, "version")["result"] == {"version": "3.0.0"}


def test_quit_ends_it(start, tmp_path):
    process, url = start(tmp_path)
    assert ask(url, "quit") == {"jsonrpc": "2.0", "id": 1, "result": None}
    assert process.wait(DEADLINE) == 0


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signals")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signals_end_it(start, tmp_path, number):
    process, _url = start(tmp_path)
    process.send_signal(number)
    assert process.wait(DEADLINE) == 0
    assert process.stderr.read() == ""


@pytest.mark.measures
def test_it_starts_without_the_readers_of_circuits(start, tmp_path):
    begin = time.monotonic()
    start(tmp_path)
    assert time.monotonic() - begin < 10, "0.5 s where the machine is idle"
    code = "import sys, brayns_widget.service.backend.methods; print('libsonata' in sys.modules)"
    assert subprocess.check_output([sys.executable, "-c", code], text=True) == "False\n"


def test_a_base_that_is_no_directory(tmp_path, capsys):
    assert main(["backend", "--base-directory", str(tmp_path / "nothing"), "--port", "0"]) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.count("\n") == 1
    assert "nothing" in said.err


def test_a_port_that_is_taken_or_impossible(start, tmp_path):
    _process, url = start(tmp_path)
    for port in (url.rpartition(":")[2], "99999"):
        command = [sys.executable, "-m", "brayns_widget", "backend", "--base-directory", str(tmp_path), "--port", port]
        ended = subprocess.run(command, capture_output=True, text=True, timeout=DEADLINE, check=False)
        assert ended.returncode == 1
        assert ended.stderr.startswith("brayns-widget backend: ")
        assert "Traceback" not in ended.stderr
