"""Start, connect, request, close: a thousand times."""

from __future__ import annotations

import gc
import threading
from typing import Any

import psutil

from benchmarks.faults.place import Findings, local_service, megabytes, process, wait_for
from brayns_widget.controller.controller import Controller
from tests.fakes import FakeCluster

CYCLES, JOBS = 1_200, 40
WARM_UP = 1 / 4  # of the cycles, before the first look
GROWTH_MB = 3.0  # that the memory may grow by afterwards: the allocator's pools
DEADLINE = 60.0


def client_cycles(count: int) -> Findings:
    """Let a client use one job after another of servers that are faked, in this process."""
    me, looks = process(), []
    with FakeCluster(dialect="2024", polls=0) as cluster:
        for number in range(count + 1):
            if number in {int(count * WARM_UP), count}:
                gc.collect()
                looks.append({"memory": megabytes(me), "threads": threading.active_count(), "sockets": _sockets(me)})
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
    looks: list[dict[str, Any]] = []
    with local_service() as place:
        for number in range(count + 1):
            if number in {int(count * WARM_UP), count}:
                wait_for(lambda: len(place.process.children()) <= 2, DEADLINE, "the servers to end")  # one job ahead
                looks.append({"memory": megabytes(place.process), "threads": place.process.num_threads()})
                looks[-1]["sockets"] = _sockets(place.process)
            job = place.start()
            for server, probe in (("renderer", "get-version"), ("backend", "version")):
                socket = place.open(job, server)
                socket.ask(probe)
                socket.close()
            place.stop(job)
    return _compare(looks, count, "the service")


def _sockets(of: Any) -> int:
    return sum(one.status in {psutil.CONN_LISTEN, psutil.CONN_ESTABLISHED} for one in of.net_connections("inet"))


def _compare(looks: list[dict[str, Any]], count: int, who: str) -> Findings:
    before, after = looks
    found = Findings({"cycles": count, "after a quarter": before, "at the end": after})
    grown = after["memory"] - before["memory"]
    found.expect(grown < GROWTH_MB, f"the memory of {who} grew by {grown:.1f} MB")
    found.expect(after["threads"] <= before["threads"] + 1, f"threads of {who} are left")
    found.expect(after["sockets"] <= before["sockets"] + 1, f"sockets of {who} are left")
    return found


def run(seed: int, factor: float) -> Findings:  # noqa: ARG001 - nothing here is random
    """Run both; see the package."""
    parts = {
        "client": client_cycles(max(8, int(CYCLES * factor))),
        "service": service_cycles(max(2, int(JOBS * factor))),
    }
    found = Findings({name: part.figures for name, part in parts.items()})
    found.wrong = [text for part in parts.values() for text in part.wrong]
    return found
