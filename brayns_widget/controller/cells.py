"""Attributes of cells as a DataFrame with a row for each cell.

Import it where it is needed: it imports pandas.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from pandas.api.types import union_categoricals

from brayns_widget.protocol.errors import ProtocolError

if TYPE_CHECKING:
    from brayns_widget.protocol.backend import NodeAttributesResult

INDEX = "node_id"

_TYPES = {"float": "<f8", "integer": "<i8", "string": "<u4"}


def to_frame(
    reply: NodeAttributesResult, payload: bytes | memoryview, ids: Sequence[int] | None = None
) -> pd.DataFrame:
    """Convert an answer to the backend's ``sonata-get-node-attributes`` to a DataFrame.

    Args:
        reply: the columns.
        payload: their values.
        ids: the ids asked for, or None for all.

    Returns:
        A column for each attribute, indexed by node id; texts are categoricals.

    Raises:
        ProtocolError: payload and columns do not match.
    """
    count = reply.count
    if ids is not None and len(ids) != count:
        raise ProtocolError(f"The backend answered {count} nodes, {len(ids)} were asked for.")
    size = sum(count * np.dtype(_TYPES[attribute.type]).itemsize for attribute in reply.attributes)
    if len(payload) != size:
        raise ProtocolError(f"The backend's columns have {len(payload)} bytes, not {size}.")
    columns: dict[str, Any] = {}
    begin = 0
    for attribute in reply.attributes:
        kind = np.dtype(_TYPES[attribute.type])
        values = np.frombuffer(payload, kind, count, begin).astype(kind.newbyteorder("="))
        begin += values.nbytes
        if attribute.type == "string":
            texts = attribute.values or []  # noqa: PD011 - no frame's
            try:
                columns[attribute.name] = pd.Categorical.from_codes(
                    values.astype(np.int64), categories=pd.Index(texts, dtype=object)
                )
            except ValueError as error:  # indices without texts, or repeated texts
                raise ProtocolError(f"The backend's column {attribute.name!r} is wrong: {error}") from error
        else:
            columns[attribute.name] = values
    index = pd.RangeIndex(count, name=INDEX) if ids is None else pd.Index(ids, dtype=np.int64, name=INDEX)
    return pd.DataFrame(columns, index=index)


def stacked(tables: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Put tables with the same columns below each other; their texts may differ."""
    columns: dict[str, Any] = {}
    for name in tables[0]:
        parts = [table[name] for table in tables]
        texts = isinstance(parts[0].dtype, pd.CategoricalDtype)
        columns[str(name)] = union_categoricals(parts, sort_categories=True) if texts else np.concatenate(parts)
    index = np.concatenate([table.index for table in tables])
    return pd.DataFrame(columns, index=pd.Index(index, name=INDEX))
