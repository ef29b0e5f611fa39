"""Synapses between cells, counted and shown, and the walk from partner to partner."""

from __future__ import annotations

import re

import pytest

from tests.front_end.panels import CIRCUIT, MODEL
from tests.front_end.test_card import PICKED

pytestmark = pytest.mark.browser

PATH = CIRCUIT["path"]
SHOWN = [MODEL | {"population": "cortex", "path": PATH}]
CELL = PICKED | {"population": "cortex", "cell": 7}
FOUND = [
    {"name": "cortex_to_cortex", "count": 250_000, "attributes": ["conductance", "delay"]},
    {"name": "thalamus_to_cortex", "count": 1200, "attributes": ["syn_weight"]},
]
PARTNERS = {
    "count": 1500,
    "synapses": 9000,
    "partners": [
        {"population": "cortex", "cell": 31, "afferent": 12, "efferent": 3},
        {"population": "thalamus", "cell": 4, "afferent": 9, "efferent": 0},
        *({"population": "cortex", "cell": cell, "afferent": 0, "efferent": 2} for cell in range(40, 60)),
    ],
}


def open_synapses(cell):
    cell.page.locator("summary").filter(has_text=re.compile("^Synapses$")).click()
    cell.page.get_by_label("From", exact=True).wait_for()


@pytest.fixture
def view(cell):
    """A view with a circuit, a selection and a card, and the section open."""
    cell.mount(models=SHOWN, selection={"cortex": "3-5"}, pins=[CELL])
    cell.answer("files.inspect", {"result": CIRCUIT})
    cell.answer("connections.count_synapses", {"result": FOUND})
    cell.answer("connections.list_partners", {"result": PARTNERS})
    open_synapses(cell)
    return cell


def choose(view, label, value):
    view.panel.get_by_label(label, exact=True).select_option(value)


def show(view):
    view.panel.get_by_role("button", name="Show synapses").click()
    view.wait("kernel.calls('connections.show_synapses').length === 1")
    return view.calls("connections.show_synapses")[0]


def test_they_are_counted_before_they_are_shown(view):
    view.page.get_by_text("251,200 synapses, of which 100,000 are shown, at even steps.").wait_for()
    assert view.calls("connections.count_synapses") == [{"source": {"cortex": "3-5"}, "target": None, "path": PATH}]
    assert show(view) == {
        "source": {"cortex": "3-5"},
        "target": None,
        "path": PATH,
        "populations": None,
        "form": "spheres",
        "color_by": "direction",
        "limit": 100_000,
    }


def test_population_form_color_and_limit(view):
    choose(view, "Edges", "thalamus_to_cortex")
    view.page.get_by_text("1,200 synapses, all of which are shown.").wait_for()
    choose(view, "Show as", "lines")
    choose(view, "Color by", "syn_weight")
    assert view.panel.get_by_label("Color by").locator("option", has_text="conductance").count() == 0
    limit = view.panel.get_by_label("At most")
    limit.fill("0")
    limit.press("Enter")
    view.panel.get_by_text("Enter 1 or more.").wait_for()
    limit.fill("500")
    limit.press("Enter")
    view.page.get_by_text("At most 500 pairs of cells are joined by lines.").wait_for()
    asked = show(view)
    assert (asked["populations"], asked["form"]) == (["thalamus_to_cortex"], "lines")
    assert (asked["color_by"], asked["limit"]) == ("syn_weight", 500)


@pytest.mark.parametrize(
    ("kind", "more", "expected"),
    [
        ("picked", None, {"cortex": [7]}),
        ("set", ("Node set, to", "Layer1"), {"cortex": "Layer1"}),
        ("ids", ("Ids, to", "0-79, 90"), {"cortex": "0-79,90"}),
    ],
)
def test_cells_at_an_end(view, kind, more, expected):
    choose(view, "From", "any")
    choose(view, "To", kind)
    if more:
        label, value = more
        field = view.panel.get_by_label(label)
        (field.select_option if kind == "set" else field.fill)(value)
    view.page.get_by_text("251,200 synapses").wait_for()
    view.wait("kernel.calls('connections.count_synapses').length > 0")
    asked = show(view)
    assert (asked["source"], asked["target"]) == (None, expected)


