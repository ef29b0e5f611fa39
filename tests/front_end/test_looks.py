"""Screenshots of what users see, light and dark, for people to look at; the checks are about legibility."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.browser

MODELS = [
    {
        "id": 0,
        "name": "nodeA",
        "type": "circuit",
        "visible": True,
        "color": [0.8, 0.2, 0.1, 1],
        "color_by": "solid",
        "color_methods": ["solid", "layer", "mtype"],
        "cells": 31346,
        "path": "/data/circuit_config.json",
        "population": "hippocampus_neurons",
    },
    {
        "id": 3,
        "name": "A model whose name is much too long for the panel",
        "type": "circuit",
        "visible": False,
        "color": None,
        "color_by": "mtype",
        "color_methods": ["solid", "layer", "mtype"],
        "cells": 1,
        "path": None,
        "population": None,
    },
]
LISTING = {
    "path": "/srv/circuits/hippocampus",
    "parent": "/srv/circuits",
    "directories": [{"name": "morphologies", "path": "/srv/circuits/hippocampus/morphologies"}],
    "files": [
        {"name": "circuit_config.json", "path": "/srv/circuits/hippocampus/circuit_config.json", "size": 2113},
        {"name": "nodes.h5", "path": "/srv/circuits/hippocampus/nodes.h5", "size": 18_204_113},
    ],
}


def fill(cell):
    cell.mount(status={"state": "starting", "text": "Starting the renderer…"})
    cell.answer("list_directory", {"result": LISTING})
    cell.trait("status", {"state": "ready", "text": "Ready · local renderer"})
    cell.trait("models", MODELS)
    progress = {"task": "7", "operation": "Loading morphologies", "amount": 0.42, "cancellable": True}
    cell.trait("progress", progress)
    cell.frame(color="#24486a", accumulation=12)
    cell.page.get_by_role("button", name="nodes.h5").wait_for()
    cell.wait("document.querySelector('.bw-picture').textContent !== ''")


CIRCUIT = {
    "path": "/srv/circuits/hippocampus/circuit_config.json",
    "populations": [{"name": "hippocampus_neurons", "type": "biophysical", "size": 456_378}],
    "node_sets": ["Excitatory"],
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
    cell.answer("list_directory", {"error": error})
    path = cell.page.get_by_role("textbox", name="Path").first
    path.fill("/srv/nope")
    path.press("Enter")
    cell.page.get_by_text("There is no folder").scroll_into_view_if_needed()
    cell.screenshot(f"{scheme}-problem")
    check_contrast(cell)
    cell.answer("inspect_circuit", {"result": CIRCUIT})
    cell.page.get_by_role("button", name="circuit_config.json").click()
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


def check_contrast(cell):
    """Text stands out from its background by at least 4.5 : 1 (WCAG 2.1, AA)."""
    poor = cell.page.evaluate(
        """() => {
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
                for (let one = element; one; one = one.parentElement) above.push(getComputedStyle(one).backgroundColor);
                return ["white", ...above.reverse()].map(paint).at(-1);
            };
            const words = [...document.querySelectorAll(".bw-panel *, .bw-footer *, .bw-notice *")].filter(
                (element) => [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim())
                    && element.checkVisibility() && element.tagName !== "OPTION");
            return words.map((element) => {
                const [a, b] = [paintBehind(element), paint(getComputedStyle(element).color)].map(luminance);
                return [element.textContent, (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05)];
            }).filter(([, ratio]) => ratio < 4.5);
        }"""
    )
    assert poor == []
