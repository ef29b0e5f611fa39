"""NRRD atlases, and what is said of bad ones."""

from __future__ import annotations

import bz2
import gzip
import os
import tracemalloc
from pathlib import Path
from typing import Any

import nrrd
import numpy as np
import numpy.typing as npt
import pytest

from brayns_widget.protocol.errors import RequestError
from brayns_widget.service.renderer.loaders.base import LoadedModel
from brayns_widget.service.renderer.loaders.grids import volume as volume_loader
from brayns_widget.service.renderer.loaders.grids.atlas import LOADER
from brayns_widget.service.renderer.loaders.grids.use_cases import DENSITY, visualize
from brayns_widget.service.renderer.memory import Allowance, allowing
from brayns_widget.service.rpc.running import RunningRequest

VALUES = np.arange(24).reshape(4, 3, 2)  # x, y, z
BYTES = VALUES.astype("u1")


def load(path: Path, kind: str = "scalar") -> LoadedModel:
    (model,) = LOADER.read(str(path), {"type": kind}, RunningRequest())
    return model


def write(folder: Path, values: npt.NDArray[Any] = BYTES, **header: Any) -> Path:
    path = folder / "atlas.nrrd"
    nrrd.write(str(path), values, {key.replace("_", " "): value for key, value in header.items()})
    return path


def text(folder: Path, *lines: str, data: bytes = bytes(24)) -> Path:
    path = folder / "atlas.nrrd"
    start = ["NRRD0004", "type: uint8", "dimension: 3", "sizes: 4 3 2", "encoding: raw"]
    changed = {line.partition(":")[0] for line in lines}
    kept = [line for line in start if line.partition(":")[0] not in changed]
    path.write_bytes("\n".join([*kept, *lines]).encode() + b"\n\n" + data)
    return path


@pytest.mark.parametrize("encoding", ["raw", "gzip", "bzip2", "ascii"])
@pytest.mark.parametrize("kind", ["u1", "<i2", ">u2", "<i4", "<u8", "<f4", "<f8"])
def test_values_of_all_types_and_encodings(kind: str, encoding: str, tmp_path: Path):
    if encoding == "ascii" and kind == ">u2":
        kind = "<u2"
    model = load(write(tmp_path, VALUES.astype(kind), encoding=encoding))
    assert model.kind == "atlas"
    assert model.atlas is not None
    assert (model.atlas.values[..., 0] == VALUES.T).all()
    assert np.array(model.bounds).tolist() == [[0, 0, 0], [4, 3, 2]]  # of all voxels but the one of value 0
    assert model.colors.tolist() == [[1, 1, 1, pytest.approx(0.3)]]


def test_directions_and_origin_place_the_atlas(tmp_path: Path):
    directions = np.array([[0, 0, 10], [20, 0, 0], [0, -30, 0]])  # of x, y and z
    model = load(write(tmp_path, space_directions=directions, space_origin=[1, 2, 3], space_dimension=3))
    assert np.array(model.bounds).tolist() == [[1, -58, 3], [61, 2, 43]]
    assert model.atlas is not None
    density = visualize(model.atlas, DENSITY, RunningRequest())
    assert np.array(density.bounds).tolist() == [[1, -58, 3], [61, 2, 43]]
    assert density.volume is not None
    assert density.volume.cells
    assert (density.volume.ramp.low, density.volume.ramp.high) == (0, 23)
    spaced = load(write(tmp_path, spacings=[1, 2, 3]))
    assert np.array(spaced.bounds).tolist() == [[0, 0, 0], [4, 6, 6]]


def test_values_of_corners_are_blended(tmp_path: Path):
    atlas = load(write(tmp_path, centerings=["node"] * 3)).atlas
    assert atlas is not None
    density = visualize(atlas, DENSITY, RunningRequest())
    assert density.volume is not None
    assert not density.volume.cells
    assert np.array(density.bounds).tolist() == [[0, 0, 0], [3, 2, 1]]


