"""run.py and the hooks that call it."""

from __future__ import annotations

import os
import re
import shlex
import signal
import subprocess
import sys

import pytest
import yaml

import run
from tests.conftest import ROOT

CONFIGURATION = ROOT / ".pre-commit-config.yaml"


@pytest.fixture
def commands(monkeypatch, tmp_path) -> list[tuple[str, ...]]:
    """What run.py installs and runs, instead of doing so, in a checkout without an environment."""
    done: list[tuple[str, ...]] = []
    monkeypatch.setattr(run, "STAMP", tmp_path / "installed.txt")
    monkeypatch.setattr(run, "install", lambda extras: done.append(("install", extras)))
    monkeypatch.setattr(run, "run", lambda *command: done.append(command))
    return done


def test_the_hooks_are_valid():
    command = [sys.executable, "-m", "pre_commit", "validate-config", str(CONFIGURATION)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_hooks_use_the_tools_of_run_py_and_download_nothing():
    configuration = yaml.safe_load(CONFIGURATION.read_text(encoding="utf-8"))
    assert [entry["repo"] for entry in configuration["repos"]] == ["local"]
    for hook in configuration["repos"][0]["hooks"]:
        assert hook["language"] == "system"
        assert shlex.split(hook["entry"])[:3] == ["python", "run.py", "tool"]


def test_all_tests_run_once_and_the_covered_packages_by_their_own(commands, monkeypatch):
    monkeypatch.setattr(run, "COVERED", ("stream",))
    monkeypatch.setattr(run, "SIDE_BY_SIDE", ("notebook",))
    run.main(["test"])
    assert commands == [
        ("install", "local,lab,test"),
        ("ruff", "check"),
        ("ruff", "format", "--check"),
        ("mypy",),
        ("pytest", "tests/stream", *run.TWO, "--cov=brayns_widget/stream", "--cov-fail-under=95"),
        ("pytest", "tests/notebook", *run.TWO, "-m", "not measures"),
        ("pytest", "tests/notebook", "-m", "measures"),
        ("pytest", "--ignore=tests/stream", "--ignore=tests/notebook"),
    ]


def test_chosen_tests_are_run_without_measuring(commands):
    run.main(["test", "-k", "camera"])
    assert commands[-1] == ("pytest", "-k", "camera")
    assert commands[-2] == ("mypy",)


def test_a_tool_is_installed_once(commands):
    run.main(["tool", "mypy", "-V"])
    run.STAMP.write_text("0123 local,lab,test local,lab")
    run.main(["tool", "mypy", "-V"])
    assert commands == [("install", "local,lab,test"), ("mypy", "-V"), ("mypy", "-V")]


def test_the_documentation_is_built_with_warnings_as_errors(commands):
    run.main(["docs", "-E"])
    installed, built = commands
    assert installed == ("install", "docs")
    assert built[0] == "sphinx"
    assert {"-W", "-E"} < set(built)


def test_ci_runs_what_a_developer_runs():
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert re.findall(r"^python3 run\.py (.*)", script, re.MULTILINE) == ["docs", "test"]


@pytest.mark.parametrize("arguments", [[], ["tool"], ["dance"]])
def test_anything_else_tells_the_usage(commands, arguments):
    with pytest.raises(SystemExit, match=r"usage: python run\.py"):
        run.main(arguments)
    assert commands == []


def test_the_commands_are_told_alike():
    (usage,) = re.findall(r'"usage: python run\.py (.*)"', (ROOT / "run.py").read_text(encoding="utf-8"))
    told = re.findall(r"^    python run\.py (\w+(?: NAME)?)", run.__doc__ or "", re.MULTILINE)
    assert usage == " | ".join(told)


TOOL = """
import sys, time
try:
    print("ready", flush=True)
    time.sleep(60)
except KeyboardInterrupt:
    time.sleep(1)  # longer than Python waits for what it has started when Ctrl-C is pressed
    print("asked", flush=True)
    sys.exit(3)
"""


@pytest.mark.skipif(os.name == "nt", reason="Windows has no groups of processes that get a signal")
def test_ctrl_c_is_for_the_tool(tmp_path):
    (tmp_path / "some_tool.py").write_text(TOOL)
    code = "import run, sys; run.PYTHON = sys.executable; run.run('some_tool')"
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(tmp_path), str(ROOT)])}
    started = subprocess.Popen(
        [sys.executable, "-c", code], env=environment, stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    with started:
        assert started.stdout is not None
        assert started.stdout.readline() == "ready\n"
        os.killpg(started.pid, signal.SIGINT)
        assert started.communicate(timeout=30)[0] == "asked\n"
    assert started.returncode == 3
