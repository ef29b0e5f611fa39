"""Handshake, frames, size, visibility and the end of a view."""

from __future__ import annotations

import io
import re

import pytest
from PIL import Image

pytestmark = pytest.mark.browser


def test_greets_with_its_size_and_says_whether_it_can_be_seen(cell):
    cell.mount()
    (ready,) = cell.sent("ready")
    box = cell.canvas.bounding_box()
    assert (ready["width"], ready["height"], ready["dpr"]) == (round(box["width"]), round(box["height"]), 1)
    assert ready["view"]
    cell.wait("kernel.sent('visible').length > 0")
    assert all(message["visible"] and message["view"] == ready["view"] for message in cell.sent("visible"))


def test_greets_again_until_the_kernel_answers(cell):
    cell.page.evaluate("kernel.mount(); kernel.model.mute = true;")
    cell.wait("kernel.sent('ready').length === 2")
    before = len(cell.sent("visible"))
    cell.page.evaluate("kernel.model.mute = false")
    cell.wait(f"kernel.sent('visible').length > {before}")
    first, *others = cell.sent("ready")
    assert len(others) == 2
    assert others[0]["at"] - first["at"] > 900


def test_the_pixel_ratio_is_told_up_to_two(open_cell):
    cell = open_cell(device_scale_factor=3)
    cell.mount(panel_open=False)
    (ready,) = cell.sent("ready")
    assert ready["dpr"] == 2


def shown_at(cell, x, y):
    """Color that people see at fractions of the canvas, scaled and all."""
    picture = Image.open(io.BytesIO(cell.canvas.screenshot())).convert("RGB")
    return picture.getpixel((int(x * picture.width), int(y * picture.height)))


@pytest.mark.parametrize("ratio", [1, 2])
def test_the_canvas_has_the_pictures_own_size_and_is_scaled_by_the_browser(open_cell, ratio):
    cell = open_cell(device_scale_factor=ratio)
    cell.mount(panel_open=False)
    box = cell.canvas.bounding_box()
    for seq, scale in enumerate((0.5, 0.25, ratio), 1):
        width, height = round(box["width"] * scale), round(box["height"] * scale)
        cell.frame(seq=seq, width=width, height=height, color="#00ff00")
        cell.wait(f"kernel.acks().length === {seq}")
        assert cell.canvas.evaluate("({ width, height }) => [width, height]") == [width, height]
        assert cell.canvas.bounding_box() == box
        assert cell.canvas.evaluate("canvas => canvas.style.objectFit") == "fill"
        for x, y in ((0.01, 0.01), (0.99, 0.01), (0.01, 0.99), (0.99, 0.99)):
            assert shown_at(cell, x, y)[1] > 240, "no seam"
    assert len(cell.sent("ready")) == 1
    assert cell.sent("resize") == []


def test_shows_and_acknowledges_frames(cell):
    cell.mount()
    cell.frame(seq=7, color="#00ff00")
    cell.wait("kernel.acks().length === 1")
    (ack,) = cell.acks()
    assert (ack["seq"], ack["shown"]) == (7, True)
    assert 0 < ack["decode_ms"] < 10_000
    red, green, blue, alpha = cell.page.evaluate("kernel.pixel()")
    assert green > 240
    assert max(red, blue) < 15
    assert alpha == 255
    assert re.search(r"320 . 200 px · 3 % sharp", cell.page.locator(".bw-footer").inner_text())


def test_a_view_is_live_from_its_first_picture_on(cell):
    cell.mount()
    cell.page.locator(".brayns-widget:not([data-live])").wait_for()
    cell.frame()
    cell.page.locator(".brayns-widget[data-live]").wait_for()


def test_a_burst_of_frames_ends_with_the_newest_and_every_one_is_acknowledged_once(cell):
    cell.mount()
    burst = [{"seq": seq, "color": "#0000ff" if seq == 12 else "#ff0000"} for seq in range(1, 13)]
    cell.page.evaluate("(burst) => kernel.frames(burst)", burst)
    cell.wait("kernel.acks().length >= 12")
    acks = cell.acks()
    assert sorted(ack["seq"] for ack in acks) == list(range(1, 13))
    shown = [ack["seq"] for ack in acks if ack["shown"]]
    assert shown[-1] == 12
    assert len(shown) < 12, "frames that came while one was decoded must be dropped"
    assert cell.page.evaluate("kernel.pixel()")[2] > 240


