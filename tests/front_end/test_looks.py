"""Screenshots of what users see, light and dark, for people to look at; the checks are about legibility."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.front_end.panels import MODEL

pytestmark = pytest.mark.browser

DRESSED = {name: MODEL[name] for name in ("material", "material_options", "thickness", "placement")}
MODELS = [
    {
        "id": 0,
        "name": "nodeA",
        "type": "circuit",
        "visible": True,
        "color": "#e77c59",
        "colored_by": "solid",
        "color_methods": ["solid", "layer", "mtype"],
        "cells": 31346,
        "path": "/data/circuit_config.json",
        "population": "hippocampus_neurons",
        "bounds": None,
        "outline": [],
        "left_out": None,
        "notices": [],
        **DRESSED,
    },
    {
        "id": 3,
        "name": "A model whose name is much too long for the panel",
        "type": "circuit",
        "visible": False,
        "color": None,
        "colored_by": "mtype",
        "color_methods": ["solid", "layer", "mtype"],
        "cells": 1,
        "path": None,
        "population": None,
        "bounds": None,
        "outline": [],
        "left_out": None,
        "notices": [],
        **DRESSED,
    },
]
MTYPES = {"L1_DAC": "#0072b2", "L23_PC": "#e69f00", "L4_a rather long name of a cell type": "#009e73", "L6": "#cc79a7"}
LEGEND = {
    "sections": [
        {
            "model": 3,
            "title": "mtype",
            "entries": [{"label": label, "color": color} for label, color in MTYPES.items()],
            "stops": [],
            "range": None,
            "missing": None,
        },
        {
            "model": 0,
            "title": "firing rate",
            "entries": [],
            "stops": ["#440154", "#3b528b", "#21918c", "#5ec962", "#fde725"],
            "range": [0, 31.4],
            "missing": "#808080",
        },
    ]
}
LINES = [f'viewer.models["nodeA"].color_by("{name}")' for name in ("layer", "mtype", "a long name of an attribute")]
LISTING = {
    "path": "/srv/circuits/hippocampus",
    "parent": "/srv/circuits",
    "trail": [
        {"name": "srv", "path": "/srv"},
        {"name": "circuits", "path": "/srv/circuits"},
        {"name": "hippocampus", "path": "/srv/circuits/hippocampus"},
    ],
    "directories": [{"name": "morphologies", "path": "/srv/circuits/hippocampus/morphologies"}],
    "files": [
        {"name": "circuit_config.json", "path": "/srv/circuits/hippocampus/circuit_config.json", "size": 2113},
        {"name": "nodes.h5", "path": "/srv/circuits/hippocampus/nodes.h5", "size": 18_204_113},
    ],
}


def fill(cell):
    cell.mount(status={"state": "starting", "text": "Starting the renderer…"})
    cell.answer("files.list", {"result": LISTING})
    cell.trait("status", {"state": "ready", "text": "Ready · local renderer"})
    cell.trait("models", MODELS)
    cell.trait("legend", LEGEND)
    cell.trait("history", {"undo": "color nodeA by mtype", "redo": "", "lines": LINES})
    progress = {"task": "7", "operation": "Loading morphologies", "amount": 0.42}
    cell.trait("progress", progress)
    cell.frame(color="#24486a", accumulation=12)
    cell.page.get_by_role("button", name="Load more…").click()
    cell.page.get_by_role("option", name="nodes.h5").wait_for()
    cell.wait("document.querySelector('.bw-picture').textContent !== ''")


CIRCUIT = {
    "path": "/srv/circuits/hippocampus/circuit_config.json",
    "populations": [
        {
            "name": "hippocampus_neurons",
            "type": "biophysical",
            "size": 456_378,
            "attributes": ["layer", "mtype"],
            "columns": [],
            "reason": "",
        }
    ],
    "node_sets": ["Excitatory"],
    "default_population": "hippocampus_neurons",
}


def wear(cell, theme):
    """Let the page have the colors of one of JupyterLab's themes."""
    themes = Path(sys.prefix) / "share" / "jupyter" / "lab" / "themes" / "@jupyterlab"
    style = themes / f"theme-{theme}-extension" / "index.css"
    if not style.is_file():
        pytest.skip("JupyterLab is not installed (extra lab)")
    cell.page.add_style_tag(content=style.read_text(encoding="utf-8"))
    cell.page.evaluate("light => { document.body.dataset.jpThemeLight = light; }", str(theme == "light").lower())


