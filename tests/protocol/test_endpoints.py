from __future__ import annotations

from typing import Any, Generic, TypeVar

import numpy as np
import pytest
from pydantic import ValidationError

from brayns_widget.protocol.endpoints import Endpoint
from brayns_widget.protocol.errors import ProtocolError, RequestError
from brayns_widget.protocol.schema import Items, Object, Size, Vector3, read_only, unlisted, validate


class Place(Object):
    point: Vector3 = unlisted([0.0, 0.0, 0.0])
    name: str | None = unlisted(None)
    anything: Any = unlisted(None)
    numbers: Items[Size] = unlisted([])


class Answer(Object):
    place: Place
    count: Size = read_only()
    note: str | None = read_only(required=False)
    async_: bool = read_only(alias="async", required=False)


T = TypeVar("T", Place, Answer)


class Box(Object, Generic[T]):
    content: T


GO = Endpoint("go", Place, Answer)
MANY = Endpoint("many", list[Place])
FILL = Endpoint("fill", Box[Place])
WAIT = Endpoint("wait")


def test_only_what_was_set_is_sent():
    assert GO.encode(Place()) == {}
    assert GO.encode(Place(point=(1, 2, 3), name=None)) == {"point": [1.0, 2.0, 3.0]}
    assert MANY.encode([Place(name="a"), Place()]) == [{"name": "a"}, {}]
    assert WAIT.encode(None) is None


def test_objects_in_what_may_be_anything_are_sent_alike():
    assert GO.encode(Place(anything={"a": Place(name="b"), "c": None})) == {"anything": {"a": {"name": "b"}, "c": None}}
    answer = Answer.model_validate({"place": {}, "async": True})
    assert GO.encode(Place(anything=answer)) == {"anything": {"place": {}, "async": True}}


def test_parameters_of_another_type_are_not_sent():
    with pytest.raises(TypeError, match="go takes Place, got Answer"):
        GO.encode(Answer(place=Place()))  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="Invalid parameters of go"):
        GO.encode(Place().model_copy(update={"name": 7}))
    with pytest.raises(TypeError, match="Invalid parameters of many"):
        MANY.encode([{"name": "a"}])  # type: ignore[list-item]


def test_python_need_not_say_of_which_type_a_generic_object_is():
    assert FILL.encode(Box(content=Place(name="a"))) == {"content": {"name": "a"}}
    assert FILL.encode(Box[Place](content=Place(name="a"))) == {"content": {"name": "a"}}


def test_answers_become_objects_and_may_have_more_than_we_know():
    answer = GO.decode({"place": {"name": "x", "new": 1}, "count": 2, "newer": None, "async": True})
    assert isinstance(answer, Answer)
    assert (answer.place.name, answer.count, answer.note, answer.async_) == ("x", 2, None, True)
    assert WAIT.decode(None) is None


@pytest.mark.parametrize(
    ("result", "problem"),
    [
        (None, "invalid type, expected object got null"),
        ({"place": {}}, "missing required property 'count'"),
        ({"place": {"point": [1, 2]}, "count": 1}, "place.point: item count below minimum 2 < 3"),
        ({"place": {}, "count": -1}, "count: value below minimum -1 < 0"),
    ],
)
def test_answers_that_do_not_fit_are_refused(result: Any, problem: str):
    with pytest.raises(ProtocolError) as caught:
        GO.decode(result)
    assert str(caught.value) == f"The answer to go is invalid: {problem}."


@pytest.mark.parametrize(
    "point", [(1, 2, 3), [1, 2.0, 3], np.array([1, 2, 3]), np.array([1, 2, 3], np.float32), range(1, 4)]
)
def test_in_python_any_sequence_of_numbers_is_a_vector(point: Any):
    place = Place(point=point, numbers=np.arange(2))  # type: ignore[arg-type]
    assert (place.point, place.numbers) == ([1.0, 2.0, 3.0], [0, 1])
    assert [type(number) for number in place.point] == [float] * 3
    assert GO.encode(place) == {"point": [1.0, 2.0, 3.0], "numbers": [0, 1]}


@pytest.mark.parametrize("point", ["123", b"123", (1, 2), (1, 2, "x"), 5, np.zeros((3, 3)), (0, 0, float("nan"))])
def test_in_python_other_values_are_no_vector(point: Any):
    with pytest.raises(ValidationError):
        Place(point=point)


@pytest.mark.parametrize("point", [(1, 2, 3), np.zeros(3), [1, 2, "3"], [1, 2, True]])
def test_what_clients_send_is_not_converted(point: Any):
    adapter = GO.params_type
    assert adapter is not None
    with pytest.raises(RequestError):
        validate(adapter, {"point": point})


def test_names_in_python_that_do_not_exist_are_refused():
    with pytest.raises(ValidationError):
        Place(pint=(1, 2, 3))  # type: ignore[call-arg]


def test_types_are_made_once_and_endpoints_compare_by_what_they_say():
    assert GO.params_type is GO.params_type
    assert len({GO, Endpoint("go", Place, Answer), Endpoint("go", Place)}) == 2


def test_repr_tells_what_there_is_and_the_beginning_of_long_lists():
    assert repr(Place(point=(1, 2, 3))) == "Place(point=[1.0, 2.0, 3.0], numbers=[])"
    assert repr(Place(numbers=range(100))) == "Place(point=[0.0, 0.0, 0.0], numbers=[0, 1, 2, … 100 in all])"
