"""Damaged variants of good circuits, tried one after the other: ``python -m tests.service.damaged SEED COUNT FOLDER``.

With ``unasked`` behind it, only files are damaged that nobody asks for. Run as a process of its own, as HDF5 may crash.
A line of JSON before each variant says what was damaged, one after it what the backend and the renderer have said.
"""

from __future__ import annotations

import json
import shutil
import sys
import time
import traceback
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import libsonata
import numpy as np

from brayns_widget.protocol.errors import RequestError
from brayns_widget.service.renderer.loaders.circuits import sonata
from brayns_widget.service.rpc.running import RunningRequest
from tests.service.backend.asking import answer
from tests.service.sonata.files import fill

FILES = {
    "circuit_config.json": 4,
    "simulation_config.json": 3,
    "node_types.csv": 3,
    "nodes.h5": 5,
    "edges.h5": 4,
    "node_sets.json": 2,
    "report.h5": 3,
    "spikes.h5": 2,
}
"""Each file with how often it is damaged, relative to the others."""

UNASKED = ("edges.h5", "others.h5", "node_sets.json", "report.h5", "spikes.h5")
COUNT = 6
SWC = "1 1 0 0 0 2 -1\n2 3 3 0 0 1 1\n3 3 10 0 0 0.5 2\n"


