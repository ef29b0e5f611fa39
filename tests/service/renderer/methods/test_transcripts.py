"""Replay what was recorded from Brayns 3.10.1 against our renderer: every request of a method that we have.

Replies must be the same: results (numbers nearly), error codes, messages and data, and whether bytes came with them.
Where ours differ on purpose, ``INTENDED`` says how and why.
"""

from __future__ import annotations

import asyncio
import json
import math
from collections import defaultdict, deque
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from brayns_widget.service.renderer.methods import METHODS
from tests.service.renderer.renderer_process import Client, Failed, client_of, renderer_process

pytestmark = pytest.mark.data

SWC_FILE = (
    "/data/single_neuron_circuits/SingleNeuronCircuit__top_nodes_dim6__IDX0/morphologies/swc/"
    "dend-Fluo18_lower_axon-rp110127_L5-3_idC.swc"
)


def tetrahedron(**properties: Any) -> list[dict[str, Any]]:
    """The model that the recorded upload makes."""
    load_info = {"load_parameters": properties, "loader_name": "mesh", "path": "", "source": "from_blob"}
    metadata = {"faces": "4", "meshes": "1", "vertices": "4"}
    return [
        {
            "bounds": {"max": [1, 1, 1], "min": [0, 0, 0]},
            "info": {"load_info": load_info, "metadata": metadata},
            "is_visible": True,
            "model_type": "mesh",
            "transform": {"rotation": [0, 0, 0, 1], "scale": [1, 1, 1], "translation": [0, 0, 0]},
        }
    ]


# File and request id → (our reply, or its error's code and message; why)
INTENDED: dict[tuple[str, int | str], tuple[Any, str]] = {
    ("color_methods_neurons", 8): (["0-9"], "a key that color-model takes, not one that it refuses"),
    ("color_methods_neurons", 16): (
        ["apical_dendrite", "axon", "dendrite", "soma"],
        "all that the model has, not only what its first cell has",
    ),
    ("defaults_per_type", 14): (None, "the real one lacks the OSPRay module of this camera"),
    ("defaults_per_type", 15): ({"fovy": 48.549}, "likewise"),
    ("errors", 19): ((-32602, "No requests found with ID 123456."), "the id, not an address"),
    ("models", 501): (tetrahedron(geometry_quality="high"), "four vertices, as in the file, not one a corner"),
    ("models", 502): (tetrahedron(), "likewise"),
    ("models", 503): ((-32603, "The upload has no triangles that can be read as OBJ"), "trimesh's words"),
    ("other_loaders", 11): (
        (
            -32603,
            f"{SWC_FILE} is not a SONATA configuration: it is not JSON (Expecting value: line 1 column 1 (char 0))",
        ),
        "says which file",
    ),
    ("snapshot", 14): (
        (
            -32603,
            "Cannot write file '/nonexistent/dir/x.png'",
            ["[Errno 2] No such file or directory: '/nonexistent/dir/x.png'"],
        ),
        "adds the reason",
    ),
    ("snapshot", 17): (
        {
            "plugins": [
                "braynsCircuitExplorer",
                "braynsMoleculeExplorer",
                "braynsAtlasExplorer",
                "braynsCylindricCamera",
            ],
            "viewport": [320, 240],
        },
        "the recorded build had no Atlas plugin",
    ),
    ("sonata_loader_errors", 4): (
        (-32603, "Node id 999 is not in population S1nonbarrel_neurons, which has 10 nodes"),
        "says what is wrong",
    ),
    ("sonata_loader_errors", 20): ([0, 3, 6], "a limit of 3 gives 3 cells"),
}
# Requests whose replies say what only the real renderer has (its revision, paths, other models) or depend on models
# that methods made which we do not have yet.
SKIPPED: dict[str, set[int | str]] = {
    "defaults_per_type": {3},  # values that an earlier session had set
    "other_loaders": {8},  # a file that was not kept
    "models": {
        501,
        502,
        503,
        504,
        70,  # the scene after an upload that was a notification, of which nothing was kept
    },
    "sonata_loader_errors": {12, 23},  # the container, which the real renderer can't read; the scene with synapses
    "snapshot": {13, *range(18, 29)},  # a file in /srv
}
NOT_COMPARED = {("sonata_loader_errors", 19)}  # the load with a limit, see 20


# The recordings have the length of uploads only → what was uploaded, as far as the replies tell
UPLOADS = {
    64: b"v 0 0 0\nv 1 0 0\nv 0 1 0\nv 0 0 1\nf 1 2 3\nf 1 2 4\nf 1 3 4\nf 2 3 4\n",
    7: b"garbage",
}


