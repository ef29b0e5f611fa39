"""A synthetic SONATA circuit that looks like a piece of cortex, for a start without a download.

`write_circuit` writes it as the Blue Brain Project does, `write_network` as the Allen Institute does. The modules below
them, in the order in which they build on each other: `growth` (branching morphologies), `cortex` (layers and types),
`morphology` (files, compartments), `placement`, `wiring`, `activity`, `sonata` (files).
"""

from __future__ import annotations

from brayns_widget.demo.circuit import DEFAULT_CELLS, MAX_CELLS, write_circuit
from brayns_widget.demo.network import write_network

__all__ = ["DEFAULT_CELLS", "MAX_CELLS", "write_circuit", "write_network"]
