"""What the text of mesh files says of faces, with what differs between writers taken out.

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
    """Split an OBJ file into its vertices and its faces; all else (normals, textures, materials, groups) is left out.

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
    """Vertices of all faces, as numbers of the file; textures and normals (after a slash) are left out."""
    text = "\n".join(faces)
    if "/" in text:
        text = re.sub(r"/\S*", "", text)
    corners = _numbers(text)
    if corners is None or len(corners) != sizes.sum():
        wrong = next((word for face in faces for word in face.split() if not _CORNER.fullmatch(word)), "")
        raise failure(
            f"{name} cannot be read as OBJ: the corner of a face must be the number of a vertex, got {wrong!r}"
        )
    return corners


def _numbers(text: str) -> Numbers | None:
    """All whole numbers of a text; None, or fewer than there are words, if it has anything else."""
    try:
        return np.fromstring(text, np.int64, sep=" ")
    except ValueError:
        return None
