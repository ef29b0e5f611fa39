from __future__ import annotations

import asyncio
import inspect
import re
from typing import Any

import pytest

from brayns_widget.commands import Commands, error_data
from brayns_widget.controller import Controller
from brayns_widget.protocol.errors import BraynsWidgetError, CircuitError, ProtocolError, RequestError
from brayns_widget.scene.circuits import Circuit, Directory, Population


class _Task:
    id = "task-7"

    def __init__(self) -> None:
        self.cancelled = False

    def cancel(self) -> None:
        self.cancelled = True

    def __await__(self) -> Any:
        return asyncio.sleep(0).__await__()


class _Controller:
    """Records its calls; a method that is not listed here is not to be called."""

    def __init__(self) -> None:
        self.calls: list[tuple[Any, ...]] = []
        self.task = _Task()
        self.tasks = {self.task.id: self.task}

    def start(self) -> _Task:
        self.calls.append(("start",))
        return self.task

    async def alist_directory(self, path: str | None) -> Directory:
        self.calls.append(("list", path))
        return Directory("/a/b", "/a", ({"name": "c", "path": "/a/b/c"},), ())

    async def ainspect_circuit(self, path: str) -> Circuit:
        return Circuit(path, (Population("cells", "biophysical", 9),), ("Inhibitory",))

    def load_circuit(self, path: str, **options: Any) -> _Task:
        self.calls.append(("load", path, options))
        return self.task

    async def aupdate_model(self, model_id: int, *, visible: bool) -> None:
        self.calls.append(("update", model_id, visible))

    async def acolor_model(self, model_id: int, method: str, color: Any) -> None:
        self.calls.append(("color", model_id, method, color))

    async def aremove_model(self, model_id: int) -> None:
        raise CircuitError(f"There is no model {model_id}.", hint="There are: none.")

    def reset_camera(self) -> None:
        self.calls.append(("reset",))


LOAD = {
    "path": "/c.json",
    "population": None,
    "density": 1,
    "node_sets": ["Excitatory"],
    "soma": True,
    "axon": False,
    "dendrites": True,
    "radius_multiplier": 2.5,
    "color_by": "mtype",
}


def _run(method: Any, params: Any) -> tuple[Any, _Controller, list[str]]:
    controller, dismissed = _Controller(), list[str]()
    commands = Commands(controller, lambda: dismissed.append("dismissed"))  # type: ignore[arg-type]
    return asyncio.run(commands.run(method, params)), controller, dismissed


@pytest.mark.parametrize(
    ("method", "params", "call"),
    [
        ("start", {}, ("start",)),
        ("retry", {}, ("start",)),
        ("update_model", {"id": 3, "visible": False}, ("update", 3, False)),
        ("color_model", {"id": 3, "method": "layer", "color": None}, ("color", 3, "layer", None)),
        (
            "color_model",
            {"id": 3, "method": "solid", "color": [0, 0.5, 1, 1]},
            ("color", 3, "solid", (0.0, 0.5, 1.0, 1.0)),
        ),
        ("reset_camera", {}, ("reset",)),
    ],
)
def test_a_command_becomes_a_call_without_a_result(method, params, call):
    result, controller, _ = _run(method, params)
    assert result is None
    assert controller.calls == [call]


def test_list_directory():
    result, controller, _ = _run("list_directory", {"path": None})
    assert result == {
        "path": "/a/b",
        "parent": "/a",
        "directories": [{"name": "c", "path": "/a/b/c"}],
        "files": [],
    }
    assert controller.calls == [("list", None)]


def test_inspect_circuit():
    result, _, _ = _run("inspect_circuit", {"path": "/c.json"})
    assert result == {
        "path": "/c.json",
        "populations": [{"name": "cells", "type": "biophysical", "size": 9}],
        "node_sets": ["Inhibitory"],
    }


def test_load_circuit_answers_with_its_task_before_it_is_done():
    result, controller, _ = _run("load_circuit", LOAD)
    assert result == {"task": "task-7"}
    ((_, path, options),) = controller.calls
    assert path == "/c.json"
    assert options == {name: value for name, value in LOAD.items() if name != "path"}


def test_cancel():
    _, controller, _ = _run("cancel", {"task": "task-7"})
    assert controller.task.cancelled


def test_cancelling_what_is_done_is_no_error():
    _, controller, _ = _run("cancel", {"task": "task-1"})
    assert not controller.task.cancelled


def test_dismiss():
    _, controller, dismissed = _run("dismiss", {})
    assert dismissed == ["dismissed"]
    assert controller.calls == []


@pytest.mark.parametrize(
    ("method", "params", "text"),
    [
        ("close", {}, "There is no command 'close'"),
        ("__init__", {}, "There is no command"),
        (None, {}, "There is no command None"),
        (["start"], {}, "There is no command"),
        ("start", None, "takes an object"),
        ("start", {"now": True}, "unknown 'now'"),
        ("update_model", {"id": 1}, "no 'visible'"),
        ("update_model", {"id": True, "visible": True}, "'id' of 'update_model' is wrong"),
        ("update_model", {"id": 1, "visible": 1}, "neither true nor false"),
        ("remove_model", {"id": -1}, "no whole number"),
        ("list_directory", {"path": "x" * 5000}, "no text"),
        ("load_circuit", LOAD | {"density": float("nan")}, "no finite number"),
        ("load_circuit", LOAD | {"node_sets": "Excitatory"}, "no list"),
        ("load_circuit", LOAD | {"node_sets": [1]}, "no text"),
        ("color_model", {"id": 1, "method": "solid", "color": [2, 0, 0, 1]}, "not a color"),
    ],
)
def test_what_no_page_should_ask_for_is_refused(method, params, text):
    with pytest.raises(ProtocolError, match=re.escape(text)):
        _run(method, params)


def test_the_controllers_errors_come_through():
    with pytest.raises(CircuitError, match="no model 5"):
        _run("remove_model", {"id": 5})


@pytest.mark.parametrize(
    ("error", "data"),
    [
        (CircuitError("No.", hint="Try."), {"type": "CircuitError", "message": "No.", "hint": "Try."}),
        (BraynsWidgetError("No."), {"type": "BraynsWidgetError", "message": "No.", "hint": ""}),
        (
            RequestError("Invalid params", code=-32602, data=["id: wrong"]),
            {"type": "RequestError", "message": "Invalid params (id: wrong)", "hint": ""},
        ),
        (ValueError("too large"), {"type": "ValueError", "message": "too large", "hint": ""}),
        (KeyError(), {"type": "KeyError", "message": "KeyError", "hint": ""}),
    ],
)
def test_what_a_page_is_told_of_an_error(error, data):
    assert error_data(error) == data


def test_the_fake_is_called_as_the_controller_is():
    for name, fake in inspect.getmembers(_Controller, inspect.isfunction):
        if not name.startswith("_"):
            real = inspect.signature(getattr(Controller, name)).parameters
            assert set(inspect.signature(fake).parameters) - {"options"} <= set(real)
    assert set(LOAD) <= set(inspect.signature(Controller.load_circuit).parameters)
