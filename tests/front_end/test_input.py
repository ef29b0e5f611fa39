"""Mouse, touch, wheel and keys: what the kernel hears of them."""

from __future__ import annotations

import math

import pytest

from tests.front_end.panels import MODEL

pytestmark = pytest.mark.browser


@pytest.fixture
def view(cell):
    """A view whose canvas is ready for input."""
    cell.mount(panel_open=False)
    return cell


def middle(cell):
    box = cell.canvas.bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def rested(cell):
    """All camera messages of a gesture, once it has ended."""
    cell.wait("kernel.sent('camera').at(-1)?.moving === false")
    messages = cell.sent("camera")
    assert [message["moving"] for message in messages[:-1]] == [True] * (len(messages) - 1)
    return messages


def drag(cell, dx, dy, **options):
    """The camera after the first gesture."""
    pull(cell, dx, dy, **options)
    return rested(cell)[-1]["camera"]


def pull(cell, dx, dy, button="left", steps=12):
    x, y = middle(cell)
    cell.page.mouse.move(x, y)
    cell.page.mouse.down(button=button)
    cell.page.mouse.move(x + dx, y + dy, steps=steps)
    cell.page.mouse.up(button=button)


def distance(camera):
    return math.dist(camera["position"], camera["target"])


def test_left_drag_orbits(view):
    height = view.canvas.bounding_box()["height"]
    camera = drag(view, height / 2, 0)
    assert camera["position"] == pytest.approx([-1000, 0, 0], abs=15), "half the height is a quarter turn"
    assert camera["target"] == [0, 0, 0]
    assert distance(camera) == pytest.approx(1000)
    assert camera["up"] == [0, 1, 0]


def test_dragging_down_looks_from_above(view):
    camera = drag(view, 0, 60)
    assert camera["position"][1] > 100
    assert abs(camera["position"][0]) < 1e-6


def test_moves_are_merged_per_animation_frame(view):
    x, y = middle(view)
    view.page.mouse.move(x, y)
    view.page.mouse.down()
    # 200 events in one task: no animation frame can pass between them.
    view.page.evaluate(
        """([x, y]) => {
            const canvas = document.querySelector("canvas");
            for (let step = 1; step <= 200; step += 1) {
                const at = { clientX: x + step / 2, clientY: y, pointerId: 1, bubbles: true };
                canvas.dispatchEvent(new PointerEvent("pointermove", at));
            }
        }""",
        [x, y],
    )
    view.page.mouse.up()
    messages = rested(view)
    assert len(messages) <= 3
    angle = math.atan2(-messages[-1]["camera"]["position"][0], messages[-1]["camera"]["position"][2])
    height = view.canvas.bounding_box()["height"]
    assert angle == pytest.approx(math.pi * 100 / height, rel=0.02), "no move may be lost"


@pytest.fixture
def still(cell):
    """A view in a page whose clock stands still unless it is told to run."""
    cell.page.clock.install(time=0)
    cell.page.clock.pause_at(1000)
    cell.page.evaluate("kernel.mount({ panel_open: false })")
    cell.wait("kernel.sent('ready').length === 1")
    x, y = middle(cell)
    cell.page.mouse.move(x, y)
    cell.page.mouse.down()

    def move(steps, first=1):
        for step in range(first, first + steps):
            cell.page.mouse.move(x + 5 * step, y)
            cell.page.clock.run_for(17)  # an animation frame

    return cell, move


def test_without_answers_two_cameras_go_and_then_one_within_250_ms(still):
    view, move = still
    move(10)  # 170 ms
    assert [message["number"] for message in view.sent("camera")] == [1, 2]
    view.page.clock.run_for(150)
    first, second, third = view.sent("camera")
    assert third["at"] - second["at"] < 300
    assert third["at"] - second["at"] > 250
    assert third["camera"]["position"][0] < second["camera"]["position"][0] < first["camera"]["position"][0]
    move(5, first=11)
    assert len(view.sent("camera")) == 3


