"""Cameras: position and direction, projection, and the part of the picture that is rendered."""

from __future__ import annotations

from pydantic import ConfigDict

from brayns_widget.protocol.endpoints import Endpoint
from brayns_widget.protocol.schema import Object, Vector2, Vector3, unlisted


class View(Object):
    """A camera's position, the point that it looks at, and its up direction."""

    position: Vector3
    target: Vector3
    up: Vector3


class Perspective(Object):
    """A perspective camera; ``fovy`` is the vertical field of view in degrees."""

    fovy: float = unlisted(45.0)
    aperture_radius: float = unlisted(0.0)
    focus_distance: float = unlisted(1.0)


class Orthographic(Object):
    """An orthographic camera that sees ``height`` µm from bottom to top."""

    height: float


class Cylindric(Object):
    """A camera that sees 180 degrees horizontally, and vertically as much as a perspective one.

    ``fovy`` is the vertical field of view in degrees; its default fits the curved screen that the camera was made for.
    """

    fovy: float = unlisted(48.549)


Projection = Perspective | Orthographic | Cylindric

CAMERAS: dict[str, type[Projection]] = {
    "perspective": Perspective,
    "orthographic": Orthographic,
    "cylindric": Cylindric,
}


def name_of(camera: Projection) -> str:
    """Name the type of a camera as Brayns does."""
    return next(name for name, kind in CAMERAS.items() if isinstance(camera, kind))


class NearClip(Object):
    """The near clipping plane: nothing nearer to the camera than ``distance`` (µm) is shown."""

    model_config = ConfigDict(title="CameraNearClipMessage")

    distance: float


class Region(Object):
    """The rendered part of the image plane: two opposite corners (x, y), each from 0 to 1."""

    model_config = ConfigDict(title="CameraRegionMessage")

    image_start: Vector2
    image_end: Vector2


GET_CAMERA_TYPE = Endpoint("get-camera-type", None, str)
GET_CAMERA_VIEW = Endpoint("get-camera-view", None, View)
SET_CAMERA_VIEW = Endpoint("set-camera-view", View)
GET_CAMERA_PERSPECTIVE = Endpoint("get-camera-perspective", None, Perspective)
SET_CAMERA_PERSPECTIVE = Endpoint("set-camera-perspective", Perspective)
GET_CAMERA_ORTHOGRAPHIC = Endpoint("get-camera-orthographic", None, Orthographic)
SET_CAMERA_ORTHOGRAPHIC = Endpoint("set-camera-orthographic", Orthographic)
GET_CAMERA_CYLINDRIC = Endpoint("get-camera-cylindric", None, Cylindric)
SET_CAMERA_CYLINDRIC = Endpoint("set-camera-cylindric", Cylindric)
GET_CAMERA_NEAR_CLIP = Endpoint("get-camera-near-clip", None, NearClip)
SET_CAMERA_NEAR_CLIP = Endpoint("set-camera-near-clip", NearClip)
GET_CAMERA_REGION = Endpoint("get-camera-region", None, Region)
SET_CAMERA_REGION = Endpoint("set-camera-region", Region)
