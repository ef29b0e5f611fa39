"""Conversion of colors between users' forms (sRGB) and the renderer's (linear RGBA from 0 to 1).

A color of three or four numbers is sRGB, as in matplotlib, CSS and image files:

- Numbers from 0 to 1 are shares: ``(1, 0.5, 0)`` is orange; ``(1, 1, 1)`` is white and ``(0, 0, 1)`` is blue, although
  these are whole numbers.
- Whole numbers, at least one of them above 1, go up to 255: ``(255, 128, 0)``. A fourth whole number is the opacity, up
  to 255 as well; a fourth number with a point is a share: ``(255, 128, 0, 0.5)``. ``(255, 128, 0, 1)`` is refused,
  for it could mean 1/255 or 1.0.
- NumPy's ``uint8`` always goes up to 255, as it comes from images: ``np.uint8([1, 1, 1])`` is nearly black.
"""

from __future__ import annotations

import re
import reprlib
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from numbers import Integral, Real
from typing import Any

Rgba = tuple[float, float, float, float]  # linear
_HEX = re.compile(r"(?:[0-9a-f]{3}|[0-9a-f]{4}|[0-9a-f]{6}|[0-9a-f]{8})", re.IGNORECASE)
_FUNCTION = re.compile(r"(?:rgb|hsl)a?\([^()]*\)", re.IGNORECASE)

# matplotlib's own names, which CSS lacks or defines otherwise: the cycle "C0", "C1", …, and single letters.
_TABLEAU = {
    "tab:blue": "#1f77b4",
    "tab:orange": "#ff7f0e",
    "tab:green": "#2ca02c",
    "tab:red": "#d62728",
    "tab:purple": "#9467bd",
    "tab:brown": "#8c564b",
    "tab:pink": "#e377c2",
    "tab:gray": "#7f7f7f",
    "tab:olive": "#bcbd22",
    "tab:cyan": "#17becf",
}
_CYCLE = tuple(_TABLEAU.values())
_NAMES = {
    **_TABLEAU,
    "tab:grey": "#7f7f7f",
    "b": "#0000ff",
    "g": "#008000",
    "r": "#ff0000",
    "c": "#00bfbf",
    "m": "#bf00bf",
    "y": "#bfbf00",
    "k": "#000000",
    "w": "#ffffff",
}

_FORMS = (
    "Write a name such as 'red', 'tab:blue' or 'C0', '#rgb', '#rrggbb', '#rrggbbaa', 'rgb(…)', '0.5' for a gray, "
    "or three or four numbers, all from 0 to 1 or all whole from 0 to 255."
)


def parse(value: Any) -> Rgba:
    """Convert a color in any usual form to linear RGBA.

    Args:
        value: a name of CSS or matplotlib; "#rgb", "#rgba", "#rrggbb" or "#rrggbbaa"; "rgb(…)" or "hsl(…)" of CSS;
            "0.5", a gray of matplotlib; or three or four numbers, see the module's docstring.

    Raises:
        ValueError: it is not a color.
    """
    red, green, blue, alpha = _from_text(value) if isinstance(value, str) else _from_numbers(value)
    return _linear(red), _linear(green), _linear(blue), alpha


def from_srgb(text: str) -> Rgba:
    """Convert "#rrggbb" to linear RGBA (IEC 61966-2-1)."""
    red, green, blue, alpha = _from_hex(text[1:])
    return _linear(red), _linear(green), _linear(blue), alpha


def to_hex(color: Sequence[float]) -> str:
    """Convert linear RGBA to "#rrggbb", or "#rrggbbaa" if it is not opaque; values are clamped to 0..1."""
    red, green, blue, alpha = (min(max(0.0, channel), 1.0) for channel in color)
    channels = [_byte(_encoded(red)), _byte(_encoded(green)), _byte(_encoded(blue)), _byte(alpha)]
    return "#" + "".join(f"{channel:02x}" for channel in (channels[:3] if channels[3] == 255 else channels))


