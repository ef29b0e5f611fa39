"""What was picked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

Value = str | float | bool | None


@dataclass(frozen=True, slots=True)
class Picked:
    """What the picture shows at a point of it.

    Attributes:
        hit: whether anything is there.
        position: of the place on the surface that is seen, µm, or None.
        model_id: the model's id, or None.
        model: its name, or None.
        population: its node population, or None if it is no circuit.
        cell: node id of the cell, or None if it is none of a circuit.
        section: id of its section: 0 is the soma, others are MorphIO's + 1, as in reports; None if that is not known.
        section_type: "soma", "axon", "dendrite" or "apical_dendrite", or None.
        part: how far along the section the place is, 0 to 1; None at the soma.
        distance: of the place from the neurite's first point, along the neurite, µm; None at the soma.
        section_problem: why nothing is known of the section of a cell, or "".
        attributes: the cell's node attributes by name; None where it has no value.
        attributes_problem: why there are none, or "".
        number: which pick of the controller's it was, from 1; 0 if nothing was hit.
    """

    hit: bool
    position: tuple[float, float, float] | None = None
    model_id: int | None = None
    model: str | None = None
    population: str | None = None
    cell: int | None = None
    section: int | None = None
    section_type: str | None = None
    part: float | None = None
    distance: float | None = None
    section_problem: str = ""
    attributes: Mapping[str, Value] = field(default_factory=dict)
    attributes_problem: str = ""
    number: int = 0
