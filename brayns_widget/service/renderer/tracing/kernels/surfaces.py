"""The tracing kernel: camera rays, shading, accumulation and tone mapping of one picture, tile by tile.

Rays go to Embree in packets of 16, a block of 4x4 pixels each; packets for shadows and ambient occlusion mask out
lanes without a hit. Shading is that of the real renderer (a matte surface of OSPRay's "scivis")::

    color * (ambient * unoccluded + sum over lights of irradiance / pi * max(0, cos) * unshadowed)

Every thread calls ``trace`` with the same arguments but its own scratch, and takes tiles from a shared counter until
none is left, so that a frame is traced without Python.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from brayns_widget.service.renderer.tracing.embree import SHADOWS
from brayns_widget.service.renderer.tracing.ground import (
    BLEND,
    FOG,
    FOG_OFFSET,
    FOG_STRENGTH,
    SHOWN,
    SHOWN_ALPHA,
    SQUARES,
)
from brayns_widget.service.renderer.tracing.kernels.native import (
    called,
    inlined,
    intersect16,
    kernel,
    load_float32,
    load_uint32,
    occluded16,
    take_number,
)
from brayns_widget.service.renderer.tracing.tonemap import TABLE_SCALE, TABLE_SIZE

TILE = 32  # pixels a side, a multiple of 4

# Rows of scratch, 16 lanes each. First RTCRayHit16 (org x y z, tnear, dir x y z, time, tfar, mask, id, flags; then
# Ng x y z, u, v, primID, geomID, instID, instPrimID).
ORG, TNEAR, DIR, TIME, TFAR, MASK, FLAGS = 0, 3, 4, 7, 8, 9, 11
NORMAL, WEIGHTS, PRIMITIVE, GEOMETRY, INSTANCE = 12, 15, 17, 18, 19
# RTCRay16 of shadow and ambient rays, in the order above.
RAY = 24
# Which lanes of the first and of the second packet are active: -1, else 0.
VALID, RAY_VALID = 36, 37
# For each lane: surface color (RGBA), light that arrives, share of ambient light, cosine.
COLOR, LIGHT, OPEN, COSINE = 40, 44, 47, 48
SCRATCH_ROWS = 49

# Entries of ``state``.
NEXT_TILE, STOP = 0, 1

# Rows of ``camera``, see ``camera.ray_frame``.
ORIGIN, ORIGIN_U, ORIGIN_V, DIRECTION, DIRECTION_U, DIRECTION_V, TURN, FRONT, SIDE = range(9)

NONE = -1  # RTC_INVALID_GEOMETRY_ID
ZERO, HALF, ONE = np.float32(0), np.float32(0.5), np.float32(1)
INFINITE = np.float32(np.inf)
EPSILON = np.float32(2.0**-18)  # of the largest coordinate: how far off the surface secondary rays start
_LOWEST_COSINE = np.float32(0.01)  # ambient rays closer to the surface count as occluded, as in the real renderer
TWO_PI = np.float32(2 * math.pi)
_HASH_TO_ONE = np.float32(2.0**-16)
_SCALE = np.float32(TABLE_SCALE)
_LAST = np.float32(TABLE_SIZE - 1)
# Roberts' R2 sequence: well spread in two dimensions after any number of points.
SPREAD_U, SPREAD_V = 0.7548776662466927, 0.5698402909980532


@inlined
def spread(pixel: Any, shift_u: Any, shift_v: Any) -> Any:
    """Make two numbers in 0..1 from a hash of the pixel's number, shifted by a step of the sequence."""
    # Two rounds of xor-shift and multiply; the masks undo Numba's widening to 64 bits.
    number = ((pixel ^ (pixel >> 16)) * 0x45D9F3B) & 0xFFFFFFFF
    number = ((number ^ (number >> 16)) * 0x45D9F3B) & 0xFFFFFFFF
    number ^= number >> 16
    u = np.float32(number & 0xFFFF) * _HASH_TO_ONE + shift_u
    v = np.float32(number >> 16) * _HASH_TO_ONE + shift_v
    # Both are below 2; their fractions are below 1 even after rounding.
    return u - ONE if u >= ONE else u, v - ONE if v >= ONE else v


