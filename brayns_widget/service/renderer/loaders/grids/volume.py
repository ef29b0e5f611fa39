"""The loaders of volumes: raw values, and MetaImage headers (``.mhd``) with their file of values.

The format of headers: https://itk.org/Wiki/ITK/MetaIO/Documentation. As in the real renderer values are those of cells,
the first of which has a corner at the origin, and a volume's place in the header is not used.
"""

from __future__ import annotations

import math
import os
import re
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from brayns_widget.protocol.brayns.loaders import MHD_VOLUME, RAW_VOLUME, EmptyParams, RawVolumeParams
from brayns_widget.service.available_memory import available
from brayns_widget.service.confined import check_confined
from brayns_widget.service.renderer.content.coloring.primitives import PrimitiveColoring
from brayns_widget.service.renderer.content.geometry import Geometry
from brayns_widget.service.renderer.content.volumes import Volume
from brayns_widget.service.renderer.loaders.base import Content, LoadedModel, Loader, failure
from brayns_widget.service.renderer.memory import format_size
from brayns_widget.service.rpc.running import RunningRequest

_NONE = np.empty(0, np.uint32)
NO_COLORING = PrimitiveColoring(np.empty((0, 4), np.float32))
NOTHING = Geometry(np.empty((0, 4), np.float32), _NONE, _NONE, np.empty((0, 4), np.float32), _NONE)

Values = npt.NDArray[np.generic]

_RAW_TYPES = {
    "unsinged_char": "u1",  # the real renderer's spelling
    "short": "<i2",
    "unsigned_short": "<u2",
    "half_float": "<f2",
    "float": "<f4",
    "double": "<f8",
}
_MHD_TYPES = {
    "MET_CHAR": "i1",
    "MET_UCHAR": "u1",
    "MET_SHORT": "i2",
    "MET_USHORT": "u2",
    "MET_INT": "i4",
    "MET_UINT": "u4",
    "MET_FLOAT": "f4",
    "MET_DOUBLE": "f8",
}
_REQUIRED = ("DimSize", "ElementSpacing", "ElementType", "ElementDataFile")
_ONLY = {"ObjectType": "Image", "NDims": "3", "ElementNumberOfChannels": "1"}
_KEY = re.compile(r"\w[\w -]*")
_LONGEST_HEADER = 1 << 16  # bytes
_LARGEST = 1e15  # µm; far below what single precision can take


def load_raw(content: Content, params: RawVolumeParams, request: RunningRequest) -> list[LoadedModel]:
    """Load values, x fastest, then y, then z, in the order of bytes of most machines (least significant first)."""
    request.progress(0.0, "Reading values")
    kind = np.dtype(_RAW_TYPES[params.data_type])
    count = checked_count(f"{content.name}: dimensions", params.dimensions)
    if len(content.data) != count * kind.itemsize:
        raise failure(
            f"{content.name} has {len(content.data)} bytes, but dimensions {params.dimensions} of {params.data_type} "
            f"are {count * kind.itemsize}: correct dimensions or data_type"
        )
    values = np.frombuffer(content.data, kind).reshape(params.dimensions[::-1])
    return [volume_model(content.name, values, cell_frame(f"{content.name}: spacing", params.spacing))]


def load_mhd(path: Path, params: Any, request: RunningRequest) -> list[LoadedModel]:
    """Load the values that a MetaImage header describes."""
    del params
    request.progress(0.0, "Reading values")
    header = _read_header(path)
    for key, value in _ONLY.items():
        if header.get(key, value).lower() != value.lower():
            raise failure(f"{path}: {key} is {header[key]!r}, but only {value} can be shown")
    if not _is_true(header.get("BinaryData", "True")):
        raise failure(f"{path}: BinaryData is {header['BinaryData']!r}, but only True can be shown")
    dimensions = _numbers(path, header, "DimSize", int)
    frame = cell_frame(f"{path}: ElementSpacing", _numbers(path, header, "ElementSpacing", float))
    name = header["ElementType"]
    if name not in _MHD_TYPES:
        raise failure(f"{path}: ElementType {name!r} cannot be shown, only {', '.join(_MHD_TYPES)}")
    msb = _is_true(header.get("BinaryDataByteOrderMSB", header.get("ElementByteOrderMSB", "False")))
    kind = np.dtype((">" if msb else "<") + _MHD_TYPES[name])
    count = checked_count(f"{path}: DimSize", dimensions)
    values = _read_values(path, header, kind, count).reshape(dimensions[::-1])
    return [volume_model(str(path), values, frame)]


RAW_LOADER = Loader(RAW_VOLUME, "Core", ("raw",), RawVolumeParams, load_raw, binary=True)
MHD_LOADER = Loader(MHD_VOLUME, "Core", ("mhd",), EmptyParams, load_mhd)


def checked_count(name: str, dimensions: Sequence[int]) -> int:
    """Return the number of values.

    Raises:
        RequestError: there are none along an axis.
    """
    if min(dimensions) < 1:
        raise failure(f"{name} must be at least 1 along each axis, got {dimensions}")
    return math.prod(dimensions)


