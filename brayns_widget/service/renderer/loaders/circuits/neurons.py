"""The geometry of all cells of a load, placed in world space.

A cell has one color slot for each of its sections: a slot tells which section is seen, and coloring never touches the
acceleration structure. With a report, ``columns`` gives each compartment its own.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from brayns_widget.service.cores import usable_cores
from brayns_widget.service.reading import shared
from brayns_widget.service.renderer.content.coloring.cells import CellSlots
from brayns_widget.service.renderer.content.geometry import Geometry
from brayns_widget.service.renderer.loaders.circuits.columns import CellColumns
from brayns_widget.service.renderer.loaders.morphologies.morphology import Section, Shape
from brayns_widget.service.rpc.running import REPORT_INTERVAL, RunningRequest

_MOST_THREADS = 8  # memory is not faster with more
_PLACING = "Placing cells"


def place(
    shapes: Sequence[Shape],
    shape_of_cell: npt.NDArray[np.intp],
    rotations: npt.NDArray[np.float64],
    positions: npt.NDArray[np.float64],
    request: RunningRequest,
    *,
    columns: CellColumns | None = None,
) -> tuple[Geometry, CellSlots]:
    """Copy each cell's shape to its position; returns the primitives, and what their slots show.

    Args:
        shapes: the different shapes.
        shape_of_cell: (N,) index into ``shapes``.
        rotations: (N, 3, 3).
        positions: (N, 3) in µm.
        request: told about progress; stops the work when cancelled.
        columns: those of the report that the cells show; chooses the slots.
    """

    def offsets(counts: list[int]) -> npt.NDArray[np.int64]:
        return np.concatenate(([0], np.cumsum(np.asarray(counts, np.int64)[shape_of_cell])))

    vertex_at = offsets([len(shape.vertices) for shape in shapes])
    segment_at = offsets([len(shape.segments) for shape in shapes])
    sphere_at = offsets([len(shape.spheres) for shape in shapes])
    sections = [] if columns else [_Sections.of(shape) for shape in shapes]
    slot_at = offsets([len(each.ids) for each in sections]) if sections else np.zeros(0, np.int64)
    vertices, segments, segment_slots, spheres, sphere_slots = shared.empty(
        ((int(vertex_at[-1]), 4), np.float32),
        ((int(segment_at[-1]),), np.uint32),
        ((int(segment_at[-1]),), np.uint32),
        ((int(sphere_at[-1]), 4), np.float32),
        ((int(sphere_at[-1]),), np.uint32),
    )

    def put(cell: int) -> None:
        shape = shapes[shape_of_cell[cell]]
        turn, shift = rotations[cell].T, positions[cell]
        v, s, p = (slice(at[cell], at[cell + 1]) for at in (vertex_at, segment_at, sphere_at))
        _move(shape.vertices, turn, shift, vertices[v])
        _move(shape.spheres, turn, shift, spheres[p])
        np.add(shape.segments, np.uint32(vertex_at[cell]), out=segments[s])
        if columns is None:
            own, slot = sections[shape_of_cell[cell]], np.uint32(slot_at[cell])
            np.add(own.segments, slot, out=segment_slots[s])
            np.add(own.spheres, slot, out=sphere_slots[p])
        else:
            segment_slots[s] = columns.slots(cell, shape.segment_types, shape.segment_places)
            sphere_slots[p] = columns.slots(cell, shape.sphere_types, shape.sphere_places)

    _for_each(put, len(shape_of_cell), request)
    geometry = Geometry(vertices, segments, segment_slots, spheres, sphere_slots)
    if columns is not None:
        return geometry, columns.shown(shapes, shape_of_cell)
    return geometry, _slots(sections, shape_of_cell, slot_at)


@dataclass(frozen=True)
class _Sections:
    """The sections of a shape.

    Attributes:
        ids: (K,) int32, ascending.
        types: (K,) uint8, the ``Section`` of each.
        starts: (K,) float32, see ``Elements``.
        segments: (S,) unsigned, in as few bytes as possible: which of them each segment belongs to.
        spheres: (P,) the same for spheres.
    """

    ids: npt.NDArray[np.int32]
    types: npt.NDArray[np.uint8]
    starts: npt.NDArray[np.float32]
    segments: npt.NDArray[np.unsignedinteger]
    spheres: npt.NDArray[np.unsignedinteger]

    @classmethod
    def of(cls, shape: Shape) -> _Sections:
        """List the sections that a shape shows."""
        places = np.concatenate((shape.segment_places[:, 0], shape.sphere_places[:, 0])).astype(np.int32)
        kinds = np.concatenate((shape.segment_types, shape.sphere_types))
        first = int(places.min(initial=0))
        types = np.full(int(places.max(initial=0)) - first + 1, len(Section), np.uint8)
        types[places - first] = kinds
        there = types < len(Section)
        ids = (np.flatnonzero(there) + first).astype(np.int32)
        table = (np.cumsum(there) - 1).astype(np.min_scalar_type(len(ids)))
        segments, spheres = np.split(table[places - first], [len(shape.segments)])
        return cls(ids, types[there], shape.starts_of(ids), segments, spheres)


def _slots(
    sections: Sequence[_Sections], shape_of_cell: npt.NDArray[np.intp], slot_at: npt.NDArray[np.int64]
) -> CellSlots:
    """Tell what the slots of all cells show."""
    rows, ids = np.empty((2, int(slot_at[-1])), np.int32)
    starts = np.empty(len(ids), np.float32)
    for cell, shape in enumerate(shape_of_cell):
        own = slice(slot_at[cell], slot_at[cell + 1])
        np.add(sections[shape].types, len(Section) * cell, out=rows[own], dtype=np.int32)
        ids[own], starts[own] = sections[shape].ids, sections[shape].starts
    return CellSlots(rows, ids, starts)


def _for_each(work: Callable[[int], None], count: int, request: RunningRequest) -> None:
    """Do ``work`` for each number below ``count``, on several threads: NumPy computes without Python's lock."""
    numbers = iter(range(count))
    done = 0

    def do() -> None:
        nonlocal done
        for number in numbers:
            if request.cancelled:
                return
            work(number)
            done = number

    threads = min(_MOST_THREADS, usable_cores())
    with ThreadPoolExecutor(threads, thread_name_prefix="place") as pool:
        running = [pool.submit(do) for _ in range(threads)]
        request.progress(0.0, _PLACING)
        while wait(running, REPORT_INTERVAL).not_done:
            request.progress(done / count, _PLACING)
    for thread in running:
        thread.result()
    request.check()


def _move(
    local: npt.NDArray[np.float32],
    turn: npt.NDArray[np.float64],
    shift: npt.NDArray[np.float64],
    out: npt.NDArray[np.float32],
) -> None:
    # In double precision: circuits lie thousands of µm from the origin, where float32 has steps of 0.0005 µm.
    out[:, :3] = local[:, :3] @ turn + shift
    out[:, 3] = local[:, 3]
