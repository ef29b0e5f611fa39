import errno
import logging
import socket
import sqlite3

import pytest
from aiohttp.http_exceptions import BadStatusLine

from brayns_widget.service.log import Quiet


class Told(logging.Handler):
    """The texts of a logger that the filter lets through, at a time that the test says."""

    def __init__(self, name):
        super().__init__()
        self.now = 0.0
        self.source = name
        self.texts: list[str] = []
        self.addFilter(Quiet(lambda: self.now))

    def emit(self, record):
        self.texts.append(logging.Formatter().format(record))

    def fail(self, error, text, *words, level=logging.ERROR):
        info = error and (type(error), error, error.__traceback__)
        self.handle(logging.LogRecord(self.source, level, "", 0, text, words, info))


def test_malformed_requests_are_told_once_a_second_in_one_line():
    told = Told("aiohttp.server")
    for _ in range(100):
        told.fail(BadStatusLine("GET /?token=secret"), "Error handling request from %s", "127.0.0.1")
    told.now = 1.5
    told.fail(BadStatusLine("GET /?token=secret"), "Error handling request from %s", "127.0.0.1")
    line = "Error handling request from 127.0.0.1: BadStatusLine"
    assert told.texts == [line, f"{line} (99 more before)"]


def test_exhausted_handles_are_told_once_a_second_in_one_line():
    told = Told("asyncio")
    for number in range(100):
        told.fail(
            OSError(errno.EMFILE, "Too many open files"), f"socket.accept() out of system resource\nsocket: {number}"
        )
    assert told.texts == [f"socket.accept() out of system resource: [Errno {errno.EMFILE}] Too many open files"]


def test_what_may_be_a_defect_keeps_its_traceback():
    told = Told("aiohttp.server")
    try:
        raise sqlite3.DatabaseError("malformed")
    except sqlite3.DatabaseError as error:
        told.fail(error, "Error handling request")
    assert "Traceback" in told.texts[0]
    assert "malformed" in told.texts[0]


def test_a_method_that_fails_again_and_again_is_told_once_a_second():
    told = Told("brayns_widget.service.rpc.server")
    for _ in range(100):
        told.fail(ZeroDivisionError("by zero"), "Method %r failed", "break")
    assert len(told.texts) == 1


def test_kinds_and_other_loggers_do_not_wait_for_each_other():
    told = Told("aiohttp.server")
    told.fail(BadStatusLine("a"), "first")
    told.fail(OSError(errno.EMFILE, "b"), "second")
    for _ in range(2):
        told.fail(None, "third", level=logging.INFO)
    assert told.texts == ["first: BadStatusLine", f"second: [Errno {errno.EMFILE}] b", "third", "third"]
    other = Told("brayns_widget.service.manager")
    for _ in range(3):
        other.fail(None, "job failed")
    assert len(other.texts) == 3


@pytest.mark.parametrize("malformed", [b"GET / NONSENSE\r\n\r\n", b"GET / HTTP/1.1\r\nno header\r\n\r\n"])
def test_a_service_that_gets_malformed_requests_stays_quiet(launch, malformed):
    run = launch("--exit-with-stdin")
    host, port = run.greeting["master"].removeprefix("http://").split(":")
    for _ in range(50):
        with socket.create_connection((host, int(port)), timeout=10) as connection:
            connection.sendall(malformed)
            assert b" 400 " in connection.recv(1000)
    assert run.client.get("/healthz").status_code == 200
    run.process.stdin.close()
    assert run.process.wait(10) == 0
    log = run.process.stderr.read()
    assert "Error handling request" in log
    assert "Traceback" not in log
    assert len(log.splitlines()) < 25
