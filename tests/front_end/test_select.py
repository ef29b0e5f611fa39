"""What is selected in the picture: the highlight, rectangles and lassos, keys, and the section of the panel."""

from __future__ import annotations

import json
import math
import statistics
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.front_end.panels import job
from tests.front_end.test_card import PICKED, cards, click
from tests.front_end.test_hover import MESH, MODEL, at, point, tip
from tests.front_end.test_looks import check_fits

pytestmark = pytest.mark.browser

# Three cells from left to right, and a mesh below them.
CELLS = [{"model": 4, "cell": cell, "section": 0, "type": 0} for cell in (3, 4, 9)]
SHOWN = [cell | {"box": [40 + 80 * place, 40, 80 + 80 * place, 80]} for place, cell in enumerate(CELLS)]
SHOWN.append({"model": 5, "box": [40, 120, 280, 160]})
# In pixels of the picture.
INSIDE, EDGE, AROUND, BESIDE = (60, 60), (40, 60), (38, 60), (37, 60)
FIRST_TWO = {"S1_neurons": "3-4"}

CLASSES = """(points) => {
  const canvas = document.querySelector(".bw-highlight");
  if (canvas.hidden) return null;
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  return points.map(([x, y]) => [...data.slice(4 * (y * canvas.width + x), 4 * (y * canvas.width + x) + 4)]);
}"""


@pytest.fixture
def view(cell):
    """A picture at rest, of which the page knows what it shows."""
    return shown(cell)


def shown(cell, **traits):
    cell.mount(**{"panel_open": False, "models": [MODEL, MESH]} | traits)
    cell.frame()
    cell.wait("kernel.acks().length === 1")
    cell.ids(1, *SHOWN)
    at(cell, 140, 60)
    tip(cell).wait_for()
    return cell


def highlight(cell, *points):
    """Colors of the highlight at pixels of the picture, or None if there is none."""
    return cell.page.evaluate(CLASSES, list(points))


def drag(cell, *points, steps=4, up=True):
    cell.page.mouse.move(*point(cell, *points[0]))
    cell.page.mouse.down()
    for one in points[1:]:
        cell.page.mouse.move(*point(cell, *one), steps=steps)
    if up:
        cell.page.mouse.up()


def moved(cell, before=0):
    """The camera after a gesture, of which more cameras were sent than before it."""
    cell.wait(f"kernel.sent('camera').length > {before} && kernel.sent('camera').at(-1).moving === false")
    return cell.sent("camera")[-1]["camera"]


def choose(cell, name):
    cell.page.get_by_role("button", name=name, exact=True).click()


RECTANGLE, LASSO = "Select in a rectangle", "Select in a lasso"


# ---------------------------------------------------------------------- the highlight


def test_selected_cells_stand_out_at_once_and_ask_nobody(view):
    assert highlight(view) is None
    said = view.page.evaluate("kernel.model.sent.length")
    view.trait("selection", {"S1_neurons": "3"})
    inside, edge, around, beside, other = highlight(view, INSIDE, EDGE, AROUND, BESIDE, (140, 60))
    assert 0 < inside[3] < 128, "a tint"
    assert edge[3] == 255
    assert sum(edge[:3]) > 400, "a bright edge"
    assert around[3] > 128
    assert max(around[:3]) == 0, "a dark one around it"
    assert beside[3] == other[3] == 0
    view.trait("selection", {"S1_neurons": "4", "other": "3"})
    assert [color[3] > 0 for color in highlight(view, INSIDE, (140, 60))] == [False, True]
    view.trait("selection", {})
    assert highlight(view) is None
    assert view.page.evaluate("kernel.model.sent.length") == said


def test_it_lies_on_its_pixels_of_the_picture(view):
    view.trait("selection", {"S1_neurons": "3"})
    layer, canvas = (view.page.locator(name) for name in (".bw-highlight", ".bw-canvas"))
    assert layer.bounding_box() == canvas.bounding_box()
    style = "element => getComputedStyle(element).objectFit"
    assert layer.evaluate(style) == canvas.evaluate(style) == "contain"
    view.page.set_viewport_size({"width": 400, "height": 720})
    view.page.evaluate("document.getElementById('cell').style.width = '300px'")
    view.wait("getComputedStyle(document.querySelector('.bw-highlight')).objectFit === 'cover'")
    assert layer.bounding_box() == canvas.bounding_box()
    assert canvas.evaluate(style) == "cover"


