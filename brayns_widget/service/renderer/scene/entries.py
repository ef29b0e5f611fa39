"""Entries of the scene: models, lights and clips, with transform and origin."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from brayns_widget.protocol.brayns.lights import Light
from brayns_widget.protocol.brayns.materials import Material, Phong
from brayns_widget.protocol.brayns.models import Bounds, ModelInfo, ModelInstance, Transform
from brayns_widget.protocol.brayns.shapes import Shape
from brayns_widget.protocol.errors import INVALID_PARAMS, RequestError
from brayns_widget.service.renderer.content.atlas import Atlas
from brayns_widget.service.renderer.content.coloring.base import Coloring, Elements, Painted
from brayns_widget.service.renderer.content.coloring.cells import CellColoring
from brayns_widget.service.renderer.content.geometry import Bounds as Box
from brayns_widget.service.renderer.content.geometry import Floats, empty_bounds
from brayns_widget.service.renderer.content.rotations import quaternion_matrices
from brayns_widget.service.renderer.content.simulation import Simulation
from brayns_widget.service.renderer.content.volumes import Volume


@dataclass
class Entry:
    """One entry of the scene: geometry (with a handle of the ray tracer's scene), a light, or a clip.

    Clients call it a model.

    Attributes:
        box: bounds before the transform.
        outline: points (N, 3) at its surface before the transform, see ``content.outline``, or none.
        clip: shapes that cut, and whether their normals are inverted.
        ids: ids of the circuit's cells that it shows, or None.
        simulation: the report that it shows, or None; instances share it.
        volume: drawn beside primitives, or None; instances share it.
        atlas: the atlas that its geometry shows, or None.
        material: of its surface; instances have the same.
        painted: the way in which it was colored last, or "", and its colors; instances have the same.
        thickness: factor of its radii since it was loaded; instances have the same.
    """

    id: int
    kind: str
    info: ModelInfo = field(default_factory=ModelInfo)
    box: Box = field(default_factory=empty_bounds)
    outline: Floats = field(default_factory=lambda: np.empty((0, 3), np.float32))
    handle: int | None = None
    light: Light | None = None
    clip: tuple[Sequence[Shape], bool] | None = None
    coloring: Coloring | None = None
    ids: npt.NDArray[np.int64] | None = None
    simulation: Simulation | None = None
    volume: Volume | None = None
    atlas: Atlas | None = None
    material: Material = field(default_factory=Phong)
    painted: Painted = ("", {})
    thickness: float = 1.0
    visible: bool = True
    transform: Transform = field(default_factory=Transform)

    def place(self, transform: Transform, visible: bool) -> None:
        """Set transform and visibility."""
        self.transform, self.visible = transform, visible

    @property
    def world_box(self) -> Box:
        """Bounds in world space: those of the transformed corners, limited to single precision."""
        low, high = self.box
        if (low > high).any():
            return self.box
        largest = float(np.finfo(np.float32).max)
        ends = [np.clip(end.astype(np.float64), -largest, largest) for end in (low, high)]
        corners = np.stack(np.meshgrid(*zip(*ends, strict=True)), axis=-1).reshape(-1, 3)
        matrix = matrix_of(self.transform)
        corners = corners @ matrix[:3, :3].T + matrix[:3, 3]
        corners = np.clip(corners, -largest, largest)
        return corners.min(axis=0).astype(np.float32), corners.max(axis=0).astype(np.float32)

    def describe(self, slot: int) -> dict[str, Any]:
        """Describe a color slot: for cells by the id in the circuit."""
        if self.ids is None or not isinstance(self.coloring, CellColoring) or not self.coloring.has_sections:
            return {}
        return {"neuron_id": self.coloring.id_of(slot)}

    def elements(self, slots: npt.NDArray[np.int32]) -> Elements:
        """Tell what color slots (N,) show of cells."""
        return Elements.none(len(slots)) if self.coloring is None else self.coloring.elements(slots)

    def instance(self) -> ModelInstance:
        """Describe it to clients."""
        return ModelInstance(
            bounds=bounds_of(self.world_box),
            info=self.info,
            is_visible=self.visible,
            model_id=self.id,
            model_type=self.kind,
            transform=self.transform,
        )


def bounds_of(box: Box) -> Bounds:
    """Convert a box for clients, to the shortest decimal numbers of its float32 values."""
    low, high = ([float(str(number)) for number in corner] for corner in box)
    return Bounds(min=low, max=high)


def matrix_of(transform: Transform) -> npt.NDArray[np.float64]:
    """Make the 4x4 matrix of a transform, from model space to world space.

    Raises:
        RequestError: -32602, the rotation has length 0.
    """
    quaternion = np.array([transform.rotation], np.float64)
    if not np.linalg.norm(quaternion) > 0:
        raise RequestError("The rotation of a transform must be a quaternion of length 1, not 0", code=INVALID_PARAMS)
    matrix = np.eye(4)
    matrix[:3, :3] = quaternion_matrices(quaternion)[0] * transform.scale
    matrix[:3, 3] = transform.translation
    return matrix
