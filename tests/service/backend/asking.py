"""Questions about circuits, answered in this process."""

from __future__ import annotations

from typing import Any

from brayns_widget.protocol.errors import RequestError
from brayns_widget.service.backend import tasks
from brayns_widget.service.rpc.running import RunningRequest


def answer(question: str, base: str, path: str, **params: Any) -> dict[str, Any]:
    """The "result" of a question and its "payload", if it has one, or its "error"."""
    try:
        result, payload = tasks.answer(RunningRequest(), question, base, path, params)
    except RequestError as error:
        return {"error": {"code": error.code, "message": error.message}}
    found = bytes(payload)
    return {"result": result, "payload": found} if found else {"result": result}
