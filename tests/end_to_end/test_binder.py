"""Binder: an environment from the files in binder/ runs the quickstart with one CPU and 2 GB."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.version import Version
from playwright.sync_api import Browser

from tests.browser import ARTIFACTS
from tests.conftest import ROOT
from tests.end_to_end.lab import open_notebook, run_lab
from tests.end_to_end.limits import Limits, limited

BINDER = ROOT / "binder"
MEMORY = 2 * 1024**3
VERSION = (BINDER / "runtime.txt").read_text(encoding="utf-8").strip().removeprefix("python-")
LINUX = {"sys_platform": "linux", "platform_machine": "x86_64", "platform_system": "Linux", "python_version": VERSION}

BUILD_TIMEOUT = 600


def test_all_that_the_project_needs_is_pinned_as_it_allows():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    lines = (BINDER / "requirements.txt").read_text(encoding="utf-8").splitlines()
    pins = dict(line.split("==") for line in lines if not line.startswith("#"))
    extras = project["optional-dependencies"]
    for text in [*project["dependencies"], *extras["local"], *extras["lab"]]:
        wanted = Requirement(text)
        if wanted.marker is None or wanted.marker.evaluate(LINUX):
            assert Version(pins[wanted.name]) in wanted.specifier, f"{wanted}: make binder/requirements.txt anew"


def test_the_readme_opens_a_notebook_that_is_there():
    (path,) = re.findall(r"urlpath=lab/tree/([\w/.]+)", (ROOT / "README.md").read_text(encoding="utf-8"))
    assert (ROOT / path).is_file()


def _find_python() -> str | None:
    """Find Binder's Python: this one, the PATH's, or one of pyenv's, whose command runs only if it is chosen."""
    found = shutil.which(f"python{VERSION}")
    candidates = [sys.executable, *([found] if found else [])]
    if found:
        candidates += map(str, sorted(Path(found).parent.parent.glob(f"versions/{VERSION}.*/bin/python")))
    code = "import sys; print('%d.%d' % sys.version_info[:2])"
    for candidate in candidates:
        done = subprocess.run([candidate, "-c", code], capture_output=True, text=True, timeout=60, check=False)
        if done.stdout.strip() == VERSION:
            return candidate
    return None


def _run(folder: Path, environment: dict[str, str], *command: str) -> None:
    done = subprocess.run(
        command,
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=BUILD_TIMEOUT,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-5000:]


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment made as repo2docker does it: Python, requirements.txt, the files, then postBuild in them."""
    if sys.platform != "linux":
        pytest.skip("Binder's packages are those for Linux")
    python = _find_python()
    if python is None:
        pytest.skip(f"no Python {VERSION}, which Binder has, on the PATH")
    folder = tmp_path_factory.mktemp("binder")
    venv, checkout = folder / "venv", folder / "checkout"
    outside = {name: value for name, value in os.environ.items() if name not in {"PYTHONPATH", "VIRTUAL_ENV"}}
    inside = outside | {"PATH": f"{venv / 'bin'}{os.pathsep}{outside['PATH']}"}
    _run(folder, outside, python, "-m", "venv", str(venv))
    _run(ROOT, inside, "pip", "install", "--quiet", "-r", "binder/requirements.txt")
    ignored = shutil.ignore_patterns(".*", "static", "node_modules", "build", "test-artifacts", "__pycache__")
    shutil.copytree(ROOT, checkout, ignore=ignored)
    _run(checkout, inside, "./binder/postBuild")
    return venv


@pytest.fixture(scope="module")
def limits() -> Iterator[Limits]:
    with limited(MEMORY) as limits:
        yield limits


def _kernels(venv: Path) -> set[str]:
    """Compiled kernels of the renderer."""
    return {file.name for file in venv.rglob("*.nbc")}


@pytest.mark.browser
@pytest.mark.timeout(1200)
def test_the_quickstart_runs_in_the_environment(environment, limits, browser: Browser, tmp_path):
    compiled = _kernels(environment)
    assert compiled
    python = [*limits.command, "env", "-u", "PYTHONPATH", str(environment / "bin" / "python")]
    with run_lab(tmp_path / "lab", python=python) as lab:
        limits.watch(lab.process)
        shutil.copy(ROOT / "notebooks" / "quickstart.ipynb", lab.root / "quickstart.ipynb")
        notebook = open_notebook(lab, browser, "quickstart.ipynb")
        notebook.command("notebook:run-all-cells")
        notebook.canvas.wait_for()
        notebook.wait_for_text(".bw-status", "Ready", 120)
        notebook.page.locator(".bw-model").first.wait_for()
        notebook.page.locator(".jp-OutputArea-output img").first.wait_for(state="attached", timeout=120_000)
        notebook.canvas.scroll_into_view_if_needed()
        notebook.wait_sharp(120)
        assert notebook.page.locator(".jp-OutputArea-output[data-mime-type*='stderr']").count() == 0
        assert notebook.brightness() > 5
        draws = notebook.drag(3.0)
        assert len(draws) > 5
        notebook.wait_sharp(120)
        views = notebook.evaluate("viewer.stats")["views"].values()
        assert {view["transport"] for view in views} == {"socket"}
        notebook.screenshot(ARTIFACTS / "binder.png")
        assert str(environment) in notebook.evaluate("__import__('brayns_widget').__file__")
        assert notebook.errors == []
        notebook.page.close()
    assert _kernels(environment) == compiled, "postBuild must compile all kernels that the quickstart uses"
    assert limits.killed == 0
    assert limits.peak < MEMORY
    ways = "quota" if limits.by_quota else "affinity"
    print(f"Binder: one CPU by {ways}, {limits.peak / 1e6:.0f} MB at most, {len(draws) / 3.0:.0f} pictures/s")
