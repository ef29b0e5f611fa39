from __future__ import annotations

from typing import Any

import pytest

from brayns_widget.controller import recording
from brayns_widget.protocol.brayns.lights import AmbientLight
from brayns_widget.protocol.brayns.shapes import BoundedPlane, Box, Capsule, Plane, Shape, Sphere
from brayns_widget.protocol.errors import CircuitError, RequestError
from tests.controller.scenes import WAIT, load
from tests.listening import Listener

BOX = Box(min=(0, 0, 0), max=(1, 2, 3))
PLANE = Plane(coefficients=(0, 0, 1, -5))


@pytest.mark.parametrize(
    ("shape", "method", "sent"),
    [
        (PLANE, "planes", {"coefficients": [0, 0, 1, -5]}),
        (BOX, "boxes", {"min": [0, 0, 0], "max": [1, 2, 3]}),
        (Sphere(center=(1, 2, 3), radius=4), "spheres", {"center": [1, 2, 3], "radius": 4}),
        (
            Capsule(p0=(0, 0, 0), p1=(1, 1, 1), r0=1, r1=2),
            "capsules",
            {"p0": [0, 0, 0], "p1": [1, 1, 1], "r0": 1, "r1": 2},
        ),
        (
            BoundedPlane(coefficients=(0, 0, 1, 0), bounds=BOX),
            "bounded-planes",
            {"coefficients": [0, 0, 1, 0], "bounds": {"min": [0, 0, 0], "max": [1, 2, 3]}},
        ),
    ],
)
def test_shapes_cut(cluster, controller, shape: Shape, method, sent):
    part = controller.clipping.add(shape, shape)
    assert cluster.renderer.sent(f"add-clipping-{method}") == [{"primitives": [sent, sent], "invert_normals": False}]
    assert list(controller.clipping) == [part]
    assert repr(part) == f"<clip_geometry {part.id}>"
    assert len(controller.models) == 0


def test_the_other_side_can_be_cut(cluster, controller):
    controller.clipping.add(PLANE, invert=True)
    assert cluster.renderer.sent("add-clipping-planes")[0]["invert_normals"] is True


@pytest.mark.parametrize(
    ("shapes", "problem"),
    [
        ((), r"expected one or more of one class \(Plane, BoundedPlane, Box, Sphere, Capsule\)"),
        ((PLANE, BOX), r"expected one or more of one class"),
        ((AmbientLight(),), r"shapes is .*should be an instance of Sphere or Capsule or Box or Plane"),
    ],
)
def test_what_does_not_cut_is_refused(cluster, controller, shapes: Any, problem):
    with pytest.raises(TypeError, match=problem):
        controller.clipping.add(*shapes)
    assert cluster.calls == []


def test_what_the_renderer_refuses_is_not_there(cluster, controller):
    cluster.renderer.errors["add-clipping-planes"] = (-32602, "no")
    with pytest.raises(RequestError):
        controller.clipping.add(PLANE)
    assert len(controller.clipping) == 0


def test_nothing_is_cut_any_more(cluster, controller):
    first, second = controller.clipping.add(PLANE), controller.clipping.add(BOX)
    first.remove()
    assert list(controller.clipping) == [second]
    controller.clipping.clear()
    assert len(controller.clipping) == 0
    assert [model["model_type"] for model in cluster.renderer.models] == ["light"] * 3


def test_clearing_the_scene_clears_clipping_too(cluster, controller):
    controller.clipping.add(Plane(coefficients=(0, 0, 1, 0)))
    load(controller)
    controller.clear()
    assert list(controller.clipping) == list(controller.models) == []
    assert [model["model_type"] for model in cluster.renderer.models] == ["light"] * 3


def test_a_part_is_known_as_it_was_added(controller):
    cut = controller.clipping.add(PLANE, invert=True)
    assert (cut.visible, cut.invert, cut.shapes) == (True, True, [PLANE])
    controller.models.refresh()
    assert controller.clipping[0].shapes == [PLANE]


def test_a_part_is_switched_off_and_on(cluster, controller):
    cut = controller.clipping.add(PLANE)
    cut.visible = False
    assert cluster.renderer.sent("update-model") == [{"model_id": cut.id, "model": {"is_visible": False}}]
    assert not cut.visible
    controller.clipping.change(cut.id, visible=True)
    assert cut.visible
    assert len(cluster.renderer.sent("add-clipping-planes")) == 1, "nothing is made again for it"


def test_a_part_is_changed_and_what_was_not_given_stays(cluster, controller):
    cut, other = controller.clipping.add(Plane(coefficients=(0, 0, 2, -10))), controller.clipping.add(BOX)
    cut.invert = True
    cut.update(position=7)
    cut.update(normal=(3, 0, 0))
    assert cluster.renderer.sent("add-clipping-planes")[1:] == [
        {"primitives": [{"coefficients": [0, 0, 2, -10]}], "invert_normals": True},
        {"primitives": [{"coefficients": [0, 0, 1, 7]}], "invert_normals": True},
        {"primitives": [{"coefficients": [1, 0, 0, 7]}], "invert_normals": True},
    ]
    other.update(low=(-1, 0, 0))
    other.shapes = [Box(min=(0, 0, 0), max=(9, 9, 9)), BOX]
    assert other.shapes == [Box(min=(0, 0, 0), max=(9, 9, 9)), BOX]
    assert list(controller.clipping) == [cut, other], "at its place"
    controller.models.refresh()
    assert list(controller.clipping) == [cut, other]
    kinds = [model["model_type"] for model in cluster.renderer.models]
    assert kinds.count("clip_geometry") == 2


