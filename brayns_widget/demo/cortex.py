"""Layers and cell types of the demo circuit: a column of the rat's primary somatosensory cortex.

Sources: layer thicknesses, the column's radius (0.29 mm³ over 2,082 µm), cells per layer, the share of inhibitory
cells and the names of the types follow Markram et al. 2015, "Reconstruction and Simulation of Neocortical
Microcircuitry", Cell 163:456-492, doi:10.1016/j.cell.2015.09.029. Shares of types are rounded, and rare types are
left out. The growth programs are ours, fitted by eye and by section counts, lengths and extents to reconstructed
cells of that cortex.
"""

from __future__ import annotations

from dataclasses import dataclass

from brayns_widget.demo.growth import APICAL, AXON, BASAL, Program, Root

# Thickness of layers 1 to 6, µm.
LAYER_THICKNESSES = (165.0, 149.0, 353.0, 190.0, 525.0, 700.0)
HEIGHT = sum(LAYER_THICKNESSES)
RADIUS = 210.0
REGION = "S1"


def layer_depths(layer: int) -> tuple[float, float]:
    """Depths below the pia at which a layer (1 to 6) begins and ends, µm."""
    top = sum(LAYER_THICKNESSES[: layer - 1])
    return top, top + LAYER_THICKNESSES[layer - 1]


@dataclass(frozen=True)
class CellType:
    """A morphological type.

    Attributes:
        mtype: its name.
        share: percentage of all cells.
        layers: numbers of the layers with its somata.
        excitatory: whether it is excitatory or inhibitory.
        etype: its electrical type.
        radius: of the soma, µm.
        roots: its neurites.
    """

    mtype: str
    share: float
    layers: tuple[int, ...]
    excitatory: bool
    etype: str
    radius: float
    roots: tuple[Root, ...]

    @property
    def depths(self) -> tuple[float, float]:
        """Depths below the pia between which its somata lie, µm."""
        return layer_depths(self.layers[0])[0], layer_depths(self.layers[-1])[1]


# --- dendrites ---


def _basal(length: float, count: tuple[int, int], elevation: tuple[float, float] = (-65, 15)) -> Root:
    program = Program(BASAL, length, (1.7, 0.5), out=0.12, wander=0.1, branch=0.026, fade=60, angle=55, forks=5)
    return Root(program, count, elevation)


def _smooth(length: float, count: tuple[int, int], elevation: tuple[float, float] = (-80, 80)) -> Root:
    """Dendrites of an inhibitory cell: fewer forks, no spines, no apical one."""
    program = Program(BASAL, length, (1.8, 0.6), out=0.1, wander=0.13, branch=0.016, fade=80, angle=60, forks=4)
    return Root(program, count, elevation)


def _apical(
    until: float,
    tuft_length: float,
    tuft_forks: int,
    *,
    obliques: float = 0.018,
    diameter: tuple[float, float] = (3.0, 1.4),
) -> Root:
    """Make a trunk with oblique branches (`obliques` per µm at first) that forks into a tuft at a depth of `until`."""
    thin = (diameter[1], 0.4)
    tuft = Program(APICAL, tuft_length, thin, up=0.3, wander=0.12, branch=0.02, fade=200, angle=60, forks=tuft_forks)
    oblique = Program(APICAL, 150, (1.0, 0.45), up=0.05, wander=0.1, branch=0.014, fade=60, angle=50, forks=3)
    trunk = Program(
        APICAL, 2 * HEIGHT, diameter, up=1.6, wander=0.055, branch=obliques, fade=250, angle=75, side=oblique,
        until=until, then=tuft,
    )  # fmt: skip
    return Root(trunk, elevation=(84, 90))


_INVERTED = Program(APICAL, 420, (2.4, 0.5), up=-0.5, wander=0.08, branch=0.02, fade=250, angle=50, forks=4)
_UPPER = Program(APICAL, 480, (2.2, 0.5), up=0.5, wander=0.08, branch=0.02, fade=250, angle=50, forks=4)

# --- axons ---

_COLLATERAL = Program(
    AXON, 420, (0.5, 0.25), out=0.1, flat=0.05, wander=0.11, branch=0.011, fade=250, forks=4, angle=60
)
_RISING = Program(AXON, 480, (0.5, 0.25), up=0.25, wander=0.1, branch=0.011, fade=250, forks=4, angle=50)


def _descending(length: float, side: Program, rate: float = 0.028) -> Root:
    """Make a pyramidal cell's axon: down to the white matter, with collaterals of the sort `side` on its way."""
    stem = Program(AXON, length, (1.1, 0.35), up=-0.5, wander=0.06, branch=rate, fade=220, angle=80, side=side)
    return Root(stem, elevation=(-90, -80))


def _arbor(length: float, rate: float, forks: int, *, out: float = 0.06, flat: float = 0.0) -> Root:
    """Make a local axon that fills the surroundings of its soma."""
    stem = Program(
        AXON, length, (0.9, 0.25), out=out, flat=flat, wander=0.16, branch=rate, fade=220, forks=forks, angle=75
    )
    return Root(stem, elevation=(-80, 80))