def test_it_goes_with_its_picture_in_the_same_moment(view):
    view.trait("selection", {"S1_neurons": "3"})
    stale = view.page.evaluate(
        """async () => {
          const states = [];
          const canvas = document.querySelector(".bw-canvas");
          const layer = document.querySelector(".bw-highlight");
          canvas.addEventListener("bw-shown", () => states.push(layer.hidden));
          await kernel.frame({ seq: 2 });
          while (states.length === 0) await new Promise(requestAnimationFrame);
          return states;
        }"""
    )
    assert stale == [True]
    view.trait("selection", FIRST_TWO)
    assert highlight(view) is None, "nobody knows yet what the new picture shows"
    view.ids(2, SHOWN[1] | {"box": [0, 0, 20, 20]})
    view.wait("!document.querySelector('.bw-highlight').hidden")
    assert [color[3] > 0 for color in highlight(view, INSIDE, (10, 10))] == [False, True]


def test_it_can_be_switched_off(view):
    view.trait("selection", {"S1_neurons": "3"})
    view.trait("highlight", False)
    assert highlight(view) is None
    view.trait("panel_open", True)
    box = view.page.get_by_role("checkbox", name="Highlight them in the picture")
    assert not box.is_checked()
    box.check()
    assert view.page.evaluate("kernel.model.saved.at(-1)") == {"highlight": True}
    assert highlight(view) is not None


@pytest.mark.measures
@pytest.mark.parametrize("text", ["0-9999", ",".join(map(str, range(0, 10_000, 2)))], ids=["all", "every second"])
def test_ten_thousand_cells_of_a_large_picture_are_selected_within_a_tenth_of_a_second(cell, text):
    cell.mount(panel_open=False, models=[MODEL])
    cell.frame(width=1280, height=960)
    cell.wait("kernel.acks().length === 1")
    times = cell.page.evaluate(
        """async (text) => {
          // 10,000 cells in a picture that is full of them.
          const [width, height, count] = [1280, 960, 10_000];
          const numbers = Uint32Array.from({ length: width * height }, (_, pixel) => {
            const [row, column] = [Math.floor(pixel / width), pixel % width];
            return Math.floor(row / 9.6) * 100 + Math.floor(column / 12.8) + 1;
          });
          const parts = [
            numbers, Float64Array.from({ length: count }, (_, cell) => cell), new Int32Array(count).fill(4),
            new Int32Array(count), new Uint8Array(count),
          ];
          const packed = new Blob(parts).stream().pipeThrough(new CompressionStream("deflate"));
          const data = new DataView(await new Response(packed).arrayBuffer());
          const head = { seq: 1, width, height, count, section_types: ["soma"] };
          kernel.model.deliver({ kind: "ids", view: kernel.view(), ...head }, [data]);
          const layer = document.querySelector(".bw-highlight");
          const select = async (text) => {
            kernel.model.trait("selection", {});
            await new Promise(requestAnimationFrame);
            const start = performance.now();
            kernel.model.trait("selection", { S1_neurons: text });
            layer.getContext("2d").getImageData(0, 0, 1, 1); // so that it has been drawn
            return performance.now() - start;
          };
          while (layer.hidden) await select(text); // until the ids are unpacked
          const times = [];
          while (times.length < 5) times.push(await select(text));
          return times;
        }""",
        text,
    )
    print(json.dumps({"ms": [round(time, 1) for time in times]}))
    assert statistics.median(times) <= 100


# ---------------------------------------------------------------------- strokes


def test_a_rectangle_selects_the_cells_that_are_seen_in_it(view):
    choose(view, RECTANGLE)
    drag(view, (70, 70), (130, 150))
    view.wait("kernel.calls('selection.set').length === 1")
    assert view.calls("selection.set") == [{"ids": FIRST_TWO}]
    drag(view, (300, 20), (70, 70))  # to the left and down
    view.wait("kernel.calls('selection.set').length === 2")
    assert view.calls("selection.set")[1] == {"ids": {"S1_neurons": "3-4,9"}}
    assert view.sent("camera") == []
    view.page.get_by_text("3 cells within.").wait_for()


def test_a_rectangle_on_nothing_selects_nothing(view):
    choose(view, RECTANGLE)
    drag(view, (100, 100), (200, 170))
    view.wait("kernel.calls('selection.set').length === 1")
    assert view.calls("selection.set") == [{"ids": {}}]
    view.page.keyboard.down("Control")
    drag(view, (100, 100), (200, 170))
    view.page.keyboard.up("Control")
    view.page.get_by_text("No cells within.").wait_for()
    assert view.calls("selection.add") == []


