"""What exists once in a process: shared, ended in order, and let go by a forked child."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from brayns_widget.connection import records
from brayns_widget.connection.child import Child
from brayns_widget.connection.local import LocalService
from brayns_widget.connection.loop import LoopThread
from brayns_widget.connection.process import Process
from brayns_widget.protocol.errors import ServiceError
from tests.connection.stand_in import GOOD
from tests.fakes import JOB_ID, FakeCluster

STOP = f"POST /stop/{JOB_ID}"
needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="only where processes fork")


@pytest.fixture
def process():
    made = Process()
    yield made
    made.end()


class Worker:
    """Something that a child process does."""

    def __init__(self, *, on_process: Callable[[Child], None]) -> None:
        self.child = Child.launch(["work"], name="worker", on_process=on_process)


def launch(process: Process) -> Child:
    return asyncio.run(process.shared("work", Worker)).child


# ---------------------------------------------------------------------- the loop thread


def test_the_loop_thread_is_one(process):
    loop = process.loop_thread()
    assert process.loop_thread() is loop
    loop.close()
    other = process.loop_thread()  # a closed one is replaced
    assert other is not loop
    other.close()


# ---------------------------------------------------------------------- child processes


def test_a_service_is_shared_and_replaced_when_it_died(stand_in, process):
    stand_in(GOOD)

    async def main() -> list[LocalService]:
        first, same = await asyncio.gather(process.local_service(Path("/a")), process.local_service(Path("/a")))
        other = await process.local_service(Path("/b"))
        assert first is same
        assert first is not other
        first.child.close()
        again = await process.local_service(Path("/a"))
        assert again is not first
        return [other, again]

    services = asyncio.run(main())
    assert process._children == [service.child for service in services]  # the one that died is not kept
    process.end()
    assert not any(service.child.alive for service in services)


def test_a_failed_start_is_tried_again(stand_in, process):
    async def main() -> None:
        stand_in("raise SystemExit(1)")
        with pytest.raises(ServiceError):
            await process.local_service(Path("/a"))
        stand_in(GOOD)
        assert (await process.local_service(Path("/a"))).child.alive

    asyncio.run(main())


def test_children_are_shared_by_their_key(stand_in, process):
    started = stand_in(GOOD)

    async def main() -> None:
        first, same = await asyncio.gather(process.shared("work", Worker), process.shared("work", Worker))
        other = await process.shared("another", Worker)
        assert first is same
        assert first is not other
        assert len(started) == 2

    asyncio.run(main())


def test_whoever_waits_for_a_child_can_give_up_without_the_others(stand_in, process):
    stand_in(GOOD)

    async def main() -> None:
        impatient = asyncio.create_task(process.shared("work", Worker))
        patient = asyncio.create_task(process.shared("work", Worker))
        await asyncio.sleep(0)
        impatient.cancel()
        assert (await patient).child.alive
        assert impatient.cancelled()

    asyncio.run(main())


def test_a_child_that_still_starts_ends_with_the_process(stand_in, process):
    stand_in("import sys; sys.stdin.readline(); sys.stdin.read()")  # it never greets
    seen: list[Child] = []

    async def main() -> None:
        start = asyncio.create_task(process.shared("work", lambda on_process: Worker(on_process=on_process)))
        async with asyncio.timeout(10):
            while not process._children:  # noqa: ASYNC110 - a thread adds it
                await asyncio.sleep(0.002)
        seen.extend(process._children)
        await asyncio.to_thread(process.end)
        with pytest.raises(ServiceError, match="ended at once"):
            await start

    asyncio.run(main())
    assert not seen[0].alive


# ---------------------------------------------------------------------- the end


class FakeRunning:
    """Notes what is asked of it."""

    def __init__(self, notes: list[str], stop: Callable[[], None] = lambda: None) -> None:
        self._notes = notes
        self._stop = stop

    async def leave(self) -> None:
        self._notes.append("leave")
        self._stop()

    def unfinished(self) -> str:
        return "The job 7 may run on."


async def add(process: Process, running: FakeRunning) -> None:
    process.add(running)


def test_all_jobs_are_left_then_services_ended(stand_in, process, monkeypatch):
    stand_in(GOOD)
    notes: list[str] = []
    child = launch(process)
    hang_up = child.hang_up

    def note() -> None:
        notes.append("end")
        hang_up()

    monkeypatch.setattr(child, "hang_up", note)
    loop = LoopThread()
    for _ in range(2):
        loop.submit(add(process, FakeRunning(notes))).result(5)
    process.end()
    loop.close()
    assert notes[:3] == ["leave", "leave", "end"]
    assert not child.alive


def test_a_job_that_cannot_be_stopped_and_a_loop_that_is_over_keep_nothing_else_from_ending(process, capfd):
    notes: list[str] = []
    over, loop = LoopThread(), LoopThread()
    over.submit(add(process, FakeRunning(notes))).result(5)
    over.close()
    loop.submit(add(process, FakeRunning(notes, stop=lambda: 1 / 0))).result(5)  # type: ignore[arg-type]
    loop.submit(add(process, FakeRunning(notes))).result(5)
    process.end(at_exit=True)
    loop.close()
    assert notes == ["leave", "leave"]
    assert capfd.readouterr().err == 2 * "brayns_widget: The job 7 may run on.\n"


def test_what_was_taken_back_is_left_alone(process):
    notes: list[str] = []
    running = FakeRunning(notes)
    loop = LoopThread()
    loop.submit(add(process, running)).result(5)
    process.discard(running)
    process.discard(running)  # a second time does nothing
    process.end()
    loop.close()
    assert notes == []


@pytest.mark.measures
def test_links_that_do_not_close_are_not_waited_for_for_ever(process, monkeypatch, capfd):
    monkeypatch.setattr("brayns_widget.connection.process.EXIT_DEADLINE", 0.1)

    class Stuck(FakeRunning):
        async def leave(self) -> None:
            await asyncio.Event().wait()

    loop = LoopThread()
    for _ in range(3):
        loop.submit(add(process, Stuck([]))).result(5)
    begun = time.monotonic()
    process.end(at_exit=True)
    assert time.monotonic() - begun < 0.3  # for all of them together
    process.tell("The job 7 may run on: it was not stopped.")  # its end has come all the same
    loop.close()
    assert capfd.readouterr().err == 3 * "brayns_widget: The job 7 may run on.\n"


# ---------------------------------------------------------------------- real processes

SERVICE = """
import asyncio, subprocess, sys, os
from pathlib import Path
from brayns_widget.connection import child
from brayns_widget.connection.process import PROCESS
real = subprocess.Popen
child.subprocess.Popen = lambda command, **options: real([sys.executable, sys.argv[1]], **options)
service = asyncio.run(PROCESS.local_service(Path("/")))
if sys.argv[2] == "fork":
    if os.fork() == 0:
        sys.stdin.read()  # a child that outlives its parent
        os._exit(0)
