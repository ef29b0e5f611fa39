"""Where views are put: rows, grids, narrow and low places, many of them at once; and pages with forced colors."""

from __future__ import annotations

import pytest

from tests.front_end.test_looks import LEGEND, MODELS, check_fits, fill

pytestmark = pytest.mark.browser

PLACES = {
    "row": "display: flex",
    "column": "display: flex; flex-direction: column",
    "grid": "display: grid; grid-template-columns: auto auto",
    "fractions": "display: grid; grid-template-columns: 1fr 1fr",
    "block": "",
}


def place(cell, style, views=2):
    """Mount views side by side in a place of 900 px with this style."""
    cell.page.evaluate(
        """([style, views]) => {
            const place = document.getElementById("cell");
            place.style.cssText = `width: 900px; ${style}`;
            for (let index = 0; index < views; index++) {
                const one = document.createElement("div");
                one.id = `view-${index}`;
                place.append(one);
                kernel.mount({ height: 200 }, one.id, index ? kernel.model : null);
            }
        }""",
        [style, views],
    )
    cell.wait(f"kernel.sent('ready').length === {views}")


def widths(cell):
    return cell.page.evaluate("[...document.querySelectorAll('.brayns-widget')].map((e) => Math.round(e.offsetWidth))")


@pytest.mark.parametrize("style", PLACES.values(), ids=PLACES)
def test_views_share_the_width_of_their_place(cell, style):
    place(cell, style)
    each = 450 if "grid" in style or style == "display: flex" else 900
    assert widths(cell) == [each, each]
    assert cell.page.evaluate("document.getElementById('cell').scrollWidth") == 900


def test_a_view_leaves_room_for_what_stands_beside_it(cell):
    cell.page.evaluate(
        """() => {
            const place = document.getElementById("cell");
            place.style.display = "flex";
            place.innerHTML = '<button style="width: 148px">beside</button><div id="one"></div>';
            kernel.mount({}, "one");
        }"""
    )
    cell.wait("kernel.sent('ready').length === 1")
    assert cell.page.evaluate("document.querySelector('#cell button').offsetWidth") >= 147
    assert widths(cell)[0] == pytest.approx(752, abs=1)


def test_a_view_that_was_hidden_in_a_row_gets_its_width_when_it_is_shown(cell):
    cell.page.evaluate("document.getElementById('cell').style.display = 'flex'")
    cell.page.evaluate(
        """() => {
            document.getElementById("cell").innerHTML = '<div id="one" style="display: none"></div><b>beside</b>';
            kernel.mount({}, "one");
        }"""
    )
    cell.page.evaluate("document.getElementById('one').style.display = ''")
    cell.wait("kernel.sent('ready').length === 1")
    assert cell.sent("ready")[0]["width"] > 300


@pytest.mark.parametrize("width", [320, 480, 620])
def test_in_a_narrow_place_the_panel_lies_below_the_picture(open_cell, width):
    cell = open_cell(viewport={"width": width + 40, "height": 900})
    cell.page.evaluate("(width) => { document.getElementById('cell').style.width = `${width}px`; }", width)
    fill(cell)
    cell.screenshot(f"layout-{width}")
    picture, panel = cell.canvas.bounding_box(), cell.panel.bounding_box()
    assert picture["width"] == pytest.approx(width - 2, abs=1)
    assert picture["height"] == 420
    assert panel["y"] >= picture["y"] + picture["height"]
    check_fits(cell)
    status = cell.page.get_by_role("status").bounding_box()
    assert status["width"] > 60


@pytest.mark.parametrize("width", [202, 700])
def test_a_message_can_be_read_beside_or_above_its_buttons(open_cell, width):
    cell = open_cell(viewport={"width": 800, "height": 900})
    cell.page.evaluate("(width) => { document.getElementById('cell').style.width = `${width}px`; }", width)
    text = "The job has ended: the renderer was killed by the system, perhaps because memory ran out."
    notice = {"level": "error", "text": text, "hint": "job.restore() starts a new job with the same scene."}
    cell.mount(height=480, panel_open=False, status={"state": "failed", "text": text}, notice=notice)
    box, words = cell.page.locator(".bw-notice"), cell.page.locator(".bw-words")
    button = cell.page.get_by_role("button", name="Start again")
    button.wait_for()
    cell.screenshot(f"layout-notice-{width}")
    assert words.bounding_box()["width"] >= 150
    # All of it can be scrolled to: nothing is above the top of the box.
    assert words.bounding_box()["y"] >= box.bounding_box()["y"]
    below = button.bounding_box()["y"] >= words.bounding_box()["y"] + words.bounding_box()["height"]
    assert below == (width == 202)


def test_at_twice_the_size_everything_can_be_reached(open_cell):
    # A zoom of 200 % is half the page at twice the pixels.
    cell = open_cell(viewport={"width": 480, "height": 360}, device_scale_factor=2)
    cell.page.evaluate("document.getElementById('cell').style.width = '448px'")
    fill(cell)
    cell.screenshot("layout-zoomed")
    check_fits(cell)
    assert cell.page.evaluate("document.documentElement.scrollWidth") <= 640  # of the second place, not of the view
    assert cell.canvas.bounding_box()["width"] > 400