@inlined
def _bend(  # noqa: PLR0917
    f: Any, camera: Any, x0: Any, y0: Any, step_u: Any, step_v: Any, pixel_x: Any, pixel_y: Any
) -> None:
    """Aim the first packet's rays for a cylindric camera, whose columns are angles."""
    for lane in range(16):
        x, y = np.float32(x0 + (lane & 3)) + pixel_x, np.float32(y0 + (lane >> 2)) + pixel_y
        angle = camera[TURN, 0] + x * step_u * camera[TURN, 1]
        front, side = math.cos(angle), math.sin(angle)
        square = ZERO
        for axis in range(3):
            part = camera[DIRECTION, axis] + y * step_v * camera[DIRECTION_V, axis]
            part += front * camera[FRONT, axis] + side * camera[SIDE, axis]
            f[DIR + axis, lane] = part
            square += part * part
        scale = ONE / math.sqrt(square)
        for axis in range(3):
            f[DIR + axis, lane] *= scale


@inlined
def aim(  # noqa: PLR0917
    f: Any, i: Any, camera: Any, x0: Any, y0: Any, width: Any, height: Any, pixel_x: Any, pixel_y: Any, near: Any
) -> None:
    """Fill the first packet with the camera's rays through the block of pixels whose corner is (x0, y0)."""
    # Numba loads array elements again after every store to another array, and does not vectorize then: local names.
    step_u, step_v = np.float32(1 / width), np.float32(1 / height)
    ox, oy, oz = camera[ORIGIN, 0], camera[ORIGIN, 1], camera[ORIGIN, 2]
    oxu, oyu, ozu = camera[ORIGIN_U, 0] * step_u, camera[ORIGIN_U, 1] * step_u, camera[ORIGIN_U, 2] * step_u
    oxv, oyv, ozv = camera[ORIGIN_V, 0] * step_v, camera[ORIGIN_V, 1] * step_v, camera[ORIGIN_V, 2] * step_v
    dx, dy, dz = camera[DIRECTION, 0], camera[DIRECTION, 1], camera[DIRECTION, 2]
    dxu, dyu, dzu = camera[DIRECTION_U, 0] * step_u, camera[DIRECTION_U, 1] * step_u, camera[DIRECTION_U, 2] * step_u
    dxv, dyv, dzv = camera[DIRECTION_V, 0] * step_v, camera[DIRECTION_V, 1] * step_v, camera[DIRECTION_V, 2] * step_v
    for lane in range(16):
        x, y = np.float32(x0 + (lane & 3)) + pixel_x, np.float32(y0 + (lane >> 2)) + pixel_y
        rx, ry, rz = dx + x * dxu + y * dxv, dy + x * dyu + y * dyv, dz + x * dzu + y * dzv
        scale = ONE / math.sqrt(rx * rx + ry * ry + rz * rz)
        f[DIR, lane], f[DIR + 1, lane], f[DIR + 2, lane] = rx * scale, ry * scale, rz * scale
        f[ORG, lane] = ox + x * oxu + y * oxv
        f[ORG + 1, lane] = oy + x * oyu + y * oyv
        f[ORG + 2, lane] = oz + x * ozu + y * ozv
        f[TNEAR, lane] = near
        f[TFAR, lane] = INFINITE
    if camera[TURN, 1] != ZERO:
        _bend(f, camera, x0, y0, step_u, step_v, pixel_x, pixel_y)
    columns, rows = width - x0, height - y0
    for lane in range(16):
        i[GEOMETRY, lane] = NONE
        i[VALID, lane] = -1 if (lane & 3) < columns and (lane >> 2) < rows else 0


@inlined
def any_marked(mask: Any, x0: Any, y0: Any) -> Any:
    """Whether any pixel of a block is to be traced."""
    marked = 0
    for row in range(4):
        for column in range(4):
            marked |= mask[y0 + row, x0 + column]
    return marked != 0


@inlined
def meet(f: Any, i: Any, scene: Any, table: Any, at: Any, valid: Any) -> None:  # noqa: PLR0917 - Numba knows no keywords
    """Trace the packet at row ``at`` for the lanes that row ``valid`` marks.

    Hits in an instance get the instance's geomID, and their normals are brought to world space.
    """
    start = f.ctypes.data
    intersect16(start + 64 * valid, scene, start + 64 * at, 0)
    for lane in range(16):
        number = i[at + INSTANCE, lane]
        if i[at + GEOMETRY, lane] == NONE or number == NONE:
            continue
        i[at + GEOMETRY, lane], i[at + INSTANCE, lane] = number, NONE
        x, y, z = f[at + NORMAL, lane], f[at + NORMAL + 1, lane], f[at + NORMAL + 2, lane]
        for axis in range(3):
            row = 3 * axis
            f[at + NORMAL + axis, lane] = (
                load_float32(table[number, 2], row) * x
                + load_float32(table[number, 2], row + 1) * y
                + load_float32(table[number, 2], row + 2) * z
            )


