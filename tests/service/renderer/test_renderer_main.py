from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from brayns_widget.service.renderer.methods.shots import COMPILING
from tests.service.renderer.renderer_process import DEADLINE, Failed, client_of, renderer_process


def ended(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    """Exit code and what was printed, once the process has ended by itself."""
    out, err = process.communicate(timeout=DEADLINE)
    return process.returncode, out, err


def refused(*flags: str) -> str:
    """What a renderer says that does not start."""
    command = [sys.executable, "-m", "brayns_widget", "renderer", *flags]
    result = subprocess.run(command, capture_output=True, text=True, timeout=DEADLINE, check=False)
    assert result.returncode != 0
    assert "Traceback" not in result.stderr
    return result.stderr.strip()


def test_quit_is_answered_and_ends_with_0():
    async def scenario(address: str) -> None:
        async with client_of(address) as client:
            await client.send("quit")
            await client.send("get-version")  # comes too late
            assert await client.reply(1) is None
            with pytest.raises(ConnectionClosed):
                await client.receive()

    with renderer_process() as (address, process):
        asyncio.run(scenario(address))
        assert ended(process) == (0, "", "")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGTERM to send")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_with_0(number: signal.Signals):
    with renderer_process() as (_address, process):
        process.send_signal(number)
        assert ended(process) == (0, "", "")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGTERM to send")
def test_a_signal_ends_while_a_client_is_connected_and_the_engine_works():
    async def scenario(address: str, process: subprocess.Popen[str]) -> None:
        async with client_of(address) as client:
            await client.call("set-renderer-interactive", {"samples_per_pixel": 100000})
            await client.send("render-image", {"accumulate": True})
            await client.send("get-version")
            process.send_signal(signal.SIGTERM)
            assert await asyncio.to_thread(ended, process) == (0, "", "")

    with renderer_process() as (address, process):
        asyncio.run(scenario(address, process))


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGTERM to send")
def test_no_time_is_spent_on_freeing_memory_at_the_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    trace = tmp_path / "freed"
    hook = f"import atexit, pathlib\natexit.register(pathlib.Path({str(trace)!r}).touch)\n"
    (tmp_path / "sitecustomize.py").write_text(hook)
    path = os.pathsep.join(filter(None, [str(tmp_path), os.environ.get("PYTHONPATH", "")]))
    monkeypatch.setenv("PYTHONPATH", path)
    subprocess.run([sys.executable, "-c", ""], check=True, timeout=DEADLINE)
    trace.unlink()  # it tells of an interpreter that frees what it has

    async def scenario(address: str, process: subprocess.Popen[str]) -> None:
        async with client_of(address) as client:
            await client.call("add-spheres", [{"geometry": {"center": [0, 0, 0], "radius": 1}, "color": [1] * 4}])
            await client.call("snapshot", {})
            process.send_signal(signal.SIGTERM)
            assert await asyncio.to_thread(ended, process) == (0, "", "")

    with renderer_process() as (address, process):
        asyncio.run(scenario(address, process))
    assert not trace.exists()


def test_the_end_of_standard_input_ends_it_if_asked():
    with renderer_process("--exit-with-stdin") as (_address, process):
        assert ended(process) == (0, "", "")  # communicate closes the pipe


async def plugins(address: str) -> list[str]:
    async with client_of(address) as client:
        names: list[str] = (await client.call("get-application-parameters"))["plugins"]
        return names


def test_health_and_flags_of_the_real_one():
    flags = ["--plugin", "braynsMoleculeExplorer", "--plugin", "braynsCircuitExplorer", "--max-clients", "1"]
    with renderer_process(*flags, "--log-level", "info", "--threads", "1") as (address, process):
        with urllib.request.urlopen(f"http://{address}/healthz", timeout=DEADLINE) as reply:
            assert (reply.status, reply.read()) == (200, b"Ok")
        assert asyncio.run(plugins(address)) == flags[1:4:2]
        process.terminate()
        assert "braynsCircuitExplorer: accepted" in ended(process)[2]


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--uri", "nowhere"], "--uri must be HOST:PORT with a port from 0 to 65535, got 'nowhere'"),
        (["--uri", "127.0.0.1:99999"], "--uri must be HOST:PORT"),
        (["--uri", "127.0.0.1:\N{SUPERSCRIPT TWO}"], "--uri must be HOST:PORT"),
        (["--secure"], "--secure needs --certificate-file and --private-key-file"),
        (["--threads", "0"], "must be at least 1, got 0"),
        (["--threads", "x"], "invalid"),
        (["--secure", "--certificate-file", "/no", "--private-key-file", "/no"], "No such file or directory: '/no'"),
        (
            ["--secure", "--certificate-file", __file__, "--private-key-file", __file__],
            "--private-key-file cannot be used",
        ),
    ],
)
def test_wrong_flags_are_told_in_one_line(flags: list[str], message: str):
    assert message in refused(*flags).splitlines()[-1]


def test_a_busy_port_is_told():
    with renderer_process() as (address, _process):
        assert address.rpartition(":")[2] in refused("--uri", address)


@pytest.mark.skipif(sys.platform == "win32", reason="openssl is not part of Windows")
def test_secure_serves_wss(tmp_path: Path):
    certificate, key = tmp_path / "certificate.pem", tmp_path / "key.pem"
    subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1", "-days", "1"]
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes"]
    command += ["-keyout", str(key), "-out", str(certificate)]
    subprocess.run([*command, *subject], check=True, capture_output=True)

    async def scenario(address: str) -> None:
        import ssl

        trust = ssl.create_default_context(cafile=certificate)
        async with connect(f"wss://{address}", ssl=trust, ping_interval=None) as socket:
            await socket.send('{"jsonrpc": "2.0", "id": 1, "method": "get-renderer-type"}')
            assert json.loads(await asyncio.wait_for(socket.recv(), DEADLINE))["result"] == "interactive"

    flags = ["--secure", "--certificate-file", str(certificate), "--private-key-file", str(key)]
    with renderer_process(*flags) as (address, _process):
        asyncio.run(scenario(address))


