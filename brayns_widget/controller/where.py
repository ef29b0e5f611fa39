"""Where a job runs: the options that controllers, widgets, ``job.connect``, pages and the command line share.

They are declared once, by the function ``where``. What takes them has its signature and its text about each of them.
"""

from __future__ import annotations

import inspect
import textwrap
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Concatenate, Generic, ParamSpec, TypeAlias, TypeVar, cast

from annotated_types import Gt, MaxLen, MinLen

from brayns_widget.connection.place import Place
from brayns_widget.connection.reports import Report
from brayns_widget.connection.tokens import Source, Token
from brayns_widget.controller.arguments import Arguments, Reads

C = TypeVar("C", bound=type)
S = TypeVar("S")
T = TypeVar("T")
P = ParamSpec("P")


def _read_token(source: Source | Token, _name: str) -> Token:
    try:
        return source if isinstance(source, Token) else Token(source)
    except TypeError:
        del source  # it may be one all the same, as bytes
        raise


Address = Annotated[str, MaxLen(2048)]
Name = Annotated[str, MaxLen(256)]
if TYPE_CHECKING:
    TokenSource: TypeAlias = Source | Token
else:
    TokenSource = Annotated[str | dict[str, str] | Callable[[], Any], Reads(_read_token, hides=True)]


@dataclass(frozen=True, slots=True)
class Where:
    """A place, the id of a job to attach to there, or None, and the seconds that it has to become ready, or None."""

    place: Place
    attach_to: str | None
    start_timeout: float | None


_OF_A_MASTER = {
    "slave": "the address of a proxy master's slave",
    "project": "what a proxy master accounts for",
    "attach_to": "a proxy master's id of a job",
}
"""What the options are that have no meaning without a master."""


def where(
    *,
    master: Address | None = None,
    slave: Address | None = None,
    token: TokenSource | None = None,
    usecase: Name = "SBO1",
    project: Name | None = None,
    attach_to: Annotated[Name, MinLen(1)] | None = None,
    renderer: Address | None = None,
    backend: Address | None = None,
    base_directory: Annotated[str, MaxLen(4096)] | Path | None = None,
    start_timeout: Annotated[float, Gt(0)] | None = None,
) -> Where:
    """Say where a job runs.

    Args:
        master: address of a proxy master; None starts the local service.
        slave: address of its proxy slave, unless the master provides it.
        token: bearer token; a function or an async function that returns one, called for each request to a master and
            each connection, so one that asks a person or a vault should keep it for a while; or where it is:
            {"file": path} or {"variable": name}, such as JUPYTERHUB_API_TOKEN in a hub. None: the environment
            variable BRAYNS_WIDGET_TOKEN.
        usecase: which versions of the servers the master launches.
        project: the project for accounting, which some masters require.
        attach_to: the master's id of a running job, to be used and not stopped.
        renderer: address of a renderer that runs already, without proxies, such as ws://127.0.0.1:5000. It is used and
            not stopped. A token is sent to it only if one is given.
        backend: address of its backend, if it has one.
        base_directory: the directory in which the local service may read and write; by default wherever you can.
        start_timeout: seconds until a job must be ready; None: as before, and at first two minutes.

    Raises:
        BraynsWidgetError: an address is invalid, or contains a credential.
        ValueError: two options contradict each other.
    """
    remote = {"master": master, "slave": slave, "project": project, "attach_to": attach_to}
    if renderer is not None and (other := next((name for name, value in remote.items() if value is not None), None)):
        raise ValueError(f"renderer is an address without proxies, so {other} has no meaning beside it")
    if renderer is None and backend is not None:
        raise ValueError("backend is the address of a renderer's backend: give renderer, too")
    if renderer is None and master is None:
        for name, value in remote.items():
            if value is not None:
                raise ValueError(f"{name} is {_OF_A_MASTER[name]}: give master, too")
    root = Path(base_directory).expanduser().resolve() if base_directory is not None else Path(Path.cwd().anchor)
    hidden = Token(token, optional=renderer is not None)
    return Where(Place(master, slave, hidden, usecase, project, root, renderer, backend), attach_to, start_timeout)


WHERE = Arguments(where, leading=0)
"""The options, with their checks."""


class _Taking(Generic[P]):
    """Decorators of what takes the options of ``where``: they hand on what these say, as the last argument."""

    def __init__(self, definition: Callable[P, Where]) -> None:
        self._options = list(WHERE.signature.parameters.values())
        self._annotations = {name: definition.__annotations__[name] for name in WHERE.types}

    def init(self, work: Callable[[S, Where], None]) -> Callable[Concatenate[S, P], None]:
        """Let a class be made with the options."""

        def init(self: S, **options: Any) -> None:
            work(self, read_where(options, type(self).__name__))

        return cast("Callable[Concatenate[S, P], None]", self._like(init, work, 1))

    def long(
        self, work: Callable[[S, Report, Where], Coroutine[Any, Any, T]]
    ) -> Callable[Concatenate[S, Report, P], Coroutine[Any, Any, T]]:
        """Let a long call take the options."""

        async def call(self: S, report: Report, **options: Any) -> T:
            return await work(self, report, where(**options))

        return cast("Callable[Concatenate[S, Report, P], Coroutine[Any, Any, T]]", self._like(call, work, 2))

    def _like(self, call: Any, work: Callable[..., Any], leading: int) -> object:
        """Give a function the name of another one, and its signature with the options."""
        own = inspect.signature(work)
        parameters = [*list(own.parameters.values())[:leading], *self._options]
        annotations = {name: kind for name, kind in work.__annotations__.items() if name != "where"}
        call.__name__, call.__qualname__, call.__module__ = work.__name__, work.__qualname__, work.__module__
        call.__doc__ = described(work.__doc__ or "")
        call.__signature__ = own.replace(parameters=parameters)
        call.__annotations__ = annotations | self._annotations
        return call


def read_where(options: dict[str, Any], function: str) -> Where:
    """Check options; the token in them does not show any more then.

    Args:
        options: the options.
        function: what has got them, for messages.

    Raises:
        TypeError, ValueError, BraynsWidgetError: see ``where``.
    """
    bound = WHERE.bind((), options, function=function)
    return where(*bound.args, **bound.kwargs)


def described(text: str) -> str:
    """Put the descriptions of the options into a docstring, in the place of a line "options: …"."""
    line = next((line for line in text.splitlines() if line.strip().startswith("options:")), None)
    if line is None:
        return text
    indent = line[: -len(line.lstrip())]
    lines = [
        wrapped
        for name, words in WHERE.texts.items()
        for wrapped in textwrap.wrap(f"{name}: {words}", 116, initial_indent=indent, subsequent_indent=indent + "    ")
    ]
    return text.replace(line, "\n".join(lines))


def documented(entry: C) -> C:
    """Put the descriptions of the options into a class's docstring; see ``described``."""
    entry.__doc__ = described(entry.__doc__ or "")
    return entry


TAKING = _Taking(where)
"""The decorators."""