def test_the_last_camera_of_a_gesture_goes_at_once(still):
    view, move = still
    move(5)
    assert len(view.sent("camera")) == 2
    view.page.mouse.up()
    view.page.clock.run_for(17)
    messages = view.sent("camera")
    assert [message["moving"] for message in messages] == [True, True, False]
    height = view.canvas.bounding_box()["height"]
    turned = math.atan2(-messages[-1]["camera"]["position"][0], messages[-1]["camera"]["position"][2])
    assert turned == pytest.approx(math.pi * 25 / height, rel=0.02), "the newest"


def test_each_picture_brings_another_camera_with_its_acknowledgement(still):
    view, move = still
    move(5)
    assert len(view.sent("camera")) == 2
    view.frame(seq=9, camera=1)
    view.wait("kernel.sent('camera').length === 3")
    third = view.sent("camera")[-1]
    assert (third["number"], third["moving"]) == (3, True)
    assert [(ack["seq"], ack["shown"]) for ack in third["acks"]] == [(9, True)]
    assert view.sent("ack") == []
    view.frame(seq=10, camera=3)
    view.page.mouse.up()
    view.page.clock.run_for(100)
    view.wait("kernel.acks().length === 2")


@pytest.mark.parametrize("how", ["right", "Shift", "Alt"])
def test_pans(view, how):
    height = view.canvas.bounding_box()["height"]
    if how == "right":
        camera = drag(view, 0, height / 4, button="right")
    else:
        view.page.keyboard.down(how)
        camera = drag(view, 0, height / 4)
        view.page.keyboard.up(how)
    seen = 2 * 1000 * math.tan(math.radians(22.5))
    assert camera["target"] == pytest.approx([0, seen / 4, 0], abs=10)
    assert distance(camera) == pytest.approx(1000)


@pytest.mark.parametrize(("key", "still"), [("x", 0), ("y", 1)])
def test_an_axis_that_is_held_is_the_only_one(view, key, still):
    view.canvas.focus()
    view.page.keyboard.down(key)
    camera = drag(view, 60, 60)
    assert camera["position"][still] == pytest.approx(0, abs=1e-6)
    assert abs(camera["position"][1 - still]) > 100
    view.page.keyboard.up(key)
    pull(view, 60, 60)
    view.wait(f"Math.abs(kernel.model.get('camera').position[{still}]) > 10")


def test_along_an_axis_that_is_held(view):
    view.canvas.focus()
    view.page.keyboard.down("x")
    camera = drag(view, 60, 60, button="right")
    view.page.keyboard.up("x")
    assert camera["target"][0] < -50
    assert camera["target"][1:] == [0, 0]


def test_an_axis_is_held_no_more_when_the_focus_goes(view):
    view.canvas.focus()
    view.page.keyboard.down("x")
    view.page.locator("#before").focus()
    view.page.keyboard.up("x")
    assert abs(drag(view, 60, 0)["position"][0]) > 100


def test_shift_slows_a_drag_that_it_did_not_begin_with(view):
    x, y = middle(view)
    view.page.mouse.move(x, y)
    view.page.mouse.down()
    view.page.keyboard.down("Shift")
    view.page.mouse.move(x + 100, y, steps=5)
    view.page.keyboard.up("Shift")
    view.page.mouse.up()
    camera = rested(view)[-1]["camera"]
    turned = math.atan2(-camera["position"][0], camera["position"][2])
    assert turned == pytest.approx(math.pi * 100 / view.canvas.bounding_box()["height"] / 5, rel=0.1)
    assert camera["target"] == [0, 0, 0]


def test_shift_slows_the_wheel(view):
    view.page.mouse.move(*middle(view))
    view.page.keyboard.down("Shift")
    view.page.mouse.wheel(0, 100)
    view.page.keyboard.up("Shift")
    assert distance(rested(view)[-1]["camera"]) == pytest.approx(1000 * math.exp(0.03), rel=1e-3)


def test_a_click_moves_nothing(view):
    x, y = middle(view)
    view.page.mouse.click(x, y)
    view.page.evaluate("new Promise((resolve) => setTimeout(resolve, 300))")
    assert view.sent("camera") == []
    assert view.canvas.evaluate("canvas => document.activeElement === canvas")


