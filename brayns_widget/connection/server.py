"""Typed calls with deadlines to one server of a job."""

# ruff: noqa: ASYNC109 - deadlines are part of this interface, and errors name them
from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Iterator
from typing import TYPE_CHECKING, Any, TypeVar

from brayns_widget.connection.link import Address, Link
from brayns_widget.connection.reports import Report
from brayns_widget.protocol.errors import ConnectionLost, ProtocolError, RequestError
from brayns_widget.protocol.messages import Progress, Reply

if TYPE_CHECKING:  # it takes pydantic, which is imported where endpoints are used
    from brayns_widget.protocol.endpoints import Endpoint
    from brayns_widget.protocol.requests import Outcome

REQUEST_TIMEOUT = 60.0
PICTURE_TIMEOUT = 900.0
LOAD_TIMEOUT = 3600.0

MOMENT = 2.0
"""Seconds that an answer takes if the server has nothing else to do, and the link is slow."""

# Default deadlines of calls: loading and building large scenes takes minutes.
_TIMEOUTS = {
    "add-model": LOAD_TIMEOUT,
    "upload-model": LOAD_TIMEOUT,
    "add-morphology": LOAD_TIMEOUT,
    "instantiate-model": LOAD_TIMEOUT,
    "set-circuit-thickness": LOAD_TIMEOUT,
    "visualize-atlas-usecase": LOAD_TIMEOUT,
    "snapshot": PICTURE_TIMEOUT,
    "export-gbuffers": PICTURE_TIMEOUT,
}

OnCall = Callable[["Endpoint[Any, Any]", Any, Any, "bytes | memoryview"], None]
OnLate = Callable[["Endpoint[Any, Any]", Any, Any], None]

P = TypeVar("P")
R = TypeVar("R")


def default_timeout(method: str) -> float:
    """Return the default deadline of a method, in seconds."""
    return _TIMEOUTS.get(method, REQUEST_TIMEOUT)


