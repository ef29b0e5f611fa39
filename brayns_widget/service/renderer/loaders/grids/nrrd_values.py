"""The values of an NRRD file: behind its header or in a file of their own, compressed or not.

pynrrd would wait for a pipe, and read or unpack all there is before it looks at the size.
"""

from __future__ import annotations

import bz2
import contextlib
import io
import os
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from brayns_widget.service.confined import check_confined
from brayns_widget.service.renderer.loaders.base import failure
from brayns_widget.service.renderer.loaders.grids.volume import check_memory

_PLACE = ("data file", "datafile", "byte skip", "byteskip", "line skip", "lineskip")
_ENCODINGS = {
    "raw": "raw",
    **dict.fromkeys(("txt", "text", "ascii"), "ascii"),
    **dict.fromkeys(("gz", "gzip"), "gzip"),
    **dict.fromkeys(("bz2", "bzip2"), "bzip2"),
}


def embedded(header: dict[str, Any]) -> dict[str, Any]:
    """Make a header that fits values as ``open_values`` gives them."""
    encoding = "ascii" if _ENCODINGS[header["encoding"].lower()] == "ascii" else "raw"
    return {key: value for key, value in header.items() if key not in _PLACE} | {"encoding": encoding}


@contextlib.contextmanager
def open_values(path: Path, header: dict[str, Any], file: IO[bytes], size: int) -> Iterator[IO[bytes]]:
    """Open the values of a file, decompressed and without bytes to skip.

    Args:
        path: of the file with the header.
        header: as pynrrd reads it.
        file: open, right behind the header.
        size: bytes of the values.

    Raises:
        RequestError: they are in several files, in no file, packed in an unknown way, or not as many.
        OSError: their file cannot be read.
    """
    encoding = _ENCODINGS.get(header["encoding"].lower())
    if encoding is None:
        raise failure(
            f"{path} cannot be read as NRRD: encoding {header['encoding']!r} is not one of {', '.join(_ENCODINGS)}"
        )
    name = header.get("data file", header.get("datafile"))
    if name is None:
        yield _values(str(path), file, header, encoding, size)
        return
    if name.split()[:1] == ["LIST"] or "%" in name:
        raise failure(f"{path} cannot be read as NRRD: its data file {name!r} means several, save its values as one")
    source = path.parent / name
    check_confined(str(source))
    if source.exists() and not source.is_file():
        raise failure(f"{path} cannot be read as NRRD: its data file {name!r} is no file with values")
    with source.open("rb") as other:
        yield _values(str(source), other, header, encoding, size)


def _values(name: str, file: IO[bytes], header: dict[str, Any], encoding: str, size: int) -> IO[bytes]:
    lines = header.get("line skip", header.get("lineskip", 0))
    skipped = header.get("byte skip", header.get("byteskip", 0))
    if lines < 0 or skipped < -1:
        raise failure(f"{name} cannot be read as NRRD: line skip must be at least 0 and byte skip at least -1")
    for _ in range(lines):
        if not file.readline():
            break
    if encoding in {"gzip", "bzip2"}:
        unpacker = zlib.decompressobj(zlib.MAX_WBITS | 16) if encoding == "gzip" else bz2.BZ2Decompressor()
        skipped = max(0, skipped)
        check_memory(name, size + os.fstat(file.fileno()).st_size)  # both are held at once
        data = unpacker.decompress(file.read(), skipped + size + 1)[skipped:]
        if len(data) != size:
            got = f"{len(data)} bytes" if len(data) < size else "more"
            raise failure(
                f"{name} cannot be read as NRRD: its sizes and type say {size} bytes, but it unpacks to {got}"
            )
        return io.BytesIO(data)
    end = os.fstat(file.fileno()).st_size
    if skipped == -1:
        skipped = max(0, end - size - file.tell())
    file.seek(skipped, os.SEEK_CUR)
    if encoding == "raw" and (held := end - file.tell()) != size:
        raise failure(f"{name} cannot be read as NRRD: sizes and type say {size} bytes, but it has {max(0, held)}")
    return file
