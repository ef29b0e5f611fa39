"""Types of parameters and results: pydantic for validation, Brayns' dialect of JSON Schema and error texts.

Brayns' schemas (recorded from the real servers) differ from pydantic's in a few ways: no ``$ref``, titles on
objects only, optional properties that are absent instead of null, and read-only properties, which are listed
in ``required`` yet are refused on input.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, TypeAlias, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    JsonValue,
    TypeAdapter,
    ValidationError,
    ValidationInfo,
    WithJsonSchema,
    model_validator,
)
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from brayns_widget.protocol.colors import parse
from brayns_widget.protocol.errors import INVALID_PARAMS, ProtocolError, RequestError
from brayns_widget.protocol.messages import type_name

T = TypeVar("T")

_LARGEST = 3.4028235e38  # of float32, in which renderers compute


def _in_float32(value: float) -> float:
    if abs(value) > _LARGEST:
        raise PydanticCustomError("too_large", "absolute value above {limit}", {"limit": f"{_LARGEST:g}"})
    return value


FLOAT32 = AfterValidator(_in_float32)  # comes last in an Annotated, or the schema loses the limits before it
Float32 = Annotated[float, FLOAT32]
Size = Annotated[int, Field(ge=0)]
JsonSchema = Annotated[dict[str, Any], WithJsonSchema({"type": "object", "x-title": "JsonSchema"})]


class TakesSequences:
    """Marker of a list that accepts tuples, arrays and other sequences in Python; in JSON only lists."""

    @staticmethod
    def __get_pydantic_core_schema__(source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        as_list = handler(source)
        from_sequence = core_schema.no_info_before_validator_function(_listed, as_list)
        return core_schema.lax_or_strict_schema(lax_schema=from_sequence, strict_schema=as_list)


class TakesIds:
    """Marker of a list of ids that accepts sequences in Python as ``TakesSequences`` does, and no masks."""

    @staticmethod
    def __get_pydantic_core_schema__(source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        as_list = handler(source)
        from_sequence = core_schema.no_info_before_validator_function(_ids, as_list)
        return core_schema.lax_or_strict_schema(lax_schema=from_sequence, strict_schema=as_list)


class TakesColors:
    """Marker of a linear color that accepts colors by name and in hexadecimal in Python; in JSON only numbers.

    Args:
        channels: 3 without and 4 with opacity.
    """

    def __init__(self, channels: int) -> None:
        self._channels = channels

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        numbers = handler(source)
        from_name = core_schema.no_info_before_validator_function(self._read, numbers)
        return core_schema.lax_or_strict_schema(lax_schema=from_name, strict_schema=numbers)

    def _read(self, value: Any) -> Any:
        return list(parse(value)[: self._channels]) if isinstance(value, str) else value


def _listed(value: Any) -> Any:
    if hasattr(value, "tolist"):  # an array: its numbers become Python's
        return value.tolist()
    return list(value) if isinstance(value, Sequence) and not isinstance(value, str | bytes) else value


def _ids(value: Any) -> Any:
    listed = _listed(value)
    if isinstance(listed, list) and any(isinstance(item, bool) for item in listed):  # they would become 0 and 1
        raise ValueError("booleans are no ids; numpy.flatnonzero(mask) gives the ids of a mask")
    return listed


if TYPE_CHECKING:
    T_co = TypeVar("T_co", covariant=True)
    Items: TypeAlias = Sequence[T_co]
    Ids: TypeAlias = Sequence[int]
    Vector2: TypeAlias = Sequence[float]
    Vector3: TypeAlias = Sequence[float]
    Vector4: TypeAlias = Sequence[float]
    Color3: TypeAlias = Sequence[float] | str
    Color4: TypeAlias = Sequence[float] | str
    Int2: TypeAlias = Sequence[int]
    Size2: TypeAlias = Sequence[int]
    Size3: TypeAlias = Sequence[int]
else:

    class Items:
        """``Items[T]``: a list of T that accepts other sequences in Python."""

        def __class_getitem__(cls, item: Any) -> Any:
            """Make the type of a list."""
            return Annotated[list[item], TakesSequences]

    Ids = Annotated[list[Size], TakesIds]

    def _vector(kind: Any, length: int) -> Any:
        return Annotated[list[kind], Field(min_length=length, max_length=length), TakesSequences]

    Vector2, Vector3, Vector4 = (_vector(Float32, length) for length in (2, 3, 4))
    Color3, Color4 = Annotated[Vector3, TakesColors(3)], Annotated[Vector4, TakesColors(4)]  # linear
    Int2, Size2, Size3 = _vector(int, 2), _vector(Size, 2), _vector(Size, 3)
Quaternion: TypeAlias = Vector4  # x, y, z, w


class Object(BaseModel):
    """A JSON object of the protocol: unknown properties and numbers that are not finite are refused.

    In Python a tuple is accepted for a list and an integer for a number; clients' JSON is checked without such
    conversions, see ``validate``.
    """

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False, frozen=True)

    # Names of read-only properties: all, and those that every answer has. Asking pydantic takes 5 µs per object.
    _read_only: ClassVar[tuple[str, ...]] = ()
    _answered: ClassVar[tuple[str, ...]] = ()

    @classmethod
    def __pydantic_init_subclass__(cls, **_arguments: Any) -> None:
        extras = {field.alias or name: field.json_schema_extra for name, field in cls.model_fields.items()}
        read_only = {name: extra for name, extra in extras.items() if isinstance(extra, dict) and extra.get("readOnly")}
        cls._read_only = tuple(read_only)
        cls._answered = tuple(name for name, extra in read_only.items() if extra["x-required"])

    @model_validator(mode="before")
    @classmethod
    def _check_read_only(cls, data: Any, info: ValidationInfo) -> Any:
        if cls._read_only and isinstance(data, dict):
            if info.context is _INPUT:
                for name in cls._read_only:
                    if name in data:
                        raise PydanticCustomError("read_only", "read only property '{name}'", {"name": name})
            elif info.context is _OUTPUT:
                for name in cls._answered:
                    if name not in data:
                        raise PydanticCustomError("absent", "missing required property '{name}'", {"name": name})
        return data

    def __repr_args__(self) -> Iterator[tuple[str | None, Any]]:
        """List the fields for ``repr``; long lists are shortened."""
        for name in type(self).model_fields:
            value = getattr(self, name)
            if value is not None:
                yield name, _Shortened(value) if isinstance(value, list) and len(value) > _MOST_SHOWN else value


_INPUT = object()  # validation context: the data comes from a client
_OUTPUT = object()  # the data is a server's answer
_MOST_SHOWN = 16  # items of a list


class _Shortened:
    """A long list, shortened by ``repr``."""

    def __init__(self, items: list[Any]) -> None:
        self._items = items

    def __repr__(self) -> str:
        shown = ", ".join(repr(item) for item in self._items[:3])
        return f"[{shown}, … {len(self._items)} in all]"


def read_only(*, required: bool = True, **keywords: Any) -> Any:
    """Declare a property that servers fill in and clients must not send.

    Args:
        required: list it under ``required`` in the schema, as Brayns does for results.
        keywords: further arguments of ``pydantic.Field``.
    """
    extra: dict[str, JsonValue] = {"readOnly": True, "x-required": required}
    return Field(default=None, json_schema_extra=extra, **keywords)


def unlisted(default: Any, **keywords: Any) -> Any:
    """Declare a property with a default that Brayns' schema does not mention."""
    return Field(default=default, json_schema_extra={"x-unlisted": True}, **keywords)


