"""Synapses that are shown with the cells of a load: which edge populations, and for which node population."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from brayns_widget.controller.circuits import Population
from brayns_widget.controller.nearest import nearest
from brayns_widget.controller.questions import UNKNOWN
from brayns_widget.protocol.errors import CircuitError

if TYPE_CHECKING:
    from brayns_widget.protocol.brayns.loaders import EdgeParams


def synapse_params(
    populations: Sequence[Population], afferent: Sequence[str], efferent: Sequence[str], density: float, radius: float
) -> list[list[EdgeParams]]:
    """Return the edge parameters of the SONATA loader for each node population.

    Args:
        populations: the node populations. Where nobody has told their edges, the renderer decides.
        afferent: edge populations that end at their cells.
        efferent: edge populations that start at their cells.
        density: share of the synapses.
        radius: of each synapse's sphere, in µm.

    Raises:
        CircuitError: an edge population joins none of them.
    """
    from brayns_widget.protocol.brayns.loaders import EdgeParams

    for side, names in (("afferent", afferent), ("efferent", efferent)):
        for name in names:
            if not any(_has(population, side, name) for population in populations):
                raise _unknown(populations, side, name)
    return [
        [
            EdgeParams(edge_population=name, load_afferent=side == "afferent", edge_percentage=density, radius=radius)
            for side, names in (("afferent", afferent), ("efferent", efferent))
            for name in dict.fromkeys(names)
            if _has(population, side, name)
        ]
        for population in populations
    ]


def _has(population: Population, side: str, name: str) -> bool:
    return population.size == UNKNOWN or name in getattr(population, side)


def _unknown(populations: Sequence[Population], side: str, name: str) -> CircuitError:
    known = list(dict.fromkeys(each for population in populations for each in getattr(population, side)))
    of = " or ".join(repr(population.name) for population in populations)
    verb = "ends" if side == "afferent" else "starts"
    return CircuitError(f"No edge population {name!r} {verb} at cells of {of}.", hint=nearest(name, known))
