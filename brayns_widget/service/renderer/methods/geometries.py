"""Methods that add simple shapes with colors."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from brayns_widget.protocol.brayns.models import ModelInstance
from brayns_widget.protocol.brayns.shapes import (
    ADD_BOUNDED_PLANES,
    ADD_BOXES,
    ADD_CAPSULES,
    ADD_PLANES,
    ADD_SPHERES,
    BoundedPlane,
    Box,
    Capsule,
    Colored,
    Plane,
    S,
    Sphere,
)
from brayns_widget.protocol.errors import INVALID_PARAMS, RequestError
from brayns_widget.service.renderer.content.coloring.primitives import PrimitiveColoring
from brayns_widget.service.renderer.context import Context
from brayns_widget.service.renderer.translation.shapes import geometry_of, shape_bounds
from brayns_widget.service.rpc.methods import Methods
from brayns_widget.service.rpc.running import RunningRequest

methods: Methods[Context] = Methods()


@methods.add(ADD_SPHERES, cancellable=True, asynchronous=False)
def add_spheres(context: Context, params: list[Colored[Sphere]], request: RunningRequest) -> ModelInstance:
    """Add spheres as one model."""
    return _add(context, params, request)


@methods.add(ADD_CAPSULES, cancellable=True, asynchronous=False)
def add_capsules(context: Context, params: list[Colored[Capsule]], request: RunningRequest) -> ModelInstance:
    """Add capsules, cones with spheres at their ends, as one model."""
    return _add(context, params, request)


@methods.add(ADD_BOXES, cancellable=True, asynchronous=False)
def add_boxes(context: Context, params: list[Colored[Box]], request: RunningRequest) -> ModelInstance:
    """Add boxes along the axes as one model."""
    return _add(context, params, request)


@methods.add(ADD_PLANES, cancellable=True, asynchronous=False)
def add_planes(context: Context, params: list[Colored[Plane]], request: RunningRequest) -> ModelInstance:
    """Add unbounded planes as one model; they do not count as a part of the scene's bounds."""
    return _add(context, params, request)


@methods.add(ADD_BOUNDED_PLANES, cancellable=True, asynchronous=False)
def add_bounded_planes(context: Context, params: list[Colored[BoundedPlane]], request: RunningRequest) -> ModelInstance:
    """Add the parts of planes that lie in boxes as one model; its bounds are those of the boxes."""
    return _add(context, params, request)


def _add(context: Context, params: Sequence[Colored[S]], request: RunningRequest) -> ModelInstance:
    if not params:
        raise RequestError("The list of geometries cannot be empty", code=INVALID_PARAMS)
    shapes = [item.geometry for item in params]
    try:
        geometry = geometry_of(shapes)
    except ValueError as error:
        raise RequestError(str(error), code=INVALID_PARAMS) from error
    coloring = PrimitiveColoring(np.array([item.color for item in params], np.float32))
    return context.models.add_geometry(geometry, coloring, shape_bounds(shapes, geometry), request).instance()
