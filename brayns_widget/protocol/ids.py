"""Ids of cells as arrays and as the text in which Brayns' color methods take them, on both sides."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Ints = npt.NDArray[np.int64]


def ascending(ids: Ints) -> Ints:
    """Return ids (N,) in ascending order, each once.

    ``numpy.unique`` is not taken: since NumPy 2.3 it hashes integers, which takes 40 times as long for four million.
    """
    import numpy as np

    if (np.diff(ids) > 0).all():
        return ids
    ordered = np.sort(ids)
    different: Ints = ordered[np.append(True, np.diff(ordered) > 0)]
    return different


def format_ids(ids: Ints) -> str:
    """Write ascending ids (N,) as the renderer takes them: "0-79,90"; nothing for none."""
    import numpy as np

    if not len(ids):
        return ""
    breaks = np.flatnonzero(np.diff(ids) != 1)
    firsts = ids[np.append(0, breaks + 1)].tolist()
    lasts = ids[np.append(breaks, len(ids) - 1)].tolist()
    runs = zip(firsts, lasts, strict=True)
    return ",".join(str(first) if first == last else f"{first}-{last}" for first, last in runs)
