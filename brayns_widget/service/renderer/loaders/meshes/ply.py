"""Conversion of PLY files with any faces to such with triangles, which trimesh reads with their colors.

The format: Greg Turk, http://gamma.cs.unc.edu/POWERPLANT/papers/ply.pdf.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np

from brayns_widget.service.renderer.loaders.base import failure
from brayns_widget.service.renderer.loaders.meshes.polygons import Numbers, fans
from brayns_widget.service.renderer.loaders.meshes.text import whole_numbers

Faces = tuple[Numbers, Numbers]

_TYPES = {
    "char": "i1", "short": "i2", "int": "i4", "uchar": "u1", "ushort": "u2", "uint": "u4",
    "int8": "i1", "int16": "i2", "int32": "i4", "uint8": "u1", "uint16": "u2", "uint32": "u4",
    "int64": "i8", "uint64": "u8", "float": "f4", "double": "f8", "float16": "f2", "float32": "f4", "float64": "f8",
}  # fmt: skip
_CORNERS = {"vertex_index", "vertex_indices"}
_HEADER = re.compile(rb"ply\b.*?\n\s*end_header[^\n]*\n", re.DOTALL | re.IGNORECASE)


@dataclass(frozen=True)
class _Element:
    """A table of a file: its name, how many rows it has, and (name, type, type of a list's length or '') of columns."""

    name: str
    count: int
    columns: list[tuple[str, str, str]]

    @cached_property
    def corners(self) -> int:
        """The column of the vertex indices, or -1 if it is preceded by lists."""
        first = next((at for at, (_, _, listed) in enumerate(self.columns) if listed), -1)
        return first if self.columns[first : first + 1] and self.columns[first][0] in _CORNERS else -1

    def size(self, start: int = 0, stop: int | None = None) -> int:
        """Bytes of some columns in each row; -1: lists make it vary."""
        columns = self.columns[start:stop]
        return -1 if any(listed for *_, listed in columns) else sum(np.dtype(kind).itemsize for _, kind, _ in columns)


def with_triangles(name: str, data: bytes | memoryview) -> tuple[bytes, Faces | None]:
    """Cut the faces of a PLY file into fans of triangles, each of which has what its face has, such as colors.

    Returns:
        a PLY file; sizes and corners of the faces that it had (see ``triangulated``), or None if they are unchanged.

    Raises:
        RequestError: the file is none, or shorter than its header says.
    """
    data = bytes(data)
    if not (found := _HEADER.match(data)):
        raise failure(f"{name} cannot be read as PLY: it has no header from 'ply' to 'end_header'")
    form, elements, lines = _parse_header(name, found[0].decode("latin-1").split("\n"))
    at = next((at for at, element in enumerate(elements) if element.name == "face"), -1)
    read = _read_text if form == "ascii" else _read_binary
    body, faces, triangles = read(name, data[found.end() :], elements, at, ">" if "big" in form else "<")
    if faces is not None:
        lines = _of_triangles(lines, triangles)
    header = ["ply", f"format {form} 1.0", *lines, "end_header", ""]  # trimesh takes the second line for the format
    return "\n".join(header).encode("latin-1") + body, faces


def _parse_header(name: str, lines: list[str]) -> tuple[str, list[_Element], list[str]]:
    """Parse the format, the elements, and the header lines of elements."""
    form, elements, kept = "", list[_Element](), []
    for line in lines:
        try:
            match line.split():
                case ["format", ("ascii" | "binary_little_endian" | "binary_big_endian") as form, *_]:
                    continue
                case ["element", element, count] if int(count) >= 0:
                    elements.append(_Element(element, int(count), []))
                case ["property", "list", length, kind, column]:
                    elements[-1].columns.append((column, _TYPES[kind], _TYPES[length]))
                case ["property", kind, column]:
                    elements[-1].columns.append((column, _TYPES[kind], ""))
                case ["format" | "element" | "property", *_]:
                    raise ValueError
                case _:
                    continue
            kept.append(line.strip())
        except (ValueError, LookupError):
            raise failure(f"{name} cannot be read as PLY: its header has {line.strip()[:60]!r}") from None
    if not form:
        raise failure(f"{name} cannot be read as PLY: its header has no format")
    return form, elements, kept


def _of_triangles(lines: list[str], count: int) -> list[str]:
    """Make the header of a file with so many triangles, whose only lists are vertex indices."""
    changed, element = list[str](), ""
    for line in lines:
        match line.split():
            case ["element", element, _]:
                changed.append(f"element face {count}" if element == "face" else line)
            case ["property", "list", _, _, column] if element == "face":
                changed += ["property list uchar int vertex_indices"] if column in _CORNERS else []
            case _:
                changed.append(line)
    return changed


def _read_text(
    name: str, body: bytes, elements: list[_Element], at: int, _order: str
) -> tuple[bytes, Faces | None, int]:
    """Cut the faces of element ``at``; gives the body, and if it is changed, faces and how many triangles they have."""
    rows = [row for row in body.decode("latin-1").replace("\r", "\n").split("\n") if row.strip()]
    if len(rows) < (count := sum(element.count for element in elements)):
        said = ", ".join(f"{element.count} of {element.name}" for element in elements)
        raise failure(
            f"{name} cannot be read as PLY: its header says {count} lines ({said}), but there are {len(rows)}"
        )
    unchanged = "\n".join([*rows, ""]).encode("latin-1"), None, 0
    if at < 0 or elements[at].corners < 0:
        return unchanged  # trimesh says what is wrong, if anything is
    first = sum(element.count for element in elements[:at])
    last = first + elements[at].count
    if len(elements[at].columns) == 1 and _are_triangles(rows[first:last]):
        return unchanged  # so are most files, and it is much faster
    split = [_split_face(name, row, elements[at]) for row in rows[first:last]]
    corners = whole_numbers(" ".join(" ".join(words) for _, words, _ in split))
    sizes = np.array([len(words) for _, words, _ in split], np.int64)
    if corners is None or len(corners) != sizes.sum():
        raise failure(f"{name} cannot be read as PLY: it has a face with a corner that is no number")
    lists = sum(listed != "" for *_, listed in elements[at].columns)
    if lists == 1 and (sizes == 3).all():
        return unchanged
    triangles, owners = fans(sizes, corners)  # without other lists, which are of textures
    rows[first:last] = [
        "{} 3 {} {} {} {}".format(split[owner][0], *triangle, split[owner][2])
        for owner, triangle in zip(owners.tolist(), triangles.tolist(), strict=True)
    ]
    return "\n".join([*rows, ""]).encode("latin-1"), (sizes, corners), len(triangles)


def _are_triangles(rows: list[str]) -> bool:
    numbers = whole_numbers(" ".join(rows))
    if numbers is None or len(numbers) != 4 * len(rows) or not (numbers[::4] == 3).all():
        return False
    return all(len(row.split()) == 4 for row in rows)


def _split_face(name: str, row: str, element: _Element) -> tuple[str, list[str], str]:
    """Split a face's line into the values before its vertex indices, these, and the values behind that are no lists."""
    try:
        words, column = row.split(), element.corners
        end = start = column + 1
        end += int(words[column])
        corners, after = words[start:end], list[str]()
        if len(corners) != end - start:
            raise IndexError
        for _, _, listed in element.columns[start:]:
            if listed:
                end += int(words[end])
            else:
                after.append(words[end])
            end += 1
    except (ValueError, IndexError):
        raise failure(f"{name} cannot be read as PLY: it has a face {row.strip()[:60]!r}") from None
    return " ".join(words[:column]), corners, " ".join(after)


def _read_binary(
    name: str, body: bytes, elements: list[_Element], at: int, order: str
) -> tuple[bytes, Faces | None, int]:
    """As ``_read_text``; ``order`` is that of bytes."""
    sizes_before = [element.size() for element in elements[:at]]
    column = elements[at].corners if at >= 0 else -1
    after = elements[at].size(column + 1) if column >= 0 else -1
    if column < 0 or -1 in (*sizes_before, after):
        return body, None, 0  # trimesh knows more than this, or says what is wrong
    element = elements[at]
    _, kind, listed = element.columns[column]
    before, counter, each = element.size(0, column), np.dtype(order + listed), np.dtype(order + kind)
    start = at_byte = sum(size * other.count for size, other in zip(sizes_before, elements[:at], strict=True))
    starts, sizes = list[int](), list[int]()  # of each face: where it begins, how many corners it has
    spelled: Literal["big", "little"] = "big" if order == ">" else "little"
    for _ in range(element.count):
        end = at_byte + before + counter.itemsize
        size = int.from_bytes(body[end - counter.itemsize : end], spelled, signed=counter.kind == "i")
        starts.append(at_byte)
        sizes.append(size)
        at_byte = end + size * each.itemsize + after
        if size < 0 or at_byte > len(body):
            raise failure(
                f"{name} cannot be read as PLY: its header says {element.count} faces, but it ends in face {len(sizes)}"
            )
    later = [other.size() * other.count for other in elements[at + 1 :]]
    if min(later, default=0) >= 0:  # else there are lists
        if (missing := at_byte + sum(later) - len(body)) > 0:
            raise failure(f"{name} cannot be read as PLY: by its header it is {missing} bytes longer")
        body = body[: at_byte + sum(later)]  # writers of text leave an empty line
    if all(size == 3 for size in sizes):
        return body, None, 0
    raw, places, counts = np.frombuffer(body, np.uint8), np.array(starts), np.array(sizes)
    corners = np.empty(counts.sum(), np.int64)
    for size in np.unique(counts):  # all faces of a size at once
        rows = np.flatnonzero(counts == size)
        within = before + counter.itemsize + np.arange(size * each.itemsize)
        values = np.ascontiguousarray(raw[places[rows, None] + within]).view(each)
        corners[(np.cumsum(counts) - counts)[rows, None] + np.arange(size)] = values
    triangles, owners = fans(counts, corners)
    lasts = places + before + counter.itemsize + counts * each.itemsize
    cut = np.concatenate([
        raw[places[owners, None] + np.arange(before)],
        np.full((len(owners), 1), 3, np.uint8),
        triangles.astype(f"{order}i4").view(np.uint8),
        raw[lasts[owners, None] + np.arange(after)],
    ], axis=1)  # fmt: skip
    return body[:start] + cut.tobytes() + body[at_byte:], (counts, corners), len(triangles)
