"""Decorators that make all forms of a call from one definition of a capability.

A capability is an ``async`` method of a group. Its decorator makes the forms that users call, with the signature and
the docstring of the definition::

    class Files(Group):
        @offered
        @waiting
        async def list(self, path: str | None = None) -> Directory: ...

        @offered
        @long
        async def copy(self, report: Report, source: str) -> None: ...

    files.list("/data")                  # a short call waits
    await files.list.aio("/data")        # its awaitable form
    files.copy("/data/a").result()       # a long call returns a Task, which can be awaited, too

``offered`` opens a capability to the pages of a widget, which can call nothing else.
"""

from __future__ import annotations

import functools
import inspect
import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Coroutine
from pathlib import PurePath
from typing import Any, Concatenate, Generic, ParamSpec, Protocol, Self, TypeVar, overload

from brayns_widget.connection.reports import Report
from brayns_widget.controller.arguments import Arguments
from brayns_widget.controller.phrases import phrase
from brayns_widget.controller.tasks import Runner, Task

P = ParamSpec("P")
T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)
B = TypeVar("B")


class HasRunner(Protocol):
    """Object with a runner of calls, such as a group."""

    @property
    def _runner(self) -> Runner:
        """What calls run on."""


G = TypeVar("G", bound=HasRunner)
C = TypeVar("C", bound="Capability[Any]")


class Waiting(Protocol[P, T_co]):
    """A short call of a group: call it to wait for its result, or await its form ``aio``."""

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> T_co:
        """Make the call and wait for its result."""

    async def aio(self, *args: P.args, **kwargs: P.kwargs) -> T_co:
        """Make the call and await its result."""


class Capability(ABC, Generic[G]):
    """A method decorated with ``waiting`` or ``long``.

    Attributes:
        name: the method's name.
        arguments: signature and checks.
        is_offered: whether pages may call it.
        is_long: whether it returns a task.
    """

    is_long = False

    def __init__(self, work: Callable[..., Any], leading: int) -> None:
        self.name = work.__name__
        self.arguments = Arguments(work, leading)
        self.is_offered = False
        self._work = work
        functools.update_wrapper(self, work)

    def __call__(self, group: G, *args: Any, **kwargs: Any) -> Any:
        """Make the call on a group, as for a method that is called on its class."""
        return getattr(group, self.name)(*args, **kwargs)

    @property
    def __signature__(self) -> inspect.Signature:
        """The signature with ``self``, for ``help`` on the class."""
        group = inspect.Parameter("self", inspect.Parameter.POSITIONAL_OR_KEYWORD)
        return self.signature.replace(parameters=[group, *self.signature.parameters.values()])

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    def _face(self, call: Callable[..., Any]) -> Callable[..., Any]:
        """Copy name, docstring and signature of the definition to a form of the call."""
        functools.update_wrapper(call, self._work)
        call.__doc__ = self.__doc__
        call.__signature__ = self.signature  # type: ignore[attr-defined]
        return call

    @property
    def signature(self) -> inspect.Signature:
        """The signature of the waiting form."""
        return self.arguments.signature

    @abstractmethod
    async def run(self, group: G, values: dict[str, Any]) -> Any:
        """Call it on the loop thread with named arguments, as a page does; a long call returns its task.

        Raises:
            TypeError: an argument is missing or unknown.
            ValueError: a value violates its annotation.
        """


class waiting(Capability[G], Generic[G, P, T]):  # noqa: N801 - a decorator
    """Make an async method a short call, which waits, with an awaitable form ``aio``."""

    def __init__(self, work: Callable[Concatenate[G, P], Coroutine[Any, Any, T]]) -> None:
        super().__init__(work, leading=1)

    @overload
    def __get__(self, group: None, owner: type | None = None) -> Self: ...

    @overload
    def __get__(self, group: G, owner: type | None = None) -> Waiting[P, T]: ...

    def __get__(self, group: G | None, owner: type | None = None) -> Self | Waiting[P, T]:
        """Bind the call to a group."""
        if group is None:
            return self
        runner, arguments = group._runner, self.arguments  # noqa: SLF001 - see HasRunner

        def call(*args: P.args, **kwargs: P.kwargs) -> T:
            bound = arguments.bind(args, kwargs)
            result: T = runner.wait(lambda: self._noted(group, bound), self.name)
            return result

        async def aio(*args: P.args, **kwargs: P.kwargs) -> T:
            bound = arguments.bind(args, kwargs)
            return await runner.run(lambda: self._noted(group, bound), self.name)

        face = self._face(call)
        face.aio = self._face(aio)  # type: ignore[attr-defined]
        return face  # type: ignore[return-value]

    async def run(self, group: G, values: dict[str, Any]) -> Any:
        """Call it on the loop thread; see ``Capability``."""
        return await self._noted(group, self.arguments.bind((), values))

    async def _noted(self, group: G, bound: inspect.BoundArguments) -> T:
        """Do the work; what it changes in the scene can be undone."""
        with group._runner.noting(phrase(group, self.name, bound.arguments)):  # noqa: SLF001 - see HasRunner
            result: T = await self._work(group, *bound.args, **bound.kwargs)
            return result


