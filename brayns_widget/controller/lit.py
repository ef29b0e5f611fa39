"""Lights as values: what is known of those that were added here, and what to add by default."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, get_args

from brayns_widget.controller.camera import Bounds
from brayns_widget.controller.state import LightKind, Lit
from brayns_widget.protocol import colors

if TYPE_CHECKING:
    from brayns_widget.controller.journal import Call
    from brayns_widget.protocol.brayns.lights import Light
    from brayns_widget.protocol.brayns.models import ModelInstance
    from brayns_widget.protocol.endpoints import Endpoint

_BRIGHT = 6.0
"""Irradiance that a new light with a place has in the middle of the scene: as much as the usual lights together."""

_SOMEWHERE: Bounds = ((-100.0, -100.0, -100.0), (100.0, 100.0, 100.0))


def endpoints() -> Mapping[type, Endpoint[Any, ModelInstance]]:
    """Return the methods that add lights, by the lights' classes."""
    from brayns_widget.protocol.brayns import lights
    from brayns_widget.protocol.brayns.additions import ADD_LIGHT_CAMERA

    return {
        lights.AmbientLight: lights.ADD_LIGHT_AMBIENT,
        lights.DirectionalLight: lights.ADD_LIGHT_DIRECTIONAL,
        lights.SphereLight: lights.ADD_LIGHT_SPHERE,
        lights.QuadLight: lights.ADD_LIGHT_QUAD,
        lights.CameraLight: ADD_LIGHT_CAMERA,
    }


def lit(light: Light) -> Lit:
    """Describe a light."""
    endpoint = endpoints()[type(light)]
    return _described(endpoint, endpoint.encode(light))


def lit_by(call: Call) -> Lit | None:
    """Describe the light that a request has added; None if it has added something else."""
    return _described(call.endpoint, call.params) if call.endpoint.name.startswith(_ADD) else None


def light_of(described: Lit) -> Light:
    """Make a light as it was described."""
    kind = next(kind for kind, endpoint in endpoints().items() if endpoint.name == _ADD + described.kind)
    light: Light = kind(**described.options)
    return light


def new_light(kind: LightKind, box: Bounds | None) -> Light:
    """Return a light that is seen at once.

    Args:
        kind: what kind of light.
        box: lower and upper corner of what is lit, µm; None: nothing is there yet.
    """
    from brayns_widget.protocol.brayns import lights

    low, high = box or _SOMEWHERE
    x, y, z = ((a + b) / 2 for a, b in zip(low, high, strict=True))
    reach = max(math.dist(low, high) / 2, 1.0)
    match kind:
        case "ambient":
            return lights.AmbientLight(intensity=0.5)
        case "directional":
            return lights.DirectionalLight(intensity=2.0, direction=(-0.5, -1.0, -1.0))
        case "camera":
            return lights.CameraLight(intensity=2.0, direction=(0.0, 0.0, -1.0))
        case "sphere":  # above the front
            place = (x, y + reach, z + reach)
            return lights.SphereLight(position=place, radius=reach / 10, intensity=_BRIGHT * 2 * reach**2)
        case "quad":  # above it, as wide as it, and shining down
            corner = (x - reach / 2, y + 1.5 * reach, z - reach / 2)
            edges = {"edge1": (reach, 0.0, 0.0), "edge2": (0.0, 0.0, reach)}
            return lights.QuadLight(position=corner, intensity=_BRIGHT * 1.5**2, **edges)


_ADD = "add-light-"


def _described(endpoint: Endpoint[Any, Any], options: Mapping[str, Any]) -> Lit:
    kind = next(kind for kind in get_args(LightKind) if endpoint.name == _ADD + kind)
    color = (*options.get("color", (1.0, 1.0, 1.0)), 1.0)
    return Lit(kind, colors.to_hex(color), options.get("intensity", 1.0), options)
