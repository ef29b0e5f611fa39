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

OWN = """
import subprocess, sys, threading
from brayns_widget.lifetime import line_of_life
line = line_of_life()
for _ in range(2):
    command = [sys.executable, "-c", sys.argv[1], str(line)]
    subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL, pass_fds=[line])
threading.Event().wait()
"""

# A library that never returns, and never releases Python's lock.
HANG = """
import ctypes, sys
from brayns_widget.lifetime import end_with_line
end_with_line(int(sys.argv[1]))
sys.stdout.write("hanging\\n")
sys.stdout.flush()
while True:
    ctypes.PyDLL(None).pause()
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


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no line of life")
def test_what_hangs_in_a_library_ends_with_its_owner(python):
    owner = python(OWN.replace("sys.argv[1]", repr(HANG)))
    assert [owner.stdout.readline() for _child in range(2)] == ["hanging\n"] * 2
    owner.kill()
    # Its children hold its standard output, too.
    assert owner.communicate(timeout=10)[0] == ""
