"""What a replay of the recordings from Brayns 3.10.1 must know: what they lack, and where replies may differ.

Keys are a recording's name and a request's id, or the recording's note on it if no reply could tell the id. Places are
ways into a reply, such as ``result/0/model_id``, and what ours has there; a whole ``result`` or ``error`` is the reply.
"""

from __future__ import annotations

from typing import Any

Key = tuple[str, int | str]
Places = dict[str, Any]

SWC_FILE = (
    "/data/single_neuron_circuits/SingleNeuronCircuit__top_nodes_dim6__IDX0/morphologies/swc/"
    "dend-Fluo18_lower_axon-rp110127_L5-3_idC.swc"
)
TINY = "/data/tiny_circuits/N_10__top_nodes_dim6"
TINY_POPULATIONS = "POm, S1nonbarrel_neurons, VPM"
PLUGINS = [
    f"brayns{name}" for name in ("CircuitExplorer", "AtlasExplorer", "CylindricCamera", "DTI", "MoleculeExplorer")
]


def refused(message: str, *data: str, code: int = -32603) -> Places:
    return {"error": {"code": code, "message": message, **({"data": list(data)} if data else {})}}


CANCELLED = refused("Task has been cancelled", code=20)

# What is not sent, and why.
SKIPPED: dict[Key, str] = {
    ("sonata_loader_errors", 8): "virtual nodes, which only ours shows: all later models would have other ids",
    ("sonata_loader_errors", 12): "a container, which only ours can read: all later models would have other ids",
}

# Where ours differs on purpose, and why.
INTENDED: dict[Key, tuple[Places, str]] = {
    ("errors", "invalid JSON text"): (
        {"error/message": "Invalid JSON: Expecting value: line 1 column 39 (char 38)"},
        "the words of another parser",
    ),
    ("errors", "plain number"): (
        refused("Invalid JSON-RPC request schema", "invalid type, expected object got integer", code=-32600),
        "the real parser takes no lone number for JSON (-32700)",
    ),
    ("errors", "binary frame: fewer than 4 bytes"): (
        {"error/message": "Invalid JSON: Binary message of 1 bytes has no length prefix."},
        "other words",
    ),
    ("errors", "binary frame: declared JSON size larger than frame"): (
        {"error/message": "Invalid JSON: Binary message announces 9999 bytes of JSON but has 53."},
        "other words",
    ),
    ("color_methods_neurons", 8): ({"result/0": "0-9"}, "a key that color-model takes, not one that it refuses"),
    ("color_methods_neurons", 16): (
        {"result": ["apical_dendrite", "axon", "dendrite", "soma"], "bytes": False},
        "all that the model has, not only what its first cell has",
    ),
    ("crash_viewport_below_64", 15): ({"result/plugins": PLUGINS}, "built in; recorded without any"),
    ("defaults_per_type", 3): (
        {"result/ao_samples": 0, "result/background_color": [0.004, 0.016, 0.102, 0]},
        "an earlier session had set others; these are those of renderer-initial-state.json",
    ),
    ("defaults_per_type", 14): (
        {"result": None, "bytes": False},
        "the recorded build lacks the OSPRay module of this camera",
    ),
    ("defaults_per_type", 15): ({"result": {"fovy": 48.549}, "bytes": False}, "likewise"),
    ("errors", 19): ({"error/message": "No requests found with ID 123456."}, "the id, not an address"),
    ("models", 501): (
        {"result/0/info/metadata/vertices": "4", "result/0/model_id": 0},
        "as in the file, not one for each corner of a face; ids begin at 0 again when nothing is left",
    ),
    ("models", 502): ({"result/0/info/metadata/vertices": "4"}, "likewise"),
    ("models", 503): ({"error/message": "The upload has no triangles that can be read as OBJ"}, "says what is wrong"),
    ("models", 70): (
        {
            **{f"result/models/{number}/info/metadata/vertices": "4" for number in range(3)},
            "result/models/0/model_id": 0,
            "result/models/2/model_id": 2,
        },
        "see 501",
    ),
    ("other_loaders", 8): (
        {
            "error/message": "/data/bad.swc cannot be read as a morphology: line 1 ('-1 1 0 0 0 1 -1'): "
            "The ID assigned to this line is negative"
        },
        "says which file and line",
    ),
    ("other_loaders", 11): (
        {
            "error/message": f"{SWC_FILE} is not a SONATA configuration: "
            "it is not JSON (Expecting value: line 1 column 1 (char 0))"
        },
        "says which file",
    ),
    ("simulation_parameters", 48): (
        {
            "error/message": "The report 'nope' is not present in the simulation config file "
            f"{TINY}/sim/simulation_config.json; it has soma"
        },
        "names the file",
    ),
    ("snapshot", 14): (
        refused(
            "Cannot write file '/nonexistent/dir/x.png'",
            "[Errno 2] No such file or directory: '/nonexistent/dir/x.png'",
        ),
        "adds the reason",
    ),
    ("snapshot", 17): ({"result/plugins": PLUGINS}, "the recorded build had no Atlas plugin"),
    ("snapshot", 27): (CANCELLED, "a picture can be cancelled, too"),
    ("snapshot", 28): ({"result": None, "bytes": False}, "likewise"),
    ("sonata_loader_errors", 2): (
        {"error/message": f"Population nope does not exists in {TINY}/circuit_config.json; it has {TINY_POPULATIONS}"},
        "names the file",
    ),
    ("sonata_loader_errors", 3): (
        {"error/message": f"Invalid node set: 'nope', which is not in {TINY}/node_sets.json"},
        "names the file",
    ),
    ("sonata_loader_errors", 4): (
        {
            "error/message": f"Node id 999 is not in population S1nonbarrel_neurons of {TINY}/S1nonbarrel_neurons/"
            "nodes.h5, which has 10 nodes"
        },
        "says what is wrong",
    ),
    ("sonata_loader_errors", 10): (
        {"error/message": f"No simulation configuration available: {TINY}/circuit_config.json tells of a circuit only"},
        "names the file",
    ),
    ("sonata_loader_errors", 19): (
        {"result/0/info/metadata/loaded_neuron_count": "3"},
        "a limit of 3 gives 3 cells",
    ),
    ("sonata_loader_errors", 20): ({"result": [0, 3, 6], "bytes": False}, "see 19"),
    ("sonata_loader_errors", 23): ({"result/models/6/info/metadata/loaded_neuron_count": "3"}, "see 19"),
}

