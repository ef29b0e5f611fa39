"""The mesh loader: triangles of OFF, STL, PLY and OBJ files, read with trimesh."""

from __future__ import annotations

import io
import logging
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from brayns_widget.protocol.brayns.loaders import MESH, EmptyParams
from brayns_widget.service.renderer.content.coloring.base import Colors
from brayns_widget.service.renderer.content.coloring.meshes import MeshColoring
from brayns_widget.service.renderer.content.geometry import Floats, Geometry, Indices
from brayns_widget.service.renderer.loaders.base import Content, LoadedModel, Loader, failure
from brayns_widget.service.renderer.loaders.meshes.ply import with_triangles
from brayns_widget.service.renderer.loaders.meshes.polygons import Numbers, triangulated
from brayns_widget.service.renderer.loaders.meshes.text import split_obj, split_off
from brayns_widget.service.rpc.running import RunningRequest

_KINDS = ("off", "stl", "ply", "obj")
_READING = "Reading meshes"
_LARGEST = 1e15  # µm; far below what single precision and the ray tracer can take


def load(content: Content, params: Any, request: RunningRequest) -> list[LoadedModel]:
    """Load all meshes of a file as one model; colors that the file has are those of the model."""
    del params
    if content.kind not in _READERS:
        raise failure(f"Mesh format extension not supported: {content.kind!r}")  # the real renderer's words
    request.progress(0.0, _READING)
    return [request.aside(lambda: _model(content), _READING)]


def _model(content: Content) -> LoadedModel:
    meshes = [mesh for mesh in _READERS[content.kind](content) if len(mesh.triangles)]
    if not meshes:
        raise failure(f"{content.name} has no triangles that can be read as {content.kind.upper()}")
    points, triangles = _joined(meshes)
    if not (np.abs(points) < _LARGEST).all():
        raise failure(f"{content.name} has a vertex with a coordinate that is not below {_LARGEST:g}")
    nothing, none = np.empty((0, 4), np.float32), np.empty(0, np.uint32)
    slots = np.arange(len(triangles), dtype=np.uint32)
    coloring = MeshColoring(
        triangles,
        len(points),
        np.concatenate([mesh.triangle_colors for mesh in meshes]),
        _joined_colors(meshes),
    )
    metadata = {"faces": str(len(triangles)), "meshes": str(len(meshes)), "vertices": str(len(points))}
    geometry = Geometry(nothing, none, none, nothing, none, points, triangles, slots)
    return LoadedModel(kind="mesh", geometry=geometry, coloring=coloring, metadata=metadata)


LOADER = Loader(MESH, "Core", _KINDS, EmptyParams, load, binary=True)


@dataclass(frozen=True)
class _Mesh:
    """One mesh of a file.

    Attributes:
        points: (V, 3), in µm.
        triangles: (T, 3), indices of points.
        triangle_colors: (T, 4), from 0 to 1.
        vertex_colors: (V, 4), if the points have colors.
    """

    points: npt.NDArray[np.float64]
    triangles: npt.NDArray[np.int64]
    triangle_colors: Colors
    vertex_colors: Colors | None = None


def _read(content: Content, **options: Any) -> list[Any]:
    """Read a file with trimesh: its meshes and point clouds."""
    import trimesh  # takes a quarter of a second: not at the renderer's start

    logging.getLogger("trimesh").setLevel(logging.CRITICAL)  # what is wrong with a file goes to who asked for it
    try:
        scene = trimesh.load_scene(io.BytesIO(content.data), file_type=content.kind, process=False, **options)
    except MemoryError:
        raise
    except Exception as error:  # trimesh has no error of its own: broken files end in whatever its parsing meets
        reason = str(error).partition("\n")[0] or type(error).__name__
        if "could not be read to its end" in reason:  # NumPy's, of the words of one line
            reason = "it has something else where numbers are expected"
        raise failure(f"{content.name} cannot be read as {content.kind.upper()}: {reason}") from error
    return [each for each in scene.geometry.values() if isinstance(each, trimesh.Trimesh | trimesh.PointCloud)]


