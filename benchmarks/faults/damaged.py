"""Files of each format with random damage, loaded by the renderer of a job."""

from __future__ import annotations

import collections
import shutil
import struct
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from websockets import ConnectionClosed

from benchmarks.faults.place import Findings, Place, from_inside, local_service, reader_died, survivors
from tests.service import damaged as circuits
from tests.service.renderer.loaders.morphologies.files import ASC, SWC, write_h5

COUNT = 400  # variants of each format
GOOD_ENDS = {"shown", "refused", "reader died"}  # the last one costs that load and nothing else
DEADLINE = 60.0  # seconds that a load may take
CORNERS = ((0, 0, 0), (2, 0, 0), (2, 3, 0), (0, 3, 0))
TRIANGLES = ((0, 1, 2), (0, 2, 3))
ALL = {"load_soma": True, "load_axon": True, "load_dendrites": True}
PLY = """\
ply
format {} 1.0
element vertex 4
property float x
property float y
property float z
element face 2
property list uchar int vertex_indices
end_header
"""
MHD = "ObjectType = Image\nNDims = 3\nDimSize = 4 3 2\nElementSpacing = 1 2 3\nElementType = MET_UCHAR\n"
NRRD = b"NRRD0004\ntype: uint8\ndimension: 3\nsizes: 4 3 2\nencoding: raw\n\n"
PDB = (
    "ATOM      1  N   ALA A   1       0.000   0.000   0.000  1.00  0.00           N  \n"
    "ATOM      2  CA  ALA A   1       1.500   0.000   0.000  1.00  0.00           C  \n"
)
CELL = {"node_population": "cells", "node_percentage": 1.0, "neuron_morphology_parameters": ALL}
REPORT = {"report_type": "compartment", "report_name": "recorded"}
EDGES = {"edge_populations": [{"edge_population": "joins", "load_afferent": True, "radius": 2.0}]}


@dataclass(frozen=True)
class Format:
    """A format: its loader, and how its files are written.

    Attributes:
        loader: name of the loader.
        write: writes good files into a folder.
        main: the file that is loaded.
        damaged: the files that are damaged; empty: the main one.
        properties: of the load.
    """

    loader: str
    write: Callable[[Path], object]
    main: str
    damaged: tuple[str, ...] = ()
    properties: dict[str, Any] = field(default_factory=dict)


def _bytes(name: str, data: bytes) -> Callable[[Path], object]:
    return lambda folder: (folder / name).write_bytes(data)


def _file(loader: str, name: str, data: bytes | str, **properties: Any) -> Format:
    raw = data.encode() if isinstance(data, str) else data
    return Format(loader, _bytes(name, raw), name, properties=properties)


def _stl() -> bytes:
    facets = [struct.pack("<12fH", 0, 0, 1, *(x for corner in one for x in CORNERS[corner]), 0) for one in TRIANGLES]
    return bytes(80) + struct.pack("<I", 2) + b"".join(facets)


def _ply(kind: str) -> bytes:
    head = PLY.format(kind).encode()
    if kind == "ascii":
        return head + "".join("{} {} {}\n".format(*corner) for corner in CORNERS).encode() + b"3 0 1 2\n3 0 2 3\n"
    corners = b"".join(struct.pack("<3f", *corner) for corner in CORNERS)
    return head + corners + b"".join(struct.pack("<B3i", 3, *one) for one in TRIANGLES)


def _mhd(folder: Path) -> None:
    (folder / "values.raw").write_bytes(bytes(range(24)))
    (folder / "volume.mhd").write_text(f"{MHD}ElementDataFile = values.raw\n")


def _circuit(folder: Path) -> None:
    shutil.rmtree(folder)  # it makes the folder
    circuits.write(folder, types=False)


def _placement(folder: Path) -> None:
    _circuit(folder)
    with h5py.File(folder / "circuit.morphologies.h5", "w") as file, h5py.File(folder / "nodes.h5") as nodes:
        nodes.copy("nodes", file)


