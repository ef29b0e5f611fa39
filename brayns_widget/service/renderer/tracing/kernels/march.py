"""Ray marching: rays are followed through volumes from sample to sample, front to back.

A ray's part in a volume is cut into steps of equal length, the last one shorter, and each step has the color of a
point in it; the point is jittered for each ray, so that errors show as noise that vanishes as samples add up, and not
as rings. Steps in blocks where nothing is visible are skipped; the others do not move.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from brayns_widget.service.renderer.content import volumes as v
from brayns_widget.service.renderer.tracing.kernels.clip import is_cut
from brayns_widget.service.renderer.tracing.kernels.native import (
    called,
    inlined,
    load_float32,
    load_int16,
    load_uint8,
    load_uint16,
)

# Columns of ``notes``, for each volume: start and end along the ray, number of the next step.
NEAR, FAR, NEXT, NOTES = 0, 1, 2, 3

_ZERO, _HALF, _ONE = np.float32(0), np.float32(0.5), np.float32(1)
_INFINITE = np.float32(np.inf)
_LAST_LEVEL = np.float32(v.LEVELS - 1)


@inlined
def _value(places: Any, volume: Any, x: Any, y: Any, z: Any) -> Any:
    """Read a stored value."""
    index = (z * places[volume, v.SIZE + 1] + y) * places[volume, v.SIZE] + x
    address, kind = places[volume, v.VALUES], places[volume, v.KIND]
    if kind == v.BYTE:
        return np.float32(load_uint8(address, index))
    if kind == v.SINGLE:
        return load_float32(address, index)
    if kind == v.SHORT:
        return np.float32(load_int16(address, index))
    return np.float32(load_uint16(address, index))


@inlined
def _between(places: Any, volume: Any, x: Any, y: Any, z: Any) -> Any:
    """Interpolate between vertices, linearly along each axis."""
    nx, ny, nz = places[volume, v.SIZE], places[volume, v.SIZE + 1], places[volume, v.SIZE + 2]
    i = min(max(np.int64(x), 0), nx - 2)
    j = min(max(np.int64(y), 0), ny - 2)
    k = min(max(np.int64(z), 0), nz - 2)
    p = min(max(x - np.float32(i), _ZERO), _ONE)
    q = min(max(y - np.float32(j), _ZERO), _ONE)
    r = min(max(z - np.float32(k), _ZERO), _ONE)
    total = _ZERO
    for corner in range(8):
        a, b, c = corner & 1, corner >> 1 & 1, corner >> 2
        weight = (p if a else _ONE - p) * (q if b else _ONE - q) * (r if c else _ONE - r)
        if weight > 0:  # values without weight may be NaN
            total += weight * _value(places, volume, i + a, j + b, k + c)
    return total


@inlined
def _enter(  # noqa: PLR0917 - Numba knows no keywords
    numbers: Any, places: Any, volume: Any, ox: Any, oy: Any, oz: Any, dx: Any, dy: Any, dz: Any, near: Any, far: Any
) -> Any:
    """Clip a ray to a volume, between near and far; the result is empty if the second is not greater."""
    shrink = 0 if places[volume, v.CELLS] != 0 else 1
    for axis in range(3):
        row = v.GRID + 4 * axis
        o = numbers[volume, row] * ox + numbers[volume, row + 1] * oy + numbers[volume, row + 2] * oz
        o += numbers[volume, row + 3]
        d = numbers[volume, row] * dx + numbers[volume, row + 1] * dy + numbers[volume, row + 2] * dz
        size = np.float32(places[volume, v.SIZE + axis] - shrink)
        if d == 0:
            if not _ZERO <= o <= size:
                far = near
        else:
            first, last = -o / d, (size - o) / d
            near, far = max(near, min(first, last)), min(far, max(first, last))
    return near, far


@called
def _follow(  # noqa: PLR0917
    numbers: Any,
    places: Any,
    clips: Any,
    volume: Any,
    ox: Any,
    oy: Any,
    oz: Any,
    dx: Any,
    dy: Any,
    dz: Any,
    near: Any,
    far: Any,
    number: Any,
    limit: Any,
    jitter: Any,
    left: Any,
    least: Any,
) -> Any:
    """Follow a ray through one volume, which it enters at ``near`` and leaves at ``far``; see ``march``.

    It continues from step ``number`` while steps begin at ``limit`` or before. ``left`` is the transmittance up to
    there.

    Returns:
        Number of the next step (negative: it has left), light added (3 channels), ``left``, place of the last sample
        and its color.
    """
    gx = numbers[volume, 0] * ox + numbers[volume, 1] * oy + numbers[volume, 2] * oz + numbers[volume, 3]
    gy = numbers[volume, 4] * ox + numbers[volume, 5] * oy + numbers[volume, 6] * oz + numbers[volume, 7]
    gz = numbers[volume, 8] * ox + numbers[volume, 9] * oy + numbers[volume, 10] * oz + numbers[volume, 11]
    ex = numbers[volume, 0] * dx + numbers[volume, 1] * dy + numbers[volume, 2] * dz
    ey = numbers[volume, 4] * dx + numbers[volume, 5] * dy + numbers[volume, 6] * dz
    ez = numbers[volume, 8] * dx + numbers[volume, 9] * dy + numbers[volume, 10] * dz
    nx, ny, nz = places[volume, v.SIZE], places[volume, v.SIZE + 1], places[volume, v.SIZE + 2]
    step, low, scale = numbers[volume, v.STEP], numbers[volume, v.LOW], numbers[volume, v.SCALE]
    cells, colors = places[volume, v.CELLS] != 0, places[volume, v.COLORS]
    coarse, across, down = places[volume, v.COARSE], places[volume, v.COARSE_X], places[volume, v.COARSE_Y]
    cut = clips[0] > 0
    side, per_step = np.float32(v.MACRO), _ONE / step
    per_x, per_y, per_z = _ONE / ex, _ONE / ey, _ONE / ez
    red, green, blue = _ZERO, _ZERO, _ZERO
    place, r, g, b = near, _ZERO, _ZERO, _ZERO
    while True:
        start = near + np.float32(number) * step
        if start >= far:
            number = -1
            break
        if start > limit:
            break
        length = min(step, far - start)
        place = start + jitter * length
        x, y, z = gx + place * ex, gy + place * ey, gz + place * ez
        i, j, k = min(max(np.int64(x), 0), nx - 1), min(max(np.int64(y), 0), ny - 1), min(max(np.int64(z), 0), nz - 1)
        bi, bj, bk = i >> v.MACRO_BITS, j >> v.MACRO_BITS, k >> v.MACRO_BITS
        clear = load_uint8(coarse, (bk * down + bj) * across + bi)
        if clear > 0:
            # Along an axis that the ray does not follow it never leaves: the place would be infinite, on either side.
            back = 1 - clear
            leave = far
            if ex != 0:
                leave = min(leave, (np.float32(bi + (clear if ex > 0 else back)) * side - gx) * per_x)
            if ey != 0:
                leave = min(leave, (np.float32(bj + (clear if ey > 0 else back)) * side - gy) * per_y)
            if ez != 0:
                leave = min(leave, (np.float32(bk + (clear if ez > 0 else back)) * side - gz) * per_z)
            number = max(number, np.int64((leave - near) * per_step - jitter)) + 1
            continue
        number += 1
        value = _value(places, volume, i, j, k) if cells else _between(places, volume, x, y, z)
        level = (value - low) * scale + _HALF
        if math.isnan(level):
            continue
        entry = 5 * np.int64(min(max(level, _ZERO), _LAST_LEVEL))
        opacity = load_float32(colors, entry + 3)
        if opacity == 0 or (cut and is_cut(clips.ctypes.data, ox, oy, oz, dx, dy, dz, place)):
            continue
        if length < step:
            opacity = _ONE - math.exp(-load_float32(colors, entry + 4) * length / step)
        r, g, b = load_float32(colors, entry), load_float32(colors, entry + 1), load_float32(colors, entry + 2)
        share = left * opacity
        red += share * r
        green += share * g
        blue += share * b
        left -= share
        if left <= least:
            break
    return number, red, green, blue, left, place, r, g, b


@called
def march(  # noqa: PLR0917
    numbers: Any,
    places: Any,
    clips: Any,
    notes: Any,
    ox: Any,
    oy: Any,
    oz: Any,
    dx: Any,
    dy: Any,
    dz: Any,
    near: Any,
    far: Any,
    jitter: Any,
    least: Any,
) -> Any:
    """Follow a ray through all volumes.

    ``numbers`` and ``places`` are those of ``volumes.Packed``, ``clips`` those of ``tracing.clipping``, ``notes`` is
    float32 (volumes, NOTES), this thread's own. The ray has its origin at (ox, oy, oz) and the direction (dx, dy, dz)
    of length 1; it is followed from ``near`` to ``far``, until a share of light of ``least`` or less comes through.
    ``jitter``, 0..1, says which point of each step stands for it.

    Returns:
        Light added (red, green, blue), share of the light from ``far`` that reaches ``near``, and where the last
        sample was taken and its color (red, green, blue).
    """
    count = numbers.shape[0]
    for volume in range(count):
        first, last = _enter(numbers, places, volume, ox, oy, oz, dx, dy, dz, near, far)
        notes[volume, NEAR], notes[volume, FAR] = first, last
        notes[volume, NEXT] = _ZERO if first < last else -_ONE
    red, green, blue, left = _ZERO, _ZERO, _ZERO, _ONE
    place, r, g, b = far, _ZERO, _ZERO, _ZERO
    while left > least:
        # The volume whose next step comes first is followed until another one's comes.
        chosen, begin, limit = -1, _INFINITE, _INFINITE
        for volume in range(count):
            if notes[volume, NEXT] < 0:
                continue
            start = notes[volume, NEAR] + notes[volume, NEXT] * numbers[volume, v.STEP]
            if start < begin:
                chosen, begin, limit = volume, start, begin
            elif start < limit:
                limit = start
        if chosen < 0:
            break
        number, more_red, more_green, more_blue, left, place, r, g, b = _follow(
            numbers, places, clips, chosen, ox, oy, oz, dx, dy, dz, notes[chosen, NEAR], notes[chosen, FAR],
            np.int64(notes[chosen, NEXT]), limit, jitter, left, least,
        )  # fmt: skip
        notes[chosen, NEXT] = np.float32(number)
        red += more_red
        green += more_green
        blue += more_blue
    return red, green, blue, left, place, r, g, b