def test_a_drag_goes_on_outside_the_canvas(view):
    x, y = middle(view)
    view.page.mouse.move(x, y)
    view.page.mouse.down()
    view.page.mouse.move(x, 715, steps=5)
    view.page.mouse.up()
    assert rested(view)[-1]["camera"]["position"][1] > 500


def test_the_wheel_scrolls_the_page_until_the_canvas_has_the_focus(view):
    x, y = middle(view)
    view.page.mouse.move(x, y)
    view.page.mouse.wheel(0, 100)
    view.wait("scrollY > 0")
    view.page.get_by_text("to zoom with the wheel").wait_for()
    assert view.sent("camera") == []
    view.page.evaluate("scrollTo(0, 0)")
    view.canvas.focus()
    view.page.mouse.wheel(0, 100)
    assert distance(rested(view)[-1]["camera"]) > 1100
    assert view.page.evaluate("scrollY") == 0


def test_ctrl_wheel_zooms_without_focus(view):
    x, y = middle(view)
    view.page.mouse.move(x, y)
    view.page.keyboard.down("Control")
    view.page.mouse.wheel(0, -10)  # a pinch of a touchpad is a small step with ctrlKey
    view.page.keyboard.up("Control")
    assert distance(rested(view)[-1]["camera"]) == pytest.approx(1000 * math.exp(-0.1), rel=0.01)


def test_an_orthographic_camera_zooms_by_its_height(view):
    flat = {**view.page.evaluate("kernel.model.get('camera')"), "type": "orthographic"}
    view.trait("camera", flat)
    view.canvas.focus()
    view.page.keyboard.press("PageUp")
    camera = rested(view)[-1]["camera"]
    assert camera["height"] == pytest.approx(800 / 1.1)
    assert camera["position"] == [0, 0, 1000]


@pytest.mark.parametrize(
    ("key", "check"),
    [
        ("ArrowRight", lambda camera: camera["position"][0] > 50),
        ("ArrowLeft", lambda camera: camera["position"][0] < -50),
        ("ArrowUp", lambda camera: camera["position"][1] > 50),
        ("ArrowDown", lambda camera: camera["position"][1] < -50),
        ("Shift+ArrowRight", lambda camera: camera["target"][0] > 20),
        ("Shift+ArrowUp", lambda camera: camera["target"][1] > 20),
        ("+", lambda camera: distance(camera) < 950),
        ("-", lambda camera: distance(camera) > 1050),
        ("PageUp", lambda camera: distance(camera) < 950),
        ("PageDown", lambda camera: distance(camera) > 1050),
    ],
)
def test_keys(view, key, check):
    view.canvas.focus()
    view.page.keyboard.press(key)
    assert check(rested(view)[-1]["camera"])
    assert view.page.evaluate("scrollY") == 0


BOX = [[-100, -200, -300], [300, 200, 100]]


def seen(camera):
    return 2 * distance(camera) * math.tan(math.radians(camera["fovy"] / 2))


@pytest.mark.parametrize(
    ("key", "direction"),
    [
        ("r", (0, 0, 1)),
        ("1", (0, 0, 1)),
        ("2", (0, 0, -1)),
        ("3", (-1, 0, 0)),
        ("4", (1, 0, 0)),
        ("5", (0, 1, 0)),
        ("6", (0, -1, 0)),
    ],
)
def test_keys_look_from_a_side_at_all_models_and_fly_there(view, key, direction):
    view.trait("models", [MODEL | {"bounds": BOX}])
    view.trait("camera", view.page.evaluate("kernel.model.get('camera')") | {"position": [500, 600, 0]})
    view.canvas.focus()
    view.page.keyboard.press(key)
    messages = rested(view)
    camera = messages[-1]["camera"]
    away = [(p - t) / distance(camera) for p, t in zip(camera["position"], camera["target"], strict=True)]
    assert away == pytest.approx(direction, abs=2e-3)
    assert camera["target"] == pytest.approx([100, 0, -100], abs=0.5)
    assert camera["up"] == [0, 1, 0]
    assert seen(camera) > 400
    assert len(messages) > 3, "it is on its way for a while"


def test_without_motion_it_is_there_at_once(open_cell):
    view = open_cell(reduced_motion="reduce")
    view.mount(panel_open=False)
    view.canvas.focus()
    view.page.keyboard.press("4")
    (message,) = rested(view)
    assert message["camera"]["position"] == pytest.approx([1000, 0, 0])


