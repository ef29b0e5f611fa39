"""Camera: what it is, and the rays of its picture."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Vector = tuple[float, float, float]
Corner = tuple[float, float]

_AIMS = [3, 4, 5, 7, 8]  # rows of a ray frame that make directions
_LARGEST_AIM = 1e9  # coordinate of a direction: its square does not overflow in single precision


@dataclass(frozen=True, slots=True)
class View:
    """Where a camera stands, what it looks at, and which way is up; in µm."""

    position: Vector
    target: Vector
    up: Vector


@dataclass(frozen=True, slots=True)
class Perspective:
    """A perspective camera.

    Attributes:
        fovy: the vertical field of view in degrees.
        aperture_radius: of the lens, in µm; 0: a pinhole.
        focus_distance: from the lens to the plane that is in focus, in µm.
    """

    fovy: float = 45.0
    aperture_radius: float = 0.0
    focus_distance: float = 1.0


@dataclass(frozen=True, slots=True)
class Orthographic:
    """A camera with parallel rays that sees ``height`` µm from bottom to top."""

    height: float


@dataclass(frozen=True, slots=True)
class Cylindric:
    """A camera that sees half a turn from left to right, and up and down as a perspective one.

    Attributes:
        fovy: the vertical field of view in degrees.
    """

    fovy: float


Projection = Perspective | Orthographic | Cylindric


@dataclass(frozen=True, slots=True)
class Region:
    """A part of the image plane, from the corner ``start`` (x, y) to the opposite one.

    x grows to the right and y upwards, each from 0 to 1; the picture's first row is at ``start``.
    """

    start: Corner = (0.0, 1.0)
    end: Corner = (1.0, 0.0)


@dataclass(frozen=True, slots=True)
class Camera:
    """All that decides about a picture's rays but its size.

    Attributes:
        view: where it stands and looks.
        projection: how directions become points of the picture.
        near_clip: distance in µm before which nothing is seen.
        region: the part of the image plane that is the picture.
    """

    view: View
    projection: Projection = Perspective()
    near_clip: float = 1e-6
    region: Region = Region()


def ray_frame(camera: Camera, aspect: float) -> NDArray[np.float32]:
    """Describe the origins and directions of all rays of a camera by a few vectors.

    Args:
        camera: its lens is taken for a pinhole, see ``through_lens`` for others.
        aspect: width / height of the whole image plane.

    Returns:
        float32 (9, 3): the ray of the picture's point (u, v), each 0..1 from its first column and row, has the origin
        row 0 + u row 1 + v row 2 and the direction row 3 + u row 4 + v row 5, not normalized. Row 6 is (a, b, 0): with
        the angle a + u b the direction is that + cos(angle) row 7 + sin(angle) row 8, if b is not 0.

    Raises:
        ValueError: a number is not finite or out of range, or the view has no direction or no upside.
    """
    view, projection, region = camera.view, camera.projection, camera.region
    position, target, up = (_vector(name, getattr(view, name)) for name in ("position", "target", "up"))
    right, top, back = _axes(position, target, up)
    forward = -back
    (x0, y0), (x1, y1) = _vector("image_start", region.start), _vector("image_end", region.end)
    height = _plane_height(projection)
    across, upwards = right * height * aspect, top * height
    corner = (x0 - 0.5) * across + (y0 - 0.5) * upwards
    along_u, along_v = (x1 - x0) * across, (y1 - y0) * upwards
    none = np.zeros(3)
    straight = (none, none, none)
    if isinstance(projection, Orthographic):
        rows = (position + corner, along_u, along_v, forward, none, none, *straight)
    elif isinstance(projection, Cylindric):
        # The image plane is bent to half a cylinder around the camera: columns are angles, rows are heights.
        turn = np.array([(x0 - 0.5) * math.pi, (x1 - x0) * math.pi, 0.0])
        rows = (position, none, none, (y0 - 0.5) * upwards, none, along_v, turn, forward, right)
    else:
        rows = (position, none, none, forward + corner, along_u, along_v, *straight)
    frame = _packed(np.array(rows, np.float64))
    if not np.isfinite(frame).all():
        raise ValueError("The camera's numbers are too large.")
    return frame


def axes_of(view: View) -> NDArray[np.float64]:
    """Return (3, 3) unit vectors: to the right of what a camera sees, up, and towards the viewer.

    Raises:
        ValueError: as of ``ray_frame``.
    """
    return np.array(_axes(*(_vector(name, getattr(view, name)) for name in ("position", "target", "up"))))


def _axes(
    position: NDArray[np.float64], target: NDArray[np.float64], up: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    forward = _unit("The camera's target lies on its position", target - position)
    right = _unit("The camera's up vector is zero or points along its view", np.cross(forward, _scaled(up)))
    return right, np.cross(right, forward), -forward


def rays(frame: NDArray[np.float32], u: ArrayLike, v: ArrayLike) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Make rays through points of the picture, as kernels do.

    Args:
        frame: as ``ray_frame`` returns it.
        u: from the picture's first column, 0, to its last, 1; any shape S that goes with that of ``v``.
        v: from the first row, 0, to the last, 1.

    Returns:
        float32 (S, 3), origins in µm, and float32 (S, 3), directions of length 1.
    """
    along, down = (np.asarray(numbers, np.float32)[..., None] for numbers in np.broadcast_arrays(u, v))
    origins = frame[0] + along * frame[1] + down * frame[2]
    angle = frame[6, 0] + along * frame[6, 1]
    directions = frame[3] + along * frame[4] + down * frame[5] + np.cos(angle) * frame[7] + np.sin(angle) * frame[8]
    return origins, directions / np.linalg.norm(directions, axis=-1, keepdims=True)


