"""Configurations of SONATA circuits and simulations.

Formats: SONATA developer guide, "Tying it all together" and "Representing Simulations"; the Blue Brain Project's
extension; BMTK's combined files. Only what is needed to show a circuit is read; other fields may be missing, older or
newer. Every error names the file and the path of keys in it. Named tuples, as the import of data classes takes longer
than all else that a listing needs.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from brayns_widget.protocol.errors import RequestError
from brayns_widget.service.recognised import BEGINNING, morphology_kind
from brayns_widget.service.sonata.paths import Paths
from brayns_widget.service.sonata.problems import failure, text_content

T = TypeVar("T")
MAX_SIZE = 64 << 20  # bytes; real configurations have a few thousand

NAME_ONE = "name a circuit's configuration, such as circuit_config.json"

Check = Callable[[str], None]
"""Called with each file before it is opened; raises ``RequestError`` for one that may not be."""


def unchecked(path: str) -> None:
    """Allow each file; see ``Check``."""
    del path


def read_json(path: Path, check: Check, what: str = "SONATA configuration") -> Any:
    """Read a JSON file, which may begin with a byte order mark.

    Args:
        path: the file.
        check: called with it before it is opened.
        what: it should be, for messages.

    Raises:
        RequestError: it is missing, too large, or no JSON.
    """
    check(str(path))
    try:
        if (size := path.stat().st_size) > MAX_SIZE:
            raise failure(f"{path} is too large for a configuration: {size} bytes")
    except OSError as error:
        raise failure(f"{path} cannot be read: {error.strerror}") from error
    content = text_content(path, f"is not a {what}")
    try:
        return json.loads(content.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        cut = isinstance(error, json.JSONDecodeError) and error.pos >= len(error.doc.rstrip())
        advice = "; it ends too early: copy it again" if cut else ""
        kind = morphology_kind(content[:BEGINNING])
        if kind not in ("", path.suffix.lower()):
            advice = f"; it begins as a morphology: give it the ending {kind}"
        raise failure(f"{path} is not a {what}: it is not JSON ({error}){advice}") from error


class Section(NamedTuple):
    """A part of a configuration file.

    Attributes:
        file: the file.
        key: path of the keys that lead to it; "" for the whole file.
        values: its content.
        paths: resolves the paths in it.
    """

    file: Path
    key: str
    values: Mapping[str, Any]
    paths: Paths

    def at(self, name: str) -> str:
        """Name a key, for messages: file and path."""
        return f"{f'{self.key}.{name}' if self.key else name} in {self.file}"

    def get(self, name: str, kind: type | tuple[type, ...], default: Any = None) -> Any:
        """Return a value, or ``default`` if there is none or null.

        Raises:
            RequestError: it has another type.
        """
        value = self.values.get(name)
        if value is None:
            return default
        if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
            raise failure(f"{self.at(name)} has the wrong type: {_short(value)}")
        return value

    def part(self, name: str) -> Section:
        """Return an object in it; one that is missing counts as empty."""
        return self.empty(name)._replace(values=self.get(name, dict, {}))

    def items(self, name: str) -> Section:
        """Return the items of a list in it by ``[0]``, ``[1]`` …; one that is missing counts as empty."""
        found = self.get(name, list, [])
        values = {f"{name}[{index}]": item for index, item in enumerate(found)}
        return Section(self.file, self.key, values, self.paths)

    def empty(self, name: str) -> Section:
        """Return an object in it as if there were none."""
        return Section(self.file, f"{self.key}.{name}" if self.key else name, {}, self.paths)

    def path(self, name: str) -> str:
        """Return an absolute path; "" if it is not given.

        Raises:
            RequestError: it is no text, or uses a variable that the manifest lacks.
        """
        return self.paths.resolve(self.get(name, str, ""), self.at(name))


class PopulationFile(NamedTuple):
    """A file of populations that a circuit names.

    Attributes:
        elements: file of the nodes or edges.
        types: CSV file of their types, or "".
        populations: what the configuration says of each population; None: it names none, all of the file are meant.
        components: what it says of all populations.
    """

    elements: str
    types: str
    populations: Mapping[str, Section] | None
    components: Section

    def properties(self, population: str) -> Properties:
        """Return what the configuration says of a population of the file."""
        own = None if self.populations is None else self.populations.get(population)
        return Properties(self, own)


class Properties(NamedTuple):
    """What a configuration says of a population; its own values go before those of ``components``."""

    file: PopulationFile
    own: Section | None

    @property
    def type(self) -> str:
        """SONATA's type, or "" if the configuration does not tell."""
        return str(self.own.get("type", str, "")) if self.own else ""

    def path(self, name: str) -> str:
        """Return the absolute path of a component, such as ``morphologies_dir``; "" without."""
        return (self.own.path(name) if self.own else "") or self.file.components.path(name)

    @property
    def alternate_morphologies(self) -> dict[str, str]:
        """Format → directory or container of the morphologies, absolute."""
        for section in (self.own, self.file.components):
            if section and (found := section.part("alternate_morphologies")).values:
                return {name: found.path(name) for name in found.values}
        return {}


