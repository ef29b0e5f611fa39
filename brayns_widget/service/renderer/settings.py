"""What a client sets on the renderer: cameras, lights, renderers, framebuffers, as Brayns 3.10 names them.

These objects are at once the parameters of the ``set-*`` methods, the results of the ``get-*`` methods and what the
engine reads. Lengths are in the circuit's unit (µm), angles in degrees, colors linear from 0 to 1.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, ConfigDict, Field
from pydantic_core import PydanticCustomError

from brayns_widget.service.rpc.schema import FLOAT32, Float32, Object, Size, Vector2, Vector3, Vector4, unlisted

WHITE = [1.0, 1.0, 1.0]
Intensity = Annotated[float, Field(ge=0), FLOAT32]


def _countable(value: int) -> int:
    if value > _MOST_SAMPLES:
        raise PydanticCustomError("too_large", "value above {limit}", {"limit": _MOST_SAMPLES})
    return value


_MOST_SAMPLES = 2**31 - 1
SampleCount = Annotated[int, Field(ge=1), AfterValidator(_countable)]


class View(Object):
    """Where a camera stands, what it looks at, and which way is up."""

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
    """A camera that sees half a turn from left to right, and up and down as a perspective one.

    ``fovy`` is the vertical field of view in degrees; by default that of the curved screen that it was made for.
    """

    fovy: float = unlisted(48.549)


Projection = Perspective | Orthographic | Cylindric


class Region(Object):
    """The part of the image plane that is rendered, from one corner (x, y) to the opposite one, each 0 to 1."""

    model_config = ConfigDict(title="CameraRegionMessage")

    image_start: Vector2
    image_end: Vector2


# Flipped in y, as the real renderer starts.
FULL_REGION = Region(image_start=[0.0, 1.0], image_end=[1.0, 0.0])


class Interactive(Object):
    """The renderer for moving about; the defaults are those of ``set-renderer-interactive {}``."""

    samples_per_pixel: SampleCount = unlisted(1)
    ao_samples: Size = unlisted(1)
    enable_shadows: bool = unlisted(default=True)
    max_ray_bounces: Size = unlisted(3)
    background_color: Vector4 = unlisted([0.0, 0.0, 0.0, 1.0])


class Production(Object):
    """The renderer for finished pictures, a path tracer; the defaults are those of ``set-renderer-production {}``."""

    samples_per_pixel: SampleCount = unlisted(5)
    max_ray_bounces: Size = unlisted(3)
    background_color: Vector4 = unlisted([0.0, 0.0, 0.0, 1.0])


Renderer = Interactive | Production


# A renderer that nobody has set yet differs from ``Interactive()``.
INITIAL_RENDERER = Interactive(ao_samples=0, background_color=[0.004, 0.016, 0.102, 0.0])


class AmbientLight(Object):
    """Light from everywhere."""

    color: Vector3 = WHITE
    intensity: Intensity = 1.0


class DirectionalLight(Object):
    """Light from infinitely far, traveling along ``direction``."""

    color: Vector3 = WHITE
    intensity: Intensity = 1.0
    direction: Vector3 = [-1.0, -1.0, 0.0]


class SphereLight(Object):
    """Light from a sphere into all directions, or from a point if ``radius`` is 0; lengths in µm."""

    color: Vector3 = WHITE
    intensity: Intensity = 1.0
    position: Vector3 = [0.0, 0.0, 0.0]
    radius: Float32 = 0.0


class QuadLight(Object):
    """Light from a parallelogram at the corner ``position``, on the side of ``edge1`` x ``edge2``; lengths in µm."""

    color: Vector3 = WHITE
    edge1: Vector3 = [1.0, 0.0, 0.0]
    edge2: Vector3 = [0.0, 0.0, 1.0]
    intensity: Intensity = 1.0
    position: Vector3 = [0.0, 0.0, 0.0]


Light = AmbientLight | DirectionalLight | SphereLight | QuadLight


class Static(Object):
    """A framebuffer that always has the viewport's size."""


class Progressive(Object):
    """A framebuffer whose first frame is ``scale`` times smaller a side."""

    model_config = ConfigDict(title="ProgressiveFrameMessage")

    scale: SampleCount = 4