def write(folder: Path, *, types: bool) -> None:
    """Write a circuit and its simulation; with ``types``, attributes stand in a CSV file."""
    folder.mkdir(parents=True)
    own = {axis: 10.0 * np.arange(COUNT) for axis in "xyz"}
    texts = {} if types else {"morphology": ["cell"] * COUNT, "mtype": ["L1", "L2"] * (COUNT // 2)}
    with h5py.File(folder / "nodes.h5", "w") as file:
        nodes = file.create_group("nodes/cells")
        nodes["node_type_id"] = np.arange(COUNT) % 2
        fill(nodes, {"0": own | texts})
    with h5py.File(folder / "edges.h5", "w") as file:
        edges = file.create_group("edges/joins")
        for end in ("source", "target"):
            ids = np.arange(COUNT, dtype=np.uint64)
            edges.create_dataset(f"{end}_node_id", data=ids).attrs["node_population"] = "cells"
        edges["edge_type_id"] = np.full(COUNT, -1)
        fill(edges, {"0": {f"afferent_center_{axis}": np.arange(COUNT, dtype=float) for axis in "xyz"}})
    if not types:
        libsonata.EdgePopulation.write_indices(str(folder / "edges.h5"), "joins", COUNT, COUNT)
    with h5py.File(folder / "report.h5", "w") as file:
        report = file.create_group("report/cells")
        report["data"] = np.arange(4.0 * COUNT).reshape(4, COUNT)
        report["mapping/node_ids"] = np.arange(COUNT)
        report["mapping/index_pointers"] = np.arange(COUNT + 1)
        report["mapping/element_ids"] = np.zeros(COUNT, np.uint32)
        report["mapping/time"] = np.array([0.0, 2.0, 0.5])
    with h5py.File(folder / "spikes.h5", "w") as file:
        spikes = file.create_group("spikes/cells")
        spikes["node_ids"], spikes["timestamps"] = np.arange(COUNT), 0.25 * np.arange(COUNT)
    (folder / "morphologies").mkdir()
    (folder / "morphologies" / "cell.swc").write_text(SWC)
    (folder / "node_types.csv").write_text(
        'node_type_id morphology mtype model_type\n0 cell "L 1" biophysical\n1 cell NULL biophysical\n'
    )
    entry: dict[str, Any] = {"nodes_file": "$BASE/nodes.h5"}
    if types:
        entry["node_types_file"] = "$BASE/node_types.csv"
    else:
        entry["populations"] = {"cells": {"type": "biophysical", "morphologies_dir": "$BASE/morphologies"}}
    circuit = {
        "manifest": {"$BASE": "."},
        "components": {"morphologies_dir": "$BASE/morphologies"},
        "node_sets_file": "$BASE/node_sets.json",
        "networks": {"nodes": [entry], "edges": [{"edges_file": "$BASE/edges.h5"}]},
    }
    simulation = {
        "network": "circuit_config.json",
        "run": {"tstop": 2.0, "dt": 0.1},
        "output": {"output_dir": ".", "spikes_file": "spikes.h5"},
        "reports": {"recorded": {"type": "compartment", "file_name": "report.h5", "dt": 0.5, "cells": "some"}},
    }
    sets = {"some": {"node_id": [0, 1, 2, 3]}, "few": ["some"], "large": {"x": {"$gt": 5}}}
    for name, content in (("circuit_config", circuit), ("simulation_config", simulation), ("node_sets", sets)):
        (folder / f"{name}.json").write_text(json.dumps(content))


def write_others(folder: Path, *, types: bool) -> None:
    """Add another population of nodes to what ``write`` wrote."""
    shutil.copy(folder / "nodes.h5", folder / "others.h5")
    with h5py.File(folder / "others.h5", "a") as file:
        file.move("nodes/cells", "nodes/others")
    path = folder / "circuit_config.json"
    content = json.loads(path.read_text())
    content["networks"]["nodes"].append(
        {"nodes_file": "others.h5"} | ({} if types else {"populations": {"others": {"type": "biophysical"}}})
    )
    path.write_text(json.dumps(content))


VALUES: tuple[Any, ...] = (None, True, -1, 1e300, 1.5, "", "abc", "\0", "$NO/x", "..", [], [[]], [1, "a"], {}, {"a": 1})
ARRAYS: tuple[Any, ...] = (
    np.arange(COUNT, dtype=">i4"),
    np.arange(COUNT * 2).reshape(COUNT, 2),
    np.arange(2),
    np.array(3),
    np.full(COUNT, np.nan),
    np.full(COUNT, -7),
    np.full(COUNT, 1 << 62),
    np.full(COUNT, 1e300),
    np.array([b"one"] * COUNT),
    np.zeros(0),
    np.ones(COUNT, bool),
    np.ones(COUNT, np.float16),
    np.zeros(COUNT, [("x", float), ("y", int)]),
)


def cut(random: np.random.Generator, path: Path) -> str:
    """Cut a file."""
    data = path.read_bytes()
    size = int(random.integers(len(data)))
    path.write_bytes(data[:size])
    return f"cut at {size}"


def flip(random: np.random.Generator, path: Path) -> str:
    """Flip a few bits."""
    data = bytearray(path.read_bytes())
    places = random.integers(len(data), size=random.integers(1, 9)).tolist()
    for place in places:
        data[place] ^= 1 << int(random.integers(8))
    path.write_bytes(bytes(data))
    return f"bits in {places} flipped"


def change(random: np.random.Generator, path: Path) -> str:
    """Delete or replace something that the file's format knows."""
    ways: dict[str, Callable[..., str]] = {".json": _change_json, ".csv": _change_csv, ".h5": _change_hdf5}
    return ways[path.suffix](random, path)


def _change_json(random: np.random.Generator, path: Path) -> str:
    content = json.loads(path.read_text())
    places: list[tuple[Any, Any]] = []

    def collect(value: Any) -> None:
        for key, item in value.items() if isinstance(value, dict) else enumerate(value):
            places.append((value, key))
            if isinstance(item, dict | list):
                collect(item)

    collect(content)
    holder, key = places[random.integers(len(places))]
    if random.integers(2):
        del holder[key]
        said = f"{key} deleted"
    else:
        holder[key] = VALUES[random.integers(len(VALUES))]
        said = f"{key} = {holder[key]!r}"
    path.write_text(json.dumps(content))
    return said


def _change_csv(random: np.random.Generator, path: Path) -> str:
    rows = [line.split(" ") for line in path.read_text().splitlines()]
    row = random.integers(len(rows))
    column = random.integers(len(rows[row]))
    if random.integers(2):
        del rows[row][column]
        said = f"field {column} of line {row + 1} deleted"
    else:
        rows[row][column] = ["abc", "-1", "1e9", '"', "NULL", "0 0", "\0", "é"][random.integers(8)]
        said = f"field {column} of line {row + 1} = {rows[row][column]!r}"
    path.write_text("\n".join(map(" ".join, rows)), encoding="utf-8")
    return said


def _change_hdf5(random: np.random.Generator, path: Path) -> str:
    with h5py.File(path, "a") as file:
        names: list[str] = []
        file.visit(names.append)
        name = names[random.integers(len(names))]
        attributes = dict(file[name].attrs)
        del file[name]
        way = random.integers(4)
        if way == 0:
            return f"{name} deleted"
        if way == 1:
            file.create_group(name)
            return f"{name} is a group"
        data = ARRAYS[random.integers(len(ARRAYS))]
        file.create_dataset(name, data=data)
        file[name].attrs.update(attributes)
        return f"{name} = {data.dtype}{data.shape}"


CELLS: dict[str, Any] = {
    "node_population": "cells",
    "node_percentage": 1.0,
    "neuron_morphology_parameters": {"load_soma": True, "load_dendrites": True},
}


def wanted(number: int) -> dict[str, Any]:
    """The parameters of a load: sets of nodes, edges, reports and spikes in turn."""
    settings = CELLS | ({}, {"node_sets": ["some"]}, {"node_sets": ["few"]}, {"node_sets": ["large"]})[number % 4]
    if number % 3 == 0:
        settings["edge_populations"] = [{"edge_population": "joins", "load_afferent": True, "radius": 2.0}]
    settings |= ({}, {"report_type": "compartment", "report_name": "recorded"}, {"report_type": "spikes"})[number % 3]
    return {"node_population_settings": [settings]}


def questions(number: int, folder: Path, config: Path) -> list[str]:
    """Ask the backend; returns its refusals."""
    asked: list[tuple[str, dict[str, Any]]] = [("contents", {}), ("node-sets", {})]
    asked.append(("get-node-attributes", {"population": "cells", "ids": None, "names": None}))
    asked.append(("get-node-set-ids", {"population": "cells", "node_sets": ["some", "few", "large"]}))
    asked.append(("select-nodes", {"population": "cells", "count": 2, "node_sets": ["some"]}))
    asked.append(("node-positions", {"population": "cells", "ids": bytes(8)}))  # of node 0
    found = [answer(question, str(folder), str(config), **params) for question, params in asked]
    return [reply["error"]["message"] for reply in found if "error" in reply]


def missing(folder: Path, config: Path) -> list[str]:
    """Ask the backend whether the population "cells" can be shown; returns its answer if not."""
    described = answer("contents", str(folder), str(config))
    populations = described.get("result", {}).get("populations", ())
    return (
        [] if any(item["name"] == "cells" and not item["reason"] for item in populations) else [json.dumps(described)]
    )


def main(seed: int, count: int, root: Path, *, unasked: bool) -> None:
    """Try variants, and say so."""
    warnings.simplefilter("error")
    random = np.random.default_rng(seed)
    good = {types: root / f"good{types:d}" for types in (False, True)}
    for types, folder in good.items():
        write(folder, types=types)
        if unasked:
            write_others(folder, types=types)
    names = [name for name, times in FILES.items() for _time in range(times)]
    names = list(UNASKED) if unasked else names
    for number in range(count):
        name = names[random.integers(len(names))]
        folder = root / "damaged"
        shutil.copytree(good[name == "node_types.csv" or bool(random.integers(2))], folder)
        how = (cut, flip, change, change)[random.integers(4)](random, folder / name)
        print(json.dumps({"number": number, "file": name, "how": how}), flush=True)
        begin, fault = time.monotonic(), ""
        config = folder / ("simulation_config.json" if number % 3 else "circuit_config.json")
        refused: list[str] = []
        try:
            refused = missing(folder, config) if unasked else questions(number, folder, config)
            asked = {"node_population_settings": [CELLS]} if unasked else wanted(number)
            for model in sonata.LOADER.read(str(config), asked, RunningRequest()):
                model.close()
        except RequestError as error:
            refused.append(error.message)
        except Exception:
            fault = traceback.format_exc()
        took = time.monotonic() - begin
        print(json.dumps({"number": number, "took": took, "refused": refused, "fault": fault}), flush=True)
        shutil.rmtree(folder)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3]), unasked="unasked" in sys.argv[4:])
