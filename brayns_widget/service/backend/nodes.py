"""Selections of nodes and their positions, read in the child process that runs ``circuits``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from brayns_widget.protocol.answers import MAX_ANSWER
from brayns_widget.protocol.errors import INTERNAL_ERROR, INVALID_PARAMS, RequestError
from brayns_widget.protocol.ids import ascending
from brayns_widget.service.sonata.node_sets import nodes_of
from brayns_widget.service.sonata.populations import Population

if TYPE_CHECKING:
    from brayns_widget.service.backend.circuits import Config

Ints = npt.NDArray[np.int64]

MAX_NODES = MAX_ANSWER // 12  # of a selection: so that its positions fit into an answer


def select(config: Config, population: str, count: int, node_sets: list[str]) -> tuple[dict[str, Any], bytes]:
    """Select nodes of any of the node sets, or all without any; at most ``count``, at even steps.

    Returns:
        their number, and their ids, ascending, as little-endian uint64.

    Raises:
        RequestError: -32602, there is no such node set, or they are too many; -32603, there is no such population, or
            it cannot be read.
    """
    try:
        nodes = config.population(population)
    except RequestError as error:
        raise RequestError(error.message, code=INTERNAL_ERROR) from error  # the real backend's code
    members = _members(config, nodes, node_sets) if node_sets else None
    found = nodes.size if members is None else len(members)
    wanted = min(max(0, count), found)
    if wanted > MAX_NODES:
        raise RequestError(
            f"That selects {wanted} nodes of {population!r}; a selection has at most {MAX_NODES}: lower count",
            code=INVALID_PARAMS,
        )
    places = np.arange(wanted, dtype=np.int64) * found // max(1, wanted)
    ids = places if members is None else members[places]
    return {"count": wanted}, ids.astype("<u8").tobytes()


def _members(config: Config, population: Population, names: list[str]) -> Ints:
    known = config.node_sets()
    if unknown := [name for name in names if name not in known.values]:
        place = known.place(unknown[0])
        raise RequestError(
            f"Invalid node sets: {', '.join(map(repr, unknown))}, of which {place} knows nothing", code=INVALID_PARAMS
        )
    return ascending(np.concatenate([nodes_of(known, name, population) for name in dict.fromkeys(names)]))


def unpacked(ids: bytes | memoryview) -> Ints:
    """Return the ids of a selection, which are little-endian uint64."""
    return np.frombuffer(ids, "<u8").astype(np.int64)


def positions(population: Population, ids: bytes | memoryview) -> bytes:
    """Read the positions of a selection: xyz in µm, little-endian float32; z is 0 where nodes have none.

    Raises:
        RequestError: -32603, they have none, or they cannot be read.
    """
    nodes = unpacked(ids)
    known = {*population.attribute_names, *population.unreadable}
    if not {"x", "y"} <= known:
        raise RequestError(
            f"The nodes of population {population.name} have no positions (x, y, z) in {population.file}",
            code=INTERNAL_ERROR,
        )
    found = np.zeros((len(nodes), 3), "<f4")
    with np.errstate(over="ignore"):  # infinite, as the file has it for single precision
        for axis, name in enumerate("xyz"):
            if name in known:
                found[:, axis] = population.attribute(name, nodes)
    return found.tobytes()
