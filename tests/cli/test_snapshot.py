from __future__ import annotations

import io
import json
import os
import shutil
import signal
import subprocess
import sys
import time

import psutil
import pytest
from PIL import Image

from brayns_widget import cli
from brayns_widget.cli.snapshot import INTERRUPTED, _ProgressLine
from brayns_widget.controller.tasks import TaskProgress
from brayns_widget.demo import write_circuit as write_demo
from tests.fakes import TOKEN, FakeCluster
from tests.service.renderer.loaders.circuits.circuits import places, write_circuit

COMMAND = [sys.executable, "-m", "brayns_widget", "snapshot"]
TIMEOUT = 60
ANY = ["c.json", "-o", "a.png"]


def snapshot(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [*COMMAND, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT, check=False)


@pytest.fixture
def circuit(data_dir):
    return data_dir / "tiny_circuits" / "N_10__top_nodes_dim6" / "circuit_config.json"


@pytest.fixture
def broken(data_dir, tmp_path):
    """A copy of a small circuit, to be damaged."""
    copy = tmp_path / "circuit"
    shutil.copytree(data_dir / "tiny_circuits" / "nbS1-O1-E2Sst-maxNsyn-HEX0-L5", copy, copy_function=shutil.copyfile)
    for path in [copy, *copy.rglob("*")]:
        path.chmod(0o700)  # the original may be read-only
    return copy


@pytest.mark.parametrize("dialect", ["bare", "2024"])
def test_it_is_rendered_where_the_options_say(dialect, tmp_path):
    (tmp_path / "token").write_text(TOKEN, encoding="utf-8")
    with FakeCluster(dialect="2024", polls=0) as cluster:
        servers = ["--master", cluster.master, "--slave", cluster.slave, "--project", "p7"]
        if dialect == "bare":
            servers = ["--renderer", f"{cluster.slave}/renderer", "--backend", f"{cluster.slave}/backend"]
        # The circuit is a file of another machine.
        done = snapshot("/data/c.json", "-o", tmp_path / "a.png", *servers, "--token-file", tmp_path / "token")
        starts = [body for _, path, body in cluster.calls if path == "/start"]
    assert done.returncode == 0, done.stderr
    assert starts == ([] if dialect == "bare" else [{"usecase": "SBO1", "project": "p7"}])


def test_options_that_contradict_each_other_are_told(tmp_path):
    done = snapshot("c.json", "-o", tmp_path / "a.png", "--renderer", "ws://127.0.0.1:9", "--project", "p")
    assert (done.returncode, done.stderr) == (
        1,
        "brayns-widget snapshot: renderer is an address without proxies, so project has no meaning beside it\n",
    )


@pytest.mark.data
def test_a_picture_of_a_real_circuit_within_ten_seconds(circuit, tmp_path):
    output = tmp_path / "a.png"
    begun = time.monotonic()
    done = snapshot(circuit, "-o", output, "--size", "320x240", "--color-by", "mtype", "--axon")
    seconds = time.monotonic() - begun
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
    assert seconds < 10
    lines = done.stderr.splitlines()
    assert lines[0] == "Starting the local service …"
    assert lines[-1] == f"{output}: 10 cells, 320x240 pixels."
    with Image.open(output) as picture:
        assert (picture.format, picture.size) == ("PNG", (320, 240))
        colors = picture.convert("RGB").getcolors(10**6)
    assert isinstance(colors, list)
    background, _ = max(colors)
    # neither empty nor full: thin cells on a dark ground, in several colors
    assert 0.5 < background / (320 * 240) < 0.99
    assert len(colors) > 100


def test_a_single_cell(tmp_path):
    path, output = tmp_path / "cell.swc", tmp_path / "a.png"
    path.write_text("1 1 0 0 0 5 -1\n2 2 0 5 0 1 1\n3 2 0 60 0 1 2\n")
    done = snapshot(path, "-o", output, "--size", "64x64", "--samples", "1")
    assert done.returncode == 0, done.stderr
    assert done.stderr.splitlines()[-1] == f"{output}: 1 cell, 64x64 pixels."
    with Image.open(output) as picture:
        colors = picture.convert("RGB").getcolors(10**6)
    assert isinstance(colors, list)
    assert len(colors) > 10  # its axon, too, though circuits are shown without
    path.write_text("1 1 0 0 0 5 -1\n2 2 0 5 0 1,0 1\n")
    done = snapshot(path, "-o", tmp_path / "b.png", "--size", "64x64")
    assert done.returncode == 1
    assert f"{path} cannot be read as a morphology: line 2 ('2 2 0 5 0 1,0 1')" in done.stderr.splitlines()[-1]


def test_a_legend_is_drawn_where_it_is_wanted(tmp_path):
    circuit = write_demo(tmp_path / "circuit", cells=4)
    output, corner = tmp_path / "a.png", (0, 0, 60, 60)
    common = (circuit, "-o", output, "--size", "400x300", "--samples", "1", "--color-by", "mtype")
    colors = []
    for options in ([], ["--legend", "upper left"]):
        done = snapshot(*common, *options)
        assert done.returncode == 0, done.stderr
        with Image.open(output) as picture:
            colors.append(len(picture.convert("RGB").crop(corner).getcolors(10**4) or ()))
    plain, printed = colors
    assert plain == 1, "there is no cell"
    assert printed > 10, "there are words and colors"
    refused = snapshot(*common, "--legend", "middle")
    assert refused.returncode == 2
    assert "invalid choice: 'middle'" in refused.stderr


@pytest.mark.data
def test_jpeg_by_the_files_name(circuit, tmp_path):
    done = snapshot(circuit, "-o", tmp_path / "a.jpg", "--size", "64x64", "--samples", "1", "--density", "0.2")
    assert done.returncode == 0, done.stderr
    assert "2 cells" in done.stderr
    with Image.open(tmp_path / "a.jpg") as picture:
        assert picture.format == "JPEG"


@pytest.mark.data
@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (
            ["--population", "nope"],
            "no node population 'nope' that can be shown. It has: POm (virtual, 153), S1n",
        ),
        (["--color-by", "nope"], "node attribute 'nope'. It has the coloring methods etype"),
    ],
)
def test_a_failure_is_one_clear_line(circuit, tmp_path, arguments, problem):
    done = snapshot(circuit, "-o", tmp_path / "a.png", "--size", "64x64", *arguments)
    assert done.returncode == 1
    assert problem in done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.data
