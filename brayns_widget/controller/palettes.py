"""Colors for categories, distinguishable with normal and with color-deficient vision.

All were found by a search for the largest smallest distance, on a grid in sRGB: in ``PALETTE`` 12 colors, which begin
with those that are customary for excitation, inhibition and somas, then 16 more, each time the best to go on with. The
grid has a lightness L* from 36 to 88 and a chroma above 16, so that they show on black and on white and are not taken
for #808080, the gray of missing values. The distance is CIEDE2000 as seen by eyes without M cones (deutan), by eyes
without L cones (protan; both by the matrices of Machado, Oliveira and Fernandes 2009, severity 1.0), or by others; the
smallest of the three counts, that of others divided by 1.3. Smallest distances between two of the first colors:

=====  ======  ======  ======
first  normal  deutan  protan
=====  ======  ======  ======
6      19.3    17.1    20.2
12     18.3    13.9    14.2
20     11.8    8.6     8.9
28     10.5    8.1     8.1
=====  ======  ======  ======

Fewer than thirty colors can be told apart so, and light changes lightness. Types of cells are more, and are named after
layers, such as "L23_MC". Beyond twelve of them, each layer has a hue, warm and cold in turn (``LAYERS``), and its types
have steps of lightness and chroma in it: neighbors in the alphabet differ by at least 12 for all eyes, any two by 3.5.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterable, Mapping
from types import MappingProxyType

from brayns_widget.protocol.colors import Rgba, from_srgb, to_hex

PALETTE = (
    "#D55E00", "#56B4E9", "#F0E442", "#883388", "#006655", "#DDDDBB",
    "#5577FF", "#BB0000", "#BB9977", "#AADDDD", "#5500FF", "#BB1155",
    "#FF8800", "#BB6655", "#667799", "#AADDFF", "#FFBB88", "#885577",
    "#66AA99", "#9988BB", "#0055BB", "#006611", "#55CC55", "#CC5577",
    "#0077BB", "#FF6699", "#33CCBB", "#66BBCC",
)  # fmt: skip

# Names are spread over the first six; on a collision they move to the next six, then to the first free one.
_TIERS = (range(6), range(6, 12))
_TELLING = 12  # values that all eyes tell apart by PALETTE alone

LAYERS = (
    (  # 1: yellow
        "#FFD287", "#B4A54B", "#87784B", "#F0E1A5", "#B4965A", "#FFE15A", "#69870F", "#D2B45A",
        "#879669", "#87691E", "#F0B400", "#87873C", "#D2C387", "#694B00", "#D2D25A", "#B4B487",
    ),
    (  # 2 and 3: blue
        "#6978C3", "#B4C3FF", "#3C87FF", "#4B5AB4", "#87B4FF", "#0F5A78", "#0069FF", "#78B4D2",
        "#2D6996", "#0FA5FF", "#1E4BA5", "#3C7896", "#8787D2", "#D2D2FF", "#004BFF", "#5A96B4",
    ),
    (  # 4: red
        "#875A2D", "#FF783C", "#D24B5A", "#F08778", "#B44B00", "#FFC3C3", "#B45A69", "#FF3C4B",
        "#D28787", "#C30F4B", "#C3785A", "#A51E0F", "#C36900", "#962D3C", "#FFC3A5", "#D21E3C",
    ),
    (  # 5: turquoise
        "#69C3B4", "#005A5A", "#4B9696", "#78F0F0", "#1E8769", "#5AA5B4", "#1E6978", "#87D2D2",
        "#3C7869", "#69E1C3", "#3C8796", "#3CA587", "#1E5A4B", "#A5F0E1", "#2D7878", "#69B4B4",
    ),
    (  # 6: purple
        "#D269A5", "#871E96", "#8778E1", "#874B69", "#F096E1", "#B45AB4", "#962D5A", "#F0B4D2",
        "#1E1EFF", "#A53C87", "#B487F0", "#7800D2", "#F078A5", "#FFD2F0", "#785AE1", "#A55A87",
    ),
    (  # any other: green
        "#4BB469", "#1E783C", "#00E196", "#2DFF00", "#1E694B", "#2DB487", "#2DE12D", "#C3E1B4",
        "#69B400", "#4BF078", "#5A9678", "#00A51E", "#2D5A2D", "#5AD269", "#4B785A", "#96C3A5",
    ),
)  # fmt: skip
_LAYER = re.compile(r"L(?:ayer)?[ _]?(\d)(?:[_/]?\d)?(?!\d)")
_HUES = {"1": 0, "2": 1, "3": 1, "4": 2, "5": 3, "6": 4}

# Values that have a color of their own: excitation is warm, inhibition cold, as is customary.
_EXCITATION, _INHIBITION = "#D55E00", "#56B4E9"
_CUSTOMARY: Mapping[str, Mapping[str, str]] = {
    "synapse class": {"EXC": _EXCITATION, "INH": _INHIBITION},
    "ei": {"e": _EXCITATION, "i": _INHIBITION},
    "direction": {"afferent": "#F0E442", "efferent": "#5577FF"},
    "morphology section": {
        "soma": "#F0E442",
        "axon": "#56B4E9",
        "dendrite": "#D55E00",
        "apical_dendrite": "#883388",
    },
    # Of each layer's hue that which differs most from those of the others, so that types of cells look alike.
    "layer": {"1": "#FFE15A", "2": "#B4C3FF", "3": "#3C87FF", "4": "#FF783C", "5": "#69E1C3", "6": "#D269A5"},
}
_NONE: Mapping[str, Rgba] = MappingProxyType({})


def palette(size: int) -> tuple[Rgba, ...]:
    """Return ``size`` colors, all different up to 28; after that they repeat."""
    return tuple(_LINEAR[index % len(_LINEAR)] for index in range(size))


def colors_of_names(kind: str, names: Iterable[str], given: Mapping[str, Rgba] = _NONE) -> dict[str, Rgba]:
    """Give each value of an attribute a color.

    A value has the same color in every circuit wherever possible: its place in the palette is a hash of its name, and
    only on a collision with a value that comes before it in the alphabet it takes another one. More than twelve values
    that are named after layers take the next color of their layer instead. Up to 28 values, and up to 16 of each layer,
    all get different colors.

    Args:
        kind: what the names are, such as "mtype", with spaces or underscores.
        names: all that are known, so that colors do not depend on which of them are loaded.
        given: linear RGBA by names that have a color already, and keep it.

    Returns:
        the colors by name: the given ones, and then the new ones in alphabetical order.
    """
    wanted = sorted(set(names) - given.keys())
    customary = _CUSTOMARY.get(kind.replace("_", " "), {})
    texts = {name: to_hex(color).upper() for name, color in given.items()}
    texts |= {name: customary[name] for name in wanted if name in customary}
    taken, by_layer = set(texts.values()), _go_by_layer({*wanted, *given})
    for name in wanted:
        if name not in texts:
            texts[name] = (_of_layer(name, taken) if by_layer else None) or _place(name, taken)
            taken.add(texts[name])
    return {**given, **{name: from_srgb(texts[name]) for name in wanted}}


def _go_by_layer(names: set[str]) -> bool:
    if len(names) <= _TELLING:
        return False
    hues = [hue for name in names if (hue := _hue(name)) is not None]
    return len(set(hues)) > 1 and len(hues) > len(names) / 2


def _hue(name: str) -> int | None:
    found = _LAYER.match(name)
    return None if found is None else _HUES.get(found[1], len(LAYERS) - 1)


def _of_layer(name: str, taken: set[str]) -> str | None:
    hue = _hue(name)
    return None if hue is None else next((color for color in LAYERS[hue] if color not in taken), None)


def _place(name: str, taken: set[str]) -> str:
    if taken.issuperset(PALETTE):
        taken.difference_update(PALETTE)  # they repeat
    code = zlib.crc32(name.encode())
    for tier in _TIERS:
        if (color := PALETTE[tier[code % len(tier)]]) not in taken:
            return color
        code //= len(tier)
    # The first free one, as colors differ most at the beginning.
    return next(color for color in PALETTE if color not in taken)


def colors_of_ids(ranges: Iterable[str]) -> dict[str, Rgba]:
    """Give cells next to each other different colors.

    Args:
        ranges: ids of cells, such as "0-79,90".

    Returns:
        the colors by ids; cells with the same color share a key.
    """
    bounds = [part.split("-") for text in ranges for part in text.split(",")]
    ids = [number for first, *last in bounds for number in range(int(first), int(last[0] if last else first) + 1)]
    keys = [",".join(map(str, ids[place :: len(_LINEAR)])) for place in range(len(_LINEAR))]
    return {key: color for key, color in zip(keys, _LINEAR, strict=True) if key}


_LINEAR = tuple(map(from_srgb, PALETTE))
