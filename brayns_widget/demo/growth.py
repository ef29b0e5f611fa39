"""Growth of branching morphologies: all growth cones of all neurons advance together, one step at a time.

A cone has a position, a direction and a `Program`. At each step it turns a little (correlated noise and the
program's pulls), moves on, and may branch, change its program at a given depth, or stop. The work of one step is a
handful of NumPy operations over every living cone, so growing fifty neurons costs about as much as growing one.

The frame of a neuron: its soma's center is the origin, +y points to the pia, lengths are µm.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

# Section types, as in SWC and in the H5 morphology format.
SOMA, AXON, BASAL, APICAL = 1, 2, 3, 4

STEP = 5.0  # µm that a cone moves at once: the distance between two points of a section
PULL_LENGTH = 50.0  # µm in which a pull of 1 turns a cone by about 45 degrees
MEMORY = 0.85  # fraction of its bend that a cone keeps from one step to the next
SHORTEST_BRANCH = 15.0  # minimum length of a new branch, µm
LOSS = 0.03  # rate per µm at which cones end below the floor
PIA_MARGIN = 5.0  # minimum depth of cones below the pia, µm


@dataclass(frozen=True)
class Program:
    """Growth rules of one sort of branch. Lengths in µm, angles in degrees, rates per µm.

    Attributes:
        kind: section type (`AXON`, `BASAL` or `APICAL`).
        length: mean path length from where the program starts to the tip.
        diameter: of a branch that starts with this program, and of its tip.
        up: pull towards the pia; negative pulls towards the white matter.
        out: pull away from the soma.
        flat: how much of the vertical motion is lost in 50 µm; 0 none, 1 most.
        wander: noise of the direction.
        branch: rate of branching where the program starts.
        fade: path length in which the rate of branching falls to 1/e.
        angle: between the two branches of a fork, or between a side branch and its stem.
        forks: how many forks a path may pass within the program.
        side: program of side branches; the stem goes on unbent. None: forks are symmetric.
        until: depth below the pia at which `then` takes over with a fork, or None.
        then: see `until`.
    """

    kind: int
    length: float
    diameter: tuple[float, float]
    up: float = 0.0
    out: float = 0.0
    flat: float = 0.0
    wander: float = 0.1
    branch: float = 0.0
    fade: float = 1000.0
    angle: float = 50.0
    forks: int = 4
    side: Program | None = None
    until: float | None = None
    then: Program | None = None


@dataclass(frozen=True)
class Root:
    """`count` neurites that leave the soma with `program` at an elevation (degrees, 90 is up) within a range."""

    program: Program
    count: tuple[int, int] = (1, 1)
    elevation: tuple[float, float] = (0.0, 0.0)


@dataclass(frozen=True)
class Blueprint:
    """One neuron to be grown: its neurites, the radius of its soma and the soma's depth below the pia, both in µm."""

    roots: Sequence[Root]
    radius: float
    depth: float


@dataclass(frozen=True)
class Tree:
    """The neurites of one neuron as sections in depth-first order: axon first, then basal, then apical dendrites.

    Attributes:
        points: positions and diameter, µm, shape (points, 4).
        distance: path length from the soma's surface to each point, µm, shape (points,).
        offsets: index of each section's first point, and the number of points; shape (sections + 1,). The first
            point of a section repeats its parent's last point.
        kinds: section types, shape (sections,).
        parents: index of each section's parent or -1, shape (sections,).
    """

    points: NDArray[np.float32]
    distance: NDArray[np.float32]
    offsets: NDArray[np.int64]
    kinds: NDArray[np.int32]
    parents: NDArray[np.int32]


_CONE = np.dtype(
    [
        ("section", "i8"),
        ("program", "i8"),
        ("neuron", "i8"),
        ("forks", "i8"),
        ("position", "f8", 3),
        ("direction", "f8", 3),
        ("bend", "f8", 3),
        ("path", "f8"),  # since the program started
        ("limit", "f8"),  # where on that path the tip is
        ("born", "f8"),  # where on that path this branch started
        ("width", "f8"),  # its diameter there
        ("distance", "f8"),  # path length from the soma
    ]
)