print(service.child.pid, flush=True)
if sys.argv[2] != "leave":
    sys.stdin.read()
"""


@pytest.mark.parametrize("way", ["leave", "kill", pytest.param("fork", marks=needs_fork)])
def test_a_service_ends_with_its_owner_however_that_ends(tmp_path, way):
    script = tmp_path / "service.py"
    script.write_text(GOOD, encoding="utf-8")
    with subprocess.Popen(
        [sys.executable, "-W", "ignore", "-c", SERVICE, str(script), way],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as owner:
        assert owner.stdout is not None
        service = psutil.Process(int(owner.stdout.readline()))
        if way != "leave":
            owner.send_signal(signal.SIGKILL if hasattr(signal, "SIGKILL") else signal.SIGTERM)
        gone, left = psutil.wait_procs([service], timeout=10)
        assert not left
        assert gone


CONNECTION = """
import os, sys, threading
from pathlib import Path
from brayns_widget.connection.connection import Connection
from brayns_widget.connection.place import Place
from brayns_widget.connection.process import PROCESS
from brayns_widget.connection.tokens import Token
async def prepare(ready): pass
loop = PROCESS.loop_thread()
queued = threading.Event()
connection = Connection(
    Place(sys.argv[1], sys.argv[2], Token(sys.argv[3]), "SBO1", None, Path("/")), attach_to=None, start_timeout=30,
    on_status=lambda status: status.state == "queued" and queued.set(), prepare=prepare,
    resume=prepare, on_ready=lambda ready: None, on_away=lambda: None, on_left=lambda end: None,
    on_backend=lambda error: None,
    on_left_behind=lambda text: None,
)
start = loop.submit(connection.ensure(lambda *_: None))
"""


def run(cluster: FakeCluster, code: str) -> None:
    command = [sys.executable, "-W", "error", "-c", CONNECTION + code, cluster.master, cluster.slave, cluster.token]
    done = subprocess.run(command, capture_output=True, timeout=60, check=False)
    assert (done.returncode, done.stderr.decode()) == (0, "")


def test_a_job_that_nobody_closed_is_stopped_at_the_end_of_the_process():
    with FakeCluster() as cluster:
        run(cluster, "start.result(10)")
        assert cluster.paths()[-1] == STOP
        assert cluster.paths().count(STOP) == 1
        assert not cluster.renderer.sockets


def test_a_job_that_still_waits_for_a_machine_is_stopped_too():
    with FakeCluster(polls=10**9) as cluster:
        run(cluster, "assert queued.wait(10)")
        assert cluster.paths()[-1] == STOP


@needs_fork
def test_a_forked_child_leaves_the_job_of_its_parent_alone():
    code = """
