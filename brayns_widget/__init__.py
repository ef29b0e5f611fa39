"""Brayns in a notebook: a live, ray-traced view of brain circuits."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from brayns_widget.controller.camera import Camera
    from brayns_widget.controller.controller import Controller
    from brayns_widget.controller.encoded import Snapshot
    from brayns_widget.controller.legend import Legend
    from brayns_widget.controller.models import Model
    from brayns_widget.controller.tasks import Task
    from brayns_widget.notebook.widget import BraynsWidget
    from brayns_widget.protocol.errors import (
        AllocationError,
        AuthError,
        BraynsWidgetError,
        CircuitError,
        ConnectionLost,
        DeadlineExceeded,
        ForkedError,
        ProtocolError,
        QueryError,
        RequestCancelled,
        RequestError,
        SceneLost,
        ServiceError,
    )

__all__ = [
    "AllocationError",
    "AuthError",
    "BraynsWidget",
    "BraynsWidgetError",
    "Camera",
    "CircuitError",
    "ConnectionLost",
    "Controller",
    "DeadlineExceeded",
    "ForkedError",
    "Legend",
    "Model",
    "ProtocolError",
    "QueryError",
    "RequestCancelled",
    "RequestError",
    "SceneLost",
    "ServiceError",
    "Snapshot",
    "Task",
]

_HOMES = {
    "BraynsWidget": "brayns_widget.notebook.widget",
    "Camera": "brayns_widget.controller.camera",
    "Controller": "brayns_widget.controller.controller",
    "Legend": "brayns_widget.controller.legend",
    "Model": "brayns_widget.controller.models",
    "Snapshot": "brayns_widget.controller.encoded",
    "Task": "brayns_widget.controller.tasks",
}


def __getattr__(name: str) -> Any:
    # Imported at first use: the servers and the command line pay neither for the notebook nor need its bundle.
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_HOMES.get(name, "brayns_widget.protocol.errors")), name)


def __dir__() -> list[str]:
    return [*globals(), *__all__]
