"""The mesh loader: triangles of OFF, STL, PLY and OBJ files, read with trimesh."""

from __future__ import annotations

import io
import logging
from typing import Any

import numpy as np
import numpy.typing as npt

from brayns_widget.service.renderer.coloring.meshes import MeshColoring
from brayns_widget.service.renderer.geometry import Floats, Geometry, Indices
from brayns_widget.service.renderer.loaders.base import Content, EmptyParams, LoadedModel, Loader, failure
from brayns_widget.service.rpc.methods import Task

_KINDS = ("off", "stl", "ply", "obj")
_LARGEST = 1e15  # µm; far below what single precision and the ray tracer can take
_WHITE = np.ones(4, np.float32)


def load(content: Content, params: Any, task: Task) -> list[LoadedModel]:
    """Load all meshes of a file as one model; colours that the file has are those of the model."""
    del params
    if content.kind not in _KINDS:
        raise failure(f"Mesh format extension not supported: {content.kind!r}")  # the real renderer's words
    task.progress(0.0, "Reading meshes")
    meshes = _read(content)
    task.progress(0.8, "Joining meshes")
    points, triangles = _joined(meshes)
    if not len(triangles):
        raise failure(f"{content.name} has no triangles that can be read as {content.kind.upper()}")
    if not (np.abs(points) < _LARGEST).all():
        raise failure(f"{content.name} has a vertex with a coordinate that is not below {_LARGEST:g}")
    nothing, none = np.empty((0, 4), np.float32), np.empty(0, np.uint32)
    slots = np.arange(len(triangles), dtype=np.uint32)
    by_corner = any(mesh.visual.kind == "vertex" for mesh in meshes)
    coloring = MeshColoring(
        triangles,
        len(points),
        _colors(meshes, "face_colors", "faces"),
        _colors(meshes, "vertex_colors", "vertices") if by_corner else None,
    )
    metadata = {"faces": str(len(triangles)), "meshes": str(len(meshes)), "vertices": str(len(points))}
    geometry = Geometry(nothing, none, none, nothing, none, points, triangles, slots)
    return [LoadedModel(kind="mesh", geometry=geometry, coloring=coloring, metadata=metadata)]


LOADER = Loader("mesh", "Core", _KINDS, EmptyParams, load, binary=True)


def _read(content: Content) -> list[Any]:
    import trimesh  # takes a quarter of a second: not at the renderer's start

    logging.getLogger("trimesh").setLevel(logging.CRITICAL)  # what is wrong with a file goes to who asked for it
    try:
        scene = trimesh.load_scene(io.BytesIO(content.data), file_type=content.kind, process=False)
    except MemoryError:
        raise
    except Exception as error:  # trimesh has no error of its own: broken files end in whatever its parsing meets
        reason = str(error).partition("\n")[0] or type(error).__name__
        raise failure(f"{content.name} cannot be read as {content.kind.upper()}: {reason}") from error
    return [mesh for mesh in scene.geometry.values() if isinstance(mesh, trimesh.Trimesh)]


def _joined(meshes: list[Any]) -> tuple[Floats, Indices]:
    """All corners (N, 3) and triangles (T, 3) of meshes."""
    if not meshes:
        return np.empty((0, 3), np.float32), np.empty((0, 3), np.uint32)
    starts = np.cumsum([0, *(len(mesh.vertices) for mesh in meshes[:-1])])
    points = np.concatenate([np.asarray(mesh.vertices) for mesh in meshes])
    faces = [np.asarray(mesh.faces) + start for mesh, start in zip(meshes, starts, strict=True)]
    with np.errstate(over="ignore"):  # what does not fit becomes infinite, which the caller refuses
        return points.astype(np.float32), np.ascontiguousarray(np.concatenate(faces), np.uint32)


def _colors(meshes: list[Any], of: str, what: str) -> npt.NDArray[np.float32]:
    """Colours (N, 4), as the files say or else white."""
    colors = []
    for mesh in meshes:
        if mesh.visual.kind in {"vertex", "face"}:
            colors.append(np.asarray(getattr(mesh.visual, of), np.float32) / 255)
        else:
            colors.append(np.tile(_WHITE, (len(getattr(mesh, what)), 1)))
    return np.concatenate(colors)