def validate(adapter: TypeAdapter[T], data: Any, *, message: str = "Invalid params schema") -> T:
    """Validate data from a client; nothing is converted, and read-only properties are refused.

    Raises:
        RequestError: -32602 whose ``data`` lists every problem as "path: problem".
    """
    try:
        return adapter.validate_python(data, strict=True, context=_INPUT)
    except ValidationError as error:
        raise RequestError(message, code=INVALID_PARAMS, data=_problems(error)) from error


def read_answer(adapter: TypeAdapter[T], data: Any, method: str) -> T:
    """Validate a server's answer; unknown properties are ignored.

    Raises:
        ProtocolError: it is not of the type; the message has the method, and every problem as "path: problem".
    """
    try:
        return adapter.validate_python(data, extra="ignore", context=_OUTPUT)
    except ValidationError as error:
        raise ProtocolError(f"The answer to {method} is invalid: {'; '.join(_problems(error))}.") from error


def _problems(error: ValidationError) -> list[str]:
    details = error.errors(include_url=False)
    # Unknown properties first, missing ones last, as the real renderer lists them.
    order = {"extra_forbidden": 0, "missing": 2}
    return [_problem(dict(detail)) for detail in sorted(details, key=lambda detail: order.get(detail["type"], 1))]


def _problem(detail: dict[str, Any]) -> str:
    location = list(detail["loc"])
    context = detail.get("ctx", {})
    value = detail["input"]
    match detail["type"]:
        case "missing":
            text = f"missing required property {str(location.pop())!r}"
        case "extra_forbidden":
            text = f"unknown property {str(location.pop())!r}"
        case "greater_than_equal":
            text = f"value below minimum {_short(value)} < {_short(context['ge'])}"
        case "less_than_equal":
            text = f"value above maximum {_short(value)} > {_short(context['le'])}"
        case "too_short":
            text = f"item count below minimum {context['actual_length']} < {context['min_length']}"
        case "too_long":
            text = f"item count above maximum {context['actual_length']} > {context['max_length']}"
        case "literal_error":
            text = f"invalid enum {value!r} not in [{context['expected'].replace(' or ', ', ')}]"
        case kind if kind in _EXPECTED:
            text = f"invalid type, expected {_EXPECTED[kind]} got {type_name(value)}"
        case _:
            text = detail["msg"]
    path = ""
    for step in location:
        path += f"[{step}]" if isinstance(step, int) else f".{step}" if path else str(step)
    return f"{path}: {text}" if path else text


