from __future__ import annotations

from typing import Any, Generic, TypeVar

import pytest

from brayns_widget.protocol.endpoints import Endpoint
from brayns_widget.protocol.errors import INVALID_PARAMS, METHOD_NOT_FOUND, RequestError
from brayns_widget.protocol.schema import Object, unlisted
from brayns_widget.service.rpc.methods import Methods, WithPayload
from brayns_widget.service.rpc.running import RunningRequest


class Pair(Object):
    left: int
    right: int = unlisted(1)


SUM = Endpoint("sum", Pair, int)
NOTHING = Endpoint("nothing")
BYTES = Endpoint("bytes", None, Pair)


def declared() -> Methods[list[str]]:
    methods: Methods[list[str]] = Methods()

    @methods.add(SUM)
    def add(context: list[str], params: Pair) -> int:
        """Add."""
        context.append("sum")
        return params.left + params.right

    @methods.add(NOTHING, plugin="Extra", deprecated=True)
    def nothing(context: list[str]) -> None:
        """Do nothing."""
        context.append("nothing")

    @methods.add(BYTES, cancellable=True)
    def make_bytes(_context: list[str], request: RunningRequest, payload: memoryview) -> WithPayload[Pair]:
        """Echo bytes."""
        request.check()
        return WithPayload(Pair(left=len(payload), right=0), bytes(payload))

    return methods


def call(
    name: str, params: Any = None, payload: bytes = b"", request: RunningRequest | None = None
) -> tuple[Any, bytes]:
    result, attached = declared()[name].call([], params, memoryview(payload), request or RunningRequest())
    return result, bytes(attached)


def test_a_function_is_its_contract():
    method = declared()["sum"]
    assert method.description == "Add."
    assert method.params_schema() == {
        "type": "object",
        "title": "Pair",
        "additionalProperties": False,
        "properties": {"left": {"type": "integer"}, "right": {"type": "integer"}},
        "required": ["left"],
    }
    assert method.result_schema() == {"type": "integer"}
    assert (method.plugin, method.cancellable, method.deprecated) == ("Core", False, False)
    assert call("sum", {"left": 2}) == (3, b"")


def test_methods_without_params_refuse_even_empty_ones():
    assert call("nothing") == (None, b"")
    with pytest.raises(RequestError, match="This method takes no params") as caught:
        call("nothing", {})
    assert caught.value.code == INVALID_PARAMS


def test_bytes_go_in_and_out():
    assert call("bytes", payload=b"abc") == ({"left": 3, "right": 0}, b"abc")


def test_unknown_methods_and_duplicates_are_refused():
    methods = declared()
    with pytest.raises(RequestError, match="Method 'nope' not found") as caught:
        methods["nope"]
    assert caught.value.code == METHOD_NOT_FOUND
    with pytest.raises(ValueError, match="declared twice"):
        methods.include(declared())
    with pytest.raises(ValueError, match="declared twice"):
        methods.add(SUM)(lambda _context: None)


M = TypeVar("M", bound=Object)


class Filled(Object, Generic[M]):
    content: M


def test_a_function_must_take_and_return_what_its_endpoint_says():
    methods: Methods[None] = Methods()

    def double(_context: None, params: Pair) -> int:
        return 2 * params.left

    for endpoint, what in (
        (Endpoint("double", int, int), "takes"),
        (Endpoint("double", None, int), "takes"),
        (Endpoint("double", list[Pair], int), "takes"),
        (Endpoint("double", Pair, str), "returns"),
        (Endpoint("double", Pair), "returns"),
    ):
        with pytest.raises(TypeError, match=rf"double {what} .*, but method 'double' {what} "):
            methods.add(endpoint)(double)
    assert list(methods) == []
    methods.add(Endpoint("double", Pair, int))(double)


def test_a_function_may_serve_several_endpoints_of_a_generic_type():
    methods: Methods[None] = Methods()

    def empty(_context: None, params: Filled[M]) -> M:
        return params.content

    methods.add(Endpoint("empty", Filled[Pair], Pair), description="Take out the pair.")(empty)
    assert methods["empty"].description == "Take out the pair."
    assert methods["empty"].call(None, {"content": {"left": 1}}, memoryview(b""), RunningRequest())[0] == {
        "left": 1,
        "right": 1,
    }
    with pytest.raises(TypeError, match="takes"):
        methods.add(Endpoint("other", Pair, Pair))(empty)


def test_membership_is_of_the_method_itself():
    methods = declared()
    assert methods["sum"] in methods
    assert declared()["sum"] not in methods
    assert methods.cancellable("bytes")
    assert not methods.cancellable("sum")
    assert not methods.cancellable("nope")
