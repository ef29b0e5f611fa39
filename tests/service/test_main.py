import asyncio
import signal
import socket
import sqlite3
import stat
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from brayns_widget.cli import main as command
from brayns_widget.service.main import TOKEN_VARIABLE, default_base_directory

SCRIPT = str(Path(__file__).with_name("service_with_fakes.py"))


def test_the_greeting_is_one_line_and_the_last(launch):
    run = launch("--exit-with-stdin")
    assert run.greeting.keys() == {"master", "slave", "pid"}
    assert run.greeting["pid"] == run.process.pid
    run.start_job()
    out, err = run.process.communicate(timeout=10)
    assert (out, err, run.process.returncode) == ("", "", 0)


def test_the_first_jobs_servers_can_be_started_ahead(launch):
    run = launch("--exit-with-stdin", "--start-ahead")
    servers = run.servers()
    assert len(servers) == 2
    run.start_job()
    assert {server.pid for server in run.servers()} == {server.pid for server in servers}


def test_at_the_end_of_standard_input_everything_leaves(launch, gone):
    run = launch("--exit-with-stdin")
    run.start_job()
    run.start_job()
    servers = run.servers()
    assert len(servers) == 4
    run.process.stdin.close()
    assert run.process.wait(10) == 0
    assert gone(servers, 1)


def test_a_killed_service_leaves_no_orphans(launch, gone):
    run = launch("--exit-with-stdin")
    run.start_job()
    servers = run.servers()
    assert len(servers) == 2
    run.process.kill()
    assert run.process.wait(10) != 0
    assert gone(servers)


def test_a_killed_owner_takes_service_and_servers_along(greet, gone, token):
    # The owner is a process of its own, as a notebook's kernel is: nobody closes the pipe but its death.
    code = (
        "import subprocess, sys, threading\n"
        f"process = subprocess.Popen([sys.executable, {SCRIPT!r}, '--exit-with-stdin'], stdin=subprocess.PIPE)\n"
        f"process.stdin.write({token!r}.encode() + b'\\n')\n"
        "process.stdin.flush()\n"
        "threading.Event().wait()\n"
    )
    owner = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    with owner:
        try:
            run = greet(owner)
            service = psutil.Process(run.greeting["pid"])
            with run.client:
                run.start_job()
            processes = [service, *service.children()]
            assert len(processes) == 3
        finally:
            owner.kill()
        assert gone(processes)


@pytest.mark.skipif(sys.platform == "win32", reason="signals are another thing there")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_in_order(launch, gone, number):
    run = launch("--exit-with-stdin")
    run.start_job()
    servers = run.servers()
    run.process.send_signal(number)
    assert run.process.wait(10) == 0
    assert gone(servers, 1)


def test_a_stopped_job_leaves_no_process(launch, gone):
    run = launch("--exit-with-stdin")
    job_id = run.start_job()
    servers = run.servers()
    assert run.client.post(f"/stop/{job_id}").json()["state"] == "ended"
    assert gone(servers, 1)
    assert run.servers() == []


def test_a_job_leaves_no_process_at_its_end_time(launch, gone):
    run = launch("--exit-with-stdin", "--job-duration", "2")
    job_id = run.client.post("/start", json={"usecase": "SBO1"}).json()["job_id"]
    servers = run.servers()
    assert len(servers) == 2
    assert gone(servers)
    assert run.client.get(f"/status/{job_id}").json()["reason"] == "its time was over"


def test_records_survive_a_kill_and_the_job_is_marked_ended(launch, tmp_path):
    database = str(tmp_path / "jobs.sqlite")
    first = launch("--exit-with-stdin", "--database", database)
    job_id = first.start_job()
    first.process.kill()
    first.process.wait(10)
    connection = sqlite3.connect(database)
    assert connection.execute("SELECT id, state FROM jobs").fetchall() == [(job_id, "ready")]
    connection.close()
    second = launch("--exit-with-stdin", "--database", database)
    status = second.client.get(f"/status/{job_id}").json()
    assert (status["state"], status["job_running"]) == ("ended", False)
    assert "service ended" in status["reason"]