NEURON = "Neuron Morphology loader"
FORMATS: dict[str, Format] = {
    "SWC": _file(NEURON, "cell.swc", SWC, **ALL),
    "Neurolucida ASC": _file(NEURON, "cell.asc", ASC, **ALL),
    "H5 morphology": Format(NEURON, lambda folder: write_h5(folder / "cell.h5"), "cell.h5", properties=ALL),
    "OFF": _file("mesh", "mesh.off", "OFF\n4 1 0\n0 0 0\n2 0 0\n2 3 0\n0 3 0\n4 0 1 2 3\n"),
    "OBJ": _file("mesh", "mesh.obj", "v 0 0 0\nv 2 0 0\nv 2 3 0\nv 0 3 0\nvn 0 0 1\nf 1//1 2//1 3//1\nf -4 -2 -1\n"),
    "STL": _file("mesh", "mesh.stl", _stl()),
    "PLY text": _file("mesh", "mesh.ply", _ply("ascii")),
    "PLY": _file("mesh", "mesh.ply", _ply("binary_little_endian")),
    "MetaImage": Format("mhd-volume", _mhd, "volume.mhd", ("volume.mhd", "values.raw")),
    "NRRD": _file("NRRD loader", "atlas.nrrd", NRRD + bytes(range(24)), type="scalar"),
    "PDB": _file("protein", "atoms.pdb", PDB),
    "XYZ": _file("xyz", "points.xyz", "0 0 0\n1 0 0\n0 2 0\n3 3 3\n"),
    "cell placement": Format(
        "Cell placement loader",
        _placement,
        "circuit.morphologies.h5",
        properties={"morphology_folder": "morphologies", "extension": "swc", "percentage": 1.0},
    ),
    "SONATA circuit": Format(
        "SONATA loader",
        _circuit,
        "circuit_config.json",
        ("circuit_config.json", "nodes.h5", "edges.h5", "node_sets.json", "morphologies/cell.swc"),
        {"node_population_settings": [CELL | EDGES]},
    ),
    "SONATA simulation": Format(
        "SONATA loader",
        _circuit,
        "simulation_config.json",
        ("simulation_config.json", "report.h5"),
        {"node_population_settings": [CELL | REPORT]},
    ),
}


def _fill(random: np.random.Generator, path: Path) -> str:
    """Write the same byte over a part."""
    data = bytearray(path.read_bytes())
    begin, end = sorted(random.integers(len(data) + 1, size=2).tolist())
    value = int(random.choice((0, 32, 57, 255)))
    data[begin:end] = bytes([value]) * (end - begin)
    path.write_bytes(bytes(data))
    return f"{begin} to {end} are {value}"


def _repeat(random: np.random.Generator, path: Path) -> str:
    """Insert a part once more."""
    data = path.read_bytes()
    begin, end = sorted(random.integers(len(data) + 1, size=2).tolist())
    path.write_bytes(data[:end] + data[begin:end] + data[end:])
    return f"{begin} to {end} twice"


DAMAGES = (circuits.cut, circuits.flip, circuits.flip, _fill, _repeat)


class Renderer:
    """The renderer of a job; when it has ended, another job is started."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._open()

    def close(self) -> None:
        """Stop the job."""
        self._socket.close()
        self._place.stop(self._job)

    def load(self, kind: Format, folder: Path) -> str:
        """Load a file and return in a word, and with a text, what came of it."""
        params = {"path": str(folder / kind.main), "loader_name": kind.loader, "loader_properties": kind.properties}
        try:
            answer = self._socket.ask("add-model", params, DEADLINE)
            if "result" in answer:
                self._socket.ask("clear-models", None, DEADLINE)
        except (ConnectionClosed, TimeoutError) as error:
            self.close()
            self._open()
            return "hung" if isinstance(error, TimeoutError) else "ended"
        if text := from_inside(answer):
            return f"inside: {text}"
        if text := reader_died(answer):
            return "reader died" if str(folder) in text else f"file not named: {text}"
        return "shown" if "result" in answer else "refused"

    def _open(self) -> None:
        self._job = self._place.start()
        self._socket = self._place.open(self._job, "renderer")


def try_format(renderer: Renderer, name: str, parent: Path, random: np.random.Generator, count: int) -> Findings:
    """Load damaged variants of a format, and first a good one."""
    found, ends, slowest = Findings(), collections.Counter[str](), 0.0
    kind = FORMATS[name]
    for number in range(count + 1):
        folder = parent / f"{name} {number}"
        folder.mkdir()
        kind.write(folder)
        damage = "none"
        if number:
            path = folder / str(random.choice(kind.damaged or (kind.main,)))
            damage = f"{path.name}: {DAMAGES[random.integers(len(DAMAGES))](random, path)}"
        began = time.monotonic()
        end = renderer.load(kind, folder)
        slowest = max(slowest, time.monotonic() - began)
        shutil.rmtree(folder)
        ends[end.partition(":")[0]] += 1
        if number == 0:
            found.expect(end == "shown", f"{name}: the good file is not shown: {end}")
        elif end not in GOOD_ENDS:
            found.wrong.append(f"{name}: {damage}: {end}")
    found.figures = {"variants": count, "ends": dict(ends.most_common()), "slowest s": round(slowest, 2)}
    return found


def run(seed: int, factor: float) -> Findings:
    """Try all formats; see the package."""
    random = np.random.default_rng(seed)
    found = Findings()
    with local_service() as place:
        renderer = Renderer(place)
        for name in FORMATS:
            part = try_format(renderer, name, place.folder, random, max(1, int(COUNT * factor)))
            found.figures[name] = part.figures
            found.wrong += part.wrong
        servers = place.process.children()
        renderer.close()
    found.expect(not survivors(servers), "processes outlive the service")
    return found
