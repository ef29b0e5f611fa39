"""The geometry of all cells of a load, placed in world space.

A cell has one color slot for each type of section, so slot = 4 * cell + section: coloring looks values up by cell or
by section and never touches the acceleration structure. With a report, ``columns`` gives each compartment its own.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, wait

import numpy as np
import numpy.typing as npt

from brayns_widget.service.cores import usable_cores
from brayns_widget.service.reading import shared
from brayns_widget.service.renderer.content.geometry import Geometry
from brayns_widget.service.renderer.loaders.circuits.columns import CellColumns
from brayns_widget.service.renderer.loaders.morphologies.morphology import Section, Shape
from brayns_widget.service.rpc.running import REPORT_INTERVAL, RunningRequest

SLOTS_PER_CELL = len(Section)
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
) -> Geometry:
    """Copy each cell's shape to its position.

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
    vertices, segments, segment_slots, spheres, sphere_slots = shared.empty(
        ((int(vertex_at[-1]), 4), np.float32),
        ((int(segment_at[-1]),), np.uint32),
        ((int(segment_at[-1]),), np.uint32),
        ((int(sphere_at[-1]), 4), np.float32),
        ((int(sphere_at[-1]),), np.uint32),
    )

    def put(cell: int) -> None:
        shape, slot = shapes[shape_of_cell[cell]], np.uint32(SLOTS_PER_CELL * cell)
        turn, shift = rotations[cell].T, positions[cell]
        v, s, p = (slice(at[cell], at[cell + 1]) for at in (vertex_at, segment_at, sphere_at))
        _move(shape.vertices, turn, shift, vertices[v])
        _move(shape.spheres, turn, shift, spheres[p])
        np.add(shape.segments, np.uint32(vertex_at[cell]), out=segments[s])
        if columns is None:
            np.add(shape.segment_types, slot, out=segment_slots[s])
            np.add(shape.sphere_types, slot, out=sphere_slots[p])
        else:
            segment_slots[s] = columns.slots(cell, shape.segment_types, shape.segment_places)
            sphere_slots[p] = columns.slots(cell, shape.sphere_types, shape.sphere_places)

    _for_each(put, len(shape_of_cell), request)
    return Geometry(vertices, segments, segment_slots, spheres, sphere_slots)


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
