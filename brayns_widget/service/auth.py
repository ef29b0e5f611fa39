"""The token of the local service."""

from __future__ import annotations

import hmac
from collections.abc import Iterable
from typing import TYPE_CHECKING
from urllib.parse import quote

if TYPE_CHECKING:
    from aiohttp.web import Request


class Token:
    """A bearer token. Its value never leaves this object.

    Raises:
        ValueError: it is empty, or has characters that no HTTP header can carry.
    """

    def __init__(self, value: str) -> None:
        if not value or not value.isascii() or not value.isprintable() or " " in value:
            del value  # it may be one, mistyped, and a traceback may show local variables
            raise ValueError("a token is one word of printable ASCII characters")
        self._value = value.encode()

    def __repr__(self) -> str:
        return "Token(…)"

    def mask(self, text: str) -> str:
        """Return `text` without this token, plain or percent-encoded."""
        value = self._value.decode()
        return text.replace(quote(value, safe=""), "…").replace(value, "…")

    def admits(self, request: Request, *, query: bool = False) -> bool:
        """Whether a request has this token in its `Authorization` header.

        Args:
            request: the request.
            query: accept the contract's `?token=` as well.
        """
        headers = request.headers.getall("Authorization", [])
        return self.admits_headers(headers) or (query and self._is_one_of(request.query.getall("token", [])))

    def admits_headers(self, headers: Iterable[str]) -> bool:
        """Whether one of a request's ``Authorization`` headers has this token."""
        return self._is_one_of(map(_bearer, headers))

    def _is_one_of(self, presented: Iterable[str]) -> bool:
        # Any bytes may come; compare_digest takes text only if it is ASCII.
        return any(hmac.compare_digest(value.encode(errors="surrogateescape"), self._value) for value in presented)


def _bearer(header: str) -> str:
    scheme, _, value = header.partition(" ")
    return value.strip() if scheme.lower() == "bearer" else ""
