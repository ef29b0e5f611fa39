"""Classes of the vocabulary in annotations of calls, for the checks of their arguments.

Modules import them for type checkers only, because pydantic takes long to import. ``VOCABULARY`` provides them when an
annotation is evaluated, which happens when a call is made or inspected::

    if TYPE_CHECKING:
        from brayns_widget.protocol.brayns.lights import Light

    @waiting
    async def add(self, light: Light) -> Part: ...
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Mapping
from typing import Any

_HOMES = {
    "ColorRamp": "simulation",
    "ColorScheme": "loaders",
    "Interactive": "renderers",
    "Light": "lights",
    "LoaderParams": "loaders",
    "Material": "materials",
    "MaterialName": "materials",
    "Shape": "shapes",
    "Transform": "models",
    "VoxelType": "atlas",
}


class _Vocabulary(Mapping[str, Any]):
    """The classes by their names, imported on access."""

    def __getitem__(self, name: str) -> Any:
        return getattr(importlib.import_module(f"brayns_widget.protocol.brayns.{_HOMES[name]}"), name)

    def __iter__(self) -> Iterator[str]:
        return iter(_HOMES)

    def __len__(self) -> int:
        return len(_HOMES)


VOCABULARY = _Vocabulary()


def preload() -> None:
    """Import what nearly every session needs, for a thread that has time while the servers start."""
    importlib.import_module("websockets.asyncio.client")
    for module in ("brayns.core", "brayns.lights", "brayns.renderers", "brayns.additions", "brayns.loaders", "backend"):
        importlib.import_module(f"brayns_widget.protocol.{module}")
