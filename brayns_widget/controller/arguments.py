"""Arguments of calls: bound to a signature, then checked against its annotations.

The annotations are the whole contract, for callers in Python, for pages, and for the generated contract of the front
end. Limits are written with ``annotated_types``, such as ``Annotated[float, Gt(0), Le(1)]``.
"""

from __future__ import annotations

import difflib
import functools
import inspect
import operator
import re
import types
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from brayns_widget.controller.vocabulary import VOCABULARY

if TYPE_CHECKING:
    from pydantic import TypeAdapter


@dataclass(frozen=True, slots=True)
class Reads:
    """Mark of an annotation, ``Annotated[Sequence[int], Reads(read_ids)]``, for values that come in many forms.

    The annotated type is what pages and the command line send; callers in Python may pass whatever is read.

    Attributes:
        read: takes a value that is not None and the argument's name, and returns what the call gets; raises
            ValueError. What it returns unchanged is checked as any other value.
        hides: whether the value is a secret: it is read first, so that no local variable holds it when an error is
            raised. What it reads is not checked.
    """

    read: Callable[[Any, str], Any]
    hides: bool = False


class Arguments:
    """The arguments of a method.

    Args:
        method: the method.
        leading: number of its first parameters that callers do not pass.
    """

    def __init__(self, method: Callable[..., Any], leading: int) -> None:
        self._method = method
        self._leading = leading

    @functools.cached_property
    def signature(self) -> inspect.Signature:
        """The signature for callers, with plain types: the docstring has the limits."""
        declared = inspect.signature(self._method)
        parameters = list(declared.parameters.values())[self._leading :]
        try:
            result = _plain(self.result)
        except NameError:  # it is imported for type checkers only
            result = declared.return_annotation
        plain_parameters = [p.replace(annotation=_plain(self.types[p.name])) for p in parameters]
        return declared.replace(parameters=plain_parameters, return_annotation=result)

    @functools.cached_property
    def types(self) -> dict[str, Any]:
        """The annotation of each parameter, with its limits."""
        names = list(inspect.signature(self._method).parameters)[self._leading :]
        annotations = {name: self._method.__annotations__[name] for name in names}
        return _evaluated(annotations, self._method)

    @functools.cached_property
    def result(self) -> Any:
        """The annotation of the result."""
        return _evaluated({"return": self._method.__annotations__["return"]}, self._method)["return"]

    @functools.cached_property
    def options(self) -> dict[str, inspect.Parameter]:
        """The parameters that are given by keyword only."""
        parameters = self.signature.parameters
        return {name: parameter for name, parameter in parameters.items() if parameter.kind is parameter.KEYWORD_ONLY}

    @functools.cached_property
    def texts(self) -> dict[str, str]:
        """The docstring's description of each parameter."""
        found: dict[str, str] = {}
        _, _, rest = (inspect.getdoc(self._method) or "").partition("\nArgs:\n")
        for line in rest.split("\n\n", 1)[0].splitlines():
            name, colon, text = line.strip().partition(": ")
            if colon and line.startswith("    ") and not line.startswith("     "):
                found[name] = text
            elif found:
                found[next(reversed(found))] += f" {line.strip()}"
        return found

    @functools.cached_property
    def _checks(self) -> dict[str, TypeAdapter[Any]]:
        from pydantic import ConfigDict, TypeAdapter  # takes a fifth of a second

        config = ConfigDict(arbitrary_types_allowed=True, allow_inf_nan=False)
        return {name: _adapter(TypeAdapter, _instances(kind), config) for name, kind in self.types.items()}

    @functools.cached_property
    def _secrets(self) -> dict[str, Callable[[Any, str], Any]]:
        found = {name: _reader(kind) for name, kind in self.types.items()}
        return {name: reader.read for name, reader in found.items() if reader is not None and reader.hides}

    def hide(self, kwargs: dict[str, Any]) -> None:
        """Replace secrets by what they are read as, which does not show them.

        Raises:
            TypeError: one is nothing that can be read; it is removed.
        """
        for name, read in self._secrets.items():
            if kwargs.get(name) is not None:
                kwargs[name] = read(kwargs.pop(name), name)

    def bind(
        self, args: tuple[Any, ...], kwargs: dict[str, Any], *, function: str | None = None
    ) -> inspect.BoundArguments:
        """Bind and check the arguments of one call.

        Args:
            args: those that were given by position.
            kwargs: those that were given by name; see ``hide``.
            function: name of the call in messages; None: the method's.

        Raises:
            TypeError: an argument is missing, unknown (the message suggests the nearest known one), or not of the
                classes of its annotation.
            ValueError: a value violates its annotation.
        """
        function = function or self._method.__name__
        self.hide(kwargs)
        known = self.signature.parameters
        for name in kwargs:
            if name not in known:
                raise TypeError(unexpected(function, name, known))
        try:
            bound = self.signature.bind(*args, **kwargs)
        except TypeError as error:
            raise TypeError(f"{function}(): {error}") from None
        for name, value in bound.arguments.items():
            bound.arguments[name] = self._check(name, value)
        return bound

    def _check(self, name: str, value: Any) -> Any:
        kind, many = self.types[name], known_variadic(self.signature.parameters[name])
        if many is not None:
            return many(self._check_one(name, kind, item) for item in value)
        return self._check_one(name, kind, value)

    def _check_one(self, name: str, kind: Any, value: Any) -> Any:
        from pydantic import ValidationError

        if value is not None and (reader := _reader(kind)) is not None:
            found = reader.read(value, name)
            if found is not value or reader.hides:
                return found
        if isinstance(value, str) and _wants_texts(kind):
            value = [value]  # one name, not its letters
        if isinstance(value, str) and _wants_many(kind):
            raise ValueError(f"{name} is {_short(value)}, not a list; write [{_short(value)}]")
        try:
            return self._checks[name].validate_python(plain(value, kind), strict=True)
        except ValidationError as error:
            if (classes := _classes(kind)) and not (isinstance(value, str) and _wants_word(kind)):
                names = " or ".join(option.__name__ for option in classes)
                raise TypeError(f"{name} is {_short(value)}: it should be an instance of {names}") from None
            raise ValueError(f"{name} is {_short(value)}: {_problem(error)}") from None


