"""Cameras: position, target, up direction, and projection.

World coordinates are right-handed, in µm, y up, as circuits have them; the default view looks towards negative z.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any, Literal, Self, get_args

if TYPE_CHECKING:
    from brayns_widget.protocol.brayns.camera import Cylindric, Orthographic, Perspective, View
    from brayns_widget.protocol.endpoints import Endpoint

Vector = tuple[float, float, float]
Bounds = tuple[Vector, Vector]
Kind = Literal["perspective", "orthographic", "cylindric"]
Side = Literal["front", "back", "left", "right", "top", "bottom"]

# Above and below, the eye stands that far (radians) beside the y axis: so y can stay up, and turning goes on upright.
_TILT = 1e-3
_SIDES: Mapping[Side, Vector] = {
    "front": (0.0, 0.0, 1.0),
    "back": (0.0, 0.0, -1.0),
    "left": (-1.0, 0.0, 0.0),
    "right": (1.0, 0.0, 0.0),
    "top": (0.0, math.cos(_TILT), math.sin(_TILT)),
    "bottom": (0.0, -math.cos(_TILT), math.sin(_TILT)),
}

# Margin around a framed scene, as a factor of its size.
_MARGIN = 1.04
_SMALLEST_SCENE = 1.0
# Least distance of the eye from what it is to see, in its widths or heights: a neurite may point at it.
_NEAREST = 0.25


@dataclass(frozen=True, slots=True)
class Camera:
    """A camera of any projection.

    Args:
        position: the eye, µm.
        target: the point it looks at, µm.
        up: the up direction; need not be perpendicular or of length 1.
        type: "perspective"; "orthographic"; or "cylindric", which sees half a turn from left to right.
        fovy: vertical opening angle of the perspective and the cylindric projection, degrees.
        height: visible height of the orthographic projection, µm.
        aperture: radius of the lens of the perspective projection, µm: what is as far away as the target is sharp, and
            all else the less so, the wider it is. 0: all is sharp.

    Raises:
        ValueError: a number is not finite or out of range, or the directions do not span a view.
    """

    position: Vector = (0.0, 0.0, 1000.0)
    target: Vector = (0.0, 0.0, 0.0)
    up: Vector = (0.0, 1.0, 0.0)
    type: Kind = "perspective"
    fovy: float = 45.0
    height: float = 1000.0
    aperture: float = 0.0

    def __post_init__(self) -> None:
        for name in ("position", "target", "up"):
            object.__setattr__(self, name, _vector(name, getattr(self, name)))
        for name in ("fovy", "height", "aperture"):
            object.__setattr__(self, name, _number(name, getattr(self, name)))
        if self.type not in get_args(Kind):
            raise ValueError(f"camera type is {self.type!r}, not {', '.join(map(repr, get_args(Kind)))}")
        if not 0 < self.fovy < 180:
            raise ValueError(f"camera fovy is {self.fovy}, not between 0 and 180 degrees")
        if not 0 < self.height < math.inf:
            raise ValueError(f"camera height is {self.height}, not a positive number of µm")
        if self.aperture < 0:
            raise ValueError(f"camera aperture is {self.aperture}, not a radius in µm")
        right = _cross(_subtract(self.target, self.position), self.up)
        if not 0 < _length(right) < math.inf:
            raise ValueError(
                f"camera has no view: position {self.position}, target {self.target} and up {self.up} lie on one line"
            )

    @classmethod
    def perspective(cls, position: Vector, target: Vector, up: Vector = (0.0, 1.0, 0.0), fovy: float = 45.0) -> Self:
        """Make a camera with a perspective projection; ``fovy`` in degrees."""
        distance = _length(_subtract(_vector("target", target), _vector("position", position)))
        height = 2 * distance * math.tan(math.radians(fovy) / 2)
        return cls(position, target, up, "perspective", fovy, height if height > 0 else 1000.0)

    @classmethod
    def orthographic(cls, position: Vector, target: Vector, up: Vector = (0.0, 1.0, 0.0), height: float = 1000) -> Self:
        """Make a camera with an orthographic projection; ``height`` in µm."""
        return cls(position, target, up, "orthographic", height=height)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Make a camera from the JSON of ``to_dict``; missing fields take their defaults.

        Raises:
            ValueError: a field is unknown or invalid.
        """
        known = [field.name for field in fields(cls)]
        if unknown := sorted(set(data) - set(known)):
            raise ValueError(f"camera has no {unknown[0]!r}; it has {', '.join(known)}")
        return cls(**data)

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON, field by field."""
        return {
            "type": self.type,
            "position": list(self.position),
            "target": list(self.target),
            "up": list(self.up),
            "fovy": self.fovy,
            "height": self.height,
            "aperture": self.aperture,
        }

    @property
    def view(self) -> View:
        """Position, target and up direction, as Brayns' ``View``."""
        from brayns_widget.protocol.brayns.camera import View  # pydantic takes a fifth of a second to import

        return View(position=self.position, target=self.target, up=self.up)

    @property
    def projection(self) -> Perspective | Orthographic | Cylindric:
        """Projection, as one of Brayns'."""
        from brayns_widget.protocol.brayns.camera import Cylindric, Orthographic, Perspective

        if self.type == "orthographic":
            return Orthographic(height=self.height)
        if self.type == "cylindric":
            return Cylindric(fovy=self.fovy)
        if not self.aperture:
            return Perspective(fovy=self.fovy)
        focus = _length(_subtract(self.position, self.target))
        return Perspective(fovy=self.fovy, aperture_radius=self.aperture, focus_distance=focus)

    @property
    def visible_height(self) -> float:
        """Height of what is seen at the target, µm: there a perspective has the scale of its scale bar."""
        if self.type == "orthographic":
            return self.height
        return 2 * _length(_subtract(self.position, self.target)) * math.tan(math.radians(self.fovy) / 2)

    def calls(self) -> Sequence[tuple[Endpoint[Any, None], Any]]:
        """Return the calls, as endpoints and parameters, that set this as the renderer's camera."""
        from brayns_widget.protocol.brayns import camera as brayns

        project: Mapping[Kind, Endpoint[Any, None]] = {
            "perspective": brayns.SET_CAMERA_PERSPECTIVE,
            "orthographic": brayns.SET_CAMERA_ORTHOGRAPHIC,
            "cylindric": brayns.SET_CAMERA_CYLINDRIC,
        }
        return ((project[self.type], self.projection), (brayns.SET_CAMERA_VIEW, self.view))

    def seen_from(self, side: Side) -> Camera:
        """Return a camera with this target, distance and projection that looks from a side, with y up.

        Args:
            side: "front" is where z is positive, "right" where x is, "top" where y is.
        """
        distance = _length(_subtract(self.position, self.target))
        position = _add(self.target, _scale(_SIDES[side], distance))
        return replace(self, position=position, up=(0.0, 1.0, 0.0))

    def rolled(self, degrees: float) -> Camera:
        """Return a camera that turns about the direction in which it looks.

        Args:
            degrees: how far what is seen turns clockwise.
        """
        back = _normal(_subtract(self.position, self.target))
        angle = math.radians(degrees)
        along = _scale(back, _dot(back, self.up))
        across = _scale(_subtract(self.up, along), math.cos(angle))
        return replace(self, up=_add(_add(along, across), _scale(_cross(back, self.up), math.sin(angle))))

    def framing(self, points: Sequence[Vector], aspect: float) -> Camera:
        """Return a camera with this projection, direction and up that fits points, with a small margin.

        In camera axes, an eye at e sees the point p if ``|p_y - e_y| <= t (e_z - p_z)`` with ``t = tan(fovy / 2)``, and
        so for x with ``aspect * t``. With A the greatest ``p_y + t p_z`` and B the greatest ``t p_z - p_y``, the
        nearest such eye has ``e_y = (A - B) / 2`` and ``e_z = (A + B) / 2t``; x and y may want different ``e_z``. The
        eye keeps away from the nearest point by a quarter of what it sees. A cylindric eye sees as high, and wider.

        Args:
            points: at least one, µm; such as the corners of a box.
            aspect: width / height of the picture.
        """
        low, high = box_around(points)
        if _length(_subtract(high, low)) < 2 * _SMALLEST_SCENE:
            center, one = _scale(_add(low, high), 0.5), (_SMALLEST_SCENE,) * 3
            points = corners((_subtract(center, one), _add(center, one)))
        back = _normal(_subtract(self.position, self.target))
        right = _normal(_cross(self.up, back))
        axes = (right, _cross(back, right), back)
        placed = [(_dot(point, axes[0]), _dot(point, axes[1]), _dot(point, back)) for point in points]
        low, high = box_around(placed)
        middle = _scale(_add(low, high), 0.5)
        if self.type == "orthographic":
            visible = max((high[0] - low[0]) / aspect, high[1] - low[1]) * _MARGIN
            eye = (middle[0], middle[1], middle[2] + _length(_subtract(high, low)))  # it only has to be outside
        else:
            slope = math.tan(math.radians(self.fovy) / 2)
            x, across = _nearest([(x, z) for x, _, z in placed], slope * aspect / _MARGIN)
            y, along = _nearest([(y, z) for _, y, z in placed], slope / _MARGIN)
            away = max(_NEAREST * max(high[0] - low[0], high[1] - low[1]), _SMALLEST_SCENE)
            eye = (x, y, max(across, along, high[2] + away))
            visible = 2 * (eye[2] - middle[2]) * slope
        position, target = (
            _add(_add(_scale(axes[0], x), _scale(axes[1], y)), _scale(back, z))
            for x, y, z in (eye, (eye[0], eye[1], middle[2]))
        )
        return replace(self, position=position, target=target, height=visible)


