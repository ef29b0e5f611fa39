"""Numbers that several calls take, with their limits."""

from __future__ import annotations

from typing import Annotated

from annotated_types import Ge, Gt, Le

LARGEST = 1e6
"""Of a radius in µm, and of a factor on radii: a circuit is not a meter large."""

Share = Annotated[float, Ge(0), Le(1)]
Radius = Annotated[float, Gt(0), Le(LARGEST)]
SynapseRadius = Annotated[float, Ge(0.1), Le(LARGEST)]  # Brayns' schema has this minimum; so has the next
RadiusMultiplier = Annotated[float, Ge(0.1), Le(LARGEST)]
