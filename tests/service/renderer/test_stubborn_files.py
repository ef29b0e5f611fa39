"""Files that crash a library or let it hang cost their load, and nothing else."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest

from brayns_widget.protocol.errors import CANCELLED, INTERNAL_ERROR
from brayns_widget.service.renderer.content.reports import LONGEST_READING
from tests.conftest import ROOT
from tests.service.renderer.loaders.circuits.circuits import places, write_circuit, write_report, write_simulation
from tests.service.renderer.renderer_process import DEADLINE, Client, Failed, client_of, renderer_process, sonata

SOON = 2.0  # seconds
MODULE = "brayns_widget.service.reading.child"


@pytest.fixture
def circuits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], str]:
    """Makes the configuration of a good circuit, or of one whose file of nodes has another name."""
    monkeypatch.setenv("PYTHONPATH", f"{ROOT / 'tests/service/stubborn'}{os.pathsep}{ROOT}")
    path = write_circuit(tmp_path, places(3))

    def make(nodes: str = "nodes.h5") -> str:
        config = json.loads(path.read_text())
        config["networks"]["nodes"][0]["nodes_file"] = nodes
        if nodes != "nodes.h5":
            (tmp_path / nodes).write_bytes((tmp_path / "nodes.h5").read_bytes())
        changed = tmp_path / f"{nodes}.json"
        changed.write_text(json.dumps(config))
        return str(changed)

    return make


@pytest.fixture
def recorded(circuits: Callable[[str], str], tmp_path: Path) -> tuple[str, Path]:
    """A simulation with a report, and the file of that."""
    write_report(tmp_path / "recorded.h5", [0, 1], [[0], [0]], np.arange(8).reshape(4, 2))
    return str(write_simulation(Path(circuits("nodes.h5")), "compartment")), tmp_path / "recorded.h5"


@contextlib.contextmanager
def reading(*flags: str) -> Iterator[tuple[str, subprocess.Popen[str], Callable[[], list[psutil.Process]]]]:
    """A renderer, and the processes that read for it."""
    with renderer_process(*flags) as (address, process):
        them = psutil.Process(process.pid)

        def readers() -> list[psutil.Process]:
            return [child for child in them.children(recursive=True) if MODULE in child.cmdline()]

        yield address, process, readers


async def hanging(client: Client, path: str) -> int:
    """Begin a load that hangs; returns its id once it does."""
    number = await client.send("add-model", sonata(path, "cells"))
    await asyncio.to_thread(wait_for, Path(path.replace(".json", ".reached")))
    return number


def wait_for(path: Path) -> None:
    """Wait for a file that another process makes."""
    end = time.monotonic() + DEADLINE
    while not path.exists():
        assert time.monotonic() < end
        time.sleep(0.01)


def becomes(file: Path, how: str) -> None:
    """Let readers of a file hang, crash, or do well again."""
    for bad in ("hangs", "crashes"):
        Path(f"{file}.{bad}").unlink(missing_ok=True)
    Path(f"{file}.{how}").touch()


def test_a_crash_names_the_file_and_the_next_load_works(circuits: Callable[[str], str]):
    async def scenario(address: str) -> None:
        async with client_of(address) as client:
            await client.call("add-model", sonata(circuits("nodes.h5"), "cells"))
            with pytest.raises(Failed) as caught:
                await client.call("add-model", sonata(circuits("crashing.h5"), "cells"))
            assert caught.value.code == INTERNAL_ERROR
            assert "crashing.h5.json cannot be read: " in caught.value.message
            assert caught.value.message.endswith("/crashing.h5")
            await client.call("add-model", sonata(circuits("nodes.h5"), "cells"))
            assert len((await client.call("get-scene"))["models"]) == 2

    with reading() as (address, process, _readers):
        asyncio.run(scenario(address))
        assert process.poll() is None


def test_a_load_that_hangs_is_cancelled_soon(circuits: Callable[[str], str]):
    async def scenario(address: str, readers: Any) -> None:
        async with client_of(address) as client:
            number = await hanging(client, circuits("hanging.h5"))
            (reader,) = readers()
            begin = time.monotonic()
            await client.send("cancel", {"id": number})
            with pytest.raises(Failed) as caught:
                await client.reply(number)
            assert time.monotonic() - begin < SOON
            assert caught.value.code == CANCELLED
            assert not reader.is_running()
            await client.call("add-model", sonata(circuits("nodes.h5"), "cells"))

    with reading() as (address, _process, readers):
        asyncio.run(scenario(address, readers))


def runs(process: psutil.Process) -> bool:
    """Whether it has not ended; a zombie has, and waits for a container's init, which may take seconds."""
    try:
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def close_stdin(process: subprocess.Popen[str]) -> None:
    assert process.stdin is not None
    process.stdin.close()
    process.stdin = None


