"""Calls of a page to offered capabilities, found by dotted path and answered as JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, get_type_hints

from brayns_widget.controller.calls import Capability, capabilities
from brayns_widget.controller.controller import Controller, Groups
from brayns_widget.controller.models import Model
from brayns_widget.controller.phrases import phrase
from brayns_widget.controller.tasks import Task
from brayns_widget.controller.views import LiveCamera
from brayns_widget.notebook.lines import line_of
from brayns_widget.notebook.messages import ErrorData
from brayns_widget.protocol.errors import BraynsWidgetError, CircuitError, ProtocolError, QueryError, RequestError

GROUPS: Mapping[str, type] = {**get_type_hints(Groups), "camera": LiveCamera, "model": Model}
"""Classes of the groups by the first part of a path; ``model`` takes the model's ``id``, too, or several models'."""


@dataclass(frozen=True, slots=True)
class Started:
    """The answer to a long call: the id of its task."""

    task: str


def offered_calls() -> dict[str, Capability[Any]]:
    """Return the calls that are offered to pages, by dotted path."""
    return {
        f"{path}.{name}": capability
        for path, group in GROUPS.items()
        for name, capability in capabilities(group).items()
        if capability.is_offered
    }


class Commands:
    """Runner of calls from pages of one controller, on the loop thread.

    Args:
        controller: the controller.
    """

    def __init__(self, controller: Controller) -> None:
        self._controller = controller
        self._offered = offered_calls()
        self._groups = {path: getattr(controller, path) for path in GROUPS if path != "model"}

    async def run(self, method: str, params: Mapping[str, Any]) -> Any:
        """Run a call and return its result as JSON.

        Raises:
            ProtocolError: no call of that name is offered, or its parameters are wrong.
            BraynsWidgetError, ValueError: raised by the call.
        """
        capability = self._offered.get(method)
        if capability is None:
            raise ProtocolError(f"There is no call {method!r:.80}.")
        values, before = dict(params), self._controller.state
        try:
            group = self._group(method.partition(".")[0], values)
            if isinstance(group, list):
                result = await self._run_for_each(group, capability, values)
            else:
                result = await capability.run(group, values)
        except TypeError as error:
            raise ProtocolError(f"The call {method!r} was made with wrong parameters: {error}.") from error
        about = {name: getattr(before, name) for name in ("models", "lights", "clips", "pins")}
        after = replace(self._controller.state, **about)
        if (line := line_of(method, capability, params, after)) is not None:
            self._write(line, result)
        return as_json(result)

    def _write(self, line: str, result: Any) -> None:
        """Take down the line of a call; that of a task when it has succeeded."""
        recorder = self._controller.recorder
        if not isinstance(result, Task):
            recorder.write(line)
            return

        def at_end(task: Task[Any]) -> None:
            if task.done and task.exception() is None:
                recorder.write(line)

        result.add_callback(at_end)

    def _group(self, path: str, values: dict[str, Any]) -> Any:
        if path != "model":
            return self._groups[path]
        given = values.pop("id", None)
        ids = given if isinstance(given, list) else [given]
        if not ids or any(not isinstance(one, int) or isinstance(one, bool) for one in ids):
            raise TypeError(f"'id' is {given!r:.80}, not the id of a model, or a list of ids")
        found = [self._controller.models.by_id(one) for one in ids]
        return found if isinstance(given, list) else found[0]

    async def _run_for_each(self, models: Sequence[Model], capability: Capability[Any], values: dict[str, Any]) -> Any:
        """Run a call of several models, as one step that can be undone, and return the last answer.

        What one of them refuses the others do all the same; it is raised afterwards.
        """
        text = phrase(models[0], capability.name, capability.arguments.bind((), values).arguments, len(models))
        result, refusals = None, []
        with self._controller.recorder.noting(text):
            for model in models:
                try:
                    result = await capability.run(model, dict(values))
                except (CircuitError, RequestError) as error:
                    refusals.append(error)
        if refusals:
            raise refusals[0]
        return result


def as_json(result: Any) -> Any:
    """Convert the result of a call to JSON."""
    from pydantic_core import to_jsonable_python

    if isinstance(result, Task):
        result = Started(result.id)
    return to_jsonable_python(result)


def error_data(error: BaseException) -> ErrorData:
    """Make the data about an error for a page."""
    hint = error.hint if isinstance(error, BraynsWidgetError) else ""
    message = str(error).removesuffix(hint).rstrip() or type(error).__name__
    place = error.place if isinstance(error, QueryError) else ""
    return ErrorData(type(error).__name__, message, hint, place)
