"""All that can be written through a widget, and all that can be called after it, for tests of their order.

Both tables are compared with what the classes have, so that a new property or call cannot be forgotten. More than 600
lines, because each of these is one entry.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import traitlets

from brayns_widget.controller.calls import capabilities
from brayns_widget.controller.camera import Camera
from brayns_widget.controller.clipping import Cut
from brayns_widget.controller.controller import Controller
from brayns_widget.controller.lights import SceneLight
from brayns_widget.controller.picked import Picked
from brayns_widget.controller.placement import UNMOVED
from brayns_widget.controller.selected import parse_ranges
from brayns_widget.controller.selecting import Selection
from brayns_widget.controller.state import AtRest
from brayns_widget.notebook.commands import GROUPS
from brayns_widget.notebook.widget import BraynsWidget
from brayns_widget.protocol import colors
from brayns_widget.protocol.brayns.lights import AmbientLight
from brayns_widget.protocol.brayns.materials import Matte
from brayns_widget.protocol.brayns.models import Transform
from brayns_widget.protocol.brayns.renderers import Interactive
from brayns_widget.protocol.brayns.shapes import Plane, Sphere
from brayns_widget.protocol.brayns.simulation import ColorRamp
from tests.fakes import FakeRenderer
from tests.notebook.pages import Comm

KINDS: Mapping[str, type] = {**GROUPS, "part": SceneLight, "cut": Cut}
"""Classes whose objects have calls, by the first part of a path in the tables."""

PATH = "/data/circuit.json"
ARRAY = Path(__file__).with_name("array.csv")
WAIT = 10


class Stage:
    """Two widgets on one controller, which shows a model, a light and a clipping shape."""

    def __init__(
        self,
        renderer: FakeRenderer,
        controller: Controller,
        viewers: tuple[BraynsWidget, BraynsWidget],
        pages: Mapping[BraynsWidget, Comm],
    ) -> None:
        self.renderer = renderer
        self.controller = controller
        self.viewer, self.other = viewers
        self.pages = pages

    def set(self) -> None:
        """Bring back what calls have removed or hidden, and let the widgets change their roles."""
        self.viewer, self.other = self.other, self.viewer
        models, lights = self.controller.models, self.controller.lights
        for model in models[1:]:
            model.remove()
        if not models:
            models.load_circuit(PATH).result(WAIT)
        if not lights:
            lights.add(AmbientLight())
        self.controller.selection.show_all()
        if not self.controller.clipping:
            self.controller.clipping.add(Sphere(radius=1, center=(0, 0, 0)))
        self.model, self.part, self.cut = models[0], lights[0], self.controller.clipping[0]

    def target(self, path: str) -> Any:
        """Return the object that has what a path names."""
        kind = path.partition(".")[0]
        own = {
            "widget": self.viewer,
            "controller": self.controller,
            "model": self.model,
            "part": self.part,
            "cut": self.cut,
        }
        return own[kind] if kind in own else getattr(self.viewer, kind)

    def assign(self, path: str, value: Any) -> None:
        """Set the property that a path names."""
        setattr(self.target(path), path.partition(".")[2], value)

    def call(self, path: str) -> Any:
        """Return the call that a path names."""
        return getattr(self.target(path), path.partition(".")[2])


@dataclass(frozen=True)
class Write:
    """Something that is written, with a value that is new each time.

    Attributes:
        do: writes it.
        value: makes the value of a number.
        sent: the method of the request by which it is written, and what reads the value from its parameters. None if
            the renderer gets it with what looks at the scene.
        seen: reads the value from what a picture shows: "view", "projection" and "settings".
        read: reads the value back, without a request.
        removes: what is named after it may be gone.
    """

    do: Callable[[Stage, Any], object]
    value: Callable[[int], Any] = float
    sent: tuple[str, Callable[[Any], Any]] | None = None
    seen: Callable[[Mapping[str, Any]], Any] | None = None
    read: Callable[[Stage], Any] | None = None
    removes: bool = False


def _color(number: int) -> str:
    return f"#{number:06x}"


def _hex(channels: Any) -> str:
    return colors.to_hex([float(channel) for channel in channels])


def _property(path: str, **fields: Any) -> Write:
    return Write(lambda stage, value: stage.assign(path, value), **fields)


def _called(path: str, **fields: Any) -> Write:
    """Return a write by a call with the value as its only argument."""
    return Write(lambda stage, value: stage.call(path)(value), **fields)


_CAMERA: dict[str, Any] = {
    "value": lambda number: Camera((float(number), 0.0, 900.0)),
    "seen": lambda shown: Camera(tuple(shown["view"]["position"])),
    "read": lambda stage: stage.other.camera.value,
}
_BACKGROUND: dict[str, Any] = {
    "value": _color,
    "sent": ("set-renderer-interactive", lambda params: _hex(params["background_color"])),
    "seen": lambda shown: _hex(shown["settings"]["background_color"]),
    "read": lambda stage: stage.other.background,
}
_SELECTION: dict[str, Any] = {
    "value": lambda number: {"cells": str(number)},
    "read": lambda stage: dict(stage.other.selection.value),
    "removes": True,
}
_SETTINGS: dict[str, Any] = {
    "value": lambda number: Interactive(max_ray_bounces=number),
    "sent": ("set-renderer-interactive", lambda params: Interactive(max_ray_bounces=params["max_ray_bounces"])),
    "seen": lambda shown: Interactive(max_ray_bounces=shown["settings"]["max_ray_bounces"]),
    "read": lambda stage: Interactive(max_ray_bounces=stage.other.rendering.settings.max_ray_bounces),
}
_FOG: dict[str, Any] = {
    "value": lambda number: 1 / number,
    "sent": ("set-fog", lambda params: params["strength"]),
    "read": lambda stage: stage.other.rendering.fog,
}


def _slab(name: str) -> dict[str, Any]:
    """Return the fields of a write of a number of the slab."""
    return {
        "value": float,
        "sent": ("set-slab", lambda params: params[name]),
        "read": lambda stage: getattr(stage.other.slab, name),
    }


_OUTLINES: dict[str, Any] = {
    "value": lambda number: 1 / number,
    "sent": ("set-outlines", lambda params: params["strength"]),
    "read": lambda stage: stage.other.rendering.outlines,
}
_SHADOWS: dict[str, Any] = {
    "value": lambda number: number % 2 == 0,
    "sent": ("set-renderer-interactive", lambda params: params["enable_shadows"]),
    "seen": lambda shown: shown["settings"]["enable_shadows"],
    "read": lambda stage: stage.other.rendering.shadows,
}
_OCCLUSION: dict[str, Any] = {
    "value": lambda number: number % 60,
    "sent": ("set-renderer-interactive", lambda params: params["ao_samples"]),
    "seen": lambda shown: shown["settings"]["ao_samples"],
    "read": lambda stage: stage.other.rendering.ambient_occlusion,
}
_AT_REST: dict[str, Any] = {
    "value": lambda _: "interactive",
    "read": lambda stage: stage.other.rendering.at_rest,
}
_LIT: dict[str, Any] = {
    "value": float,
    "sent": ("add-light-ambient", lambda params: params.get("intensity")),
    "read": lambda stage: stage.other.lights[-1].intensity,
}
_CUT: dict[str, Any] = {
    "value": float,
    "sent": ("add-clipping-planes", lambda params: params["primitives"][0]["coefficients"][3]),
    "read": lambda stage: stage.other.clipping[-1].shapes[0].coefficients[3],
}
_VISIBLE: dict[str, Any] = {
    "value": lambda number: number % 2 == 0,
    "sent": ("update-model", lambda params: params["model"].get("is_visible")),
    "read": lambda stage: stage.other.models[0].visible,
}
_MATERIAL: dict[str, Any] = {
    "value": lambda number: Matte(opacity=1 / number),
    "sent": ("set-material-matte", lambda params: Matte(opacity=params["material"]["opacity"])),
}
_RAMP: dict[str, Any] = {
    "value": lambda number: ColorRamp(range=(0.0, float(number))),
    "sent": ("set-color-ramp", lambda params: ColorRamp(range=tuple(params["color_ramp"]["range"]))),
}
_FRAME: dict[str, Any] = {
    "value": int,
    "sent": ("set-simulation-parameters", lambda params: params["current"]),
}


def _aimed(write: Callable[[Stage, float], object]) -> Write:
    """Return a write that turns the camera away and then points it at the model, whose center is the origin."""

    def do(stage: Stage, value: Any) -> None:
        stage.viewer.camera = Camera((500.0, 0.0, 900.0), (500.0, 0.0, 0.0))
        write(stage, value)

    return Write(do, value=lambda _: 0.0, seen=lambda shown: shown["view"]["target"][0])


def _with_cell(stage: Stage, do: Callable[[Selection], object]) -> None:
    """Do something with the selection of one cell."""
    stage.viewer.selection.set([1], "cells")
    do(stage.viewer.selection)


def _pick(stage: Stage) -> Picked:
    return stage.viewer.selection.pick(0.5, 0.5)


def _select(stage: Stage) -> tuple[()]:
    stage.viewer.selection.set([1], "cells")
    return ()


def _valued(stage: Stage) -> tuple[str, str]:
    """Give values to the cells; return their name and one of them."""
    stage.model.color_by(pd.Series(["a", "b", "b", "b"], name="kind"))
    return "kind", "a"


def _color_of(params: Any, cell: int) -> list[float]:
    """Return the color that a request gives to a cell."""
    keys = params["values"]
    if params["method"] == "id":
        return next((keys[key] for key in keys if cell in parse_ranges(key, "ids").tolist()), [0.0, 0.0, 0.0, 1.0])
    color: list[float] = next(iter(keys.values()))
    return color


def _opaque(stage: Stage, opacity: float) -> None:
    """Set the opacity of a model whose material has one."""
    stage.model.material = "matte"
    stage.model.opacity = opacity


def _reversed(stage: Stage, _: Any) -> None:
    """List a copy before the model."""
    copy = stage.model.copy().result(WAIT)
    copy.name = "first"
    stage.viewer.models.reorder([copy, stage.model])


def _moved(name: str, part: Callable[[Any], Any]) -> Write:
    """Return a write that places the model by a call, about its center, which is the origin."""
    return Write(
        lambda stage, value: stage.call(f"model.{name}")(value),
        value=lambda number: 1.0 + number % 100,
        sent=("update-model", lambda params: part(params["model"].get("transform"))),
        read=lambda stage: getattr(stage.other.models[0].placement, name)[0],
    )


def _degrees(transform: Any) -> float:
    x, _, _, w = transform["rotation"]
    return round(math.degrees(2 * math.atan2(x, w)), 6)


def _frame_box(stage: Stage, x: float) -> None:
    stage.viewer.camera.frame((x - 1, -1, -1), (x + 1, 1, 1))


def _roll_of(camera: Camera) -> float:
    """Return how far a camera that looks towards negative z is rolled, in degrees."""
    return round(math.degrees(math.atan2(-camera.up[0], camera.up[1])), 6)


def _roll(stage: Stage, degrees: float) -> None:
    stage.viewer.camera = Camera()
    stage.viewer.camera.roll(degrees)


_CENTERED = {"position": (0, 0, 900)}


def _rename_view(stage: Stage, name: str) -> None:
    for other in [other for other in stage.viewer.views if other.startswith("view ")]:
        stage.viewer.views.remove(other)
    stage.viewer.views.save("former")
    stage.viewer.views.rename("former", name)


def _step(stage: Stage, position: float) -> None:
    stage.viewer.slab.set(position=position - 1, thickness=1)
    stage.viewer.slab.step()


def _add_clipping(stage: Stage, radius: float) -> None:
    stage.viewer.clipping.add(Sphere(radius=radius, center=(0, 0, 0)))


def _plane(stage: Stage) -> Cut:
    return stage.viewer.clipping.add(Plane(coefficients=(1, 0, 0, 0)))


def _lamp(stage: Stage) -> SceneLight:
    return stage.viewer.lights.add(AmbientLight())


def _trace_paths(stage: Stage, renderer: AtRest) -> None:
    """Choose the path tracer, and then a renderer."""
    stage.viewer.rendering.at_rest = "path tracer"
    stage.viewer.rendering.set_at_rest(renderer)


def _undo(stage: Stage, color: str, *, again: bool = False) -> None:
    """Bring a color of the background back by undo, or by redo."""
    stage.viewer.background = color
    if not again:
        stage.viewer.background = "#ffffff"
    stage.viewer.undo()
    if again:
        stage.viewer.redo()


def _project(stage: Stage, kind: str, name: str, value: float) -> None:
    stage.viewer.camera.type = kind
    stage.assign(f"camera.{name}", value)


PROPERTIES: Mapping[str, Write] = {
    "widget.camera": _property("widget.camera", **_CAMERA),
    "widget.background": _property("widget.background", **_BACKGROUND),
    "widget.selection": _property("widget.selection", **_SELECTION),
    "widget.height": _property(
        "widget.height", value=lambda number: 200 + number % 1000, read=lambda stage: stage.viewer.height
    ),
    "widget.highlight": _property(
        "widget.highlight", value=lambda number: number % 2 == 0, read=lambda stage: stage.viewer.highlight
    ),
    "widget.legend_place": _property(
        "widget.legend_place",
        value=lambda number: ("lower left", "upper right", "hidden")[number % 3],
        read=lambda stage: stage.viewer.legend_place,
    ),
    "widget.scale_bar": _property(
        "widget.scale_bar", value=lambda number: number % 2 == 0, read=lambda stage: stage.viewer.scale_bar
    ),
    "widget.panel_open": _property(
        "widget.panel_open", value=lambda number: number % 2 == 0, read=lambda stage: stage.viewer.panel_open
    ),
    "controller.camera": _property("controller.camera", **_CAMERA),
    "controller.background": _property("controller.background", **_BACKGROUND),
    "controller.selection": _property("controller.selection", **_SELECTION),
    "controller.aspect": _property(
        "controller.aspect", value=lambda number: 1 + 1 / number, read=lambda stage: stage.other.controller.aspect
    ),
    "camera.position": _property(
        "camera.position",
        value=lambda number: (float(number), 0.0, 900.0),
        seen=lambda shown: tuple(shown["view"]["position"]),
        read=lambda stage: stage.other.camera.position,
    ),
    "camera.target": _property(
        "camera.target",
        value=lambda number: (float(number), 0.0, 0.0),
        seen=lambda shown: tuple(shown["view"]["target"]),
        read=lambda stage: stage.other.camera.target,
    ),
    "camera.up": _property(
        "camera.up",
        value=lambda number: (1 / number, 1.0, 0.0),
        seen=lambda shown: tuple(shown["view"]["up"]),
        read=lambda stage: stage.other.camera.up,
    ),
    "camera.type": _property(
        "camera.type",
        value=lambda number: ("perspective", "orthographic")[number % 2],
        seen=lambda shown: "perspective" if "fovy" in shown["projection"] else "orthographic",
        read=lambda stage: stage.other.camera.type,
    ),
    "camera.fovy": Write(
        lambda stage, value: _project(stage, "perspective", "fovy", value),
        value=lambda number: 20 + 1 / number,
        seen=lambda shown: shown["projection"]["fovy"],
        read=lambda stage: stage.other.camera.fovy,
    ),
    "camera.height": Write(
        lambda stage, value: _project(stage, "orthographic", "height", value),
        seen=lambda shown: shown["projection"]["height"],
        read=lambda stage: stage.other.camera.height,
    ),
    "camera.aperture": Write(
        lambda stage, value: _project(stage, "perspective", "aperture", value),
        seen=lambda shown: shown["projection"]["aperture_radius"],
        read=lambda stage: stage.other.camera.aperture,
    ),
    "rendering.background": _property("rendering.background", **_BACKGROUND),
    "rendering.settings": _property("rendering.settings", **_SETTINGS),
    "part.visible": Write(
        lambda stage, value: setattr(stage.part, "visible", value),
        value=lambda number: number % 2 == 0,
        sent=("update-model", lambda params: params["model"].get("is_visible")),
        read=lambda stage: stage.part.visible,
    ),
    "cut.visible": Write(
        lambda stage, value: setattr(_plane(stage), "visible", value),
        value=lambda _: False,
        sent=("update-model", lambda params: params["model"].get("is_visible")),
    ),
    "cut.invert": Write(
        lambda stage, value: setattr(_plane(stage), "invert", value),
        value=lambda _: True,
        sent=("add-clipping-planes", lambda params: params["invert_normals"]),
    ),
    "cut.shapes": Write(
        lambda stage, value: setattr(_plane(stage), "shapes", [Sphere(radius=value, center=(0, 0, 0))]),
        sent=("add-clipping-spheres", lambda params: params["primitives"][0]["radius"]),
    ),
    "part.color": Write(
        lambda stage, value: setattr(_lamp(stage), "color", value),
        value=_color,
        sent=("add-light-ambient", lambda params: params.get("color") and _hex((*params["color"], 1.0))),
        read=lambda stage: stage.other.lights[-1].color,
    ),
    "part.intensity": Write(lambda stage, value: setattr(_lamp(stage), "intensity", value), **_LIT),
    "rendering.fog": _property("rendering.fog", **_FOG),
    "slab.on": _property(
        "slab.on",
        value=lambda number: number % 2 == 0,
        sent=("set-slab", lambda params: params["enabled"]),
        read=lambda stage: stage.other.slab.on,
    ),
    "slab.axis": _property(
        "slab.axis", value=lambda number: "xyz"[number % 3], read=lambda stage: stage.other.slab.axis
    ),
    "slab.normal": _property(
        "slab.normal",
        value=lambda number: (0.0, 1.0, 0.0) if number % 2 else (1.0, 0.0, 0.0),
        sent=("set-slab", lambda params: tuple(params["normal"])),
        read=lambda stage: stage.other.slab.normal,
    ),
    "slab.position": _property("slab.position", **_slab("position")),
    "slab.thickness": _property("slab.thickness", **_slab("thickness")),
    "slab.invert": _property(
        "slab.invert",
        value=lambda number: number % 2 == 0,
        sent=("set-slab", lambda params: params["invert"]),
        read=lambda stage: stage.other.slab.invert,
    ),
    "rendering.outlines": _property("rendering.outlines", **_OUTLINES),
    "rendering.shadows": _property("rendering.shadows", **_SHADOWS),
    "rendering.ambient_occlusion": _property("rendering.ambient_occlusion", **_OCCLUSION),
    "rendering.at_rest": Write(_trace_paths, **_AT_REST),
    "simulation.frame": _property("simulation.frame", **_FRAME),
    "model.visible": _property("model.visible", **_VISIBLE),
    "model.color": _property(
        "model.color",
        value=_color,
        sent=("color-model", lambda params: _hex(next(iter(params["values"].values())))),
        read=lambda stage: stage.other.models[0].color,
        removes=True,  # the values that a call selects
    ),
    "model.material": _property("model.material", **_MATERIAL),
    "model.ramp": _property("model.ramp", **_RAMP),
    "model.name": _property(
        "model.name", value=lambda number: f"model {number}", read=lambda stage: stage.other.models[0].name
    ),
    "model.opacity": Write(
        _opaque,
        value=lambda number: 1 / number,
        sent=("set-material-matte", lambda params: params["material"]["opacity"]),
        read=lambda stage: stage.other.models[0].opacity,
    ),
    "model.thickness": _property("model.thickness", read=lambda stage: stage.other.models[0].thickness),
}
"""All properties and traits that can be set."""

WRITING_CALLS: Mapping[str, Write] = {
    "views.apply": _aimed(lambda stage, _: (stage.viewer.views.save("v", _CENTERED), stage.viewer.views.apply("v"))),
    "views.remove": Write(
        lambda stage, _: (stage.viewer.views.save("gone"), stage.viewer.views.remove("gone")),
        value=lambda _: False,
        read=lambda stage: "gone" in stage.other.views,
    ),
    "views.rename": Write(
        _rename_view, value=lambda number: f"view {number}", read=lambda stage: list(stage.other.views)[-1]
    ),
    "views.save": Write(
        lambda stage, value: stage.viewer.views.save("saved", {"position": (value, 0, 900)}),
        read=lambda stage: stage.other.views["saved"].position[0],
    ),
    "camera.reset": _aimed(lambda stage, _: stage.viewer.camera.reset()),
    "camera.look_from": _aimed(lambda stage, _: stage.viewer.camera.look_from("back")),
    "camera.roll": Write(_roll, value=lambda number: number % 90, read=lambda stage: _roll_of(stage.other.camera)),
    "camera.frame": Write(_frame_box, seen=lambda shown: shown["view"]["target"][0]),
    "colors.set": Write(
        lambda stage, value: stage.viewer.colors.set("kind", {"a": value}),
        value=_color,
        read=lambda stage: stage.other.colors.of("kind").get("a"),
    ),
    "clipping.add": Write(
        _add_clipping, sent=("add-clipping-spheres", lambda params: params["primitives"][0]["radius"])
    ),
    "clipping.add_kind": Write(
        lambda stage, _: stage.viewer.clipping.add_kind("box"),
        value=lambda _: True,
        sent=("add-clipping-boxes", lambda params: len(params["primitives"]) == 1),
    ),
    "clipping.change": Write(
        lambda stage, value: stage.viewer.clipping.change(_plane(stage).id, position=value), **_CUT
    ),
    "clipping.remove": Write(
        lambda stage, _: stage.viewer.clipping.remove(_plane(stage).id),
        value=lambda _: True,
        sent=("remove-model", lambda params: len(params["ids"]) == 1),
        removes=True,
    ),
    "cut.update": Write(lambda stage, value: _plane(stage).update(position=value), **_CUT),
    "cut.remove": Write(
        lambda stage, _: stage.cut.remove(),
        value=lambda _: True,
        sent=("remove-model", lambda params: len(params["ids"]) == 1),
        removes=True,
    ),
    "clipping.clear": Write(
        lambda stage, _: stage.viewer.clipping.clear(),
        value=lambda _: None,
        sent=("clear-clipping-geometries", lambda params: params),
        removes=True,
    ),
    "history.redo": Write(lambda stage, value: _undo(stage, value, again=True), **_BACKGROUND),
    "history.undo": Write(_undo, **_BACKGROUND),
    "lights.add": Write(
        lambda stage, value: stage.viewer.lights.add(AmbientLight(intensity=value)),
        sent=("add-light-ambient", lambda params: params["intensity"]),
    ),
    "lights.clear": Write(
        lambda stage, _: stage.viewer.lights.clear(),
        value=lambda _: None,
        sent=("clear-lights", lambda params: params),
        removes=True,
    ),
    "model.color_by": Write(
        lambda stage, value: stage.model.color_by("mtype", palette=[value, "#000000"], title=value),
        value=_color,
        sent=("color-model", lambda params: _hex(next(iter(params["values"].values())))),
        read=lambda stage: stage.other.legend.sections[0].title,  # type: ignore[union-attr]  # it has one now
        removes=True,  # the values that a call selects
    ),
    "model.frame": _aimed(lambda stage, _: stage.model.frame()),
    "model.move": _moved("move", lambda transform: transform and transform["translation"][0]),
    "model.turn": _moved("turn", lambda transform: transform and _degrees(transform)),
    "model.scale": _moved("scale", lambda transform: transform and transform["scale"][0]),
    "model.put_back": Write(
        lambda stage, _: (stage.model.move(1), stage.model.put_back()),
        value=lambda _: UNMOVED,
        read=lambda stage: stage.other.models[0].placement,
    ),
    "model.place": Write(
        lambda stage, value: stage.model.place(Transform(translation=(value, 0, 0))),
        sent=("update-model", lambda params: params["model"].get("transform", {}).get("translation", [None])[0]),
    ),
    "model.remove": Write(
        lambda stage, _: stage.model.remove(),
        value=lambda _: True,
        sent=("remove-model", lambda params: len(params["ids"]) == 1),
        read=lambda stage: len(stage.other.models) == 0,
        removes=True,
    ),
    "model.set_material": _called("model.set_material", **_MATERIAL),
    "model.set_ramp": _called("model.set_ramp", **_RAMP),
    "model.thicken": _called("model.thicken", sent=("set-circuit-thickness", lambda p: p["radius_multiplier"])),
    "model.update": Write(lambda stage, value: stage.model.update(visible=value), **_VISIBLE),
    "models.clear": Write(
        lambda stage, _: stage.viewer.models.clear(),
        value=lambda _: True,
        sent=("remove-model", lambda params: len(params["ids"]) > 0),
        read=lambda stage: len(stage.other.models) == 0,
        removes=True,
    ),
    "models.reorder": Write(
        _reversed,
        value=lambda _: "first",
        read=lambda stage: stage.other.models[0].name,
        removes=True,  # the model has another place now
    ),
    "notices.dismiss": Write(
        lambda stage, _: stage.viewer.notices.dismiss(),
        value=lambda _: None,
        read=lambda stage: stage.other.notice,
    ),
    "part.remove": Write(
        lambda stage, _: stage.part.remove(),
        value=lambda _: True,
        sent=("remove-model", lambda params: len(params["ids"]) == 1),
        removes=True,
    ),
    "renderer.request": Write(
        lambda stage, value: stage.viewer.renderer.request(
            "set-circuit-thickness", {"model_id": stage.model.id, "radius_multiplier": value}
        ),
        sent=("set-circuit-thickness", lambda params: params["radius_multiplier"]),
    ),
    "rendering.set_background": _called("rendering.set_background", **_BACKGROUND),
    "slab.set": Write(lambda stage, value: stage.viewer.slab.set(position=value), **_slab("position")),
    "slab.step": Write(_step, **_slab("position")),
    "rendering.set_fog": _called("rendering.set_fog", **_FOG),
    "rendering.set_outlines": _called("rendering.set_outlines", **_OUTLINES),
    "rendering.set_shadows": _called("rendering.set_shadows", **_SHADOWS),
    "rendering.set_ambient_occlusion": _called("rendering.set_ambient_occlusion", **_OCCLUSION),
    "rendering.set_at_rest": Write(_trace_paths, **_AT_REST),
    "lights.add_kind": Write(
        lambda stage, _: stage.viewer.lights.add_kind("quad"),
        value=lambda _: [0.0, 0.0],
        sent=("add-light-quad", lambda params: [params["edge1"][1], params["edge2"][0]]),
    ),
    "lights.change": Write(lambda stage, value: stage.viewer.lights.change(_lamp(stage).id, intensity=value), **_LIT),
    "lights.remove": Write(
        lambda stage, _: stage.viewer.lights.remove(_lamp(stage).id),
        value=lambda _: True,
        sent=("remove-model", lambda params: len(params["ids"]) == 1),
        removes=True,
    ),
    "part.update": Write(lambda stage, value: _lamp(stage).update(intensity=value), **_LIT),
    "rendering.use_preset": _called(
        "rendering.use_preset",
        value=lambda number: ("paper", "stage")[number % 2],
        sent=(
            "set-renderer-interactive",
            lambda params: {"#ffffff": "paper", "#000000": "stage"}.get(_hex(params["background_color"])),
        ),
        removes=True,  # the lights that were there
    ),
    "rendering.set_radius_floor": _called(
        "rendering.set_radius_floor",
        value=lambda number: 1 / number,
        sent=("set-radius-floor", lambda params: params["pixels"]),
    ),
    "rendering.set_settings": _called("rendering.set_settings", **_SETTINGS),
    "pins.add": Write(
        lambda stage, _: stage.viewer.pins.add(_pick(stage)),
        value=lambda _: True,
        read=lambda stage: len(stage.other.pins) > 0,
        removes=True,
    ),
    "pins.clear": Write(
        lambda stage, _: (stage.viewer.pins.add(_pick(stage)), stage.viewer.pins.clear()),
        value=lambda _: 0,
        read=lambda stage: len(stage.other.pins),
        removes=True,
    ),
    "pins.remove": Write(
        lambda stage, _: (
            stage.viewer.pins.clear(),  # of the pair before
            stage.viewer.pins.add(pick := _pick(stage)),
            stage.viewer.pins.remove(pick),
        ),
        value=lambda _: 0,
        read=lambda stage: len(stage.other.pins),
        removes=True,
    ),
    "selection.add": Write(
        lambda stage, value: stage.viewer.selection.add([value], "more"),
        value=int,
        read=lambda stage: stage.other.selection.ids("more").tolist()[-1],
        removes=True,  # of this population nothing is loaded
    ),
    "selection.clear": Write(
        lambda stage, _: stage.viewer.selection.clear(),
        value=lambda _: {},
        read=lambda stage: dict(stage.other.selection.value),
        removes=True,
    ),
    "selection.color": Write(
        lambda stage, value: _with_cell(stage, lambda selection: selection.color(value)),
        value=_color,
        sent=("color-model", lambda params: _hex(_color_of(params, 1))),
    ),
    "selection.frame": _aimed(lambda stage, _: _with_cell(stage, lambda selection: selection.frame())),
    "selection.hide": Write(
        lambda stage, _: _with_cell(stage, lambda selection: selection.hide()),
        value=lambda _: 0.0,
        sent=("color-model", lambda params: _color_of(params, 1)[3]),
    ),
    "selection.isolate": Write(
        lambda stage, _: _with_cell(stage, lambda selection: selection.isolate()),
        value=lambda _: True,
        sent=("color-model", lambda params: 0 < _color_of(params, 2)[3] < 0.5),
    ),
    "selection.pick": Write(
        lambda stage, value: stage.viewer.selection.pick(value, 0.5),
        value=lambda number: 1 / number,
        sent=("inspect", lambda params: params["position"][0]),
        removes=True,
    ),
    "selection.remove": Write(
        lambda stage, value: stage.viewer.selection.remove({"cells": value}),
        value=lambda _: "0-9",
        read=lambda stage: "0-9" if len(stage.other.selection.ids("cells")) == 0 else "",
        removes=True,
    ),
    "selection.show_all": Write(
        lambda stage, _: _with_cell(stage, lambda selection: (selection.hide(), selection.show_all())),
        value=lambda _: True,
        sent=("color-model", lambda params: _color_of(params, 1)[3] == 1),
    ),
    "selection.set": Write(lambda stage, value: stage.viewer.selection.set(value), **_SELECTION),
    "selection.set_by_value": Write(
        lambda stage, _: stage.viewer.selection.set_by_value(*_valued(stage)),
        value=lambda _: "0",
        read=lambda stage: stage.other.selection.value.get("cells"),
        removes=True,
    ),
    "connections.add_points": Write(
        lambda stage, value: stage.viewer.add_points(pd.DataFrame({"x": [0.0], "y": 0.0, "z": 0.0}), radius=value),
        sent=("add-spheres", lambda params: params[0]["geometry"]["radius"]),
    ),
    "connections.load_electrodes": Write(
        lambda stage, value: stage.viewer.load_electrodes(ARRAY, radius=value),
        sent=("add-spheres", lambda params: params[0]["geometry"]["radius"]),
    ),
    "shapes.add": Write(
        lambda stage, value: stage.viewer.shapes.add(Sphere(radius=value, center=(0, 0, 0))),
        sent=("add-spheres", lambda params: params[0]["geometry"]["radius"]),
    ),
    "simulation.enable": Write(
        lambda stage, value: stage.viewer.simulation.enable(stage.model, enabled=value),
        value=lambda number: number % 2 == 0,
        sent=("enable-simulation", lambda params: params["enabled"]),
    ),
    "simulation.show": _called("simulation.show", **_FRAME),
    "table.select": Write(
        lambda stage, value: stage.viewer.table.select(first=int(value), last=int(value)),
        value=lambda number: str(number % 4),
        read=lambda stage: stage.other.selection.value.get("cells"),
        removes=True,
    ),
}
"""All short calls that change something."""


def _sent(stage: Stage) -> str:
    """Send a small upload, as a page does, and return its name."""
    stage.viewer.models.receive("one", 3, "AAAA")
    return "one"


def _saved(stage: Stage) -> str:
    """Save a view, and return its name."""
    stage.viewer.views.pop("renamed", None)
    stage.viewer.views.save("one")
    return "one"


CALLS: Mapping[str, Callable[[Stage], tuple[tuple[Any, ...], dict[str, Any]]]] = {
    "backend.request": lambda _: (("version",), {}),
    "camera.frame": lambda _: (((-5, -5, -5), (5, 5, 5)), {}),
    "camera.look_from": lambda _: (("back",), {}),
    "camera.reset": lambda _: ((), {}),
    "camera.roll": lambda _: ((10.0,), {}),
    "clipping.add": lambda _: ((Sphere(radius=0.5, center=(0, 0, 0)),), {}),
    "clipping.clear": lambda _: ((), {}),
    "clipping.add_kind": lambda _: (("plane",), {}),
    "clipping.change": lambda stage: ((stage.cut.id,), {"visible": True}),
    "clipping.remove": lambda stage: ((stage.viewer.clipping[-1].id,), {}),
    "cut.update": lambda _: ((), {"visible": True}),
    "cut.remove": lambda _: ((), {}),
    "colors.map_names": lambda _: ((), {}),
    "colors.maps": lambda _: ((), {}),
    "colors.set": lambda _: (("kind", {"b": "#ffffff"}), {}),
    "connections.synapses": lambda _: ((), {}),
    "connections.partners": lambda _: ((1,), {}),
    "connections.count_synapses": lambda _: ((), {}),
    "connections.list_partners": lambda _: ((1,), {}),
    "connections.show_synapses": lambda _: ((), {}),
    "connections.add_points": lambda _: ((pd.DataFrame({"x": [0.0], "y": 0.0, "z": 0.0}),), {"radius": 0.5}),
    "connections.load_electrodes": lambda _: ((ARRAY,), {"radius": 0.5}),
    "files.inspect": lambda _: ((PATH,), {}),
    "files.list": lambda _: (("/data",), {}),
    "history.redo": lambda _: ((), {}),
    "history.undo": lambda _: ((), {}),
    "job.list": lambda _: ((), {}),
    "job.log": lambda _: ((), {}),
    "job.restore": lambda _: ((), {}),
    "job.start": lambda _: ((), {}),
    "lights.add": lambda _: ((AmbientLight(intensity=0.5),), {}),
    "lights.add_kind": lambda _: (("directional",), {}),
    "lights.change": lambda stage: ((stage.part.id,), {"visible": True}),
    "lights.remove": lambda stage: ((stage.viewer.lights[-1].id,), {}),
    "lights.clear": lambda _: ((), {}),
    "model.color_by": lambda _: (("solid",), {"color": "#ffffff"}),
    "model.frame": lambda _: ((), {}),
    "model.ids": lambda _: ((), {}),
    "model.place": lambda _: ((Transform(translation=(0.5, 0, 0)),), {}),
    "model.read_cells": lambda _: ((), {}),
    "model.read_material": lambda _: ((), {}),
    "model.read_ramp": lambda _: ((), {}),
    "model.remove": lambda _: ((), {}),
    "model.move": lambda _: ((0.5, 0, 0), {}),
    "model.turn": lambda _: ((0.5, 0, 0), {}),
    "model.scale": lambda _: ((0.5,), {}),
    "model.put_back": lambda _: ((), {}),
    "models.reorder": lambda _: (([],), {}),
    "model.copy": lambda _: ((), {}),
    "models.materials": lambda _: ((), {}),
    "model.set_material": lambda _: ((Matte(opacity=0.75),), {}),
    "model.set_ramp": lambda _: ((ColorRamp(range=(0.0, 0.5)),), {}),
    "model.thicken": lambda _: ((0.5,), {}),
    "model.update": lambda _: ((), {"visible": True}),
    "models.clear": lambda _: ((), {}),
    "models.formats": lambda _: ((), {}),
    "models.load": lambda _: (("/data/mesh.obj",), {}),
    "models.load_atlas": lambda _: (("/data/atlas.nrrd",), {}),
    "models.load_file": lambda _: (("/data/mesh.obj",), {"loader": "mesh", "options": {}}),
    "models.load_mesh": lambda _: (("/data/mesh.obj",), {}),
    "models.load_molecule": lambda _: (("/data/water.pdb",), {}),
    "models.load_placements": lambda _: (("/data/nodes.h5",), {}),
    "models.load_upload": lambda _: ((b"off",), {"name": "a.obj", "loader": "mesh"}),
    "models.load_received": lambda stage: ((_sent(stage),), {"name": "a.obj", "loader": "mesh", "options": {}}),
    "models.receive": lambda _: (("other", 4, "AAAA"), {}),
    "models.drop_upload": lambda _: (("other",), {}),
    "models.load_volume": lambda _: (("/data/block.mhd",), {}),
    "models.count_cells": lambda _: ((PATH,), {}),
    "models.count_node_sets": lambda _: ((PATH,), {"population": "cells"}),
    "models.load_circuit": lambda _: ((PATH,), {}),
    "models.load_morphology": lambda _: (("/data/cell.swc",), {}),
    "models.refresh": lambda _: ((), {}),
    "notices.dismiss": lambda _: ((), {}),
    "part.remove": lambda _: ((), {}),
    "part.update": lambda _: ((), {"visible": True}),
    "pictures.encoded": lambda _: (((16, 16),), {}),
    "pictures.gbuffers": lambda _: ((), {"size": (16, 16)}),
    "pictures.inspect": lambda _: ((0.5, 0.5), {}),
    "pictures.snapshot": lambda _: ((), {"size": (16, 16), "samples": 1}),
    "renderer.request": lambda _: (("inspect", {"position": [0.5, 0.5]}), {}),
    "rendering.set_background": lambda _: (("#ffffff",), {}),
    "pins.add": lambda stage: ((_pick(stage),), {}),
    "pins.clear": lambda _: ((), {}),
    "pins.remove": lambda stage: ((_pick(stage),), {}),
    "rendering.set_radius_floor": lambda _: ((15.0,), {}),
    "slab.set": lambda _: ((), {"thickness": 0.25}),
    "slab.step": lambda _: ((), {}),
    "slab.play": lambda _: ((), {"seconds": 0.01}),
    "slab.strip": lambda _: ((1,), {"size": (16, 16)}),
    "rendering.set_fog": lambda _: ((0.7,), {}),
    "rendering.set_outlines": lambda _: ((0.7,), {}),
    "rendering.set_shadows": lambda _: ((True,), {}),
    "rendering.set_ambient_occlusion": lambda _: ((61,), {}),
    "rendering.set_at_rest": lambda _: (("interactive",), {}),
    "rendering.use_preset": lambda _: (("flat",), {}),
    "rendering.set_settings": lambda _: ((Interactive(max_ray_bounces=0),), {}),
    "selection.add": lambda _: (([3], "cells"), {}),
    "selection.bounds": lambda stage: (_select(stage), {}),
    "selection.clear": lambda _: ((), {}),
    "selection.color": lambda stage: ((*_select(stage), "#ffffff"), {}),
    "selection.frame": lambda stage: (_select(stage), {}),
    "selection.hide": lambda stage: (_select(stage), {}),
    "selection.isolate": lambda stage: (_select(stage), {}),
    "selection.pick": lambda _: ((0.5, 0.5), {}),
    "selection.read_cells": lambda _: ((), {}),
    "selection.remove": lambda _: (([3], "cells"), {}),
    "selection.set": lambda _: (([3], "cells"), {}),
    "selection.set_by_value": lambda stage: (_valued(stage), {}),
    "selection.show_all": lambda _: ((), {}),
    "selection.to_model": lambda stage: (_select(stage), {}),
    "selection.to_node_set": lambda stage: ((*_select(stage), "mine"), {}),
    "shapes.add": lambda _: ((Sphere(radius=0.5, center=(0, 0, 0)),), {}),
    "simulation.enable": lambda stage: ((stage.model,), {}),
    "simulation.read_parameters": lambda _: ((), {}),
    "simulation.show": lambda _: ((0,), {}),
    "table.rows": lambda _: ((), {}),
    "table.select": lambda _: ((), {"first": 2}),
    "tasks.cancel": lambda _: (("task-0",), {}),
    "views.apply": lambda stage: ((_saved(stage),), {}),
    "views.remove": lambda stage: ((_saved(stage),), {}),
    "views.rename": lambda stage: ((_saved(stage), "renamed"), {}),
    "views.save": lambda _: (("mine",), {}),
}
"""All calls but those that leave the job, with arguments that differ from the values of all writes."""

CHANGES_NOTHING = frozenset(
    {
        "backend.request",
        "connections.count_synapses",
        "connections.list_partners",
        "connections.partners",
        "connections.synapses",
        "colors.map_names",
        "colors.maps",
        "files.inspect",
        "files.list",
        "job.list",
        "job.log",
        "model.ids",
        "model.read_cells",
        "model.read_material",
        "model.read_ramp",
        "models.count_cells",
        "models.count_node_sets",
        "models.drop_upload",
        "models.formats",
        "models.materials",
        "models.receive",
        "models.refresh",
        "pictures.encoded",
        "pictures.inspect",
        "selection.bounds",
        "selection.read_cells",
        "selection.to_node_set",
        "simulation.read_parameters",
        "table.rows",
        "tasks.cancel",
    }
)
"""Short calls that change nothing."""


def found_properties() -> set[str]:
    """Return the paths of all public properties and traits that can be set."""
    found = {f"widget.{name}" for name, member in vars(BraynsWidget).items() if _is_settable(name, member)}
    for path, kind in {"controller": Controller, **KINDS}.items():
        members = {name: inspect.getattr_static(kind, name) for name in dir(kind)}
        found |= {f"{path}.{name}" for name, member in members.items() if _is_settable(name, member)}
    return found


def _is_settable(name: str, member: Any) -> bool:
    if name.startswith("_"):
        return False
    if isinstance(member, traitlets.TraitType):
        return not member.read_only
    if isinstance(member, property):
        return member.fset is not None
    return hasattr(type(member), "__set__") and not inspect.ismemberdescriptor(member)


def found_calls(*, long: bool) -> set[str]:
    """Return the paths of all calls of the groups, the long or the short ones."""
    return {
        f"{path}.{name}"
        for path, kind in KINDS.items()
        for name, capability in capabilities(kind).items()
        if capability.is_long is long
    }
