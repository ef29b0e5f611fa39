"""Start, connect, request, close: a thousand times."""

from __future__ import annotations

import gc
import statistics
import threading
from dataclasses import asdict, dataclass
from typing import Any

import psutil

from benchmarks.faults.place import Findings, local_service, megabytes, process, wait_for
from brayns_widget.controller.controller import Controller
from tests.fakes import FakeCluster

CYCLES, JOBS = 1_200, 40
WARM_UP = 1 / 4  # of the cycles, before the first look
LOOKS = 16  # at memory, threads and sockets, from then on
SLOPE_KB = 1.0  # that the memory may grow by in each cycle; a job or a client that is kept has more
ARENA_KB = 1024.0  # that the whole may grow by besides: Python's allocator takes such a piece at a time
DEADLINE = 60.0


@dataclass(frozen=True)
class Look:
    """What a process has before a cycle; memory in MB."""

    cycle: int
    memory: float
    threads: int
    sockets: int


def _when(count: int) -> set[int]:
    """The cycles before which there is a look: evenly, from the end of the warm-up to the end."""
    first = int(count * WARM_UP)
    return {first + (count - first) * number // LOOKS for number in range(LOOKS + 1)}


def client_cycles(count: int) -> Findings:
    """Let a client use one job after another of servers that are faked, in this process."""
    me, looks, when = process(), [], _when(count)
    with FakeCluster(dialect="2024", polls=0) as cluster:
        for number in range(count + 1):
            if number in when:
                gc.collect()
                looks.append(Look(number, megabytes(me), threading.active_count(), _sockets(me)))
            with Controller(**cluster.options) as controller:
                controller.start().result(DEADLINE)
                controller.renderer.request("get-scene")
            cluster.renderer.requests.clear()
            cluster.calls.clear()
            cluster.handshakes.clear()
            assert cluster.backend is not None
            cluster.backend.requests.clear()
    return _compare(looks, count, "the client")


def service_cycles(count: int) -> Findings:
    """Let a real service run one job after another."""
    looks, when = [], _when(count)
    with local_service() as place:
        own = place.process
        for number in range(count + 1):
            if number in when:
                wait_for(lambda: len(own.children()) <= 2, DEADLINE, "the servers to end")  # one job ahead
                looks.append(Look(number, megabytes(own), own.num_threads(), _sockets(own)))
            job = place.start()
            for server, probe in (("renderer", "get-version"), ("backend", "version")):
                socket = place.open(job, server)
                socket.ask(probe)
                socket.close()
            place.stop(job)
    return _compare(looks, count, "the service")


def _sockets(of: Any) -> int:
    return sum(one.status in {psutil.CONN_LISTEN, psutil.CONN_ESTABLISHED} for one in of.net_connections("inet"))


def _compare(looks: list[Look], count: int, who: str) -> Findings:
    before, after = looks[0], looks[-1]
    slope = 1024 * statistics.linear_regression([one.cycle for one in looks], [one.memory for one in looks]).slope
    limit = SLOPE_KB + ARENA_KB / (after.cycle - before.cycle)
    found = Findings({"cycles": count, "first look": asdict(before), "last look": asdict(after)})
    found.figures |= {"KB per cycle": round(slope, 2), "limit": round(limit, 2)}
    found.expect(slope < limit, f"the memory of {who} grows by {slope:.1f} KB per cycle")
    found.expect(after.threads <= before.threads + 1, f"threads of {who} are left")
    found.expect(after.sockets <= before.sockets + 1, f"sockets of {who} are left")
    return found


def run(seed: int, factor: float) -> Findings:  # noqa: ARG001 - nothing here is random
    """Run both; see the package."""
    parts = {
        "client": client_cycles(max(8, int(CYCLES * factor))),
        "service": service_cycles(max(4, int(JOBS * factor))),
    }
    found = Findings({name: part.figures for name, part in parts.items()})
    found.wrong = [text for part in parts.values() for text in part.wrong]
    return found
