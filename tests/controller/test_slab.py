"""The slab, as the renderer is told of it."""

from __future__ import annotations

import numpy as np
import pytest

from brayns_widget.controller.slab import principal_axis, reach
from brayns_widget.protocol.errors import CircuitError, RequestCancelled
from tests.controller.scenes import WAIT, load, until
from tests.listening import Listener


@pytest.fixture
def slab(cluster, controller):
    """The slab of a renderer that has one."""
    cluster.renderer.offers.append("set-slab")
    cluster.renderer.answers["get-slab"] = {
        "enabled": False, "invert": False, "normal": [0, 0, 1], "position": 0, "thickness": 1
    }  # fmt: skip
    return controller.slab


def bounds(controller):
    """Load a circuit, and return where it begins and ends."""
    found = load(controller).bounds
    assert found is not None
    return found


def sent(cluster):
    return cluster.renderer.sent("set-slab")


def test_it_is_off_at_first_and_nothing_is_sent(cluster, controller, slab):
    controller.start().result(WAIT)
    assert (slab.on, slab.axis, slab.invert) == (False, "z", False)
    assert sent(cluster) == []
    assert controller.state.slab == slab.given


def test_switched_on_it_lies_in_the_middle_of_what_is_there(cluster, controller, slab):
    low, high = bounds(controller)
    slab.on = True
    (params,) = sent(cluster)
    assert params["enabled"]
    assert params["normal"] == [0, 0, 1]
    assert params["position"] == pytest.approx((low[2] + high[2]) / 2)
    assert params["thickness"] == pytest.approx(max((high[2] - low[2]) / 10, 1))
    slab.axis = "x"
    assert slab.position == pytest.approx((low[0] + high[0]) / 2)
    slab.set(axis="y", position=0.5, thickness=0.25, invert=True)
    assert sent(cluster)[-1] == {
        "enabled": True, "invert": True, "normal": [0, 1, 0], "position": 0.5, "thickness": 0.25
    }  # fmt: skip
    slab.step(-2)
    assert slab.position == 0
    assert repr(slab) == "<Slab: on, 0.25 µm at 0 µm along y, inverted>"


def test_a_place_that_was_chosen_is_kept_when_it_is_switched_on_there(controller, slab):
    low, high = bounds(controller)
    slab.position = place = low[2] + (high[2] - low[2]) / 4
    slab.on = True
    assert slab.position == place
    slab.set(on=False, position=high[2] + 1000)
    slab.on = True
    assert slab.position == pytest.approx((low[2] + high[2]) / 2)


def test_it_turns_to_the_view_and_to_an_axis_of_ones_own(controller, slab):
    controller.camera = {"position": (0, 0, 9), "target": (0, 0, 4)}
    slab.axis = "view"
    assert slab.normal == (0, 0, -1)
    slab.normal = (0, 3, 4)
    assert (slab.axis, slab.normal) == ("own", pytest.approx((0, 0.6, 0.8)))
    with pytest.raises(ValueError, match="not both"):
        slab.set(axis="x", normal=(1, 0, 0))
    with pytest.raises(ValueError, match="has length 0"):
        slab.normal = (0, 0, 0)
    with pytest.raises(ValueError, match="thickness is 0"):
        slab.thickness = 0
    assert slab.normal == pytest.approx((0, 0.6, 0.8))


def test_the_principal_axis_is_that_of_the_cells_or_the_longest_side(controller, slab):
    t = np.linspace(-1, 1, 50)
    across = 0.1 * np.sin(40 * t)
    places = np.stack((-3 * t, across, 4 * t), axis=1)
    assert principal_axis(places) == pytest.approx((-0.6, 0, 0.8), abs=0.01)
    slab.axis = "principal"
    assert slab.normal == (0, 0, 1)  # nothing is there
    load(controller)
    slab.axis = "principal"
    assert sum(number**2 for number in slab.normal) == pytest.approx(1)


def test_where_a_box_begins_and_ends():
    assert reach(((-1, -2, -3), (3, 2, 1)), (0, 0.6, 0.8)) == pytest.approx((-3.6, 2))


def test_it_can_be_undone_and_a_drag_is_one_step(cluster, controller, slab):
    load(controller)
    slab.on = True
    first = slab.position
    for place in range(5):
        slab.position = place
    assert controller.history.next_undo == "move the slab"
    controller.undo()
    assert sent(cluster)[-1]["position"] == slab.position == first
    assert controller.history.next_undo == "switch the slab on"
    controller.undo()
    assert not slab.on
    controller.redo()
    assert slab.on