def test_a_broken_frame_is_told_and_the_next_one_is_shown(open_cell, page_problems):
    cell = open_cell()
    cell.mount()
    cell.page.evaluate("kernel.frame({ seq: 1 }, '', [new DataView(new ArrayBuffer(64))])")
    cell.page.get_by_text("cannot decode").wait_for()
    assert cell.acks()[0]["shown"] is False
    cell.frame(seq=2, color="#00ff00")
    cell.wait("kernel.acks().length === 2")
    assert cell.page.evaluate("kernel.pixel()")[1] > 240
    assert "could not be decoded" in page_problems.pop()


def test_a_picture_of_another_shape_keeps_its_proportions(cell):
    cell.mount(panel_open=False)
    cell.frame(width=100, height=400, color="#ff0000")
    cell.wait("kernel.acks().length === 1")
    assert shown_at(cell, 0.5, 0.02)[0] > 240, "it fits by its height, as the field of view is vertical"
    assert shown_at(cell, 0.1, 0.5)[0] < 100, "nothing is drawn beside a narrow picture"
    cell.frame(seq=2, width=1600, height=200, color="#00ff00")
    cell.wait("kernel.acks().length === 2")
    assert shown_at(cell, 0.01, 0.02)[1] > 240, "of a wide one the middle is seen"
    assert cell.canvas.evaluate("canvas => canvas.style.objectFit") == "cover"


def test_a_new_size_is_told_once_and_the_picture_stays(cell):
    cell.mount(panel_open=False)
    cell.frame(color="#ff0000")
    cell.wait("kernel.acks().length === 1")
    for width in (850, 800, 750, 700):
        cell.page.evaluate("(width) => { document.getElementById('cell').style.width = `${width}px`; }", width)
    cell.wait("kernel.sent('resize').length > 0")
    box = cell.canvas.bounding_box()
    resizes = cell.sent("resize")
    assert (resizes[-1]["width"], resizes[-1]["height"]) == (round(box["width"]), round(box["height"]))
    assert len(resizes) == 1, "intermediate sizes are not worth a picture"
    assert cell.page.evaluate("kernel.pixel()")[0] > 240


def test_scrolling_away_and_back_is_told(cell):
    cell.mount()
    cell.wait("kernel.sent('visible').length > 0")
    cell.page.evaluate("scrollTo(0, 2000)")
    cell.wait("kernel.sent('visible').at(-1).visible === false")
    cell.page.evaluate("scrollTo(0, 0)")
    cell.wait("kernel.sent('visible').at(-1).visible === true")


def test_a_view_without_room_waits_and_comes_to_life_when_it_is_shown(cell):
    cell.page.evaluate("document.getElementById('cell').style.display = 'none'; kernel.mount();")
    cell.page.evaluate("new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)))")
    assert cell.sent("ready") == []
    cell.page.evaluate("document.getElementById('cell').style.display = ''")
    cell.wait("kernel.sent('ready').length === 1")
    assert cell.sent("ready")[0]["width"] > 300


def test_two_views_of_a_model_have_their_own_frames(cell):
    cell.mount()
    cell.page.evaluate("kernel.mount({}, 'second', kernel.model)")
    cell.wait("kernel.sent('ready').length === 2")
    first, second = (ready["view"] for ready in cell.sent("ready"))
    assert first != second
    cell.page.evaluate("(view) => kernel.frame({ view, seq: 1 }, '#00ff00')", second)
    cell.wait("kernel.acks().length === 1")
    assert cell.sent("ack")[0]["view"] == second
    assert cell.page.evaluate("kernel.pixel()")[3] == 0, "the first view shows nothing yet"
    # What is done in one of them shows in the other, and the end of one leaves the other alone.
    cell.page.locator("button[aria-label=Panel]").first.click()
    assert cell.page.locator(".bw-panel:visible").count() == 0
    cell.page.evaluate("kernel.dispose(0)")
    assert [gone["view"] for gone in cell.sent("gone")] == [first]
    cell.page.evaluate("(view) => kernel.frame({ view, seq: 2 }, '#0000ff')", second)
    cell.wait("kernel.acks().length === 2")
    assert cell.page.evaluate("kernel.pixel()")[2] > 240


