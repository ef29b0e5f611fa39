"""Node attributes of selected cells, population by population, in parts whose answers stay small."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from brayns_widget.connection.reports import ignore
from brayns_widget.connection.server import Server
from brayns_widget.controller.attributes import read_columns
from brayns_widget.controller.group import Core
from brayns_widget.controller.selected import Selected, ids_of
from brayns_widget.protocol.errors import BraynsWidgetError, CircuitError, QueryError

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import pandas as pd

    Ints = npt.NDArray[np.int64]

ROWS = 100_000
"""Cells of one request, so that neither it nor its answer grows with the selection."""


async def read_rows(
    core: Core, selected: Selected, names: Sequence[str] | None
) -> tuple[pd.DataFrame, BraynsWidgetError | None]:
    """Read node attributes of selected cells.

    Args:
        core: the controller's core.
        selected: the cells.
        names: names of node attributes; None reads all.

    Returns:
        a DataFrame with a row for each cell, indexed by population and node id, and the last problem: cells whose
        attributes cannot be read are in it all the same.

    Raises:
        QueryError: a population has no such attribute.
    """
    import pandas as pd

    frames, problem = [], None
    for population in selected:
        ids = ids_of(selected, population)
        try:
            frame = await _population(core, population, ids, names)
        except QueryError:
            raise
        except BraynsWidgetError as error:
            frame, problem = pd.DataFrame(index=pd.Index(ids, name="node_id")), error
        frame.index = pd.MultiIndex.from_product([[population], frame.index], names=["population", "node_id"])
        frames.append(frame)
    if not frames:
        empty = pd.MultiIndex.from_arrays([[], []], names=["population", "node_id"])
        return pd.DataFrame(index=empty), None
    return stacked(frames), problem


async def _population(core: Core, population: str, ids: Ints, names: Sequence[str] | None) -> pd.DataFrame:
    models = core.store.state.models
    path = next((model.path for model in models if model.population == population and model.path), None)
    if path is None:
        text = f"The attributes of cells of {population!r} are not known, for no circuit is loaded that has them."
        raise CircuitError(text, hint="Load it.")
    ready = await core.connection.ensure(ignore)
    if ready.backend is None:
        raise CircuitError("This job has no backend, so node attributes cannot be read.")
    return await read_parts(ready.backend, path, population, ids, names)


async def read_parts(
    backend: Server, path: str, population: str, ids: Ints, names: Sequence[str] | None
) -> pd.DataFrame:
    """Read node attributes of many cells, some at a time; arguments and errors as of ``read_columns``."""
    parts = [ids[first : first + ROWS] for first in range(0, len(ids), ROWS)] or [ids]
    return stacked([await read_columns(backend, path, population, part.tolist(), names) for part in parts])


def stacked(frames: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Put frames below one another; texts stay categories, in alphabetical order."""
    import pandas as pd

    if len(frames) == 1:
        return frames[0]
    common: dict[Any, Any] = {}
    for name in dict.fromkeys(name for frame in frames for name in frame):
        columns = [frame[name] for frame in frames if name in frame]
        if all(isinstance(column.dtype, pd.CategoricalDtype) for column in columns):
            texts = sorted({text for column in columns for text in column.cat.categories})
            common[name] = pd.CategoricalDtype(pd.Index(texts, dtype=object))
    return pd.concat([frame.astype({name: kind for name, kind in common.items() if name in frame}) for frame in frames])
