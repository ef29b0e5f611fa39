"""What is said of files of circuits that are something else: the file, what it is, and what to do."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest

from brayns_widget.protocol.errors import RequestError
from brayns_widget.service.renderer.loaders.circuits import sonata
from brayns_widget.service.rpc.running import RunningRequest
from tests.service import damaged
from tests.service.backend.asking import answer

POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n"
KINDS = {
    "pointer": (POINTER, "it is a pointer of Git LFS, not the file itself; get that with 'git lfs pull'"),
    "page": (b"<!DOCTYPE html>\n<html></html>", "it is a web page"),
    "empty": (b"", "it is empty; copy or download it again"),
    "blank": (b" \r\n", "it is empty"),
    "packed": (b"\x1f\x8b\x08rest", "it is packed (gzip); unpack it first"),
}


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("good") / "circuit"
    damaged.write(folder, types=True)
    return folder


@pytest.fixture
def circuit(good: Path, tmp_path: Path) -> Path:
    return shutil.copytree(good, tmp_path / "circuit")


def refusals(config: Path, number: int) -> list[str]:
    """What backend and renderer say; ``number`` chooses what is asked for, see ``damaged.wanted``."""
    found = answer("contents", str(config.parent), str(config))
    described = found.get("result", {"notices": [], "populations": []})
    said = [found["error"]["message"]] if "error" in found else list(described["notices"])
    said += [item["reason"] for item in described["populations"] if item["reason"]]
    with pytest.raises(RequestError) as caught:
        sonata.LOADER.read(str(config), damaged.wanted(number), RunningRequest())
    return [*said, caught.value.message]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("name", "number"),
    [
        ("circuit_config.json", 0),
        ("simulation_config.json", 0),
        ("node_types.csv", 0),
        ("nodes.h5", 0),
        ("edges.h5", 0),
        ("node_sets.json", 1),
        ("report.h5", 1),
        ("spikes.h5", 2),
    ],
)
def test_what_is_no_file_of_a_circuit_is_recognised(circuit: Path, name: str, number: int, kind: str):
    data, message = KINDS[kind]
    (circuit / name).write_bytes(data)
    said = refusals(circuit / "simulation_config.json", number)
    assert all(str(circuit / name) in text and message in text for text in said), said


@pytest.mark.parametrize(("name", "number"), [("nodes.h5", 0), ("edges.h5", 0), ("report.h5", 1), ("spikes.h5", 2)])
def test_cut_hdf5_files_are_recognised(circuit: Path, name: str, number: int):
    whole = (circuit / name).read_bytes()
    (circuit / name).write_bytes(whole[: len(whole) // 2])
    said = refusals(circuit / "simulation_config.json", number)
    cut = rf"it was cut: it has ({len(whole) // 2} bytes, fewer|fewer bytes) than it says; copy it again"
    assert all(re.search(cut, text) for text in said), said
    (circuit / name).write_bytes(b"no HDF5 at all")
    said = refusals(circuit / "simulation_config.json", number)
    assert all("it does not begin as an HDF5 file; is it another format?" in text for text in said), said


def test_cut_texts_are_recognised(circuit: Path):
    types, config = circuit / "node_types.csv", circuit / "circuit_config.json"
    types.write_text("node_type_id morphology mtype\n0 cell a\n1 ce")
    assert (
        f"{types}, line 3: 2 fields, but the table has 3 columns; it is the last line: was the file cut?"
        in (refusals(config, 0)[-1])
    )
    content = json.dumps(json.loads(config.read_text()))
    config.write_text(content[: len(content) // 2].rstrip())
    assert refusals(config, 0)[-1].startswith(f"{config} is not a SONATA configuration: it is not JSON (")
    config.write_text('{"networks": {"nodes": ')
    assert refusals(config, 0)[-1].endswith("it ends too early: copy it again")


@pytest.mark.parametrize(
    ("text", "ending"), [("# a cell\n1 1 0 0 0 5 -1\n", "swc"), ('("CellBody" (CellBody))', "asc")]
)
def test_morphologies_that_are_given_as_circuits_are_recognised(tmp_path: Path, text: str, ending: str):
    path = tmp_path / "cell.txt"
    path.write_text(text)
    assert f"{path} is not a SONATA configuration: it is not JSON (" in refusals(path, 0)[-1]
    assert refusals(path, 0)[-1].endswith(f"it begins as a morphology: give it the ending .{ending}")
