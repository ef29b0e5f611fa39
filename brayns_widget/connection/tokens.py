"""Bearer tokens that stay hidden from reprs, pickles, logs, and tracebacks that show local variables."""

from __future__ import annotations

import asyncio
import inspect
import os
import re
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path, PurePath
from typing import Any, Literal, TypeAlias

from brayns_widget.protocol.errors import AuthError, BraynsWidgetError, TokenUnavailable

ENVIRONMENT_VARIABLE = "BRAYNS_WIDGET_TOKEN"

Source: TypeAlias = (
    str | Callable[[], str] | Callable[[], Awaitable[str]] | Mapping[Literal["file", "variable"], str | PurePath] | None
)
"""The token, a function that returns it, or where it is; see ``Token``."""

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
        source: the token; a function or an async function that returns it, called for each use, so that it may refresh
            it; ``{"file": path}`` or ``{"variable": name}`` for what a file or an environment variable holds then; None
            for the environment variable ``BRAYNS_WIDGET_TOKEN``. A token itself gives its source.
        optional: whether a server may want none; None is no token then.

    Raises:
        TypeError: the source is none of these; it is not shown.
    """

    __slots__ = ("_last", "_optional", "_source")

    def __init__(self, source: Source | Token = None, *, optional: bool = False) -> None:
        if not _is_source(source):
            del source  # it may be one all the same, as bytes
            raise TypeError('a token is a text, a function that returns one, {"file": path} or {"variable": name}')
        self._source: Any = source
        self._optional = optional
        self._last: Any = ""  # what an async function has returned
        if isinstance(source, Token):
            self._source, self._last = source._source, source._last  # noqa: SLF001 - of this class

    def reveal(self) -> str:
        """Return the token itself, or "" if it is optional and there is none.

        Of an async function it is what the last ``fetch`` got.

        Raises:
            AuthError: there is none.
            TokenUnavailable: the function that returns it has failed.
        """
        # No local variable holds it where an error is raised.
        if self._last or inspect.iscoroutinefunction(self._source):
            return self._verified(self._last)
        if isinstance(self._source, Mapping):
            ((kind, name),) = self._source.items()
            return self._verified(
                _content(name) if kind == "file" else os.environ.get(name), f" in {kind} {str(name)!r}"
            )
        if callable(self._source):
            return self._verified(_ask(self._source))
        return self._verified(self._source or (None if self._optional else os.environ.get(ENVIRONMENT_VARIABLE)))

    async def fetch(self) -> Token:
        """Ask the source, and return the token of this moment, which asks no more.

        Raises:
            AuthError: there is none.
            TokenUnavailable: the function that returns it has failed.
        """
        if not callable(self._source):
            return Token(self.reveal(), optional=self._optional)
        now = Token(optional=self._optional)  # for tracebacks show a local variable
        if inspect.iscoroutinefunction(self._source):
            now._last = self._last = await _await(_ask(self._source))
        else:
            # Not on the loop: a function that asks a server would hold everything else.
            now._last = await asyncio.to_thread(_ask, self._source)
            if inspect.isawaitable(now._last):
                now._last = self._last = await _await(now._last)
        return Token(now._verified(now._last), optional=self._optional)

    def blank(self, text: str) -> str:
        """Blank the token out of a text."""
        return text.replace(self.reveal(), "…") if self.reveal() else text

    def _verified(self, value: object, place: str = "") -> str:
        if inspect.iscoroutine(value):  # of a function that is async in disguise, and was not fetched yet
            value.close()
            value = None
        if not value and self._optional:
            return ""
        if isinstance(value, str) and value and value.isascii() and value.isprintable() and " " not in value:
            return value
        kind = type(value).__name__
        problem = "There is no token" if not value else "The token has characters that no token has"
        del value  # it is one all the same, mistyped
        if kind not in {"str", "NoneType"}:
            raise AuthError(
                f"The function that returns the token returned {kind}, which is no text.",
                hint="Let it return the token alone, as str.",
            )
        raise AuthError(f"{problem}{place}.", hint=f"Pass token=… or set {ENVIRONMENT_VARIABLE}.")

    def __repr__(self) -> str:
        return "Token(…)"

    def __reduce__(self) -> tuple[type[Token], tuple[()]]:
        # A pickled token arrives empty and reads the environment of the process that unpickles it.
        return Token, ()


def _is_source(source: object) -> bool:
    if isinstance(source, Mapping):
        return len(source) == 1 and all(
            kind in {"file", "variable"} and isinstance(name, str | PurePath) and str(name)
            for kind, name in source.items()
        )
    return source is None or isinstance(source, str | Token) or callable(source)


def _ask(source: Callable[[], Any]) -> Any:
    try:
        return source()
    except BraynsWidgetError:
        raise
    except (Exception, SystemExit) as error:
        kind = type(error).__name__
    raise _unavailable(kind)


async def _await(answer: Awaitable[str]) -> str:
    try:
        return await answer
    except BraynsWidgetError:
        raise
    except (Exception, SystemExit) as error:
        kind = type(error).__name__
    raise _unavailable(kind)


def _unavailable(kind: str) -> TokenUnavailable:
    # The error itself is neither shown nor chained: it may hold the token, or a request with it.
    return TokenUnavailable(f"The function that returns the token failed: {kind}.", hint="Call it yourself to see why.")


def _content(path: str) -> str:
    try:
        return Path(path).expanduser().read_text(encoding="utf-8").strip()
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no text"
        raise AuthError(f"The token's file {str(path)!r} cannot be read: {reason}.") from None