@pytest.mark.parametrize("damage", ["no morphology", "corrupt nodes", "no JSON", "not a circuit"])
def test_a_broken_circuit_is_one_clear_line(broken, tmp_path, damage):
    config = broken / "circuit_config.json"
    if damage == "no morphology":
        missing = min(broken.rglob("*.swc"))
        missing.unlink()
        expected = missing.stem
    elif damage == "corrupt nodes":
        (broken / "S1nonbarrel_neurons" / "nodes.h5").write_bytes(b"garbage")
        expected = "nodes.h5"
    elif damage == "no JSON":
        config.write_text("{", encoding="utf-8")
        expected = "line 1 column 2"
    else:
        config = broken / "node_sets.json"
        expected = "networks"
    done = snapshot(config, "-o", tmp_path / "a.png", "--size", "64x64")
    assert done.returncode == 1
    last = done.stderr.splitlines()[-1]
    assert last.startswith("brayns-widget snapshot: ")
    assert expected in last
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "a.png").exists()


def test_what_was_left_out_is_told_line_by_line(tmp_path):
    path = write_circuit(tmp_path, {**places(2), "etype": [1.0]})
    (tmp_path / "morphologies" / "cell.swc").write_text("1 1 0 0 0 2 -1\n2 3 3 0 0 -1 1\n3 3 10 0 0 0.5 2\n")
    content = json.loads(path.read_text())
    content["networks"]["edges"] = [{"edges_file": "gone.h5"}]
    path.write_text(json.dumps(content))
    done = snapshot(path, "-o", tmp_path / "a.png", "--size", "64x64", "--samples", "1")
    assert done.returncode == 0, done.stderr
    lines = done.stderr.splitlines()
    for words in ("morphology cell: some radii are below 0", "attribute 'etype'", f"{tmp_path / 'gone.h5'}"):
        assert [line for line in lines if words in line], (words, lines)
    assert lines[-1] == f"{tmp_path / 'a.png'}: 2 cells, 64x64 pixels."


@pytest.mark.data
def test_what_cannot_be_read_is_told_and_the_cells_are_shown(broken, tmp_path):
    edges = broken / "S1nonbarrel_neurons__S1nonbarrel_neurons__chemical" / "edges.h5"
    edges.unlink()
    done = snapshot(broken / "circuit_config.json", "-o", tmp_path / "a.png", "--size", "64x64", "--samples", "1")
    assert done.returncode == 0, done.stderr
    (line,) = [line for line in done.stderr.splitlines() if str(edges) in line]
    assert line.startswith("Edge population S1nonbarrel_neurons__S1nonbarrel_neurons__chemical cannot be read")
    assert done.stderr.splitlines()[-1].endswith("2 cells, 64x64 pixels.")


