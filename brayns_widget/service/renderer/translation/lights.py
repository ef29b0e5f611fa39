"""Lights of the protocol, packed for the ray tracer."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from brayns_widget.protocol.brayns.lights import (
    AmbientLight,
    CameraLight,
    DirectionalLight,
    Light,
    QuadLight,
    SphereLight,
)
from brayns_widget.protocol.schema import Vector3
from brayns_widget.service.renderer.content.geometry import Bounds, empty_bounds
from brayns_widget.service.renderer.tracing.lights import (
    CAMERA,
    COLUMNS,
    DIRECTIONAL,
    EDGE1,
    FACES,
    KIND,
    PLACE,
    POWER,
    QUAD,
    RADIUS,
    SPHERE,
    PackedLights,
)

Doubles: TypeAlias = NDArray[np.float64]


def pack_lights(lights: Iterable[Light]) -> PackedLights:
    """Sum up the ambient lights and list the others.

    A light's ``intensity`` is what OSPRay's documentation of lights says: irradiance (W/m²) of a directional light,
    intensity (W/sr) of a sphere light, radiance (W/sr/m²) of a quad light.

    Raises:
        ValueError: a direction or an area is zero, a radius is negative, or a number is not finite.
    """
    ambient = np.zeros(3)
    rows: list[Doubles] = []
    with np.errstate(over="ignore", invalid="ignore"):  # checked below
        for light in lights:
            power = np.array(light.color, np.float64) * light.intensity
            if isinstance(light, AmbientLight):
                ambient += power
            else:
                rows.append(_row(light, power))
        packed = np.array(rows, np.float32).reshape(-1, COLUMNS)
        everywhere = ambient.astype(np.float32)
    if not (np.isfinite(packed).all() and np.isfinite(everywhere).all()):
        raise ValueError("Color and intensity of a light must be finite, and so must its power over its size.")
    return PackedLights(everywhere, packed)


def light_bounds(light: Light) -> Bounds:
    """Compute the bounds (min, max) that a light has for clients, in µm; as in Brayns, only quad lights have some."""
    if isinstance(light, QuadLight):
        place, along, up = (np.array(vector, np.float32) for vector in (light.position, light.edge1, light.edge2))
        corners = np.array([place, place + along, place + up, place + along + up])
        return corners.min(0), corners.max(0)
    return empty_bounds()


def placed(light: Light, matrix: Doubles) -> Light:
    """Transform a light by a (4, 4) matrix; a sphere stays one, scaled by the cube root of the change of its volume."""
    linear = matrix[:3, :3]

    def turned(vector: Vector3) -> list[float]:
        return (linear @ vector).tolist()  # type: ignore[no-any-return]

    def moved(point: Vector3) -> list[float]:
        return (linear @ point + matrix[:3, 3]).tolist()  # type: ignore[no-any-return]

    if isinstance(light, DirectionalLight):
        return light.model_copy(update={"direction": turned(light.direction)})
    if isinstance(light, SphereLight):
        scale = float(np.cbrt(abs(np.linalg.det(linear))))
        return light.model_copy(update={"position": moved(light.position), "radius": light.radius * scale})
    if isinstance(light, QuadLight):
        edges = {"edge1": turned(light.edge1), "edge2": turned(light.edge2)}
        return light.model_copy(update={"position": moved(light.position), **edges})
    return light


def _row(light: DirectionalLight | SphereLight | QuadLight | CameraLight, power: Doubles) -> Doubles:
    row = np.zeros(COLUMNS)
    row[POWER : POWER + 3] = power / math.pi
    if isinstance(light, DirectionalLight | CameraLight):
        row[PLACE : PLACE + 3] = -_unit(light.direction, "A directional light needs a direction other than zero")
        row[KIND] = CAMERA if isinstance(light, CameraLight) else DIRECTIONAL
        return row
    row[PLACE : PLACE + 3] = light.position
    if isinstance(light, SphereLight):
        if light.radius < 0:
            raise ValueError(f"The radius of a sphere light cannot be negative, got {light.radius}.")
        row[[KIND, RADIUS]] = SPHERE, light.radius
        return row
    edges = np.array([light.edge1, light.edge2])
    normal = np.cross(*edges)
    row[KIND] = QUAD
    row[FACES : FACES + 3] = _unit(normal.tolist(), "The edges of a quad light must span an area")
    row[EDGE1:RADIUS] = edges.ravel()
    row[PLACE : PLACE + 3] += edges.sum(0) / 2
    row[POWER : POWER + 3] *= np.linalg.norm(normal)
    return row


def _unit(vector: Vector3, problem: str) -> Doubles:
    scaled = np.array(vector, np.float64)
    largest = float(np.abs(scaled).max())
    if not 0 < largest < math.inf:
        raise ValueError(f"{problem}, got {vector}.")
    scaled /= largest  # squares of tiny numbers underflow, of huge ones overflow
    unit: Doubles = scaled / np.linalg.norm(scaled)
    return unit
