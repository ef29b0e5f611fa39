"""Random kills while requests run."""

from __future__ import annotations

import collections
import random
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import psutil

from benchmarks.faults.place import Findings, process, survivors
from brayns_widget.connection.process import PROCESS
from brayns_widget.controller.controller import Controller
from brayns_widget.demo import write_circuit
from brayns_widget.protocol.errors import BraynsWidgetError

KILLS, KERNELS = 60, 10
DEADLINE = 60.0
TOLD = 0.5  # seconds from the kill to the error
KERNEL = """
import sys
from brayns_widget import Controller
controller = Controller(base_directory=sys.argv[1])
controller.start().result(60)
print("ready", flush=True)
while True:
    controller.renderer.request("get-scene")
"""
VICTIMS = ("renderer", "backend", "service")
WORK = ("requests", "load", "snapshot")


class Worker(threading.Thread):
    """Does the same again and again until it gets an error.

    Attributes:
        error: the error.
        ended: when it came.
    """

    def __init__(self, controller: Controller, work: str, circuit: Path) -> None:
        super().__init__(daemon=True)  # one that is never told must not keep the benchmark
        self.error: BaseException | None = None
        self.ended = 0.0
        self.begun = threading.Event()
        self._controller, self._work, self._circuit = controller, work, circuit

    def run(self) -> None:
        try:
            while True:
                self.begun.set()
                self._once()
        except BaseException as error:
            self.error, self.ended = error, time.monotonic()

    def _once(self) -> None:
        controller = self._controller
        match self._work:
            case "requests":
                controller.renderer.request("get-scene")
            case "backend":
                controller.backend.request("version")
            case "load":
                controller.load_circuit(self._circuit, axon=True).result(DEADLINE)
                controller.clear()
            case "snapshot":
                controller.snapshot(size=(640, 480), samples=16).result(DEADLINE)


def servers(name: str) -> list[Any]:
    """The processes below this one that run a command of ours and have started nothing that does."""
    return [one for one in process().children(recursive=True) if _runs(one, name)]


def _runs(one: Any, name: str) -> bool:
    try:
        return name in one.cmdline()
    except (psutil.NoSuchProcess, psutil.ZombieProcess):
        return False


def kill_servers(chance: random.Random, count: int) -> Findings:
    """Kill servers of a job in use; each kill has a controller of its own."""
    found, ends, times = Findings(), collections.Counter[str](), []
    with tempfile.TemporaryDirectory(prefix="brayns-widget-faults-") as name:
        circuit = write_circuit(Path(name).resolve() / "circuit", cells=10)
        for _ in range(count):
            victim = chance.choice(VICTIMS)
            work = "backend" if victim == "backend" else chance.choice(WORK)
            with Controller(base_directory=circuit.parent) as controller:
                controller.start().result(DEADLINE)
                worker = Worker(controller, work, circuit)
                worker.start()
                worker.begun.wait(DEADLINE)
                time.sleep(chance.random() * 0.3)  # a random moment of the work
                before = process().children(recursive=True)
                for one in servers(victim):
                    one.kill()
                killed = time.monotonic()
                worker.join(DEADLINE)
                took = worker.ended - killed
                ends[f"{victim}, {work}: {type(worker.error).__name__}"] += 1
                times.append(took)
                text = f"{victim} killed during {work}: {worker.error!r} after {took:.2f} s"
                found.expect(isinstance(worker.error, BraynsWidgetError), text)
                found.expect(0 <= took < TOLD, text)
            PROCESS.end()
            found.expect(not survivors(before), f"{victim} killed during {work}: processes are left")
    found.figures = {"kills": count, "ends": dict(ends.most_common())}
    found.figures |= {"median s": round(sorted(times)[len(times) // 2], 3), "slowest s": round(max(times), 3)}
    return found


def kill_kernels(count: int) -> Findings:
    """Kill processes that use a job."""
    found, times = Findings(), []
    with tempfile.TemporaryDirectory(prefix="brayns-widget-faults-") as folder:
        for _ in range(count):
            command = [sys.executable, "-c", KERNEL, str(Path(folder).resolve())]
            with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as kernel:
                assert kernel.stdout is not None
                assert kernel.stdout.readline() == "ready\n"
                started = process(kernel.pid).children(recursive=True)
                kernel.kill()
                killed = time.monotonic()
            left = survivors(started)
            times.append(time.monotonic() - killed)
            found.expect(started, "the kernel has started nothing")
            found.expect(not left, f"{len(left)} processes outlive their kernel")
    found.figures = {"kills": count, "slowest s": round(max(times), 3)}
    return found


def run(seed: int, factor: float) -> Findings:
    """Run both; see the package."""
    chance = random.Random(seed)
    parts = {
        "servers": kill_servers(chance, max(3, int(KILLS * factor))),
        "kernels": kill_kernels(max(1, int(KERNELS * factor))),
    }
    found = Findings({name: part.figures for name, part in parts.items()})
    found.wrong = [text for part in parts.values() for text in part.wrong]
    return found
