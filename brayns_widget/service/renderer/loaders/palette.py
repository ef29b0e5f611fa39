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


def distinct_colors(codes: npt.NDArray[np.intp]) -> npt.NDArray[np.float32]:
    """Choose colors (N, 4) for numbers from 0: equal numbers get equal colors, neighbors very different hues."""
    hues = np.arange(int(codes.max(initial=-1)) + 1) * _GOLDEN % 1
    table = np.array([(*colorsys.hsv_to_rgb(hue, 0.9, 0.9), 1.0) for hue in hues], np.float32).reshape(-1, 4)
    return table[codes]


def element_color(symbol: str) -> tuple[float, float, float, float]:
    """Look up the color (linear RGBA) of a chemical element."""
    return (*_ELEMENTS.get(symbol, _OTHER), 1.0)
