"""Reduction of cells that do not fit into memory: first without axons, then with less detail, then somas only."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from brayns_widget.service.renderer.loaders.base import failure
from brayns_widget.service.renderer.loaders.morphologies.morphology import Section, Shape, ShapeOptions
from brayns_widget.service.renderer.memory import PRIMITIVE_BYTES, VARIABLE, allowance, format_size

logger = logging.getLogger(__name__)

_THINNINGS = 4  # each halves the points; what is left of 16 is a sketch of the branches
Bools = npt.NDArray[np.bool_]


class FittedShapes(list[Shape]):
    """The shapes of cells, reduced as far as it takes to fit all cells into memory.

    Args:
        cells: (N,) how many cells have each shape, in the order in which shapes are added.
        options: what was asked for.

    Attributes:
        left_out: what is missing, in words; "" if nothing is.
        reductions: how often shapes were reduced.
    """

    def __init__(self, cells: npt.NDArray[np.int64], options: ShapeOptions) -> None:
        super().__init__()
        self._cells = cells
        self._steps = _steps(options)
        self._allowance = allowance()
        self._held = 0
        self.reductions = 0

    @property
    def left_out(self) -> str:
        return self._steps[self.reductions - 1][0] if self.reductions else ""

    @property
    def metadata(self) -> dict[str, str]:
        """The reduction, as the model's metadata describe it."""
        return {"left_out": self.left_out, "memory_budget": self._allowance.budget} if self.reductions else {}

    def add(self, shape: Shape) -> None:
        """Add the next shape; reduces all so far if they do not fit.

        Raises:
            RequestError: even the somas do not fit.
        """
        for _words, reduce in self._steps[: self.reductions]:
            shape = reduce(shape)
        self._held += int(self._cells[len(self)]) * _size(shape)
        self.append(shape)
        while not self._allowance.fits(self._held):
            if self.reductions == len(self._steps):
                raise self._refusal()
            self[:] = map(self._steps[self.reductions][1], self)
            self.reductions += 1
            self._held = sum(int(count) * _size(shape) for count, shape in zip(self._cells, self, strict=False))

    def finish(self) -> None:
        """Count the added shapes as loaded; call it after the last one.

        Raises:
            RequestError: everything was left out.
        """
        if self.reductions and not self._held:
            raise self._refusal()
        self._allowance.take(self._held)
        if self.left_out:
            logger.warning(
                "Left out of %d cells, to fit into %s of memory: %s",
                self._cells.sum(),
                self._allowance.budget,
                self.left_out,
            )

    def _refusal(self) -> Exception:
        least = "even their somas take" if self._held else "without somas nothing is left; a sphere each would take"
        needed = max(self._held, int(self._cells.sum())) * PRIMITIVE_BYTES
        return failure(
            f"{self._cells.sum()} cells do not fit into memory ({self._allowance.budget}): {least} "
            f"{format_size(needed)}. Load fewer (node_percentage, node_count_limit, node_ids, node_sets), or give the "
            f"renderer more (--memory-budget or {VARIABLE})"
        )


def _size(shape: Shape) -> int:
    return len(shape.segments) + len(shape.spheres)


def _steps(options: ShapeOptions) -> list[tuple[str, Callable[[Shape], Shape]]]:
    """List the steps of reduction, each on top of those before: a description of what is missing, and a function."""
    steps: list[tuple[str, Callable[[Shape], Shape]]] = []
    missing = ""
    if options.axon and options.dendrites:
        missing = "axons"
        steps.append((missing, _without_axons))
    if options.axon or options.dendrites:
        parts = "dendrites" if options.dendrites else "axons"
        prefix = f"{missing}; " if missing else ""
        for power in range(1, _THINNINGS + 1):
            points = 2**power
            steps.append((f"{prefix}{points - 1} of {points} points of the {parts}", _thinned))
        steps.append(("axons and dendrites" if missing else parts, _soma_only))
    return steps


def _without_axons(shape: Shape) -> Shape:
    return _picked(shape, shape.segment_types != Section.AXON, shape.sphere_types != Section.AXON)


def _soma_only(shape: Shape) -> Shape:
    """Keep the soma's sphere, or its cylinders if it consists of those, but not the cones to neurites."""
    spheres = shape.sphere_types == Section.SOMA
    segments = (shape.segment_types == Section.SOMA) & (not spheres.any())
    return _picked(shape, segments, spheres)


def _picked(shape: Shape, segments: Bools, spheres: Bools) -> Shape:
    """Keep some primitives, and of the vertices those that they need."""
    first = shape.segments[segments]
    used = np.zeros(len(shape.vertices), np.bool_)
    used[first] = True
    used[first + 1] = True
    number = np.cumsum(used) - 1
    return replace(
        shape,
        vertices=shape.vertices[used],
        segments=number[first].astype(np.uint32),
        segment_types=shape.segment_types[segments],
        segment_places=shape.segment_places[segments],
        spheres=shape.spheres[spheres],
        sphere_types=shape.sphere_types[spheres],
        sphere_places=shape.sphere_places[spheres],
    )


def _thinned(shape: Shape) -> Shape:
    """Leave out every second point of each section of neurites, but neither its first nor its last."""
    continues = np.zeros(len(shape.segments), np.bool_)
    continues[1:] = (shape.segments[1:] == shape.segments[:-1] + 1) & _same_section(shape.segment_places)
    begins = np.flatnonzero(~continues)
    counts = np.diff(np.append(begins, len(shape.segments)))
    kept = _every_second(counts) | (shape.segment_types == Section.SOMA)
    # A run of kept segments has one vertex more than segments: its end.
    ends = begins + counts - 1
    runs_before = np.repeat(np.arange(len(begins)), counts)
    place = np.cumsum(kept) - 1 + runs_before
    source = np.empty(int(kept.sum()) + len(begins), np.int64)
    source[place[kept]] = shape.segments[kept]
    source[place[ends] + 1] = shape.segments[ends].astype(np.int64) + 1
    # A segment that stands for two reaches to the end of the second.
    last = np.append(np.flatnonzero(kept), len(kept))[1:] - 1
    places = shape.segment_places[kept]
    places[:, 1] = (places[:, 1] + shape.segment_places[last, 1]) / 2
    spheres = _kept_spheres(shape)
    return replace(
        shape,
        vertices=shape.vertices[source],
        segments=place[kept].astype(np.uint32),
        segment_types=shape.segment_types[kept],
        segment_places=places,
        spheres=shape.spheres[spheres],
        sphere_types=shape.sphere_types[spheres],
        sphere_places=shape.sphere_places[spheres],
    )


def _kept_spheres(shape: Shape) -> Bools:
    begins = np.flatnonzero(np.append(True, ~_same_section(shape.sphere_places))[: len(shape.spheres)])
    kept: Bools = _every_second(np.diff(np.append(begins, len(shape.spheres)))) | (shape.sphere_types == Section.SOMA)
    return kept


def _same_section(places: npt.NDArray[np.float32]) -> Bools:
    same: Bools = places[1:, 0] == places[:-1, 0]
    return same


def _every_second(counts: npt.NDArray[np.int64]) -> Bools:
    """Pick the first, third, … of each run; ``counts``: how long the runs are."""
    ends = np.cumsum(counts)
    within = np.arange(ends[-1] if len(ends) else 0) - np.repeat(ends - counts, counts)
    picked: Bools = within % 2 == 0
    return picked