@inlined
def blended(f: Any, colors: Any, slot: Any, at: Any, lane: Any, channel: Any) -> Any:  # noqa: PLR0917 - no keywords
    """Interpolate one channel of the color between a triangle's corners, at the hit of the packet at row ``at``."""
    u, v = f[at + WEIGHTS, lane], f[at + WEIGHTS + 1, lane]
    first = 12 * slot + channel
    return (
        (ONE - u - v) * load_float32(colors, first)
        + u * load_float32(colors, first + 4)
        + v * load_float32(colors, first + 8)
    )


@inlined
def find_surface(f: Any, i: Any, table: Any) -> None:
    """Find each hit's normal (towards the viewer), color, and where secondary rays start."""
    for lane in range(16):
        if i[GEOMETRY, lane] == NONE:
            continue
        nx, ny, nz = f[NORMAL, lane], f[NORMAL + 1, lane], f[NORMAL + 2, lane]
        dx, dy, dz = f[DIR, lane], f[DIR + 1, lane], f[DIR + 2, lane]
        length = math.sqrt(nx * nx + ny * ny + nz * nz)
        scale = ONE / length if length > 0 else ZERO
        if nx * dx + ny * dy + nz * dz > 0:
            scale = -scale
        nx, ny, nz = nx * scale, ny * scale, nz * scale
        far = f[TFAR, lane]
        px, py, pz = f[ORG, lane] + far * dx, f[ORG + 1, lane] + far * dy, f[ORG + 2, lane] + far * dz
        offset = max(abs(px), abs(py), abs(pz), far) * EPSILON
        f[NORMAL, lane], f[NORMAL + 1, lane], f[NORMAL + 2, lane] = nx, ny, nz
        f[RAY + ORG, lane] = px + nx * offset
        f[RAY + ORG + 1, lane] = py + ny * offset
        f[RAY + ORG + 2, lane] = pz + nz * offset
        geometry = i[GEOMETRY, lane]
        slot = load_uint32(table[geometry, 0], np.int64(i[PRIMITIVE, lane]))
        if table[geometry, 3] == 0:
            for channel in range(4):
                f[COLOR + channel, lane] = load_float32(table[geometry, 1], 4 * slot + channel)
        else:
            for channel in range(4):
                f[COLOR + channel, lane] = blended(f, table[geometry, 1], slot, 0, lane, channel)


@inlined
def send_far(f: Any) -> None:
    """Extend the second packet's rays from their origins to infinity."""
    for lane in range(16):
        f[RAY + TNEAR, lane] = ZERO
        f[RAY + TFAR, lane] = INFINITE


@inlined
def block_rays(f: Any, scene: Any) -> None:
    """Trace the second packet; afterwards tfar of occluded lanes is negative."""
    send_far(f)
    start = f.ctypes.data
    occluded16(start + 64 * RAY_VALID, scene, start + 64 * RAY, 0)


@inlined
def aim_ambient(  # noqa: PLR0917
    f: Any, i: Any, x0: Any, y0: Any, width: Any, number: Any
) -> None:
    """Aim the second packet's rays into the hemisphere, weighted by the cosine; ``number`` counts over samples."""
    shift_u = np.float32(number * SPREAD_U % 1)
    shift_v = np.float32(number * SPREAD_V % 1)
    for lane in range(16):
        i[RAY_VALID, lane] = 0
        if i[GEOMETRY, lane] == NONE:
            continue
        u, v = spread((y0 + (lane >> 2)) * width + x0 + (lane & 3), shift_u, shift_v)
        # A point of the unit disc, lifted to the hemisphere around the normal (Malley's method).
        radius, angle = math.sqrt(u), TWO_PI * v
        x, y = radius * math.cos(angle), radius * math.sin(angle)
        z = math.sqrt(ONE - u)
        if z < _LOWEST_COSINE:
            continue
        nx, ny, nz = f[NORMAL, lane], f[NORMAL + 1, lane], f[NORMAL + 2, lane]
        # An orthonormal basis without branches (Duff et al., JCGT 2017).
        sign = math.copysign(ONE, nz)
        a = -ONE / (sign + nz)
        b = nx * ny * a
        f[RAY + DIR, lane] = x * (ONE + sign * nx * nx * a) + y * b + z * nx
        f[RAY + DIR + 1, lane] = x * sign * b + y * (sign + ny * ny * a) + z * ny
        f[RAY + DIR + 2, lane] = -x * sign * nx - y * ny + z * nz
        i[RAY_VALID, lane] = -1