def test_a_lasso_goes_around_what_it_leaves_out(view):
    choose(view, LASSO)
    # From the first to the third cell, below the second one.
    drag(view, (60, 60), (60, 100), (220, 100), (220, 60), (230, 60), (230, 110), (50, 110), (50, 60))
    view.wait("kernel.calls('selection.set').length === 1")
    assert view.calls("selection.set") == [{"ids": {"S1_neurons": "3,9"}}]


@pytest.mark.parametrize(("key", "call"), [("Control", "add"), ("Meta", "add"), ("Alt", "remove")])
def test_keys_that_are_held_add_and_remove(view, key, call):
    choose(view, RECTANGLE)
    view.page.keyboard.down(key)
    drag(view, (70, 70), (130, 150), up=False)
    mark = view.page.locator(".bw-stroke text")
    assert mark.text_content() == ("+" if call == "add" else "\N{MINUS SIGN}")
    view.page.keyboard.up(key)
    view.page.mouse.up()
    view.wait(f"kernel.calls('selection.{call}').length === 1")
    assert view.calls(f"selection.{call}") == [{"ids": FIRST_TWO}]
    assert view.calls("selection.set") == view.sent("camera") == []


def test_shift_the_right_button_and_the_wheel_still_move_the_camera(view):
    choose(view, LASSO)
    view.page.keyboard.down("Shift")
    drag(view, (70, 70), (130, 150))
    view.page.keyboard.up("Shift")
    shifted = moved(view)
    assert shifted["target"] != [0, 0, 0]
    before = len(view.sent("camera"))
    view.page.mouse.down(button="right")
    view.page.mouse.move(*point(view, 100, 100), steps=3)
    view.page.mouse.up(button="right")
    pulled = moved(view, before)
    assert pulled["target"] != shifted["target"]
    before = len(view.sent("camera"))
    view.page.mouse.wheel(0, 100)
    distances = [math.dist(camera["position"], camera["target"]) for camera in (pulled, moved(view, before))]
    assert distances[1] == pytest.approx(distances[0] * math.exp(0.15), rel=1e-3)
    assert view.calls("selection.set") == []


def test_while_a_stroke_is_drawn_cards_and_tooltip_are_out_of_its_way(view):
    view.answer("selection.pick", {"result": PICKED})
    click(view, 60, 60)
    cards(view).wait_for()
    choose(view, RECTANGLE)
    drag(view, (100, 100), (101, 101), up=False)
    assert cards(view).is_visible()
    assert view.page.locator(".bw-stroke").count() == 0, "it may still be a click"
    view.page.mouse.move(*point(view, 5, 5), steps=4)
    assert view.page.locator(".bw-stroke").count() == 1
    assert cards(view).is_hidden()
    assert tip(view).count() == 0
    view.page.mouse.up()
    view.wait("kernel.calls('selection.set').length === 1")
    cards(view).wait_for(state="detached")
    assert view.page.locator(".bw-stroke").count() == 0


@pytest.mark.parametrize("tool", [RECTANGLE, LASSO])
def test_a_click_with_a_tool_picks_as_usual(view, tool):
    view.answer("selection.pick", {"result": PICKED})
    choose(view, tool)
    click(view, 60, 60)
    cards(view).wait_for()
    assert len(view.calls("selection.pick")) == 1
    assert view.calls("selection.set") == []


def test_with_the_first_tool_a_drag_orbits(view):
    assert view.page.get_by_role("button", name="Orbit").get_attribute("aria-pressed") == "true"
    drag(view, (70, 70), (130, 150))
    moved(view)
    choose(view, RECTANGLE)
    choose(view, "Orbit")
    before = len(view.sent("camera"))
    drag(view, (70, 70), (130, 150))
    moved(view, before)
    assert view.calls("selection.set") == []


def test_escape_ends_a_stroke_then_the_selection_then_the_tool(view):
    view.trait("selection", FIRST_TWO)
    choose(view, LASSO)
    drag(view, (70, 70), (130, 150), up=False)
    view.page.keyboard.press("Escape")
    assert view.page.locator(".bw-stroke").count() == 0
    view.page.mouse.move(*point(view, 200, 150), steps=3)
    assert view.page.locator(".bw-stroke").count() == 0
    view.page.mouse.up()
    assert view.calls("selection.set") == view.calls("selection.clear") == view.sent("camera") == []
    view.page.keyboard.press("Escape")
    view.wait("kernel.calls('selection.clear').length === 1")
    view.trait("selection", {})
    lasso = view.page.get_by_role("button", name=LASSO)
    assert lasso.get_attribute("aria-pressed") == "true"
    view.page.keyboard.press("Escape")
    assert lasso.get_attribute("aria-pressed") == "false"
    assert len(view.calls("selection.clear")) == 1