def _from_text(value: str) -> Rgba:
    text = value.strip()
    if text.startswith("#") and _HEX.fullmatch(text[1:]):
        return _from_hex(text[1:])
    if text in _NAMES:
        return _from_hex(_NAMES[text][1:])
    if re.fullmatch(r"C[0-9]{1,9}", text):
        return _from_hex(_CYCLE[int(text[1:]) % len(_CYCLE)][1:])
    if (gray := _gray(text)) is not None:
        return gray, gray, gray, 1.0
    # cmap would read "facade", and "bad" as well, as hexadecimal numbers.
    if _HEX.fullmatch(text):
        raise _no_color(value, f"did you mean {'#' + text!r}?")
    if _FUNCTION.fullmatch(text):
        text = re.sub(r"(?<![0-9])\.(?=[0-9])", "0.", text.lower().replace(" )", ")"))  # cmap requires a digit before
    elif not re.fullmatch(r"[a-z][a-z _-]{2,}", text, re.IGNORECASE):
        raise _no_color(value, _nearest(text))
    import cmap

    try:
        red, green, blue, alpha = cmap.Color(text)
    except ValueError:
        raise _no_color(value, _nearest(text)) from None
    return float(red), float(green), float(blue), float(alpha)


def _from_hex(digits: str) -> Rgba:
    if len(digits) < 6:
        digits = "".join(2 * digit for digit in digits)
    red, green, blue, alpha = (int(digits[i : i + 2] or "ff", 16) / 255 for i in (0, 2, 4, 6))
    return red, green, blue, alpha


def _gray(text: str) -> float | None:
    try:
        share = float(text)
    except ValueError:
        return None
    return share if 0 <= share <= 1 else None


def _from_numbers(value: Any) -> Rgba:
    if isinstance(value, bytes | bytearray | memoryview | Mapping | AbstractSet) or not hasattr(value, "__len__"):
        raise _no_color(value)
    try:
        numbers = list(value)
    except TypeError:
        raise _no_color(value) from None
    if len(numbers) not in {3, 4} or any(isinstance(n, bool) or not isinstance(n, Real) for n in numbers):
        raise _no_color(value)
    color, opacity = numbers[:3], numbers[3:]
    is_bytes = all(str(getattr(number, "dtype", "")) == "uint8" for number in numbers)
    above_one = any(isinstance(number, Integral) and int(number) > 1 for number in numbers)
    if all(isinstance(number, Integral) for number in color) and (is_bytes or above_one):
        color = [_share(number) for number in color]
        if opacity and isinstance(opacity[0], Integral):
            if opacity[0] == 1 and not is_bytes:
                raise _no_color(value, "is its opacity 1.0 or 1/255?")
            opacity = [_share(opacity[0])]
        numbers = color + opacity
    if not all(0 <= number <= 1 for number in numbers):  # NaN is refused here, too
        raise _no_color(value)
    red, green, blue, alpha = (float(number) for number in (*numbers, 1.0)[:4])
    return red, green, blue, alpha


def _share(byte: Any) -> float:
    return int(byte) / 255 if 0 <= byte <= 255 else -1.0  # which is refused


def _no_color(value: Any, hint: str | None = None) -> ValueError:
    return ValueError(f"{reprlib.repr(value)} is not a color{f'; {hint}' if hint else '.'} {_FORMS}")


def _nearest(text: str) -> str | None:
    """Suggest a similar name, if there is one."""
    import difflib

    from PIL import ImageColor

    found = difflib.get_close_matches(text.lower(), [*ImageColor.colormap, *_TABLEAU], 1)
    return f"did you mean {found[0]!r}?" if found else None


def _linear(channel: float) -> float:
    return channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4


def _encoded(channel: float) -> float:
    return channel * 12.92 if channel <= 0.0031308 else 1.055 * channel ** (1 / 2.4) - 0.055


def _byte(share: float) -> int:
    return round(share * 255)
