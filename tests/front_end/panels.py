"""What a page is told of files, circuits, models and jobs."""

from __future__ import annotations

from typing import Any

HOSTILE = "<img src=x onerror=\"document.body.dataset.hit='yes'\">"

_HOME_TRAIL = [{"name": "home", "path": "/home"}, {"name": "srv", "path": "/srv"}]

HOME = {
    "path": "/srv",
    "parent": "/home",
    "trail": _HOME_TRAIL,
    "directories": [{"name": "circuits", "path": "/srv/circuits"}, {"name": HOSTILE, "path": f"/srv/{HOSTILE}"}],
    "files": [{"name": "notes.txt", "path": "/srv/notes.txt", "size": 12}],
}

CIRCUITS = {
    "path": "/srv/circuits",
    "parent": "/srv",
    "trail": [*_HOME_TRAIL, {"name": "circuits", "path": "/srv/circuits"}],
    "directories": [],
    "files": [{"name": "circuit_config.json", "path": "/srv/circuits/circuit_config.json", "size": 2113}],
}

NO_EDGES: dict[str, list[str]] = {"afferent": [], "efferent": []}
CIRCUIT: dict[str, Any] = {
    "path": "/srv/circuits/circuit_config.json",
    "populations": [
        {
            "name": "thalamus",
            "type": "virtual",
            "size": 100_000,
            "attributes": [],
            "columns": [],
            "reason": "",
            **NO_EDGES,
        },
        {
            "name": "axons",
            "type": "biophysical",
            "size": 12,
            "attributes": ["layer", "mtype"],
            "columns": [],
            "reason": "",
            **NO_EDGES,
        },
        {
            "name": "cortex",
            "type": "biophysical",
            "size": 31_346,
            "attributes": ["mtype", "cortical column"],
            "columns": [],
            "reason": "",
            **NO_EDGES,
        },
    ],
    "node_sets": ["Layer1", "Excitatory"],
    "default_population": "cortex",
    "notices": [],
}

MODEL = {
    "id": 4,
    "name": "cortex",
    "type": "circuit",
    "visible": True,
    "color": "#ff0000",
    "colored_by": "solid",
    "color_methods": ["solid", "mtype"],
    "cells": 313,
    "path": "/srv/circuits/circuit_config.json",
    "population": "cortex",
    "bounds": [[0, 0, 0], [1, 1, 1]],
    "outline": [],
    "left_out": None,
    "notices": [],
    "material": "phong",
    "material_options": {"opacity": 1.0},
    "thickness": 1.0,
    "placement": {"move": [0, 0, 0], "turn": [0, 0, 0], "scale": [1, 1, 1], "center": [0, 0, 0]},
}


def _format(loader, *extensions, uploads=(), reason="", required=(), **properties):
    """A format of the renderer; ``properties`` are those of its parameters' schema."""
    schema = {"type": "object", "properties": properties, "required": list(required)} if properties else {}
    return {
        "loader": loader,
        "extensions": extensions,
        "uploads": uploads,
        "parameters": schema,
        "defaults": {},
        "reason": reason,
    }


FORMATS = [
    _format("mesh", "obj", "stl", uploads=("obj", "stl")),
    _format("DTI loader", "json", "dti", reason="This version cannot show the tracts of diffusion images"),
    _format(
        "raw-volume",
        "raw",
        uploads=("raw",),
        data_type={"type": "string", "enum": ["short", "float"]},
        dimensions={"type": "array", "items": {"type": "integer", "minimum": 1}, "minItems": 3, "maxItems": 3},
        smooth={"type": "boolean", "default": True},
        required=["data_type", "dimensions"],
    ),
    _format("Neuron Morphology loader", "swc", "h5", "asc"),
    _format("SONATA loader", "json"),
]


def option(cell, name):
    """A row of the list of files."""
    return cell.page.get_by_role("option", name=name)


def choose_node_set(cell, name):
    """Choose a node set, or leave it out, and close the list."""
    field = cell.page.get_by_role("button", name="Node sets")
    field.click()
    option(cell, name).click()
    field.click()


def open_circuit(cell):
    option(cell, "circuits").click()
    option(cell, "circuit_config.json").click()
    cell.page.get_by_label("Population").wait_for()


def job(**known):
    """What a page knows of a job."""
    place = {"master": None, "slave": None, "renderer": None, "backend": None, "usecase": "SBO1", "project": None}
    facts = {"id": "7", "host": "h", "ends": None, "ends_probably": False, "attached": False}
    return place | facts | {"lack": "", "brayns_backend": False, "tells_ids": True, "log": ""} | known