def _evaluated(annotations: dict[str, Any], method: Callable[..., Any]) -> dict[str, Any]:
    # Not all at once: a result's type may be imported for type checkers only, because that takes long.
    holder = types.SimpleNamespace(__annotations__=annotations)
    return get_type_hints(holder, method.__globals__, VOCABULARY, include_extras=True)


def known_variadic(parameter: inspect.Parameter) -> type[tuple[Any, ...]] | None:
    """Return ``tuple`` for ``*parameters``, else None."""
    return tuple if parameter.kind is inspect.Parameter.VAR_POSITIONAL else None


def unexpected(function: str, name: str, known: Iterable[str]) -> str:
    """Return a message that a function has no such parameter, with a suggestion."""
    names = list(known)
    near = difflib.get_close_matches(name, names, 1)
    hint = f"did you mean {near[0]!r}?" if near else f"it has {', '.join(names) or 'none'}"
    return f"{function}() got an unexpected keyword argument {name!r}; {hint}"


def plain(value: Any, kind: Any) -> Any:
    """Convert NumPy's numbers and arrays, ranges and sets to the plain types that annotations name."""
    if _is_scalar(value):
        return value.item()
    origins = {get_origin(option) or option for option in _options(kind)}
    if (
        not origins & {Sequence, list, tuple}
        or origins & {Any, object}
        or not isinstance(value, Iterable)
        or isinstance(value, str | bytes | Mapping)
    ):
        return value
    items = value.tolist() if hasattr(value, "tolist") else value
    return (tuple if tuple in origins else list)(item.item() if _is_scalar(item) else item for item in items)


def _is_scalar(value: Any) -> bool:
    return hasattr(value, "item") and getattr(value, "shape", None) == ()


def _wants_many(kind: Any) -> bool:
    """Tell whether a type names sequences, and no single text."""
    origins = {get_origin(option) or option for option in _options(kind)}
    return bool(origins & {Sequence, list, tuple}) and not origins & {Any, object, str}


def _wants_texts(kind: Any) -> bool:
    """Tell whether a type names sequences of texts, and no single text."""
    return _wants_many(kind) and any(
        get_origin(option) is Sequence and str in _options(get_args(option)[0]) for option in _options(kind)
    )


def _wants_word(kind: Any) -> bool:
    """Tell whether a type names some words."""
    return any(get_origin(option) is Literal for option in _options(kind))


def _reader(kind: Any) -> Reads | None:
    if get_origin(kind) is Annotated:
        return next((mark for mark in kind.__metadata__ if isinstance(mark, Reads)), None)
    return next((found for option in get_args(kind) if (found := _reader(option)) is not None), None)


def _plain(kind: Any) -> Any:
    """Return a type without its limits."""
    if get_origin(kind) is Annotated:
        return _plain(get_args(kind)[0])
    if get_origin(kind) in {Union, types.UnionType}:
        return functools.reduce(operator.or_, (_plain(option) for option in get_args(kind)))
    if get_origin(kind) in {Sequence, tuple}:
        origin = Sequence if get_origin(kind) is Sequence else tuple
        return origin[tuple(_plain(option) for option in get_args(kind))]
    return kind


def _options(kind: Any) -> list[Any]:
    if get_origin(kind) is Annotated:
        return _options(get_args(kind)[0])
    if get_origin(kind) in {Union, types.UnionType}:
        return [option for part in get_args(kind) for option in _options(part)]
    return [kind]


def _instances(kind: Any) -> Any:
    """Refuse dictionaries for pydantic's classes: of several classes it would be unclear which one is meant."""
    from pydantic import InstanceOf

    options = get_args(kind) if get_origin(kind) in {Union, types.UnionType} else (kind,)
    classes = _classes(kind)
    if not classes:
        return kind
    checks: Any = InstanceOf  # for type checkers it is not a class
    return functools.reduce(operator.or_, (checks[option] if option in classes else option for option in options))


def _classes(kind: Any) -> list[type]:
    """Return the pydantic classes of an annotation."""
    from pydantic import BaseModel

    return [option for option in _options(kind) if isinstance(option, type) and issubclass(option, BaseModel)]


def _adapter(adapter: Callable[..., TypeAdapter[Any]], kind: Any, config: Any) -> TypeAdapter[Any]:
    from pydantic.errors import PydanticUserError

    try:
        return adapter(kind, config=config)
    except PydanticUserError:  # pydantic's classes have validators of their own
        return adapter(kind)


def _problem(error: Any) -> str:
    details = error.errors(include_url=False)
    # A union's last error is about the form that came closest.
    return "; ".join(dict.fromkeys(re.sub(r"^\w+ should", "it should", str(detail["msg"])) for detail in details))


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."
