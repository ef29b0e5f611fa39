"""What is done on pages, as lines of Python: whoever runs a line makes the same call."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import nullcontext
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest

from brayns_widget.controller.calls import long, waiting
from brayns_widget.controller.camera import Camera
from brayns_widget.controller.controller import Controller
from brayns_widget.controller.picked import Picked
from brayns_widget.controller.selected import make_selected
from brayns_widget.controller.state import Lit, ModelState, PartState
from brayns_widget.controller.tasks import Task
from brayns_widget.notebook.commands import Commands, offered_calls
from brayns_widget.notebook.lines import LONGEST, QUIET, assignment, camera_line, line_of, literal
from brayns_widget.protocol.errors import BraynsWidgetError
from tests.notebook.pages import Comm, until

WAIT = 10
SECRET = "very-secret"
MODELS = (ModelState(3, "S1", "neurons"), ModelState(5, 'a "quoted" \\ name', "mesh"), ModelState(9, "S1", "neurons"))


@dataclass(frozen=True)
class Example:
    """Parameters of a call as a page sends them, and its line; ``same`` if that makes the same call."""

    params: Mapping[str, Any]
    line: str
    same: bool = True


EXAMPLES: Mapping[str, Example] = {
    "colors.set": Example(
        {"attribute": "mtype", "changes": {"L1": "#ff0000", "L2": None}},
        'viewer.colors.set("mtype", {"L1": "#ff0000", "L2": None})',
    ),
    "clipping.add_kind": Example({"kind": "plane"}, 'viewer.clipping.add_kind("plane")'),
    "clipping.change": Example({"id": 7, "invert": True}, "viewer.clipping[0].invert = True", same=False),
    "clipping.remove": Example({"id": 8}, "viewer.clipping[1].remove()", same=False),
    "lights.add_kind": Example({"kind": "sphere"}, 'viewer.lights.add_kind("sphere")'),
    "lights.change": Example({"id": 1, "intensity": 2.5}, "viewer.lights[1].intensity = 2.5", same=False),
    "lights.remove": Example({"id": 0}, "viewer.lights[0].remove()", same=False),
    "rendering.set_ambient_occlusion": Example({"rays": 4}, "viewer.rendering.set_ambient_occlusion(4)"),
    "rendering.set_at_rest": Example({"renderer": "path tracer"}, 'viewer.rendering.set_at_rest("path tracer")'),
    "rendering.set_outlines": Example({"strength": 0.5}, "viewer.rendering.set_outlines(0.5)"),
    "rendering.set_shadows": Example({"shadows": False}, "viewer.rendering.set_shadows(False)"),
    "rendering.set_fog": Example({"strength": 0.3}, "viewer.rendering.set_fog(0.3)"),
    "rendering.use_preset": Example({"name": "paper"}, 'viewer.rendering.use_preset("paper")'),
    "connections.show_synapses": Example(
        {"source": {"cells": "0-3"}, "target": None, "populations": ["joins"], "path": None, "form": "lines",
         "color_by": "type", "limit": 100_000},
        'viewer.synapses(source={"cells": "0-3"}, populations=["joins"]).show("lines", color_by="type")',
        same=False,
    ),
    "connections.list_partners": Example(
        {"cell": {"cells": [7]}, "direction": "afferent", "isolate": True},
        'viewer.partners({"cells": [7]}, direction="afferent").isolate()',
        same=False,
    ),
    "history.redo": Example({}, "viewer.redo()"),
    "history.undo": Example({}, "viewer.undo()"),
    "job.attach": Example(
        {"master": "https://m.org", "job_id": "7"}, 'viewer.job.attach("https://m.org", "7").result()', same=False
    ),
    "job.connect": Example(
        {"master": "https://m.org", "token": SECRET, "slave": None, "project": "p"},
        'viewer.job.connect(master="https://m.org", project="p").result()',
        same=False,
    ),
    "job.end": Example({"master": "https://m.org", "job_id": "7"}, 'viewer.job.end("https://m.org", "7")'),
    "job.restore": Example({}, "viewer.job.restore().result()"),
    "job.start": Example({}, "viewer.job.start().result()"),
    "job.stop": Example({}, "viewer.job.stop()"),
    "model.color_by": Example(
        {"id": 5, "values": "mtype", "palette": ["red", "blue"], "title": None},
        'viewer.models[\'a "quoted" \\\\ name\'].color_by("mtype", palette=["red", "blue"])',
    ),
    "model.copy": Example({"id": 3}, "viewer.models[0].copy().result()"),
    "model.move": Example({"id": 3, "x": 5.5, "y": 0, "z": -2}, "viewer.models[0].move(x=5.5, z=-2)"),
    "model.put_back": Example({"id": 3}, "viewer.models[0].put_back()"),
    "model.scale": Example({"id": 3, "factor": 2}, "viewer.models[0].scale(factor=2)"),
    "model.set_material": Example(
        {"id": 3, "material": "metal", "options": {"roughness": 0.5}},
        'viewer.models[0].set_material("metal", options={"roughness": 0.5})',
    ),
    "model.turn": Example({"id": 3, "z": 90}, "viewer.models[0].turn(z=90)"),
    "models.reorder": Example(
        {"order": [9, 3]}, "viewer.models.reorder([viewer.models[2], viewer.models[0]])", same=False
    ),
    "model.remove": Example({"id": 9}, "viewer.models[2].remove()"),
    "model.update": Example({"id": 3, "visible": False}, "viewer.models[0].visible = False"),
    "models.clear": Example({}, "viewer.clear()"),
    "models.load_circuit": Example(
        {"path": "/data/it's a circuit.json", "density": 0.5, "node_sets": ["All"], "axon": None, "soma": True,
         "afferent": [], "query": {"layer": {"$gt": 2}, "done": True}},
        'viewer.load_circuit("/data/it\'s a circuit.json", density=0.5, node_sets=["All"], '
        'query={"layer": {"$gt": 2}, "done": True}).result()',
    ),
    "models.load_file": Example(
        {"path": "C:\\a.obj", "loader": "mesh", "options": {"a": [1, None]}, "frame": True},
        'viewer.models.load_file("C:\\\\a.obj", loader="mesh", options={"a": [1, None]}).result()',
    ),
    "models.load_received": Example(
        {"upload": "x7", "name": "a.obj", "loader": "mesh", "options": {}},
        'viewer.load_upload("a.obj", loader="mesh", options={}).result()',
        same=False,
    ),
    "pictures.encoded": Example(
        {"size": [640, 480], "legend": "upper left", "scale_bar": True},
        'viewer.snapshot("picture.png", size=(640, 480), legend="upper left", scale_bar=True).result()',
        same=False,
    ),
    "pins.add": Example({"pick": 7}, "viewer.pins.add()", same=False),
    "pins.clear": Example({}, "viewer.pins.clear()"),
    "pins.remove": Example({"pick": 7}, "viewer.pins.remove(viewer.pins[0])", same=False),
    "slab.set": Example({"position": 12.5}, "viewer.slab.position = 12.5"),
    "slab.step": Example({"count": -2}, "viewer.slab.step(count=-2)"),
    "views.remove": Example({"name": "near"}, 'viewer.views.remove("near")'),
    "views.rename": Example({"name": "near", "new": "far"}, 'viewer.views.rename("near", "far")'),
    "views.save": Example({"name": "near"}, 'viewer.views.save("near")'),
    "selection.add": Example({"ids": {"cells": "1-3"}}, 'viewer.selection.add({"cells": "1-3"})'),
    "selection.clear": Example({}, "viewer.selection.clear()"),
    "selection.color": Example({"color": "#00ff00"}, 'viewer.selection.color("#00ff00")'),
    "selection.hide": Example({}, "viewer.selection.hide()"),
    "selection.isolate": Example({}, "viewer.selection.isolate()"),
    "selection.pick": Example(
        {"u": 0.25, "v": 0.5, "aspect": 1.5}, 'viewer.selection = {"cells": "1-2"}', same=False
    ),
    "selection.remove": Example(
        {"ids": [1], "population": "cells"}, 'viewer.selection.remove([1], population="cells")'
    ),
    "selection.set": Example({"ids": {"cells": "4"}}, 'viewer.selection = {"cells": "4"}'),
    "selection.set_by_value": Example(
        {"attribute": "mtype", "value": "L1", "add": True}, 'viewer.selection.set_by_value("mtype", "L1", add=True)'
    ),
    "selection.show_all": Example({}, "viewer.selection.show_all()"),
    "selection.to_model": Example({"color_by": "mtype"}, 'viewer.selection.to_model(color_by="mtype").result()'),
    "selection.to_node_set": Example({"name": "mine"}, 'viewer.selection.to_node_set("mine")'),
    "table.select": Example(
        {"population": "cells", "first": 0, "last": None, "query": {"mtype": "A"}, "sort": None},
        'viewer.table.select(population="cells", query={"mtype": "A"})',
    ),
}  # fmt: skip

LIGHTS = tuple(PartState(number, "light", lit=Lit("ambient", "#ffffff", 1.0, {})) for number in range(2))

CLIPS = tuple(PartState(number, "clip_geometry") for number in (7, 8))

PINS = (Picked(True, number=7),)

Made = list[tuple[str, dict[str, Any]]]


@pytest.fixture
def controller() -> Iterator[Controller]:
    with Controller() as made:

        async def fill() -> None:
            store = made._core.store
            selected = make_selected({"cells": np.array([1, 2])})
            store.state = replace(store.state, models=MODELS, lights=LIGHTS, clips=CLIPS, pins=PINS, selection=selected)

        made.loop.submit(fill()).result(WAIT)
        yield made


@pytest.fixture
def made(controller: Controller, monkeypatch: pytest.MonkeyPatch) -> Made:
    """Calls with their arguments, in the place of what they would do."""
    calls: Made = []

    def keep(call: Any, group: Any, bound: Any) -> None:
        bound.apply_defaults()
        about = {"id": getattr(group, "id", None), **bound.arguments}
        calls.append((f"{type(group).__name__}.{call.name}", json.loads(json.dumps(about, default=repr))))

    async def note(call: Any, group: Any, bound: Any) -> None:
        keep(call, group, bound)

    async def nothing(_: object) -> None:
        pass

    def start(call: Any, group: Any, args: Any, kwargs: Any) -> Task[None]:
        keep(call, group, call.arguments.bind(args, kwargs))
        return Task(controller.loop, nothing, call.name)

    monkeypatch.setattr(waiting, "_noted", note)
    monkeypatch.setattr(long, "_start", start)
    return calls


def test_every_offered_call_has_a_line_or_is_quiet():
    assert EXAMPLES.keys() | QUIET == offered_calls().keys()
    assert not EXAMPLES.keys() & QUIET


@pytest.mark.parametrize("method", EXAMPLES)
def test_a_call_is_told_as_the_line_that_makes_it(controller, made, method):
    example = EXAMPLES[method]
    commands = Commands(controller)
    controller.loop.submit(commands.run(method, example.params)).result(WAIT)
    until(lambda: controller.history.lines)
    assert controller.history.lines == (example.line,)
    if example.same:
        by_page = list(made)
        made.clear()
        exec(example.line, {"viewer": controller})
        assert made == by_page
        assert len(made) == 1


OF_SEVERAL = {
    "model.update": Example(
        {"id": [3, 5], "visible": False},
        "for model in [viewer.models[0], viewer.models['a \"quoted\" \\\\ name']]: model.visible = False",
    ),
    "model.move": Example(
        {"id": [9, 3], "x": 5, "y": None, "z": None},
        "for model in [viewer.models[2], viewer.models[0]]: model.move(x=5, y=None, z=None)",
    ),
    "model.color_by": Example(
        {"id": [3, 5, 9], "values": "solid", "color": "#ff0000"}, 'for model in viewer.models: model.color = "#ff0000"'
    ),
    "model.copy": Example({"id": [3, 5, 9]}, "for model in viewer.models: model.copy().result()"),
    "model.remove": Example({"id": [3, 5, 9]}, "for model in viewer.models: model.remove()"),
}


@pytest.mark.parametrize("method", OF_SEVERAL)
def test_a_call_of_several_models_is_a_loop_in_one_line(controller, made, method):
    example = OF_SEVERAL[method]
    commands = Commands(controller)
    controller.loop.submit(commands.run(method, example.params)).result(WAIT)
    until(lambda: controller.history.lines)  # a copy is loaded meanwhile
    assert controller.history.lines == (example.line,)
    by_page = list(made)
    made.clear()
    exec(example.line, {"viewer": controller})
    assert made == by_page
    assert [about["id"] for _, about in made] == example.params["id"]


def test_what_is_quiet_or_fails_has_no_line(controller):
    commands = Commands(controller)
    controller.loop.submit(commands.run("notices.dismiss", {})).result(WAIT)
    with pytest.raises(BraynsWidgetError):
        controller.loop.submit(commands.run("model.remove", {"id": 8})).result(WAIT)
    assert controller.history.lines == ()


@pytest.mark.parametrize("fails", [False, True])
def test_a_long_call_has_a_line_when_it_has_succeeded(controller, monkeypatch, fails):
    go_on = threading.Event()

    async def work(_: object) -> None:
        await asyncio.to_thread(go_on.wait, WAIT)
        if fails:
            raise BraynsWidgetError("No such file.")

    tasks = []

    def start(*_: Any) -> Task[None]:
        tasks.append(Task(controller.loop, work, "load_file"))
        return tasks[0]

    monkeypatch.setattr(long, "_start", start)
    commands = Commands(controller)
    controller.loop.submit(commands.run("models.load_file", {"path": "a.obj"})).result(WAIT)
    assert controller.history.lines == ()
    go_on.set()
    with pytest.raises(BraynsWidgetError) if fails else nullcontext():
        tasks[0].result(WAIT)
    assert controller.history.lines == (() if fails else ('viewer.models.load_file("a.obj").result()',))


@pytest.mark.parametrize(
    ("token", "shown"),
    [(SECRET, ""), ({"variable": "MY_TOKEN"}, ', token={"variable": "MY_TOKEN"}'), (None, "")],
)
def test_a_token_is_never_told(controller, made, token, shown):
    params = {"master": "https://m.org", "token": token}
    line = line_of("job.connect", offered_calls()["job.connect"], params, controller.state)
    assert line == f'viewer.job.connect(master="https://m.org"{shown}).result()'


def test_a_credential_in_an_address_is_never_told(controller):
    params = {"master": f"https://me:{SECRET}@m.org", "renderer": f"ws://r.org/?token={SECRET}"}
    line = line_of("job.connect", offered_calls()["job.connect"], params, controller.state)
    assert line is not None
    assert SECRET not in line


def test_a_long_line_is_a_comment_that_says_so(controller):
    line = assignment("selection", {"cells": ",".join(map(str, range(0, 3000, 2)))})
    assert line.startswith("# viewer.selection = ")
    assert "which is not kept" in line
    assert len(line) < LONGEST / 10
    exec(line, {})


def test_lines_are_bounded_and_of_two_that_set_the_same_the_second_counts(controller):
    async def write(*lines: str) -> None:
        for line in lines:
            controller.recorder.write(line)

    def written(*lines: str) -> tuple[str, ...]:
        controller.loop.submit(write(*lines)).result(WAIT)
        return tuple(controller.history.lines)

    assert written("viewer.background = 1", "viewer.background = 2") == ("viewer.background = 2",)
    assert written("viewer.highlight = 1", "viewer.background = 3")[1:] == (
        "viewer.highlight = 1",
        "viewer.background = 3",
    )
    assert written("viewer.undo()", "viewer.undo()")[3:] == ("viewer.undo()", "viewer.undo()")
    moves = written(
        "viewer.clipping[0].update(low=(1, 2, 3), high=(4, 5, 6))", "viewer.clipping[0].update(low=(0, 2, 3))"
    )
    assert moves[5:] == (
        "viewer.clipping[0].update(low=(1, 2, 3), high=(4, 5, 6))",
        "viewer.clipping[0].update(low=(0, 2, 3))",
    )
    assert written("viewer.clipping[0].update(low=(9, 9, 9))")[6:] == ("viewer.clipping[0].update(low=(9, 9, 9))",)
    assert len(written(*(f"viewer.call({number})" for number in range(80)))) == 50
    assert controller.history.lines[-1] == "viewer.call(79)"


@pytest.mark.parametrize(
    "camera",
    [
        Camera((1 / 3, -200000 / 3, 1e-9), (0.5, 2.0, 1e7), fovy=30.00000001),
        Camera(type="orthographic", height=1234.5678),
    ],
)
def test_a_camera_is_told_to_six_digits(controller, camera):
    line = camera_line(camera)
    exec(line, {"viewer": controller})
    assert controller.camera.type == camera.type
    for name in ("position", "target", "up"):
        assert getattr(controller.camera, name) == pytest.approx(getattr(camera, name), rel=1e-5)
    name = "fovy" if camera.type == "perspective" else "height"
    assert getattr(controller.camera, name) == pytest.approx(getattr(camera, name), rel=1e-5)
    assert len(line) < 250


def test_a_camera_is_told_in_few_words():
    assert camera_line(Camera((0, 1.23456789, 50))) == 'viewer.camera = {"position": [0, 1.23457, 50]}'
    wide = Camera((0, 0, 9), (1, 0, 0), type="orthographic", height=50)
    fields = '{"type": "orthographic", "position": [0, 0, 9], "target": [1, 0, 0], "height": 50}'
    assert camera_line(wide) == f"viewer.camera = {fields}"


@pytest.mark.parametrize("value", ["", "it's", '"', "'\"", "\\'", "a\nb\\", [1, 2.5, None, {"a": True}], "ä", "'"])
def test_values_are_written_as_they_are_read(value):
    assert eval(literal(value)) == value


# ---------------------------------------------------------------------- of a widget


@pytest.mark.parametrize(
    ("name", "value", "line"),
    [
        ("background", "#ffffff", 'viewer.background = "#ffffff"'),
        ("highlight", False, "viewer.highlight = False"),
        ("legend_place", "hidden", 'viewer.legend_place = "hidden"'),
        ("scale_bar", False, "viewer.scale_bar = False"),
        ("height", 500, "viewer.height = 500"),
        ("selection", {"cells": "1-2"}, 'viewer.selection = {"cells": "1-2"}'),
    ],
)
def test_what_a_page_sets_is_told(viewer, page: Comm, name, value, line):
    page.set(panel_open=False, **{name: value})
    until(lambda: viewer.history.lines)
    assert viewer.history.lines == (line,)
    exec(line, {"viewer": viewer})
    until(lambda: page.updates("history"))
    assert list(page.updates("history")[-1]["lines"]) == [line]


def test_the_end_of_a_gesture_is_told_and_can_be_undone(viewer, page: Comm):
    before = viewer.camera.value
    for number, moving in enumerate((True, True, False), 1):
        camera = Camera((0, 0, 100 + number)).to_dict()
        page.say("camera", number=number, camera=camera, moving=moving, acks=[])
    until(lambda: viewer.history.lines)
    assert viewer.history.lines == (camera_line(Camera((0, 0, 103))),)
    assert viewer.history.next_undo == "move the camera"
    viewer.undo()
    assert viewer.camera == before


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("legend_place", "hidden", "hide the legend"),
        ("legend_place", "upper left", "place the legend"),
        ("highlight", False, "highlight the selection no more"),
        ("scale_bar", False, "hide the scale bar"),
    ],
)
@pytest.mark.parametrize("by_page", [True, False])
def test_what_only_a_widget_has_can_be_undone(viewer, page: Comm, name, value, text, by_page):
    before = getattr(viewer, name)
    if by_page:
        page.set(**{name: value})
    else:
        setattr(viewer, name, value)
    until(lambda: viewer.history.next_undo == text)
    viewer.undo()
    until(lambda: getattr(viewer, name) == before)
    until(lambda: page.updates(name) and page.updates(name)[-1] == before)
    viewer.redo()
    until(lambda: getattr(viewer, name) == value)
    assert (viewer.history.next_undo, viewer.history.next_redo) == (text, "")


def test_a_widget_that_was_closed_is_not_undone(viewer, page: Comm):
    other = type(viewer)(controller=viewer.controller)
    viewer.background = "white"
    other.legend_place = "hidden"
    until(lambda: viewer.history.next_undo == "hide the legend")
    other.close()
    viewer.undo()
    assert viewer.background == "#0d1016"
