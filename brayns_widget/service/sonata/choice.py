"""The choice between libsonata and the reader of ours, and its reason.

What libsonata 0.2 refuses was measured: several groups, packed datasets (its wheels have no filters for gzip and lzf),
numbers of the other byte order or of 16 bits, booleans, texts of fixed length, datasets that are too short or have two
dimensions, edges without indices, and edges that do not tell whose nodes they join. It does not read types in CSV, nor
explicit ids and group indices.
"""

from __future__ import annotations

import sys
from typing import Any

import h5py
import numpy as np

from brayns_widget.service.sonata.table import DYNAMICS, LIBRARY, POSITIONS
from brayns_widget.service.sonata.types import Types

_FILTERS = {h5py.h5z.FILTER_SHUFFLE, h5py.h5z.FILTER_FLETCHER32}  # of which HDF5 itself has the code
_INDICES = ("source_to_target", "target_to_source")
_TABLES = ("node_id_to_ranges", "range_to_edge_id")
_FOREIGN = ">" if sys.byteorder == "little" else "<"


def why_not_libsonata(group: Any, kind: str, types: Types | None) -> str:
    """Tell why libsonata cannot read a population as it is meant; "" if it can.

    Args:
        group: its open ``h5py.Group``.
        kind: "node" or "edge".
        types: their types in CSV, or None.
    """
    groups = [name for name in group if name.isdigit()]
    if groups != ["0"]:
        return f"it has the groups {', '.join(groups)}" if groups else "it has no group of attributes"
    if types and types.columns:
        return "its types are in CSV"
    if f"{kind}_type_id" not in group:
        return f"it has no {kind}_type_id"
    if POSITIONS in group["0"]:
        return "its positions have three numbers for each node"
    size = len(group[f"{kind}_type_id"])
    for name in ("node_id", f"{kind}_group_index"):
        if name in group and not np.array_equal(np.asarray(group[name]), np.arange(size)):
            return f"its {name} is not 0, 1, 2 …"
    tables = [group["0"], group["0"].get(DYNAMICS)]
    datasets = [item for table in tables if table is not None for name, item in table.items() if name != LIBRARY]
    datasets += list(group["0"].get(LIBRARY, {}).values())
    if kind == "edge":
        if not all(f"indices/{index}/{name}" in group for index in _INDICES for name in _TABLES):
            return "it has no indices"
        ends = [group[name] for name in ("source_node_id", "target_node_id")]
        if not all("node_population" in nodes.attrs for nodes in ends):
            return "it does not tell whose nodes it joins"
        datasets += ends
        datasets += [group[f"indices/{index}/{name}"] for index in _INDICES for name in _TABLES]
    for item in datasets:
        library = isinstance(item, h5py.Dataset) and item.name.rsplit("/", 2)[-2] == LIBRARY
        if isinstance(item, h5py.Dataset) and (reason := _refused(item, 0 if library else size)):
            return f"{item.name.rsplit('/', 1)[-1]} {reason}"
    return ""


def _refused(item: Any, size: int) -> str:
    packed = item.id.get_create_plist()
    if any(packed.get_filter(index)[0] not in _FILTERS for index in range(packed.get_nfilters())):
        return "is packed"
    if item.dtype.byteorder == _FOREIGN:
        return "has the other byte order"
    texts = h5py.check_string_dtype(item.dtype)
    if texts is None and (item.dtype.kind not in "fiu" or item.dtype.itemsize < (4 if item.dtype.kind == "f" else 1)):
        return f"has the type {item.dtype}"
    if texts is not None and texts.length is not None and size:
        return "has texts of fixed length"
    indices = "/indices/" in item.name
    if not indices and (item.ndim != 1 or len(item) < size):
        return f"has the shape {item.shape}, but there are {size}"
    return ""
