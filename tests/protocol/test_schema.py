from __future__ import annotations

from typing import Annotated, Any, Literal

import jsonschema
import pytest
from pydantic import Field, TypeAdapter, ValidationError

from brayns_widget.protocol.brayns.lights import AmbientLight
from brayns_widget.protocol.brayns.renderers import Interactive
from brayns_widget.protocol.errors import INVALID_PARAMS, RequestError
from brayns_widget.protocol.schema import (
    JsonSchema,
    Object,
    Size,
    Vector3,
    json_schema,
    read_only,
    unlisted,
    validate,
)


class Inner(Object):
    level: Annotated[float, Field(ge=0, le=1)] = 0.5
    kind: Literal["a", "b"] = "a"


class Outer(Object):
    count: Size
    place: Vector3 = unlisted([0.0, 0.0, 0.0])
    inner: Inner = Field(default=Inner(), json_schema_extra={"default": {}})
    parts: list[Inner] = unlisted([])
    seen: bool = read_only()
    shape: JsonSchema | None = read_only(required=False)


OUTER = TypeAdapter(Outer)


def problems(data: Any) -> list[str]:
    with pytest.raises(RequestError) as caught:
        validate(OUTER, data)
    assert caught.value.code == INVALID_PARAMS
    assert caught.value.message == "Invalid params schema"
    listed: list[str] = caught.value.data
    return listed


def test_the_schema_is_brayns_dialect():
    inner = {
        "type": "object",
        "title": "Inner",
        "additionalProperties": False,
        "properties": {
            "level": {"type": "number", "minimum": 0, "maximum": 1, "default": 0.5},
            "kind": {"type": "string", "enum": ["a", "b"], "default": "a"},
        },
    }
    assert json_schema(OUTER) == {
        "type": "object",
        "title": "Outer",
        "additionalProperties": False,
        "required": ["count", "seen"],
        "properties": {
            "count": {"type": "integer", "minimum": 0},
            "place": {"type": "array", "items": {"type": "number"}, "minItems": 3, "maxItems": 3},
            "inner": {**inner, "default": {}},
            "parts": {"type": "array", "items": inner},
            "seen": {"type": "boolean", "readOnly": True},
            "shape": {"type": "object", "title": "JsonSchema", "readOnly": True},
        },
    }
    jsonschema.Draft7Validator.check_schema(json_schema(OUTER))


def test_good_data_become_an_object():
    outer = validate(OUTER, {"count": 2, "inner": {"level": 1}, "place": [1, 2.5, 3]})
    assert (outer.count, outer.inner.level, outer.inner.kind, outer.place) == (2, 1.0, "a", [1.0, 2.5, 3.0])


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (None, ["invalid type, expected object got null"]),
        ([1], ["invalid type, expected object got array"]),
        ({}, ["missing required property 'count'"]),
        ({"count": 1, "x": 1}, ["unknown property 'x'"]),
        ({"count": "1"}, ["count: invalid type, expected integer got string"]),
        ({"count": True}, ["count: invalid type, expected integer got boolean"]),
        ({"count": 1.5}, ["count: invalid type, expected integer got number"]),
        ({"count": -1}, ["count: value below minimum -1 < 0"]),
        ({"count": 1, "inner": {"level": 2}}, ["inner.level: value above maximum 2 > 1"]),
        ({"count": 1, "inner": {"kind": "c"}}, ["inner.kind: invalid enum 'c' not in ['a', 'b']"]),
        ({"count": 1, "parts": [{}, {"level": "x"}]}, ["parts[1].level: invalid type, expected number got string"]),
        ({"count": 1, "place": [1, 2]}, ["place: item count below minimum 2 < 3"]),
        ({"count": 1, "place": [1, 2, 3, 4]}, ["place: item count above maximum 4 > 3"]),
        ({"count": 1, "seen": True}, ["read only property 'seen'"]),
    ],
)
def test_problems_are_told_in_brayns_words(data: Any, expected: list[str]):
    assert problems(data) == expected


def test_all_problems_are_listed_unknown_first_missing_last():
    assert problems({"foo": 1, "place": "x"}) == [
        "unknown property 'foo'",
        "place: invalid type, expected array got string",
        "missing required property 'count'",
    ]


@pytest.mark.parametrize("number", [float("nan"), float("inf"), 1e39, -1e300])
def test_numbers_that_a_renderer_cannot_compute_with_are_refused(number: float):
    assert len(problems({"count": 1, "place": [0.0, number, 0.0]})) == 1


def test_the_largest_float32_is_a_number_like_others():
    assert validate(OUTER, {"count": 1, "place": [3.4028235e38, 0, 0]}).place[0] == 3.4028235e38


@pytest.mark.parametrize(
    ("value", "channels"),
    [("red", [1, 0, 0]), ("#00f", [0, 0, 1]), ([0.5, 0.5, 0.5], [0.5] * 3), ((0, 1, 0), [0, 1, 0])],
)
def test_colors_may_have_names_in_python(value, channels):
    assert AmbientLight(color=value).color == channels
    background = value if isinstance(value, str) else [*value, 1]
    assert Interactive(background_color=background).background_color == [*channels, 1]


def test_a_misspelled_color_is_told():
    with pytest.raises(ValidationError, match="is not a color"):
        AmbientLight(color="rad")


def test_clients_send_numbers_for_colors():
    with pytest.raises(RequestError):
        validate(TypeAdapter(AmbientLight), {"color": "red"})