def test_it_cuts_the_next_job_too(cluster, controller, slab):
    slab.set(on=True, position=3, thickness=2)
    cluster.kill_renderer()
    Listener(controller, lambda state: state.status.state).wait_for(lambda state: state in {"failed", "ended"})
    controller.restore().result(WAIT)
    assert len(sent(cluster)) == 2
    assert sent(cluster)[0] == sent(cluster)[1]


def test_it_is_played_to_the_end_from_where_it_is(cluster, controller, slab):
    load(controller)
    low, high = (corner[2] for corner in bounds(controller))
    begin = low + (high - low) / 4
    slab.set(position=begin)
    slab.play(seconds=0.2).result(WAIT)
    places = [params["position"] for params in sent(cluster)[1:]]
    assert all(params["enabled"] for params in sent(cluster)[1:])
    assert places == sorted(places)
    assert (places[0], places[-1]) == (begin, pytest.approx(high))
    assert controller.history.next_undo == "move the slab"
    controller.undo()
    assert (slab.on, slab.position) == (True, begin)
    slab.position = high
    count = len(sent(cluster))
    slab.play(seconds=0.2).result(WAIT)  # from the beginning, as it is at the end
    assert low <= sent(cluster)[count + 1]["position"] < high - (high - low) / 4


def test_a_slab_that_is_switched_off_is_played_no_more(cluster, controller, slab):
    load(controller)
    slab.set(on=True)
    task = slab.play(seconds=600)
    until(lambda: len(sent(cluster)) > 3)
    slab.on = False
    task.result(WAIT)
    assert not sent(cluster)[-1]["enabled"]


def test_a_play_that_is_cancelled_leaves_the_slab_where_it_is(cluster, controller, slab):
    load(controller)
    task = slab.play(seconds=600)
    until(lambda: len(sent(cluster)) > 3)
    task.cancel()
    with pytest.raises(RequestCancelled):
        task.result(WAIT)
    assert slab.on
    assert slab.position == sent(cluster)[-1]["position"]


def test_a_strip_shows_several_slabs_and_leaves_it_where_it_is(cluster, controller, slab, tmp_path, monkeypatch):
    barred: list[object] = []

    def bar(data: bytes, *how: object) -> bytes:
        barred.append(how)
        return data

    monkeypatch.setattr("brayns_widget.controller.slab.print_scale_bar", bar)
    low, high = bounds(controller)
    slab.set(on=True, axis="x", position=low[0], thickness=2)
    strip = slab.strip(3, tmp_path / "strip.png", size=(320, 240), columns=2, scale_bar=True).result(WAIT)
    first, *others = sent(cluster)[-4:]
    third = (high[0] - low[0]) / 3
    places = [first["position"], *(params["position"] for params in others)]
    assert places == pytest.approx([low[0] + third / 2, low[0] + 1.5 * third, high[0] - third / 2, low[0]])
    assert {params["thickness"] for params in sent(cluster)[-4:]} == {2}
    assert len(cluster.renderer.sent("snapshot")) == 3
    assert barred == [("png", controller.camera.visible_height, "lower right")]  # in one, as all have its scale
    assert (tmp_path / "strip.png").read_bytes() == strip.data
    assert strip.pil().size == strip.size
    assert slab.position == low[0]
    assert controller.history.next_undo == "change the slab"


def test_a_strip_that_is_cancelled_leaves_the_slab_as_it_was(cluster, controller, slab):
    load(controller)
    cluster.renderer.delays["snapshot"] = 60
    task = slab.strip(3)
    until(lambda: cluster.renderer.sent("snapshot"))
    task.cancel()
    with pytest.raises(RequestCancelled):
        task.result(WAIT)
    until(lambda: not sent(cluster)[-1]["enabled"])


def test_no_strip_of_nothing_and_none_that_is_no_png(controller, slab):
    with pytest.raises(CircuitError, match="Nothing is there"):
        slab.strip().result(WAIT)
    with pytest.raises(CircuitError, match="Nothing is there"):
        slab.play().result(WAIT)
    with pytest.raises(ValueError, match="is a PNG file"):
        slab.strip(2, "strip.jpg").result(WAIT)


def test_a_renderer_without_one_says_so(controller):
    controller.start().result(WAIT)
    assert controller.state.slab is None
    with pytest.raises(CircuitError, match="has no slab"):
        controller.slab.on = True
    assert not controller.slab.on