def test_the_token_shows_nowhere(launch, token):
    run = launch("--exit-with-stdin", "--log-level", "debug")
    job_id = run.start_job()
    for process in (psutil.Process(run.process.pid), *run.servers()):
        assert token not in " ".join(process.cmdline())
        assert token not in " ".join(process.environ().values())

    async def relay():
        address = f"{run.greeting['slave']}/{job_id}/renderer"
        for query in (f"?token={token}", f"?token={token}x", f"?x={token}"):
            try:
                async with connect(address + query, proxy=None) as connection:
                    await connection.send("close 4001 bye")
                    await connection.recv()
            except (ConnectionClosed, InvalidStatus):
                pass

    asyncio.run(relay())
    for path in (f"/status/{job_id}", f"/{token}", f"/status/x?token={token}"):
        run.client.get(path)
    run.client.post("/start", content=f"{token}".encode())
    run.client.post("/start", json={"usecase": "SBO1"}, headers={"Idempotency-Key": "x", "Authorization": token})
    # The library quotes requests that it can't read: the log has the error's kind, and at debug the quotation.
    for name in ("master", "slave"):
        port = int(run.greeting[name].rpartition(":")[2])
        for request in (
            f"GET /x?token={token} \0 HTTP/1.1",
            f"GET /x HTTP/1.1\r\nAuthorization: Bearer {token}\0",
            f"G@T /x?token={token} HTTP/1.1",
        ):
            with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
                connection.sendall(f"{request}\r\n\r\n".encode())
                assert b"400" in connection.recv(100)
    out, err = run.process.communicate(timeout=10)
    assert "is ready" in err, "the log says nothing at all"
    assert "BadStatusLine" in err
    assert "G@T /x?token=…" in err
    assert token not in out + err


def test_the_token_comes_from_the_environment_or_a_file(launch, token, tmp_path):
    from_environment = launch(**{TOKEN_VARIABLE: token})
    assert from_environment.client.get("/jobs").status_code == 200
    from_environment.start_job()
    # What the process was started with stays readable for its user only; its servers don't get it.
    for server in from_environment.servers():
        assert token not in " ".join(server.environ().values())
    file = tmp_path / "token"
    file.write_text(token + "\n")
    assert launch("--token-file", str(file)).client.get("/jobs").status_code == 200


@pytest.mark.skipif(sys.platform == "win32", reason="files have no modes there, and no process a gentle end")
def test_a_token_of_its_own_lies_in_a_private_file_while_it_runs(launch):
    run = launch()
    file = Path(run.greeting["token_file"])
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert run.client.get("/jobs").status_code == 401
    headers = {"Authorization": f"Bearer {file.read_text()}"}
    assert run.client.get("/jobs", headers=headers).status_code == 200
    run.process.terminate()
    assert run.process.wait(10) == 0
    assert not file.exists()


@pytest.mark.measures
def test_it_starts_fast(launch):
    before = time.monotonic()
    launch("--exit-with-stdin")
    # 0.3 s on an idle machine; the bound is for a busy one.
    assert time.monotonic() - before < 3


@pytest.mark.parametrize(
    "options",
    [
        ["--host", "0.0.0.0"],
        ["--host", "example.org"],
        ["--job-duration", "0"],
        ["--job-duration", "nan"],
        ["--job-duration", "1e12"],
        ["--job-duration", "1e99"],
        ["--port", "http"],
        ["--slave-port", "65536"],
        ["--log-level", "chatty"],
    ],
)
def test_bad_options_are_refused(options, capsys):
    with pytest.raises(SystemExit) as caught:
        command(["service", *options])
    assert caught.value.code == 2
    assert options[0] in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "stdin", "text"),
    [
        (["--exit-with-stdin"], "", "standard input ended"),
        (["--exit-with-stdin"], "\n", "one word"),
        (["--token-file", "nowhere"], "", "nowhere"),
        (["--exit-with-stdin", "--database", "no/such/folder"], "t\n", "can't be opened"),
        (["--exit-with-stdin", "--base-directory", "nope"], "t\n", "There is no directory"),
        (["--exit-with-stdin", "--base-directory", __file__], "t\n", "There is no directory"),
        (["--exit-with-stdin", "--port", "TAKEN"], "t\n", "can't listen on 127.0.0.1:"),
        (["--exit-with-stdin", "--slave-port", "TAKEN"], "t\n", "can't listen on 127.0.0.1:"),
    ],
)
def test_what_prevents_the_start_is_said_in_one_line(options, stdin, text, tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        options = [option.replace("TAKEN", str(taken.getsockname()[1])) for option in options]
        process = subprocess.run(
            [sys.executable, SCRIPT, *options],
            input=stdin,
            capture_output=True,
            text=True,
            cwd=tmp_path,
            timeout=20,
            check=False,
        )
    assert process.returncode == 1
    assert process.stdout == ""
    assert text in process.stderr
    assert len(process.stderr.splitlines()) == 1


def test_the_base_directory_is_home_or_else_here(monkeypatch, tmp_path):
    home, inside, outside = tmp_path / "home", tmp_path / "home" / "work", tmp_path / "data"
    for folder in (home, inside, outside):
        folder.mkdir(exist_ok=True)
    monkeypatch.setattr(Path, "home", lambda: home)
    monkeypatch.chdir(inside)
    assert default_base_directory() == home
    monkeypatch.chdir(outside)
    assert default_base_directory() == outside
