"""The columns of edges in a report of synapses.

Format: SONATA, "Synapse report": nodes are the cells that receive the synapses. What their elements are is left open;
edges' ids are understood, and what Neurodamus writes: the n-th synapse that the cell receives, counted from 0.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from brayns_widget.protocol.ids import ascending
from brayns_widget.service.renderer.loaders.circuits.recordings import Recording
from brayns_widget.service.sonata.populations import EdgePopulation
from brayns_widget.service.sonata.reports import node_spans

Ints = npt.NDArray[np.int64]


def synapse_columns(recording: Recording, edges: EdgePopulation, chosen: Ints) -> npt.NDArray[np.intp]:
    """Find the columns of edges, (N,); -1 for those that the report does not have.

    Args:
        recording: of the population that receives the synapses.
        edges: their population.
        chosen: (N,) ids of its edges.

    Raises:
        RequestError: the report has none of these edges, or its elements are not edges of this population; the
            edges cannot be read.
    """
    nodes = ascending(edges.target_nodes(chosen))
    begins, ends, found = node_spans(nodes, recording.node_ids, recording.index_pointers)
    elements = np.asarray(recording.element_ids, np.int64)
    columns, ids, counted = [np.empty(0, np.int64)], [np.empty(0, np.int64)], [np.empty(0, np.int64)]
    for node, begin, end in zip(nodes[found], begins[found], ends[found], strict=True):
        received = edges.afferent(np.array([node]))
        own = elements[begin:end]
        columns.append(np.arange(begin, end))
        ids.append(np.where(np.isin(own, received), own, -1))
        counted.append(np.where(own < len(received), received[np.minimum(own, len(received) - 1)], -1))
    reported = np.concatenate(ids)
    # An edge has one target: ids that come again with another cell can't be edges.
    if len(ascending(elements)) < len(elements) or (reported < 0).any():
        reported = np.concatenate(counted)
    if (reported < 0).any():
        raise recording.refusal(f"it has synapses that are not of edge population {edges.name}")
    return _find(chosen, reported, np.concatenate(columns))


def _find(chosen: Ints, reported: Ints, columns: Ints) -> npt.NDArray[np.intp]:
    """Find the column of each chosen edge; -1: none."""
    if not len(reported):
        return np.full(len(chosen), -1, np.intp)
    order = np.argsort(reported)
    place = order[np.minimum(np.searchsorted(reported, chosen, sorter=order), len(order) - 1)]
    return np.where(reported[place] == chosen, columns[place], -1).astype(np.intp)