@pytest.mark.parametrize(
    ("kind", "channels"), [("orientation", 4), ("flatmap", 2), ("layer_distance", 2), ("vector", 3), ("scalar", 1)]
)
def test_voxels_of_several_values(kind: str, channels: int, tmp_path: Path):
    values = np.zeros((channels, 4, 3, 2), np.float32)
    values[:, 1, 1, 1] = 5
    directions = [[np.nan] * 3, [10, 0, 0], [0, 10, 0], [0, 0, 10]]
    model = load(write(tmp_path, values, space_dimension=3, space_directions=np.array(directions)), kind)
    assert model.atlas is not None
    assert model.atlas.values.shape == (2, 3, 4, channels)
    bounds = [[0, 0, 0], [40, 30, 20]] if kind == "layer_distance" else [[10, 10, 10], [20, 20, 20]]
    assert np.array(model.bounds).tolist() == bounds


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        (["type: strange"], "cannot be read as NRRD"),
        (["encoding: strange"], "cannot be read as NRRD"),
        (["sizes: 4 3"], "sizes must be three numbers"),
        (["sizes: 4 3 x"], "cannot be read as NRRD"),
        (["sizes: 4 3 9"], "cannot be read as NRRD"),
        (["sizes: 4 3 0"], "sizes must be three numbers"),
        (["dimension: 2", "sizes: 4 6"], "sizes must be three numbers"),
        (["dimension: 4", "sizes: 4 3 2 1"], "type 'scalar' has 1 values, but sizes .* give it 4"),
        (["sizes: 99999999 99999999 99999999"], "needs .* of memory"),
        (["space dimension: 3", "space directions: (1,0,0) (0,0,0) (0,0,1)"], "space directions"),
        (["space dimension: 3", "space directions: (1,0,0) (0,nan,0) (0,0,1)"], "space directions"),
        (["space dimension: 3", "space directions: (1,0,0) none (0,0,1)"], "space directions"),
        (["space dimension: 3", "space origin: (1,2)"], "space origin"),
        (["space dimension: 2", "space directions: (1,0) (0,1) (1,1)"], "space directions"),
        (["spacings: 1 nan 1"], "spacings"),
        (["data file: missing.raw"], "cannot be read as NRRD"),
        (["encoding: gzip"], "cannot be read as NRRD"),
        (["encoding: hex"], "encoding 'hex' is not one of raw, txt, text, ascii, gz"),
        (["data file: LIST"], "its data file 'LIST' means several"),
        (["data file: slice%02d.raw 1 3 1"], "its data file 'slice%02d.raw 1 3 1' means several"),
        (["data file: ."], "its data file '.' is no file with values"),
        (["type: block"], "type 'block' is not one of numbers"),
        (["sizes: 4 3 3"], "say 36 bytes, but it has 24"),
        (["sizes: 4 3 1"], "say 12 bytes, but it has 24"),
        (["byte skip: -2"], "byte skip at least -1"),
        (["byte skip: 99"], "say 24 bytes, but it has 0"),
        (["line skip: 999999999999"], "say 24 bytes, but it has 0"),
    ],
)
def test_bad_files_are_refused_with_file_and_field(lines: list[str], words: str, tmp_path: Path):
    path = text(tmp_path, *lines)
    with pytest.raises(RequestError, match=words) as caught:
        load(path)
    assert caught.value.code == -32603
    assert str(path) in str(caught.value)


@pytest.mark.parametrize("data", [b"", b"NRRD0004", b"\0" * 100, b"NRRD0004\ntype: uint8\n\n"])
def test_what_is_no_nrrd_is_refused(data: bytes, tmp_path: Path):
    path = tmp_path / "atlas.nrrd"
    path.write_bytes(data)
    with pytest.raises(RequestError, match=r"atlas\.nrrd cannot be read as NRRD"):
        load(path)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "it is empty"),
        (b"NRRD0004\ntype uint8\n\n", "a line of its header is not 'field: value'"),
        (b"NRRD0004\ndimension: 3\nsizes: 4 3 2\nencoding: raw\n\n", "add type to its header"),
        (b"NRRD0004\ntype: uint8\n\n", "add dimension, sizes, encoding to its header"),
    ],
)
def test_what_a_header_lacks_is_named(data: bytes, words: str, tmp_path: Path):
    (tmp_path / "atlas.nrrd").write_bytes(data)
    with pytest.raises(RequestError, match=rf"atlas\.nrrd cannot be read as NRRD: {words}"):
        load(tmp_path / "atlas.nrrd")


@pytest.mark.parametrize(
    ("encoding", "skip", "pack"),
    [
        ("raw", "byte skip: 5", lambda data: bytes(5) + data),
        ("raw", "byte skip: -1", lambda data: bytes(7) + data),
        ("RAW", "line skip: 2", lambda data: b"a line\nanother\n" + data),
        ("gz", "byte skip: 5", lambda data: gzip.compress(bytes(5) + data)),
        ("bz2", "line skip: 1", lambda data: b"a line\n" + bz2.compress(data)),
        ("text", "line skip: 1", lambda data: b"a line\n" + " ".join(map(str, data)).encode()),
    ],
)
@pytest.mark.parametrize("own", [True, False])
def test_values_behind_something_else(encoding: str, skip: str, pack: Any, own: bool, tmp_path: Path):
    data = pack(np.ascontiguousarray(BYTES.T).tobytes())
    lines = [f"encoding: {encoding}", skip]
    if own:
        (tmp_path / "values.data").write_bytes(data)
        path = text(tmp_path, *lines, "data file: values.data", data=b"")
    else:
        path = text(tmp_path, *lines, data=data)
    atlas = load(path).atlas
    assert atlas is not None
    assert (atlas.values[..., 0] == BYTES.T).all()