def _short(number: float) -> float:
    """Write 1.0 as 1, as Brayns does."""
    return int(number) if isinstance(number, float) and number.is_integer() else number


_EXPECTED = {
    "bool_type": "boolean",
    "int_type": "integer",
    "float_type": "number",
    "string_type": "string",
    "list_type": "array",
    "dict_type": "object",
    "model_type": "object",
    "model_attributes_type": "object",
}


def json_schema(adapter: TypeAdapter[Any]) -> dict[str, Any]:
    """Describe a type in Brayns' dialect of JSON Schema."""
    schema = adapter.json_schema(ref_template="{model}")
    definitions = schema.pop("$defs", {})
    return _convert(schema, definitions)


_KEPT = ("type", "enum", "const", "minimum", "maximum", "minItems", "maxItems", "readOnly", "default")


def _convert(schema: dict[str, Any], definitions: dict[str, Any]) -> dict[str, Any]:
    if "$ref" in schema:
        schema = definitions[schema["$ref"]] | {key: value for key, value in schema.items() if key != "$ref"}
    if "anyOf" in schema and not schema.get("x-one-of"):
        # Optional[...] says "may be absent" in our declarations, never "may be null".
        (inner,) = (option for option in schema["anyOf"] if option != {"type": "null"})
        outer = {key: value for key, value in schema.items() if key not in ("anyOf", "default")}
        return _convert(inner | outer, definitions)
    result = {key: schema[key] for key in _KEPT if key in schema}
    if "const" in result:
        result["enum"] = [result.pop("const")]
    if schema.get("x-unlisted") or (result.get("default", 0) is None):
        result.pop("default", None)
    if "anyOf" in schema:
        options = schema["anyOf"]
        if schema.get("x-null-first"):  # pydantic puts null last; the real servers do not agree on its place
            options = sorted(options, key=lambda option: option != {"type": "null"})
        result["oneOf"] = [_convert(option, definitions) for option in options]
        result["title"] = schema["x-one-of"]
    if "items" in schema:
        result["items"] = _convert(schema["items"], definitions)
    if "properties" in schema:
        properties = schema["properties"]
        if properties or "x-title" in schema:  # the real servers disagree on objects without properties
            result["properties"] = {name: _convert(value, definitions) for name, value in properties.items()}
        required = set(schema.get("required", ()))
        required |= {name for name, value in properties.items() if value.get("x-required")}
        if required:
            result["required"] = [name for name in properties if name in required]
    if result.get("type") == "object":
        if "additionalProperties" in schema:
            extra = schema["additionalProperties"]
            result["additionalProperties"] = _convert(extra, definitions) if isinstance(extra, dict) else extra
        if "title" in schema and "properties" in schema:
            result["title"] = schema["title"]
    if "x-title" in schema:
        result["title"] = schema["x-title"]
    return result
