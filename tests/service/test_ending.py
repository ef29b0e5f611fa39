import signal
import subprocess
import sys

import pytest

HEAR = """
import asyncio, sys, threading
from brayns_widget.service.ending import exit_on_signals, hear

async def serve(stdin, method):
    with hear(stdin=stdin) as ending:
        if method:
            threading.Thread(target=ending.ask).start()
        print("hearing", flush=True)
        await ending.wait()
    print("ended", flush=True)
    ending.ask()
    return ending

exit_on_signals()
ending = asyncio.run(serve("stdin" in sys.argv, "method" in sys.argv))
ending.ask()  # of a loop that is closed
print("late", flush=True)
if "wait" in sys.argv:
    threading.Event().wait()
"""
SIGNALS = pytest.mark.skipif(sys.platform == "win32", reason="Windows sends none of these signals")


@pytest.fixture
def hear():
    started = []

    def start(*words):
        process = subprocess.Popen(
            [sys.executable, "-c", HEAR, *words],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        started.append(process)
        assert process.stdout is not None
        assert process.stdout.readline() == "hearing\n"
        return process

    yield start
    for process in started:
        with process:
            process.kill()


def ended(process):
    code = process.wait(10)
    return process.stdout.read(), process.stderr.read(), code


@SIGNALS
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_asks_for_the_end(hear, number):
    process = hear()
    process.send_signal(number)
    assert ended(process) == ("ended\nlate\n", "", 0)


def test_so_does_a_standard_input_that_closes(hear):
    process = hear("stdin")
    process.stdin.close()
    assert ended(process) == ("ended\nlate\n", "", 0)


def test_unless_it_is_not_to_be_heard(hear):
    process = hear()
    process.stdin.close()
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(0.5)


def test_a_method_on_any_thread_asks_for_it(hear):
    assert ended(hear("method")) == ("ended\nlate\n", "", 0)


@SIGNALS
def test_what_is_over_ends_at_once(hear):
    process = hear("method", "wait")
    assert [process.stdout.readline() for _line in range(2)] == ["ended\n", "late\n"]
    process.send_signal(signal.SIGTERM)
    assert ended(process) == ("", "", 0)
