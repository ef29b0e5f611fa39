"""A synthetic SONATA circuit that looks like a piece of cortex, for a start without a download.

`write_circuit` is the only entry; the modules below it, in the order in which they build on each other: `growth`
(branching morphologies), `cortex` (layers and types), `morphology` (files, compartments), `placement`, `wiring`,
`activity`, `sonata` (files).
"""

from __future__ import annotations

from brayns_widget.demo.circuit import DEFAULT_CELLS, MAX_CELLS, write_circuit

__all__ = ["DEFAULT_CELLS", "MAX_CELLS", "write_circuit"]
