"""Loaders of the real renderer that this one does not have, and why."""

from __future__ import annotations

from pathlib import Path

_BLUE_CONFIG = (
    "BlueConfig circuits cannot be loaded, their format is no longer maintained: "
    "convert the circuit to SONATA and load its circuit_config.json with the SONATA loader"
)
_REASONS = {
    "BBP loader": _BLUE_CONFIG,
    "DTI loader": "This version cannot show the tracts of diffusion images",
}


def refusal(loader_name: str, path: str = "") -> str | None:
    """Explain why a loader, or any loader for such a file, is missing; None without explanation."""
    file = Path(path)
    if not file.suffix and file.name.lower().startswith(("blueconfig", "circuitconfig")):
        return _BLUE_CONFIG
    return _REASONS.get(loader_name)
