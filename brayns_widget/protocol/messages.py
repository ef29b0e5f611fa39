"""JSON-RPC 2.0 messages of the renderer and the backend, in both directions.

A text message of the WebSocket carries one of them; a binary message carries one and a payload (see ``binary``).
Progress is a notification whose method is the request's method and whose params are
``{"id": request id, "amount": 0..1, "operation": text}``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from brayns_widget.protocol import binary
from brayns_widget.protocol.errors import (
    CANCELLED,
    INVALID_REQUEST,
    PARSE_ERROR,
    ProtocolError,
    RequestCancelled,
    RequestError,
)

RequestId = int | str
RawMessage = str | bytes

MAX_MESSAGE = 1 << 30
"""Maximum bytes of a message that clients, servers and the relay take: a volume of 512³ floats and more.

The real server has no limit.
"""

_EMPTY = memoryview(b"")
_ENCODER = json.JSONEncoder(separators=(",", ":"), allow_nan=False)  # once: a message takes as long as making one
_REQUEST_KEYS = frozenset({"jsonrpc", "id", "method", "params"})


@dataclass(frozen=True, slots=True)
class Request:
    """One request. ``id`` None: the sender wants no answer."""

    method: str
    params: Any = None
    id: RequestId | None = None
    payload: memoryview = _EMPTY


@dataclass(frozen=True, slots=True)
class Reply:
    """A successful answer: the JSON result and the payload."""

    id: RequestId
    result: Any
    payload: memoryview = _EMPTY


@dataclass(frozen=True, slots=True)
class ErrorReply:
    """An error answer. ``id`` None: the server could not tell which request failed."""

    id: RequestId | None
    code: int
    message: str
    data: Any = None

    def to_exception(self, method: str = "") -> RequestError:
        """Make the exception for the caller of ``method``."""
        kind = RequestCancelled if self.code == CANCELLED else RequestError
        return kind(self.message, code=self.code, data=self.data, method=method)


@dataclass(frozen=True, slots=True)
class Progress:
    """Progress of a running request; ``amount`` is from 0 to 1."""

    id: RequestId
    amount: float
    operation: str


def _dump(message: Mapping[str, Any]) -> str:
    return _ENCODER.encode(message)


def _encode(message: Mapping[str, Any], payload: bytes | memoryview) -> RawMessage:
    text = _dump(message)
    return binary.pack(text, payload) if len(payload) else text


def encode_request(request: Request) -> RawMessage:
    """Encode a request. Methods without parameters refuse ``{}``, so None leaves ``params`` out.

    Raises:
        ProtocolError: it has more bytes than a message may.
    """
    message: dict[str, Any] = {"jsonrpc": "2.0", "method": request.method}
    if request.id is not None:
        message["id"] = request.id
    if request.params is not None:
        message["params"] = request.params
    raw = _encode(message, request.payload)
    if len(raw) > MAX_MESSAGE:  # it would end the connection
        raise ProtocolError(
            f"The request {request.method!r} does not fit into a message, which may have {MAX_MESSAGE >> 20} MiB.",
            hint="Send less at a time, or load a file by its path on the server's machine.",
        )
    return raw


def encode_reply(reply: Reply) -> RawMessage:
    """Encode a successful answer, as binary only if the payload is not empty."""
    return _encode({"id": reply.id, "jsonrpc": "2.0", "result": reply.result}, reply.payload)


def encode_error(error: ErrorReply) -> str:
    """Encode an error answer as text; ``data`` is left out if there is none."""
    body: dict[str, Any] = {"code": error.code, "message": error.message}
    if error.data is not None:
        body["data"] = error.data
    return _dump({"error": body, "id": error.id, "jsonrpc": "2.0"})


def encode_progress(method: str, progress: Progress) -> str:
    """Encode a progress notification as text."""
    params = {"amount": progress.amount, "id": progress.id, "operation": progress.operation}
    return _dump({"jsonrpc": "2.0", "method": method, "params": params})


def decode_request(raw: RawMessage, *, require_version: bool = True) -> Request:
    """Decode a client's message.

    Args:
        raw: a text or binary WebSocket message.
        require_version: refuse a message without ``jsonrpc``, as the renderer does and the backend does not.

    Raises:
        RequestError: with the code for the client; the answer to this message has no id.
    """
    message, payload = _decode(raw)
    problems = [f"unknown property {name!r}" for name in sorted(message.keys() - _REQUEST_KEYS)]
    method, request_id, version = message.get("method"), message.get("id"), message.get("jsonrpc", "2.0")
    if require_version and "jsonrpc" not in message:
        problems.append("missing required property 'jsonrpc'")
    elif not isinstance(version, str):
        problems.append(f"jsonrpc: invalid type, expected string got {type_name(version)}")
    if "method" not in message:
        problems.append("missing required property 'method'")
    elif not isinstance(method, str):
        problems.append(f"method: invalid type, expected string got {type_name(method)}")
    if not _is_id(request_id):
        problems.append("id: invalid oneOf, no schemas match input")
    if problems:
        raise RequestError("Invalid JSON-RPC request schema", code=INVALID_REQUEST, data=problems)
    if version != "2.0":
        raise RequestError(f"Unsupported JSON-RPC version: {version!r}", code=INVALID_REQUEST)
    if not method:
        raise RequestError("No methods provided in request", code=INVALID_REQUEST)
    return Request(method, message.get("params"), request_id, payload)


def decode_server_message(raw: RawMessage) -> Reply | ErrorReply | Progress:
    """Decode a server's message.

    Raises:
        ProtocolError: it is neither a reply, nor an error, nor progress.
    """
    try:
        message, payload = _decode(raw)
    except RequestError as error:
        raise ProtocolError(f"The server sent an unreadable message: {error}") from error
    request_id = message.get("id")
    if not _is_id(request_id):
        raise ProtocolError(f"The server sent a message with the id {request_id!r:.200}.")
    if "error" in message:
        body = message["error"]
        if not isinstance(body, dict) or not isinstance(body.get("code"), int):
            raise ProtocolError(f"The server sent a malformed error: {body!r:.200}")
        return ErrorReply(request_id, body["code"], str(body.get("message", "")), body.get("data"))
    if "result" in message:
        if request_id is None:
            raise ProtocolError("The server sent a result without a request id.")
        return Reply(request_id, message["result"], payload)
    params = message.get("params")
    if "method" in message and isinstance(params, dict):
        match params:
            case {"id": int() | str() as task, "amount": int() | float() as amount, "operation": str(operation)}:
                return Progress(task, float(min(max(amount, 0), 1)), operation)
    raise ProtocolError(f"The server sent neither a reply nor progress: {message!r:.200}")


def _decode(raw: RawMessage) -> tuple[dict[str, Any], memoryview]:
    try:
        text, payload = binary.unpack(raw) if isinstance(raw, bytes) else (raw, _EMPTY)
    except ProtocolError as error:
        raise RequestError(f"Invalid JSON: {error}", code=PARSE_ERROR) from error
    try:
        message = _DECODER.decode(text)
        if "\\u" in text:  # a lone surrogate is valid JSON but not valid text; Python uses some in names of files
            json.dumps(message, ensure_ascii=False).encode(errors="surrogateescape")
    except (ValueError, RecursionError) as error:
        raise RequestError(f"Invalid JSON: {error}", code=PARSE_ERROR) from error
    if not isinstance(message, dict):
        problem = f"invalid type, expected object got {type_name(message)}"
        raise RequestError("Invalid JSON-RPC request schema", code=INVALID_REQUEST, data=[problem])
    return message, payload


def _refuse_constant(name: str) -> None:
    # Python reads NaN and Infinity, which are not JSON and cannot be forwarded.
    raise ValueError(f"{name} is not JSON")


_DECODER = json.JSONDecoder(parse_constant=_refuse_constant)


def _is_id(value: Any) -> bool:
    return isinstance(value, int | str | None) and not isinstance(value, bool)


def type_name(value: Any) -> str:
    """Name a decoded value's JSON type as Brayns' error texts do."""
    match value:
        case None:
            return "null"
        case bool():
            return "boolean"
        case int():
            return "integer"
        case float():
            return "number"
        case str():
            return "string"
        case list() | tuple():
            return "array"
        case _:
            return "object"
