"""What a small request costs beyond the WebSocket that carries it: CPU time of client and server.

Usage: python -m benchmarks rpc [--rounds N] [--requests N] [--together N] [--json FILE]

Two processes, as a kernel and a renderer are. Bare: a client of the package websockets sends the text of a request and
waits for that of its answer, which the server has ready. Ours: the same messages by ``Server.call``, with typed
parameters and result, to a method of an ``RpcServer``: one that takes its turn on the thread of the methods, and one
that runs at once. Rounds alternate between the three, so that all see the same machine; figures are medians over them.
"Least over" compares the cheapest round of each: other work on the machine makes rounds dearer, never cheaper.

Requests go one after another, and several at a time. In the former case each process sleeps before each message, and
what is measured is mostly how the machine wakes it and fills its caches; in the latter it is what our code computes.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import psutil
from websockets.asyncio.client import connect
from websockets.asyncio.server import ServerConnection, serve

from brayns_widget.connection.link import Link
from brayns_widget.connection.server import Server
from brayns_widget.connection.tokens import Token
from brayns_widget.lifetime import when_stdin_closes
from brayns_widget.protocol.brayns.camera import View
from brayns_widget.protocol.endpoints import Endpoint
from brayns_widget.service.rpc.methods import Methods, Turn
from brayns_widget.service.rpc.server import RpcServer
from brayns_widget.service.rpc.turns import Turns

VIEW = View(position=(1.0, 2.0, 3.0), target=(0.0, 0.0, 0.0), up=(0.0, 1.0, 0.0))
VERSION = Endpoint[None, int]("get-version", None, int)
IN_TURN = Endpoint[View, View]("in-turn", View, View)
AT_ONCE = Endpoint[View, View]("at-once", View, View)
REQUEST = json.dumps({"jsonrpc": "2.0", "method": "in-turn", "id": 1000, "params": IN_TURN.encode(VIEW)})
ANSWER = json.dumps({"id": 1000, "jsonrpc": "2.0", "result": IN_TURN.encode(VIEW)})
WAYS = ("bare", "in turn", "at once")
WARM_UP = 200
TOGETHER = 32  # requests that are under way at a time
LIMIT = 0.15  # ms of CPU time beyond the bare echo that a method which runs at once may cost then
_MS = 1e3


def methods() -> Methods[None]:
    """The methods of our server."""
    found: Methods[None] = Methods()

    @found.add(VERSION)
    def version(_: None) -> int:
        """Answer the probe."""
        return 1

    @found.add(IN_TURN)
    def in_turn(_: None, params: View) -> View:
        """Answer the view."""
        return params

    @found.add(AT_ONCE, turn=Turn.AT_ONCE)
    def at_once(_: None, params: View) -> View:
        """Answer the view."""
        return params

    return found


async def run_server() -> None:
    """Serve both ways, and write their addresses."""

    async def answer(connection: ServerConnection) -> None:
        async for _message in connection:
            await connection.send(ANSWER)

    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    when_stdin_closes(lambda: _post(loop, ended.set))
    options = {"compression": None, "ping_interval": None}
    with Turns() as turns:
        ours = RpcServer(methods(), None, turns, between=turns.between)
        async with serve(answer, "127.0.0.1", 0, **options) as bare, ours.serve("127.0.0.1", 0) as (_, port):  # type: ignore[arg-type]
            print(bare.sockets[0].getsockname()[1], port, flush=True)
            await ended.wait()


def _post(loop: asyncio.AbstractEventLoop, call: Callable[[], object]) -> None:
    loop.call_soon_threadsafe(call)


@contextlib.contextmanager
def server_process() -> Iterator[tuple[psutil.Process, str, str]]:
    """Run the servers in a process of their own; yields it and both addresses."""
    command = [sys.executable, "-m", "benchmarks", "rpc", "--serve"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout
        assert child.stdin
        bare, ours = child.stdout.readline().split()
        process = psutil.Process(child.pid)  # type: ignore[no-untyped-call]
        yield process, f"ws://127.0.0.1:{bare}", f"ws://127.0.0.1:{ours}"
        child.stdin.close()


def cpu_seconds(of: psutil.Process) -> float:
    """CPU time of a process until now."""
    times = of.cpu_times()
    return float(times.user + times.system)


async def cost(
    ask: Callable[[], Awaitable[object]], together: int, count: int, server: psutil.Process
) -> tuple[float, float, float]:
    """CPU time of client and server, and elapsed time, per request in ms; ``ask`` sends ``together`` of them."""
    for _ in range(0, WARM_UP, together):
        await ask()
    there, here, clock = cpu_seconds(server), time.process_time(), time.perf_counter()
    times = -(-count // together)
    for _ in range(times):
        await ask()
    count = times * together
    seconds = time.process_time() - here, cpu_seconds(server) - there, time.perf_counter() - clock
    return seconds[0] / count * _MS, seconds[1] / count * _MS, seconds[2] / count * _MS


async def measure(rounds: int, count: int, together: int) -> dict[str, dict[str, float]]:
    """Return the figures of each way by name, of requests of which so many are under way: ms per request."""
    found: dict[str, list[tuple[float, float, float]]] = {way: [] for way in WAYS}
    with server_process() as (process, bare, ours):
        options = {"compression": None, "ping_interval": None, "proxy": None}
        async with connect(bare, **options) as socket:  # type: ignore[arg-type]
            link = await Link.open(ours, Token("none"), name="server", probe=VERSION.name)
            server = Server(link)

            async def ask_bare() -> None:
                for _ in range(together):
                    await socket.send(REQUEST)
                for _ in range(together):
                    await socket.recv()

            async def ask_ours(endpoint: Endpoint[View, View]) -> None:
                if together == 1:
                    await server.call(endpoint, VIEW)
                else:
                    await asyncio.gather(*(server.call(endpoint, VIEW) for _ in range(together)))

            asks: dict[str, Callable[[], Awaitable[object]]] = {
                "bare": ask_bare,
                "in turn": lambda: ask_ours(IN_TURN),
                "at once": lambda: ask_ours(AT_ONCE),
            }
            for _ in range(rounds):
                for way, ask in asks.items():
                    found[way].append(await cost(ask, together, count, process))
            await link.close()
    return {way: _figures(rows, found["bare"]) for way, rows in found.items()}


def _figures(rows: list[tuple[float, float, float]], bare: list[tuple[float, float, float]]) -> dict[str, float]:
    client, server, elapsed = (statistics.median(column) for column in zip(*rows, strict=True))
    over = [sum(row[:2]) - sum(other[:2]) for row, other in zip(rows, bare, strict=True)]
    least = min(sum(row[:2]) for row in rows) - min(sum(row[:2]) for row in bare)
    figures = {"client": client, "server": server, "elapsed": elapsed, "over bare": statistics.median(over)}
    figures["least over"] = least
    return {name: round(value, 4) for name, value in figures.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--requests", type=int, default=2000, help="in each round")
    parser.add_argument("--together", type=int, default=TOGETHER, help="how many are under way where several are")
    parser.add_argument("--json", type=Path, help="write the figures there")
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        asyncio.run(run_server())
        return
    figures = {}
    for together in (1, options.together):
        figures[f"{together} at a time"] = rows = asyncio.run(measure(options.rounds, options.requests, together))
        print(f"ms per request, {together} at a time  client  server  elapsed  over bare  least over")
        for way, row in rows.items():
            print(f"{way:28}  " + "  ".join(f"{row[name]:{len(name)}.3f}" for name in row))
    if options.json:
        options.json.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
