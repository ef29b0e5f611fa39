"""Parsers for text files of meshes, which ignore what differs between writers.

OFF: http://www.geomview.org/docs/html/OFF.html;
OBJ: http://paulbourke.net/dataformats/obj/ (Wavefront, appendix B1).
"""

from __future__ import annotations

import re

import numpy as np
import numpy.typing as npt

from brayns_widget.service.renderer.loaders.base import failure

_CORNER = re.compile(r"[+-]?\d+(/\S*)?", re.ASCII)

Numbers = npt.NDArray[np.int64]


def split_obj(name: str, data: bytes | memoryview) -> tuple[bytes, Numbers, Numbers]:
    """Split an OBJ file into its vertices and its faces; normals, textures, materials and groups are ignored.

    Returns:
        lines ``v x y z`` as the file has them; (F,), how many corners each face has; their vertices from 0, face after
        face.

    Raises:
        RequestError: a face has a corner that is no number, or a vertex that is not there.
    """
    text = bytes(data).decode("latin-1").replace("\r", "\n").replace("\t", " ")
    if "\\" in text:
        text = re.sub(r"\\ *\n{1,2}", " ", text)  # a line goes on in the next one
    if "#" in text:
        text = re.sub(r"#.*", "", text)
    vertices, faces, seen = [], [], []
    for line in text.split("\n"):
        stripped = line.strip()
        if stripped.startswith("v "):
            vertices.append(stripped)
        elif stripped.startswith("f "):
            faces.append(stripped[2:])
            seen.append(len(vertices))
    sizes = np.fromiter((len(face.split()) for face in faces), np.int64, len(faces))
    corners = _obj_corners(name, faces, sizes)
    before = np.repeat(np.array(seen, np.int64), sizes)
    places = np.where(corners < 0, before + corners, corners - 1)  # -1 is the last vertex before the face
    if (wrong := (corners == 0) | (places < 0) | (places >= len(vertices))).any():
        at = int(wrong.argmax())
        face = faces[int(np.searchsorted(np.cumsum(sizes), at, side="right"))]
        raise failure(
            f"{name} cannot be read as OBJ: the face {face[:60]!r} has a corner {corners[at]}: vertices count from 1, "
            f"or from -1 backwards, and there are {len(vertices)} (before the face: {before[at]})"
        )
    return "\n".join([*vertices, ""]).encode("latin-1"), sizes, places


def _obj_corners(name: str, faces: list[str], sizes: Numbers) -> Numbers:
    """Parse the vertex indices of all faces; textures and normals (after a slash) are ignored."""
    text = "\n".join(faces)
    if "/" in text:
        text = re.sub(r"/\S*", "", text)
    corners = whole_numbers(text)
    if corners is None or len(corners) != sizes.sum():
        wrong = next((word for face in faces for word in face.split() if not _CORNER.fullmatch(word)), "")
        raise failure(
            f"{name} cannot be read as OBJ: the corner of a face must be the number of a vertex, got {wrong!r}"
        )
    return corners


def whole_numbers(text: str) -> Numbers | None:
    """Parse all integers of a text; None, or fewer than there are words, if it has anything else."""
    try:
        return np.fromstring(text, np.int64, sep=" ")
    except ValueError:
        return None


def split_off(name: str, data: bytes | memoryview) -> tuple[npt.NDArray[np.float64], Numbers, Numbers]:
    """Parse an OFF file that is text; normals and colors are ignored.

    Returns:
        (V, 3), its vertices; (F,), how many corners each face has; their vertices from 0, face after face.

    Raises:
        RequestError: it is no such file, or shorter than it says, or a face has a corner that is not there.
    """
    text = re.sub(r"#.*", "", bytes(data).decode("latin-1").replace("\r", "\n"))
    if not (found := re.match(r"\s*((?:ST)?C?N?)OFF(?=\s)", text)):
        raise failure(f"{name} cannot be read as OFF: it must begin with OFF")
    lines = [line for line in text[found.end() :].split("\n") if line.strip()]
    try:
        vertices, faces = (int(word) for word in lines[0].split()[:2])
        if min(vertices, faces) < 0:
            raise ValueError
    except (ValueError, IndexError):
        got = lines[0].strip()[:60] if lines else ""
        raise failure(f"{name} cannot be read as OFF: expected numbers of vertices and faces, got {got!r}") from None
    points, rows = _off_points(name, lines[1:], vertices, faces, plain=not found[1])
    if len(rows) < faces:
        raise failure(f"{name} cannot be read as OFF: it says that it has {faces} faces, but it has {len(rows)}")
    sizes, corners = [], list[int]()
    for row in rows[:faces]:
        try:
            size, *numbers = (int(word) for word in row.split()[: 1 + max(0, int(row.split(None, 1)[0]))])
            if size != len(numbers) or not all(0 <= number < vertices for number in numbers):
                raise ValueError
        except ValueError:
            raise failure(
                f"{name} cannot be read as OFF: a face must have as many numbers of vertices as it says "
                f"first, from 0 to {vertices - 1}, got {row.strip()[:60]!r}"
            ) from None
        sizes.append(size)
        corners += numbers
    return points, np.array(sizes, np.int64), np.array(corners, np.int64)


def _off_points(
    name: str, lines: list[str], count: int, faces: int, *, plain: bool
) -> tuple[npt.NDArray[np.float64], list[str]]:
    """Find the vertices, and the lines that follow them; a line may have several vertices if they have nothing else."""
    used = min(count, len(lines))
    numbers = [line.split()[:3] for line in lines[:used]]
    if plain and len(lines) < count + faces:
        used, words = 0, list[str]()
        while len(words) < 3 * count and used < len(lines):
            words += lines[used].split()
            used += 1
        numbers = [words[at : at + 3] for at in range(0, len(words), 3)]
    if len(numbers) != count:
        raise failure(f"{name} cannot be read as OFF: it says that it has {count} vertices, but it has {len(numbers)}")
    try:
        return np.array(numbers, np.float64).reshape(count, 3), lines[used:]
    except ValueError:
        raise failure(f"{name} cannot be read as OFF: each vertex needs three coordinates") from None
