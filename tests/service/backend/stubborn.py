"""Stands in for ``tasks.answer``: does what its question says, as damaged files make libraries do."""

from __future__ import annotations

import os
import re
from typing import Any

from brayns_widget.service.backend.tasks import told


def answer(_request: Any, question: str, _base: str, path: str, params: dict[str, Any]) -> tuple[Any, bytes]:
    match question:
        case "hang":  # for years, and with Python's lock
            re.match(r"(a+)+$", "a" * 64 + "b")
        case "crash":
            os.abort()
        case "chatter":
            os.write(2, b"HDF5-DIAG\n" * 100_000)
            return 5, b""
        case "take":
            with told(path):
                return len(bytes(params["size"])), b""
    raise AssertionError(question)
