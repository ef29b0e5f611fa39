"""Simple shapes, used as models and as clipping geometry. Lengths are in µm."""

from __future__ import annotations

from typing import Generic, TypeVar

from pydantic import ConfigDict

from brayns_widget.protocol.brayns.models import ModelInstance
from brayns_widget.protocol.endpoints import Endpoint
from brayns_widget.protocol.schema import Color4, Float32, Items, Object, Vector3, Vector4


class Sphere(Object):
    """A sphere."""

    center: Vector3
    radius: Float32


class Capsule(Object):
    """Two spheres and the cone that touches both."""

    p0: Vector3
    p1: Vector3
    r0: Float32
    r1: Float32


class Box(Object):
    """An axis-aligned box."""

    max: Vector3
    min: Vector3


class Plane(Object):
    """The plane a x + b y + c z = d of the coefficients a, b, c, d; its normal is (a, b, c)."""

    coefficients: Vector4


class BoundedPlane(Object):
    """The part of a plane inside a box."""

    bounds: Box
    coefficients: Vector4


Shape = Sphere | Capsule | Box | Plane | BoundedPlane
S = TypeVar("S", Sphere, Capsule, Box, Plane, BoundedPlane)


class Colored(Object, Generic[S]):
    """A shape and its color (linear RGBA)."""

    model_config = ConfigDict(title="GeometryWithColor")

    color: Color4
    geometry: S


class Clipping(Object, Generic[S]):
    """Clipping shapes, and whether they are inverted."""

    model_config = ConfigDict(title="ClippingGeometry")

    invert_normals: bool = False
    primitives: Items[S]


ADD_SPHERES = Endpoint("add-spheres", list[Colored[Sphere]], ModelInstance)
ADD_CAPSULES = Endpoint("add-capsules", list[Colored[Capsule]], ModelInstance)
ADD_BOXES = Endpoint("add-boxes", list[Colored[Box]], ModelInstance)
ADD_PLANES = Endpoint("add-planes", list[Colored[Plane]], ModelInstance)
ADD_BOUNDED_PLANES = Endpoint("add-bounded-planes", list[Colored[BoundedPlane]], ModelInstance)

ADD_CLIPPING_PLANES = Endpoint("add-clipping-planes", Clipping[Plane], ModelInstance)
ADD_CLIPPING_BOUNDED_PLANES = Endpoint("add-clipping-bounded-planes", Clipping[BoundedPlane], ModelInstance)
ADD_CLIPPING_BOXES = Endpoint("add-clipping-boxes", Clipping[Box], ModelInstance)
ADD_CLIPPING_SPHERES = Endpoint("add-clipping-spheres", Clipping[Sphere], ModelInstance)
ADD_CLIPPING_CAPSULES = Endpoint("add-clipping-capsules", Clipping[Capsule], ModelInstance)
CLEAR_CLIPPING_GEOMETRIES = Endpoint("clear-clipping-geometries")
ADD_CLIP_PLANE = Endpoint("add-clip-plane", Plane, ModelInstance)  # Brayns deprecates it
CLEAR_CLIP_PLANES = Endpoint("clear-clip-planes")  # and this
