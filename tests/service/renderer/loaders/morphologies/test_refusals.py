"""What is said of bad files: the file, the place in it, what was found and what to do; a thousand damaged files."""

from __future__ import annotations

import os
import time
from pathlib import Path

import h5py
import numpy as np
import pytest

from brayns_widget.protocol.errors import RequestError
from brayns_widget.service.renderer.loaders.morphologies.files import morphology_reader, read_shape
from brayns_widget.service.renderer.loaders.morphologies.morphology import ShapeOptions
from brayns_widget.service.renderer.loaders.morphologies.neuron import LOADER
from brayns_widget.service.rpc.running import RunningRequest
from tests.service.renderer.loaders.morphologies.files import ASC, SWC, write_group, write_h5

ALL = {"load_soma": True, "load_axon": True, "load_dendrites": True}
POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n"
PAGE = b"\n<!DOCTYPE html>\n<html><body>Please sign in</body></html>"


def refusal(path: Path) -> str:
    with pytest.raises(RequestError) as caught:
        LOADER.read(str(path), ALL, RunningRequest())
    text = caught.value.message
    assert str(path) in text
    assert not {"\n", "\x1b"} & set(text)
    return text.split(str(path), 1)[1]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            SWC.replace("20 60 0 0.8", "20 60 0 0,8"),
            "line 4 ('4 4 20 60 0 0,8 3'): Unable to parse this line; a line has",
        ),
        (
            SWC.replace("0.8 3", "0.8 33"),
            "line 4 ('4 4 20 60 0 0.8 33'): Sample id: 4 refers to non-existant parent ID: 33",
        ),
        (SWC.replace("40 0 1", "nan 0 1"), "line 3 ('3 4 0 nan 0 1 2'): Unable to parse this line"),
        (SWC.replace("40 0 1", "1e40 0 1"), "not finite (x, y, z and radius are 0, inf, 0, 1)"),
        (SWC.replace("7 2 0", "5 2 0"), "line 5 ('5 4 -20 60 0 0.8 3'): Repeated ID: 5 ID already appears here"),
        (SWC[:-4], "line 9 ('9 3 60 0 0'): The end of the file was reached before parsing finshed; the file was cut"),
        (SWC + "10 3 9 9 0 1 11\n11 3 9 9 0 1 10\n", "in a circle"),
        ("# nothing but this\n", "it has no points"),
    ],
)
def test_the_line_of_an_swc_file_is_named(tmp_path: Path, text: str, message: str):
    path = tmp_path / "cell.swc"
    path.write_text(text)
    assert message in refusal(path)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            ASC.replace("(0 -60 0 1)", "(0 -6o 0 1)"),
            "line 3 ('((Axon) (0 -5 0 1) (0 -6o 0 1))'): Error converting: \"o\"",
        ),
        (ASC[:-5], "line 4 ('((Dendrite) (5 0 0 2) (60 0 0'): "),
    ],
)
def test_the_line_of_an_asc_file_is_named(tmp_path: Path, text: str, message: str):
    path = tmp_path / "cell.asc"
    path.write_text(text)
    assert message in refusal(path)


@pytest.mark.parametrize("kind", ["swc", "asc", "h5"])
@pytest.mark.parametrize(
    ("data", "message"),
    [
        (POINTER, "a pointer of Git LFS, not the file itself; get that with 'git lfs pull'"),
        (PAGE, "a web page"),
        (b"", "it is empty; copy or download it again"),
        (b"\r\n  \n", "it is empty"),
        (b"PK\x03\x04rest", "packed (zip); unpack it first"),
        (b"\x1f\x8b\x08rest", "packed (gzip); unpack it first"),
    ],
)
def test_what_is_no_morphology_at_all_is_recognised(tmp_path: Path, kind: str, data: bytes, message: str):
    path = tmp_path / f"cell.{kind}"
    path.write_bytes(data)
    assert message in refusal(path)
    read, place = morphology_reader(str(tmp_path), {"h5v1": str(tmp_path)}, f"cell.{kind}")
    with pytest.raises(
        RequestError, match=f"Morphology 'cell.{kind}' of cell 7 cannot be read from .*cell.{kind}: it is"
    ):
        read_shape(read, place, f"cell.{kind}", 7, ShapeOptions(soma=True, axon=True, dendrites=True))


