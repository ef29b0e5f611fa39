"""Files that let a library hang: nothing is left of a backend that is asked about one."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from tests.conftest import ROOT
from tests.service.renderer.loaders.circuits.circuits import places, write_circuit

SOON = 2.0  # seconds
DEADLINE = 60.0


@pytest.fixture
def hanging(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[subprocess.Popen[str], ClientConnection, list[psutil.Process]]]:
    """A backend, a client whose question hangs, and the processes that read for it."""
    monkeypatch.setenv("PYTHONPATH", f"{ROOT / 'tests/service/stubborn'}{os.pathsep}{ROOT}")
    path = write_circuit(tmp_path, places(3))
    path.write_text(path.read_text().replace("nodes.h5", "hanging.h5"))
    (tmp_path / "nodes.h5").rename(tmp_path / "hanging.h5")
    command = [sys.executable, "-m", "brayns_widget", "backend", "--port", "0", "--base-directory", str(tmp_path)]
    pipe = subprocess.PIPE
    with subprocess.Popen([*command, "--exit-with-stdin"], stdin=pipe, stdout=pipe, text=True) as process:
        try:
            assert process.stdout is not None
            address = process.stdout.readline().split()[-1]
            with connect(f"ws://{address}") as client:
                ask = {"id": 1, "method": "sonata-list-populations", "params": {"path": str(path)}}
                client.send(json.dumps({"jsonrpc": "2.0", **ask}))
                deadline = time.monotonic() + DEADLINE
                while not (tmp_path / "hanging.h5.reached").exists():
                    assert time.monotonic() < deadline
                    time.sleep(0.01)
                children = psutil.Process(process.pid).children()
                assert children
                yield process, client, children
        finally:
            process.kill()


def check_ended_soon(begin: float, children: list[psutil.Process]) -> None:
    _gone, alive = psutil.wait_procs(children, SOON)
    assert not alive
    assert time.monotonic() - begin < SOON


@pytest.mark.parametrize("end", ["SIGTERM", "SIGKILL", "stdin"])
def test_nothing_is_left_of_a_backend_whose_question_hangs(hanging: Any, end: str):
    if (sys.platform == "win32" and end == "SIGTERM") or (sys.platform != "linux" and end == "SIGKILL"):
        pytest.skip("this system cannot")
    process, client, children = hanging
    begin = time.monotonic()
    if end == "stdin":
        process.stdin.close()
    else:
        process.send_signal(signal.SIGTERM if end == "SIGTERM" else signal.SIGKILL)
    with contextlib.suppress(ConnectionClosed):
        while True:
            client.recv(DEADLINE)
    check_ended_soon(begin, children)
    process.wait(DEADLINE)


def test_a_question_that_hangs_ends_with_its_client(hanging: Any):
    process, client, children = hanging
    begin = time.monotonic()
    client.close()
    check_ended_soon(begin, children)
    assert process.poll() is None
