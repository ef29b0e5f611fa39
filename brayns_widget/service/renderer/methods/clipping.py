"""Methods that cut parts of the scene away."""

from __future__ import annotations

from brayns_widget.protocol.brayns.models import ModelInstance
from brayns_widget.protocol.brayns.shapes import (
    ADD_CLIP_PLANE,
    ADD_CLIPPING_BOUNDED_PLANES,
    ADD_CLIPPING_BOXES,
    ADD_CLIPPING_CAPSULES,
    ADD_CLIPPING_PLANES,
    ADD_CLIPPING_SPHERES,
    CLEAR_CLIP_PLANES,
    CLEAR_CLIPPING_GEOMETRIES,
    BoundedPlane,
    Box,
    Capsule,
    Clipping,
    Plane,
    S,
    Sphere,
)
from brayns_widget.protocol.errors import INVALID_PARAMS, RequestError
from brayns_widget.service.renderer.context import Context
from brayns_widget.service.rpc.methods import Methods

methods: Methods[Context] = Methods()


@methods.add(ADD_CLIPPING_PLANES)
def add_clipping_planes(context: Context, params: Clipping[Plane]) -> ModelInstance:
    """Cut away where n·p < d, of planes n·p = d."""
    return _add(context, params)


@methods.add(ADD_CLIPPING_BOUNDED_PLANES)
def add_clipping_bounded_planes(context: Context, params: Clipping[BoundedPlane]) -> ModelInstance:
    """Cut away where n·p > d, of rays that pass through bounded planes n·p = d."""
    return _add(context, params)


@methods.add(ADD_CLIPPING_BOXES)
def add_clipping_boxes(context: Context, params: Clipping[Box]) -> ModelInstance:
    """Cut away what lies in boxes."""
    return _add(context, params)


@methods.add(ADD_CLIPPING_SPHERES)
def add_clipping_spheres(context: Context, params: Clipping[Sphere]) -> ModelInstance:
    """Cut away what lies in spheres."""
    return _add(context, params)


@methods.add(ADD_CLIPPING_CAPSULES)
def add_clipping_capsules(context: Context, params: Clipping[Capsule]) -> ModelInstance:
    """Cut away what lies in capsules."""
    return _add(context, params)


@methods.add(CLEAR_CLIPPING_GEOMETRIES)
def clear_clipping_geometries(context: Context) -> None:
    """Cut nothing away any more."""
    context.models.clear(lambda model: model.clip is not None)


@methods.add(ADD_CLIP_PLANE, deprecated=True)
def add_clip_plane(context: Context, params: Plane) -> ModelInstance:
    """Cut away where n·p < d, of a plane n·p = d."""
    return context.models.add_clip("clipping_geometry", [params], inverted=False).instance()


@methods.add(CLEAR_CLIP_PLANES, deprecated=True)
def clear_clip_planes(context: Context) -> None:
    """Cut nothing away any more."""
    clear_clipping_geometries(context)


def _add(context: Context, params: Clipping[S]) -> ModelInstance:
    if not params.primitives:
        raise RequestError("The list of primitives cannot be empty", code=INVALID_PARAMS)
    return context.models.add_clip("clip_geometry", params.primitives, params.invert_normals).instance()