@pytest.mark.parametrize("height", [160, 240])
def test_the_legend_is_whole_at_low_heights(cell, height):
    cell.mount(height=height, panel_open=False, models=MODELS, legend=LEGEND)
    cell.frame()
    cell.wait("kernel.acks().length === 1")
    cell.screenshot(f"layout-legend-{height}")
    legend = cell.page.locator(".bw-legend").bounding_box()
    stage = cell.page.locator(".bw-stage").bounding_box()
    assert legend["y"] >= stage["y"] + 7
    assert legend["y"] + legend["height"] <= stage["y"] + stage["height"] - 7
    assert legend["height"] >= 100, "some entries can be read without scrolling"


@pytest.mark.parametrize("place", ["upper right", "lower right"])
@pytest.mark.parametrize("height", [160, 240, 300])
def test_the_legend_covers_no_tool(cell, height, place):
    cell.mount(height=height, panel_open=False, models=MODELS, legend=LEGEND, legend_place=place)
    cell.frame()
    cell.wait("kernel.acks().length === 1")
    covered = cell.page.evaluate(
        """() => [...document.querySelectorAll(".bw-tools button")].filter((button) => {
            const { x, y, width, height } = button.getBoundingClientRect();
            return !button.contains(document.elementFromPoint(x + width / 2, y + height / 2));
        }).map((button) => button.ariaLabel)"""
    )
    assert covered == []


def test_status_and_handle_can_be_seen_with_forced_colors(open_cell):
    cell = open_cell(forced_colors="active")
    fill(cell)
    cell.screenshot("layout-forced-colors")
    drawn = cell.page.evaluate(
        """['.bw-status', '.bw-handle'].map((name) => {
            const { borderTopWidth, borderTopColor } = getComputedStyle(document.querySelector(name), '::before');
            const page = getComputedStyle(document.querySelector(name)).backgroundColor;
            return parseFloat(borderTopWidth) >= 2 && borderTopColor !== page;
        })"""
    )
    assert drawn == [True, True]


def test_of_thirty_views_those_that_can_be_seen_ask_for_pictures(cell):
    place(cell, "", views=30)
    cell.wait("kernel.sent('visible').filter(({ visible }) => !visible).length >= 25")
    shown = cell.page.evaluate(
        """() => {
            const last = new Map(kernel.sent("visible").map(({ view, visible }) => [view, visible]));
            return [...last.values()].filter(Boolean).length;
        }"""
    )
    on_page = cell.page.evaluate(
        "[...document.querySelectorAll('.bw-canvas')].filter((c) => c.getBoundingClientRect().top < innerHeight).length"
    )
    assert 0 < shown <= on_page < 6
    pings = cell.page.evaluate("new Set(kernel.sent('ping').map(({ view }) => view)).size")
    assert pings <= on_page
    frames = cell.page.evaluate(
        """async () => {
            const start = performance.now();
            for (let count = 0; count < 30; count++) {
                await new Promise((resolve) => requestAnimationFrame(resolve));
            }
            return performance.now() - start;
        }"""
    )
    assert frames < 3000, "the page stays responsive"


def width_of(cell):
    return cell.page.locator(".bw-panel").bounding_box()["width"]


def test_the_panels_width_is_set_by_pointer_and_keys_and_kept(open_cell):
    cell = open_cell()
    cell.mount(models=MODELS)
    edge = cell.page.get_by_role("separator", name="Width of the panel")
    assert width_of(cell) == pytest.approx(288, abs=1)
    box = edge.bounding_box()
    x, y = box["x"], box["y"] + 100
    cell.page.mouse.move(x, y)
    cell.page.mouse.down()
    cell.page.mouse.move(x - 100, y, steps=3)
    cell.page.mouse.up()
    assert width_of(cell) == pytest.approx(388, abs=2)
    edge.focus()
    for key in ("ArrowLeft", "ArrowRight", "ArrowRight"):
        edge.press(key)
    assert edge.get_attribute("aria-valuenow") == str(round(width_of(cell)))
    assert width_of(cell) == pytest.approx(368, abs=2)
    cell.screenshot("layout-wide-panel")
    for _ in range(40):
        edge.press("ArrowLeft")
    body = cell.page.locator(".bw-body").bounding_box()["width"]
    assert width_of(cell) <= 0.7 * body + 1, "the picture is not covered"
    for _ in range(40):
        edge.press("ArrowRight")
    assert width_of(cell) == pytest.approx(240, abs=1)
    cell.page.reload()
    cell.mount(models=MODELS)
    assert width_of(cell) == pytest.approx(240, abs=1)
    cell.trait("panel_open", False)
    edge.wait_for(state="detached")


def test_below_the_picture_the_panel_has_its_width_and_no_edge(open_cell):
    cell = open_cell()
    cell.page.evaluate("document.getElementById('cell').style.width = '320px'")
    cell.mount(models=MODELS)
    cell.wait("document.querySelector('.brayns-widget').clientWidth <= 320")
    assert width_of(cell) == pytest.approx(318, abs=3)
    assert not cell.page.locator(".bw-edge").is_visible()


def test_axes_and_scale_bar_cover_no_legend_when_the_view_becomes_narrow(open_cell):
    cell = open_cell()
    cell.mount(models=MODELS, legend=LEGEND, panel_open=False)
    cell.frame()
    cell.page.locator(".bw-gizmo").wait_for()
    cell.page.evaluate("document.getElementById('cell').style.width = '320px'")
    cell.page.locator(".bw-gizmo").wait_for(state="detached")
    boxes = [cell.page.locator(name).bounding_box() for name in (".bw-legend", ".bw-scale-bar")]
    legend, bar = boxes
    assert bar["y"] + bar["height"] <= legend["y"], "the bar is above the legend"