@pytest.mark.parametrize(
    ("scheme", "theme"),
    [("light", None), ("dark", None), ("light", "light"), ("light", "dark"), ("dark", "light")],
    ids=["light", "dark", "lab-light", "lab-dark", "lab-light-in-a-dark-system"],
)
def test_everything_fits(open_cell, scheme, theme):
    cell = open_cell(color_scheme=scheme, device_scale_factor=2)
    if theme:
        wear(cell, theme)
        scheme = f"{scheme}-lab-{theme}"
    fill(cell)
    cell.screenshot(f"{scheme}-ready")
    check_fits(cell)
    error = {"type": "CircuitError", "message": "There is no folder '/srv/nope'.", "hint": "Choose another one."}
    cell.answer("files.list", {"error": error})
    path = cell.page.get_by_role("textbox", name="path to open").first
    path.fill("/srv/nope")
    path.press("Enter")
    cell.page.get_by_text("There is no folder").scroll_into_view_if_needed()
    cell.screenshot(f"{scheme}-problem")
    check_contrast(cell)
    cell.answer("files.inspect", {"result": CIRCUIT})
    cell.page.get_by_role("option", name="circuit_config.json").click()
    cell.page.get_by_label("Population").wait_for()
    cell.screenshot(f"{scheme}-form")
    check_fits(cell)
    cell.canvas.focus()
    cell.trait("status", {"state": "failed", "text": "The renderer died (exit code -9)"})
    notice = {"level": "error", "text": "The renderer died (exit code -9).", "hint": "It may have run out of memory."}
    cell.trait("notice", notice)
    cell.screenshot(f"{scheme}-failed")
    check_fits(cell)
    check_contrast(cell)


def test_little_room(open_cell):
    cell = open_cell(viewport={"width": 420, "height": 720})
    cell.page.evaluate("document.getElementById('cell').style.width = '380px'")
    fill(cell)
    cell.screenshot("narrow-open")
    toggle = cell.page.get_by_role("button", name="Panel", exact=True)
    toggle.click()
    assert cell.panel.is_hidden()
    cell.screenshot("narrow-closed")
    toggle.click()
    assert cell.panel.is_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("picture", ["#ffffff", "#000000", "#e69f00"], ids=["white", "black", "orange"])
def test_the_legend_is_readable_over_any_picture(open_cell, scheme, picture):
    cell = open_cell(color_scheme=scheme, device_scale_factor=2)
    cell.mount(panel_open=False, models=MODELS, legend=LEGEND)
    cell.frame(color=picture)
    cell.wait("kernel.acks().length === 1")
    cell.screenshot(f"{scheme}-legend-on-{picture[1:]}")
    check_contrast(cell, behind=picture)


def test_starting(open_cell):
    cell = open_cell(color_scheme="dark")
    cell.mount(status={"state": "starting", "text": "Starting the renderer…"})
    cell.screenshot("dark-starting")
    assert cell.page.locator(".bw-spinner").is_visible()


def check_fits(cell):
    """Nothing in the panel or the status line may be cut off at its right."""
    cut = cell.page.evaluate(
        """() => {
            const right = document.querySelector(".bw-panel").getBoundingClientRect().right - 9; // its padding
            const all = [...document.querySelectorAll(".bw-section > div *, .bw-footer *")];
            const cut = (element) => element.getBoundingClientRect().right > right + 0.5;
            return all.filter(cut).map((element) => element.outerHTML);
        }"""
    )
    assert cut == []


def check_contrast(cell, behind="white"):
    """Text stands out from its background by at least 4.5 : 1 (WCAG 2.1, AA)."""
    poor = cell.page.evaluate(
        """(behind) => {
            // Colors have several notations: let a pixel say what they are, on what is behind them.
            const pixel = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
            const paint = (color) => {
                pixel.fillStyle = color;
                pixel.fillRect(0, 0, 1, 1);
                return [...pixel.getImageData(0, 0, 1, 1).data];
            };
            const linear = (byte) => {
                const value = byte / 255;
                return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
            };
            const luminance = ([r, g, b]) => 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);
            const paintBehind = (element) => {
                const above = [];
                // The picture is behind what lies on it, and beside that among the elements.
                const last = element.closest(".bw-stage");
                for (let one = element; one && one !== last; one = one.parentElement) {
                    above.push(getComputedStyle(one).backgroundColor);
                }
                return [behind, ...above.reverse()].map(paint).at(-1);
            };
            const words = [...document.querySelectorAll(
                ".bw-panel *, .bw-footer *, .bw-notice *, .bw-legend *, .bw-card *, .bw-overlay *")].filter(
                (element) => [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim())
                    && element.checkVisibility() && element.tagName !== "OPTION");
            return words.map((element) => {
                const [a, b] = [paintBehind(element), paint(getComputedStyle(element).color)].map(luminance);
                return [element.textContent, (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05)];
            }).filter(([, ratio]) => ratio < 4.5);
        }""",
        behind,
    )
    assert poor == []