@inlined
def set_ambient(f: Any, ambient: Any, rays: Any) -> None:
    """Set the ambient light by the share of rays that were not occluded."""
    for lane in range(16):
        share = f[OPEN, lane] / np.float32(rays) if rays > 0 else ONE
        for channel in range(3):
            f[LIGHT + channel, lane] = ambient[channel] * share


@inlined
def _add_ambient(  # noqa: PLR0917
    f: Any, i: Any, scene: Any, ambient: Any, x0: Any, y0: Any, width: Any, sample: Any, rays: Any
) -> None:
    for lane in range(16):
        f[OPEN, lane] = ZERO
    for ray in range(rays):
        aim_ambient(f, i, x0, y0, width, sample * rays + ray)
        block_rays(f, scene)
        for lane in range(16):
            if i[RAY_VALID, lane] != 0 and f[RAY + TFAR, lane] >= 0:
                f[OPEN, lane] += ONE
    set_ambient(f, ambient, rays)


@inlined
def face_directional(f: Any, i: Any, light: Any) -> Any:
    """Set each lane's cosine to a directional light, a row of ``tracing.lights``; returns how many lanes face it."""
    lit = 0
    for lane in range(16):
        cosine = f[NORMAL, lane] * light[0] + f[NORMAL + 1, lane] * light[1] + f[NORMAL + 2, lane] * light[2]
        faces = i[GEOMETRY, lane] != NONE and cosine > 0
        f[COSINE, lane] = cosine if faces else ZERO
        i[RAY_VALID, lane] = -1 if faces else 0
        lit += faces
    return lit


@inlined
def aim_directional(f: Any, light: Any) -> None:
    """Point the second packet's rays at a directional light."""
    for lane in range(16):
        for axis in range(3):
            f[RAY + DIR + axis, lane] = light[axis]


@inlined
def add_light(f: Any, light: Any) -> None:
    """Add the light of a row of ``tracing.lights``, by each lane's cosine."""
    for lane in range(16):
        for channel in range(3):
            f[LIGHT + channel, lane] += f[COSINE, lane] * light[3 + channel]


@inlined
def _add_directional(f: Any, i: Any, scene: Any, light: Any, shadows: Any) -> None:
    if face_directional(f, i, light) == 0:
        return
    if shadows != 0:
        aim_directional(f, light)
        block_rays(f, scene)
        for lane in range(16):
            if f[RAY + TFAR, lane] < 0:
                f[COSINE, lane] = ZERO
    add_light(f, light)


@inlined
def fog_of(f: Any, lane: Any, background: Any) -> Any:
    """Compute the share of the background in what is seen of a lane's surface, see ``tracing.ground``."""
    strength = background[FOG_STRENGTH]
    if strength <= 0:
        return ZERO
    depth = background[FOG_OFFSET]
    for axis in range(3):
        depth += background[FOG + axis] * (f[ORG + axis, lane] + f[TFAR, lane] * f[DIR + axis, lane])
    return strength * min(max(depth, ZERO), ONE)


@inlined
def _tone(value: Any, tone: Any) -> Any:
    """Look the byte for linear light up; negative numbers and NaN are black."""
    place = math.sqrt(value) * _SCALE if value > 0 else ZERO
    return np.int64(tone[np.int64(min(place, _LAST))])


@inlined
def pack_pixel(  # noqa: PLR0917
    red: Any, green: Any, blue: Any, opacity: Any, tone: Any, background: Any
) -> Any:
    """Pack a pixel of the picture, RGBA from the lowest byte up."""
    if background[BLEND] > 0 and opacity < ONE:
        return _pack_over(red, green, blue, opacity, tone, background)
    alpha = np.int64(opacity * np.float32(255) + HALF)
    return _tone(red, tone) | _tone(green, tone) << 8 | _tone(blue, tone) << 16 | alpha << 24