def requests_of(path: Path) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """Each request and the reply that was recorded for it."""
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    messages = [(line["dir"], message_of(line)) for line in lines if line["dir"] != "note"]
    replies: dict[int | str, deque[dict[str, Any]]] = defaultdict(deque)  # some recordings use an id again
    for direction, message in messages:
        if direction == "server->client" and message.get("id") is not None and "method" not in message:
            replies[message["id"]].append(message)
    for direction, message in messages:
        if direction == "client->server" and isinstance(message.get("id"), int | str) and replies[message["id"]]:
            yield message, replies[message["id"]].popleft()


def message_of(line: dict[str, Any]) -> dict[str, Any]:
    try:
        message = json.loads(line["text"]) if line["frame"] == "text" else {**line["json"], "bytes": line["binary_len"]}
    except (ValueError, KeyError):
        return {}
    return message if isinstance(message, dict) else {}


def localised(value: Any, data_dir: Path) -> Any:
    """Paths of the recording → ours; the real renderer needed its container split into files."""
    text = json.dumps(value).replace("/data/", f"{data_dir.as_posix()}/").replace("_split.json", ".json")
    text = text.replace("/morphologies/h5", "/morphologies/merged-morphologies.h5")
    return json.loads(text)


def alike(ours: Any, theirs: Any) -> bool:
    if isinstance(theirs, bool) or isinstance(ours, bool):
        return ours is theirs
    if isinstance(theirs, int | float) and isinstance(ours, int | float):
        return math.isclose(ours, theirs, rel_tol=1e-6, abs_tol=0.15)  # µm; radii are smoothed alike, not the same
    if isinstance(theirs, dict) and isinstance(ours, dict):
        return ours.keys() == theirs.keys() and all(alike(ours[key], theirs[key]) for key in theirs)
    if isinstance(theirs, list) and isinstance(ours, list):
        return len(ours) == len(theirs) and all(map(alike, ours, theirs))
    return bool(ours == theirs)


async def outcome(client: Client, request: dict[str, Any]) -> dict[str, Any]:
    members = {key: value for key, value in request.items() if key not in ("method", "params", "bytes")}
    payload = UPLOADS.get(request["bytes"], bytes(request["bytes"])) if "bytes" in request else b""
    await client.send(request["method"], request.get("params"), payload, **members)
    try:
        result = await client.reply(request["id"])
    except Failed as failed:
        return {"error": failed.args[0]}
    return {"result": result, "bytes": bool(client.payload)}


def expected_of(name: str, request: dict[str, Any], reply: dict[str, Any]) -> dict[str, Any]:
    """The recorded reply, or ours where it differs on purpose."""
    if (name, request["id"]) not in INTENDED:
        return reply
    ours, _why = INTENDED[name, request["id"]]
    if isinstance(ours, tuple):
        return {"error": dict(zip(("code", "message", "data"), ours, strict=False))}
    return {"result": ours}


def difference(name: str, request: dict[str, Any], reply: dict[str, Any], ours: dict[str, Any]) -> str | None:
    if (name, request["id"]) in NOT_COMPARED:
        return None
    if request["method"] == "get-version":
        for answer in (ours, reply):
            answer.get("result", {}).pop("revision", None)
    if request["method"] == "upload-model":
        for answer in (ours, reply):
            for model in answer.get("result", []):
                model.pop("model_id", None)  # likewise
    if request["method"].startswith(("add-light-", "add-clipping-")):
        for answer in (ours, reply):
            # The recordings have spheres before them, and free numbers in another order.
            answer.get("result", {}).pop("model_id", None)
    if request["method"] == "snapshot" and "result" in reply and "result" in ours:
        reply["result"] = ours["result"]  # sizes of compressed pictures
    expected = {"error": reply["error"]} if "error" in reply else {"result": reply["result"], "bytes": "bytes" in reply}
    if alike(ours, expected):
        return None
    return f"{request['method']} {request['id']}: expected {json.dumps(expected)}, got {json.dumps(ours)}"


async def replay(address: str, path: Path, data_dir: Path) -> list[str]:
    known = {method.name for method in METHODS}
    differences = []
    async with client_of(address) as client:
        for request, reply in requests_of(path):
            if request["method"] in known and request["id"] not in SKIPPED.get(path.stem, set()):
                ours = await outcome(client, localised(request, data_dir))
                expected = localised(expected_of(path.stem, request, reply), data_dir)
                differences.append(difference(path.stem, request, expected, ours))
    return [text for text in differences if text]


@pytest.mark.parametrize(
    "name",
    [
        "color_methods_neurons",
        "defaults_per_type",
        "errors",
        "models",
        "other_loaders",
        "render_progressive",
        "render_static",
        "snapshot",
        "sonata_loader_errors",
    ],
)
def test_replies_are_those_of_the_real_renderer(name: str, shared_dir: Path, data_dir: Path):
    path = shared_dir / "protocol" / "renderer-transcripts" / f"{name}.jsonl"
    with renderer_process() as (address, _process):
        assert asyncio.run(replay(address, path, data_dir)) == []
