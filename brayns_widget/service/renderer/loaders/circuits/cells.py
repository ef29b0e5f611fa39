"""Attributes and morphologies of cells, for all loaders of circuits."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from stat import S_ISREG
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from brayns_widget.protocol.brayns.colors import CELL_ATTRIBUTES
from brayns_widget.protocol.errors import RequestError
from brayns_widget.service.renderer.content.coloring.cells import Labels
from brayns_widget.service.renderer.loaders.circuits.reduction import FittedShapes
from brayns_widget.service.renderer.loaders.morphologies.files import read_shape
from brayns_widget.service.renderer.loaders.morphologies.morphology import Shape, ShapeOptions, point_shape
from brayns_widget.service.renderer.loaders.notices import Notices
from brayns_widget.service.rpc.running import RunningRequest
from brayns_widget.service.sonata.populations import Population

KnownShapes: TypeAlias = dict[tuple[str, str, ShapeOptions], Shape]
"""Shapes that one request has read already, by place, name and options."""


class RecentShapes:
    """A cache of shapes of the container that was read last: clients load the same cells again and again.

    Args:
        size: bytes that they may take.
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self._stamp: tuple[str, int, int] | None = None
        self._shapes: KnownShapes = {}
        self._held = 0

    def of(self, place: str) -> KnownShapes:
        """Return the cached shapes of a place, if it is a file and has not changed; folders are not cached."""
        try:
            file = Path(place).stat()
        except OSError:
            file = None
        stamp = (place, file.st_mtime_ns, file.st_size) if file is not None and S_ISREG(file.st_mode) else None
        if stamp is None or stamp != self._stamp:
            self.clear()
            self._stamp = stamp
        return self._shapes

    def keep(self, key: tuple[str, str, ShapeOptions], shape: Shape) -> None:
        """Cache a shape of the place that ``of`` was called with last, if there is room."""
        if self._stamp is not None and key not in self._shapes and self._held + shape.nbytes <= self._size:
            self._shapes[key] = shape
            self._held += shape.nbytes

    def clear(self) -> None:
        """Clear the cache."""
        self._stamp, self._shapes, self._held = None, {}, 0


_RECENT = RecentShapes(32 << 20)


def read_labels(population: Population, ids: npt.NDArray[np.int64], notices: Notices) -> dict[str, Labels]:
    """Read the attributes that cells can be colored by, by the names of color methods.

    Args:
        population: the population.
        ids: (N,) of its cells.
        notices: gets the attributes that cannot be read, none of which prevents a load.
    """
    for name, why in population.unreadable.items():
        notices.add(f"attribute {name!r} cannot be read: {why}", f"Population {population.name}")
    labels = {}
    for method, attribute in CELL_ATTRIBUTES.items():
        if attribute in population.attribute_names:
            try:
                labels[method] = Labels.of(population.attribute(attribute, ids))
            except RequestError as error:
                notices.add(error.message)
    return labels


def point_shapes(count: int, options: ShapeOptions) -> FittedShapes:
    """Make the shape of ``count`` cells of which no morphology is loaded: a sphere.

    Raises:
        RequestError: they do not fit into memory.
    """
    shapes = FittedShapes(np.array([count]), options)
    shapes.add(point_shape(options.radius_multiplier))
    shapes.finish()
    return shapes


def read_shapes(
    reader: tuple[Callable[[str], Any], str],
    morphologies: Labels,
    ids: npt.NDArray[np.int64],
    options: ShapeOptions,
    request: RunningRequest,
    *,
    known: KnownShapes | None = None,
    notices: Notices | None = None,
) -> FittedShapes:
    """Read and shape each morphology once; detail that does not fit into memory is left out (see ``reduction``).

    Args:
        reader: see ``morphologies.files.morphology_reader``.
        morphologies: of the cells.
        ids: of the cells, for messages.
        options: what becomes geometry.
        request: told about progress; stops the work when cancelled.
        known: shapes that need not be read again; those that are read are added, unless they were reduced.
        notices: gets what is to be said of the morphologies.

    Raises:
        RequestError: a morphology is missing or unreadable, or not even the somas fit into memory.
    """
    read, place_name = reader
    known = {} if known is None else known
    recent = _RECENT.of(place_name)
    _codes, firsts, counts = np.unique(morphologies.codes, return_index=True, return_counts=True)
    shapes = FittedShapes(counts, options)
    for index, (name, cell) in enumerate(zip(morphologies.names, ids[firsts], strict=True)):
        request.progress(index / len(firsts), "Reading morphologies")
        if not name:  # a point neuron among cells with morphologies
            shapes.add(point_shape(options.radius_multiplier))
            continue
        key = (place_name, name, options)
        shape = known.get(key) or recent.get(key) or read_shape(read, place_name, name, int(cell), options)
        if notices is not None:
            for text in shape.notices:
                notices.add(text, f"morphology {name}")
        shapes.add(shape)
        if shapes.reductions:  # memory is scarce
            known.clear()
            _RECENT.clear()
        else:
            known[key] = shape
            _RECENT.keep(key, shape)
    shapes.finish()
    return shapes
