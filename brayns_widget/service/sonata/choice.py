"""The choice between libsonata and the reader of ours, and its reason.

What libsonata 0.2 refuses was measured: several groups, packed datasets (its wheels have no filters for gzip and lzf),
numbers of the other byte order, floats of 16 bits, booleans and other enumerations of HDF5's, texts of fixed length,
datasets that are too short or have two dimensions, and edges without indices or without the populations that they join.
It does not read types in CSV, explicit ids and group indices, nor three numbers for each node.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

import h5py
import numpy as np

from brayns_widget.service.sonata.table import DYNAMICS, LIBRARY, POSITIONS

_FILTERS = {h5py.h5z.FILTER_SHUFFLE, h5py.h5z.FILTER_FLETCHER32}  # of which HDF5 itself has the code
_ENDS = ("source_node_id", "target_node_id")
_INDEX_TABLES = [
    f"indices/{direction}/{table}"
    for direction in ("source_to_target", "target_to_source")
    for table in ("node_id_to_ranges", "range_to_edge_id")
]
_FOREIGN = ">" if sys.byteorder == "little" else "<"


def why_not_libsonata(group: Any, kind: str, *, types: bool) -> str:
    """Tell why libsonata cannot read a population as it is meant; "" if it can.

    Args:
        group: its open ``h5py.Group``.
        kind: "node" or "edge".
        types: whether there are types in CSV.
    """
    groups = [name for name in group if name.isdigit()]
    if groups != ["0"]:
        return f"it has the groups {', '.join(groups)}" if groups else "it has no group of attributes"
    if types:
        return "its types are in CSV"
    if f"{kind}_type_id" not in group:
        return f"it has no {kind}_type_id"
    if POSITIONS in group["0"]:
        return "its positions have three numbers for each node"
    size = len(group[f"{kind}_type_id"])
    for name in ("node_id", f"{kind}_group_index"):
        if name in group and not np.array_equal(np.asarray(group[name]), np.arange(size)):
            return f"its {name} is not 0, 1, 2 …"
    attributes = group["0"]
    for name in (DYNAMICS, LIBRARY):
        if name in attributes and not isinstance(attributes[name], h5py.Group):
            return f"its {name} is no group"
    if kind == "edge":
        if not all(path in group for path in _INDEX_TABLES):
            return "it has no indices"
        if not all("node_population" in group[name].attrs for name in _ENDS):
            return "it does not tell the populations that it joins"
    for path, least in _read_by_libsonata(group, kind, size):
        # With the objects of h5py this would take twice as long, 4 ms for 30 attributes.
        item = h5py.h5o.open(group.id, path.encode())
        if isinstance(item, h5py.h5d.DatasetID) and (reason := _refused(item, least, index=path in _INDEX_TABLES)):
            return f"{path.rsplit('/', 1)[-1]} {reason}"
    return ""


def _read_by_libsonata(group: Any, kind: str, size: int) -> Iterator[tuple[str, int]]:
    """Name what libsonata may be asked for, and how many values each must have."""
    attributes = group["0"]
    for name in attributes:
        if name not in (LIBRARY, DYNAMICS):
            yield f"0/{name}", size
    for table, least in ((DYNAMICS, size), (LIBRARY, 0)):
        for name in attributes.get(table, ()):
            yield f"0/{table}/{name}", least
    if kind == "edge":
        yield from ((name, size) for name in _ENDS)
        yield from ((path, 0) for path in _INDEX_TABLES)


def _refused(item: Any, size: int, *, index: bool) -> str:
    packed, kind, shape = item.get_create_plist(), item.dtype, item.shape
    if any(packed.get_filter(number)[0] not in _FILTERS for number in range(packed.get_nfilters())):
        return "is packed"
    if kind.byteorder == _FOREIGN:
        return "has the other byte order"
    texts = h5py.check_string_dtype(kind)
    if texts is None and (kind.kind not in "fiu" or kind.itemsize < (4 if kind.kind == "f" else 1)):
        return f"has the type {kind}"
    if h5py.check_enum_dtype(kind) is not None:
        return "is an enumeration of HDF5's"
    if texts is not None and texts.length is not None and size:
        return "has texts of fixed length"
    if not index and (len(shape) != 1 or shape[0] < size):
        return f"has the shape {shape}, but there are {size}"
    return ""