@called
def _pack_over(  # noqa: PLR0917
    red: Any, green: Any, blue: Any, opacity: Any, tone: Any, background: Any
) -> Any:
    """Pack a pixel in which one sees past the surfaces to what lies behind the picture."""
    behind = (ONE - opacity) * background[SHOWN_ALPHA]
    whole = opacity + behind
    if whole <= 0:
        return np.int64(0)
    share, rest = opacity / whole, behind / whole
    scale = ONE / opacity if opacity > 0 else ZERO
    squares = background[BLEND] == SQUARES
    packed = np.int64(whole * np.float32(255) + HALF) << 24
    for channel in range(3):
        light = red if channel == 0 else green if channel == 1 else blue
        near, far = np.float32(_tone(light * scale, tone)) / np.float32(255), background[SHOWN + channel]
        if squares:
            mixed = np.float32(math.sqrt(share * near * near + rest * far * far))
        else:
            near, far = ONE - near, ONE - far
            mixed = ONE - np.float32(math.sqrt(share * near * near + rest * far * far))
        packed |= np.int64(mixed * np.float32(255) + HALF) << (8 * channel)
    return packed


@inlined
def prepare_rays(f: Any, i: Any) -> None:
    """Fill in what all rays share: the first packet hits what is visible, the second what casts shadows."""
    for lane in range(16):
        for ray in (0, RAY):
            f[ray + TIME, lane] = ZERO
            i[ray + MASK, lane] = -1 if ray == 0 else SHADOWS
            i[ray + FLAGS, lane] = 0
        i[INSTANCE, lane] = NONE


@inlined
def _next_tile(state: Any, done: Any, sample: Any) -> Any:
    """Take the next tile that lacks this sample; -1 if none is left, or to stop."""
    while state[STOP] == 0:
        tile = take_number(state.ctypes.data + 8 * NEXT_TILE)
        if tile >= done.shape[0]:
            return -1
        if done[tile] <= sample:
            return tile
    return -1


@inlined
def blocks(state: Any, done: Any, sample: Any, width: Any, height: Any) -> Any:
    """Go through the blocks of the tiles that this thread takes from a shared counter: column and row of each."""
    across = (width + TILE - 1) // TILE
    while True:
        tile = _next_tile(state, done, sample)
        if tile < 0:
            break
        left, top = tile % across * TILE, tile // across * TILE
        for y0 in range(top, min(top + TILE, height), 4):
            for x0 in range(left, min(left + TILE, width), 4):
                yield x0, y0
        done[tile] = sample + 1


@inlined
def show_block(  # noqa: PLR0917
    f: Any, row: Any, x0: Any, y0: Any, background: Any, sample: Any, tone: Any, sums: Any, image: Any
) -> None:
    """Add a sample, RGBA in four rows of scratch from ``row`` on, to a block of pixels, and show the mean of all."""
    height, width = image.shape
    keep = sums.shape[0] > 0
    weight = ONE / np.float32(sample + 1)
    for lane in range(16):
        x, y = x0 + (lane & 3), y0 + (lane >> 2)
        if x >= width or y >= height:
            continue
        red, green, blue, opacity = f[row, lane], f[row + 1, lane], f[row + 2, lane], f[row + 3, lane]
        if sample > 0:
            red += sums[y, x, 0]
            green += sums[y, x, 1]
            blue += sums[y, x, 2]
            opacity += sums[y, x, 3]
        if keep:
            sums[y, x, 0], sums[y, x, 1], sums[y, x, 2], sums[y, x, 3] = red, green, blue, opacity
        image[y, x] = pack_pixel(red * weight, green * weight, blue * weight, opacity * weight, tone, background)