@pytest.mark.parametrize("kind", ["swc", "asc"])
def test_binary_data_is_not_quoted(tmp_path: Path, kind: str):
    path = tmp_path / f"cell.{kind}"
    path.write_bytes(np.random.default_rng(1).bytes(4000))
    assert refusal(path).endswith(": it is no text, but binary data; is it another format, or damaged?")
    path.write_bytes((SWC if kind == "swc" else ASC).encode().replace(b"60", b"6\x80\x020", 1))
    assert ("6…0" if kind == "swc" else "it holds bytes that are no text") in refusal(path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_pipe_is_not_waited_for(tmp_path: Path):
    os.mkfifo(tmp_path / "cell.swc")
    assert refusal(tmp_path / "cell.swc") == " is not a regular file"


def test_what_h5_files_lack_is_said(tmp_path: Path):
    path = tmp_path / "cell.h5"
    write_h5(path, points=[[0, 0, 0, 1], [9, 0, 0, 1]], structure=[[0, 3, -1], [5, 3, 0]])
    assert "section 1 of its dataset structure begins at point 5 of 2" in refusal(path)
    write_h5(path, points=[[0, 0, 0], [9, 0, 0]], structure=[[0, 3, -1]])
    assert "its dataset points must be a table of x, y, z and diameter, got the shape (2, 3) of float32" in refusal(
        path
    )
    write_h5(path)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    assert f"it was cut: it has {len(whole) // 2} bytes, fewer than it says; copy it again" in refusal(path)
    path.write_bytes(b"points and structure")
    assert "it does not begin as an HDF5 file" in refusal(path)
    text = tmp_path / "cell.swc"
    text.write_bytes(whole)
    assert "it is an HDF5 file; give it the ending .h5" in refusal(text)


@pytest.mark.parametrize(
    ("text", "ending", "right"),
    [
        (SWC, "asc", "swc"),
        (SWC, "h5", "swc"),
        ("# from\r# elsewhere\r" + SWC.replace("\n", "\r"), "asc", "swc"),
        (ASC, "swc", "asc"),
        ("; from elsewhere\n" + ASC, "swc", "asc"),
    ],
)
def test_the_right_ending_is_told(tmp_path: Path, text: str, ending: str, right: str):
    path = tmp_path / f"cell.{ending}"
    path.write_bytes(text.encode())
    assert f"it begins as a morphology of another format; give it the ending .{right}" in refusal(path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes in directories here")
def test_pipes_are_not_waited_for(tmp_path: Path):
    os.mkfifo(tmp_path / "cell.swc")
    read, place = morphology_reader(str(tmp_path), {}, "cell")
    with pytest.raises(RequestError, match=r"cell\.swc: it is no file$"):
        read_shape(read, place, "cell", 7, ShapeOptions(soma=True, axon=True, dendrites=True))


def test_h5_files_of_other_content_are_recognised(tmp_path: Path):
    path = tmp_path / "nodes.h5"
    with h5py.File(path, "w") as file:
        file.create_group("nodes/cells")
    assert "it holds SONATA's nodes; load the circuit by its configuration (JSON)" in refusal(path)
    with h5py.File(path, "w") as file:
        write_group(file.create_group("one"), [[0, 0, 0, 1], [9, 0, 0, 1]], [[0, 3, -1]])
    assert "it is a container of 1 morphologies (one, …)" in refusal(path)


def test_second_lines_of_morphio_get_through(tmp_path: Path):
    path = tmp_path / "cell.h5"
    write_h5(path)
    with h5py.File(path, "a") as file:
        file["metadata"].attrs["version"] = np.array([2, 0], np.uint32)
    assert "Unsupported h5 version: 2.0" in refusal(path)


def damaged(random: np.random.Generator, good: bytes, *, text: bool) -> bytes:
    """Cut it, flip bits, or swap words."""
    way = random.integers(3)
    if way == 0:
        return good[: random.integers(len(good))]
    if way == 1 or not text:
        letters = bytearray(good)
        for place in random.integers(len(good), size=random.integers(1, 9)):
            letters[place] ^= 1 << int(random.integers(8))
        return bytes(letters)
    words = good.split(b" ")
    for place in random.integers(len(words), size=2):
        words[place] = random.choice(
            [b"-1", b"1", b"", b"0", b"99", b"abc", b"1e39", b"1.5", b"\n", b"(", b")", b"nan"]
        )
    return b" ".join(words)


@pytest.mark.measures
@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(("kind", "count"), [("swc", 400), ("asc", 300), ("h5", 300)])
def test_damaged_files_are_shown_or_refused(tmp_path: Path, kind: str, count: int):
    """No other error than a refusal in one line that names the file, and none takes long."""
    path = tmp_path / f"cell.{kind}"
    write_h5(path)
    good = path.read_bytes() if kind == "h5" else (SWC if kind == "swc" else ASC).encode()
    random, refused = np.random.default_rng(12), 0
    for number in range(count):
        path.write_bytes(damaged(random, good, text=kind != "h5"))
        begin, message = time.monotonic(), None
        try:
            LOADER.read(str(path), ALL, RunningRequest())
        except RequestError as error:
            message = error.message
            refused += 1
        assert time.monotonic() - begin < 10, number
        assert message is None or (str(path) in message and "\n" not in message), (number, message)
    assert count / 10 < refused < count
