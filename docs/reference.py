"""Writes the pages of the API reference: what is public decides, no list is kept by hand.

- Each name of `brayns_widget.__all__` has a page, and so has each group of a controller.
- So has each class of ours that one of these takes or returns.
- Each module of the protocol's vocabulary has a page with all its classes and endpoints.
"""

from __future__ import annotations

import ast
import functools
import importlib
import inspect
import operator
import pkgutil
import re
import shutil
import sys
import types
import typing
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from sphinx.util.typing import stringify_annotation

import brayns_widget
from brayns_widget.controller.vocabulary import VOCABULARY as CLASSES

VOCABULARY = (
    "brayns_widget.protocol.brayns",
    "brayns_widget.protocol.backend",
    "brayns_widget.protocol.endpoints",
    "brayns_widget.protocol.schema",
)
GROUPS = "brayns_widget.controller"
OWN = {"Core", "CountedSocket", "Runner"}
"""What only the package itself has: classes whose constructors take it are not made by users."""


def write_pages(folder: Path) -> None:
    """Write all pages anew."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    public = [getattr(brayns_widget, name) for name in brayns_widget.__all__]
    errors = [entry for entry in public if issubclass(entry, BaseException)]
    entries = [entry for entry in public if entry not in errors]
    modules = [*vocabulary()]
    names = {module.__name__ for module in modules}
    groups = [group for group in find_groups() if group not in public]
    for entry in (*public, *groups):
        show_calls(entry)
    used = [entry for entry in reach([*public, *groups]) if entry.__module__ not in names]
    sections = {
        "": [write_class(folder, entry, f"brayns_widget.{entry.__name__}") for entry in entries],
        "Groups of a controller": [write_class(folder, entry) for entry in groups],
        "What they take and return": [write_class(folder, entry) for entry in used],
        "Errors": [write_class(folder, entry, f"brayns_widget.{entry.__name__}") for entry in errors],
        "Words of the protocol": [write_module(folder, module) for module in modules],
    }
    lines = ["API reference", "=============", "", "Everything that is public, from the docstrings.", ""]
    for caption, pages in sections.items():
        if pages:
            lines += [
                ".. toctree::",
                "   :maxdepth: 1",
                *([f"   :caption: {caption}"] if caption else []),
                "",
                *(f"   {p}" for p in pages),
                "",
            ]
    (folder / "index.rst").write_text("\n".join(lines), encoding="utf-8")


def vocabulary() -> Iterator[types.ModuleType]:
    """Find the modules of the protocol's vocabulary."""
    for name in VOCABULARY:
        try:
            module = importlib.import_module(name)
        except ModuleNotFoundError as error:
            if error.name != name:
                raise
            continue
        paths = getattr(module, "__path__", None)
        if paths is None:
            yield module
        else:
            yield from (importlib.import_module(f"{name}.{found.name}") for found in pkgutil.iter_modules(paths))


def find_groups() -> Iterator[type]:
    """Find the groups of a controller, in the order of their names."""
    package = importlib.import_module(GROUPS)
    found: set[type] = set()
    for entry in pkgutil.iter_modules(getattr(package, "__path__", ())):
        module = importlib.import_module(f"{GROUPS}.{entry.name}")
        found |= {value for value in vars(module).values() if inspect.isclass(value) and is_group(value)}
    yield from sorted(found, key=lambda group: group.__name__)


def is_group(entry: type) -> bool:
    """Tell whether a class is a group, and not the base of groups."""
    return any(base.__name__ == "Group" and base.__module__.startswith(GROUPS) for base in entry.__mro__[1:])


# ---- which classes there are


def reach(entries: Iterable[type]) -> list[type]:
    """Find the classes of ours that these take and return, and those that those do."""
    known = list(entries)
    first = len(known)
    for entry in known:  # grows
        for used in sorted(set(classes_of(entry)), key=lambda used: used.__qualname__):
            if used not in known:
                show_calls(used)
                known.append(used)
    return sorted(known[first:], key=lambda used: used.__name__)


def classes_of(entry: type) -> Iterator[type]:
    """Find the classes of ours that the public face of a class mentions."""
    yield from (base for base in shown_bases(entry) if is_ours(base))
    for base in vars(entry).get("__orig_bases__", ()):  # a list of ours, for instance
        yield from classes_in(base)
    for name, member in vars(entry).items():
        if name.startswith("_") and (name != "__init__" or not is_made_by_users(entry)):
            continue
        if (function := function_of(member)) is not None and not mentions_own(function):
            for hint in hints(function).values():
                yield from classes_in(hint)
            yield from errors_of(function)
    for name, hint in hints(entry).items():
        if not name.startswith("_"):
            yield from classes_in(hint)


