"""What people do on pages, as the lines of Python that do the same: ``viewer.models["S1"].color = "red"``.

A call needs no entry here: its line is the call itself. Some read better otherwise, and those that change nothing have
no line.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from pathlib import PurePath
from typing import Any

from brayns_widget.connection.tokens import redact
from brayns_widget.controller.calls import Capability, shortcuts
from brayns_widget.controller.camera import Camera
from brayns_widget.controller.connected import MOST_ROWS
from brayns_widget.controller.controller import Groups
from brayns_widget.controller.state import ModelState, PartState, State

VIEWER = "viewer"
"""What the widget is called."""

LONGEST = 4000
"""Characters of a line; what is longer, such as many ids, is a comment."""

WAITED = ".result()"
"""What follows a long call: the next line may be about what it loads."""

Params = Mapping[str, Any]

QUIET = frozenset({
    "colors.map_names", "colors.maps", "connections.count_synapses", "files.inspect",
    "files.list", "job.list", "job.log", "models.count_cells",
    "models.count_node_sets", "models.drop_upload", "models.formats", "models.materials", "models.receive",
    "notices.dismiss", "selection.bounds", "table.rows", "tasks.cancel",
})  # fmt: skip
"""Calls that change nothing that people see, and so have no line."""

TRAITS = ("background", "height", "highlight", "legend_place", "scale_bar", "selection")
"""The traits that have a line when a page sets them. The camera has one when it rests."""

_DIGITS = 6

_SHORTCUTS = {shortcut.path: name for name, shortcut in shortcuts(Groups).items()}


def line_of(method: str, capability: Capability[Any], params: Params, state: State) -> str | None:
    """Return the line of a call, or None if it has none.

    Args:
        method: the call's path, such as "model.update".
        capability: the call.
        params: its parameters.
        state: the state after it, but with the models, lights, clipping shapes and pins that it was about.
    """
    if method in QUIET or (method == "connections.list_partners" and not params.get("isolate")):
        return None
    spell = _SPELLED.get(method)
    line = (spell and spell(params, state)) or _call(method, capability, params, state)
    if method.startswith("model.") and isinstance(params["id"], list):
        line = f"for model in {_models_of(params['id'], state.models)}: {line}"
    return _shortened(redact(line) if method.startswith("job.") else line)


def assignment(name: str, value: Any) -> str:
    """Return the line that sets a property of the widget."""
    return _shortened(f"{VIEWER}.{name} = {literal(value)}")


def camera_line(camera: Camera) -> str:
    """Return the line that sets a camera, to six digits; defaults are left out, and what has no effect."""
    usual = Camera().to_dict()
    idle = {"orthographic": {"fovy", "aperture"}, "cylindric": {"height", "aperture"}}.get(camera.type, {"height"})
    fields = {
        name: _rounded(value)
        for name, value in camera.to_dict().items()
        if name == "position" or (value != usual[name] and name not in idle)
    }
    return assignment("camera", fields)


def literal(value: Any) -> str:
    """Write a value as Python, its texts in double quotes."""
    if isinstance(value, str | PurePath):
        text = repr(str(value))
        return text if '"' in text or text[0] == '"' else f'"{text[1:-1].replace(chr(92) + chr(39), chr(39))}"'
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{literal(key)}: {literal(one)}" for key, one in value.items()) + "}"
    if isinstance(value, Sequence):
        return "[" + ", ".join(map(literal, value)) + "]"
    return repr(value)


def model_of(model_id: Any, models: Sequence[ModelState]) -> str:
    """Return the expression for a model: by its name, if no other has it, else by its place.

    Of several models, whose ids are a list, it is the variable of the loop over them.
    """
    if isinstance(model_id, list):
        return "model"
    place = next(place for place, model in enumerate(models) if model.id == model_id)
    name = models[place].name
    key = literal(name) if [model.name for model in models].count(name) == 1 else str(place)
    return f"{VIEWER}.models[{key}]"


def _models_of(ids: Sequence[Any], models: Sequence[ModelState]) -> str:
    if list(ids) == [model.id for model in models]:
        return f"{VIEWER}.models"
    return f"[{', '.join(model_of(one, models) for one in ids)}]"


def _call(method: str, capability: Capability[Any], params: Params, state: State) -> str:
    given, arguments = dict(params), []
    if method in _SHORTCUTS:
        called = f"{VIEWER}.{_SHORTCUTS[method]}"
    elif method.startswith("model."):
        called = f"{model_of(given.pop('id'), state.models)}.{capability.name}"
    else:
        called = f"{VIEWER}.{method}"
    for name, parameter in capability.signature.parameters.items():
        if name not in given or given[name] == parameter.default or (given[name] == [] and parameter.default == ()):
            continue
        named = parameter.kind is parameter.KEYWORD_ONLY or parameter.default is not parameter.empty
        arguments.append(f"{name}={literal(given[name])}" if named else literal(given[name]))
    return f"{called}({', '.join(arguments)}){WAITED if capability.is_long else ''}"


def _shortened(line: str) -> str:
    if len(line) <= LONGEST:
        return line
    return f"# {line[: LONGEST // 50]} …  (a line of {len(line)} characters, which is not kept)"


def _rounded(value: Any) -> Any:
    if isinstance(value, list):
        return [_rounded(one) for one in value]
    if not isinstance(value, float):
        return value
    short = float(f"{value:.{_DIGITS}g}")
    return int(short) if short.is_integer() and abs(short) < 10**_DIGITS else short


# ---------------------------------------------------------------------- calls that read better otherwise


def _relight(params: Params, state: State) -> str:
    return _changed(_part("lights", params["id"], state.lights), params, {"visible", "color", "intensity"})


def _recut(params: Params, state: State) -> str:
    return _changed(_part("clipping", params["id"], state.clips), params, {"visible", "invert"})


def _changed(part: str, params: Params, properties: AbstractSet[str]) -> str:
    """Return an assignment, or a call if several things change, or what is no property."""
    given = {name: _rounded(value) for name, value in params.items() if name != "id" and value is not None}
    if len(given) == 1 and given.keys() <= properties:
        ((name, value),) = given.items()
        return f"{part}.{name} = {literal(value)}"
    return f"{part}.update({', '.join(f'{name}={literal(value)}' for name, value in given.items())})"


def _unlight(params: Params, state: State) -> str:
    return f"{_part('lights', params['id'], state.lights)}.remove()"


def _uncut(params: Params, state: State) -> str:
    return f"{_part('clipping', params['id'], state.clips)}.remove()"


def _part(group: str, part_id: Any, parts: Sequence[PartState]) -> str:
    place = next(place for place, part in enumerate(parts) if part.id == part_id)
    return f"{VIEWER}.{group}[{place}]"


def _update(params: Params, state: State) -> str | None:
    given = {name: value for name, value in params.items() if name != "id" and value is not None}
    if len(given) != 1:
        return None
    ((name, value),) = given.items()
    return f"{model_of(params['id'], state.models)}.{name} = {literal(value)}"


def _color(params: Params, state: State) -> str | None:
    given = {name: value for name, value in params.items() if value is not None}
    if given.keys() != {"id", "values", "color"} or given["values"] != "solid":
        return None
    return f"{model_of(params['id'], state.models)}.color = {literal(params['color'])}"


def _select(params: Params, _: State) -> str | None:
    return None if "population" in params else assignment("selection", params["ids"])


def _picked(_: Params, state: State) -> str:
    return assignment("selection", state.selection)


def _pin(_: Params, _state: State) -> str:
    """Pin the last pick: the number of one says nothing in the next kernel."""
    return f"{VIEWER}.pins.add()"


def _unpin(params: Params, state: State) -> str:
    place = next(place for place, pin in enumerate(state.pins) if pin.number == params["pick"])
    return f"{VIEWER}.pins.remove({VIEWER}.pins[{place}])"


def _reorder(params: Params, state: State) -> str:
    """Name the models: others have their ids in the next kernel."""
    return f"{VIEWER}.models.reorder([{', '.join(model_of(one, state.models) for one in params['order'])}])"


def _upload(params: Params, _: State) -> str:
    """Load the file from the kernel's machine; where it was on the page's nobody knows."""
    options = ", ".join(f"{name}={literal(params[name])}" for name in ("loader", "options"))
    return f"{VIEWER}.load_upload({literal(params['name'])}, {options}){WAITED}"


def _saved(params: Params, _: State) -> str:
    """Render it into a file of the kernel's, where the browser keeps its own."""
    width, height = params["size"]
    place = params.get("legend")
    legend = "" if place is None else f", legend={literal(place)}"
    bar = ", scale_bar=True" if params.get("scale_bar") else ""
    return f'{VIEWER}.snapshot("picture.png", size=({width}, {height}){legend}{bar}){WAITED}'


