"""Endpoints: name, parameters and result of a JSON-RPC method, declared once for client and server.

::

    GET_CAMERA_VIEW = Endpoint("get-camera-view", None, View)     # an Endpoint[None, View]
    SET_CAMERA_VIEW = Endpoint("set-camera-view", View)           # an Endpoint[View, None]

    SET_CAMERA_VIEW.encode(View(position=(0, 0, 9), target=(0, 0, 0), up=(0, 1, 0)))    # JSON for the request
    GET_CAMERA_VIEW.decode(answer)                                                      # a View

A server declares its method by the endpoint, see ``service.rpc.methods``.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Generic, TypeVar, cast, overload

from pydantic import BaseModel, TypeAdapter
from pydantic_core import PydanticSerializationError

from brayns_widget.protocol.schema import read_answer

P = TypeVar("P")
R = TypeVar("R")


@dataclass(frozen=True)
class Endpoint(Generic[P, R]):
    """A method of a server.

    Attributes:
        name: as requests name it.
        params: type of the parameters, or None if it has none.
        result: type of the answer, or None if that is null.
    """

    name: str
    params: Any = None
    result: Any = None

    if TYPE_CHECKING:  # with a dataclass' own __init__, P and R would have to be written at each call

        @overload
        def __init__(self: Endpoint[None, None], name: str) -> None: ...
        @overload
        def __init__(self: Endpoint[P, None], name: str, params: type[P]) -> None: ...
        @overload
        def __init__(self: Endpoint[None, R], name: str, params: None, result: type[R]) -> None: ...
        @overload
        def __init__(self: Endpoint[P, R], name: str, params: type[P], result: type[R]) -> None: ...
        def __init__(self, name: str, params: Any = None, result: Any = None) -> None: ...

    # Made at first use: a client calls few of a server's methods.

    @cached_property
    def params_type(self) -> TypeAdapter[P] | None:
        """Validator and schema of the parameters; None if there are none."""
        return None if self.params is None else TypeAdapter(self.params)

    @cached_property
    def result_type(self) -> TypeAdapter[R] | None:
        """Validator and schema of the answer; None if that is null."""
        return None if self.result is None else TypeAdapter(self.result)

    def encode(self, params: P) -> Any:
        """Convert parameters to a request's JSON; properties not set, or set to None, are left out.

        Raises:
            TypeError: they are of the wrong type.
        """
        if self.params_type is None:
            return None
        if isinstance(self.params, type) and not isinstance(params, _without_arguments(self.params)):
            # pydantic would send the properties that both types have
            raise TypeError(f"{self.name} takes {self.params.__name__}, got {type(params).__name__}.")
        try:
            return self.params_type.dump_python(
                params, mode="json", by_alias=True, exclude_unset=True, exclude_none=True, warnings="error"
            )
        except PydanticSerializationError as error:
            raise TypeError(f"Invalid parameters of {self.name}: {error}") from error

    def decode(self, result: Any) -> R:
        """Convert an answer's JSON to its type; unknown properties are ignored.

        Raises:
            ProtocolError: the answer is not of the endpoint's type.
        """
        if self.result_type is None:
            return cast(R, None)
        return read_answer(self.result_type, result, self.name)


def _without_arguments(kind: type) -> type:
    """Return ``Clipping`` for ``Clipping[Plane]``, as ``Clipping(primitives=[Plane(…)])`` is of the former type."""
    origin: type | None = kind.__pydantic_generic_metadata__["origin"] if issubclass(kind, BaseModel) else None
    return origin or kind