def shown_bases(entry: type) -> tuple[type, ...]:
    """Return the bases that the page of a class names: none for what users do not make."""
    return entry.__bases__ if is_made_by_users(entry) and entry.__bases__ != (object,) else ()


def errors_of(function: Any) -> Iterator[type]:
    """Find the errors of ours that a docstring says are raised."""
    for name in re.findall(r"^\s+(\w+): ", function.__doc__ or "", re.MULTILINE):
        value = inspect.unwrap(function).__globals__.get(name)
        if inspect.isclass(value) and issubclass(value, BaseException) and is_ours(value):
            yield value


def hints(what: Any) -> dict[str, Any]:
    """Read annotations; what is imported for type checkers only stays text."""
    try:
        return typing.get_type_hints(what)
    except NameError:
        what = inspect.unwrap(what)
        names = vars(sys.modules[what.__module__])
        return {name: evaluate(text, names) for name, text in what.__annotations__.items()}


def evaluate(text: Any, names: dict[str, Any]) -> Any:
    """Evaluate one annotation without its limits, if that can be done."""

    def holder() -> None: ...

    try:
        holder.__annotations__ = {"it": eval(text, names, CLASSES) if isinstance(text, str) else text}  # noqa: S307
        return typing.get_type_hints(holder)["it"]
    except NameError:
        return text


def classes_in(hint: Any) -> Iterator[type]:
    """Find the classes of ours in an annotation."""
    if isinstance(hint, type) and not typing.get_args(hint):
        if is_ours(hint):
            yield hint
        return
    for part in (typing.get_origin(hint), *typing.get_args(hint)):
        if part is not None:
            for inner in part if isinstance(part, list) else [part]:
                yield from classes_in(inner)


def is_ours(entry: type) -> bool:
    """Tell whether a class is one of this package, and not a private one."""
    name = entry.__name__
    return entry.__module__.partition(".")[0] == "brayns_widget" and not name.startswith("_") and name not in OWN


def is_made_by_users(entry: type) -> bool:
    """Tell whether users call a class."""
    return not mentions_own(entry.__init__)  # type: ignore[misc]  # the very one that this class has


def own_members(entry: type) -> list[str]:
    """List the members of a class that are for the package only, as they take or give what only it has."""
    return [
        name
        for name, member in inspect.getmembers_static(entry)
        if (function := function_of(member)) is not None and mentions_own(function)
    ]


def function_of(member: Any) -> Any:
    """Return the function behind a member of a class, or None if it is something else."""
    function = member.fget if isinstance(member, property) else getattr(member, "__func__", member)
    return function if inspect.isfunction(function) else None


def mentions_own(function: Any) -> bool:
    """Tell whether a function takes or gives what only the package itself has."""
    names = (hint if isinstance(hint, str) else getattr(hint, "__name__", "") for hint in hints(function).values())
    return any(name in OWN for name in names)


# ---- calls with several forms


def show_calls(entry: type) -> None:
    """Let Sphinx see how a class and the calls of a group are called."""
    if not is_made_by_users(entry):
        entry.__signature__ = inspect.Signature()  # type: ignore[attr-defined]
    elif "__init__" in vars(entry):
        # Sphinx would show traitlets' __new__, which takes anything, and cannot read the "<factory>" of dataclasses.
        signature, names = inspect.signature(entry), vars(sys.modules[entry.__module__])
        parameters = [
            parameter.replace(
                annotation=evaluate(parameter.annotation, names),
                default=... if repr(parameter.default) == "<factory>" else parameter.default,
            )
            for parameter in signature.parameters.values()
        ]
        entry.__signature__ = signature.replace(parameters=parameters)  # type: ignore[attr-defined]
    for name, value in list(vars(entry).items()):
        capability = value
        while not hasattr(capability, "is_long") and hasattr(capability, "__wrapped__"):
            capability = capability.__wrapped__
        if hasattr(capability, "is_long"):
            setattr(entry, name, as_method(name, capability))


