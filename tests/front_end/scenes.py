"""All that a view can show, scene by scene: for axe, for narrow places, and as pictures for people to look at."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from tests.front_end import test_card, test_conditions, test_cuts, test_table
from tests.front_end.panels import FORMATS, choose_node_set, job, option
from tests.front_end.test_looks import LEGEND, LISTING, MODELS
from tests.front_end.test_synapses import FOUND, PARTNERS, open_synapses

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.front_end.conftest import Cell

NOTICES = ["Two cells have no morphology and are shown as spheres.", "The file names no units; µm are assumed."]
MASTER = "https://bss.example.org/api"
LONG = "Layer2 with a name that is longer than the list"
CIRCUIT = test_conditions.CIRCUIT | {"node_sets": ["Layer1", LONG, "None"]}
COUNTS = [
    {"name": "Layer1", "cells": 1500, "reason": ""},
    {"name": LONG, "cells": 31_346, "reason": ""},
    {"name": "None", "cells": 0, "reason": "no cells"},
]
JOBS = [
    {
        "id": f"8fd1c2{number}",
        "master": MASTER,
        "slave": None,
        "usecase": "SBO1",
        "project": "proj30",
        "state": state,
        "detail": "",
        "owner": "ada",
        "started": 1_796_000_000,
        "ends": 1_796_028_800,
        "is_present": number == 1,
    }
    for number, state in enumerate(("ready", "queued"), 1)
]
MAPS = [
    {"name": "viridis", "kind": "sequential", "stops": LEGEND["sections"][1]["stops"]},
    {"name": "Set2", "kind": "categories", "stops": ["#66c2a5"] * 8},
]
POPULATION = "hippocampus_neurons"
ROWS = test_table.ROWS | {"population": POPULATION}
LOCAL = job(node=None)
SHOWN = [MODELS[0] | {"population": "cortex", "path": CIRCUIT["path"]}]


def show(cell: Cell, *, height: int = 560, **traits: Any) -> None:
    """A view with models, a legend, a picture and files."""
    cell.mount(height=height, job=LOCAL, status={"state": "starting", "text": "Starting the renderer…"})
    for method, answer in {
        "files.list": LISTING,
        "files.inspect": CIRCUIT,
        "colors.maps": MAPS,
        "models.formats": FORMATS,
        "models.count_node_sets": COUNTS,
        "models.count_cells": {"population": "cortex", "cells": 1500, "size": 31_346, "remarks": []},
        "selection.pick": test_card.PICKED,
        "table.rows": ROWS,
        "connections.count_synapses": FOUND,
        "connections.list_partners": PARTNERS,
        "job.list": JOBS,
        "job.log": "\n".join(f"{second} renderer: loading morphologies" for second in range(30)),
    }.items():
        cell.answer(method, {"result": answer})
    sections = [section | {"attribute": "mtype", "unit": "", "selectable": True} for section in LEGEND["sections"]]
    models = [MODELS[0] | {"notices": NOTICES}, MODELS[1]]
    ready = {"state": "ready", "text": "Ready · local renderer"}
    for name, value in ({"status": ready, "models": models, "legend": {"sections": sections}} | traits).items():
        cell.trait(name, value)
    cell.frame(color="#24486a", accumulation=12)
    cell.wait("kernel.acks().length === 1")


def starting(cell: Cell) -> None:
    show(cell, status={"state": "queued", "text": "Waiting in the queue"}, models=[], legend=None)


def empty(cell: Cell) -> None:
    show(cell, models=[], legend=None)
    option(cell, "nodes.h5").wait_for()


def models(cell: Cell) -> None:
    show(cell, progress={"task": "7", "operation": "Loading morphologies", "amount": 0.42})
    cell.page.get_by_text("2 notices").click()
    cell.page.get_by_role("button", name="More of nodeA").click()


def colors(cell: Cell) -> None:
    """Numbers in one model, categories in the other."""
    show(cell, models=[MODELS[0] | {"colored_by": "layer", "color": None}, MODELS[1]])
    for name in ("nodeA", MODELS[1]["name"]):
        cell.page.get_by_role("button", name=f"More of {name}").click()
    cell.page.get_by_label("Palette").wait_for()


def files(cell: Cell) -> None:
    show(cell)
    cell.page.get_by_role("button", name="Load more…").click()
    option(cell, "nodes.h5").wait_for()
    cell.page.get_by_label("path to open").fill("e")


def form(cell: Cell) -> None:
    files(cell)
    cell.page.get_by_label("path to open").fill("")
    option(cell, "circuit_config.json").click()
    cell.page.get_by_label("Population").wait_for()
    choose_node_set(cell, "Layer1")
    cell.page.get_by_role("button", name="Node sets").click()
    for value in ("2", "four"):
        cell.page.get_by_role("button", name="Add condition").click()
        cell.page.get_by_label("Value").last.fill(value)


def file_form(cell: Cell) -> None:
    files(cell)
    cell.answer("models.load_file", {"error": {"type": "RequestError", "message": "No floats.", "hint": "Try short."}})
    path = cell.page.get_by_label("path to open")
    path.fill("/srv/volume.raw")
    path.press("Enter")
    cell.page.get_by_label("dimensions").wait_for()


def problem(cell: Cell) -> None:
    files(cell)
    error = {"type": "CircuitError", "message": "There is no folder '/srv/nope'.", "hint": "Choose another one."}
    cell.answer("files.list", {"error": error})
    path = cell.page.get_by_label("path to open")
    path.fill("/srv/nope")
    path.press("Enter")
    cell.page.get_by_text("There is no folder").wait_for()


def by_name(cell: Cell) -> None:
    show(cell, job=LOCAL | {"lack": "There is no backend: type the path."}, models=[], legend=None)
    cell.page.get_by_role("textbox", name="Path").wait_for()


def table(cell: Cell) -> None:
    show(cell, selection={POPULATION: "7", "a population with a rather long name": "1-1200"})
    cell.page.get_by_text("Table of all cells").click()
    grid = cell.page.get_by_role("grid", name="Cells")
    grid.get_by_role("row").nth(2).wait_for()
    grid.focus()


def cards(cell: Cell) -> None:
    pins = [test_card.PICKED | {"number": number, "position": [30 * number, 0, 0]} for number in (2, 1)]
    show(cell, panel_open=False, selection={POPULATION: "7"}, pins=pins)
    cell.wait("document.querySelectorAll('.bw-card').length === 2")


def cut(cell: Cell) -> None:
    slab = {"on": True, "axis": "own", "normal": [0.6, 0, 0.8], "position": 20, "thickness": 40, "invert": False}
    show(cell, models=[MODELS[0] | {"bounds": [[-200, -150, -100], [200, 150, 100]]}], slab=slab)
    cell.page.get_by_label("Loop").scroll_into_view_if_needed()
    cell.page.get_by_role("slider", name="Position of the slab").wait_for()


def cuts(cell: Cell) -> None:
    """Shapes of each sort, and a corner that does not fit."""
    box = test_cuts.part(2, "boxes", {"min": [-190, -40, -30], "max": [-90, 40, 30]})  # beside the plane's grip
    clipping = [box if one is test_cuts.BOX else one for one in test_cuts.PARTS]
    show(cell, models=[MODELS[0] | {"bounds": [[-200, -150, -100], [200, 150, 100]]}], clipping=clipping)
    cell.page.get_by_role("slider", name="Position of Plane").wait_for()
    corner = cell.page.get_by_label("Lower y of Box, µm")
    corner.fill("40")
    corner.press("Enter")
    cell.page.get_by_role("button", name="Remove Added elsewhere").scroll_into_view_if_needed()


def synapses(cell: Cell) -> None:
    """Synapses of the selection, and partners of the picked cell."""
    pins = [test_card.PICKED | {"population": POPULATION, "cell": 7}]
    show(cell, models=SHOWN, selection={POPULATION: "7"}, pins=pins)
    open_synapses(cell)
    cell.page.get_by_text("of which 100,000 are shown").wait_for()
    cell.page.get_by_role("button", name="Of the picked cell").click()
    partners = cell.page.get_by_role("listbox", name="Partners of cell 7")
    partners.scroll_into_view_if_needed()
    partners.focus()


def edges_where(cell: Cell) -> None:
    """Conditions and ids at the ends, and a refusal."""
    error = {"type": "CircuitError", "message": "The edges cannot be read.", "hint": "Is the disk there?"}
    show(cell, models=SHOWN)
    cell.answer("connections.count_synapses", {"error": error})
    open_synapses(cell)
    cell.page.get_by_label("From", exact=True).select_option("where")
    cell.page.get_by_role("button", name="Add condition").click()
    cell.page.get_by_label("Value").fill("4")
    cell.page.get_by_label("To", exact=True).select_option("ids")
    cell.page.get_by_label("Ids, to").fill("0-79, 90")
    cell.page.get_by_text("The edges cannot be read.").wait_for()


def keys(cell: Cell) -> None:
    show(cell, panel_open=False, legend_place="upper right")
    cell.page.get_by_role("button", name="Keys and pointer").click()
    cell.page.get_by_text("reset the camera").wait_for()


def remote(cell: Cell) -> None:
    ends = time.time() + 240
    there = job(master=MASTER, node="r1i4n7", id="8fd1c21", host="bss.example.org", ends=ends, attached=True)
    show(cell, job=there)
    connect = cell.page.locator("details.bw-section").first
    cell.page.evaluate("document.querySelector('.bw-section').open = true")
    connect.get_by_text("Log", exact=True).click()
    connect.get_by_text("29 renderer").wait_for()
    connect.get_by_text("Your jobs").click()
    connect.get_by_text("8fd1c22", exact=True).wait_for()


def failed(cell: Cell) -> None:
    show(cell, job=job(id=None, host=None, node=None, log="Out of memory\nkilled"))
    text = "The renderer was killed by the system, perhaps because memory ran out."
    cell.trait("status", {"state": "failed", "text": text})
    cell.trait("notice", {"level": "error", "text": text, "hint": "job.restore() starts a new job."})
    cell.page.get_by_text("Log of the job that has ended").click()


def warned(cell: Cell) -> None:
    show(cell, panel_open=False)
    cell.trait("notice", {"level": "warning", "text": "3 cells have no morphology.", "hint": "They are left out."})
    cell.page.get_by_text("3 cells have no morphology.").wait_for()


SCENES: dict[str, Callable[[Cell], None]] = {
    scene.__name__: scene
    for scene in (
        starting, empty, models, colors, files, form, file_form, problem, by_name, table, cards, cut, cuts,
        synapses, edges_where, keys, remote,
        failed, warned,
    )
}  # fmt: skip
