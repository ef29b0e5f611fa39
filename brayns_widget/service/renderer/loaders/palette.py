"""Colors for content without colors: distinct ones, and those of chemical elements."""

from __future__ import annotations

import colorsys

import numpy as np
import numpy.typing as npt

_GOLDEN = 0.6180339887498949  # its multiples, modulo 1, are well spread after any number of them

# Linear RGB, after the colors of Corey, Pauling and Koltun's models
_ELEMENTS = {
    "H": (0.9, 0.9, 0.9),
    "C": (0.15, 0.15, 0.15),
    "N": (0.05, 0.1, 0.9),
    "O": (0.9, 0.03, 0.03),
    "F": (0.1, 0.8, 0.1),
    "Cl": (0.1, 0.8, 0.1),
    "Br": (0.3, 0.02, 0.02),
    "I": (0.2, 0.0, 0.4),
    "P": (0.9, 0.3, 0.0),
    "S": (0.9, 0.75, 0.05),
    "Na": (0.2, 0.0, 0.8),
    "K": (0.2, 0.0, 0.8),
    "Mg": (0.0, 0.25, 0.0),
    "Ca": (0.0, 0.25, 0.0),
    "Fe": (0.7, 0.2, 0.0),
    "Zn": (0.3, 0.3, 0.5),
}
_OTHER = (0.8, 0.2, 0.6)

# The colors of Jmol for the elements by their atomic numbers (jmol.sourceforge.net/jscolors), and four times white: by
# these the real renderer numbers atoms, as its picture of 1BNA shows. There the ninth (90E050 of Jmol's) and the 46th
# (006985) are what one gets who takes them for numbers.
_NUMBERED = bytes.fromhex("""
FFFFFF D9FFFF CC80FF C2FF00 FFB5B5 909090 3050F8 FF0D0D 9E0501 B3E3F5 AB5CF2 8AFF00 BFA6A6 F0C8A0 FF8000 FFFF30 1FF01F
80D1E3 8F40D4 3DFF00 E6E6E6 BFC2C7 A6A6AB 8A99C7 9C7AC7 E06633 F090A0 50D050 C88033 7D80B0 C28F8F 668F8F BD80E3 FFA100
A62929 5CB8D1 702EB0 00FF00 94FFFF 94E0E0 73C2C9 54B5B5 3B9E9E 248F8F 0A7D8C 698500 C0C0C0 FFD98F A67573 668080 9E63B5
D47A00 940094 429EB0 57178F 00C900 70D4FF FFFFC7 D9FFC7 C7FFC7 A3FFC7 8FFFC7 61FFC7 45FFC7 30FFC7 1FFFC7 00FF9C 00E675
00D452 00BF38 00AB24 4DC2FF 4DA6FF 2194D6 267DAB 266696 175487 D0D0E0 FFD123 B8B8D0 A6544D 575961 9E4FB5 AB5C00 754F45
428296 420066 007D00 70ABFA 00BAFF 00A1FF 008FFF 0080FF 006BFF 545CF2 785CE3 8A4FE3 A136D4 B31FD4 B31FBA B30DA6 BD0D87
C70066 CC0059 D1004F D90045 E00038 E6002E EB0026 FFFFFF FFFFFF FFFFFF FFFFFF
""")


def distinct_colors(codes: npt.NDArray[np.intp]) -> npt.NDArray[np.float32]:
    """Choose colors (N, 4) for numbers from 0: equal numbers get equal colors, neighbors very different hues."""
    hues = np.arange(int(codes.max(initial=-1)) + 1) * _GOLDEN % 1
    table = np.array([(*colorsys.hsv_to_rgb(hue, 0.9, 0.9), 1.0) for hue in hues], np.float32).reshape(-1, 4)
    return table[codes]


def numbered_colors(numbers: npt.NDArray[np.intp]) -> npt.NDArray[np.float32]:
    """Choose colors (N, 4) for numbers as the real renderer does; after 113 they come again."""
    rgb = np.frombuffer(_NUMBERED, np.uint8).reshape(-1, 3)
    table = np.ones((len(rgb), 4), np.float32)
    table[:, :3] = rgb / 255
    return table[numbers % len(table)]


def element_color(symbol: str) -> tuple[float, float, float, float]:
    """Look up the color (linear RGBA) of a chemical element."""
    return (*_ELEMENTS.get(symbol, _OTHER), 1.0)
