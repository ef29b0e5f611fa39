"""Brayns in a notebook: a live, ray-traced view of brain circuits."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from brayns_widget.controller import Controller
    from brayns_widget.protocol.errors import BraynsWidgetError
    from brayns_widget.scene.camera import Camera
    from brayns_widget.widget import BraynsWidget

__all__ = ["BraynsWidget", "BraynsWidgetError", "Camera", "Controller"]

_HOMES = {
    "BraynsWidget": "brayns_widget.widget",
    "BraynsWidgetError": "brayns_widget.protocol.errors",
    "Camera": "brayns_widget.scene.camera",
    "Controller": "brayns_widget.controller",
}


def __getattr__(name: str) -> Any:
    # Imported at first use: the servers and the command line pay neither for the notebook nor need its bundle.
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_HOMES[name]), name)