_RULE = np.dtype(
    [
        ("kind", "i8"),
        ("length", "f8"),
        ("start", "f8"),
        ("end", "f8"),
        ("up", "f8"),
        ("out", "f8"),
        ("flat", "f8"),
        ("wander", "f8"),
        ("branch", "f8"),
        ("fade", "f8"),
        ("angle", "f8"),
        ("forks", "i8"),
        ("side", "i8"),
        ("until", "f8"),
        ("then", "i8"),
    ]
)


def _rules(roots: Sequence[Root]) -> tuple[NDArray[np.void], dict[Program, int]]:
    """All programs reachable from `roots` as one table, and the row of each."""
    rows: dict[Program, int] = {}
    waiting = [root.program for root in roots]
    while waiting:
        program = waiting.pop()
        if program not in rows:
            rows[program] = len(rows)
            waiting += [other for other in (program.side, program.then) if other is not None]
    table = np.zeros(len(rows), _RULE)
    for program, row in rows.items():
        table[row] = (
            program.kind,
            program.length,
            *program.diameter,
            program.up,
            program.out,
            program.flat,
            program.wander,
            program.branch,
            program.fade,
            np.radians(program.angle),
            program.forks,
            -1 if program.side is None else rows[program.side],
            np.nan if program.until is None else program.until,
            -1 if program.then is None else rows[program.then],
        )
    return table, rows


@dataclass
class _Sections:
    """Sections grown by the cones, and their points in the order of growth."""

    count: int = 0
    neuron: list[NDArray[np.int64]] = field(default_factory=list)
    kind: list[NDArray[np.int64]] = field(default_factory=list)
    parent: list[NDArray[np.int64]] = field(default_factory=list)
    owner: list[NDArray[np.int64]] = field(default_factory=list)
    points: list[NDArray[np.float64]] = field(default_factory=list)

    def open(self, cones: NDArray[np.void], kinds: NDArray[np.int64]) -> NDArray[np.void]:
        """Begin a section with its first point for each cone; on entry the cones refer to their parent sections."""
        self.neuron.append(cones["neuron"].copy())
        self.kind.append(kinds)
        self.parent.append(cones["section"].copy())
        cones["section"] = np.arange(self.count, self.count + len(cones))
        self.count += len(cones)
        self.lay(cones, cones["width"])
        return cones

    def lay(self, cones: NDArray[np.void], diameters: NDArray[np.float64]) -> None:
        self.owner.append(cones["section"].copy())
        self.points.append(np.column_stack([cones["position"], diameters, cones["distance"]]))


def grow(blueprints: Sequence[Blueprint], rng: np.random.Generator, *, floor: float = np.inf) -> list[Tree]:
    """Grow all neurons and return their trees in the same order; below a depth of `floor` µm they end soon."""
    table, rows = _rules([root for blueprint in blueprints for root in blueprint.roots])
    depths = np.array([blueprint.depth for blueprint in blueprints])
    sections = _Sections()
    cones = _sprout(blueprints, table, rows, rng)
    cones = sections.open(cones, table["kind"][cones["program"]])
    while len(cones):
        rules = table[cones["program"]]
        before = depths[cones["neuron"]] - cones["position"][:, 1]
        _advance(cones, rules, before, rng)
        diameters = _diameters(cones, rules)
        sections.lay(cones, diameters)

        depth = depths[cones["neuron"]] - cones["position"][:, 1]
        alive = (cones["path"] < cones["limit"]) & ((depth < floor) | (rng.random(len(cones)) > LOSS * STEP))
        crossed = alive & (rules["then"] >= 0) & _passed(depth, rules)
        rate = rules["branch"] * np.exp(-cones["path"] / rules["fade"]) * STEP
        allowed = alive & ~crossed & (cones["forks"] < rules["forks"])
        forked = allowed & (rng.random(len(cones)) < rate)

        ended = crossed | forked
        children = _children(cones[ended], rules[ended], diameters[ended], crossed[ended], table=table, rng=rng)
        children = sections.open(children, table["kind"][children["program"]])
        cones = np.concatenate([cones[alive & ~ended], children])
    return _trees(sections, len(blueprints))