def corners(bounds: Bounds) -> list[Vector]:
    """Return the eight corners of a box."""
    return [(x[0], y[1], z[2]) for x in bounds for y in bounds for z in bounds]


def box_around(points: Iterable[Vector]) -> Bounds:
    """Return the lower and the upper corner of the box around points."""
    xs, ys, zs = zip(*points, strict=True)
    return (min(xs), min(ys), min(zs)), (max(xs), max(ys), max(zs))


def _nearest(points: Sequence[tuple[float, float]], slope: float) -> tuple[float, float]:
    """Return the nearest eye, as its place and depth, that sees points (place, depth) within a slope."""
    above = max(place + slope * depth for place, depth in points)
    below = max(slope * depth - place for place, depth in points)
    return (above - below) / 2, (above + below) / (2 * slope)


def _vector(name: str, value: Any) -> Vector:
    if hasattr(value, "tolist"):  # an array
        value = value.tolist()
    if not isinstance(value, tuple | list) or len(value) != 3:
        raise ValueError(f"camera {name} is {value!r}, not three numbers")
    x, y, z = (_number(name, item) for item in value)
    return x, y, z


def _number(name: str, value: Any) -> float:
    if hasattr(value, "item") and getattr(value, "shape", None) == ():  # a number of NumPy's
        value = value.item()
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ValueError(f"camera {name} holds {value!r}, which is not a finite number")
    return float(value)


def _add(a: Vector, b: Vector) -> Vector:
    return a[0] + b[0], a[1] + b[1], a[2] + b[2]


def _subtract(a: Vector, b: Vector) -> Vector:
    return a[0] - b[0], a[1] - b[1], a[2] - b[2]


def _scale(a: Vector, factor: float) -> Vector:
    return a[0] * factor, a[1] * factor, a[2] * factor


def _dot(a: Vector, b: Vector) -> float:
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]


def _cross(a: Vector, b: Vector) -> Vector:
    return a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]


def _length(a: Vector) -> float:
    return math.hypot(*a)


def _normal(a: Vector) -> Vector:
    return _scale(a, 1 / _length(a))


FRONT = Camera()
