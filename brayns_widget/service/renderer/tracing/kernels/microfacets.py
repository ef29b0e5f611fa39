"""Formulas for surfaces of GGX microfacets, for rough matte ones, and for boundaries between transparent media."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from brayns_widget.service.renderer.tracing.kernels.native import inlined

_ZERO, _HALF, _ONE, _TWO = np.float32(0), np.float32(0.5), np.float32(1), np.float32(2)
_TWO_PI = np.float32(2 * math.pi)
_LEAST = np.float32(1e-6)
_DARKER = np.float32(1 / 2 - 2 / (3 * math.pi))


@inlined
def reflected(cosine: Any, ratio: Any) -> Any:
    """Compute the reflectance of a boundary (Fresnel's equations); ``ratio`` of indices, before over behind."""
    sine2 = ratio * ratio * (_ONE - cosine * cosine)
    if sine2 >= _ONE:
        return _ONE
    behind = math.sqrt(_ONE - sine2)
    parallel = (cosine - ratio * behind) / (cosine + ratio * behind)
    perpendicular = (ratio * cosine - behind) / (ratio * cosine + behind)
    return _HALF * (parallel * parallel + perpendicular * perpendicular)


@inlined
def pane(once: Any, left: Any) -> Any:
    """Compute what a thin pane reflects and transmits, with all reflections between its sides.

    Args:
        once: reflectance of one side.
        left: share of the light that is left behind the glass between them.
    """
    passed = (_ONE - once) * (_ONE - once) * left / max(_LEAST, _ONE - once * once * left * left)
    return once + passed * once * left, passed


@inlined
def roughened(uneven: Any, lit: Any, seen: Any, between: Any) -> Any:
    """Compute how much more than Lambert's a rough matte surface scatters.

    It is the improved form of Oren and Nayar's model of Fujii, "A tiny improvement of Oren-Nayar reflectance model".

    Args:
        uneven: the roughness, 0 to 1.
        lit: cosine of the light's direction and the normal.
        seen: cosine of the viewer's and the normal; up to 0 if light comes through from the other side.
        between: cosine of the light's and the viewer's.
    """
    if uneven == _ZERO or seen <= _ZERO:
        return _ONE
    beside = between - lit * seen
    if beside > _ZERO:
        beside /= max(_LEAST, lit, seen)
    return (_ONE + uneven * beside) / (_ONE + uneven * _DARKER)


@inlined
def shadowing(x: Any, y: Any, z: Any, along: Any, across: Any) -> Any:
    """Compute the share of GGX microfacets visible from (x, y, z) in the frame of the normal (Smith)."""
    x, y = x * along, y * across
    return _TWO * z / (z + math.sqrt(z * z + x * x + y * y))


@inlined
def tangents(nx: Any, ny: Any, nz: Any) -> Any:
    """Complete the normal to an orthonormal basis, without branches (Duff et al., JCGT 2017)."""
    sign = math.copysign(_ONE, nz)
    a = -_ONE / (sign + nz)
    b = nx * ny * a
    return _ONE + sign * nx * nx * a, sign * b, -sign * nx, b, sign + ny * ny * a, -ny


@inlined
def facet(  # noqa: PLR0917
    x: Any, y: Any, z: Any, along: Any, across: Any, u: Any, v: Any
) -> Any:
    """Sample a GGX microfacet that is seen from (x, y, z), all in the frame of the normal (Heitz, JCGT 7(4), 2018)."""
    x, y = along * x, across * y
    scale = _ONE / math.sqrt(x * x + y * y + z * z)
    x, y, z = x * scale, y * scale, z * scale
    aside = x * x + y * y
    tx, ty = (-y / math.sqrt(aside), x / math.sqrt(aside)) if aside > _LEAST else (_ONE, _ZERO)
    radius, angle = math.sqrt(u), _TWO_PI * v
    a, b = radius * math.cos(angle), radius * math.sin(angle)
    share = _HALF * (_ONE + z)
    b = (_ONE - share) * math.sqrt(max(_ZERO, _ONE - a * a)) + share * b
    c = math.sqrt(max(_ZERO, _ONE - a * a - b * b))
    # a along the tangent, b along z x tangent, c along the view
    hx = along * (a * tx - b * z * ty + c * x)
    hy = across * (a * ty + b * z * tx + c * y)
    hz = max(_LEAST, b * (x * ty - y * tx) + c * z)
    scale = _ONE / math.sqrt(hx * hx + hy * hy + hz * hz)
    return hx * scale, hy * scale, hz * scale