def test_a_stroke_over_a_picture_that_still_gets_better_waits_for_its_end(view):
    view.frame(seq=2)
    view.wait("kernel.acks().length === 2")
    choose(view, RECTANGLE)
    drag(view, (70, 70), (130, 150))
    assert view.page.locator(".bw-stroke").count() == 1
    view.frame(seq=3)
    view.wait("kernel.acks().length === 3")
    assert view.calls("selection.set") == []
    view.ids(3, *SHOWN)
    view.wait("kernel.calls('selection.set').length === 1")
    assert view.calls("selection.set") == [{"ids": FIRST_TWO}]


def test_a_stroke_that_waits_is_given_up_when_the_camera_moves(view):
    view.frame(seq=2)
    view.wait("kernel.acks().length === 2")
    choose(view, RECTANGLE)
    drag(view, (70, 70), (130, 150))
    view.page.keyboard.press("ArrowLeft")
    view.page.locator(".bw-stroke").wait_for(state="detached")
    view.ids(2, *SHOWN)
    at(view, 141, 60)
    tip(view).wait_for()
    assert view.calls("selection.set") == []


def test_fingers_draw_and_a_second_one_zooms(open_cell):
    cell = open_cell(has_touch=True)
    cell.mount(panel_open=False, models=[MODEL, MESH])
    cell.frame()
    cell.wait("kernel.acks().length === 1")
    cell.ids(1, *SHOWN)
    cell.page.get_by_role("button", name=RECTANGLE).tap()
    tools = cell.page.context.new_cdp_session(cell.page)

    def send(kind, *points):
        places = [dict(zip(("x", "y"), point(cell, *one), strict=True), id=index) for index, one in enumerate(points)]
        tools.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": places})

    send("touchStart", (70, 70))
    for x in (90, 110, 130):
        send("touchMove", (x, 2 * x - 70))
    send("touchEnd")
    cell.wait("kernel.calls('selection.set').length === 1")
    assert cell.calls("selection.set") == [{"ids": FIRST_TWO}]
    assert cell.sent("camera") == []
    send("touchStart", (70, 70))
    send("touchMove", (100, 100))
    assert cell.page.locator(".bw-stroke").count() == 1
    send("touchStart", (100, 100), (200, 100))
    assert cell.page.locator(".bw-stroke").count() == 0
    send("touchMove", (80, 100), (220, 100))
    send("touchEnd")
    assert moved(cell)["position"][2] < 800
    assert len(cell.calls("selection.set")) == 1


NO_IDS = "This renderer does not tell which cells a picture shows"


def test_without_ids_the_tools_are_disabled_and_say_why(cell):
    cell.mount(models=[MODEL], job=job(tells_ids=False))
    cell.frame()
    cell.wait("kernel.acks().length === 1")
    for name in (RECTANGLE, LASSO):
        button = cell.page.get_by_role("button", name=name)
        assert button.is_disabled()
        assert NO_IDS in button.get_attribute("title")
    assert cell.page.get_by_role("button", name="Orbit").is_enabled()
    assert NO_IDS in cell.panel.inner_text()
    cell.canvas.press("l")
    cell.page.locator(".bw-overlay").get_by_text(NO_IDS).wait_for()
    drag(cell, (70, 70), (130, 150))
    moved(cell)
    cell.trait("job", job())
    assert cell.page.get_by_role("button", name=LASSO).is_enabled()


# ---------------------------------------------------------------------- keys and the panel


def test_keys_choose_tools_and_do_something_with_the_selection(view):
    view.canvas.focus()
    for key, name in (("s", RECTANGLE), ("L", LASSO), ("o", "Orbit")):
        view.page.keyboard.press(key)
        assert view.page.get_by_role("button", name=name).get_attribute("aria-pressed") == "true"
        assert view.page.locator(".bw-tools [aria-pressed=true]").count() == 1
    view.answer("selection.bounds", {"result": [[0, 0, 0], [1, 1, 1]]})
    for key, call in (("f", "bounds"), ("i", "isolate"), ("H", "hide"), ("a", "show_all")):
        view.page.keyboard.press(key)
        view.wait(f"kernel.calls('selection.{call}').length === 1")
    error = {"type": "CircuitError", "message": "Nothing is selected.", "hint": "", "place": ""}
    view.answer("selection.hide", {"error": error})
    view.page.keyboard.press("h")
    view.page.locator(".bw-overlay").get_by_text("Nothing is selected.").wait_for()
    told = view.page.locator(".bw-keys dl").text_content()
    for word in ("S, Llet a drag select", "Olet a drag turn", "F, I, Hframe, isolate or hide", "Ashow all", "Escape"):
        assert word in told