def _unit(vectors: NDArray[np.float64]) -> NDArray[np.float64]:
    lengths = np.sqrt(np.einsum("ij,ij->i", vectors, vectors))
    units: NDArray[np.float64] = vectors / np.maximum(lengths, 1e-9)[:, None]
    return units


def _sprout(
    blueprints: Sequence[Blueprint],
    table: NDArray[np.void],
    rows: dict[Program, int],
    rng: np.random.Generator,
) -> NDArray[np.void]:
    """Return the cones of all neurites where they leave their somata, evenly around the vertical axis."""
    parts = []
    for neuron, blueprint in enumerate(blueprints):
        for root in blueprint.roots:
            count = int(rng.integers(root.count[0], root.count[1] + 1))
            cones = np.zeros(count, _CONE)
            around = (
                rng.uniform(0, 2 * np.pi) + 2 * np.pi * (np.arange(count) + rng.uniform(-0.25, 0.25, count)) / count
            )
            low, high = np.radians(root.elevation)
            rise = rng.uniform(low, high, count)
            cones["direction"] = np.column_stack(
                [np.cos(rise) * np.cos(around), np.sin(rise), np.cos(rise) * np.sin(around)]
            )
            cones["position"] = blueprint.radius * cones["direction"]
            cones["neuron"] = neuron
            cones["section"] = -1
            cones["program"] = rows[root.program]
            cones["width"] = root.program.diameter[0] * rng.uniform(0.8, 1.2, count)
            parts.append(cones)
    cones = np.concatenate(parts)
    cones["limit"] = _limits(table[cones["program"]], rng)
    return cones


def _limits(rules: NDArray[np.void], rng: np.random.Generator) -> NDArray[np.float64]:
    """Lengths of new neurites: within a quarter of their program's mean, mostly."""
    limits: NDArray[np.float64] = rules["length"] * np.clip(rng.normal(1.0, 0.25, len(rules)), 0.4, 1.6)
    return limits


def _advance(
    cones: NDArray[np.void], rules: NDArray[np.void], depth: NDArray[np.float64], rng: np.random.Generator
) -> None:
    """Turn and move every cone by one step; the pia turns them back."""
    cones["bend"] *= MEMORY
    cones["bend"] += (rules["wander"] * np.sqrt(1 - MEMORY**2))[:, None] * rng.normal(size=(len(cones), 3))
    pull = STEP / PULL_LENGTH
    direction = cones["direction"] + cones["bend"]
    direction += (pull * rules["out"])[:, None] * _unit(cones["position"])
    direction[:, 1] = direction[:, 1] * (1 - np.minimum(pull * rules["flat"] * 3, 1)) + pull * rules["up"]
    direction = _unit(direction)
    near_pia = depth - STEP * direction[:, 1] < PIA_MARGIN
    direction[near_pia, 1] = -0.2 * np.abs(direction[near_pia, 1])
    cones["direction"] = _unit(direction)
    cones["position"] += STEP * cones["direction"]
    cones["path"] += STEP
    cones["distance"] += STEP


def _diameters(cones: NDArray[np.void], rules: NDArray[np.void]) -> NDArray[np.float64]:
    """Diameters at the cones: a linear taper from where the branch was born to its tip."""
    done = np.clip((cones["path"] - cones["born"]) / (cones["limit"] - cones["born"]), 0, 1)
    diameters: NDArray[np.float64] = cones["width"] + (np.minimum(rules["end"], cones["width"]) - cones["width"]) * done
    return diameters


