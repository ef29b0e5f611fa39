"""What the proxy slave costs: round trips and streams through it, compared with the same without it.

Usage: python benchmarks/relay.py [--rounds N]

Server, relay and client are three processes. Rounds alternate between direct and relayed, so that both see the same
machine; the figures are medians over the rounds.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping

import psutil
from websockets.asyncio.client import connect
from websockets.asyncio.server import ServerConnection, serve

from brayns_widget.service.allocators import Allocator, Condition
from brayns_widget.service.app import serve as serve_service
from brayns_widget.service.auth import Token
from brayns_widget.service.jobs import Job, JobStore, State
from brayns_widget.service.manager import JobManager

REPLY = os.urandom(100_000)
CHUNK = os.urandom(1_000_000)
REQUEST = '{"jsonrpc": "2.0", "id": 1, "method": "render-image", "params": {}}'
TOKEN = "benchmark"


class Fixed(Allocator):
    """Jobs whose renderer is at one given port."""

    def __init__(self, port: int) -> None:
        self._condition = Condition(State.READY, addresses={"renderer": ("127.0.0.1", port)})

    async def start(self, job: Job) -> None:
        pass

    async def poll(self, job_id: str) -> Condition:  # noqa: ARG002
        return self._condition

    async def log(self, job_id: str) -> Mapping[str, str]:  # noqa: ARG002
        return {}

    async def stop(self, job_id: str) -> None:
        pass

    async def close(self) -> None:
        pass


async def run_server() -> None:
    async def answer(connection: ServerConnection) -> None:
        async for message in connection:
            if message == REQUEST:
                await connection.send(REPLY)
            else:
                for _ in range(int(message)):
                    await connection.send(CHUNK)

    async with serve(answer, "127.0.0.1", 0, compression=None, ping_interval=None) as server:
        print(f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}/", flush=True)
        await asyncio.Event().wait()


async def run_relay(port: int) -> None:
    manager = JobManager(JobStore(), Fixed(port))
    async with serve_service(manager, Token(TOKEN)) as addresses:
        job = await manager.start("SBO1")
        print(f"{addresses.slave}/{job.id}/renderer?token={TOKEN}", flush=True)
        await asyncio.Event().wait()


@contextlib.contextmanager
def process(*arguments: str) -> Iterator[tuple[psutil.Process, str]]:
    with subprocess.Popen([sys.executable, __file__, *arguments], stdout=subprocess.PIPE, text=True) as child:
        try:
            assert child.stdout
            relay = psutil.Process(child.pid)  # type: ignore[no-untyped-call]
            yield relay, child.stdout.readline().strip()
        finally:
            child.terminate()


def cpu_seconds(of: psutil.Process) -> float:
    times = of.cpu_times()
    return float(times.user + times.system)


async def round_trips(uri: str, connections: int, count: int, relay: psutil.Process) -> tuple[float, float, float]:
    """Give the median round trip in ms, round trips per second, and the relay's CPU time per round trip in µs."""

    async def one(start: asyncio.Barrier) -> list[float]:
        async with connect(uri, compression=None, max_size=None, proxy=None) as connection:
            durations = []
            await start.wait()
            for _ in range(count):
                before = time.perf_counter()
                await connection.send(REQUEST)
                await connection.recv()
                durations.append(time.perf_counter() - before)
            await end.wait()
            return durations

    start, end = asyncio.Barrier(connections + 1), asyncio.Barrier(connections + 1)
    tasks = [asyncio.create_task(one(start)) for _ in range(connections)]
    await start.wait()
    cpu, clock = cpu_seconds(relay), time.perf_counter()
    await end.wait()
    total = connections * count
    seconds, cpu = time.perf_counter() - clock, cpu_seconds(relay) - cpu
    durations = [duration for task in tasks for duration in await task]
    return statistics.median(durations) * 1e3, total / seconds, cpu / total * 1e6


async def stream(uri: str, count: int) -> float:
    """Give the throughput of 1 MB messages in MB/s."""
    async with connect(uri, compression=None, max_size=None, proxy=None) as connection:
        before = time.perf_counter()
        await connection.send(str(count))
        for _ in range(count):
            await connection.recv()
        return count / (time.perf_counter() - before)


def median_ratio(relayed: list[float], direct: list[float]) -> float:
    return statistics.median(a / b for a, b in zip(relayed, direct, strict=True))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--role", choices=["server", "relay"], help=argparse.SUPPRESS)
    parser.add_argument("--port", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.role == "server":
        asyncio.run(run_server())
    elif options.role == "relay":
        asyncio.run(run_relay(options.port))
    else:
        measure(options.rounds)


def measure(rounds: int) -> None:
    with process("--role", "server") as (_, direct):
        port = direct.rstrip("/").rpartition(":")[2]
        with process("--role", "relay", "--port", port) as (relay, relayed):
            for connections, count in ((1, 1500), (8, 300)):
                results = [
                    [asyncio.run(round_trips(uri, connections, count, relay)) for uri in (direct, relayed)]
                    for _ in range(rounds)
                ]
                without, through = zip(*results, strict=True)
                p50, rate, cpu = (list(column) for column in zip(*through, strict=True))
                direct_p50, direct_rate, _ = (list(column) for column in zip(*without, strict=True))
                print(
                    f"{connections} connections, 100 KB: p50 {statistics.median(direct_p50):.3f} ms direct, "
                    f"{statistics.median(p50):.3f} ms relayed ({median_ratio(p50, direct_p50):.2f}x); "
                    f"round trips/s {median_ratio(rate, direct_rate):.2f}x; "
                    f"relay CPU {statistics.median(cpu):.0f} µs per round trip"
                )
            speeds = [[asyncio.run(stream(uri, 300)) for uri in (direct, relayed)] for _ in range(rounds)]
            direct_speed, speed = (list(column) for column in zip(*speeds, strict=True))
            print(
                f"stream of 1 MB messages: {statistics.median(direct_speed):.0f} MB/s direct, "
                f"{statistics.median(speed):.0f} MB/s relayed ({median_ratio(speed, direct_speed):.2f}x)"
            )


if __name__ == "__main__":
    main()
