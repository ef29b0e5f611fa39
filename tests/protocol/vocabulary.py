"""All endpoints of the protocol, and what was recorded of the real servers."""

from __future__ import annotations

import importlib
import json
import pkgutil
from collections import defaultdict, deque
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

from brayns_widget.protocol import brayns
from brayns_widget.protocol.endpoints import Endpoint

MODULES = [
    importlib.import_module(f"{brayns.__name__}.{module.name}") for module in pkgutil.iter_modules(brayns.__path__)
]


def endpoints_of(*modules: ModuleType) -> dict[str, Endpoint[Any, Any]]:
    """The endpoints that modules define, by the names of their constants."""
    return {name: value for module in modules for name, value in vars(module).items() if isinstance(value, Endpoint)}


RENDERER = {endpoint.name: endpoint for endpoint in endpoints_of(*MODULES).values()}


# What ours adds to recorded methods: method, whether to its parameters or what it returns, property → why.
ADDED = {
    ("render-image", "returns", "render_ms"): "its own time of a picture, by which clients choose the size of the next",
}


def without_additions(name: str, key: str, schema: Any) -> Any:
    """Leave out of the schema of a method's ``params`` or ``returns`` what ours adds, which must be optional there."""
    added = {prop for method, place, prop in ADDED if (method, place) == (name, key)}
    if not added:
        return schema
    assert added <= schema["properties"].keys()
    assert not added & set(schema.get("required", ()))
    kept = {prop: value for prop, value in schema["properties"].items() if prop not in added}
    return schema | {"properties": kept}


def comparable(schema: Any) -> Any:
    """Without the order of ``required``, in which the recorded schemas follow no rule."""
    if isinstance(schema, dict):
        return {key: sorted(value) if key == "required" else comparable(value) for key, value in schema.items()}
    return [comparable(item) for item in schema] if isinstance(schema, list) else schema


def renderer_exchanges(folder: Path) -> Iterator[tuple[str, Any, dict[str, Any]]]:
    """Methods that were called on the real renderer, with their parameters and replies."""
    for path in sorted(folder.glob("*.jsonl")):
        calls: defaultdict[str, deque[tuple[str, Any]]] = defaultdict(deque)  # by id; some were used twice
        for text in path.read_text(encoding="utf-8").splitlines():
            line = _object(text)
            message = _message(line)
            if line.get("dir") == "client->server":
                if isinstance(message.get("method"), str):
                    calls[json.dumps(message.get("id"))].append((message["method"], message.get("params")))
            elif "method" not in message and (waiting := calls[json.dumps(message.get("id"))]):
                yield *waiting.popleft(), message


def backend_exchanges(file: Path) -> Iterator[tuple[str, Any, dict[str, Any]]]:
    """Methods that were called on the real backend, with their parameters and replies."""
    for line in file.read_text(encoding="utf-8").splitlines():
        exchange = _object(line)
        request = _object(exchange.get("request") or "")
        reply = exchange.get("reply")
        if isinstance(request.get("method"), str) and isinstance(reply, dict):
            yield request["method"], request.get("params"), _object(reply.get("text", ""))


def _message(line: dict[str, Any]) -> dict[str, Any]:
    message = line.get("json")
    return message if isinstance(message, dict) else _object(line.get("text", ""))


def _object(text: str) -> dict[str, Any]:
    try:
        value = json.loads(text, strict=False)
    except ValueError:  # nonsense that was sent on purpose; and the recorder cut long messages
        return {}
    return value if isinstance(value, dict) else {}
