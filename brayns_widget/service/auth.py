"""The one token that opens the local service."""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

if TYPE_CHECKING:
    from starlette.types import Scope


class Token:
    """A bearer token. Its value leaves this object only as the answer to `admits`.

    Raises:
        ValueError: it is empty, or has characters that no HTTP header can carry.
    """

    def __init__(self, value: str) -> None:
        if not value or not value.isascii() or not value.isprintable() or " " in value:
            raise ValueError("a token is one word of printable ASCII characters")
        self._value = value.encode()

    def __repr__(self) -> str:
        return "Token(…)"

    def admits(self, scope: Scope, *, query: bool = False) -> bool:
        """Tell whether an ASGI request carries this token in its `Authorization` header.

        Args:
            scope: the request.
            query: accept the contract's `?token=` as well.
        """
        presented = [_bearer(value) for name, value in scope["headers"] if name == b"authorization"]
        if query:
            parameters = parse_qs(scope["query_string"].decode("latin-1"))
            presented += [value.encode() for value in parameters.get("token", [])]
        return any(hmac.compare_digest(value, self._value) for value in presented)


def _bearer(header: bytes) -> bytes:
    scheme, _, value = header.partition(b" ")
    return value.strip() if scheme.lower() == b"bearer" else b""
