"""The example script draws the same picture wherever Brayns runs."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from brayns_widget.demo import write_circuit
from tests.conftest import ROOT
from tests.fakes import TOKEN
from tests.faults.proxies import Edition, Proxies

SCRIPT = ROOT / "notebooks" / "anywhere.py"
TIMEOUT_S = 90
PLACES = (
    "bare",
    "2023",
    "2024",
)

pytestmark = pytest.mark.timeout(2 * TIMEOUT_S)


@pytest.fixture(scope="module")
def circuit(tmp_path_factory) -> Path:
    pytest.importorskip("embreex", reason="needs the extra 'local'")
    return write_circuit(tmp_path_factory.mktemp("anywhere") / "circuit", cells=5)


@contextlib.contextmanager
def server(name: str, *flags: str) -> Iterator[str]:
    """Run a renderer or a backend; gives its address."""
    command = [sys.executable, "-m", "brayns_widget", name, *flags]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield f"ws://{process.stdout.readline().removeprefix('listening on ').strip()}"
        finally:
            process.kill()


@contextlib.contextmanager
def servers(folder: Path) -> Iterator[dict[str, str]]:
    """Run a renderer and a backend that may read a folder, and give their addresses."""
    files = ("--base-directory", str(folder))
    with (
        server("renderer", "--uri", "127.0.0.1:0", *files) as renderer,
        server("backend", "--port", "0", *files) as backend,
    ):
        yield {"renderer": renderer, "backend": backend}


@contextlib.contextmanager
def proxies(edition: Edition, folder: Path) -> Iterator[list[str]]:
    with servers(folder) as addresses, Proxies(edition, addresses) as made:
        more = ["--slave", made.slave] if edition == "2023" else ["--project", "proj1"]
        yield ["--master", made.master, *more]
        assert made.asked("snapshot") == 1
        assert edition == "2023" or made.running() == []


@contextlib.contextmanager
def place(name: str, folder: Path) -> Iterator[list[str]]:
    """The arguments that say where Brayns runs."""
    if name == "bare":
        with servers(folder) as addresses:
            yield [part for server, address in addresses.items() for part in (f"--{server}", address)]
    else:
        with proxies("2023" if name == "2023" else "2024", folder) as arguments:
            yield arguments


def draw(circuit: Path, picture: Path, arguments: list[str]) -> str:
    """Run the script, and return what it wrote."""
    command = [sys.executable, str(SCRIPT), str(circuit), "-o", str(picture), "--population", "S1_neurons", *arguments]
    environment = os.environ | {"BRAYNS_WIDGET_TOKEN": TOKEN, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=TIMEOUT_S, check=False)
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def here(circuit: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The picture that this machine's service draws."""
    picture: Path = tmp_path_factory.mktemp("here") / "picture.png"
    draw(circuit, picture, [])
    return picture


@pytest.mark.parametrize("name", PLACES)
def test_the_script_draws_the_same_picture(name, circuit, here, tmp_path):
    picture = tmp_path / "picture.png"
    with place(name, circuit.parent) as arguments:
        assert "5 cells" in draw(circuit, picture, arguments)
    with Image.open(here) as one, Image.open(picture) as other:
        assert np.asarray(one).std() > 5
        assert np.array_equal(np.asarray(one), np.asarray(other))