@pytest.mark.data
def test_the_allen_institutes_circuits_are_shown(data_dir, tmp_path):
    folder = data_dir / "allen" / "sonata"
    if not folder.is_dir():
        pytest.skip(f"there is no {folder}")
    done = snapshot(folder / "9_cells" / "config.json", "-o", tmp_path / "a.png", "--size", "64x64", "--samples", "1")
    assert done.returncode == 0, done.stderr
    assert "9 cells" in done.stderr


def run(*arguments: object) -> int:
    return cli.main(["snapshot", *map(str, arguments)])


@pytest.mark.parametrize(
    ("output", "options", "problem"),
    [
        ("a.bmp", [], "picture format is 'bmp'"),
        ("nowhere/a.png", [], "There is no directory"),
        (".", [], "is a directory, not a file to write to"),
        ("a.png", ["--density", "2"], "density is 2.0"),
        ("a.png", ["--query", '{"x": {"$gt": "1"}}'], "$gt takes a number"),
        ("a.png", ["--query", "[4]"], "query is [4], not a dictionary"),
        ("a.png", ["--samples", "0"], "samples is 0"),
        ("a.png", ["--size", "8x8"], "size is (8, 8)"),
    ],
)
def test_what_cannot_work_is_told_before_anything_is_started(tmp_path, capsys, monkeypatch, output, options, problem):
    monkeypatch.setattr(subprocess, "Popen", lambda *_, **__: pytest.fail("something was started"))
    (tmp_path / "c.json").touch()
    assert run(tmp_path / "c.json", "-o", tmp_path / output, *options) == 1
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1
    assert lines[0].startswith("brayns-widget snapshot: ")
    assert problem in lines[0]


def test_missing_files_and_directories(tmp_path, capsys):
    assert run(tmp_path / "c.json", "-o", tmp_path / "a.png") == 1
    assert "does not exist" in capsys.readouterr().err
    assert run(tmp_path, "-o", tmp_path / "a.png") == 1
    assert "is a directory without a SONATA configuration" in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments",
    [
        ["c.json"],
        ["-o", "a.png"],
        ["c.json", "-o", "a.png", "--size", "big"],
        ["c.json", "-o", "a.png", "--query", "{"],
    ],
)
def test_wrong_usage(arguments, capsys):
    with pytest.raises(SystemExit) as caught:
        run(*arguments)
    assert caught.value.code == 2
    assert "usage: brayns-widget snapshot" in capsys.readouterr().err


@pytest.mark.data
@pytest.mark.skipif(os.name == "nt", reason="an interrupt cannot be sent to one process")
def test_an_interrupt_ends_it_and_all_it_started(circuit, tmp_path):
    command = [*COMMAND, str(circuit), "-o", str(tmp_path / "a.png"), "--size", "4000x4000", "--samples", "1000"]
    # A job in the background of a shell ignores interrupts, and so would what it starts.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    finally:
        signal.signal(signal.SIGINT, before)
    with process:
        assert process.stderr is not None
        for line in process.stderr:
            if line.startswith("Rendering"):
                break
        children = psutil.Process(process.pid).children(recursive=True)
        assert children
        process.send_signal(signal.SIGINT)
        _, rest = process.communicate(timeout=TIMEOUT)
    assert (process.returncode, rest.splitlines()[-1]) == (INTERRUPTED, "Interrupted.")
    _, left = psutil.wait_procs(children, timeout=10)
    assert not left
    assert list(tmp_path.iterdir()) == []


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("stream", "text"),
    [(Terminal(), "\rlong name\rshort  50%\rend       \n"), (io.StringIO(), "long name\nshort\nend\n")],
)
def test_progress_is_one_line_in_a_terminal_and_a_line_for_each_step_elsewhere(stream, text):
    class Steps:
        """Stands for a task."""

        def __iter__(self):
            yield TaskProgress(None, "long name")
            yield TaskProgress(0.5, "short")

        def result(self):
            return None

    line = _ProgressLine(stream)
    line.follow(Steps())  # type: ignore[arg-type]
    line.end("end")
    assert stream.getvalue() == text