def check_memory(name: str, size: int) -> None:
    """Check that so many bytes fit into memory.

    Raises:
        RequestError: there is not.
    """
    if size > (free := available()):
        raise failure(
            f"{name} needs {format_size(size)} of memory, of which {format_size(free)} are left: "
            "load a part of it, or with fewer cells"
        )


def cell_frame(name: str, spacing: Sequence[float]) -> npt.NDArray[np.float64]:
    """Make the matrix from a grid to µm.

    Raises:
        RequestError: a size is not greater than 0 or too large.
    """
    if not all(0 < size < _LARGEST for size in spacing):
        raise failure(f"{name} must be greater than 0 and below {_LARGEST:g} µm along each axis, got {spacing}")
    return np.diag([*spacing, 1.0])


def volume_model(name: str, values: Values, frame: npt.NDArray[np.float64], *, cells: bool = True) -> LoadedModel:
    """Make the model of a volume, see ``Volume``.

    Raises:
        RequestError: there is no room for it.
    """
    if values.dtype.itemsize != 1:
        check_memory(name, 4 * values.size)
    return LoadedModel(kind="Volume", geometry=NOTHING, coloring=NO_COLORING, volume=Volume(values, frame, cells=cells))


def _read_header(path: Path) -> dict[str, str]:
    """Read fields up to ``ElementDataFile``; text that the system's encoding does not have is kept for file names."""
    try:
        with path.open("rb") as file:
            data = file.read(_LONGEST_HEADER)
    except OSError as error:
        raise failure(f"{path} cannot be read: {error.strerror}") from error
    header: dict[str, str] = {}
    for number, line in enumerate(
        data.split(b"\n"), 1
    ):  # text has more ends of lines: in latin-1, a byte of some UTF-8
        key, equals, value = (os.fsdecode(part.strip()) for part in line.partition(b"="))
        if not line.strip():
            continue
        if not equals or not _KEY.fullmatch(key):
            raise failure(f"{path}, line {number}: expected 'key = value', got {os.fsdecode(line[:60])!r}")
        header[key] = value
        if key == "ElementDataFile":  # the last one of a header
            break
    if missing := [key for key in _REQUIRED if key not in header]:
        raise failure(f"{path} is not a complete MetaImage header: add {', '.join(missing)}")
    return header


def _is_true(value: str) -> bool:
    """Tell as MetaIO does (``metaObject.cxx``): by the first character."""
    return value[:1] in {"T", "t", "1"}


def _numbers(path: Path, header: Mapping[str, str], key: str, kind: type[Any]) -> list[Any]:
    try:
        x, y, z = (kind(word) for word in header[key].split())
    except ValueError:
        raise failure(f"{path}: {key} must be three numbers, got {header[key]!r}") from None
    return [x, y, z]


def _read_values(path: Path, header: Mapping[str, str], kind: np.dtype[Any], count: int) -> Values:
    name = header["ElementDataFile"]
    if name in {"LOCAL", "LIST"} or "%" in name:
        raise failure(f"{path}: ElementDataFile {name!r} cannot be read: save the values as one file of their own")
    if "\0" in name:
        raise failure(f"{path}: ElementDataFile {name!r} cannot be the name of a file")
    size, skipped = count * kind.itemsize, _header_size(path, header)
    source = path.parent / name
    check_confined(str(source))
    shown = os.fsencode(source).decode(errors="replace")
    try:
        if source.exists() and not source.is_file():  # a pipe would make the renderer wait for who writes to it
            raise failure(f"{shown}, the ElementDataFile of {path}, is no file with values: correct ElementDataFile")
        if _is_true(header.get("CompressedData", "False")):
            check_memory(str(path), size + source.stat().st_size)  # both are held at once
            unpacker = zlib.decompressobj()
            data = unpacker.decompress(source.read_bytes(), size)
            if len(data) < size or unpacker.unconsumed_tail:
                raise failure(f"{shown} does not hold the {size} bytes of {path}: correct its DimSize or ElementType")
            return np.frombuffer(data, kind)
        held = source.stat().st_size
        skipped = held - size if skipped == -1 else skipped
        if skipped < 0 or held - skipped != size:
            raise failure(
                f"{shown} has {held} bytes, but {path} says {size} (and a header of {max(0, skipped)}): "
                "correct DimSize, ElementType or HeaderSize"
            )
        check_memory(str(path), size)
        return np.fromfile(source, kind, count, offset=skipped)
    except (OSError, zlib.error) as error:
        reason = (isinstance(error, OSError) and error.strerror) or error  # without the path, which stands before
        raise failure(f"{shown}, the ElementDataFile of {path}, cannot be read: {reason}") from error


def _header_size(path: Path, header: Mapping[str, str]) -> int:
    try:
        return int(header.get("HeaderSize", "0"))
    except ValueError:
        raise failure(f"{path}: HeaderSize must be a number, got {header['HeaderSize']!r}") from None