def test_a_part_that_is_off_stays_off_when_it_is_changed(cluster, controller):
    cut = controller.clipping.add(PLANE)
    cut.visible = False
    cut.update(position=1)
    assert not cut.visible
    assert cluster.renderer.sent("update-model")[-1] == {"model_id": cut.id, "model": {"is_visible": False}}


def test_no_picture_lies_between_a_part_and_the_one_that_takes_its_place(cluster, controller):
    cut = controller.clipping.add(PLANE)
    begin, old = len(cluster.renderer.requests), cut.id
    revisions: list[int] = []
    controller._core.store.listen(lambda state: state.clips, lambda clips: revisions.append(len(clips)))
    cut.update(position=3)
    requests = [method for method, _ in cluster.renderer.requests[begin:]]
    assert requests == ["add-clipping-planes", "remove-model"]
    assert cluster.renderer.sent("remove-model")[-1] == {"ids": [old]}
    assert set(revisions) == {1}, "nobody sees none, nor two"


def test_what_was_there_stays_if_the_renderer_refuses_another_shape(cluster, controller):
    cut = controller.clipping.add(PLANE)

    def refuse_once(_: Any) -> Any:
        del cluster.renderer.answers["add-clipping-planes"]
        raise RequestError("no", code=-32602)

    cluster.renderer.answers["add-clipping-planes"] = refuse_once
    with pytest.raises(RequestError):
        cut.update(position=3)
    assert cut.shapes == [PLANE]
    assert [one.id for one in controller.clipping] == [cut.id]
    assert cluster.renderer.models[-1]["model_id"] == cut.id


@pytest.mark.parametrize(
    ("shapes", "changes", "error", "problem"),
    [
        ((PLANE,), {"normal": (0, 0, 0)}, ValueError, "the normal has no length"),
        ((PLANE,), {"low": (0, 0, 0)}, CircuitError, "Only a box has corners"),
        ((BOX,), {"position": 1}, CircuitError, "Only a plane has a normal and a position"),
        ((BOX,), {"high": (1, 0, 3)}, ValueError, "does not lie below the upper one"),
        ((PLANE, PLANE), {"position": 1}, CircuitError, "Only a plane has"),
        ((PLANE,), {"shapes": []}, TypeError, "expected one or more of one class"),
    ],
)
def test_changes_that_make_no_sense_are_refused(cluster, controller, shapes, changes, error, problem):
    cut = controller.clipping.add(*shapes)
    with pytest.raises(error, match=problem):
        cut.update(**changes)
    assert cut.shapes == list(shapes)
    assert cluster.renderer.sent("remove-model") == []


def test_parts_of_others_can_be_switched_and_removed_only(cluster, controller):
    controller.start().result(WAIT)
    cluster.renderer.add("clip_geometry")
    controller.models.refresh()
    (cut,) = controller.clipping
    assert (cut.shapes, cut.invert) == (None, None)
    cut.visible = False
    with pytest.raises(CircuitError, match="Others have added these shapes"):
        cut.invert = True
    controller.clipping.remove(cut.id)
    assert list(controller.clipping) == []


def test_new_shapes_lie_in_the_middle_of_what_is_shown(controller):
    load(controller)
    low, high = controller.models[0].state.bounds
    controller.clipping.add_kind("plane")
    controller.clipping.add_kind("box")
    plane, box = controller.clipping
    assert plane.shapes == [Plane(coefficients=(0, 0, 1, (low[2] + high[2]) / 2))]
    ((shape),) = box.shapes
    assert [b - a for a, b in zip(shape.min, shape.max, strict=True)] == [
        (b - a) / 2 for a, b in zip(low, high, strict=True)
    ]


def test_changes_are_undone_and_made_again(controller):
    load(controller)
    cut = controller.clipping.add(PLANE)
    cut.update(position=3)
    cut.visible = False
    assert controller.history.next_undo == "switch a cut off"
    controller.undo()
    assert cut.visible
    assert controller.history.next_undo == "move a cut"
    controller.undo()
    assert cut.shapes == [PLANE]
    controller.redo()
    assert cut.shapes == [Plane(coefficients=(0, 0, 1, 3))]
    controller.redo()
    assert not cut.visible
    assert len(controller.clipping) == 1


def test_a_drag_is_one_step(controller):
    load(controller)
    plane, box = controller.clipping.add(PLANE), controller.clipping.add(BOX)
    for position in range(4):
        plane.update(position=position)
    box.update(high=(2, 3, 4))
    box.update(low=(-1, -1, -1), high=(2, 3, 4))
    assert controller.undo()
    assert box.shapes == [BOX]
    assert plane.shapes == [Plane(coefficients=(0, 0, 1, 3))]
    assert controller.undo()
    assert plane.shapes == [PLANE]
    assert controller.history.next_undo == "cut"
    assert controller.redo()
    assert plane.shapes == [Plane(coefficients=(0, 0, 1, 3))]


def test_moves_long_after_one_another_are_steps_of_their_own(controller, monkeypatch):
    monkeypatch.setattr(recording, "MERGE_PERIOD", -1.0)
    load(controller)
    plane = controller.clipping.add(PLANE)
    plane.update(position=1)
    plane.update(position=2)
    controller.undo()
    assert plane.shapes == [Plane(coefficients=(0, 0, 1, 1))]


def test_a_change_comes_back_with_the_scene(cluster, controller):
    load(controller)
    cut = controller.clipping.add(PLANE)
    cut.update(position=3)
    cut.visible = False
    cluster.kill_renderer()
    Listener(controller, lambda state: state.status.state).wait_for(lambda state: state in {"failed", "ended"})
    controller.restore().result(WAIT)
    assert [(one.shapes, one.visible) for one in controller.clipping] == [([Plane(coefficients=(0, 0, 1, 3))], False)]
    assert cut in controller.clipping
