"""Files that are not what their names say, recognised by how they begin."""

from __future__ import annotations

import re
from pathlib import Path

_LFS = b"version https://git-lfs.github.com/spec/"
_HTML = (b"<!doctype html", b"<html", b"<?xml", b"<head", b"<!doctype")
_PACKED = {b"\x1f\x8b": "gzip", b"PK\x03\x04": "zip", b"BZh": "bzip2", b"\xfd7zXZ\x00": "xz"}
_HDF5 = b"\x89HDF\r\n\x1a\n"
BEGINNING = 512  # bytes that are enough to recognise a file
_CONTROLS = re.compile(rb"[\x00-\x08\x0e-\x19\x1b-\x1f]")  # which no text has; \x1a ends texts of DOS
_FEW = 0.05  # of the bytes: damage that may be read over, or told by its place
_UNSHOWN = re.compile(r"[^\x20-\x7e]+")
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")


def check_beginning(beginning: bytes, *, hdf5: bool) -> None:
    """Refuse what is no file of the expected kind.

    Args:
        beginning: the first ``BEGINNING`` bytes of the file.
        hdf5: whether it must be an HDF5 file; if not, it must be text.

    Raises:
        ValueError: it is not; says what it is, and what to do.
    """
    text = beginning.removeprefix(b"\xef\xbb\xbf").lstrip()
    if not text:
        raise ValueError("it is empty; copy or download it again")
    if text.startswith(_LFS):
        raise ValueError("it is a pointer of Git LFS, not the file itself; get that with 'git lfs pull'")
    if text.lower().startswith(_HTML):
        raise ValueError(
            "it is a web page, as downloads that ask for a login or an agreement leave it; download it again"
        )
    for magic, name in _PACKED.items():
        if beginning.startswith(magic):
            raise ValueError(f"it is packed ({name}); unpack it first")
    if not hdf5 and beginning.startswith(_HDF5):
        raise ValueError("it is an HDF5 file; give it the ending .h5")
    if not hdf5 and not beginning.startswith(_UTF_16) and len(_CONTROLS.findall(beginning)) > _FEW * len(beginning):
        raise ValueError("it is no text, but binary data; is it another format, or damaged?")


def quoted(text: str, longest: int) -> str:
    """Quote a piece of a file for people, shortened; what may not be printable stands as "…"."""
    cut = text[:longest] + (" …" if len(text) > longest else "")
    return repr(_UNSHOWN.sub("…", cut))


_POINT = re.compile(rb"(?:\s*#.*\n)*\s*\d+\s+\d+(?:\s+[-+.\deE]+){4}\s+-?\d+\s")  # a line of SWC, after comments


def morphology_kind(beginning: bytes) -> str:
    """Tell the usual ending of a morphology in a text file, ".swc" or ".asc", by how it begins; "" if it is none."""
    text = beginning.removeprefix(b"\xef\xbb\xbf").replace(b"\r", b"\n").lstrip()
    if _POINT.match(text):
        return ".swc"
    return ".asc" if text.startswith((b"(", b";")) else ""


def check_file(path: Path, *, hdf5: bool) -> None:
    """Refuse a file whose first bytes are those of another kind.

    Raises:
        ValueError: see ``check_beginning``.
        OSError: it cannot be opened.
    """
    with path.open("rb") as file:
        check_beginning(file.read(BEGINNING), hdf5=hdf5)


_CUT = re.compile(r"truncated file: eof = (\d+)|[Ff]ile has been truncated")
_FOREIGN = re.compile("file signature not found|Not an HDF5 file")


def hdf5_words(message: str) -> str:
    """Say in plain words what HDF5 finds wrong with a whole file; other messages are returned as they are."""
    if cut := _CUT.search(message):
        size = f"{cut[1]} bytes, fewer" if cut[1] else "fewer bytes"
        return f"it was cut: it has {size} than it says; copy it again"
    return "it does not begin as an HDF5 file; is it another format?" if _FOREIGN.search(message) else message


def decoded(data: bytes) -> str:
    """Decode a text file of any machine: with or without a byte order mark, with the line ends of any system."""
    if data.startswith(_UTF_16):
        text = data.decode("utf-16", "replace")
    else:
        text = data.removeprefix(b"\xef\xbb\xbf").decode("latin-1")  # only comments and names have more than ASCII
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text