def test_settings_are_checked_and_kept_if_they_are_wrong():
    async def scenario(address: str) -> None:
        async with client_of(address) as client:
            before = [
                await client.call(f"get-camera-{name}") for name in ("view", "perspective", "region", "near-clip")
            ]
            for method, params, code in WRONG:
                with pytest.raises(Failed) as caught:
                    await client.call(method, params)
                assert (method, caught.value.code) == (method, code), caught.value.message
            await client.send("set-camera-near-clip", {"distance": float("nan")})  # NaN is not JSON
            assert (await client.receive())["error"]["code"] in (-32700, -32602)
            after = [await client.call(f"get-camera-{name}") for name in ("view", "perspective", "region", "near-clip")]
            assert before == after
            assert (await client.call("get-application-parameters"))["viewport"] == [800, 600]
            await client.call("set-application-parameters", {"viewport": [3, 2]})  # 64 pixels were the real one's end
            counted = await client.call("render-image", {"force": True})
            assert (counted["accumulation"], counted["max_accumulation"]) == (1, 1)
            assert client.payload[:2] == b"\xff\xd8"

    with renderer_process() as (address, _process):
        asyncio.run(scenario(address))


HERE = {"position": [1, 2, 3], "target": [1, 2, 3], "up": [0, 1, 0]}
WRONG = [
    ("set-camera-view", HERE, -32603),
    ("set-camera-view", HERE | {"position": [1, 2, 0], "up": [0, 0, 0]}, -32602),
    ("set-camera-view", HERE | {"position": [1, 2, 0], "up": [0, 0, -2]}, -32602),
    ("set-camera-view", HERE | {"position": [1e39, 2, 0]}, -32602),
    ("set-camera-perspective", {"fovy": 0}, -32602),
    ("set-camera-perspective", {"fovy": 180}, -32602),
    ("set-camera-perspective", {"aperture_radius": -1}, -32602),
    ("set-camera-orthographic", {"height": 0}, -32602),
    ("set-camera-orthographic", {}, -32602),
    ("set-camera-near-clip", {"distance": -1}, -32602),
    ("set-camera-region", {"image_start": [0, 0], "image_end": [0, 1]}, -32602),
    ("get-camera-orthographic", None, -32600),
    ("set-application-parameters", {"viewport": [0, 600]}, -32602),
    ("set-application-parameters", {"viewport": [16385, 600]}, -32602),
    ("set-application-parameters", {"viewport": [16384, 16384]}, -32602),
    ("set-application-parameters", {"viewport": [-1, 1]}, -32602),
    ("set-renderer-interactive", {"samples_per_pixel": 0}, -32602),
    ("set-renderer-interactive", {"background_color": [1e39, 0, 0, 0]}, -32602),
    ("add-light-directional", {"direction": [0, 0, 0]}, -32602),
    ("add-light-ambient", {"intensity": -1}, -32602),
    ("add-light-ambient", {"intensity": 1e300}, -32602),
    ("snapshot", {"image_settings": {"size": [0, 5]}}, -32602),
    ("snapshot", {"image_settings": {"format": "bmp"}}, -32603),
    ("snapshot", {"camera_view": HERE}, -32603),
    ("snapshot", {"camera": {"name": "perspective", "params": {"fovy": 999}}}, -32602),
    ("snapshot", {"simulation_frame": 3}, -32603),
    ("render-image", {"format": "webp"}, -32603),
    ("schema", {"endpoint": "nope"}, -32601),
]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGTERM to send")
def test_who_waits_for_a_kernel_is_told_and_may_give_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """With an empty cache the first picture of a kind compiles for seconds; that ends with the process, too."""
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path))

    async def scenario(address: str, process: subprocess.Popen[str]) -> None:
        async with client_of(address) as client:
            await client.call("add-spheres", [{"geometry": {"center": [0, 0, 0], "radius": 1}, "color": [1] * 4}])
            await client.call("snapshot", {})  # waits for the kernel that the start compiles
            for method, params in (
                ("snapshot", {"renderer": {"name": "production"}}),
                ("export-gbuffers", {"renderer": {"name": "production"}, "channels": ["color"]}),
            ):
                request_id = await client.send(method, params)
                told = 0
                while told < 3:
                    message = await client.receive()
                    told += COMPILING in message.get("params", {}).get("operation", "")
                await client.call("cancel", {"id": request_id})
                with pytest.raises(Failed) as failed:
                    await client.reply(request_id)
                assert failed.value.code == 20
            await client.call("set-renderer-production", {})
            request_id = await client.send("render-image", {"accumulate": True})
            await client.call("cancel", {"id": request_id})
            with pytest.raises(Failed) as failed:
                await client.reply(request_id)
            assert failed.value.code == 20
            assert (await client.call("get-version"))["major"] == 3
            process.send_signal(signal.SIGTERM)
            assert await asyncio.to_thread(ended, process) == (0, "", "")

    with renderer_process() as (address, process):
        asyncio.run(scenario(address, process))
    assert not [file for file in tmp_path.rglob("*.nbi") if "paths" in file.name]  # it was still being compiled
