"""Table of one connection's pending requests, without I/O.

Ids are unique in the process, so a late answer, or one over a newer connection, is never taken for the answer to
another request. Answers go to plain callbacks; the table needs no event loop.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass

from brayns_widget.protocol.errors import BraynsWidgetError
from brayns_widget.protocol.messages import ErrorReply, Progress, RawMessage, Reply, RequestId, decode_server_message

_IDS = itertools.count(1)

Outcome = Reply | BraynsWidgetError


@dataclass(frozen=True, slots=True)
class _Pending:
    method: str
    on_done: Callable[[Outcome], None]
    on_progress: Callable[[Progress], None] | None


class RequestTable:
    """The pending requests of one connection."""

    def __init__(self) -> None:
        self._pending: dict[RequestId, _Pending] = {}
        self._closed: BraynsWidgetError | None = None

    def __len__(self) -> int:
        return len(self._pending)

    def __contains__(self, request_id: object) -> bool:
        return request_id in self._pending

    def open(
        self,
        method: str,
        on_done: Callable[[Outcome], None],
        on_progress: Callable[[Progress], None] | None = None,
    ) -> int:
        """Register a request and return its id.

        Args:
            method: the request's method.
            on_done: called once, with the reply or with the error.
            on_progress: called for every progress notification before that.

        Raises:
            BraynsWidgetError: the error that the table was closed with.
        """
        if self._closed is not None:
            raise self._closed
        request_id = next(_IDS)
        self._pending[request_id] = _Pending(method, on_done, on_progress)
        return request_id

    def give_up(self, request_id: int) -> None:
        """Stop waiting for a request; later messages for it are dropped."""
        self._pending.pop(request_id, None)

    def receive(self, raw: RawMessage) -> None:
        """Route one message from the server; one for no pending request (given up, or never sent) is dropped.

        An error without an id may concern any pending request, so all of them fail with it.

        Raises:
            ProtocolError: it is not a valid message of a server; the connection can't be trusted any more.
        """
        message = decode_server_message(raw)
        if isinstance(message, ErrorReply) and message.id is None:
            self._fail_pending(lambda pending: message.to_exception(pending.method))
            return
        assert message.id is not None
        if isinstance(message, Progress):
            pending = self._pending.get(message.id)
        else:
            pending = self._pending.pop(message.id, None)
        if pending is None:
            return
        if isinstance(message, Reply):
            pending.on_done(message)
        elif isinstance(message, ErrorReply):
            pending.on_done(message.to_exception(pending.method))
        elif pending.on_progress is not None:
            pending.on_progress(message)

    def close(self, error: BraynsWidgetError) -> None:
        """Fail all pending requests, and every later ``open``, with an error."""
        if self._closed is None:
            self._closed = error
        self._fail_pending(lambda _: error)

    def _fail_pending(self, error_for: Callable[[_Pending], BraynsWidgetError]) -> None:
        failed, self._pending = self._pending, {}
        for pending in failed.values():
            pending.on_done(error_for(pending))