@pytest.mark.parametrize("how", ["cleanup", "signal"])
def test_nothing_is_left_of_a_closed_view(cell, how):
    count_listeners = page_listeners(cell)
    before = count_listeners()
    cell.mount(status={"state": "starting", "text": "Starting"})
    cell.frame()
    cell.wait("kernel.acks().length === 1")
    box = cell.canvas.bounding_box()
    cell.page.mouse.move(box["x"] + 100, box["y"] + 100)
    cell.page.mouse.down()
    cell.page.mouse.move(box["x"] + 150, box["y"] + 120)
    assert count_listeners() > before
    cell.page.evaluate("window.ghost = new WeakRef(document.querySelector('canvas'))")
    cell.page.evaluate("(how) => kernel.dispose(0, how)", how)
    assert cell.page.evaluate("document.getElementById('cell').childElementCount") == 0
    assert cell.page.evaluate("kernel.model.listeners.length") == 0
    assert count_listeners() == before
    (gone,) = cell.sent("gone")
    assert gone["view"] == cell.sent("ready")[0]["view"]
    count = cell.page.evaluate("kernel.model.sent.length")
    cell.page.mouse.up()
    cell.page.evaluate("document.getElementById('cell').style.width = '500px'; scrollTo(0, 500)")
    cell.page.evaluate("new Promise((resolve) => setTimeout(resolve, 1300))")
    assert cell.page.evaluate("kernel.model.sent.length") == count, "a closed view says nothing"
    # Whatever still held on to the view (a timer, an observer, a media query) would keep its canvas alive.
    tools = cell.page.context.new_cdp_session(cell.page)
    tools.send("HeapProfiler.collectGarbage")
    assert cell.page.evaluate("window.ghost.deref() === undefined")


def page_listeners(cell):
    """Counts the listeners on the page's window and document."""
    tools = cell.page.context.new_cdp_session(cell.page)

    def count():
        total = 0
        for target in ("window", "document"):
            found = tools.send("Runtime.evaluate", {"expression": target})
            listeners = tools.send("DOMDebugger.getEventListeners", {"objectId": found["result"]["objectId"]})
            total += len(listeners["listeners"])
        return total

    return count


def test_a_view_can_be_rendered_again(cell):
    cell.mount()
    cell.page.evaluate("kernel.dispose(0); kernel.mount({}, 'cell', kernel.model)")
    cell.wait("kernel.sent('ready').length === 2")
    first, second = (ready["view"] for ready in cell.sent("ready"))
    assert first != second
    cell.page.evaluate("(view) => kernel.frame({ view, seq: 1 }, '#00ff00')", second)
    cell.wait("kernel.acks().length === 1")


def test_a_silent_kernel_is_told(cell):
    cell.page.clock.install()
    cell.page.evaluate("kernel.mount(); kernel.model.mute = true;")
    cell.wait("kernel.sent('ready').length === 1")
    for _ in range(31):
        cell.page.clock.run_for(1000)
    assert len(cell.sent("ready")) == 30
    cell.page.get_by_role("status").get_by_text("The kernel does not answer.").wait_for()


def test_height_by_pointer_keys_and_trait(cell):
    cell.mount()
    handle = cell.page.get_by_role("separator", name="Height of the view")
    box = handle.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + 3
    cell.page.mouse.move(x, y)
    cell.page.mouse.down()
    cell.page.mouse.move(x, y + 60, steps=4)
    assert cell.page.evaluate("kernel.model.saved") == [], "the height is told when it is chosen"
    cell.page.mouse.up()
    assert cell.page.evaluate("kernel.model.saved") == [{"height": 480}]
    handle.focus()
    cell.page.keyboard.press("ArrowUp")
    assert cell.page.evaluate("kernel.model.saved.at(-1)") == {"height": 460}
    cell.trait("height", 300)
    assert cell.canvas.bounding_box()["height"] == pytest.approx(300, abs=1)
    assert handle.get_attribute("aria-valuenow") == "300"


def test_heights_stay_within_the_contracts_limits(cell):
    cell.mount(height=1990)
    handle = cell.page.get_by_role("separator", name="Height of the view")
    assert (handle.get_attribute("aria-valuemin"), handle.get_attribute("aria-valuemax")) == ("160", "2000")
    handle.focus()
    for _ in range(2):
        cell.page.keyboard.press("ArrowDown")
    assert cell.page.evaluate("kernel.model.saved") == [{"height": 2000}] * 2
    cell.trait("height", 170)
    for _ in range(2):
        cell.page.keyboard.press("ArrowUp")
    assert cell.page.evaluate("kernel.model.saved.slice(2)") == [{"height": 160}] * 2
