"""The method ``cancel`` of all servers."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from brayns_widget.protocol.endpoints import Endpoint
from brayns_widget.protocol.schema import Object


class CancelParams(Object):
    """The id of a request."""

    id: Annotated[int | str | None, Field(json_schema_extra={"x-one-of": "RequestId", "x-null-first": True})]


CANCEL = Endpoint("cancel", CancelParams)