def as_method(name: str, capability: Any) -> Callable[..., Any]:
    """Make a function that looks as a capability does when it is called."""

    def method() -> None: ...

    work = inspect.unwrap(capability)
    found = hints(work)
    parameters = [
        parameter.replace(annotation=found.get(parameter.name, parameter.annotation))
        for parameter in capability.arguments.signature.parameters.values()
    ]
    result = found.get("return")
    if capability.is_long:
        result = brayns_widget.Task[result]  # type: ignore[valid-type]  # computed
    functools.update_wrapper(method, work, updated=())
    method.__name__ = name
    method.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters} | {"return": result}
    own = inspect.Parameter("self", inspect.Parameter.POSITIONAL_OR_KEYWORD)
    method.__signature__ = inspect.Signature([own, *parameters], return_annotation=result)  # type: ignore[attr-defined]
    return method


# ---- pages


def write_class(folder: Path, entry: type, path: str = "") -> str:
    """Write the page of a class and return its name."""
    title = entry.__name__
    path = path or f"{entry.__module__}.{entry.__qualname__}"
    name = path.removeprefix("brayns_widget.")
    lines = [title, "=" * len(title), "", f".. autoclass:: {path}", "   :members:"]
    foreign = ", ".join(base.__name__ for base in entry.__mro__ if not is_ours(base))
    if own := own_members(entry):
        lines += [f"   :exclude-members: {', '.join(own)}"]
    lines += ["   :show-inheritance:" if shown_bases(entry) else f"   :inherited-members: {foreign}", ""]
    (folder / f"{name}.rst").write_text("\n".join(lines), encoding="utf-8")
    return name


def write_module(folder: Path, module: types.ModuleType) -> str:
    """Write the page of a module of the vocabulary and return its name."""
    name = module.__name__.removeprefix("brayns_widget.")
    lines = [name, "=" * len(name), "", f".. automodule:: {module.__name__}", ""]
    for key in assigned(module):
        value: Any = getattr(module, key, None)
        if key.startswith("_"):
            continue
        if inspect.isclass(value) and value.__module__ == module.__name__:
            show_fields(value)
            lines += [
                f".. autoclass:: {key}",
                "   :members:",
                "   :exclude-members: model_config",
                "   :show-inheritance:",
            ]
        elif inspect.isfunction(value):
            lines += [f".. autofunction:: {key}"]
        elif type(value).__name__ == "Endpoint":
            kinds = ", ".join(spell(plain(kind)) for kind in (value.params, value.result))
            lines += [f".. py:data:: {key}", f"   :type: {spell(type(value))}[{kinds}]", f'   :value: "{value.name}"']
        elif typing.get_origin(value) in {typing.Union, types.UnionType}:
            lines += [f".. py:type:: {key}", f"   :canonical: {spell(plain(value))}"]
        lines += [""]
    (folder / f"{name}.rst").write_text("\n".join(lines), encoding="utf-8")
    return name


def assigned(module: types.ModuleType) -> list[str]:
    """List the names that a module itself defines, in their order."""
    names = []
    for node in ast.parse(inspect.getsource(module)).body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef):
            names.append(node.name)
        elif isinstance(node, ast.Assign):
            names += [target.id for target in node.targets if isinstance(target, ast.Name)]
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            names.append(node.target.id)
    return names


# ---- types of the vocabulary


def show_fields(entry: type) -> None:
    """Let Sphinx see a class of pydantic as type checkers do: a call with a keyword for each field."""
    fields = getattr(entry, "model_fields", None)
    if not fields:
        return
    found = typing.get_type_hints(entry, include_extras=True)
    parameters = [
        inspect.Parameter(
            name,
            inspect.Parameter.KEYWORD_ONLY,
            annotation=plain(found[name]),
            default=inspect.Parameter.empty if field.is_required() else field.get_default(call_default_factory=True),
        )
        for name, field in fields.items()
    ]
    entry.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]


def plain(hint: Any) -> Any:
    """Take from a type what only validation needs; where any sequence is taken for a list, name that."""
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin is typing.Annotated:
        inner = plain(arguments[0])
        sequence: Any = Sequence
        takes_sequences = any(getattr(part, "__name__", "") in {"TakesSequences", "TakesIds"} for part in arguments[1:])
        return sequence[typing.get_args(inner)[0]] if takes_sequences else inner
    if origin in {typing.Union, types.UnionType}:
        return functools.reduce(operator.or_, map(plain, arguments))
    if origin is None or origin is typing.Literal:
        return hint
    return origin[tuple(map(plain, arguments))]


def spell(hint: Any) -> str:
    """Write a type as reStructuredText refers to it."""
    text: str = stringify_annotation(hint, "fully-qualified-except-typing")
    return text