# Kernels take arrays and numbers one by one: in named tuples (scene, tiles, camera, lighting, picture) they would
# run as fast, but take 8 to 13 % longer to compile: 2 s for all five.
@kernel
def trace(  # noqa: PLR0917 - Numba knows no keywords
    scene: Any,
    table: Any,
    f: Any,
    i: Any,
    state: Any,
    done: Any,
    camera: Any,
    near: Any,
    ambient: Any,
    lights: Any,
    ao_samples: Any,
    shadows: Any,
    background: Any,
    sample: Any,
    pixel_x: Any,
    pixel_y: Any,
    tone: Any,
    mask: Any,
    sums: Any,
    image: Any,
) -> None:
    """Add one sample to each pixel of the tiles that this thread takes.

    Args:
        scene: address of a committed RTCScene.
        table: int64 (G, 4), for each geomID the addresses of its slots (uint32) and colors (float32 RGBA), and of
            the matrix (float32 (3, 3)) for normals if it is an instance, else 0; and whether there are three colors
            for each slot.
        f: float32 (SCRATCH_ROWS, 16), 64-byte aligned, this thread's own.
        i: int32 view of the same memory.
        state: int64 (2,), shared: number of the next tile, and not 0 to stop before the next tile.
        done: int32 (tiles,), samples that each tile has; tiles with more than ``sample`` are left alone.
        camera: float32 (9, 3), rows as named above.
        near: rays start at this distance.
        ambient: float32 (3,), radiance of the ambient light.
        lights: float32 (L, lights.COLUMNS), directional lights, see ``tracing.lights``.
        ao_samples: rays for ambient occlusion.
        shadows: 0 or 1.
        background: float32 (ground.COLUMNS,), see ``ground.packed_background``.
        sample: number of this sample; 0 overwrites the sums.
        pixel_x: where the sample lies, right of each pixel's corner, see ``sampling.pixel_offset``.
        pixel_y: and down from it.
        tone: uint8 (TABLE_SIZE,), see ``tonemap.tone_table``.
        mask: uint8, which pixels are traced, see ``cover.whole_mask``; the others show the background.
        sums: float32 (height, width, 4), sums of linear RGBA; (0, 0, 4) if there will be one sample only.
        image: uint32 (height, width), the picture of all samples so far, RGBA from the lowest byte up.
    """
    height, width = image.shape
    keep = sums.shape[0] > 0
    near, pixel_x, pixel_y = np.float32(near), np.float32(pixel_x), np.float32(pixel_y)
    weight = ONE / np.float32(sample + 1)
    prepare_rays(f, i)
    red0, green0, blue0 = background[0], background[1], background[2]
    alpha = min(max(background[3], ZERO), ONE)
    empty = pack_pixel(red0, green0, blue0, alpha, tone, background)
    for x0, y0 in blocks(state, done, sample, width, height):
        hits = 0
        if any_marked(mask, x0, y0):
            aim(f, i, camera, x0, y0, width, height, pixel_x, pixel_y, near)
            for lane in range(16):
                i[VALID, lane] = -np.int32(mask[y0 + (lane >> 2), x0 + (lane & 3)])
            meet(f, i, scene, table, 0, VALID)
            for lane in range(16):
                hits += i[GEOMETRY, lane] != NONE
        columns, rows = min(4, width - x0), min(4, height - y0)
        if hits == 0 and sample == 0:
            for y in range(y0, y0 + rows):
                for x in range(x0, x0 + columns):
                    image[y, x] = empty
                    if keep:
                        sums[y, x, 0], sums[y, x, 1], sums[y, x, 2], sums[y, x, 3] = red0, green0, blue0, alpha
            continue
        if hits > 0:
            find_surface(f, i, table)
            _add_ambient(f, i, scene, ambient, x0, y0, width, sample, ao_samples)
            for light in range(lights.shape[0]):
                _add_directional(f, i, scene, lights[light], shadows)
        # As ``show_block``, which costs two per cent here.
        for row in range(rows):
            for column in range(columns):
                lane = 4 * row + column
                y, x = y0 + row, x0 + column
                red, green, blue, opacity = red0, green0, blue0, alpha
                if hits > 0 and i[GEOMETRY, lane] != NONE:
                    fog = fog_of(f, lane, background)
                    clear = ONE - fog
                    red = clear * f[COLOR, lane] * f[LIGHT, lane] + fog * red0
                    green = clear * f[COLOR + 1, lane] * f[LIGHT + 1, lane] + fog * green0
                    blue = clear * f[COLOR + 2, lane] * f[LIGHT + 2, lane] + fog * blue0
                    opacity = clear + fog * alpha
                if sample > 0:
                    red += sums[y, x, 0]
                    green += sums[y, x, 1]
                    blue += sums[y, x, 2]
                    opacity += sums[y, x, 3]
                if keep:
                    sums[y, x, 0], sums[y, x, 1], sums[y, x, 2], sums[y, x, 3] = red, green, blue, opacity
                image[y, x] = pack_pixel(
                    red * weight, green * weight, blue * weight, opacity * weight, tone, background
                )
