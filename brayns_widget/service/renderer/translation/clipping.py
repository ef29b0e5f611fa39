"""Clipping shapes of the protocol, packed for the filter that Embree calls for each hit.

A plane n·p = d cuts where n·p < d, a box, a sphere or a capsule what lies inside. A bounded plane cuts, of each ray
that passes through it, the part where n·p > d: not the side that an unbounded one cuts, but so it is in pictures of
Brayns. Inverted normals turn that round: planes cut the other side, and of closed shapes everything is cut that lies in
none of the clip's. Several clips cut the union of what each of them cuts.

A slab is a box without an end in a space whose first axis is its normal, so that no kernel has to know of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from brayns_widget.protocol.brayns.additions import Slab
from brayns_widget.protocol.brayns.shapes import BoundedPlane, Box, Capsule, Plane, Shape, Sphere
from brayns_widget.service.renderer.content.geometry import Floats
from brayns_widget.service.renderer.tracing.kernels.clip import (
    BALL,
    BLOCK,
    COLUMNS,
    FIRST_ROW,
    HALF_SPACE,
    ROUND_CONE,
    WINDOW,
)
from brayns_widget.service.renderer.translation.shapes import check_shape, is_ball, larger_end, unit_plane

_ENDLESS = 1e37
"""Half a side of a slab's box, µm: the whole one is a number in single precision."""


@dataclass(frozen=True, eq=False)
class Clip:
    """Shapes that cut parts of the scene away together.

    Attributes:
        shapes: the shapes.
        inverted: whether they cut the other side.
        transform: 4x4, from the shapes' space to the world.
    """

    shapes: Sequence[Shape]
    inverted: bool
    transform: npt.NDArray[np.float64]


def pack_clips(clips: Iterable[Clip], slab: Slab | None = None) -> Floats:
    """Pack clips, and a slab, as the filter reads them.

    Returns:
        float32, see ``tracing.clipping``.

    Raises:
        ValueError: there is no such shape (see ``shapes.check_shape``), or a transform cannot be inverted,
            or the slab's normal has no direction.
    """
    rows = [row for clip in clips for row in _rows(clip)]
    if slab is not None:
        rows.append(_slab_row(slab))
    header = np.zeros(FIRST_ROW, np.float32)
    header[0] = len(rows)
    with np.errstate(over="ignore"):  # checked next
        packed = np.concatenate([header, *np.array(rows, np.float32).reshape(-1, COLUMNS)])
    if not np.isfinite(packed).all():
        raise ValueError("The numbers of a clipping geometry are too large")
    return packed


def _rows(clip: Clip) -> list[list[float]]:
    try:
        inverse = np.linalg.inv(clip.transform)[:3].ravel().tolist()
    except np.linalg.LinAlgError:
        raise ValueError("A transform that flattens everything cannot be used for clipping") from None
    rows = []
    for number, shape in enumerate(clip.shapes):
        check_shape(shape)
        kind, numbers = _numbers(shape, clip.inverted)
        # Planes have turned round already; of other shapes, what lies in none of them is known after the last.
        outside = clip.inverted and kind not in (HALF_SPACE, WINDOW)
        row = [kind, outside, outside and number == len(clip.shapes) - 1, 0.0, *inverse, *numbers]
        rows.append(row + [0.0] * (COLUMNS - len(row)))
    return rows


def _slab_row(slab: Slab) -> list[float]:
    normal = np.array(slab.normal, np.float64)
    length = np.linalg.norm(normal)
    if not 0 < length < np.inf:
        raise ValueError(f"The normal of a slab must have a direction, got {list(slab.normal)}")
    # Any two directions across will do: the box has no end there.
    axes, _ = np.linalg.qr(np.column_stack((normal / length, np.eye(3))))
    axes *= np.sign(axes[:, 0] @ normal)
    to_slab = np.column_stack((axes.T, np.zeros(3))).ravel().tolist()
    low, high = slab.position - slab.thickness / 2, slab.position + slab.thickness / 2
    numbers = [low, -_ENDLESS, -_ENDLESS, high, _ENDLESS, _ENDLESS]
    row = [BLOCK, not slab.invert, not slab.invert, 0.0, *to_slab, *numbers]
    return row + [0.0] * (COLUMNS - len(row))


def _numbers(shape: Shape, inverted: bool) -> tuple[int, list[float]]:
    sign = -1.0 if inverted else 1.0
    match shape:
        case Plane(coefficients=coefficients):
            return HALF_SPACE, (sign * unit_plane(coefficients)).tolist()
        case BoundedPlane(coefficients=coefficients, bounds=bounds):
            return WINDOW, [*(-sign * unit_plane(coefficients)).tolist(), *bounds.min, *bounds.max]
        case Box(min=low, max=high):
            return BLOCK, [*low, *high]
        case Sphere(center=center, radius=radius):
            return BALL, [*center, radius]
        case Capsule() if is_ball(shape):
            center, radius = larger_end(shape)
            return BALL, [*center, radius]
        case Capsule(p0=p0, p1=p1, r0=r0, r1=r1):
            return ROUND_CONE, [*p0, r0, *p1, r1]
