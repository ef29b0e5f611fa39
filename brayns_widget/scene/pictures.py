"""How pictures are made: lights, the renderer's settings, snapshots."""

from __future__ import annotations

from pathlib import PurePath
from typing import Any

from brayns_widget.protocol.errors import ProtocolError
from brayns_widget.scene.camera import Camera
from brayns_widget.scene.colors import Rgba

MIN_SIZE = 16
MAX_SIZE = 8192
MAX_SAMPLES = 1024
FORMATS = {"png": "png", "jpg": "jpg", "jpeg": "jpg"}

# A strong light from above the viewer's right shoulder, a weaker one from below on the far side so that the back is
# not flat, and some light from everywhere. Directions are those in which the light travels.
LIGHTS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("add-light-ambient", {"intensity": 0.8, "color": [1.0, 1.0, 1.0]}),
    ("add-light-directional", {"intensity": 4.0, "color": [1.0, 1.0, 1.0], "direction": [-0.5, -1.0, -1.0]}),
    ("add-light-directional", {"intensity": 1.5, "color": [1.0, 1.0, 1.0], "direction": [0.5, 0.4, 1.0]}),
)

# Our renderer's own: without it neurites thinner than a pixel are speckle, and far views nearly empty.
RADIUS_FLOOR: tuple[str, dict[str, Any]] = ("set-radius-floor", {"pixels": 0.5})


def renderer_params(background: Rgba, *, samples: int = 1, ao_samples: int = 0) -> dict[str, Any]:
    """Return all parameters of ``set-renderer-interactive``, so that none keeps an older value."""
    return {
        "samples_per_pixel": samples,
        "ao_samples": ao_samples,
        "enable_shadows": True,
        "max_ray_bounces": 3,
        "background_color": list(background),
    }


def snapshot_params(
    camera: Camera, background: Rgba, *, size: tuple[int, int], samples: int, image_format: str
) -> dict[str, Any]:
    """Return the parameters of ``snapshot``.

    Args:
        camera: what to look through.
        background: linear RGBA.
        size: width and height in pixels, 16 to 8192.
        samples: samples per pixel, 1 to 1024.
        image_format: "png" or "jpg".

    Raises:
        ValueError: a value is out of range.
    """
    width, height = size
    if not (MIN_SIZE <= width <= MAX_SIZE and MIN_SIZE <= height <= MAX_SIZE):
        raise ValueError(f"picture size is {width}x{height}, not between {MIN_SIZE} and {MAX_SIZE} pixels a side")
    if not 1 <= samples <= MAX_SAMPLES:
        raise ValueError(f"samples is {samples}, not between 1 and {MAX_SAMPLES}")
    if image_format not in FORMATS:
        raise ValueError(f"picture format is {image_format!r}, not one of {', '.join(sorted(FORMATS))}")
    return {
        "image_settings": {"format": FORMATS[image_format], "quality": 95, "size": [width, height]},
        "camera": {"name": camera.type, "params": camera.projection},
        "camera_view": camera.view,
        "renderer": {"name": "interactive", "params": renderer_params(background, samples=samples, ao_samples=1)},
    }


def read_snapshot(result: Any, payload: memoryview) -> bytes:
    """Take the picture out of the answer to ``snapshot``.

    Raises:
        ProtocolError: the answer says it lies outside of what came.
    """
    try:
        offset, size = int(result["color_buffer"]["offset"]), int(result["color_buffer"]["size"])
    except (KeyError, TypeError, ValueError) as error:
        raise ProtocolError(f"The renderer described a picture in an unknown way: {error!r}.") from error
    if offset < 0 or size <= 0 or offset + size > len(payload):
        raise ProtocolError(f"The renderer sent {len(payload)} bytes for a picture of {size} bytes at {offset}.")
    return bytes(payload[offset : offset + size])


def format_of(path: PurePath | None, chosen: str | None) -> str:
    """Return the picture format: the chosen one, or the one that a file's name asks for, or "png"."""
    if chosen is not None:
        return chosen.lower()
    return path.suffix.lower().lstrip(".") if path is not None and path.suffix else "png"