class CircuitConfig(NamedTuple):
    """A circuit's configuration.

    Attributes:
        root: its file.
        nodes: files of node populations.
        edges: files of edge populations.
        problems: parts that were left out, and why.
    """

    root: Section
    nodes: tuple[PopulationFile, ...]
    edges: tuple[PopulationFile, ...]
    problems: tuple[str, ...]

    @property
    def path(self) -> Path:
        """Its file."""
        return self.root.file

    @property
    def node_sets_file(self) -> str:
        """Absolute path, or ""; an error only of those who ask for it."""
        return self.root.path("node_sets_file")


class ReportConfig(NamedTuple):
    """A report of a simulation.

    Attributes:
        name: its name.
        type: in Brayns' words, such as "compartment".
        file: absolute.
        start: first time, in ms.
        end: last time, in ms.
        dt: time between two frames, in ms.
        unit: of the values; "" if unknown.
        cells: the reported node set, in words.
        enabled: whether the simulation writes it.
    """

    name: str
    type: str
    file: str
    start: float
    end: float
    dt: float
    unit: str
    cells: str
    enabled: bool


# BMTK's modules → SONATA's types of reports
_MODULES = {
    "membrane_report": "compartment",
    "netcon_report": "synapse",
    "syn_report": "synapse",
    "extracellular": "lfp",
    "ecp": "lfp",
}


