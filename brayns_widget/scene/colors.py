"""Colors that people can tell apart, whatever their eyes.

A renderer takes linear RGBA, 0 to 1; palettes are written in sRGB as usual.
"""

from __future__ import annotations

import colorsys
import math
import zlib
from collections.abc import Iterable, Mapping
from typing import Any

Color = tuple[float, float, float, float]

# The set of Okabe and Ito (2008), "Color Universal Design", without black, which a dark background swallows.
_PALETTE = ("#E69F00", "#56B4E9", "#009E73", "#F0E442", "#0072B2", "#D55E00", "#CC79A7")
# Once they are used up they come again lighter, then darker: (lightness, saturation) factors in HLS.
_VARIANTS = ((1.0, 1.0), (1.35, 0.75), (0.62, 0.9))

# Values that have a customary color in neuroscience: excitation is warm, inhibition cold.
_CUSTOMARY: Mapping[str, Mapping[str, str]] = {
    "synapse class": {"EXC": "#D55E00", "INH": "#56B4E9"},
    "morphology section": {
        "soma": "#F0E442",
        "axon": "#56B4E9",
        "dendrite": "#E69F00",
        "apical_dendrite": "#CC79A7",
    },
}

DARK: Color = (0.004, 0.005, 0.008, 1.0)


def from_srgb(text: str) -> Color:
    """Turn "#RRGGBB" into linear RGBA (IEC 61966-2-1)."""
    red, green, blue = (_linear(int(text[i : i + 2], 16) / 255) for i in (1, 3, 5))
    return red, green, blue, 1.0


def palette(size: int) -> tuple[Color, ...]:
    """Return ``size`` colors, all different up to 21; after that they repeat."""
    colors = []
    for index in range(size):
        lightness, saturation = _VARIANTS[index // len(_PALETTE) % len(_VARIANTS)]
        red, green, blue = (int(_PALETTE[index % len(_PALETTE)][i : i + 2], 16) / 255 for i in (1, 3, 5))
        h, l, s = colorsys.rgb_to_hls(red, green, blue)
        shade = colorsys.hls_to_rgb(h, min(l * lightness, 0.92), s * saturation)
        colors.append((*(_linear(channel) for channel in shade), 1.0))
    return tuple(colors)  # type: ignore[arg-type]


def colors_by_value(method: str, values: Iterable[str]) -> dict[str, Color]:
    """Give each value of a coloring method a color.

    A value has the same color in every circuit wherever possible: its place in the palette is a hash of its name, and
    only when that is taken, the next free one. Up to 21 values all get different colors. Ids of cells, which come as
    ranges such as "0-79,90", go through the palette in turn; cells with the same color share a key.
    """
    if method == "id":
        return _colors_of_ids(values)
    names = sorted(set(values))
    customary = _CUSTOMARY.get(method, {})
    # Shades are used only when there are more values than hues.
    slots = min(math.ceil(len(names) / len(_PALETTE)), len(_VARIANTS)) * len(_PALETTE)
    colors = palette(slots)
    chosen = {name: _PALETTE.index(customary[name]) for name in names if name in customary}
    for name in names:
        if name in chosen:
            continue
        slot = zlib.crc32(name.encode()) % slots
        while slot in chosen.values() and len(chosen) < slots:
            slot = (slot + 1) % slots
        chosen[name] = slot
    return {name: colors[chosen[name]] for name in names}


def _colors_of_ids(ranges: Iterable[str]) -> dict[str, Color]:
    bounds = [part.split("-") for text in ranges for part in text.split(",")]
    ids = [number for first, *last in bounds for number in range(int(first), int(last[0] if last else first) + 1)]
    colors = palette(len(_PALETTE) * len(_VARIANTS))
    keys = [",".join(map(str, ids[slot :: len(colors)])) for slot in range(len(colors))]
    return {key: color for key, color in zip(keys, colors, strict=True) if key}


def parse(value: Any) -> Color:
    """Read a color that a user gave: "#RRGGBB" in sRGB, or three or four linear numbers from 0 to 1.

    Raises:
        ValueError: it is neither.
    """
    if isinstance(value, str):
        if len(value) == 7 and value[0] == "#" and all(c in "0123456789abcdefABCDEF" for c in value[1:]):
            return from_srgb(value)
    elif isinstance(value, tuple | list) and len(value) in {3, 4}:
        channels = [c for c in value if isinstance(c, int | float) and not isinstance(c, bool) and 0 <= c <= 1]
        if len(channels) == len(value):
            red, green, blue, alpha = [float(c) for c in (*channels, 1.0)[:4]]
            return red, green, blue, alpha
    raise ValueError(f'{value!r} is not a color: use "#RRGGBB" or three or four numbers from 0 to 1')


def _linear(channel: float) -> float:
    return channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4