@pytest.fixture
def section(cell):
    """The panel's section, with a selection."""
    cell.mount(models=[MODEL], selection={"S1_neurons": "0-1233,2000", "VPL": "7"})
    return cell.page.locator("details", has=cell.page.get_by_text("Select", exact=True))


def test_the_section_counts_cells_by_population(cell, section):
    assert section.locator(".bw-counts li").all_inner_texts() == ["S1_neurons\n1,235 cells", "VPL\n1 cell"]
    cell.trait("selection", {})
    section.get_by_text("Nothing is selected. Click a cell, or draw").wait_for()
    for name in ("Frame", "Isolate", "Hide", "Clear", "Make a model", "Save"):
        assert section.get_by_role("button", name=name, exact=True).is_disabled()
    assert section.get_by_role("button", name="Show all").is_disabled(), "nothing is hidden"
    cell.trait("models", [MODEL, MODEL | {"id": 9, "veiled": True}])
    expect(section.get_by_role("button", name="Show all")).to_be_enabled()  # hidden cells need not be selected


@pytest.mark.parametrize(
    ("name", "call"),
    [
        ("Frame", "bounds"),
        ("Isolate", "isolate"),
        ("Hide", "hide"),
        ("Show all", "show_all"),
        ("Clear", "clear"),
        ("Make a model", "to_model"),
    ],
)
def test_buttons_call_the_kernel(cell, section, name, call):
    cell.answer("selection.bounds", {"result": [[0, 0, 0], [20, 40, 60]]})
    cell.trait("models", [MODEL | {"veiled": True}])
    section.get_by_role("button", name=name, exact=True).click()
    cell.wait(f"kernel.calls('selection.{call}').length === 1")
    assert cell.calls(f"selection.{call}") == [{}]
    if name == "Frame":
        cell.wait("kernel.sent('camera').at(-1)?.moving === false")
        assert cell.sent("camera")[-1]["camera"]["target"] == [10, 20, 30]


def test_a_color_and_the_error_of_one(cell, section):
    error = {"type": "CircuitError", "message": "It was colored elsewhere.", "hint": "Color it.", "place": ""}
    cell.answer("selection.color", [{"error": error}, {"result": None}])
    color = section.get_by_label("Color")
    color.fill("#00ff00")
    section.get_by_role("alert").get_by_text("It was colored elsewhere.").wait_for()
    assert cell.calls("selection.color") == [{"color": "#00ff00"}]
    color.fill("#0000ff")
    cell.wait("kernel.calls('selection.color').length === 2")
    section.get_by_role("alert").wait_for(state="hidden")


def test_a_node_set_is_downloaded(cell, section):
    made = {"mine": {"population": "S1_neurons", "node_id": [0, 1]}}
    cell.answer("selection.to_node_set", {"result": made})
    save = section.get_by_role("button", name="Save")
    assert save.is_disabled(), "it needs a name"
    section.get_by_label("Save as").fill(" mine ")
    with cell.page.expect_download() as download:
        save.click()
    assert cell.calls("selection.to_node_set") == [{"name": "mine"}]
    assert download.value.suggested_filename == "mine.json"
    assert json.loads(Path(download.value.path()).read_text(encoding="utf-8")) == made


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [900, 320])
@pytest.mark.parametrize("picture", ["#ffffff", "#101418", "#e69f00"], ids=["white", "dark", "orange"])
def test_looks(open_cell, scheme, width, picture):
    cell = open_cell(color_scheme=scheme, viewport={"width": 960, "height": 900})
    cell.page.evaluate("(width) => { document.getElementById('cell').style.width = `${width}px`; }", width)
    cell.mount(models=[MODEL, MESH], selection=FIRST_TWO)
    cell.frame(color=picture)
    cell.wait("kernel.acks().length === 1")
    cell.ids(1, *SHOWN)
    cell.wait("!document.querySelector('.bw-highlight').hidden")
    choose(cell, LASSO)
    drag(cell, (120, 30), (240, 30), (200, 100), (130, 110), up=False)
    cell.page.get_by_label("Save as").evaluate("element => element.scrollIntoView({ block: 'nearest' })")
    cell.screenshot(f"select-{picture[1:]}-{scheme}-{width}")
    cell.page.mouse.up()
    check_fits(cell)