class SimulationConfig:
    """A simulation's configuration.

    Args:
        root: its file.

    Attributes:
        root: the same.
        problems: what was left out, and why; grows with what is asked for.
        left_out: the reports that were, each with the reason; complete once ``reports`` was read.
    """

    def __init__(self, root: Section) -> None:
        self.root = root
        self.problems: list[str] = []
        self.left_out: dict[str, str] = {}
        self._readable(lambda: self.node_sets_file, "")  # what is wrong with it is told, whoever asks

    @property
    def path(self) -> Path:
        """Its file."""
        return self.root.file

    @property
    def node_sets_file(self) -> str:
        """Absolute path, or ""; an error only of those who ask for it."""
        return self.root.path("node_sets_file")

    @cached_property
    def node_set(self) -> str:
        """The simulated node set, or ""."""
        return self._readable(lambda: str(self.root.get("node_set", str, "")), "")

    @cached_property
    def tstop(self) -> float:
        """End of the simulation in ms; 0 if it does not tell."""
        return self._readable(lambda: self._run("tstop"), 0.0)

    @cached_property
    def dt(self) -> float:
        """The time step in ms; 0 if it does not tell."""
        return self._readable(lambda: self._run("dt"), 0.0)

    def _run(self, name: str) -> float:
        return float(self.root.part("run").get(name, (int, float), 0.0))

    def _readable(self, read: Callable[[], T], other: T) -> T:
        """Return what ``read`` returns; if that is refused, ``other``, and the reason becomes a problem."""
        try:
            return read()
        except RequestError as error:
            if error.message not in self.problems:
                self.problems.append(error.message)
            return other

    @cached_property
    def spikes_file(self) -> str:
        """Absolute path of the spikes; libsonata's default is out.h5, that of the guide spikes.h5."""
        output = self.root.part("output")
        names = [output.get("spikes_file", str, "")]
        places = [self._written(name, output.at("spikes_file")) for name in (names if names[0] else _SPIKES)]
        return next((place for place in places if Path(place).is_file()), places[0])

    def _written(self, name: str, where: str) -> str:
        """Find a file that a simulation writes: in its output directory, or beside its configuration."""
        output = self.root.part("output")
        folder = output.path("output_dir") or str(self.path.parent / "output")
        file = self.root.paths.resolve(name, where, folder)
        beside = self.root.paths.resolve(name, where)
        return beside if not Path(file).is_file() and Path(beside).is_file() else file

    @cached_property
    def reports(self) -> dict[str, ReportConfig]:
        """The reports by name; those that make no sense are left out and become ``problems``."""
        found = {}
        section = self._readable(lambda: self.root.part("reports"), self.root.empty("reports"))
        for name in section.values:
            try:
                found[name] = self._report(section.part(name), name)
            except RequestError as error:
                self.left_out[name] = error.message
                self.problems.append(f"Report {name!r} was left out: {error.message}")
        return found

    def check_report(self, name: str) -> None:
        """Refuse a report that was left out, with the reason.

        Raises:
            RequestError: -32603, it was.
        """
        if name not in self.reports and name in self.left_out:
            raise failure(f"Report {name!r} of {self.path} cannot be used: {self.left_out[name]}")

    def _report(self, section: Section, name: str) -> ReportConfig:
        module = str(section.values.get("module", ""))
        file = section.get("file_name", str, "") or name
        file = file if file.endswith(".h5") else f"{file}.h5"
        tstart = self._readable(lambda: self._run("tstart"), 0.0)
        cells = section.values.get("cells", self.node_set)
        return ReportConfig(
            name=name,
            type=section.get("type", str, "") or _MODULES.get(module, "compartment"),
            file=self._written(file, section.at("file_name")),
            start=float(section.get("start_time", (int, float), tstart)),
            end=float(section.get("end_time", (int, float), self.tstop)),
            dt=float(section.get("dt", (int, float), self.dt)),
            unit=str(section.get("unit", str, "")),
            cells=cells if isinstance(cells, str) else "" if cells is None else _short(cells),
            enabled=bool(section.get("enabled", bool, True)),
        )


_SPIKES = ("out.h5", "spikes.h5")


def read_configuration(
    path: Path, check: Check = unchecked
) -> tuple[CircuitConfig, SimulationConfig | None, tuple[str, ...]]:
    """Read a configuration of a circuit, of a simulation, of both, or one that names both.

    Args:
        path: the file.
        check: called with each file before it is opened.

    Returns:
        the circuit, the simulation or None, and what was left out of the simulation.

    Raises:
        RequestError: there is no circuit in it, or it cannot be read.
    """
    root = _root(path, check)
    if "networks" in root.values:  # with a simulation beside it, if it is BMTK's
        simulation = SimulationConfig(root) if root.values.keys() & {"run", "output", "reports"} else None
        return _circuit(root), simulation, ()
    if not root.values.keys() & {"network", "run"}:
        raise failure(f"{path} is not a SONATA configuration: it has neither 'networks' nor 'run'; {NAME_ONE}")
    problems: list[str] = []
    simulation = None
    if "simulation" in root.values and "run" not in root.values:
        try:
            simulation = SimulationConfig(_root(Path(root.path("simulation")), check))
        except RequestError as error:
            problems.append(f"The simulation was left out: {error.message}")
    else:
        simulation = SimulationConfig(root)
    network = root.path("network") or str(path.parent / "circuit_config.json")
    try:
        circuit = _root(Path(network), check)
    except RequestError as error:
        raise RequestError(f"The circuit of {path} cannot be read: {error.message}", code=error.code) from error
    if "networks" not in circuit.values:
        raise failure(f"{network} is not a SONATA circuit configuration: it has no 'networks'")
    return _circuit(circuit), simulation, tuple(problems)


