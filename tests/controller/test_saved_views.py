from __future__ import annotations

import pytest

from brayns_widget.controller.camera import FRONT, Camera

AWAY = Camera((0.0, 0.0, 50.0), fovy=20)


def test_views_are_saved_looked_through_and_forgotten(controller):
    views = controller.views
    assert dict(views) == {}
    views["front"] = controller.camera
    views["near"] = {"position": (0, 0, 50), "fovy": 20}
    assert dict(views) == {"front": FRONT, "near": AWAY}
    assert repr(views) == repr({"front": FRONT, "near": AWAY})
    controller.camera = views["near"]
    assert controller.camera == AWAY
    views.save("near")  # the present one, which is the same
    views.apply("front")
    assert controller.camera == FRONT
    assert views["near"] == AWAY, "a view does not follow the camera"
    del views["front"]
    assert list(views) == ["near"]
    assert views.pop("near") == AWAY
    assert len(views) == 0


def test_a_view_keeps_its_place_when_it_is_renamed_or_saved_again(controller):
    for name in ("a", "b", "c"):
        controller.views[name] = FRONT
    controller.views.rename("b", "middle")
    controller.views["a"] = AWAY
    assert list(controller.views) == ["a", "middle", "c"]
    with pytest.raises(ValueError, match="There is a view 'c' already"):
        controller.views.rename("a", "c")
    controller.views.rename("a", "a")
    assert controller.views["a"] == AWAY


def test_what_is_not_there_or_is_no_view_is_refused(controller):
    with pytest.raises(KeyError, match="nope"):
        controller.views["nope"]
    with pytest.raises(KeyError, match="nope"):
        del controller.views["nope"]
    controller.views["one"] = FRONT
    for call in (controller.views.apply, controller.views.remove):
        with pytest.raises(ValueError, match=r"There is no view 'nope'; saved are 'one'\."):
            call("nope")
    with pytest.raises(ValueError, match="not a camera"):
        controller.views["two"] = 3
    with pytest.raises(ValueError, match="name"):
        controller.views[""] = FRONT
    assert list(controller.views) == ["one"]


def test_what_is_done_to_views_is_undone_name_by_name(controller):
    controller.views["a"] = FRONT
    controller.views.rename("a", "b")
    assert controller.history.next_undo == "name a view b"
    controller.views.remove("b")
    assert controller.history.next_undo == "forget the view b"
    controller.views["c"] = AWAY
    for expected in ({}, {"b": FRONT}, {"a": FRONT}, {}):
        controller.undo()
        assert dict(controller.views) == expected
    for _ in range(4):
        controller.redo()
    assert dict(controller.views) == {"c": AWAY}
    controller.views.apply("c")
    assert controller.history.next_undo == "look at the view c"
    controller.undo()
    assert controller.camera == FRONT