ENDS = {
    "SIGTERM": lambda process: process.send_signal(signal.SIGTERM),
    "SIGKILL": lambda process: process.kill(),
    "stdin": close_stdin,
}


@pytest.mark.parametrize("end", ENDS)
def test_nothing_is_left_of_a_renderer_whose_load_hangs(circuits: Callable[[str], str], end: str):
    if sys.platform == "win32" and end == "SIGTERM":
        pytest.skip("Windows has no SIGTERM to send")
    if sys.platform != "linux" and end == "SIGKILL":
        pytest.skip("only Linux ends a process with another one; elsewhere its own watchdog does, in a minute")

    async def scenario(address: str, process: subprocess.Popen[str], readers: Any) -> None:
        async with client_of(address) as client:
            await hanging(client, circuits("hanging.h5"))
            (reader,) = readers()
            begin = time.monotonic()
            ENDS[end](process)
            await client.socket.wait_closed()
            while runs(reader):
                assert time.monotonic() - begin < SOON
                await asyncio.sleep(0.02)
            await asyncio.to_thread(process.wait, DEADLINE)

    with reading("--exit-with-stdin") as (address, process, readers):
        asyncio.run(scenario(address, process, readers))


def test_a_report_that_hangs_holds_others_up_for_seconds_and_only_once(recorded: tuple[str, Path]):
    path, report = recorded
    plain = sonata(path, "cells", report_type="compartment", report_name="recorded")

    async def scenario(address: str) -> None:
        async with client_of(address) as client, client_of(address) as other:
            await client.call("add-model", plain)
            await client.call("set-simulation-parameters", {"current": 1})
            becomes(report, "hangs")
            number = await client.send("set-simulation-parameters", {"current": 2})
            await asyncio.to_thread(wait_for, Path(f"{report}.reached"))
            begin = time.monotonic()
            await other.call("get-scene")
            assert time.monotonic() - begin < LONGEST_READING + SOON
            with pytest.raises(Failed, match=r"recorded.h5 did not give its frame 2 within 5 s; it is not read again"):
                await client.reply(number)
            begin = time.monotonic()
            with pytest.raises(Failed, match="disabled and enabled"):
                await client.call("set-simulation-parameters", {"current": 2})
            assert time.monotonic() - begin < SOON
            assert (await client.call("get-simulation-parameters"))["current"] == 1
            becomes(report, "well")
            await client.call("enable-simulation", {"model_id": 0, "enabled": False})
            await client.call("enable-simulation", {"model_id": 0, "enabled": True})
            await client.call("set-simulation-parameters", {"current": 2})

    with reading() as (address, process, _readers):
        asyncio.run(scenario(address))
        assert process.poll() is None


FRAMES: dict[str, tuple[str, Any]] = {
    "seek": ("set-simulation-parameters", {"current": 2}),
    "enable": ("enable-simulation", {"model_id": 0, "enabled": True}),
    "ramp": ("set-color-ramp", {"id": 0, "color_ramp": {"range": [0, 1], "colors": [[0, 0, 0, 1]]}}),
}


@pytest.mark.parametrize("how", FRAMES)
def test_what_waits_for_a_report_is_cancelled_soon(recorded: tuple[str, Path], how: str):
    path, report = recorded
    plain = sonata(path, "cells", report_type="compartment", report_name="recorded")

    async def scenario(address: str, readers: Any) -> None:
        async with client_of(address) as client:
            await client.call("add-model", plain)
            if how == "enable":
                await client.call("enable-simulation", {"model_id": 0, "enabled": False})
            (reader,) = readers()
            becomes(report, "hangs")
            number = await client.send(*FRAMES[how])
            await asyncio.to_thread(wait_for, Path(f"{report}.reached"))
            begin = time.monotonic()
            await client.send("cancel", {"id": number})
            with pytest.raises(Failed) as caught:
                await client.reply(number)
            assert time.monotonic() - begin < SOON
            assert caught.value.code == CANCELLED
            assert not reader.is_running()
            becomes(report, "well")
            await client.call(*FRAMES[how])

    with reading() as (address, _process, readers):
        asyncio.run(scenario(address, readers))


def test_a_report_that_kills_its_reader_is_not_read_again(recorded: tuple[str, Path]):
    path, report = recorded

    async def scenario(address: str, readers: Any) -> None:
        async with client_of(address) as client:
            await client.call("add-model", sonata(path, "cells", report_type="compartment", report_name="recorded"))
            becomes(report, "crashes")
            for _twice in range(2):
                with pytest.raises(Failed, match=r"recorded.h5 cannot be read: .* it is not read again"):
                    await client.call("set-simulation-parameters", {"current": 2})
                assert not readers()

    with reading() as (address, _process, readers):
        asyncio.run(scenario(address, readers))