def _passed(depth: NDArray[np.float64], rules: NDArray[np.void]) -> NDArray[np.bool_]:
    """Whether a cone is at or beyond its program's depth, in the direction of the program's vertical pull."""
    upward = rules["up"] > 0
    return np.where(upward, depth <= rules["until"], depth >= rules["until"])


def _children(
    cones: NDArray[np.void],
    rules: NDArray[np.void],
    diameters: NDArray[np.float64],
    crossed: NDArray[np.bool_],
    *,
    table: NDArray[np.void],
    rng: np.random.Generator,
) -> NDArray[np.void]:
    """Two cones for each cone that forks, sends out a side branch or changes its program."""
    aside = ~crossed & (rules["side"] >= 0)
    normal = _unit(np.cross(cones["direction"], _unit(rng.normal(size=(len(cones), 3)))))
    # A fork shares its angle between both branches; a stem keeps its course and its side branch takes it all.
    pairs = []
    for share, sign in ((np.where(aside, 0.0, 0.5), 1.0), (np.where(aside, 1.0, 0.5), -1.0)):
        angle = share * rules["angle"] * rng.uniform(0.7, 1.3, len(cones))
        child = cones.copy()
        child["direction"] = np.cos(angle)[:, None] * cones["direction"] + (sign * np.sin(angle))[:, None] * normal
        child["bend"] = 0
        child["born"] = child["path"]
        child["width"] = np.where(aside, 0.97, 0.8) * diameters
        child["forks"] += ~aside
        pairs.append(child)

    stem, branch = pairs
    for child, changed, program in (
        (stem, crossed, rules["then"]),
        (branch, crossed | aside, np.where(crossed, rules["then"], rules["side"])),
    ):
        child["program"][changed] = program[changed]
        fresh = table[child["program"]]
        child["path"][changed] = 0
        child["born"][changed] = 0
        child["forks"][changed] = 0
        child["limit"][changed] = _limits(fresh[changed], rng)
        child["width"][changed] = np.minimum(fresh["start"], diameters)[changed]
    children = np.concatenate(pairs)
    children["limit"] = np.maximum(
        children["limit"] * np.clip(rng.normal(1.0, 0.08, len(children)), 0.8, 1.2), children["path"] + SHORTEST_BRANCH
    )
    # Never thinner than the program's tip.
    children["width"] = np.maximum(children["width"], table["end"][children["program"]])
    return children


def _trees(sections: _Sections, neurons: int) -> list[Tree]:
    """Sort the sections by neuron, section type and depth first, and split them into trees."""
    owner = np.concatenate(sections.owner)
    points = np.concatenate(sections.points)[np.argsort(owner, kind="stable")]
    counts = np.bincount(owner, minlength=sections.count)
    starts = np.concatenate([[0], np.cumsum(counts)])
    neuron = np.concatenate(sections.neuron)
    kind = np.concatenate(sections.kind)
    parent = np.concatenate(sections.parent)

    children: list[list[int]] = [[] for _ in range(sections.count)]
    for section in np.flatnonzero(parent >= 0).tolist():
        children[parent[section]].append(section)
    trees = []
    for index in range(neurons):
        roots = np.flatnonzero((neuron == index) & (parent < 0))
        order: list[int] = []
        # A stack: the last root in is the first out.
        waiting = roots[np.argsort(kind[roots], kind="stable")][::-1].tolist()
        while waiting:
            section = waiting.pop()
            order.append(section)
            waiting += children[section]
        rank = {section: position for position, section in enumerate(order)}
        picked = np.concatenate([np.arange(starts[section], starts[section + 1]) for section in order])
        trees.append(
            Tree(
                points=points[picked, :4].astype(np.float32),
                distance=points[picked, 4].astype(np.float32),
                offsets=np.concatenate([[0], np.cumsum(counts[order])]),
                kinds=kind[order].astype(np.int32),
                parents=np.array([rank.get(p, -1) for p in parent[order].tolist()], np.int32),
            )
        )
    return trees