import warnings
start.result(10)
warnings.simplefilter("ignore")  # Python warns that forking with threads is risky: that is the point
child = os.fork()
if child == 0:
    sys.exit()  # with the hooks
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
loop.submit(connection.ready.renderer.request("get-scene")).result(10)  # the link is as it was
"""
    with FakeCluster() as cluster:
        run(cluster, code)
        assert cluster.paths().count(STOP) == 1


EXIT_LIMIT = 2.0  # s
SESSIONS = """
import atexit, sys, time
atexit.register(lambda: print(time.time(), flush=True))  # the last one; what Python does then is not ours
from brayns_widget import Controller
options = {} if sys.argv[1] == "local" else dict(zip(("master", "slave", "token"), sys.argv[1:]))
controllers = [Controller(**options) for _ in range(int(sys.argv[-1]))]
for start in [controller.start() for controller in controllers]:
    start.result(60)
print(time.time(), flush=True)
"""


def seconds_to_exit(*arguments: str) -> tuple[float, str]:
    done = subprocess.run(
        [sys.executable, "-c", SESSIONS, *arguments], capture_output=True, text=True, timeout=120, check=True
    )
    begun, ended = map(float, done.stdout.split())
    return ended - begun, done.stderr


@pytest.mark.measures
@pytest.mark.parametrize("sessions", [1, 20])
def test_the_end_of_the_process_stops_all_jobs_at_once(sessions):
    with FakeCluster() as cluster:
        seconds, told = seconds_to_exit(cluster.master, cluster.slave, cluster.token, str(sessions))
        assert cluster.paths().count(STOP) == sessions
    assert told == ""
    assert seconds < EXIT_LIMIT


OUTLIVING = """
import sys, threading, time
from concurrent.futures import ThreadPoolExecutor
from brayns_widget import Controller
from brayns_widget.connection import records
controller = Controller(master=sys.argv[1], slave=sys.argv[2], token=sys.argv[3])
controller.start().result(30)
pool = ThreadPoolExecutor(1)
deadline = time.monotonic() + 30

def wait(going_on):
    while going_on():
        assert time.monotonic() < deadline

def pools_go_on():
    try:
        pool.submit(int).result()
    except RuntimeError:
        return False
    return True

def work():
    wait(pools_go_on)
    controller.snapshot(sys.argv[4], size=(16, 16)).result(30)
    assert records.read_all()
    print("saved", flush=True)
    wait(records.read_all)

