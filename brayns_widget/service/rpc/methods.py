"""Declarations of JSON-RPC methods.

A method is an endpoint of the protocol, which says its name and its types, and the function that serves it::

    methods = Methods[Context]()

    @methods.add(SET_CAMERA_VIEW)
    def set_camera_view(context: Context, params: View) -> None:
        "Places the camera."                       # the schema's description

    @methods.add(ADD_MODEL, cancellable=True)
    def add_model(context: Context, params: AddModelParams, request: RunningRequest) -> list[ModelInstance]:
        "Loads a file."
        request.progress(0.5, "Reading")              # also raises if the client cancelled

    @methods.add(RENDER_IMAGE)
    def render_image(context: Context, params: RenderImageParams) -> WithPayload[RenderImageResult]:
        "Renders and returns the picture."

Functions of methods without parameters have no ``params``. The annotations must be the endpoint's types.
"""

from __future__ import annotations

import enum
import inspect
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Generic, TypeVar, get_args, get_origin, get_type_hints

from brayns_widget.protocol.endpoints import Endpoint
from brayns_widget.protocol.errors import INVALID_PARAMS, METHOD_NOT_FOUND, RequestError
from brayns_widget.protocol.schema import json_schema, validate
from brayns_widget.service.rpc.running import RunningRequest

C = TypeVar("C")
R = TypeVar("R")
F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class WithPayload(Generic[R]):
    """A result with raw bytes; the answer is a binary frame unless the payload is empty."""

    result: R
    payload: bytes | memoryview = b""


class Turn(enum.Enum):
    """When a method runs.

    Attributes:
        OWN: alone, when all requests that came before have ended.
        LONG: likewise; it may let others run between its steps, see ``turns.Turns.sharing``.
        BETWEEN: likewise, or between the steps of a long one: it changes nothing that a long one depends on.
        AT_ONCE: beside whatever runs, on the server's loop: it only stores or reads a few values.
    """

    OWN = enum.auto()
    LONG = enum.auto()
    BETWEEN = enum.auto()
    AT_ONCE = enum.auto()


@dataclass(frozen=True)
class Method(Generic[C]):
    """A declared method."""

    endpoint: Endpoint[Any, Any]
    run: Callable[..., Any]
    description: str
    plugin: str
    cancellable: bool
    asynchronous: bool
    deprecated: bool
    takes_payload: bool
    last: bool
    turn: Turn

    @property
    def name(self) -> str:
        """Name in requests."""
        return self.endpoint.name

    def params_schema(self) -> dict[str, Any] | None:
        """JSON Schema of the parameters, or None if there are none."""
        kind = self.endpoint.params_type
        return None if kind is None else json_schema(kind)

    def result_schema(self) -> dict[str, Any] | None:
        """JSON Schema of the result, or None if the method answers null."""
        kind = self.endpoint.result_type
        return None if kind is None else json_schema(kind)

    def call(
        self, context: C, params: Any, payload: memoryview, request: RunningRequest
    ) -> tuple[Any, bytes | memoryview]:
        """Validate, run, and make the result JSON; returns (result, payload).

        Raises:
            RequestError: the parameters are invalid, or the method refused.
        """
        arguments: list[Any] = []
        if self.endpoint.params_type is not None:
            arguments.append(validate(self.endpoint.params_type, params))
        elif params is not None:
            raise RequestError("This method takes no params", code=INVALID_PARAMS)
        if self.cancellable:
            arguments.append(request)
        if self.takes_payload:
            arguments.append(payload)
        result = self.run(context, *arguments)
        attached: bytes | memoryview = b""
        if isinstance(result, WithPayload):
            result, attached = result.result, result.payload
        if self.endpoint.result_type is None:
            return None, attached
        return self.endpoint.result_type.dump_python(result, mode="json", by_alias=True, exclude_none=True), attached


