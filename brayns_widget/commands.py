"""Commands of the widget's panel: what a page may ask for, and how each becomes a call of the controller."""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from brayns_widget.controller import Controller
from brayns_widget.protocol.errors import BraynsWidgetError, ProtocolError
from brayns_widget.scene.colors import parse

Check = Callable[[Any], Any]
"""Returns a parameter's value, or raises ValueError that says what it should be."""

_MAX_TEXT = 4096
_MAX_LIST = 1000


def error_data(error: BaseException) -> dict[str, str]:
    """Make what a page is told of an error: type, message and hint."""
    hint = error.hint if isinstance(error, BraynsWidgetError) else ""
    message = str(error).removesuffix(hint).rstrip() or type(error).__name__
    return {"type": type(error).__name__, "message": message, "hint": hint}


class Commands:
    """The commands that a page may call; nothing else is reachable. Lives on the loop thread.

    Args:
        controller: does the work.
        dismiss: takes the notice away.
    """

    def __init__(self, controller: Controller, dismiss: Callable[[], None]) -> None:
        self._controller = controller
        self._dismiss_notice = dismiss
        load = {
            "path": _text,
            "population": _optional(_text),
            "density": _number,
            "node_sets": _texts,
            "soma": _flag,
            "axon": _flag,
            "dendrites": _flag,
            "radius_multiplier": _number,
            "color_by": _optional(_text),
        }
        self._table: Mapping[str, tuple[Callable[..., Awaitable[Any]], Mapping[str, Check]]] = {
            "start": (self._start, {}),
            "retry": (self._start, {}),
            "list_directory": (self._list_directory, {"path": _optional(_text)}),
            "inspect_circuit": (self._inspect_circuit, {"path": _text}),
            "load_circuit": (self._load_circuit, load),
            "cancel": (self._cancel, {"task": _text}),
            "update_model": (self._update_model, {"id": _integer, "visible": _flag}),
            "color_model": (self._color_model, {"id": _integer, "method": _text, "color": _optional(parse)}),
            "remove_model": (self._remove_model, {"id": _integer}),
            "reset_camera": (self._reset_camera, {}),
            "dismiss": (self._dismiss, {}),
        }

    async def run(self, method: Any, params: Any) -> Any:
        """Run one command and return its result as JSON.

        Raises:
            ProtocolError: there is no such command, or it does not take these parameters.
            BraynsWidgetError, ValueError: what the controller raises.
        """
        if not isinstance(method, str) or method not in self._table:
            raise ProtocolError(f"There is no command {method!r:.80}.")
        handler, checks = self._table[method]
        return await handler(**_checked(method, params, checks))

    async def _start(self) -> None:
        await self._controller.start()

    async def _list_directory(self, path: str | None) -> Any:
        return (await self._controller.alist_directory(path)).to_dict()

    async def _inspect_circuit(self, path: str) -> Any:
        circuit = await self._controller.ainspect_circuit(path)
        populations = [{"name": item.name, "type": item.type, "size": item.size} for item in circuit.populations]
        return {"path": circuit.path, "populations": populations, "node_sets": list(circuit.node_sets)}

    async def _load_circuit(self, path: str, **options: Any) -> Any:
        return {"task": self._controller.load_circuit(path, **options).id}

    async def _cancel(self, task: str) -> None:
        running = self._controller.tasks.get(task)
        if running is not None:  # else it is done already, which is what the user wanted to see
            running.cancel()

    async def _update_model(self, id: int, visible: bool) -> None:  # noqa: A002 - the contract's name
        await self._controller.aupdate_model(id, visible=visible)

    async def _color_model(self, id: int, method: str, color: Any) -> None:  # noqa: A002
        await self._controller.acolor_model(id, method, color)

    async def _remove_model(self, id: int) -> None:  # noqa: A002
        await self._controller.aremove_model(id)

    async def _reset_camera(self) -> None:
        self._controller.reset_camera()

    async def _dismiss(self) -> None:
        self._dismiss_notice()


def _checked(method: str, params: Any, checks: Mapping[str, Check]) -> dict[str, Any]:
    if not isinstance(params, dict):
        raise ProtocolError(f"The command {method!r} takes an object as parameters, not {params!r:.80}.")
    if problems := [f"no {name!r}" for name in checks if name not in params] + [
        f"unknown {name!r:.80}" for name in params if name not in checks
    ]:
        raise ProtocolError(f"The command {method!r} was called with wrong parameters: {', '.join(problems)}.")
    values = {}
    for name, check in checks.items():
        try:
            values[name] = check(params[name])
        except ValueError as error:
            raise ProtocolError(f"The parameter {name!r} of {method!r} is wrong: {error}.") from error
    return values


def _optional(check: Check) -> Check:
    return lambda value: None if value is None else check(value)


def _text(value: Any) -> str:
    if not isinstance(value, str) or len(value) > _MAX_TEXT:
        raise ValueError(f"{value!r:.80} is no text of up to {_MAX_TEXT} characters")
    return value


def _texts(value: Any) -> list[str]:
    if not isinstance(value, list) or len(value) > _MAX_LIST:
        raise ValueError(f"{value!r:.80} is no list of up to {_MAX_LIST} texts")
    return [_text(item) for item in value]


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError(f"{value!r:.80} is neither true nor false")  # noqa: TRY004 - a wrong value of JSON
    return value


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ValueError(f"{value!r:.80} is no finite number")
    return float(value)


def _integer(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 2**53:
        raise ValueError(f"{value!r:.80} is no whole number")
    return value