threading.Thread(target=work).start()
"""


def test_what_a_thread_that_outlives_the_main_one_asks_for_is_done_and_a_job_that_ends_then_is_forgotten(
    tmp_path, monkeypatch
):
    monkeypatch.setenv(records.FOLDER_VARIABLE, str(tmp_path / "jobs"))
    picture = tmp_path / "picture.png"
    with FakeCluster() as cluster:
        arguments = [cluster.master, cluster.slave, cluster.token, str(picture)]
        with subprocess.Popen(
            [sys.executable, "-W", "error", "-c", OUTLIVING, *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as client:
            assert client.stdout is not None
            told = client.stdout.readline()
            cluster.kill_renderer("it was killed")
            _, problems = client.communicate(timeout=60)
    assert (told, problems) == ("saved\n", "")
    assert picture.stat().st_size > 0


def test_a_name_is_looked_up_at_the_end_of_the_process():
    with FakeCluster() as cluster:
        _, told = seconds_to_exit(cluster.master.replace("127.0.0.1", "localhost"), cluster.slave, cluster.token, "1")
        assert cluster.paths()[-1] == STOP
    assert told == ""


@pytest.mark.measures
def test_what_the_end_of_the_process_cannot_stop_is_told_on_stderr():
    with FakeCluster() as cluster:
        cluster.failures["/stop"] = [(401, "")] * 3
        cluster.renderer.silent.add("quit")
        seconds, told = seconds_to_exit(cluster.master, cluster.slave, cluster.token, "3")
    assert seconds < EXIT_LIMIT
    lines = told.splitlines()
    assert len(lines) == 3
    assert all(
        line.startswith(f"brayns_widget: The job {JOB_ID} of {cluster.master} may run on, until 2026-11-22T21:39:49")
        for line in lines
    )
    assert cluster.token not in told


GIVEN_UP = """
import sys
from brayns_widget import Controller
controller = Controller(master=sys.argv[1], slave=sys.argv[2], token=sys.argv[3])
queued = next(at for at in controller.start() if "machine" in at.operation)
"""


def test_a_job_in_a_queue_that_the_end_of_the_process_cannot_stop_is_told_once_without_a_promise():
    with FakeCluster(polls=10**9) as cluster:
        cluster.failures["/stop"] = [(400, "no")]
        command = [sys.executable, "-c", GIVEN_UP, cluster.master, cluster.slave, cluster.token]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0
    (line,) = done.stderr.splitlines()
    assert line.startswith(f"brayns_widget: The job {JOB_ID} of {cluster.master} may run on: ")
    assert "If it comes up" not in line


@pytest.mark.measures
def test_local_sessions_end_with_the_process_without_a_wait():
    seconds, told = seconds_to_exit("local", "3")
    assert told == ""
    assert seconds < EXIT_LIMIT


@needs_fork
@pytest.mark.parametrize("way", ["multiprocessing", "_exit", "exit"])
def test_a_forked_child_can_use_no_controller_of_its_parent_and_stops_nothing(way):
    code = """
import gc, os, sys, warnings, multiprocessing
from brayns_widget import Controller, ForkedError
options = dict(zip(("master", "slave", "token"), sys.argv[1:4]))
controller = Controller(**options)
controller.start().result(20)
other = [Controller(**options)]
other[0].start().result(20)

def check():
    for call in (controller.start, controller.models.clear, controller.close, lambda: controller.job.close()):
        try:
            call()
        except ForkedError as error:
            assert "Make a new controller" in str(error), error
        else:
            raise AssertionError(call)
    other.clear()
    gc.collect()  # what the child collects is its parent's
    with Controller(**options) as own:
        own.start().result(20)

warnings.simplefilter("ignore")
if sys.argv[4] == "multiprocessing":
    child = multiprocessing.get_context("fork").Process(target=check)
    child.start()
    child.join()
    code = child.exitcode
else:
    child = os.fork()
    if child == 0:
        check()
        os._exit(0) if sys.argv[4] == "_exit" else sys.exit(0)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
assert code == 0, code
controller.renderer.request("get-scene")
other[0].renderer.request("get-scene")
print("before", flush=True)
sys.stdin.read()
"""
    with FakeCluster() as cluster:
        command = [sys.executable, "-c", code, cluster.master, cluster.slave, cluster.token, way]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as parent:
            assert parent.stdout is not None
            assert parent.stdout.readline() == b"before\n"
            assert cluster.paths().count("POST /start") == 3
            assert cluster.paths().count(STOP) == 1  # of the child's own
            _, told = parent.communicate(timeout=30)
        assert (parent.returncode, told.decode()) == (0, "")
        assert cluster.paths().count(STOP) == 3


@needs_fork
def test_a_forked_child_gets_a_loop_thread_of_its_own():
    code = """
import os, warnings
from brayns_widget.connection.process import PROCESS
warnings.simplefilter("ignore")
async def pid(): return os.getpid()
assert PROCESS.loop_thread().submit(pid()).result(5) == os.getpid()
with PROCESS._lock:  # another thread may hold it at that moment
    child = os.fork()
if child == 0:
    os._exit(0 if PROCESS.loop_thread().submit(pid()).result(5) == os.getpid() else 1)
raise SystemExit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""
    assert subprocess.run([sys.executable, "-c", code], timeout=30, check=False).returncode == 0


def test_letting_go_forgets_everything(stand_in, process):
    stand_in(GOOD)
    child = launch(process)
    loop = process.loop_thread()
    loop.submit(add(process, FakeRunning([]))).result(5)
    process.forget()
    assert process.loop_thread() is not loop
    assert not process._running
    assert not process._children
    assert not process._shared
    assert child._process.wait(10) == 0  # nobody holds its life line
    child.close()
    for thread in (loop, process.loop_thread()):
        thread.close()