def _read_off(content: Content) -> list[_Mesh]:
    return [_uncolored(*split_off(content.name, content.data))]


def _read_obj(content: Content) -> list[_Mesh]:
    """Read vertices and their colors with trimesh, but not faces, which it groups by materials and normals."""
    data, sizes, corners = split_obj(content.name, content.data)
    read = _read(replace(content, data=data)) if data.strip() else []
    points = np.asarray(read[0].vertices if read else np.empty((0, 3)), np.float64)
    if points.shape[1] != 3:
        raise failure(f"{content.name} cannot be read as OBJ: each vertex needs three coordinates")
    mesh = _uncolored(points, sizes, corners)
    colors = _colors(read[0].colors if read else [])
    if colors.shape != (len(points), 4):  # it has none
        return [mesh]
    return [replace(mesh, vertex_colors=colors)]


def _read_ply(content: Content) -> list[_Mesh]:
    """Read a file of triangles with trimesh, and then triangulate concave faces anew."""
    data, faces = with_triangles(content.name, content.data)
    read = _read(replace(content, data=data), fix_texture=False)  # which would change the numbers of corners
    return [_of_trimesh(mesh, faces) for mesh in read]


def _read_stl(content: Content) -> list[_Mesh]:
    return [_of_trimesh(mesh) for mesh in _read(content)]


_READERS = {"off": _read_off, "stl": _read_stl, "ply": _read_ply, "obj": _read_obj}


def _uncolored(points: npt.NDArray[np.float64], sizes: Numbers, corners: Numbers) -> _Mesh:
    triangles, _owners = triangulated(points, sizes, corners)
    return _Mesh(points, triangles, _white(len(triangles)))


def _of_trimesh(mesh: Any, faces: tuple[Numbers, Numbers] | None = None) -> _Mesh:
    """Convert a mesh of trimesh, whose triangles may be fans of faces (sizes, corners)."""
    points = np.asarray(mesh.vertices, np.float64)
    triangles = np.asarray(getattr(mesh, "faces", np.empty((0, 3))), np.int64)  # points have none
    corners = triangles if faces is None else faces[1]
    if len(wrong := corners[(corners < 0) | (corners >= len(points))]):
        raise ValueError(f"Triangle corner {wrong[0]} does not exist")  # as ``Geometry`` says it
    if faces is not None:
        triangles, _owners = triangulated(points, *faces)
    if mesh.visual.kind == "vertex" and len(triangles):
        return _Mesh(points, triangles, _white(len(triangles)), _colors(mesh.visual.vertex_colors))
    if mesh.visual.kind == "face":
        return _Mesh(points, triangles, _colors(mesh.visual.face_colors))
    return _Mesh(points, triangles, _white(len(triangles)))


def _colors(numbers: Any) -> Colors:
    """Convert colors from integers up to 255."""
    return np.asarray(np.asarray(numbers, np.float32) / 255, np.float32)


def _white(count: int) -> Colors:
    return np.ones((count, 4), np.float32)


def _joined_colors(meshes: list[_Mesh]) -> Colors | None:
    """Join the colors (V, 4) of all vertices; None if no mesh has any."""
    if all(mesh.vertex_colors is None for mesh in meshes):
        return None
    colors = [_white(len(mesh.points)) if mesh.vertex_colors is None else mesh.vertex_colors for mesh in meshes]
    return np.concatenate(colors)


def _joined(meshes: list[_Mesh]) -> tuple[Floats, Indices]:
    """Join all vertices (N, 3) and triangles (T, 3) of meshes."""
    starts = np.cumsum([0, *(len(mesh.points) for mesh in meshes[:-1])])
    points = np.concatenate([mesh.points for mesh in meshes])
    faces = [mesh.triangles + start for mesh, start in zip(meshes, starts, strict=True)]
    with np.errstate(over="ignore"):  # what does not fit becomes infinite, which the caller refuses
        return points.astype(np.float32), np.ascontiguousarray(np.concatenate(faces), np.uint32)
