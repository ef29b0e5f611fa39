"""Set up and run.

    python run.py lab         opens the quickstart in JupyterLab
    python run.py test        runs every check and test; with further arguments, only the tests that they choose
    python run.py docs        builds the documentation into build/docs
    python run.py tool NAME   runs a tool of the development environment, such as ruff, mypy or pre_commit

Needs only Python 3.11 or later. Everything is installed into ``.venv`` beside this file, and again only when the
dependencies or the front end have changed. Further arguments go to JupyterLab, pytest, Sphinx or the tool.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
SCRIPTS = VENV / ("Scripts" if os.name == "nt" else "bin")
PYTHON = SCRIPTS / ("python.exe" if os.name == "nt" else "python")
STAMP = VENV / "installed.txt"
DEVELOPMENT = "local,lab,test"
"""The extras for all checks."""

COVERED = ("protocol", "connection", "stream", "controller")
"""The packages of ``brayns_widget`` whose coverage by their own tests, ``tests/NAME``, is checked."""
SIDE_BY_SIDE = ("service", "notebook", "front_end")
"""The folders of ``tests`` whose modules run two at a time, as those of ``COVERED`` do, but for the tests that measure
times. The others break links, or count what is left of processes."""
TWO = ("-n", "2", "--dist", "loadfile")
COVERAGE_MIN = 95
"""Minimum coverage, percent of statements and branches."""


def fingerprint() -> str:
    """Return a hash of an installation's inputs: the declared packages and the front end's sources."""
    sources = sorted(path for path in (ROOT / "js").rglob("*") if path.is_file() and "node_modules" not in path.parts)
    digest = hashlib.sha256(sys.version.encode())
    for path in (ROOT / "pyproject.toml", ROOT / "hatch_build.py", *sources):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def recorded() -> list[str]:
    """Read the record of the last installation: the fingerprint and, newest first, the extras."""
    return STAMP.read_text().split() if STAMP.exists() else [""]


def install(extras: str) -> None:
    """Install the project with its extras into ``.venv``, unless that is up to date."""
    current, *installed = recorded()
    wanted = fingerprint()
    if current == wanted and extras in installed:
        return
    if not PYTHON.exists():
        venv.create(VENV, with_pip=True)
    print(f"Installing into {VENV.name} …", flush=True)
    subprocess.run([PYTHON, "-m", "pip", "install", "--quiet", "--editable", f".[{extras}]"], cwd=ROOT, check=True)
    STAMP.write_text(" ".join([wanted, extras, *(installed if current == wanted else [])]))


def run(*command: str) -> None:
    """Run a tool of ``.venv``; if it fails, exit with its code."""
    environment = os.environ | {"PATH": f"{SCRIPTS}{os.pathsep}{os.environ.get('PATH', '')}"}
    with subprocess.Popen([str(PYTHON), "-m", *command], cwd=ROOT, env=environment) as tool:
        while tool.returncode is None:
            # A terminal sends Ctrl-C to the tool, too, which may ask what is meant, and ends what it has started.
            with contextlib.suppress(KeyboardInterrupt):
                tool.wait()
    if tool.returncode:
        sys.exit(tool.returncode)


def test(arguments: list[str]) -> None:
    """Run all checks, and all tests or those that the arguments choose."""
    run("ruff", "check")
    run("ruff", "format", "--check")
    run("mypy")
    if arguments:
        run("pytest", *arguments)
        return
    # One process for each covered package: what other tests happen to pass through does not count. No test runs twice.
    for name in COVERED:
        run("pytest", f"tests/{name}", *TWO, f"--cov=brayns_widget/{name}", f"--cov-fail-under={COVERAGE_MIN}")
    side_by_side = [f"tests/{name}" for name in SIDE_BY_SIDE]
    run("pytest", *side_by_side, *TWO, "-m", "not measures")
    run("pytest", *side_by_side, "-m", "measures")
    run("pytest", *(f"--ignore=tests/{name}" for name in (*COVERED, *SIDE_BY_SIDE)))


def main(arguments: list[str]) -> None:
    """Run one of the commands."""
    if sys.version_info < (3, 11):  # noqa: UP036 - this file runs before anything is installed
        sys.exit(f"brayns_widget needs Python 3.11 or later; this is {sys.version.split()[0]}.")
    command, rest = arguments[:1], arguments[1:]
    if command == ["lab"]:
        install("local,lab")
        run("jupyterlab", "notebooks/quickstart.ipynb", *rest)
    elif command == ["test"]:
        install(DEVELOPMENT)
        test(rest)
    elif command == ["docs"]:
        install("docs")
        run("sphinx", "-c", "docs", "-W", "--keep-going", "-q", *rest, ".", "build/docs")
    elif command == ["tool"] and rest:
        if DEVELOPMENT not in recorded():  # what has changed since then can wait: a commit is to be quick
            install(DEVELOPMENT)
        run(*rest)
    else:
        sys.exit("usage: python run.py lab | test | docs | tool NAME")


if __name__ == "__main__":
    main(sys.argv[1:])
