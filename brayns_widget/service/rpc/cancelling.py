"""The method ``cancel``, which the server runs at once, for requests of the same connection."""

from __future__ import annotations

from typing import Any, Protocol

from brayns_widget.protocol.cancelling import CANCEL, CancelParams
from brayns_widget.protocol.messages import RequestId
from brayns_widget.service.rpc.methods import Methods


class Canceller(Protocol):
    """Requests of a connection that can be cancelled."""

    def cancel(self, request_id: RequestId | None) -> None:
        """Cancel a request; raises ``RequestError`` if that is impossible."""


# Any: it is added to methods with other contexts; the server passes a Canceller.
cancelling: Methods[Any] = Methods()


@cancelling.add(CANCEL)
def cancel(requests: Canceller, params: CancelParams) -> None:
    """Stop a request of this connection; it ends with error 20."""
    requests.cancel(params.id)


CANCEL_METHOD = cancelling[CANCEL.name]