class Server:
    """The renderer or the backend of a job. Use it on the loop thread only.

    Args:
        link: the link to it, or None if it is still to be opened.
        reopen: awaited before a request if the link is closed; it calls ``renew``, or raises why it cannot.

    Attributes:
        on_call: called with the endpoint, the JSON of the parameters, the result and the bytes that were sent of each
            typed call that succeeded.
        on_late: the same, without the bytes, for calls that nobody waits for any more; None forgets their answers.
        on_unanswered: called with the endpoint and the JSON of the parameters of each typed call whose link broke,
            also if nobody waits for it any more; the server may have done it, or do it still.
        on_busy: called when an answer takes longer than ``MOMENT``. While it is set, the caller keeps the time, and
            requests have no default deadlines.
    """

    def __init__(self, link: Link | None, reopen: Callable[[], Awaitable[None]] | None = None) -> None:
        self._link = link
        self._reopen = reopen
        self.on_call: OnCall = _ignore
        self.on_late: OnLate | None = None
        self.on_unanswered: Callable[[Endpoint[Any, Any], Any], None] | None = None
        self.on_busy: Callable[[], None] | None = None

    def __repr__(self) -> str:
        return f"<Server over {self._link!r}>"

    @property
    def _open_link(self) -> Link:
        assert self._link is not None, "it is open before it is asked anything"
        return self._link

    @property
    def name(self) -> str:
        """Name of the server in messages, such as "renderer"."""
        return self._open_link.name

    @property
    def reachable(self) -> bool:
        """Whether its link is open."""
        return self._link is not None and self._link.closed is None

    async def renew(self, link: Link) -> None:
        """Go on over another link, and close the last one."""
        last, self._link = self._link, link
        if last is not None:
            await last.close()

    async def drop(self, why: str) -> None:
        """Close its link, because it does not do what it must; it counts as out of reach then.

        Args:
            why: for requests that wait for an answer.
        """
        await self._open_link.close(why)

    @property
    def address(self) -> Address:
        """Its address, for another link to it."""
        return self._open_link.address

    async def call(
        self,
        endpoint: Endpoint[P, R],
        params: P = None,  # type: ignore[assignment] # for methods without; encode refuses None elsewhere
        payload: bytes | memoryview = b"",
        *,
        on_progress: Report | None = None,
        timeout: float | None = None,
    ) -> R:
        """Call a method and return its result.

        Args:
            endpoint: the method.
            params: its parameters.
            payload: raw bytes that go with them.
            on_progress: called on the loop for each progress message.
            timeout: seconds; None takes ``default_timeout``.

        Raises:
            TypeError: the parameters are not those of the endpoint.
            RequestError: the server answered with an error.
            ConnectionLost: the link closed.
            DeadlineExceeded: no answer in time.
            ProtocolError: the result is not of the endpoint's type.
        """
        result, _ = await self.call_with_payload(endpoint, params, payload, on_progress=on_progress, timeout=timeout)
        return result

    async def call_with_payload(
        self,
        endpoint: Endpoint[P, R],
        params: P = None,  # type: ignore[assignment] # see above
        payload: bytes | memoryview = b"",
        *,
        on_progress: Report | None = None,
        timeout: float | None = None,
    ) -> tuple[R, memoryview]:
        """Call a method as ``call`` does; return its result and the payload."""
        return await self._send(endpoint, endpoint.encode(params), payload, on_progress, timeout)

    async def repeat(
        self,
        endpoint: Endpoint[Any, R],
        params: Any,
        payload: bytes | memoryview = b"",
        *,
        on_progress: Report | None = None,
    ) -> R:
        """Call a method as ``call`` does, with parameters that are JSON already, and unchecked."""
        result, _ = await self._send(endpoint, params, payload, on_progress, None)
        return result

    async def _send(
        self,
        endpoint: Endpoint[Any, R],
        params: Any,
        payload: bytes | memoryview,
        on_progress: Report | None,
        timeout: float | None,
    ) -> tuple[R, memoryview]:
        def late(outcome: Outcome) -> None:
            if isinstance(outcome, Reply):
                if self.on_late is not None:
                    self.on_late(endpoint, params, endpoint.decode(outcome.result))
            elif not isinstance(outcome, RequestError):
                lost()

        def lost() -> None:
            if self.on_unanswered is not None:
                self.on_unanswered(endpoint, params)

        on_late = None if self.on_late is None and self.on_unanswered is None else late
        try:
            reply = await self._request(
                endpoint.name, params, payload, on_progress=on_progress, on_late=on_late, timeout=timeout
            )
        except (ConnectionLost, ProtocolError):  # the latter ends the link, too
            lost()
            raise
        result = endpoint.decode(reply.result)
        self.on_call(endpoint, params, result, payload)
        return result, reply.payload

    async def request(
        self,
        method: str,
        params: Any = None,
        payload: bytes | memoryview = b"",
        *,
        on_progress: Report | None = None,
        timeout: float | None = None,
    ) -> Reply:
        """Send any request unchanged and return the unchanged answer. Arguments and errors as of ``call``."""
        return await self._request(method, params, payload, on_progress=on_progress, on_late=None, timeout=timeout)

    async def _request(
        self,
        method: str,
        params: Any,
        payload: bytes | memoryview,
        *,
        on_progress: Report | None,
        on_late: Callable[[Outcome], None] | None,
        timeout: float | None,
    ) -> Reply:
        def heard(message: Progress) -> None:
            assert on_progress is not None
            on_progress(message.amount, message.operation)

        if self._reopen is not None and not self.reachable:
            await self._reopen()
        if timeout is None and self.on_busy is None:
            timeout = default_timeout(method)
        with contextlib.nullcontext() if self.on_busy is None else self._telling():
            return await self._open_link.request(
                method,
                params,
                payload,
                on_progress=None if on_progress is None else heard,
                on_late=on_late,
                timeout=timeout,
            )

    @contextlib.contextmanager
    def _telling(self) -> Iterator[None]:
        """Tell if this takes long, unless nobody listens any more."""
        telling = asyncio.get_running_loop().call_later(MOMENT, lambda: self.on_busy and self.on_busy())
        try:
            yield
        finally:
            telling.cancel()


def _ignore(_endpoint: Endpoint[Any, Any], _params: Any, _result: Any, _payload: bytes | memoryview) -> None:
    pass
