"""Bearer tokens that stay hidden from reprs, pickles, logs, and tracebacks that show local variables."""

from __future__ import annotations

import os
import re
from collections.abc import Callable

from brayns_widget.protocol.errors import AuthError

ENVIRONMENT_VARIABLE = "BRAYNS_WIDGET_TOKEN"

_WORD = r"tokens?\b(?![-~+/=]|\.\w)"  # "the bearer token is missing" names none
_SECRETS = re.compile(
    r"(?P<query>[?&](?:[\w-]*token|key|password)=)[^&\s\"'<>]+"
    rf"|(?P<bearer>\bBearer\s+)(?!{_WORD})[^\s\"',]+"
    r"|(?P<scheme>://)[^/@\s]+@",
    re.IGNORECASE,
)


def redact(text: str) -> str:
    """Blank out possible credentials in a text: query tokens, bearer tokens, user:password@."""

    def blank(match: re.Match[str]) -> str:
        kept = match["query"] or match["bearer"] or match["scheme"]
        return f"{kept}…@" if match["scheme"] else f"{kept}…"

    return _SECRETS.sub(blank, text)


class Token:
    """A bearer token, or its source.

    Args:
        source: the token, a function that returns it (called for each use, so it may refresh it), or None for the
            environment variable ``BRAYNS_WIDGET_TOKEN``. A token itself gives its source.
    """

    __slots__ = ("_source",)

    def __init__(self, source: str | Callable[[], str] | Token | None = None) -> None:
        self._source: str | Callable[[], str] | None
        self._source = source._source if isinstance(source, Token) else source  # noqa: SLF001 - of this class

    def reveal(self) -> str:
        """Return the token itself.

        Raises:
            AuthError: there is none.
        """
        value = self._source() if callable(self._source) else self._source
        value = value or os.environ.get(ENVIRONMENT_VARIABLE, "")
        if not value or not value.isascii() or not value.isprintable() or " " in value:
            problem = "There is no token" if not value else "The token has characters that no token has"
            del value  # it is one all the same, mistyped
            raise AuthError(f"{problem}.", hint=f"Pass token=… or set {ENVIRONMENT_VARIABLE}.")
        return value

    async def fetch(self) -> Token:
        """Ask the source, and return the token of this moment, which asks no more.

        Raises:
            AuthError: there is none.
        """
        return Token(self.reveal())

    def __repr__(self) -> str:
        return "Token(…)"

    def __reduce__(self) -> tuple[type[Token], tuple[()]]:
        # A pickled token arrives empty and reads the environment of the process that unpickles it.
        return Token, ()
