"""Raw and MetaImage volumes, and what is said of bad ones."""

from __future__ import annotations

import os
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from brayns_widget.protocol.errors import RequestError
from brayns_widget.service.renderer.loaders.base import LoadedModel
from brayns_widget.service.renderer.loaders.grids import volume as loader
from brayns_widget.service.renderer.loaders.grids.volume import MHD_LOADER, RAW_LOADER
from brayns_widget.service.rpc.running import RunningRequest

VALUES = np.arange(24).reshape(2, 3, 4)
RAW = {"dimensions": [4, 3, 2], "spacing": [1, 2, 3], "data_type": "unsinged_char"}
HEADER = {
    "ObjectType": "Image",
    "NDims": "3",
    "DimSize": "4 3 2",
    "ElementSpacing": "1 2 3",
    "ElementType": "MET_UCHAR",
}


def upload(data: bytes, **properties: Any) -> LoadedModel:
    (model,) = RAW_LOADER.read_upload("raw", memoryview(data), RAW | properties, RunningRequest())
    return model


def mhd(folder: Path, data: bytes, **header: str | None) -> LoadedModel:
    (folder / "values.raw").write_bytes(data)
    source = header.pop("ElementDataFile", "values.raw")
    lines = [f"{key} = {value}\n" for key, value in (HEADER | header | {"ElementDataFile": source}).items() if value]
    (folder / "volume.mhd").write_text("".join(lines))
    (model,) = MHD_LOADER.read(str(folder / "volume.mhd"), {}, RunningRequest())
    return model


def check(model: LoadedModel) -> None:
    assert model.kind == "Volume"
    assert model.volume is not None
    assert (model.volume.values == VALUES).all()
    assert model.volume.cells
    assert np.array(model.bounds).tolist() == [[0, 0, 0], [4, 6, 6]]
    assert (model.volume.ramp.low, model.volume.ramp.high) == (0, 23)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("unsinged_char", "u1"),  # as the real renderer spells it
        ("unsigned_char", "u1"),  # as the official client does
        ("short", "<i2"),
        ("unsigned_short", "<u2"),
        ("half_float", "<f2"),
        ("float", "<f4"),
        ("double", "<f8"),
    ],
)
def test_raw_values_of_all_types(name: str, kind: str, tmp_path: Path):
    data = VALUES.astype(kind).tobytes()
    check(upload(data, data_type=name))
    (tmp_path / "values.raw").write_bytes(data)
    (model,) = RAW_LOADER.read(str(tmp_path / "values.raw"), RAW | {"data_type": name}, RunningRequest())
    check(model)


@pytest.mark.parametrize(
    ("properties", "words"),
    [
        ({"dimensions": [4, 3, 3]}, "24 bytes.*36"),
        ({"dimensions": [4, 0, 2]}, "dimensions must be at least 1"),
        ({"dimensions": [10**9, 10**9, 10**9]}, "24 bytes"),
        ({"data_type": "double"}, "192.*data_type"),
        ({"spacing": [1, 0, 1]}, "spacing must be greater than 0"),
        ({"spacing": [1, -2, 1]}, "spacing must be greater than 0"),
        ({"spacing": [1, 1e30, 1]}, "spacing"),
    ],
)
def test_raw_values_that_do_not_fit_are_refused_with_what_to_correct(properties: dict[str, Any], words: str):
    with pytest.raises(RequestError, match=words) as caught:
        upload(bytes(24), **properties)
    assert caught.value.code == -32603


@pytest.mark.parametrize("bad", [{"data_type": "int"}, {"spacing": [1, float("nan"), 1]}, {"dimensions": [1, 2]}])
def test_raw_parameters_that_are_none_are_refused(bad: dict[str, Any]):
    with pytest.raises(RequestError) as caught:
        upload(bytes(24), **bad)
    assert caught.value.code == -32602


def test_what_there_is_no_memory_for_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setattr(loader, "available", lambda: 100)
    assert upload(bytes(24)).volume is not None
    with pytest.raises(RequestError, match="needs 192 bytes of memory, of which 100 bytes are left"):
        mhd(tmp_path, bytes(192), ElementType="MET_DOUBLE")


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("MET_CHAR", "i1"),
        ("MET_UCHAR", "u1"),
        ("MET_SHORT", "<i2"),
        ("MET_USHORT", "<u2"),
        ("MET_INT", "<i4"),
        ("MET_UINT", "<u4"),
        ("MET_FLOAT", "<f4"),
        ("MET_DOUBLE", "<f8"),
    ],
)
def test_metaimages_of_all_types(name: str, kind: str, tmp_path: Path):
    check(mhd(tmp_path, VALUES.astype(kind).tobytes(), ElementType=name))


def test_metaimages_with_what_else_they_may_have(tmp_path: Path):
    data = VALUES.astype(">u2").tobytes()
    check(mhd(tmp_path, data, ElementType="MET_USHORT", BinaryDataByteOrderMSB="True"))
    check(mhd(tmp_path, data, ElementType="MET_USHORT", ElementByteOrderMSB="true", BinaryData="true"))
    check(mhd(tmp_path, bytes(7) + data, ElementType="MET_USHORT", BinaryDataByteOrderMSB="True", HeaderSize="7"))
    check(mhd(tmp_path, bytes(7) + data, ElementType="MET_USHORT", BinaryDataByteOrderMSB="True", HeaderSize="-1"))
    packed = zlib.compress(VALUES.astype("u1").tobytes())
    check(mhd(tmp_path, packed, CompressedData="True", CompressedDataSize=str(len(packed))))
    check(
        mhd(
            tmp_path,
            VALUES.astype("u1").tobytes(),
            ElementDataFile=str(tmp_path / "values.raw"),
            NDims=None,
            ObjectType=None,
        )
    )