class long(Capability[G], Generic[G, P, T]):  # noqa: N801 - a decorator
    """Make an async method, whose first argument reports progress, a long call, which returns a task at once."""

    is_long = True

    def __init__(self, work: Callable[Concatenate[G, Report, P], Coroutine[Any, Any, T]]) -> None:
        super().__init__(work, leading=2)
        # Callers don't pass the report.
        self.__doc__ = work.__doc__ = re.sub(r"\n +report: [^\n]*", "", work.__doc__ or "")

    @property
    def signature(self) -> inspect.Signature:
        """The signature of the call; it returns a task."""
        result = self._work.__annotations__["return"]
        return self.arguments.signature.replace(return_annotation=f"Task[{result}]")

    @overload
    def __get__(self, group: None, owner: type | None = None) -> Self: ...

    @overload
    def __get__(self, group: G, owner: type | None = None) -> Callable[P, Task[T]]: ...

    def __get__(self, group: G | None, owner: type | None = None) -> Self | Callable[P, Task[T]]:
        """Bind the call to a group."""
        if group is None:
            return self

        def call(*args: P.args, **kwargs: P.kwargs) -> Task[T]:
            return self._start(group, args, kwargs)

        return self._face(call)

    def _start(self, group: G, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Task[T]:
        bound = self.arguments.bind(args, kwargs)
        runner = group._runner  # noqa: SLF001 - see HasRunner
        first = bound.args[0] if bound.args else None
        subject = str(first) if isinstance(first, str | PurePath) else None  # the path of a circuit, of a picture
        return runner.start(lambda report: self._work(group, report, *bound.args, **bound.kwargs), self.name, subject)

    async def run(self, group: G, values: dict[str, Any]) -> Any:
        """Start it; see ``Capability``."""
        return self._start(group, (), values)


def offered(capability: C) -> C:
    """Let pages call a capability."""
    capability.is_offered = True
    return capability


def capabilities(group: type) -> dict[str, Capability[Any]]:
    """Return the capabilities of a group's class by name."""
    found = {name: inspect.getattr_static(group, name) for name in dir(group)}
    return {name: value for name, value in found.items() if isinstance(value, Capability)}


def shortcuts(holder: type) -> dict[str, Shortcut[Any]]:
    """Return the shortcuts of a class by name."""
    return {name: value for name, value in vars(holder).items() if isinstance(value, Shortcut)}


class Shortcut(Generic[B]):
    """A call of a group that the group's holder has, too; made by ``shortcut``."""

    def __init__(self, group: str, capability: Capability[Any]) -> None:
        self._group = group
        self._name = capability.name
        functools.update_wrapper(self, capability)  # type: ignore[arg-type]  # see above

    @property
    def path(self) -> str:
        """The call's group and name, such as "models.clear"."""
        return f"{self._group}.{self._name}"

    @overload
    def __get__(self, holder: None, owner: type | None = None) -> Self: ...

    @overload
    def __get__(self, holder: object, owner: type | None = None) -> B: ...

    def __get__(self, holder: object | None, owner: type | None = None) -> Self | B:
        """Return the group's call."""
        if holder is None:
            return self
        call: B = getattr(getattr(holder, self._group), self._name)
        return call


@overload
def shortcut(group: str, capability: long[Any, P, T]) -> Shortcut[Callable[P, Task[T]]]: ...


@overload
def shortcut(group: str, capability: waiting[Any, P, T]) -> Shortcut[Waiting[P, T]]: ...


def shortcut(group: str, capability: Capability[Any]) -> Shortcut[Any]:
    """Make a call of a group available on the group's holder.

    Args:
        group: the attribute that has the group.
        capability: the call, such as ``Models.load_circuit``.
    """
    return Shortcut(group, capability)
