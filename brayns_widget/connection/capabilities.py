"""What the servers of a job offer. It is asked once, right after connecting."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any, Literal

from brayns_widget.connection.link import Link
from brayns_widget.protocol.errors import DeadlineExceeded, ProtocolError, RequestError

DEADLINE = 30.0

Kind = Literal["brayns-widget", "brayns"]

_OURS = "brayns-widget"
_CANCELLABLE_METHODS = "get-cancellable-methods"
# Those of the real renderer that take long; it is asked only whether it can cancel these.
_LONG = ("add-model", "upload-model", "snapshot", "export-gbuffers", "render-image")


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What renderer and backend offer.

    Attributes:
        kind: whether the renderer is ours or Brayns itself.
        version: version of Brayns whose methods the renderer has, such as "3.10.1", or "" if it does not say.
        methods: the renderer's methods.
        backend_methods: the backend's methods; none without a backend.
        cancellable: those of the renderer's methods that it can cancel.
    """

    kind: Kind = "brayns"
    version: str = ""
    methods: frozenset[str] = frozenset()
    backend_methods: frozenset[str] = frozenset()
    cancellable: frozenset[str] = frozenset()

    @property
    def ours(self) -> bool:
        """Whether the renderer is ours."""
        return self.kind == _OURS

    def offers(self, method: str) -> bool:
        """Whether renderer or backend has a method."""
        return method in self.methods or method in self.backend_methods


async def ask(renderer: Link, backend: Link | None) -> Capabilities:
    """Ask what the servers offer. What a server refuses to tell, it does not offer.

    Raises:
        ConnectionLost: the renderer's link broke.
        DeadlineExceeded: they did not answer in time.
        ProtocolError: they answered with something else than lists of names.
    """
    try:
        async with asyncio.timeout(DEADLINE):
            methods, backend_methods = await asyncio.gather(_names(renderer, "registry"), _names(backend, "registry"))
            kind, version = _read_version(renderer.greeting)
            cancellable = await _cancellable(renderer, kind, methods)
    except TimeoutError as error:
        if isinstance(error, DeadlineExceeded):
            raise
        raise DeadlineExceeded(f"The servers did not tell within {DEADLINE:g} s what they offer.") from None
    return Capabilities(kind, version, methods, backend_methods, cancellable)


def _read_version(answer: Any) -> tuple[Kind, str]:
    if not isinstance(answer, dict):
        return "brayns", ""
    numbers = [str(answer[part]) for part in ("major", "minor", "patch") if part in answer]
    return ("brayns-widget" if str(answer.get("revision", "")).startswith(_OURS) else "brayns"), ".".join(numbers)


async def _cancellable(renderer: Link, kind: Kind, methods: frozenset[str]) -> frozenset[str]:
    if _CANCELLABLE_METHODS in methods:
        return await _names(renderer, _CANCELLABLE_METHODS)
    long = [method for method in _LONG if method in methods]
    answers = await asyncio.gather(*(_is_cancellable(renderer, method) for method in long))
    found = {method for method, cancellable in zip(long, answers, strict=True) if cancellable}
    if kind == _OURS:  # its schemas are those of Brayns, which cannot cancel a picture
        found.add("render-image")
    return frozenset(found)


async def _is_cancellable(renderer: Link, method: str) -> bool:
    try:
        schema = (await renderer.request("schema", {"endpoint": method})).result
    except RequestError:
        return False
    return isinstance(schema, dict) and schema.get("async") is True


async def _names(server: Link | None, method: str) -> frozenset[str]:
    if server is None:
        return frozenset()
    try:
        answer = (await server.request(method)).result
    except RequestError:
        return frozenset()
    if not isinstance(answer, list) or not all(isinstance(name, str) for name in answer):
        raise ProtocolError(f"The {server.name} answered {method!r} with something else than a list of names.")
    return frozenset(answer)
