"""Cameras: position, target, up direction, and projection.

World coordinates are right-handed, in µm, y up, as circuits have them; the default view looks towards negative z.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any, Literal, Self

if TYPE_CHECKING:
    from brayns_widget.protocol.brayns.camera import Orthographic, Perspective, View
    from brayns_widget.protocol.endpoints import Endpoint

Vector = tuple[float, float, float]
Bounds = tuple[Vector, Vector]
Kind = Literal["perspective", "orthographic"]
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


@dataclass(frozen=True, slots=True)
class Camera:
    """A camera of either projection.

    Args:
        position: the eye, µm.
        target: the point it looks at, µm.
        up: the up direction; need not be perpendicular or of length 1.
        type: "perspective" or "orthographic".
        fovy: vertical opening angle of the perspective projection, degrees.
        height: visible height of the orthographic projection, µm.

    Raises:
        ValueError: a number is not finite or out of range, or the directions do not span a view.
    """

    position: Vector = (0.0, 0.0, 1000.0)
    target: Vector = (0.0, 0.0, 0.0)
    up: Vector = (0.0, 1.0, 0.0)
    type: Kind = "perspective"
    fovy: float = 45.0
    height: float = 1000.0

    def __post_init__(self) -> None:
        for name in ("position", "target", "up"):
            object.__setattr__(self, name, _vector(name, getattr(self, name)))
        for name in ("fovy", "height"):
            object.__setattr__(self, name, _number(name, getattr(self, name)))
        if not isinstance(self.type, str) or self.type not in {"perspective", "orthographic"}:
            raise ValueError(f"camera type is {self.type!r}, not 'perspective' or 'orthographic'")
        if not 0 < self.fovy < 180:
            raise ValueError(f"camera fovy is {self.fovy}, not between 0 and 180 degrees")
        if not 0 < self.height < math.inf:
            raise ValueError(f"camera height is {self.height}, not a positive number of µm")
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
        """Return it as JSON: type, position, target, up, fovy, height."""
        return {
            "type": self.type,
            "position": list(self.position),
            "target": list(self.target),
            "up": list(self.up),
            "fovy": self.fovy,
            "height": self.height,
        }

    @property
    def view(self) -> View:
        """Position, target and up direction, as Brayns' ``View``."""
        from brayns_widget.protocol.brayns.camera import View  # pydantic takes a fifth of a second to import

        return View(position=self.position, target=self.target, up=self.up)

    @property
    def projection(self) -> Perspective | Orthographic:
        """Projection, as Brayns' ``Perspective`` or ``Orthographic``."""
        from brayns_widget.protocol.brayns.camera import Orthographic, Perspective

        return Perspective(fovy=self.fovy) if self.type == "perspective" else Orthographic(height=self.height)

    @property
    def visible_height(self) -> float:
        """Height of what is seen at the target, µm: there a perspective has the scale of its scale bar."""
        if self.type == "orthographic":
            return self.height
        return 2 * _length(_subtract(self.position, self.target)) * math.tan(math.radians(self.fovy) / 2)

    def calls(self) -> Sequence[tuple[Endpoint[Any, None], Any]]:
        """Return the calls, as endpoints and parameters, that set this as the renderer's camera."""
        from brayns_widget.protocol.brayns import camera as brayns

        perspective = self.type == "perspective"
        project = brayns.SET_CAMERA_PERSPECTIVE if perspective else brayns.SET_CAMERA_ORTHOGRAPHIC
        return ((project, self.projection), (brayns.SET_CAMERA_VIEW, self.view))

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

    def framing(self, bounds: Bounds, aspect: float) -> Camera:
        """Return a camera with this projection, direction and up that fits a box, with a small margin.

        For each corner of the box, at (x, y, z) in camera axes around its center, the eye must be at least
        ``z + max(|y| / tan(fovy / 2), |x| / (aspect · tan(fovy / 2)))`` from the center.

        Args:
            bounds: lower and upper corner, µm.
            aspect: width / height of the picture.
        """
        low, high = bounds
        center = _scale(_add(low, high), 0.5)
        back = _normal(_subtract(self.position, self.target))
        right = _normal(_cross(self.up, back))
        up = _cross(back, right)
        half = _scale(_subtract(high, low), 0.5)
        if _length(half) < _SMALLEST_SCENE:
            half = (_SMALLEST_SCENE,) * 3
        slope = math.tan(math.radians(self.fovy) / 2)
        distance = visible = 0.0
        for signs in ((x, y, z) for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)):
            corner = (half[0] * signs[0], half[1] * signs[1], half[2] * signs[2])
            extent = max(abs(_dot(corner, up)), abs(_dot(corner, right)) / aspect) * _MARGIN
            visible = max(visible, 2 * extent)
            distance = max(distance, _dot(corner, back) + extent / slope)
        if self.type == "orthographic":
            # The eye only has to be outside, without a margin.
            distance = 2 * _length(half)
        else:
            visible = 2 * distance * slope
        return replace(self, position=_add(center, _scale(back, distance)), target=center, height=visible)


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
