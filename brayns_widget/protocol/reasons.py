"""Reasons that both sides know. It imports nothing, as a listing of a circuit must be quick."""

from __future__ import annotations

NO_PLACES = "its nodes have no positions"
"""Why a population is not shown that could be shown in a plane."""
