"""Types of parameters and results: pydantic for validation, Brayns' dialect of JSON Schema and error texts.

Brayns' schemas (recorded from the real servers) differ from pydantic's in a few ways: no ``$ref``, titles on
objects only, optional properties that are simply absent instead of null, and read-only properties, which
stand in ``required`` yet are refused on input.
"""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    JsonValue,
    TypeAdapter,
    ValidationError,
    ValidationInfo,
    WithJsonSchema,
    model_validator,
)
from pydantic_core import PydanticCustomError

from brayns_widget.protocol.errors import INVALID_PARAMS, RequestError
from brayns_widget.protocol.messages import type_name

T = TypeVar("T")

_LARGEST = 3.4028235e38  # of float32, in which renderers compute


def _in_float32(value: float) -> float:
    if abs(value) > _LARGEST:
        raise PydanticCustomError("too_large", "absolute value above {limit}", {"limit": f"{_LARGEST:g}"})
    return value


FLOAT32 = AfterValidator(_in_float32)  # comes last in an Annotated, or the schema loses the limits before it
Float32 = Annotated[float, FLOAT32]
Vector2 = Annotated[list[Float32], Field(min_length=2, max_length=2)]
Vector3 = Annotated[list[Float32], Field(min_length=3, max_length=3)]
Vector4 = Annotated[list[Float32], Field(min_length=4, max_length=4)]
Quaternion = Vector4  # x, y, z, w
Size = Annotated[int, Field(ge=0)]
Size2 = Annotated[list[Size], Field(min_length=2, max_length=2)]
JsonSchema = Annotated[dict[str, Any], WithJsonSchema({"type": "object", "x-title": "JsonSchema"})]


class Object(BaseModel):
    """A JSON object of the protocol: unknown properties, NaN and implicit conversions are refused."""

    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False, frozen=True)

    _read_only: ClassVar[tuple[str, ...]] = ()  # names of such properties; to ask pydantic takes 5 µs an object

    @classmethod
    def __pydantic_init_subclass__(cls, **_arguments: Any) -> None:
        extras = {field.alias or name: field.json_schema_extra for name, field in cls.model_fields.items()}
        cls._read_only = tuple(
            name for name, extra in extras.items() if isinstance(extra, dict) and extra.get("readOnly")
        )

    @model_validator(mode="before")
    @classmethod
    def _refuse_read_only(cls, data: Any, info: ValidationInfo) -> Any:
        if cls._read_only and info.context is _INPUT and isinstance(data, dict):
            for name in cls._read_only:
                if name in data:
                    raise PydanticCustomError("read_only", "read only property '{name}'", {"name": name})
        return data


_INPUT = object()  # validation context: the data comes from a client


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
    """Check data that a client sent.

    Raises:
        RequestError: -32602 whose ``data`` lists every problem as "path: problem".
    """
    try:
        return adapter.validate_python(data, context=_INPUT)
    except ValidationError as error:
        raise RequestError(message, code=INVALID_PARAMS, data=_problems(error)) from error


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
