"""Scale bar and axes over the picture."""

from __future__ import annotations

import math

import pytest

from tests.front_end.panels import MODEL

pytestmark = pytest.mark.browser


@pytest.fixture
def view(cell):
    """A view with a model and a picture."""
    cell.mount(models=[MODEL])
    cell.frame(seq=1)
    cell.wait("kernel.acks().length === 1")
    return cell


def bar(view):
    return view.page.get_by_role("img", name="Scale bar")


def length(view):
    """What the bar says, and how long it is: µm, and CSS pixels."""
    number, unit = bar(view).inner_text().split()
    line = bar(view).locator("div").bounding_box()
    return float(number) * {"µm": 1, "mm": 1000}[unit], line["width"]


def look(view, **fields):
    view.trait("camera", view.page.evaluate("kernel.model.get('camera')") | fields)


@pytest.mark.parametrize("kind", ["perspective", "orthographic"])
def test_the_bar_is_as_long_as_it_says(view, kind):
    height = view.canvas.bounding_box()["height"]
    for size in (0.7, 800, 30_000):
        distance = size / 2 / math.tan(math.radians(22.5))
        look(view, type=kind, height=size, position=[0, 0, distance])
        said, shown = length(view)
        assert shown * size / height == pytest.approx(said, rel=0.01)
        assert 20 < shown <= 160
    assert ("at the depth" in bar(view).get_attribute("title")) == (kind == "perspective")


def test_the_bar_follows_the_hand(view):
    before = length(view)
    view.canvas.focus()
    for _ in range(20):
        view.page.keyboard.press("+")
    view.wait("kernel.sent('camera').at(-1)?.moving === false")
    view.frame(seq=2, camera=view.sent("camera")[-1]["number"])
    view.wait("kernel.acks().length === 2")
    after = length(view)
    assert after[1] / after[0] == pytest.approx(before[1] / before[0] * 1.1**20, rel=0.01)


def test_the_bar_can_be_switched_off(view):
    box = view.page.get_by_label("Scale bar", exact=True)
    box.uncheck()
    assert bar(view).count() == 0
    assert view.page.evaluate("kernel.model.saved.at(-1)") == {"scale_bar": False}
    view.trait("scale_bar", True)
    bar(view).wait_for()
    assert box.is_checked()


def test_without_models_there_is_nothing_to_measure(view):
    view.trait("models", [])
    assert bar(view).count() == 0
    assert view.page.get_by_role("group", name="Axes").count() == 0


@pytest.mark.parametrize(("key", "side", "place"), [("x", "right", 0), ("y", "top", 1), ("z", "front", 2)])
def test_an_axis_is_looked_along_when_it_is_clicked(view, key, side, place):
    look(view, position=[300, 400, 500])
    axes = view.page.get_by_role("group", name="Axes")
    end = axes.get_by_role("button", name=f"Look from the {side}")
    assert end.get_attribute("title") == f"Look from the {side} ({key})"
    end.click()
    view.wait("kernel.sent('camera').at(-1)?.moving === false")
    camera = view.sent("camera")[-1]["camera"]
    away = [p - t for p, t in zip(camera["position"], camera["target"], strict=True)]
    assert away[place] == pytest.approx(math.hypot(*away), rel=1e-3)


def test_the_axes_lie_as_they_are_seen(view):
    axes = view.page.get_by_role("group", name="Axes")
    middle = axes.bounding_box()
    center = middle["x"] + middle["width"] / 2, middle["y"] + middle["height"] / 2

    def end(side):
        box = axes.get_by_role("button", name=f"Look from the {side}").bounding_box()
        return box["x"] + box["width"] / 2 - center[0], box["y"] + box["height"] / 2 - center[1]

    assert end("right") == pytest.approx((27, 0), abs=1)
    assert end("top") == pytest.approx((0, -27), abs=1)
    look(view, position=[1000, 0, 0])
    assert end("front") == pytest.approx((-27, 0), abs=1)


def test_the_axes_are_one_stop_of_the_tabulator_and_arrows_go_on(view):
    look(view, position=[300, 400, 500])
    first = view.page.get_by_role("group", name="Axes").get_by_role("button").first
    first.focus()
    view.page.keyboard.press("ArrowRight")
    focused = "document.activeElement.getAttribute('aria-label')"
    assert view.page.evaluate(focused) == "Look from the top"
    view.page.keyboard.press("ArrowLeft")
    view.page.keyboard.press("ArrowLeft")
    assert view.page.evaluate(focused) == "Look from the back"
    view.page.keyboard.press("Enter")
    view.wait("kernel.model.get('camera').position[2] < 0")
    view.page.keyboard.press("Tab")
    assert "Look from" not in view.page.evaluate(focused)


@pytest.mark.parametrize(("width", "height"), [(320, 480), (700, 200)])
def test_where_there_is_little_room_only_the_bar_stays(open_cell, width, height):
    cell = open_cell()
    cell.page.evaluate(f"document.getElementById('cell').style.width = '{width}px'")
    cell.mount(models=[MODEL], height=height, panel_open=False)
    cell.frame(seq=1)
    cell.wait("kernel.acks().length === 1")
    bar(cell).wait_for()
    assert cell.page.get_by_role("group", name="Axes").count() == 0
    cell.screenshot(f"measures-{width}")
