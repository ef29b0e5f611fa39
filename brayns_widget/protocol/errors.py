"""All errors that brayns_widget raises on purpose.

::

    BraynsWidgetError
    ├── ProtocolError            the peer sent what the protocol does not allow
    ├── RequestError             a server answered a request with an error (code, data)
    │   └── RequestCancelled     … because the request was cancelled (code 20)
    ├── ServiceError             the local service cannot be started or has died
    ├── AllocationError          a job cannot be started, or ended before it was ready
    ├── AuthError                the token is missing, wrong or expired
    │   └── TokenUnavailable     … or its source cannot tell it at present
    ├── ConnectionLost           a link closed while it was needed
    │   └── SceneLost            … and what was loaded has gone with it
    ├── ForkedError              a controller of the parent was used in a forked child
    ├── DeadlineExceeded         a wait took longer than allowed (also a built-in TimeoutError)
    └── CircuitError             the circuit cannot be read or shown as asked
        └── QueryError           … because a query for cells is wrong (also a built-in ValueError)

Every message says what happened; ``hint`` says what the user can do about it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

# JSON-RPC 2.0 codes, and the two that Brayns adds.
PARSE_ERROR = -32700
INVALID_REQUEST = -32600
METHOD_NOT_FOUND = -32601
INVALID_PARAMS = -32602
INTERNAL_ERROR = -32603
CANCELLED = 20
DOMAIN_ERROR = 0


class BraynsWidgetError(Exception):
    """Root of all errors that brayns_widget raises on purpose.

    Args:
        message: what happened, one sentence, with the names and values that matter.
        hint: what the user can do about it, or "".
    """

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} {self.hint}" if self.hint else self.message

    def __reduce__(self) -> tuple[Any, ...]:
        # Exceptions are pickled by calling them with their positional arguments, which leaves keywords out.
        return _restore, (type(self), self.args, vars(self))


def _restore(kind: type[BraynsWidgetError], args: tuple[Any, ...], state: dict[str, Any]) -> BraynsWidgetError:
    error = kind.__new__(kind, *args)
    vars(error).update(state)
    return error


class ProtocolError(BraynsWidgetError):
    """The peer sent something that the protocol does not allow."""


class RequestError(BraynsWidgetError):
    """A server answered a JSON-RPC request with an error.

    Attributes:
        code: JSON-RPC error code (see the constants of this module).
        data: details from the server, or None; for -32602 a list of "path: problem".
        method: the request's method, or "".
    """

    def __init__(self, message: str, *, code: int, data: Any = None, method: str = "", hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.code = code
        self.data = data
        self.method = method

    def __str__(self) -> str:
        text = self.message
        if isinstance(self.data, list) and self.data:
            text += " (" + "; ".join(str(item) for item in self.data) + ")"
        return f"{text} {self.hint}" if self.hint else text


class RequestCancelled(RequestError):
    """A request was cancelled before it was done."""


class ServiceError(BraynsWidgetError):
    """The local service cannot be started, or has died."""


class AllocationError(BraynsWidgetError):
    """A job cannot be started, or ended before it was ready."""


class AuthError(BraynsWidgetError):
    """The token is missing, wrong or expired."""


class TokenUnavailable(AuthError):
    """The function that returns the token has failed; it may not the next time."""


class ConnectionLost(BraynsWidgetError):
    """A link to a server closed while it was needed."""


class SceneLost(ConnectionLost):
    """What was loaded is gone, with its renderer, and the call needs it. ``controller.restore()`` brings it back."""


class ForkedError(BraynsWidgetError):
    """A controller or widget of the parent process was used in a forked child."""


class DeadlineExceeded(BraynsWidgetError, TimeoutError):
    """A wait took longer than allowed."""


class CircuitError(BraynsWidgetError):
    """A circuit cannot be read, or not be shown as asked."""


class QueryError(CircuitError, ValueError):
    """A query for cells is wrong.

    Attributes:
        place: of the mistake, as a JSON pointer into the query (RFC 6901), such as "/$and/1/mtype", or "".
    """

    def __init__(self, message: str, *, hint: str = "", place: Sequence[str | int] = ()) -> None:
        super().__init__(message, hint=hint)
        self.place = "".join(f"/{str(part).replace('~', '~0').replace('/', '~1')}" for part in place)