def _root(path: Path, check: Check) -> Section:
    content = read_json(path, check)
    if not isinstance(content, dict):
        without = f"{path} is not a SONATA configuration: it has neither 'networks' nor 'run', as it holds no object"
        raise failure(f"{without}; {NAME_ONE}")
    manifest = content.get("manifest")
    if manifest is not None and not isinstance(manifest, dict):
        raise failure(f"manifest in {path} has the wrong type: {_short(manifest)}")
    # Not resolved: what a link points to has other neighbors.
    absolute = Path(os.path.abspath(path))  # noqa: PTH100 - a Path would keep ".."
    return Section(path, "", content, Paths(absolute, manifest or {}))


def _circuit(root: Section) -> CircuitConfig:
    try:
        networks = root.get("networks", dict, {})
    except RequestError as error:
        raise failure(f"{root.file} is not a SONATA circuit configuration: {error.message}") from error
    if "nodes" not in networks:
        raise failure(f"{root.file} is not a SONATA circuit configuration: it has no networks.nodes")
    section, components = root.part("networks"), root.empty("components")
    unused: list[str] = []
    try:
        components = root.part("components")
    except RequestError as error:
        unused.append(error.message)
    problems: list[str] = []
    nodes = _files(section, "nodes", components, problems)
    if problems and not nodes:
        raise failure(f"{root.file} is not a SONATA circuit configuration: {problems[0]}")
    problems += unused
    edges = _files(section, "edges", components, problems)
    try:
        root.path("node_sets_file")
    except RequestError as error:  # an error only of those who ask for node sets
        problems.append(error.message)
    return CircuitConfig(root, nodes, edges, tuple(problems))


def _files(networks: Section, kind: str, components: Section, problems: list[str]) -> tuple[PopulationFile, ...]:
    """Read ``networks.nodes`` or ``networks.edges``; entries that make no sense become problems."""
    found = []
    try:
        items = networks.items(kind)
    except RequestError as error:
        problems.append(error.message)
        return ()
    for name in items.values:
        try:
            section = items.part(name)
            elements = section.path(f"{kind}_file")
            if not elements:
                raise failure(f"{section.at(f'{kind}_file')} is missing")
            populations = _populations(section, problems)
            types = section.path(f"{kind.removesuffix('s')}_types_file")
            found.append(PopulationFile(elements, types, populations, components))
        except RequestError as error:
            problems.append(error.message)
    return tuple(found)


def _populations(section: Section, problems: list[str]) -> dict[str, Section] | None:
    """Read what an entry says of each population; None: nothing."""
    if not section.values.get("populations"):
        return None
    names, found = section.part("populations"), {}
    for name in names.values:
        try:
            found[name] = names.part(name)
        except RequestError as error:
            problems.append(error.message)
    return found


def _short(value: Any) -> str:
    text = json.dumps(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


class NodeSets(NamedTuple):
    """Node sets of one or several files.

    Attributes:
        values: by name, as they are written.
        files: where each comes from.
        paths: the files that were read.
        circuit: the configuration that names no such file.
    """

    values: Mapping[str, Any]
    files: Mapping[str, str]
    paths: Sequence[str]
    circuit: str = "the circuit"

    def place(self, name: str) -> str:
        """Name the file of a node set, or all files if there is none of this name."""
        return self.files.get(name) or " and ".join(self.paths) or f"{self.circuit}, which names no node_sets_file"


def read_node_sets(paths: Sequence[str], check: Check = unchecked, *, circuit: str = "the circuit") -> NodeSets:
    """Read files of node sets.

    Args:
        paths: of the files, or ""; later ones override earlier ones.
        circuit: the configuration that names them, for messages.
        check: called with each file before it is opened.

    Raises:
        RequestError: a file is missing or is not one of node sets.
    """
    found: dict[str, Any] = {}
    files: dict[str, str] = {}
    named = list(dict.fromkeys(filter(None, paths)))
    for path in named:
        check(path)
        if not Path(path).is_file():
            raise failure(f"The node sets file {path} does not exist")
        content = read_json(Path(path), check, "node sets file")
        if not isinstance(content, dict):
            raise failure(f"{path} is not a node sets file: it holds no object")
        found |= content
        files |= dict.fromkeys(content, path)
    return NodeSets(found, files, named, circuit)
