"""Screenshots of what users see, light and dark, for people to look at; the checks are about legibility."""

from __future__ import annotations

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
    "path": "/home/ada/circuits/hippocampus",
    "parent": "/home/ada/circuits",
    "directories": [{"name": "morphologies", "path": "/home/ada/circuits/hippocampus/morphologies"}],
    "files": [
        {"name": "circuit_config.json", "path": "/home/ada/circuits/hippocampus/circuit_config.json", "size": 2113},
        {"name": "nodes.h5", "path": "/home/ada/circuits/hippocampus/nodes.h5", "size": 18_204_113},
    ],
}


def fill(cell):
    cell.page.evaluate("() => { window.listing = null; }")
    cell.mount(status={"state": "starting", "text": "Starting the renderer…"})
    cell.answer("list_directory", {"result": LISTING})
    cell.trait("status", {"state": "ready", "text": "Ready · local renderer"})
    cell.trait("models", MODELS)
    progress = {"task": "7", "operation": "Loading morphologies", "amount": 0.42, "cancellable": True}
    cell.trait("progress", progress)
    cell.frame(color="#24486a", accumulation=12)
    cell.page.get_by_role("button", name="nodes.h5").wait_for()
    cell.wait("document.querySelector('.bw-picture').textContent !== ''")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_everything(open_cell, scheme):
    cell = open_cell(color_scheme=scheme, device_scale_factor=2)
    fill(cell)
    cell.screenshot(f"{scheme}-ready")
    cell.canvas.focus()
    cell.trait("status", {"state": "failed", "text": "The renderer died (exit code -9)"})
    notice = {"level": "error", "text": "The renderer died (exit code -9).", "hint": "It may have run out of memory."}
    cell.trait("notice", notice)
    cell.screenshot(f"{scheme}-failed")
