"""Named groups of what kernels take as arguments. Numba compiles them away: they cost neither time nor memory."""

from __future__ import annotations

from typing import Any, NamedTuple

from numba import types as untyped_types

types: Any = untyped_types  # Numba's annotations are partial


class Scene(NamedTuple):
    """The surfaces that rays can hit.

    Attributes:
        address: of a committed RTCScene.
        table: int64 (G, 4), for each geomID the addresses of its slots (uint32) and colors (float32 RGBA), and of the
            matrix (float32 (3, 3)) for normals if it is an instance, else 0; and whether there are three colors for
            each slot.
        materials: float32 (G, materials.COLUMNS), for each geomID the material.
    """

    address: Any
    table: Any
    materials: Any


class Volumes(NamedTuple):
    """The volumes that rays pass through.

    Attributes:
        numbers: float32 (V, volumes.NUMBERS), see ``volumes.Packed``.
        places: int64 (V, volumes.PLACES).
        clips: float32, cut volumes, see ``tracing.clipping``.
    """

    numbers: Any
    places: Any
    clips: Any


class Tiles(NamedTuple):
    """The tiles of a picture, shared by all threads.

    Attributes:
        state: int64 (2,), number of the next tile, and not 0 to stop before the next tile.
        done: int32 (tiles,), samples that each tile has; tiles that have the current one are left alone.
    """

    state: Any
    done: Any


class Camera(NamedTuple):
    """The rays of a sample.

    Attributes:
        frame: float32 (9, 3), rows as named in ``surfaces``.
        near: float32, rays start at this distance.
        pixel_x: float32, where the sample lies, right of each pixel's corner, see ``sampling.pixel_offset``.
        pixel_y: and down from it.
    """

    frame: Any
    near: Any
    pixel_x: Any
    pixel_y: Any


class Lighting(NamedTuple):
    """Lights and their effects.

    Attributes:
        ambient: float32 (3,), radiance of the ambient light.
        lights: float32 (L, lights.COLUMNS), see ``tracing.lights``.
        ao_samples: rays for ambient occlusion.
        shadows: bits SHADOWED and VEILED of ``lights``.
        bounces: how many surfaces a ray hits, or at how many a path is lit, at most; at least 1.
    """

    ambient: Any
    lights: Any
    ao_samples: Any
    shadows: Any
    bounces: Any


class Picture(NamedTuple):
    """Where a sample goes.

    Attributes:
        background: float32 (4,), RGBA.
        sample: number of this sample; 0 overwrites the sums.
        tone: uint8 (TABLE_SIZE,), see ``tonemap.tone_table``.
        mask: uint8, which pixels are traced, see ``cover.whole_mask``; the others show the background. Path tracers
            and kernels of volumes trace all.
        sums: float32 (height, width, 4), sums of linear RGBA; (0, 0, 4) if there will be one sample only.
        image: uint32 (height, width), the picture of all samples so far, RGBA from the lowest byte up.
    """

    background: Any
    sample: Any
    tone: Any
    mask: Any
    sums: Any
    image: Any


class Block(NamedTuple):
    """A block of 4x4 pixels, one for each ray of a packet.

    Attributes:
        x0: column of its first pixel.
        y0: row of its first pixel.
        width: of the picture.
        height: of the picture.
        sample: number of this sample.
    """

    x0: Any
    y0: Any
    width: Any
    height: Any
    sample: Any


def _array(kind: Any, dimensions: int) -> Any:
    return types.Array(kind, dimensions, "C")


SCRATCH = (_array(types.float32, 2), _array(types.int32, 2))
SCENE = types.NamedTuple((types.int64, _array(types.int64, 2), _array(types.float32, 2)), Scene)
VOLUMES = types.NamedTuple((_array(types.float32, 2), _array(types.int64, 2), _array(types.float32, 1)), Volumes)
TILES = types.NamedTuple((_array(types.int64, 1), _array(types.int32, 1)), Tiles)
CAMERA = types.NamedTuple((_array(types.float32, 2), types.float32, types.float32, types.float32), Camera)
LIGHTING = types.NamedTuple(
    (_array(types.float32, 1), _array(types.float32, 2), types.int64, types.int64, types.int64), Lighting
)
PICTURE = types.NamedTuple(
    (
        _array(types.float32, 1),
        types.int64,
        _array(types.uint8, 1),
        _array(types.uint8, 2),
        _array(types.float32, 3),
        _array(types.uint32, 2),
    ),
    Picture,
)
