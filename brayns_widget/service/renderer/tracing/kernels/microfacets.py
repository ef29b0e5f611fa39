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
_BRIGHTEST = np.float32(0.99)
_FIT = tuple(
    np.float32(part)
    for part in (
        *(0.087237, 0.0230685, -0.0864902, 0.0774594),
        *(0.19744, 0.0360605, -0.2586),
        *(0.782654, -0.136432, 0.278708),
    )
)


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
def slope(x: Any, y: Any, z: Any, along: Any, across: Any) -> Any:
    """Compute Smith's Lambda of GGX microfacets for the direction (x, y, z) in the frame of the normal.

    1 / (1 + Lambda) of them are visible from there; with another direction, 1 / (1 + Lambda + its Lambda) from both
    (Heitz, "Understanding the Masking-Shadowing Function in Microfacet-Based BRDFs", JCGT 3(2), 2014).
    """
    x, y = x * along / z, y * across / z
    return _HALF * (math.sqrt(_ONE + x * x + y * y) - _ONE)


@inlined
def conductor(cosine: Any, index: Any, square: Any) -> Any:
    """Compute the reflectance of metal by Fresnel's equations, of an index and the square of its imaginary part.

    Where sines are small beside the index; the usual approximation.
    """
    both, twice, cosine2 = index * index + square, _TWO * index * cosine, cosine * cosine
    parallel = (both * cosine2 - twice + _ONE) / (both * cosine2 + twice + _ONE)
    perpendicular = (both - twice + cosine2) / (both + twice + cosine2)
    return _HALF * (parallel + perpendicular)


@inlined
def metal_index(reflectivity: Any, tint: Any) -> Any:
    """Compute the index of refraction, and the square of its imaginary part, of what reflects and tints edges so.

    Gulbrandsen, "Artist Friendly Metallic Fresnel", JCGT 3(4), 2014.
    """
    reflectivity = min(max(reflectivity, _ZERO), _BRIGHTEST)
    root = math.sqrt(reflectivity)
    least, most = (_ONE - reflectivity) / (_ONE + reflectivity), (_ONE + root) / (_ONE - root)
    index = tint * least + (_ONE - tint) * most
    before, behind = index + _ONE, index - _ONE
    return index, max(_ZERO, (before * before * reflectivity - behind * behind) / (_ONE - reflectivity))


@inlined
def metal_mean(reflectivity: Any, tint: Any) -> Any:
    """Compute what such metal reflects of light from everywhere.

    The fit of Kulla and Conty, "Revisiting Physically Based Shading at Imageworks", SIGGRAPH course, 2017.
    """
    r, g = min(max(reflectivity, _ZERO), _BRIGHTEST), tint
    of_tint = _FIT[0] + g * (_FIT[1] + g * (_FIT[2] + g * _FIT[3]))
    of_both = r * g * (_FIT[4] + _FIT[5] * g + _FIT[6] * r)
    return of_tint + r * (_FIT[7] + r * (_FIT[8] + r * _FIT[9])) + of_both


@inlined
def axes(nx: Any, ny: Any, nz: Any) -> Any:
    """Complete the normal to an orthonormal basis whose first vector lies as close to the x axis as it can."""
    square = ny * ny + nz * nz
    if square < _LEAST:
        return _ZERO, _ZERO, -nx, _ZERO, _ONE, _ZERO
    length = math.sqrt(square)
    return length, -nx * ny / length, -nx * nz / length, _ZERO, nz / length, -ny / length


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
