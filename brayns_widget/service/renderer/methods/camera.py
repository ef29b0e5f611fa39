"""Methods about the camera."""

from __future__ import annotations

from typing import TypeVar

import numpy as np
from pydantic import ConfigDict

from brayns_widget.protocol.errors import INTERNAL_ERROR, INVALID_PARAMS, INVALID_REQUEST, RequestError
from brayns_widget.service.renderer.context import Context
from brayns_widget.service.renderer.settings import Orthographic, Perspective, Projection, Region, View
from brayns_widget.service.rpc.methods import Methods
from brayns_widget.service.rpc.schema import Object

methods: Methods[Context] = Methods()

LARGEST = 1e18  # µm; beyond it the ray tracer's float32 numbers overflow

P = TypeVar("P", Perspective, Orthographic)
CAMERAS: dict[str, type[Perspective | Orthographic]] = {"perspective": Perspective, "orthographic": Orthographic}


class NearClip(Object):
    """What is nearer to the camera than ``distance`` (µm) is not shown."""

    model_config = ConfigDict(title="CameraNearClipMessage")

    distance: float


def name_of(camera: Projection) -> str:
    """Name the type of a camera as Brayns does."""
    return next(name for name, kind in CAMERAS.items() if isinstance(camera, kind))


@methods.add("get-camera-type")
def get_camera_type(context: Context) -> str:
    """Get the type of the camera."""
    return name_of(context.projection)


@methods.add("get-camera-view")
def get_camera_view(context: Context) -> View:
    """Get where the camera is and where it looks."""
    return context.view


@methods.add("set-camera-view")
def set_camera_view(context: Context, params: View) -> None:
    """Place the camera."""
    context.view = check_view(params)


@methods.add("get-camera-perspective")
def get_camera_perspective(context: Context) -> Perspective:
    """Get the perspective camera, if that is the active one."""
    return _active(context, Perspective)


@methods.add("set-camera-perspective")
def set_camera_perspective(context: Context, params: Perspective) -> None:
    """Use a perspective camera; what is left out stays, if one is active."""
    context.projection = check_projection(_merged(context.projection, params))


@methods.add("get-camera-orthographic")
def get_camera_orthographic(context: Context) -> Orthographic:
    """Get the orthographic camera, if that is the active one."""
    return _active(context, Orthographic)


@methods.add("set-camera-orthographic")
def set_camera_orthographic(context: Context, params: Orthographic) -> None:
    """Use an orthographic camera."""
    context.projection = check_projection(params)


@methods.add("get-camera-near-clip")
def get_camera_near_clip(context: Context) -> NearClip:
    """Get the distance of the near clipping plane."""
    return NearClip(distance=context.near_clip)


@methods.add("set-camera-near-clip")
def set_camera_near_clip(context: Context, params: NearClip) -> None:
    """Set the distance of the near clipping plane."""
    context.near_clip = check_near_clip(params.distance)


@methods.add("get-camera-region")
def get_camera_region(context: Context) -> Region:
    """Get which part of the image plane is rendered."""
    return context.region


@methods.add("set-camera-region")
def set_camera_region(context: Context, params: Region) -> None:
    """Set which part of the image plane is rendered."""
    context.region = check_region(params)


def check_view(view: View) -> View:
    """Check that a view has a direction and a way up.

    Raises:
        RequestError: -32603 (as the real renderer), it has not.
    """
    with np.errstate(over="ignore"):
        forward = np.subtract(view.target, view.position)
    up = np.array(view.up)
    if not forward.any():
        raise RequestError("View position cannot be equal to view target", code=INTERNAL_ERROR)
    if not up.any():
        raise RequestError("View up vector cannot have length 0", code=INTERNAL_ERROR)
    if not max(np.abs(np.concatenate((view.position, view.target)))) < LARGEST:
        raise RequestError(f"View position and target must stay below {LARGEST:g}", code=INTERNAL_ERROR)
    forward, up = forward / np.abs(forward).max(), up / np.abs(up).max()
    if not np.linalg.norm(np.cross(forward, up)) > 1e-7:
        raise RequestError("View up vector cannot be parallel to the view direction", code=INTERNAL_ERROR)
    return view


def check_projection(projection: Projection) -> Projection:
    """Check the numbers of a camera.

    Raises:
        RequestError: -32602, they show nothing.
    """
    match projection:
        case Perspective(fovy=fovy) if not 0 < fovy < 180:
            raise RequestError(f"fovy must be between 0 and 180 degrees, got {fovy}", code=INVALID_PARAMS)
        case Perspective(aperture_radius=radius) if radius < 0:
            raise RequestError(f"aperture_radius cannot be negative, got {radius}", code=INVALID_PARAMS)
        case Perspective(focus_distance=distance) if not distance > 0:
            raise RequestError(f"focus_distance must be positive, got {distance}", code=INVALID_PARAMS)
        case Orthographic(height=height) if not height > 0:
            raise RequestError(f"height must be positive, got {height}", code=INVALID_PARAMS)
    return projection


def check_near_clip(distance: float) -> float:
    """Check a near clipping distance.

    Raises:
        RequestError: -32602, it is negative.
    """
    if distance < 0:
        raise RequestError(f"The near clipping distance cannot be negative, got {distance}", code=INVALID_PARAMS)
    return distance


def check_region(region: Region) -> Region:
    """Check that a region of the image plane has an area.

    Raises:
        RequestError: -32602, it has none.
    """
    for start, end in zip(region.image_start, region.image_end, strict=True):
        if start == end:
            raise RequestError("image_start and image_end must differ in both coordinates", code=INVALID_PARAMS)
    return region


def _merged(current: Projection, params: Perspective) -> Projection:
    if not isinstance(current, Perspective):
        return params
    return current.model_copy(update={name: getattr(params, name) for name in params.model_fields_set})


def _active(context: Context, kind: type[P]) -> P:
    if isinstance(context.projection, kind):
        return context.projection
    raise RequestError(f"Invalid camera type (should be {name_of(context.projection)!r})", code=INVALID_REQUEST)
