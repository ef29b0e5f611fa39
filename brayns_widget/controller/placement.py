"""Where a model stands, as people say it: moved, turned and scaled about its center. No I/O."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from brayns_widget.controller.camera import Bounds

if TYPE_CHECKING:
    from brayns_widget.protocol.brayns.models import Transform

Three = tuple[float, float, float]
Four = tuple[float, float, float, float]
_ZERO, _ONE = (0.0, 0.0, 0.0), (1.0, 1.0, 1.0)
_SAME = 1e-5  # renderers may keep single precision


@dataclass(frozen=True, slots=True)
class Placement:
    """Where a model stands, told from where it was loaded.

    Attributes:
        move: how far its center was moved, µm.
        turn: degrees by which it was turned about the x axis, then about y, then about z, all through its center.
        scale: factors along x, y and z, about its center, before it was turned.
        center: the center of its box where it was loaded.
    """

    move: Three = _ZERO
    turn: Three = _ZERO
    scale: Three = _ONE
    center: Three = _ZERO

    @property
    def transform(self) -> Transform:
        """The renderer's transform: scale, then rotate, both about the origin, then translate."""
        from brayns_widget.protocol.brayns.models import Transform

        rotation = _quaternion(self.turn)
        carried = _rotated(rotation, _times(self.scale, self.center))
        translation = [c + m - r for c, m, r in zip(self.center, self.move, carried, strict=True)]
        return Transform(translation=translation, rotation=rotation, scale=self.scale)

    def placed(self, points: Sequence[Three]) -> tuple[Three, ...]:
        """Return where points of the model are that it has in its own space."""
        return replace(UNMOVED, center=self.center).carried(self, points)

    def carried(self, other: Placement, points: Sequence[Three]) -> tuple[Three, ...]:
        """Return where points of the model are after another placement; none if this one has squeezed them flat."""
        if other == self:
            return tuple(points)
        if not all(self.scale):
            return ()
        (a, b, c, d), back = _quaternion(self.turn), [1 / factor for factor in self.scale]
        center, rotation = self.center, _quaternion(other.turn)
        found = []
        for point in points:
            away = [p - m - o for p, m, o in zip(point, self.move, center, strict=True)]
            own = _times(_rotated((-a, -b, -c, d), away), back)
            now = _rotated(rotation, _times(other.scale, own))
            found.append(_three([n + m + o for n, m, o in zip(now, other.move, other.center, strict=True)]))
        return tuple(found)

    def following(self, transform: Transform) -> Placement:
        """Return the placement with this transform; what is the same in both keeps its numbers.

        One rotation has several turns, so those that somebody has set are not replaced by others.
        """
        rotation, scale = _normal(transform.rotation), _three(transform.scale)
        carried = _rotated(rotation, _times(scale, self.center))
        move = tuple(t - c + r for t, c, r in zip(transform.translation, self.center, carried, strict=True))
        near = _SAME * max(1.0, *map(abs, (*self.center, *transform.translation)))
        return replace(
            self,
            move=self.move if _near(move, self.move, near) else _three(move),
            turn=self.turn if _same_rotation(rotation, _quaternion(self.turn)) else _turn(rotation),
            scale=self.scale if _near(scale, self.scale, _SAME * max(map(abs, scale))) else scale,
        )


UNMOVED = Placement()


def placement_of(transform: Transform, bounds: Bounds | None) -> Placement:
    """Return the placement of a model that is seen for the first time.

    Args:
        transform: the renderer's.
        bounds: of the model with this transform; the center of a box goes where the transform takes it.
    """
    if bounds is None:
        return UNMOVED.following(transform)
    scale, rotation = _three(transform.scale), _normal(transform.rotation)
    moved = [(low + high) / 2 - t for low, high, t in zip(*bounds, transform.translation, strict=True)]
    x, y, z, w = rotation
    back = _rotated((-x, -y, -z, w), moved)
    center = _three([part / factor if factor else 0.0 for part, factor in zip(back, scale, strict=True)])
    return Placement(center=center).following(transform)


def _three(numbers: Sequence[float]) -> Three:
    x, y, z = map(float, numbers)
    return x, y, z


def _times(a: Sequence[float], b: Sequence[float]) -> Three:
    return _three([one * other for one, other in zip(a, b, strict=True)])


def _near(a: Sequence[float], b: Sequence[float], limit: float) -> bool:
    return all(abs(one - other) <= limit for one, other in zip(a, b, strict=True))


def _normal(quaternion: Sequence[float]) -> Four:
    length = math.hypot(*quaternion) or 1.0
    x, y, z, w = (part / length for part in quaternion)
    return x, y, z, w


def _same_rotation(a: Four, b: Four) -> bool:
    return _near(a, b, _SAME) or _near(a, tuple(-part for part in b), _SAME)


def _quaternion(turn: Three) -> Four:
    """Return the quaternion (x, y, z, w) of turns about x, then y, then z."""
    (sx, cx), (sy, cy), (sz, cz) = ((math.sin(angle), math.cos(angle)) for angle in (math.radians(t) / 2 for t in turn))
    return (
        sx * cy * cz - cx * sy * sz,
        cx * sy * cz + sx * cy * sz,
        cx * cy * sz - sx * sy * cz,
        cx * cy * cz + sx * sy * sz,
    )


def _turn(quaternion: Four) -> Three:
    """Return turns about x, then y, then z that make the rotation of a quaternion."""
    x, y, z, w = quaternion
    sine = max(-1.0, min(1.0, 2 * (w * y - z * x)))
    if abs(sine) > 1 - 1e-9:  # x and z turn about the same axis then
        around_x, around_z = 2 * math.atan2(x, w), 0.0
    else:
        around_x = math.atan2(2 * (w * x + y * z), 1 - 2 * (x * x + y * y))
        around_z = math.atan2(2 * (w * z + x * y), 1 - 2 * (y * y + z * z))
    return _three([round(math.degrees(angle), 4) + 0.0 for angle in (around_x, math.asin(sine), around_z)])


def _rotated(quaternion: Four, place: Sequence[float]) -> Three:
    (x, y, z, w), (a, b, c) = quaternion, place
    p, q, r = 2 * (y * c - z * b), 2 * (z * a - x * c), 2 * (x * b - y * a)
    return a + w * p + y * r - z * q, b + w * q + z * p - x * r, c + w * r + x * q - y * p
