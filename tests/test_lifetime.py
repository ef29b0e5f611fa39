import subprocess
import sys

import pytest

WATCH = """
import os, threading
from brayns_widget.lifetime import when_stdin_closes
when_stdin_closes(lambda: (print("over", flush=True), os._exit(7)))
print("waiting", flush=True)
threading.Event().wait()
"""

READ = """
from brayns_widget.lifetime import read_stdin_line, when_stdin_closes
import threading
print(repr(read_stdin_line(20)), flush=True)
over = threading.Event()
when_stdin_closes(over.set)
over.wait()
"""


@pytest.fixture
def python():
    started = []

    def start(code, **options):
        options = {"stdin": subprocess.PIPE} | options
        process = subprocess.Popen(
            [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options
        )
        started.append(process)
        return process

    yield start
    for process in started:
        with process:
            process.kill()


def test_the_callback_comes_at_the_end_and_not_before(python):
    process = python(WATCH)
    assert process.stdout.readline() == "waiting\n"
    process.stdin.write("words that mean nothing\n")
    process.stdin.flush()
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(0.3)
    process.stdin.close()
    assert process.stdout.readline() == "over\n"
    assert process.wait(10) == 7


def test_a_standard_input_that_is_already_at_its_end_counts(python):
    assert python(WATCH, stdin=subprocess.DEVNULL).wait(10) == 7


def test_the_first_line_is_read_and_the_rest_watched(python):
    process = python(READ)
    process.stdin.write("first\r\nsecond\n")
    process.stdin.flush()
    assert process.stdout.readline() == "'first'\n"
    process.stdin.close()
    assert process.wait(10) == 0
    assert process.stderr.read() == ""


@pytest.mark.parametrize(("text", "error"), [("no end", "EOFError"), ("x" * 30 + "\n", "ValueError")])
def test_a_first_line_without_end_is_an_error(python, text, error):
    process = python(READ)
    _, errors = process.communicate(text, timeout=10)
    assert error in errors
    assert process.returncode == 1


def test_an_interpreter_ends_in_peace_while_standard_input_is_watched(python):
    process = python("from brayns_widget.lifetime import when_stdin_closes\nwhen_stdin_closes(lambda: None)")
    assert process.wait(10) == 0
    assert process.stderr.read() == ""
