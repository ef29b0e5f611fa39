"""A user's script: mypy knows the type of each result, and it runs with the local service."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from brayns_widget.controller.controller import Groups
from tests.conftest import ROOT

SCRIPT = Path(__file__).with_name("user_script.py")
TIMEOUT_S = 240
pytestmark = pytest.mark.timeout(TIMEOUT_S + 60)

# What a user may get wrong, and what mypy has to say.
MISTAKES = {
    'viewer.load_circuit("c.json", densty=1)': 'Unexpected keyword argument "densty"; did you mean "density"',
    'viewer.load_circuit("c.json", density="all")': 'incompatible type "str"; expected "float"',
    'viewer.load_circuit("c.json")[0]': "is not indexable",
    "viewer.models[0].visibel": "has no attribute",
    'viewer.models[0].visible = "no"': "Incompatible types in assignment",
    "viewer.models[0].update(visble=True)": 'Unexpected keyword argument "visble"',
    "viewer.lights.add(Plane(coefficients=(0, 0, 1, 0)))": 'has incompatible type "Plane"',
    "viewer.clipping.add(AmbientLight())": 'has incompatible type "AmbientLight"',
    "viewer.camera.fov = 30": "has no attribute",
    'viewer.camera["fovy"] = 30': "Unsupported target for indexed assignment",
    "viewer.models[0].set_material(AmbientLight())": 'has incompatible type "AmbientLight"',
    'viewer.models[0].set_material("glas")': "has incompatible type",
    'viewer.models.load("a.pdb", AmbientLight())': 'has incompatible type "AmbientLight"',
    "viewer.pictures.snapshot(size=(1, 2, 3))": "has incompatible type",
    'viewer.simulation.frame = "last"': "Incompatible types in assignment",
    "viewer.nonsense": "has no attribute",
}


def type_check(*files: Path) -> list[str]:
    options = ["--strict", "--no-error-summary", f"--config-file={ROOT / 'pyproject.toml'}"]
    done = subprocess.run(
        [sys.executable, "-m", "mypy", *options, *map(str, files)],
        cwd=ROOT,
        env=os.environ | {"MYPYPATH": f"{files[0].parent}{os.pathsep}{ROOT}"},
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )
    assert done.returncode in {0, 1}, done.stdout + done.stderr
    return str(done.stdout).splitlines()


@pytest.fixture(scope="module")
def errors(tmp_path_factory) -> dict[str, list[str]]:
    """What mypy has against the script, and against another one full of mistakes."""
    folder = tmp_path_factory.mktemp("scripts")
    script, mistakes = folder / "script.py", folder / "mistakes.py"
    script.write_text(SCRIPT.read_text(encoding="utf-8"), encoding="utf-8")  # outside of tests, where types are a must
    imports = [
        "from brayns_widget import Controller",
        "from brayns_widget.protocol.brayns.lights import AmbientLight",
        "from brayns_widget.protocol.brayns.shapes import Plane",
        "viewer = Controller()",
    ]
    mistakes.write_text("\n".join([*imports, *MISTAKES]), encoding="utf-8")
    found: dict[str, list[str]] = {"script": [], **{mistake: [] for mistake in MISTAKES}}
    for line in type_check(script, mistakes):
        if place := re.search(r"\bmistakes\.py:(\d+):", line):  # mypy's cache may have the folder of an earlier run
            found[list(MISTAKES)[int(place[1]) - 1 - len(imports)]].append(line)
        else:
            found["script"].append(line)
    return found


def test_each_result_has_a_type(errors):
    assert errors["script"] == []


@pytest.mark.parametrize("mistake", MISTAKES)
def test_mistakes_are_found_before_anything_runs(errors, mistake):
    assert any(MISTAKES[mistake] in line for line in errors[mistake]), errors[mistake]


def test_every_group_is_used():
    text = SCRIPT.read_text(encoding="utf-8")
    assert [name for name in ("camera", *Groups.__annotations__) if f"viewer.{name}" not in text] == []


def test_it_runs(tmp_path):
    pytest.importorskip("embreex", reason="needs the extra 'local'")
    from brayns_widget.demo import write_circuit

    config = write_circuit(tmp_path / "demo", cells=6).with_name("simulation_config.json")
    done = subprocess.run(
        [sys.executable, SCRIPT, config, tmp_path],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "picture.png").read_bytes().startswith(b"\x89PNG")
