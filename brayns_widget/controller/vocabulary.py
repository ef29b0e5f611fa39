"""Classes of the vocabulary that annotations of calls name, for the checks of their arguments.

Modules import them for type checkers only, because pydantic takes long to import. ``VOCABULARY`` has them when an
annotation is evaluated, which is when a call is made or looked at::

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
    "Interactive": "renderers",
    "Light": "lights",
    "LoaderParams": "loaders",
    "Material": "materials",
    "Shape": "shapes",
    "Transform": "models",
}


class _Vocabulary(Mapping[str, Any]):
    """The classes by their names; imported when they are asked for."""

    def __getitem__(self, name: str) -> Any:
        return getattr(importlib.import_module(f"brayns_widget.protocol.brayns.{_HOMES[name]}"), name)

    def __iter__(self) -> Iterator[str]:
        return iter(_HOMES)

    def __len__(self) -> int:
        return len(_HOMES)


VOCABULARY = _Vocabulary()
