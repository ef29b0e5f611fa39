"""The method ``cancel``, which the server runs at once and for the connection that it came from."""

from __future__ import annotations

from typing import Annotated, Any, Protocol

from pydantic import Field

from brayns_widget.protocol.messages import RequestId
from brayns_widget.service.rpc.methods import Methods
from brayns_widget.service.rpc.schema import Object


class Canceller(Protocol):
    """A connection's requests."""

    def cancel(self, request_id: RequestId | None) -> None:
        """Stop one of them; raises ``RequestError`` if that is impossible."""


class CancelParams(Object):
    """The id of a request."""

    id: Annotated[int | str | None, Field(json_schema_extra={"x-one-of": "RequestId", "x-null-first": True})]


# Any: it is added to methods with other contexts; the server passes a Canceller.
cancelling: Methods[Any] = Methods()


@cancelling.add("cancel")
def cancel(requests: Canceller, params: CancelParams) -> None:
    """Stop a request of this connection; it ends with error 20."""
    requests.cancel(params.id)


CANCEL = cancelling["cancel"]
