"""Uploads of many megabytes, through the proxy slave to the real servers, do not hold other clients up."""

from __future__ import annotations

import itertools
import json
import os
import statistics
import threading
import time

import pytest
from websockets.frames import Opcode
from websockets.sync.client import connect

pytest.importorskip("embreex", reason="the renderer needs Embree, which has no wheel here")

COMMAND = ("-P", "-m", "brayns_widget", "service")
MIB = 1 << 20
MOST_UPLOAD = 45  # MiB that the backend takes
WAIT = 120.0
PAUSE = 0.005
USUAL = 0.05  # s; a view that moves takes no longer for a picture
LONGEST = 1.8  # s; a view says then that nobody answers
COPIES = 10  # or as long as so many copies of the message take, where memory is slow
ASKED = (("renderer", "get-version"), ("renderer", "get-scene"), ("backend", "registry"))


class Upload(threading.Thread):
    """A client that sends one message and waits for the answer; its mask is zero, so that it needs no time itself."""

    def __init__(self, address, opcode, message):
        super().__init__()
        self._address, self._opcode, self._message = address, opcode, message
        self.answer = {}
        self.size = len(message)

    def run(self):
        head = bytes([0x80 | self._opcode, 0x80 | 127]) + len(self._message).to_bytes(8, "big") + bytes(4)
        with connect(self._address, compression=None, proxy=None, max_size=None) as connection:
            connection.socket.sendall(head)
            connection.socket.sendall(self._message)
            answers = (json.loads(connection.recv(WAIT)) for _ in itertools.count())
            self.answer = next(answer for answer in answers if "method" not in answer)  # others are progress


def volume(size):
    """A volume of bytes, as the renderer gets it."""
    cells = {"data_type": "unsinged_char", "dimensions": [1024, 1024, size], "spacing": [1, 1, 1]}
    params = {"type": "raw", "loader_name": "raw-volume", "loader_properties": cells}
    text = request("upload-model", params)
    return b"".join((len(text).to_bytes(4, "little"), text, os.urandom(MIB) * size))


def request(method, params=None):
    message = {"jsonrpc": "2.0", "id": 1, "method": method} | ({"params": params} if params else {})
    return json.dumps(message).encode()


@pytest.fixture
def address(launch, token, tmp_path):
    """Start a job; gives the addresses of its servers."""
    run = launch("--exit-with-stdin", "--base-directory", str(tmp_path), command=COMMAND)
    job = run.start_job()
    return lambda server: f"{run.greeting['slave']}/{job}/{server}?token={token}"


@pytest.fixture
def clients(address):
    """Other clients of both servers."""
    options = {"compression": None, "proxy": None}
    with connect(address("renderer"), **options) as renderer, connect(address("backend"), **options) as backend:
        yield {"renderer": renderer, "backend": backend}


def ask(client, method):
    """Ask for something small; return how long it took."""
    began = time.monotonic()
    client.send(request(method).decode())
    assert "result" in json.loads(client.recv(WAIT))
    return time.monotonic() - began


def copying(size):
    """Measure how long a copy of so many bytes takes, in seconds."""
    original = bytearray(b"\1") * size
    began = time.monotonic()
    bytes(original)
    return time.monotonic() - began


def check(clients, upload):
    """Ask while something is uploaded, and check how long that took; return the answer to the upload."""
    longest = max(LONGEST, COPIES * copying(upload.size))
    waits: dict[tuple[str, str], list[float]] = {asked: [] for asked in ASKED}
    upload.start()
    while upload.is_alive():
        for server, method in ASKED:
            waits[server, method].append(ask(clients[server], method))
        upload.join(PAUSE)
    for asked, times in waits.items():
        found = f"{asked}: median {statistics.median(times):.3f} s, longest {max(times):.3f} s of {len(times)}"
        print(found)
        assert statistics.median(times) < USUAL, found
        assert max(times) < longest, found
    return upload.answer


@pytest.mark.measures
def test_a_volume_of_256_mib_holds_nobody_up(clients, address):
    first = Upload(address("renderer"), Opcode.BINARY, volume(1))
    first.run()  # the ray tracer starts, and what reads volumes
    assert "result" in first.answer
    answer = check(clients, Upload(address("renderer"), Opcode.BINARY, volume(256)))
    (model,) = answer["result"]
    assert model["bounds"]["max"] == [1024, 1024, 256]


@pytest.mark.measures
def test_files_hold_nobody_up(clients, address, tmp_path):
    def upload(size):
        params = {"path": str(tmp_path / "file"), "content": "abcdefgh" * (size * MIB // 8), "base64": False}
        return Upload(address("backend"), Opcode.TEXT, request("fs-upload-content", params))

    assert check(clients, upload(MOST_UPLOAD))["result"] is None
    assert (tmp_path / "file").stat().st_size == MOST_UPLOAD * MIB
    # What is too large has to be read all the same, to know to which request the error belongs.
    assert check(clients, upload(2 * MOST_UPLOAD))["error"]["message"] == f"content has more than {MOST_UPLOAD} MiB"
    assert (tmp_path / "file").stat().st_size == MOST_UPLOAD * MIB