def _martinotti() -> Root:
    """Make an axon that rises to layer 1 and spreads there, with a local arbor on its way."""
    spread = Program(AXON, 380, (0.6, 0.25), flat=0.5, wander=0.14, branch=0.013, fade=300, forks=5, angle=80)
    local = Program(AXON, 260, (0.5, 0.25), out=0.05, wander=0.14, branch=0.012, fade=150, forks=4, angle=70)
    stem = Program(
        AXON, 2 * HEIGHT, (0.9, 0.6), up=0.9, wander=0.06, branch=0.02, fade=200, angle=70, side=local,
        until=110, then=spread,
    )  # fmt: skip
    return Root(stem, elevation=(60, 90))


def _bundle(up: float) -> Program:
    """One of the narrow vertical bundles of a double bouquet cell's axon."""
    return Program(AXON, 600, (0.8, 0.25), up=up, wander=0.08, branch=0.012, fade=200, forks=5, angle=35)


CELL_TYPES = (
    CellType("L1_DAC", 0.4, (1,), False, "bNAC", 5.5, (_smooth(110, (4, 6)), _arbor(300, 0.028, 6, flat=0.3))),
    CellType("L1_NGC-DA", 0.7, (1,), False, "cNAC", 5.5, (_smooth(80, (6, 8)), _arbor(190, 0.042, 7, flat=0.2))),
    CellType(
        "L23_PC", 18.8, (2, 3), True, "cADpyr", 7.0,
        (_descending(750, _COLLATERAL), _basal(130, (5, 7)), _apical(150, 190, 4, diameter=(2.6, 1.3))),
    ),
    CellType("L23_LBC", 1.5, (2, 3), False, "cNAC", 7.0, (_arbor(420, 0.029, 7), _smooth(170, (5, 7)))),
    CellType("L23_MC", 1.1, (2, 3), False, "cACint", 6.5, (_martinotti(), _smooth(190, (4, 6)))),
    CellType(
        "L23_DBC", 0.9, (2, 3), False, "bIR", 6.0,
        (
            Root(_bundle(-0.5), elevation=(-90, -70)),
            Root(_bundle(0.4), elevation=(60, 80)),
            _smooth(150, (2, 2), (60, 85)),
            _smooth(170, (2, 3), (-85, -60)),
        ),
    ),
    CellType(
        "L4_PC", 8.6, (4,), True, "cADpyr", 6.5,
        (_descending(600, _RISING), _basal(120, (5, 7)), _apical(210, 150, 2, obliques=0.018, diameter=(2.0, 1.0))),
    ),
    CellType("L4_SSC", 4.8, (4,), True, "cADpyr", 6.0, (_descending(450, _RISING), _basal(135, (6, 8), (-70, 70)))),
    CellType("L4_LBC", 1.2, (4,), False, "dNAC", 7.0, (_arbor(360, 0.03, 7), _smooth(150, (5, 7)))),
    CellType(
        "L5_TPC:A", 14.4, (5,), True, "cADpyr", 9.5,
        (_descending(1000, _COLLATERAL, 0.026), _basal(190, (6, 8)), _apical(270, 330, 6, diameter=(5.0, 2.4))),
    ),
    CellType(
        "L5_TPC:C", 2.6, (5,), True, "cADpyr", 8.0,
        (_descending(900, _RISING), _basal(160, (5, 6)), _apical(190, 180, 3, obliques=0.02, diameter=(3.0, 1.4))),
    ),
    CellType("L5_LBC", 1.4, (5,), False, "cNAC", 7.5, (_arbor(480, 0.028, 7), _smooth(190, (5, 7)))),
    CellType("L5_MC", 1.4, (5,), False, "cACint", 7.0, (_martinotti(), _smooth(200, (4, 6)))),
    CellType(
        "L6_TPC:A", 17.0, (6,), True, "cADpyr", 7.0,
        (_descending(550, _RISING), _basal(130, (5, 7)), _apical(780, 190, 3, diameter=(2.6, 1.2))),
    ),
    CellType(
        "L6_IPC", 11.0, (6,), True, "cADpyr", 7.0,
        (_descending(500, _COLLATERAL), _basal(140, (5, 7), (-10, 70)), Root(_INVERTED, elevation=(-90, -70))),
    ),
    CellType(
        "L6_BPC", 10.2, (6,), True, "cADpyr", 7.0,
        (
            _descending(500, _COLLATERAL),
            _basal(130, (4, 6)),
            Root(_UPPER, elevation=(75, 90)),
            Root(_INVERTED, elevation=(-90, -75)),
        ),
    ),
    CellType("L6_LBC", 2.4, (6,), False, "cNAC", 7.0, (_arbor(420, 0.029, 7), _smooth(170, (5, 7)))),
    CellType("L6_MC", 1.6, (6,), False, "cACint", 7.0, (_martinotti(), _smooth(190, (4, 6)))),
)  # fmt: skip