class Methods(Generic[C]):
    """The methods of one server, by name, in the order of their declaration."""

    def __init__(self) -> None:
        self._methods: dict[str, Method[C]] = {}

    def add(
        self,
        endpoint: Endpoint[Any, Any],
        *,
        description: str = "",
        plugin: str = "Core",
        cancellable: bool = False,
        asynchronous: bool | None = None,
        deprecated: bool = False,
        last: bool = False,
        turn: Turn = Turn.OWN,
    ) -> Callable[[F], F]:
        """Declare that the decorated function serves an endpoint; for its form see the module's docstring.

        Args:
            endpoint: the method's name and types.
            description: description in the schema; by default the function's docstring.
            plugin: the plugin of Brayns that has the method.
            cancellable: whether ``cancel`` can stop it; then the function takes a ``request``.
            asynchronous: what the schema says of that, where it must say something else.
            deprecated: what the schema says.
            last: whether no request is served after it.
            turn: when it runs.

        Raises:
            ValueError: there is a method of this name.
            TypeError: on decoration, the function's annotations are not the endpoint's types.
        """

        def declare(run: F) -> F:
            name = endpoint.name
            if name in self._methods:
                raise ValueError(f"Method {name!r} is declared twice.")
            hints = get_type_hints(run, include_extras=True)
            _check_annotations(run, hints, endpoint)
            self._methods[name] = Method(
                endpoint=endpoint,
                run=run,
                description=description or inspect.getdoc(run) or "",
                plugin=plugin,
                cancellable=cancellable,
                asynchronous=cancellable if asynchronous is None else asynchronous,
                deprecated=deprecated,
                takes_payload="payload" in hints,
                last=last,
                turn=turn,
            )
            return run

        return declare

    def include(self, other: Methods[C]) -> None:
        """Add all methods of another family."""
        for method in other:
            if method.name in self._methods:
                raise ValueError(f"Method {method.name!r} is declared twice.")
            self._methods[method.name] = method

    def __iter__(self) -> Iterator[Method[C]]:
        return iter(self._methods.values())

    def __contains__(self, method: object) -> bool:
        return isinstance(method, Method) and self._methods.get(method.name) is method

    def turn(self, name: str) -> Turn:
        """When the method of this name runs; errors about unknown ones take their turn."""
        return self._methods[name].turn if name in self._methods else Turn.OWN

    def cancellable(self, name: str) -> bool:
        """Whether there is a method of this name that can be cancelled."""
        return name in self._methods and self._methods[name].cancellable

    def __getitem__(self, name: str) -> Method[C]:
        """Look a method up.

        Raises:
            RequestError: -32601, there is none.
        """
        try:
            return self._methods[name]
        except KeyError:
            raise RequestError(f"Method {name!r} not found", code=METHOD_NOT_FOUND) from None


def _check_annotations(run: Callable[..., Any], hints: dict[str, Any], endpoint: Endpoint[Any, Any]) -> None:
    """Check that a function's annotations are the types of an endpoint.

    Raises:
        TypeError: they differ.
    """
    returned = hints.get("return")
    if get_origin(returned) is WithPayload:
        (returned,) = get_args(returned)
    for what, annotation, declared in (
        ("takes", hints.get("params"), endpoint.params),
        ("returns", returned, endpoint.result),
    ):
        if not _fits(annotation, declared):
            raise TypeError(f"{run.__qualname__} {what} {annotation}, but method {endpoint.name!r} {what} {declared}.")


def _fits(annotation: Any, declared: Any) -> bool:
    if annotation is type(None):
        annotation = None
    if annotation == declared or isinstance(annotation, TypeVar):  # the latter: a function for several endpoints
        return True
    generic = getattr(annotation, "__pydantic_generic_metadata__", None)
    if not generic or not generic["parameters"]:
        return False
    filled = getattr(declared, "__pydantic_generic_metadata__", {"origin": None})
    return filled["origin"] is (generic["origin"] or annotation)