def _connect(params: Params, _: State) -> str:
    """Leave out a token that was typed, so that Python takes that of the environment."""
    given = {name: value for name, value in params.items() if value is not None}
    if not isinstance(given.get("token"), Mapping):
        given.pop("token", None)
    return f"{VIEWER}.job.connect({', '.join(f'{name}={literal(value)}' for name, value in given.items())}){WAITED}"


def _wired(params: Params, _: State) -> str:
    """Write the value, and what it shows: it can be read, too."""
    usual = {"form": "spheres", "color_by": "direction", "limit": MOST_ROWS, "source": None, "target": None}
    given = {name: value for name, value in params.items() if name not in usual or value != usual[name]}
    found = [
        f"{name}={literal(given[name])}" for name in ("source", "target", "populations", "path") if given.get(name)
    ]
    shown = [literal(given["form"])] if "form" in given else []
    shown += [f"{name}={literal(given[name])}" for name in ("color_by", "limit") if name in given]
    return f"{VIEWER}.synapses({', '.join(found)}).show({', '.join(shown)})"


def _isolated(params: Params, _: State) -> str:
    cell = [literal(params["cell"])] if params.get("cell") is not None else []
    direction = [f"direction={literal(params['direction'])}"] if params.get("direction", "both") != "both" else []
    path = [f"path={literal(params['path'])}"] if params.get("path") else []
    return f"{VIEWER}.partners({', '.join(cell + direction + path)}).isolate()"


def _cut(params: Params, _: State) -> str | None:
    given = {name: value for name, value in params.items() if value is not None}
    if len(given) != 1:
        return None
    ((name, value),) = given.items()
    return f"{VIEWER}.slab.{name} = {literal(_rounded(value))}"


_SPELLED: Mapping[str, Callable[[Params, State], str | None]] = {
    "model.update": _update,
    "model.color_by": _color,
    "lights.change": _relight,
    "lights.remove": _unlight,
    "clipping.change": _recut,
    "clipping.remove": _uncut,
    "selection.set": _select,
    "slab.set": _cut,
    "selection.pick": _picked,
    "pins.add": _pin,
    "pins.remove": _unpin,
    "models.load_received": _upload,
    "pictures.encoded": _saved,
    "models.reorder": _reorder,
    "job.connect": _connect,
    "connections.show_synapses": _wired,
    "connections.list_partners": _isolated,
}
