"""Bearer tokens on requests to a proxy master. It imports httpx, so it is imported late."""

from __future__ import annotations

from collections.abc import AsyncGenerator

import httpx

from brayns_widget.connection.tokens import Token

_UNAUTHORIZED = 401


class Bearer(httpx.Auth):
    """Authorization of requests with a token, whose source is asked once more after an answer 401.

    Args:
        token: the token.
    """

    def __init__(self, token: Token) -> None:
        self._token = token

    async def async_auth_flow(self, request: httpx.Request) -> AsyncGenerator[httpx.Request, httpx.Response]:
        """Send a request, and once more if the token's source knows another token after a refusal."""
        await self._sign(request)
        response = yield request
        # Safe for every call: what is refused has not been done.
        if response.status_code == _UNAUTHORIZED and await self._sign(request):
            yield request

    async def _sign(self, request: httpx.Request) -> bool:
        """Set the header; return whether it has changed."""
        token = await self._token.fetch()  # before any local variable holds one, for this may raise
        after = f"Bearer {token.reveal()}"
        changed: bool = request.headers.get("Authorization") != after
        request.headers["Authorization"] = after
        return changed
