"""Colors for categories, distinguishable with normal and with color-deficient vision.

``PALETTE`` begins with the set of Okabe and Ito (2008), "Color Universal Design", without black, which a dark
background swallows. A search added 7 colors, then 14 more, each time those with the largest smallest distance to each
other, to the colors before, and to #808080, the gray of missing values. It took them from a grid in sRGB, with a
lightness L* from 33 to 87 and a chroma above 12, so that they show on black and on white and are not gray. The distance
is CIEDE2000 as seen by eyes without M cones (deutan), by eyes without L cones (protan; both by the matrices of Machado,
Oliveira and Fernandes 2009), or by others; the smallest of the three counts, that of others divided by 1.3.

Smallest distances between two colors, CIEDE2000 / CIE 1976:

=====  ===========  ===========  ===========
first  normal       deutan       protan
=====  ===========  ===========  ===========
7      21.7 / 26.4  11.6 / 17.0  12.2 / 20.7
14     17.0 / 26.4  11.6 / 17.0  12.2 / 14.3
24     10.8 / 13.6  8.0 / 10.3   8.1 / 10.5
28     10.6 / 13.6  7.7 / 9.5    7.9 / 10.5
=====  ===========  ===========  ===========
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Mapping

from brayns_widget.protocol.colors import Rgba, from_srgb

PALETTE = (
    "#E69F00", "#56B4E9", "#009E73", "#F0E442", "#0072B2", "#D55E00", "#CC79A7",
    "#694B2D", "#F0C3C3", "#784B5A", "#B4D287", "#1EF0FF", "#B41E87", "#7878FF",
    "#001EFF", "#C3695A", "#B43C4B", "#D2965A", "#B44B1E", "#1EC396", "#A50000",
    "#5A4B69", "#005AFF", "#FF7887", "#FFB4E1", "#7800C3", "#FF69D2", "#C3A5B4",
)  # fmt: skip

# Names are spread over the first seven; on a collision they move to the next seven, then to the rest.
_TIERS = (range(7), range(7, 14), range(14, 28))

# Values that have a customary color in neuroscience: excitation is warm, inhibition cold.
_EXCITATION, _INHIBITION = "#D55E00", "#56B4E9"
_CUSTOMARY: Mapping[str, Mapping[str, str]] = {
    "synapse class": {"EXC": _EXCITATION, "INH": _INHIBITION},
    "ei": {"e": _EXCITATION, "i": _INHIBITION},
    "morphology section": {
        "soma": "#F0E442",
        "axon": "#56B4E9",
        "dendrite": "#E69F00",
        "apical_dendrite": "#CC79A7",
    },
}


def palette(size: int) -> tuple[Rgba, ...]:
    """Return ``size`` colors, all different up to 28; after that they repeat."""
    return tuple(_LINEAR[index % len(_LINEAR)] for index in range(size))


def colors_by_value(method: str, values: Iterable[str], among: Iterable[str] = ()) -> dict[str, Rgba]:
    """Give each key of a coloring method a color.

    Ids of cells, which come as ranges such as "0-79,90", go through the palette in turn; cells with the same color
    share a key. For all other methods see ``colors_of_names``.
    """
    return _colors_of_ids(values) if method == "id" else colors_of_names(method, values, among)


def colors_of_names(kind: str, names: Iterable[str], among: Iterable[str] = ()) -> dict[str, Rgba]:
    """Give each value of an attribute a color.

    A value has the same color in every circuit wherever possible: its index in the palette is a hash of its name, and
    only on a collision with a value that comes before it in the alphabet it takes another one. Up to 28 values all get
    different colors.

    Args:
        kind: what the names are, such as "mtype", with spaces or underscores.
        names: to color.
        among: all values of the population, so that those that were not loaded keep their indices.

    Returns:
        The colors by name, in alphabetical order.
    """
    wanted = sorted(set(names))
    known = sorted({*wanted, *among})
    customary = _CUSTOMARY.get(kind.replace("_", " "), {})
    places = {name: PALETTE.index(customary[name]) for name in known if name in customary}
    taken = set(places.values())
    for name in known:
        if name not in places:
            places[name] = _place(name, taken)
            taken.add(places[name])
            if len(taken) == len(PALETTE):
                taken.clear()
    return {name: _LINEAR[places[name]] for name in wanted}


def _place(name: str, taken: set[int]) -> int:
    code = zlib.crc32(name.encode())
    for tier in _TIERS:
        if (place := tier[code % len(tier)]) not in taken:
            return place
        code //= len(tier)
    # The first free one, as colors differ most at the beginning.
    return next(place for place in range(len(PALETTE)) if place not in taken)


def _colors_of_ids(ranges: Iterable[str]) -> dict[str, Rgba]:
    bounds = [part.split("-") for text in ranges for part in text.split(",")]
    ids = [number for first, *last in bounds for number in range(int(first), int(last[0] if last else first) + 1)]
    keys = [",".join(map(str, ids[place :: len(_LINEAR)])) for place in range(len(_LINEAR))]
    return {key: color for key, color in zip(keys, _LINEAR, strict=True) if key}


_LINEAR = tuple(map(from_srgb, PALETTE))
