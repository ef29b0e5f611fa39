"""Methods about lights."""

from __future__ import annotations

from brayns_widget.protocol.brayns.additions import ADD_LIGHT_CAMERA
from brayns_widget.protocol.brayns.lights import (
    ADD_LIGHT_AMBIENT,
    ADD_LIGHT_DIRECTIONAL,
    ADD_LIGHT_QUAD,
    ADD_LIGHT_SPHERE,
    CLEAR_LIGHTS,
    AmbientLight,
    CameraLight,
    DirectionalLight,
    QuadLight,
    SphereLight,
)
from brayns_widget.protocol.brayns.models import ModelInstance
from brayns_widget.protocol.errors import INVALID_PARAMS, RequestError
from brayns_widget.service.renderer.context import Context
from brayns_widget.service.renderer.methods.additions import OURS
from brayns_widget.service.rpc.methods import Methods

methods: Methods[Context] = Methods()


@methods.add(ADD_LIGHT_AMBIENT)
def add_light_ambient(context: Context, params: AmbientLight) -> ModelInstance:
    """Add light from everywhere."""
    return context.models.add_light(params).instance()


@methods.add(ADD_LIGHT_DIRECTIONAL)
def add_light_directional(context: Context, params: DirectionalLight) -> ModelInstance:
    """Add light from infinitely far."""
    return _add_directed(context, params)


@methods.add(ADD_LIGHT_CAMERA, plugin=OURS)
def add_light_camera(context: Context, params: CameraLight) -> ModelInstance:
    """Add light from infinitely far that turns with the camera."""
    return _add_directed(context, params)


@methods.add(ADD_LIGHT_SPHERE)
def add_light_sphere(context: Context, params: SphereLight) -> ModelInstance:
    """Add light from a sphere or, if its radius is 0, from a point."""
    return context.models.add_light(params).instance()


@methods.add(ADD_LIGHT_QUAD)
def add_light_quad(context: Context, params: QuadLight) -> ModelInstance:
    """Add light from one side of a parallelogram."""
    return context.models.add_light(params).instance()


@methods.add(CLEAR_LIGHTS)
def clear_lights(context: Context) -> None:
    """Remove all lights."""
    context.models.clear(lambda model: model.light is not None)


def _add_directed(context: Context, light: DirectionalLight | CameraLight) -> ModelInstance:
    if not any(light.direction):
        raise RequestError("The direction of a light cannot have length 0", code=INVALID_PARAMS)
    return context.models.add_light(light).instance()
