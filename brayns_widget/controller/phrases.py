"""What calls do, in words for people, such as "color S1 by mtype"."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from brayns_widget.protocol.errors import BraynsWidgetError

Values = Mapping[str, Any]

SLAB_MOVED = "move the slab"
CUT_MOVED = "move a cut"
"""What a drag does many times a second."""
FRAME_SHOWN = "show a frame"
"""What is done with a simulation, over and over while it plays."""


def phrase(group: Any, name: str, values: Values, count: int = 1) -> str:
    """Say what a call does, or "" if it takes in what others do.

    Without an entry below it is the name of the call and what it is about.

    Args:
        group: what was called.
        name: the call.
        values: the arguments that were given.
        count: how many of its kind are called so at once.
    """
    kind = type(group).__name__
    if count > 1:
        subject = f"{count} {kind.lower()}s"
    else:
        subject = _SUBJECTS[kind](group) if kind in _SUBJECTS else f"the {kind.lower()}"
    known = _TEXTS.get(f"{kind}.{name}")
    return f"{name.replace('_', ' ')} {subject}" if known is None else known(subject, values)


def look_text(trait: str, value: Any) -> str:
    """Say what a change of a widget's trait does that is no part of the scene."""
    if trait == "highlight":
        return "highlight the selection" if value else "highlight the selection no more"
    if trait == "scale_bar":
        return "show the scale bar" if value else "hide the scale bar"
    return "hide the legend" if value == "hidden" else "place the legend"


def _name(model: Any) -> str:
    try:
        return str(model.name)
    except BraynsWidgetError:
        return "a model"  # that is gone


def _coloring(model: str, values: Values) -> str:
    by = values["values"]
    if not isinstance(by, str):
        return f"color {model} by {values.get('title') or 'values'}"
    return f"color {model}" if by == "solid" else f"color {model} by {by}"


def _update(model: str, values: Values) -> str:
    given = [name for name, value in values.items() if value is not None]
    if given == ["visible"]:
        return f"{'show' if values['visible'] else 'hide'} {model}"
    if given == ["name"]:
        return f"name a model {values['name']}"
    return f"change the {' and '.join(given)} of {model}"


def _cut(_: str, values: Values) -> str:
    given = {name: value for name, value in values.items() if value is not None}
    if given.keys() == {"position"}:
        return SLAB_MOVED
    if given.keys() == {"on"}:
        return f"switch the slab {'on' if given['on'] else 'off'}"
    return "change the slab"


def _recut(values: Values) -> str:
    if {name for name, value in values.items() if value is not None} - {"id"} == {"visible"}:
        return f"switch a cut {'on' if values['visible'] else 'off'}"
    if {name for name, value in values.items() if value is not None} - {"id"} <= {"position", "low", "high"}:
        return CUT_MOVED
    return "change a cut"


def _relit(values: Values) -> str:
    if {name for name, value in values.items() if value is not None} - {"id"} == {"visible"}:
        return f"switch a light {'on' if values['visible'] else 'off'}"
    return "change a light"


_KINDS = {
    "ambient": "ambient light",
    "directional": "a directional light",
    "camera": "a light that follows the camera",
    "sphere": "a sphere light",
    "quad": "a quad light",
}

_SUBJECTS: Mapping[str, Callable[[Any], str]] = {
    "Model": _name,
    "LiveCamera": lambda _: "the camera",
    "Part": lambda part: f"the {part.type.replace('_', ' ')}",
    "SceneLight": lambda _: "the light",
    "Cut": lambda _: "what cuts",
}

_TEXTS: Mapping[str, Callable[[str, Values], str]] = {
    "Model.update": _update,
    "Model.color_by": _coloring,
    "Model.set_material": lambda model, _: f"change the material of {model}",
    "Model.set_ramp": lambda model, _: f"change the color ramp of {model}",
    "Model.frame": lambda model, _: f"look at {model}",
    "Colors.set": lambda _, values: f"change the colors of {values['attribute'] or 'values'}",
    "Models.clear": lambda *_: "remove all models",
    "Models.refresh": lambda *_: "",
    "Pictures.encoded": lambda *_: "",  # others may change something while it renders
    "Shapes.add": lambda *_: "add shapes",
    "Synapses.show": lambda _, values: f"show synapses as {values.get('form', 'spheres')}",
    "Partners.select": lambda *_: "select partners",
    "Partners.isolate": lambda *_: "isolate partners",
    "Connections.list_partners": lambda *_: "isolate partners",
    "Connections.add_points": lambda _, values: f"add {values.get('name', 'points')}",
    "Connections.load_electrodes": lambda *_: "add electrodes",
    "Lights.add": lambda *_: "add a light",
    "Lights.add_kind": lambda _, values: f"add {_KINDS[values['kind']]}",
    "Lights.change": lambda _, values: _relit(values),
    "Lights.remove": lambda *_: "remove a light",
    "SceneLight.update": lambda _, values: _relit(values),
    "Lights.clear": lambda *_: "remove all lights",
    "Pins.add": lambda *_: "pin what was picked",
    "Pins.remove": lambda *_: "unpin what was picked",
    "Pins.clear": lambda *_: "unpin all",
    "Clipping.add": lambda *_: "cut",
    "Clipping.add_kind": lambda _, values: f"add a {values['kind']} that cuts",
    "Clipping.change": lambda _, values: _recut(values),
    "Clipping.remove": lambda *_: "remove what cuts",
    "Cut.update": lambda _, values: _recut(values),
    "Clipping.clear": lambda *_: "cut nothing",
    "Slab.set": _cut,
    "Slab.play": lambda *_: "",  # its steps are those of moves
    "Slab.strip": lambda *_: "",  # as with pictures
    "Slab.step": lambda *_: SLAB_MOVED,
    "Part.remove": lambda part, _: f"remove {part}",
    "SavedViews.save": lambda _, values: f"save the view {values['name']}",
    "SavedViews.apply": lambda _, values: f"look at the view {values['name']}",
    "SavedViews.remove": lambda _, values: f"forget the view {values['name']}",
    "SavedViews.rename": lambda _, values: f"name a view {values['new']}",
    "LiveCamera.frame": lambda *_: "look at a box",
    "LiveCamera.look_from": lambda _, values: f"look from the {values['side']}",
    "Rendering.set_background": lambda *_: "change the background",
    "Rendering.set_settings": lambda *_: "change the rendering",
    "Rendering.set_fog": lambda *_: "change the fog",
    "Rendering.set_outlines": lambda *_: "change the outlines",
    "Rendering.set_shadows": lambda _, values: "cast shadows" if values["shadows"] else "cast no shadows",
    "Rendering.set_ambient_occlusion": lambda *_: "change the ambient occlusion",
    "Rendering.set_at_rest": lambda *_: "change what draws the resting view",
    "Rendering.set_radius_floor": lambda *_: "change the minimum radius",
    "Rendering.use_preset": lambda _, values: f"make the view {values['name']}",
    "Selection.set": lambda *_: "select cells",
    "Selection.pick": lambda *_: "select a cell",
    "Selection.add": lambda *_: "add to the selection",
    "Selection.remove": lambda *_: "remove from the selection",
    "Selection.clear": lambda *_: "select nothing",
    "Selection.set_by_value": lambda _, values: f"select {values['value']}",
    "Simulation.show": lambda *_: FRAME_SHOWN,
    "Selection.frame": lambda *_: "look at the selection",
    "Selection.show_all": lambda *_: "show all cells",
    "Table.select": lambda *_: "select rows",
}
