"""One model of the scene: its primitives, colors and material, and the parts that are built of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from brayns_widget.service.renderer.content.geometry import Floats, Geometry
from brayns_widget.service.renderer.content.volumes import Volume
from brayns_widget.service.renderer.tracing.building.parts import Part
from brayns_widget.service.renderer.tracing.building.veils import FAINT, SEEN, veils_of
from brayns_widget.service.renderer.tracing.materials import lets_through, matte_row


@dataclass(eq=False)
class Model:
    """A model, and what is built of it."""

    geometry: Geometry
    colors: Floats
    volume: Volume | None = None
    transparent: bool = field(init=False)  # whether a color that is seen has an alpha below 1
    veils: NDArray[np.uint8] | None = field(init=False)  # see ``building.veils``
    transform: NDArray[np.float64] = field(default_factory=lambda: np.eye(4))
    by_corner: bool = False  # whether there are three colors for each slot
    even: bool = True  # whether the transform scales uniformly
    visible: bool = True
    material: Floats = field(default_factory=matte_row)  # see ``materials``
    common: bool = True  # whether that is the default material, which most models have
    parts: list[Part] | None = None  # None: to be built, since geometry or transform changed
    batched: bool = False  # whether its neurites are in the scene's batch, not in a part of its own
    whole: bool = True  # whether ``geometry`` includes its neurites; if not, only the batch has them
    slot_count: int = field(init=False)

    def __post_init__(self) -> None:
        self.slot_count = self.geometry.slot_count
        self.paint(self.colors)

    @property
    def batchable(self) -> bool:
        """Whether its neurites can share a geometry with those of other models."""
        neurites = len(self.geometry.segments) > 0 or not self.whole
        return neurites and self.common and self.even and not self.transparent and self.veils is None

    def paint(self, colors: Floats, *, settled: bool = True) -> None:
        """Change its colors; without veils if they are not ``settled``."""
        self.colors = colors
        self.veils = veils_of(colors) if settled and not self.by_corner else None
        alpha = colors[:, 3] if self.veils is None else colors[: len(self.veils), 3][self.veils == SEEN]
        self.transparent = bool(len(alpha) and alpha.min() < 1)

    @property
    def faint(self) -> bool:
        """Whether some colors are faint."""
        return self.veils is not None and bool((self.veils == FAINT).any())

    def show(self, before_change: Callable[[], None]) -> None:
        """Pass its visibility, and whether it casts shadows, on to Embree."""
        shadows = not (lets_through(self.material) or self.transparent)
        for part in self.parts or []:
            shown, primitives = (self.visible, shadows, part.faint), part.primitives
            if (primitives.visible, primitives.shadows, primitives.faint) != shown:
                before_change()
                primitives.set_visible(*shown)
