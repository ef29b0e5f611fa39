"""Methods about the camera."""

from __future__ import annotations

from typing import TypeVar

from brayns_widget.protocol.brayns.camera import (
    GET_CAMERA_CYLINDRIC,
    GET_CAMERA_NEAR_CLIP,
    GET_CAMERA_ORTHOGRAPHIC,
    GET_CAMERA_PERSPECTIVE,
    GET_CAMERA_REGION,
    GET_CAMERA_TYPE,
    GET_CAMERA_VIEW,
    SET_CAMERA_CYLINDRIC,
    SET_CAMERA_NEAR_CLIP,
    SET_CAMERA_ORTHOGRAPHIC,
    SET_CAMERA_PERSPECTIVE,
    SET_CAMERA_REGION,
    SET_CAMERA_VIEW,
    Cylindric,
    NearClip,
    Orthographic,
    Perspective,
    Projection,
    Region,
    View,
    name_of,
)
from brayns_widget.protocol.errors import INTERNAL_ERROR, INVALID_PARAMS, INVALID_REQUEST, RequestError
from brayns_widget.service.renderer.context import Context
from brayns_widget.service.renderer.tracing.camera import ray_frame
from brayns_widget.service.renderer.tracing.pictures.framebuffer import LARGEST_SIDE
from brayns_widget.service.renderer.translation.settings import camera_of
from brayns_widget.service.rpc.methods import Methods, Turn

methods: Methods[Context] = Methods()


P = TypeVar("P", Perspective, Orthographic, Cylindric)


@methods.add(GET_CAMERA_TYPE, turn=Turn.AT_ONCE)
def get_camera_type(context: Context) -> str:
    """Get the type of the camera."""
    return name_of(context.projection)


@methods.add(GET_CAMERA_VIEW, turn=Turn.AT_ONCE)
def get_camera_view(context: Context) -> View:
    """Get where the camera is and where it looks."""
    return context.view


@methods.add(SET_CAMERA_VIEW, turn=Turn.AT_ONCE)
def set_camera_view(context: Context, params: View) -> None:
    """Place the camera."""
    check_camera(params, context.projection, context.region)
    context.view = params


@methods.add(GET_CAMERA_PERSPECTIVE, turn=Turn.AT_ONCE)
def get_camera_perspective(context: Context) -> Perspective:
    """Get the perspective camera, if that is the active one."""
    return _active(context, Perspective)


@methods.add(SET_CAMERA_PERSPECTIVE, turn=Turn.AT_ONCE)
def set_camera_perspective(context: Context, params: Perspective) -> None:
    """Use a perspective camera; what is left out stays, if one is active."""
    _use(context, _merged(context.projection, params))


@methods.add(GET_CAMERA_ORTHOGRAPHIC, turn=Turn.AT_ONCE)
def get_camera_orthographic(context: Context) -> Orthographic:
    """Get the orthographic camera, if that is the active one."""
    return _active(context, Orthographic)


@methods.add(SET_CAMERA_ORTHOGRAPHIC, turn=Turn.AT_ONCE)
def set_camera_orthographic(context: Context, params: Orthographic) -> None:
    """Use an orthographic camera."""
    _use(context, params)


@methods.add(GET_CAMERA_CYLINDRIC, plugin="Cylindric Camera", turn=Turn.AT_ONCE)
def get_camera_cylindric(context: Context) -> Cylindric:
    """Get the cylindric camera, if that is the active one."""
    return _active(context, Cylindric)


@methods.add(SET_CAMERA_CYLINDRIC, plugin="Cylindric Camera", turn=Turn.AT_ONCE)
def set_camera_cylindric(context: Context, params: Cylindric) -> None:
    """Use a cylindric camera; what is left out stays, if one is active."""
    _use(context, _merged(context.projection, params))


@methods.add(GET_CAMERA_NEAR_CLIP, turn=Turn.AT_ONCE)
def get_camera_near_clip(context: Context) -> NearClip:
    """Get the distance of the near clipping plane."""
    return NearClip(distance=context.near_clip)


@methods.add(SET_CAMERA_NEAR_CLIP, turn=Turn.AT_ONCE)
def set_camera_near_clip(context: Context, params: NearClip) -> None:
    """Set the distance of the near clipping plane."""
    context.near_clip = check_near_clip(params.distance)


@methods.add(GET_CAMERA_REGION, turn=Turn.AT_ONCE)
def get_camera_region(context: Context) -> Region:
    """Get which part of the image plane is rendered."""
    return context.region


@methods.add(SET_CAMERA_REGION, turn=Turn.AT_ONCE)
def set_camera_region(context: Context, params: Region) -> None:
    """Set which part of the image plane is rendered."""
    check_camera(context.view, context.projection, params)
    context.region = params


def check_camera(view: View, projection: Projection, region: Region) -> None:
    """Check that a camera sees something.

    Raises:
        RequestError: -32602, it does not; -32603 (as the real renderer) if it looks at its own position.
    """
    if view.position == view.target:
        raise RequestError("View position cannot be equal to view target", code=INTERNAL_ERROR)
    for start, end in zip(region.image_start, region.image_end, strict=True):
        if start == end:
            raise RequestError("image_start and image_end must differ in both coordinates", code=INVALID_PARAMS)
    if isinstance(projection, Perspective) and (projection.aperture_radius < 0 or not projection.focus_distance > 0):
        raise RequestError("aperture_radius cannot be negative, focus_distance must be positive", code=INVALID_PARAMS)
    try:
        ray_frame(camera_of(view, projection, region), LARGEST_SIDE)
    except ValueError as error:
        raise RequestError(str(error), code=INVALID_PARAMS) from error


def check_near_clip(distance: float) -> float:
    """Check a near clipping distance.

    Raises:
        RequestError: -32602, it is negative.
    """
    if distance < 0:
        raise RequestError(f"The near clipping distance cannot be negative, got {distance}", code=INVALID_PARAMS)
    return distance


def _use(context: Context, projection: Projection) -> None:
    check_camera(context.view, projection, context.region)
    context.projection = projection


def _merged(current: Projection, params: Perspective | Cylindric) -> Projection:
    if not isinstance(current, type(params)):
        return params
    return current.model_copy(update={name: getattr(params, name) for name in params.model_fields_set})


def _active(context: Context, kind: type[P]) -> P:
    if isinstance(context.projection, kind):
        return context.projection
    raise RequestError(f"Invalid camera type (should be {name_of(context.projection)!r})", code=INVALID_REQUEST)
