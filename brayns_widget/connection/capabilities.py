"""Capabilities of a job's servers, asked for once, right after connecting.

The endpoints are imported where they are used: pydantic comes with them.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from typing import Literal

from brayns_widget.connection.busy import Patience
from brayns_widget.connection.link import Link
from brayns_widget.connection.server import Server
from brayns_widget.protocol.errors import BraynsWidgetError, ProtocolError, RequestError

LIST_DEADLINE = 5.0
"""Seconds that a backend may take to list its methods; a start waits for it."""

CANCEL = "cancel"  # overtakes all requests in servers that have it; its endpoint takes pydantic

Kind = Literal["brayns-widget", "brayns"]

_OURS = "brayns-widget"
# Methods of the real renderer that take long; only for these it is asked whether it can cancel them.
_LONG = ("add-model", "upload-model", "snapshot", "export-gbuffers", "render-image")


@dataclass(frozen=True, slots=True)
class Capabilities:
    """Versions and methods of renderer and backend.

    Attributes:
        kind: whether the renderer is ours or Brayns itself.
        version: version of Brayns that the renderer implements, such as "3.10.1", or "" if it does not say.
        methods: the renderer's methods.
        backend_methods: the backend's methods; none without a backend, and until it is reached for the first time.
        cancellable: those of the renderer's methods that it can cancel.
    """

    kind: Kind = "brayns"
    version: str = ""
    methods: frozenset[str] = frozenset()
    backend_methods: frozenset[str] = frozenset()
    cancellable: frozenset[str] = frozenset()

    @classmethod
    async def ask(cls, renderer: Server, backend: Server | None, patience: Patience) -> Capabilities:
        """Ask the servers for their capabilities; one that a server refuses to tell counts as missing.

        A backend that does not list its methods is out of reach afterwards.

        Args:
            renderer: the renderer.
            backend: the backend, or None if there is none.
            patience: how long the renderer may take, which may be busy.

        Raises:
            ConnectionLost: the link to the renderer broke.
            DeadlineExceeded: the renderer did not answer in time.
            ProtocolError: its answer is not a list of names.
        """
        listing = asyncio.create_task(_list_soon(backend), name="list the backend's methods")
        try:
            found = await patience.wait(renderer, cls._ask_renderer(renderer))
            return replace(found, backend_methods=await listing)
        finally:
            listing.cancel()
            await asyncio.gather(listing, return_exceptions=True)

    @classmethod
    async def _ask_renderer(cls, renderer: Server) -> Capabilities:
        (kind, version), methods = await asyncio.gather(_version(renderer), _registry(renderer))
        return cls(kind, version, methods, cancellable=await _cancellable(renderer, methods))

    @property
    def ours(self) -> bool:
        """Whether the renderer is ours."""
        return self.kind == _OURS

    @property
    def our_backend(self) -> bool:
        """Whether there is a backend, and it is ours."""
        from brayns_widget.protocol.backend import SONATA_DESCRIBE_CIRCUIT

        return SONATA_DESCRIBE_CIRCUIT.name in self.backend_methods

    def offers(self, method: str) -> bool:
        """Whether renderer or backend has a method."""
        return method in self.methods or method in self.backend_methods


async def _version(renderer: Server) -> tuple[Kind, str]:
    from brayns_widget.protocol.brayns.core import GET_VERSION

    try:
        version = await renderer.call(GET_VERSION)
    except (ProtocolError, RequestError):
        return "brayns", ""
    kind: Kind = "brayns-widget" if version.revision.startswith(_OURS) else "brayns"
    return kind, f"{version.major}.{version.minor}.{version.patch}"


async def _registry(server: Server, deadline: float | None = None) -> frozenset[str]:
    from brayns_widget.protocol.brayns.core import REGISTRY  # the backend's is the same

    try:
        names = await server.call(REGISTRY, timeout=deadline)
    except RequestError:
        return frozenset()
    return frozenset(names)


async def list_methods(backend: Server) -> frozenset[str]:
    """Return the methods of a backend; none if it refuses to tell them.

    Raises:
        ConnectionLost: the link broke.
        DeadlineExceeded: it did not answer within ``LIST_DEADLINE``.
        ProtocolError: the answer is not a list of names.
    """
    return await _registry(backend, LIST_DEADLINE)


async def _list_soon(backend: Server | None) -> frozenset[str]:
    if backend is None or not backend.reachable:
        return frozenset()
    try:
        return await list_methods(backend)
    except BraynsWidgetError as error:
        await backend.drop(error.message)
        return frozenset()


def equip_renderer(link: Link, found: Capabilities) -> None:
    """Tell a link to a renderer what the renderer can do."""
    link.overtakes = CANCEL in found.methods
    link.cancellable = found.cancellable


def equip_backend(link: Link, methods: frozenset[str]) -> None:
    """Tell a link to a backend what the backend can do. Brayns' cannot cancel."""
    link.overtakes = CANCEL in methods
    link.cancellable = methods if link.overtakes else frozenset()  # what cannot be stopped says so, and goes on


async def _cancellable(renderer: Server, methods: frozenset[str]) -> frozenset[str]:
    from brayns_widget.protocol.brayns.additions import GET_CANCELLABLE_METHODS

    if GET_CANCELLABLE_METHODS.name in methods:
        names = await renderer.call(GET_CANCELLABLE_METHODS)
        return frozenset(names)
    long = [method for method in _LONG if method in methods]
    answers = await asyncio.gather(*(_is_cancellable(renderer, method) for method in long))
    return frozenset(method for method, cancellable in zip(long, answers, strict=True) if cancellable)


async def _is_cancellable(renderer: Server, method: str) -> bool:
    from brayns_widget.protocol.brayns.core import SCHEMA, SchemaParams

    try:
        return (await renderer.call(SCHEMA, SchemaParams(endpoint=method))).async_
    except RequestError:
        return False
