"""Lights."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from brayns_widget.protocol.brayns.models import ModelInstance
from brayns_widget.protocol.endpoints import Endpoint
from brayns_widget.protocol.schema import FLOAT32, Color3, Float32, Object, Vector3

WHITE = [1.0, 1.0, 1.0]
Intensity = Annotated[float, Field(ge=0), FLOAT32]


class AmbientLight(Object):
    """Light from everywhere."""

    color: Color3 = WHITE
    intensity: Intensity = 1.0


class DirectionalLight(Object):
    """Light from infinitely far, traveling along ``direction``."""

    color: Color3 = WHITE
    intensity: Intensity = 1.0
    direction: Vector3 = [-1.0, -1.0, 0.0]


class SphereLight(Object):
    """Light from a sphere into all directions, or from a point if ``radius`` is 0; lengths in µm."""

    color: Color3 = WHITE
    intensity: Intensity = 1.0
    position: Vector3 = [0.0, 0.0, 0.0]
    radius: Float32 = 0.0


class QuadLight(Object):
    """Light from a parallelogram at the corner ``position``, on the side of ``edge1`` x ``edge2``; lengths in µm."""

    color: Color3 = WHITE
    edge1: Vector3 = [1.0, 0.0, 0.0]
    edge2: Vector3 = [0.0, 0.0, 1.0]
    intensity: Intensity = 1.0
    position: Vector3 = [0.0, 0.0, 0.0]


class CameraLight(Object):
    """Light from infinitely far that turns with the camera, so that what is seen is always lit; an addition of ours.

    It travels along ``direction``: x to the right of the picture, y up, z towards the viewer.
    """

    color: Color3 = WHITE
    direction: Vector3 = [0.0, 0.0, -1.0]
    intensity: Intensity = 1.0


Light = AmbientLight | DirectionalLight | SphereLight | QuadLight | CameraLight


ADD_LIGHT_AMBIENT = Endpoint("add-light-ambient", AmbientLight, ModelInstance)
ADD_LIGHT_DIRECTIONAL = Endpoint("add-light-directional", DirectionalLight, ModelInstance)
ADD_LIGHT_SPHERE = Endpoint("add-light-sphere", SphereLight, ModelInstance)
ADD_LIGHT_QUAD = Endpoint("add-light-quad", QuadLight, ModelInstance)
CLEAR_LIGHTS = Endpoint("clear-lights")
