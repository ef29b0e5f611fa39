"""A scene that others have made, where a job or a renderer is attached to: it is shown as it is."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from brayns_widget.connection.server import Server
from brayns_widget.controller.camera import FRONT, Bounds, Camera, Vector
from brayns_widget.controller.scene import outline_of, union
from brayns_widget.controller.state import BACKGROUND, State
from brayns_widget.protocol import colors
from brayns_widget.protocol.errors import ProtocolError, RequestError

if TYPE_CHECKING:
    from brayns_widget.protocol.brayns.renderers import Interactive

# A new renderer's position and target.
_NEVER_AIMED = ((0.0, 0.0, 0.0), (0.0, 0.0, 1.0))


async def seen_as_it_is(renderer: Server, state: State, aspect: float) -> State:
    """Return a state whose camera is the renderer's, or frames the models if that was never aimed at them.

    A camera that was set here before stays.

    Args:
        renderer: has the scene.
        state: has its models.
        aspect: width / height of the picture.

    Raises:
        ConnectionLost, DeadlineExceeded: the renderer does not answer.
    """
    if state.camera != FRONT:
        return state
    camera = await _read_camera(renderer)
    bounds = union(model.bounds for model in state.models if model.visible)
    if camera is None or (bounds is not None and not sees(camera, bounds, aspect)):
        camera = FRONT if bounds is None else FRONT.framing(outline_of(state.models), aspect)
    return replace(state, camera=camera)


async def look_of(renderer: Server, state: State) -> tuple[str, Interactive | None]:
    """Return a renderer's background and its settings, or None for the usual ones.

    A background that was set here before stays.

    Args:
        renderer: the renderer.
        state: has the background that was set here.

    Raises:
        ConnectionLost, DeadlineExceeded: the renderer does not answer.
    """
    from brayns_widget.protocol.brayns import renderers

    try:
        if await renderer.call(renderers.GET_RENDERER_TYPE) != "interactive":
            return state.background, None
        found = await renderer.call(renderers.GET_RENDERER_INTERACTIVE)
    except (RequestError, ProtocolError):
        return state.background, None
    red, green, blue, _ = map(float, found.background_color)
    background = colors.to_hex((red, green, blue, 1.0)) if state.background == BACKGROUND else state.background
    settings = renderers.Interactive(
        ao_samples=found.ao_samples, enable_shadows=found.enable_shadows, max_ray_bounces=found.max_ray_bounces
    )
    return background, settings


def sees(camera: Camera, bounds: Bounds, aspect: float) -> bool:
    """Tell whether a camera sees anything of the sphere around a box.

    Args:
        camera: the camera.
        bounds: lower and upper corner, µm.
        aspect: width / height of the picture.
    """
    center = [(low + high) / 2 for low, high in zip(*bounds, strict=True)]
    radius = math.dist(*bounds) / 2
    to_center = [c - p for c, p in zip(center, camera.position, strict=True)]
    axis = [t - p for t, p in zip(camera.target, camera.position, strict=True)]
    distance = math.hypot(*to_center)
    if distance <= radius:
        return True
    ahead = sum(a * b for a, b in zip(to_center, axis, strict=True)) / math.hypot(*axis)
    aside = math.sqrt(max(distance**2 - ahead**2, 0.0))
    diagonal = math.hypot(1.0, aspect)  # of the picture, in its heights
    if camera.type == "orthographic":
        return ahead > -radius and aside - radius < camera.height / 2 * diagonal
    half = math.atan(math.tan(math.radians(camera.fovy) / 2) * diagonal)
    return math.atan2(aside, ahead) - math.asin(radius / distance) < half


async def _read_camera(renderer: Server) -> Camera | None:
    """Read the camera; None if nobody has aimed it, or if it cannot be read."""
    from brayns_widget.protocol.brayns import camera as brayns

    try:
        view = await renderer.call(brayns.GET_CAMERA_VIEW)
        kind = await renderer.call(brayns.GET_CAMERA_TYPE)
        position, target, up = _vector(view.position), _vector(view.target), _vector(view.up)
        if (position, target) == _NEVER_AIMED:
            return None
        if kind == "orthographic":
            height = (await renderer.call(brayns.GET_CAMERA_ORTHOGRAPHIC)).height
            return Camera(position, target, up, "orthographic", height=height)
        if kind == "cylindric":
            fovy = (await renderer.call(brayns.GET_CAMERA_CYLINDRIC)).fovy
            return replace(Camera.perspective(position, target, up, fovy), type="cylindric")
        seen = await renderer.call(brayns.GET_CAMERA_PERSPECTIVE)
        return replace(Camera.perspective(position, target, up, seen.fovy), aperture=seen.aperture_radius)
    except (RequestError, ProtocolError, ValueError):
        return None


def _vector(values: Sequence[float]) -> Vector:
    x, y, z = values
    return float(x), float(y), float(z)