@pytest.mark.parametrize(("key", "sign"), [("q", 1), ("e", -1)])
def test_q_and_e_turn_the_picture(view, key, sign):
    view.canvas.focus()
    view.page.keyboard.press(key)
    camera = rested(view)[-1]["camera"]
    assert camera["up"] == pytest.approx([sign * math.sin(math.radians(5)), math.cos(math.radians(5)), 0])
    assert camera["position"] == [0, 0, 1000]


def test_the_wheel_zooms_to_the_pointer(view):
    x, y = middle(view)
    height = view.canvas.bounding_box()["height"]
    view.canvas.focus()
    view.page.mouse.move(x + height / 4, y - height / 4)
    view.page.mouse.wheel(0, -100)
    camera = rested(view)[-1]["camera"]
    before = 2 * 1000 * math.tan(math.radians(22.5))
    assert seen(camera) < 0.9 * before
    for side in (0, 1):  # where the pointer is in the plane of the target
        assert camera["target"][side] + seen(camera) / 4 == pytest.approx(before / 4, abs=1)


@pytest.mark.parametrize(("turn", "low", "high"), [(3000, 2000, 3500), (-3000, 0.01, 0.2)])
def test_zooming_has_an_end(view, turn, low, high):
    view.trait("models", [MODEL | {"bounds": BOX}])
    view.canvas.focus()
    view.page.mouse.move(*middle(view))
    for _ in range(40):
        view.page.mouse.wheel(0, turn)
    camera = rested(view)[-1]["camera"]
    assert low < seen(camera) < high


HIT = {"hit": True, "position": [200, 100, -50], "model_id": 4, "model": "cortex", "population": "cortex", "cell": 3}
PICKED = HIT | {
    "section": None, "section_type": None, "part": None, "distance": None, "section_problem": "", "attributes": {},
    "attributes_problem": "",
}  # fmt: skip


@pytest.mark.parametrize("hit", [True, False])
def test_a_double_click_focuses_what_is_there_and_picks_it_once(view, hit):
    view.frame(seq=1)
    view.wait("kernel.acks().length === 1")
    view.answer("selection.pick", {"result": PICKED | {"hit": hit}, "delay": 150})
    view.page.mouse.dblclick(*middle(view))
    if hit:
        camera = rested(view)[-1]["camera"]
        assert camera["target"] == [200, 100, -50]
        assert distance(camera) == pytest.approx(1000)
    else:
        view.page.evaluate("new Promise((resolve) => setTimeout(resolve, 400))")
        assert view.sent("camera") == []
    assert len(view.calls("selection.pick")) == 1


def test_two_slow_clicks_are_two_picks(view):
    view.frame(seq=1)
    view.wait("kernel.acks().length === 1")
    view.answer("selection.pick", {"result": PICKED})
    view.page.mouse.click(*middle(view))
    view.page.evaluate("new Promise((resolve) => setTimeout(resolve, 450))")
    view.page.mouse.click(*middle(view))
    view.wait("kernel.calls('selection.pick').length === 2")
    assert view.sent("camera") == []


def test_keys_stay_inside(view):
    view.page.evaluate("window.heard = []; document.addEventListener('keydown', (event) => heard.push(event.key))")
    view.canvas.focus()
    for key in ("ArrowUp", "r", "q", "1", "d"):
        view.page.keyboard.press(key)
    assert view.page.evaluate("heard") == [], "the notebook would take them for its shortcuts"
    assert view.page.locator("[data-lm-suppress-shortcuts] .bw-canvas").count() == 1
    view.page.locator("#before").focus()
    view.page.keyboard.press("ArrowUp")
    assert view.page.evaluate("heard") == ["ArrowUp"]
    view.wait("kernel.sent('camera').at(-1)?.moving === false")
    count = len(view.sent("camera"))
    view.page.keyboard.press("ArrowUp")
    view.page.evaluate("new Promise((resolve) => setTimeout(resolve, 300))")
    assert len(view.sent("camera")) == count, "keys are for whoever has the focus"


