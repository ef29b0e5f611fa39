"""Points of tables: rows with places, and the electrodes of files.

Import it where it is needed: it imports pandas.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from brayns_widget.controller.nearest import nearest
from brayns_widget.controller.points import Points

_AXES = ["x", "y", "z"]
_HDF5 = b"\x89HDF\r\n\x1a\n"  # how an HDF5 file begins
_PLACE = 3


def read_points(table: pd.DataFrame, radius: float | str, color_by: Any, name: str) -> tuple[Points, Any, int]:
    """Read the points of a table.

    Args:
        table: with the columns "x", "y" and "z", µm.
        radius: of all, or the name of a column.
        color_by: the name of a column, a value for each row, or None.
        name: of the model.

    Returns:
        the points, their values, and the number of rows that were left out.

    Raises:
        ValueError: a column is missing or has no numbers, the values are not one for each row, or no row has a place.
    """
    places = np.column_stack([_numbers(table, axis) for axis in _AXES])
    radii = _numbers(table, radius) if isinstance(radius, str) else np.full(len(table), float(radius))
    values = color_by
    if isinstance(color_by, str):
        values = table[_known(table, color_by)]
    if values is not None and len(values) != len(table):
        raise ValueError(f"color_by has {len(values)} values for {len(table)} rows")
    points = Points(name, places, radii)
    known = points.known
    if not known.any():
        raise ValueError("the table has no row with a place")
    if values is not None:
        values = (values if isinstance(values, pd.Series) else pd.Series(values))[known].reset_index(drop=True)
    return points.only(known), values, int((~known).sum())


def read_electrodes(path: str | Path) -> tuple[pd.DataFrame, str]:
    """Read the electrodes of a file: their places as "x", "y", "z", and what else each has; also the array's name.

    Raises:
        OSError: it cannot be read.
        ValueError: it has no electrodes.
    """
    path = Path(path).expanduser()
    with path.open("rb") as file:
        is_hdf5 = file.read(len(_HDF5)) == _HDF5
    return _of_hdf5(path) if is_hdf5 else _of_table(path), path.stem


def _of_table(path: Path) -> pd.DataFrame:
    try:
        table = pd.read_csv(path, sep=None, engine="python", skipinitialspace=True)
    except (ValueError, UnicodeDecodeError) as error:
        raise ValueError(f"{path} is neither HDF5 nor a table: {error}") from error
    table = table.rename(columns={f"{axis}_pos": axis for axis in _AXES if axis not in table})
    if missing := [axis for axis in _AXES if axis not in table]:
        raise ValueError(f"{path} has no column {missing[0]!r}; it has {', '.join(map(str, table.columns))}")
    return table


def _of_hdf5(path: Path) -> pd.DataFrame:
    try:
        import h5py
    except ImportError as error:
        raise ValueError(f"{path} is HDF5, which takes h5py: install brayns_widget[local]") from error
    rows: dict[str, dict[str, Any]] = {}
    with h5py.File(path, "r") as file:
        group = file.get("electrodes")
        for name, electrode in group.items() if isinstance(group, h5py.Group) else ():
            if not isinstance(electrode, h5py.Group) or "position" not in electrode:
                continue
            place = np.asarray(electrode["position"], np.float64).ravel()
            if len(place) != _PLACE:
                raise ValueError(f"{path}: the position of electrode {name!r} has {len(place)} numbers")
            rows[name] = dict(zip(_AXES, place.tolist(), strict=True)) | _others(electrode)
    if not rows:
        raise ValueError(f"{path} has no group 'electrodes' with groups that have a position")
    return pd.DataFrame.from_dict(rows, orient="index")


def _others(electrode: Any) -> dict[str, Any]:
    """Return what else an electrode has: single texts and numbers."""
    found: dict[str, Any] = {}
    for key, item in electrode.items():
        if key != "position" and getattr(item, "size", 0) == 1:
            value = np.asarray(item).ravel()[0]
            found[key] = value.decode("utf-8", "replace") if isinstance(value, bytes) else value
    return found


def _known(table: pd.DataFrame, name: str) -> str:
    if name not in table:
        hint = nearest(name, [str(column) for column in table.columns])
        raise ValueError(f"the table has no column {name!r}. {hint}".rstrip())
    return name


def _numbers(table: pd.DataFrame, name: str) -> npt.NDArray[np.float64]:
    try:
        return table[_known(table, name)].to_numpy(np.float64, na_value=np.nan)
    except (TypeError, ValueError) as error:
        raise ValueError(f"column {name!r} of the table has no numbers: {error}") from error