def through_lens(
    frame: NDArray[np.float32], aperture_radius: float, focus_distance: float, point: tuple[float, float]
) -> NDArray[np.float32]:
    """Move a perspective camera's rays to another point of its lens.

    Args:
        frame: as ``ray_frame`` returns it.
        aperture_radius: of the lens, in µm.
        focus_distance: from the lens to the plane that is in focus, in µm.
        point: on a lens of radius 1.

    Returns:
        The frame of rays that start there and meet the old ones on the plane in focus.
    """
    sides = frame[4:6].astype(np.float64)
    # A region without width or height has a side of length 0, which the lens then does not move along.
    across, upwards = (row / (np.linalg.norm(row) or 1.0) for row in sides)
    offset = aperture_radius * (point[0] * across + point[1] * upwards)
    moved = frame.astype(np.float64)
    moved[0] += offset
    moved[3] -= offset / focus_distance
    return np.nan_to_num(_packed(moved))  # a lens so large that numbers overflow sees nothing


def _packed(rows: NDArray[np.float64]) -> NDArray[np.float32]:
    """Pack the rows that ``ray_frame`` describes; numbers that overflow become infinite or NaN."""
    with np.errstate(over="ignore", invalid="ignore"):
        # Directions are normalized in the end: only the ratios of their coordinates count.
        rows[_AIMS] /= max(1.0, np.abs(rows[_AIMS]).max() / _LARGEST_AIM)
        return rows.astype(np.float32)


def _plane_height(projection: Projection) -> float:
    """Height of the image plane: in µm if orthographic, otherwise at distance 1."""
    if isinstance(projection, Orthographic):
        if not 0 < projection.height < math.inf:
            raise ValueError(f"The height of an orthographic camera must be positive, got {projection.height}.")
        return projection.height
    if not 0 < projection.fovy < 180:
        raise ValueError(f"fovy must lie between 0 and 180 degrees, got {projection.fovy}.")
    return 2 * math.tan(math.radians(projection.fovy) / 2)


def _vector(name: str, numbers: Sequence[float]) -> NDArray[np.float64]:
    vector = np.array(numbers, np.float64)
    if not np.isfinite(vector).all():
        raise ValueError(f"The camera's {name} must be finite, got {list(numbers)}.")
    return vector


def _scaled(vector: NDArray[np.float64]) -> NDArray[np.float64]:
    """Scale the vector's largest coordinate to 1, so that squares neither overflow nor underflow."""
    largest = np.abs(vector).max()
    return vector / largest if largest > 0 else vector


def _unit(problem: str, vector: NDArray[np.float64]) -> NDArray[np.float64]:
    scaled = _scaled(vector)
    length = float(np.linalg.norm(scaled))
    if not np.abs(vector).max() > 1e-12 or not math.isfinite(length):
        raise ValueError(f"{problem}.")
    return scaled / length