def test_what_is_missing_is_said_and_nothing_is_asked(cell):
    cell.mount(models=SHOWN)
    open_synapses(cell)
    cell.page.get_by_text("Nothing is selected. Click a cell.").wait_for()
    assert cell.panel.get_by_role("button", name="Show synapses").is_disabled()
    choose(cell, "From", "picked")
    cell.page.get_by_text("No cell is picked.").wait_for()
    assert cell.calls("connections.count_synapses") == []


def test_no_synapses_cannot_be_shown(view):
    view.answer("connections.count_synapses", {"result": []})
    choose(view, "From", "any")
    view.page.get_by_text("No synapses join these cells.").wait_for()
    assert view.panel.get_by_role("button", name="Show synapses").is_disabled()


def test_a_backend_that_cannot_tell_says_so(view):
    error = {"type": "CircuitError", "message": "No backend that can tell.", "hint": "Load all."}
    view.answer("connections.count_synapses", {"error": error})
    choose(view, "From", "any")
    view.panel.get_by_text("No backend that can tell.").wait_for()


def test_without_a_circuit_the_section_says_what_to_do(cell):
    cell.mount()
    cell.page.locator("summary").filter(has_text=re.compile("^Synapses$")).click()
    cell.page.get_by_text("Load a circuit, and its synapses can be found here.").wait_for()


def test_the_walk_goes_from_partner_to_partner_and_back(view):
    view.answer("selection.bounds", {"result": [[0, 0, 0], [1, 1, 1]]})
    view.panel.get_by_role("button", name="Of the picked cell").click()
    partners = view.panel.get_by_role("listbox", name="Partners of cell 7")
    partners.wait_for()
    view.page.get_by_text("Cell 7: 1,500 partners, 9,000 synapses. The 22 with most synapses are listed.").wait_for()
    assert view.calls("connections.list_partners")[0] == {
        "cell": {"cortex": [7]},
        "direction": "both",
        "isolate": True,
    }
    assert partners.get_by_role("option").first.inner_text().split() == [
        "cortex",
        "·",
        "31",
        "12",
        "from",
        "it,",
        "3",
        "to",
        "it",
    ]
    partners.focus()
    view.page.keyboard.press("ArrowDown")
    view.page.keyboard.press("Enter")
    view.panel.get_by_role("listbox", name="Partners of cell 4").wait_for()
    assert view.calls("selection.set") == [{"ids": {"thalamus": [4]}}]
    view.panel.get_by_role("button", name="Back", exact=True).click()
    view.panel.get_by_role("listbox", name="Partners of cell 7").wait_for()
    assert view.calls("selection.set")[1] == {"ids": {"cortex": [7]}}
    assert view.panel.get_by_role("button", name="Back", exact=True).is_disabled()


def test_another_direction_asks_again(view):
    view.panel.get_by_role("button", name="Of the picked cell").click()
    view.panel.get_by_role("listbox", name="Partners of cell 7").wait_for()
    view.panel.get_by_label("Let all other cells fade").click()
    choose(view, "Partners", "afferent")
    view.wait("kernel.calls('connections.list_partners').length === 2")
    assert view.calls("connections.list_partners")[1] == {
        "cell": {"cortex": [7]},
        "direction": "afferent",
        "isolate": False,
    }


def test_a_card_shows_the_partners_of_its_cell(view):
    error = {"type": "CircuitError", "message": "No model shows it.", "hint": ""}
    view.answer("connections.list_partners", [{"error": error}, {"result": PARTNERS}])
    card = view.page.get_by_role("article", name="cortex · 7")
    button = card.get_by_role("button", name="Partners of cell 7")
    button.click()
    card.get_by_text("No model shows it.").wait_for()
    view.panel.locator("summary").filter(has_text="Synapses").click()
    view.panel.get_by_role("group", name="Partners of a cell").wait_for(state="detached")
    button.click()  # which unfolds the section
    view.panel.get_by_role("listbox", name="Partners of cell 7").wait_for()
    assert view.calls("connections.list_partners")[1]["cell"] == {"cortex": [7]}