def test_shortcuts_with_ctrl_remain_the_notebooks(view):
    view.page.evaluate(
        "window.heard = []; document.addEventListener('keydown', ({ key, target }) =>"
        " heard.push([key, target.closest('[data-lm-suppress-shortcuts]') !== null]))"
    )
    view.canvas.focus()
    view.page.keyboard.press("Control+s")
    assert view.page.evaluate("heard") == [["Control", False], ["s", False]]
    assert view.page.locator("[data-lm-suppress-shortcuts] .bw-canvas").count() == 1
    view.page.keyboard.down("Control")
    view.page.locator("#before").focus()
    assert view.page.locator("[data-lm-suppress-shortcuts] .bw-canvas").count() == 1
    view.page.keyboard.up("Control")


def test_the_trait_leads_between_gestures_and_the_hand_during_one(view):
    moved = {**view.page.evaluate("kernel.model.get('camera')"), "position": [0, 0, 500]}
    view.trait("camera", moved)
    view.canvas.focus()
    view.page.keyboard.press("PageUp")
    assert distance(rested(view)[-1]["camera"]) == pytest.approx(500 / 1.1)
    view.page.evaluate("kernel.model.sent = []")
    x, y = middle(view)
    view.page.mouse.move(x, y)
    view.page.mouse.down()
    view.page.mouse.move(x + 20, y)
    view.trait("camera", {**moved, "position": [0, 0, 9000]})
    view.page.mouse.move(x + 40, y)
    view.page.mouse.up()
    assert distance(rested(view)[-1]["camera"]) == pytest.approx(500 / 1.1)


@pytest.fixture
def touch(open_cell):
    """Sends touches to a view: a list of points, or none to lift all fingers."""
    cell = open_cell(has_touch=True)
    cell.mount(panel_open=False)
    tools = cell.page.context.new_cdp_session(cell.page)

    def send(kind, *points):
        x, y = middle(cell)
        places = [{"x": x + dx, "y": y + dy, "id": index} for index, (dx, dy) in enumerate(points)]
        tools.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": places})

    return cell, send


def test_one_finger_orbits(touch):
    cell, send = touch
    send("touchStart", (0, 0))
    for step in range(1, 6):
        send("touchMove", (step * 10, 0))
    send("touchEnd")
    camera = rested(cell)[-1]["camera"]
    assert camera["position"][0] < -200
    assert distance(camera) == pytest.approx(1000)


def test_two_fingers_zoom_and_pan(touch):
    cell, send = touch
    send("touchStart", (-40, 0))
    send("touchStart", (-40, 0), (40, 0))
    for step in range(1, 9):
        send("touchMove", (-40 - step * 5, 0), (40 + step * 5, 0))
    send("touchEnd")
    camera = rested(cell)[-1]["camera"]
    assert distance(camera) == pytest.approx(500, rel=0.02), "twice as far apart is twice as near"
    assert camera["target"] == pytest.approx([0, 0, 0], abs=5)


def test_two_fingers_zoom_to_where_they_are(touch):
    cell, send = touch
    send("touchStart", (60, 0))
    send("touchStart", (60, 0), (100, 0))
    for step in range(1, 9):
        send("touchMove", (60 - step * 5, 0), (100 + step * 5, 0))
    send("touchEnd")
    camera = rested(cell)[-1]["camera"]
    before = 2 * 1000 * math.tan(math.radians(22.5))
    spot = 80 / cell.canvas.bounding_box()["height"]
    assert camera["target"][0] + seen(camera) * spot == pytest.approx(before * spot, rel=0.05)


def test_two_fingers_side_by_side_pan(touch):
    cell, send = touch
    send("touchStart", (-40, 0))
    send("touchStart", (-40, 0), (40, 0))
    for step in range(1, 11):
        send("touchMove", (-40, step * 8), (40, step * 8))
    send("touchEnd")
    camera = rested(cell)[-1]["camera"]
    seen = 2 * 1000 * math.tan(math.radians(22.5)) * 80 / cell.canvas.bounding_box()["height"]
    assert camera["target"][1] == pytest.approx(seen, rel=0.1)
    assert distance(camera) == pytest.approx(1000, rel=0.1)