@pytest.mark.parametrize("encoding", ["gzip", "bzip2"])
def test_values_that_unpack_to_another_size_are_refused(encoding: str, tmp_path: Path):
    for size, held in ((100_000_000, "more"), (25, "more"), (23, "23 bytes")):
        path = text(
            tmp_path,
            f"encoding: {encoding}",
            data=gzip.compress(bytes(size)) if encoding == "gzip" else bz2.compress(bytes(size)),
        )
        tracemalloc.start()
        with pytest.raises(RequestError, match=f"say 24 bytes, but it unpacks to {held}"):
            load(path)
        assert tracemalloc.get_traced_memory()[1] < 20_000_000
        tracemalloc.stop()


@pytest.mark.timeout(10)
def test_a_pipe_is_not_waited_for(tmp_path: Path):
    os.mkfifo(tmp_path / "pipe.raw")
    with pytest.raises(RequestError, match=r"its data file 'pipe\.raw' is no file with values"):
        load(text(tmp_path, "data file: pipe.raw"))


@pytest.mark.parametrize("axis", range(4))
@pytest.mark.parametrize("told", ["kinds", "directions"])
def test_the_values_of_voxels_lie_along_the_axis_that_the_header_says(axis: int, told: str, tmp_path: Path):
    values = np.arange(81, dtype=np.float32).reshape(3, 3, 3, 3)  # x, y, z, value
    header: dict[str, Any] = {"kinds": ["domain"] * 4, "spacings": [10.0, 20, 30, 40]}
    header["kinds"][axis] = "vector"
    if told == "directions":
        rows = np.insert(np.diag([10.0, 20, 30]), axis, np.nan, axis=0)
        header = {"space_dimension": 3, "space_directions": rows}
    model = load(write(tmp_path, np.moveaxis(values, -1, axis), **header), "vector")
    assert model.atlas is not None
    assert (model.atlas.values == values.transpose(2, 1, 0, 3)).all()
    spacing = np.array([10, 20, 30]) if told == "directions" else np.delete([10, 20, 30, 40], axis)
    assert np.array(model.bounds).tolist() == [[0, 0, 0], (3 * spacing).tolist()]


def test_an_outline_is_counted_before_it_is_made(tmp_path: Path):
    values = np.random.default_rng(0).integers(0, 2, (64, 64, 64), np.uint8)
    path = write(tmp_path, values)
    count = len(load(path).geometry.triangles)
    tracemalloc.start()
    with allowing(Allowance(1000, "all of it")), pytest.raises(RequestError, match=f"would be {count} triangles"):
        load(path)
    assert tracemalloc.get_traced_memory()[1] < 40 * values.size  # faces took 140
    tracemalloc.stop()


def test_atlases_of_which_there_is_nothing_to_see_are_refused(tmp_path: Path):
    with pytest.raises(RequestError, match="no voxel means something") as caught:
        load(text(tmp_path, data=bytes(24)))
    assert caught.value.code == -32603
    assert "atlas.nrrd" in str(caught.value)


def test_what_there_is_no_memory_for_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    path = write(tmp_path)
    with allowing(Allowance(600, "all of it")), pytest.raises(RequestError, match="triangles, which do not fit"):
        load(path)
    monkeypatch.setattr(volume_loader, "available", lambda: 20)
    with pytest.raises(RequestError, match="needs 24 bytes of memory"):
        load(path)


@pytest.mark.parametrize("stage", ["Reading values", "Looking for voxels that mean something", "Making triangles"])
def test_an_atlas_can_be_cancelled_at_each_stage(tmp_path: Path, stage: str):
    path = tmp_path / "atlas.nrrd"
    nrrd.write(str(path), np.arange(27, dtype=np.uint8).reshape(3, 3, 3))
    told: list[str] = []

    def report(_amount: float, operation: str) -> None:
        told.append(operation)
        if operation == stage:
            request.cancel()

    request = RunningRequest(report)
    with pytest.raises(RequestError) as caught:
        LOADER.read(str(path), {"type": "scalar"}, request)
    assert caught.value.code == 20
    assert told[-1] == stage