@pytest.mark.parametrize(
    ("header", "words"),
    [
        ({"DimSize": None}, "add DimSize"),
        ({"DimSize": None, "ElementType": None}, "add DimSize, ElementType"),
        ({"ObjectType": "Scene"}, "ObjectType is 'Scene', but only Image"),
        ({"NDims": "2"}, "NDims is '2'"),
        ({"ElementNumberOfChannels": "3"}, "ElementNumberOfChannels is '3'"),
        ({"BinaryData": "False"}, "BinaryData"),
        ({"DimSize": "4 3"}, "DimSize must be three numbers, got '4 3'"),
        ({"DimSize": "4 3 x"}, "DimSize must be three numbers"),
        ({"DimSize": "4 3 0"}, "DimSize must be at least 1"),
        ({"DimSize": "4 3 -2"}, "DimSize must be at least 1"),
        ({"DimSize": "4 3 20"}, "values.raw has 24 bytes, but .*volume.mhd says 240"),
        ({"DimSize": "9999999 9999999 9999999"}, "values.raw has 24 bytes"),
        ({"ElementSpacing": "1 nan 1"}, "ElementSpacing must be greater than 0"),
        ({"ElementSpacing": "1 inf 1"}, "ElementSpacing must be greater than 0"),
        ({"ElementType": "MET_STRING"}, "ElementType 'MET_STRING' cannot be shown, only MET_CHAR"),
        ({"ElementDataFile": "LOCAL"}, "ElementDataFile 'LOCAL'"),
        ({"ElementDataFile": "slice%03d.raw"}, "ElementDataFile"),
        ({"ElementDataFile": "missing.raw"}, "missing.raw, the ElementDataFile"),
        ({"ElementDataFile": None}, "add ElementDataFile"),
        ({"HeaderSize": "many"}, "HeaderSize must be a number"),
        ({"HeaderSize": "-5"}, "HeaderSize"),
        ({"CompressedData": "True"}, "cannot be read"),
        ({"=": "Image"}, "line 6: expected 'key = value'"),
        ({"ElementDataFile": "val\0ues.raw"}, "cannot be the name of a file"),
        ({"ElementDataFile": "."}, "is no file with values"),
        ({"ElementDataFile": "x" * 300}, "cannot be read"),
    ],
)
def test_bad_metaimages_are_refused_with_file_and_field(header: dict[str, str | None], words: str, tmp_path: Path):
    with pytest.raises(RequestError, match=words) as caught:
        mhd(tmp_path, bytes(24), **header)
    assert caught.value.code == -32603
    assert str(tmp_path) in str(caught.value)


@pytest.mark.parametrize("word", ["True", "true", "T", "t", "1"])
def test_metaimages_say_yes_in_several_ways(word: str, tmp_path: Path):
    packed = zlib.compress(VALUES.astype(">u2").tobytes())
    big = {"ElementType": "MET_USHORT", "BinaryDataByteOrderMSB": word, "BinaryData": word, "CompressedData": word}
    check(mhd(tmp_path, packed, **big))
    check(mhd(tmp_path, zlib.decompress(packed), **big | {"CompressedData": "0"}))
    with pytest.raises(RequestError, match="BinaryData is '0', but only True"):
        mhd(tmp_path, bytes(24), BinaryData="0")


def test_metaimages_in_utf8_and_with_keys_that_nobody_knows(tmp_path: Path):
    (tmp_path / "größe.raw").write_bytes(VALUES.astype("u1").tobytes())
    lines = {"Comment": "Åx y", "ITK-input filter": "x", "a-b": "1"} | HEADER | {"ElementDataFile": "größe.raw"}
    text = "".join(f"{key} = {value}\r\n" for key, value in lines.items())
    (tmp_path / "volume.mhd").write_bytes(text.encode())
    (model,) = MHD_LOADER.read(str(tmp_path / "volume.mhd"), {}, RunningRequest())
    check(model)
    (tmp_path / "volume.mhd").write_bytes(text.encode("latin-1"))  # whose name is not that of the file
    with pytest.raises(RequestError, match="cannot be read: No such file") as caught:
        MHD_LOADER.read(str(tmp_path / "volume.mhd"), {}, RunningRequest())
    assert caught.value.message.encode()


@pytest.mark.timeout(10)
def test_a_pipe_is_not_waited_for(tmp_path: Path):
    os.mkfifo(tmp_path / "pipe.raw")
    for packed in ("True", "False"):
        with pytest.raises(RequestError, match=r"pipe\.raw, the ElementDataFile of .* is no file"):
            mhd(tmp_path, b"", ElementDataFile="pipe.raw", CompressedData=packed)


def test_packed_values_of_another_size_are_refused(tmp_path: Path):
    for size in (23, 25, 10**6):
        with pytest.raises(RequestError, match="does not hold the 24 bytes"):
            mhd(tmp_path, zlib.compress(bytes(size)), CompressedData="True")


@pytest.mark.parametrize("data", [b"", b"\0" * 100, bytes(range(256)) * 400])
def test_headers_that_are_no_text_are_refused(data: bytes, tmp_path: Path):
    (tmp_path / "volume.mhd").write_bytes(data)
    with pytest.raises(RequestError, match=r"volume\.mhd"):
        MHD_LOADER.read(str(tmp_path / "volume.mhd"), {}, RunningRequest())