# Replies that may come instead, if ours is faster, and why.
TOO_LATE: dict[Key, tuple[Places, str]] = {
    ("snapshot", 23): (
        refused("No requests found with ID 21.", code=-32602),
        "a cancelled snapshot stops: it may be gone when it is cancelled again",
    ),
}

# How far bounds may be off, in µm, and why.
ROUGH_BOUNDS: dict[Key, tuple[float, str]] = {
    ("other_loaders", 4): (0.15, "radii are smoothed within sections nearly as there"),
}

# Places where ours has something else in all replies, and why.
ELSEWISE: dict[str, str] = {
    "result/revision": "names the build",
    "result/color_buffer/size": "how well an encoder packs",
}

# Places where ours has something that the recordings lack, and why.
ADDED = {
    "result/render_ms": "its own time of a picture, by which clients choose the size of the next",
}

# Replies that the real renderer did not live to give.
LOST: dict[Key, Places] = {
    ("crash_viewport_below_64", 16): {"result": {"accumulation": 1, "max_accumulation": 1}, "bytes": True},
}

# The recordings have the length of uploads only → what was uploaded, as far as the replies tell.
UPLOADS = {
    64: b"v 0 0 0\nv 1 0 0\nv 0 1 0\nv 0 0 1\nf 1 2 3\nf 1 2 4\nf 1 3 4\nf 2 3 4\n",
    7: b"garbage",
}

# A note on a frame that is missing in the recording → such a frame.
UNRECORDED = {"binary frame: fewer than 4 bytes": b"\x01"}

# Files that were not kept, and what replies tell of them; None is one that the renderer writes.
FILES = {"/data/bad.swc": b"-1 1 0 0 0 1 -1\n", "/srv": None}
