"""What the backend understands: its parameters, its answers and its methods.

Schemas are those of the real backend, 3.0.0, peculiarities included: times of reports are declared integers, yet they
are numbers.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, WithJsonSchema

from brayns_widget.protocol.endpoints import Endpoint
from brayns_widget.protocol.schema import Object

# --- core ---

_ANY_OBJECT = {"type": "object", "x-title": "JsonSchema", "additionalProperties": False, "properties": {}}
JsonSchema = Annotated[dict[str, Any], WithJsonSchema(_ANY_OBJECT)]


class VersionResult(Object):
    """A version."""

    version: str


class SchemaParams(Object):
    """The name of a method."""

    endpoint: str


class EndpointSchema(Object):
    """What a method takes and answers."""

    method: str
    description: str
    params: JsonSchema
    result: JsonSchema


VERSION = Endpoint("version", None, VersionResult)
REGISTRY = Endpoint("registry", None, list[str])
SCHEMA = Endpoint("schema", SchemaParams, EndpointSchema)
QUIT = Endpoint("quit")

# --- files ---

PathType = Annotated[
    Literal["file", "directory"],
    WithJsonSchema({"type": "string", "enum": ["file", "directory"], "x-title": "PathType"}),
]


class ExistsParams(Object):
    """A path."""

    path: str


class ExistsResult(Object):
    """Whether there is something at a path, and what."""

    exists: bool
    type: Annotated[PathType | None, Field(json_schema_extra={"x-one-of": "PathType"})] = None


class ListDirParams(Object):
    """The path of a directory."""

    path: str


class Directory(Object):
    """A directory in a directory."""

    name: str
    path: str


class File(Object):
    """A file in a directory; its size in bytes."""

    name: str
    path: str
    size: int


class ListDirResult(Object):
    """What is in a directory, sorted by name."""

    directories: list[Directory] = []
    files: list[File] = []


FS_EXISTS = Endpoint("fs-exists", ExistsParams, ExistsResult)
FS_GET_ROOT = Endpoint("fs-get-root", None, str)
FS_LIST_DIR = Endpoint("fs-list-dir", ListDirParams, ListDirResult)

# --- SONATA ---

ReportTime = Annotated[float, WithJsonSchema({"type": "integer"})]


class NodeSetParams(Object):
    """The path of a circuit's or a simulation's configuration."""

    path: str


class NodeSetResult(Object):
    """Names of node sets."""

    node_sets: list[str]


class PopulationParams(Object):
    """The path of a circuit's or a simulation's configuration."""

    path: str


class Population(Object):
    """A node population."""

    name: str
    type: str
    size: int


class Report(Object):
    """A report, or the spikes; times in ms."""

    type: str
    name: str
    start: ReportTime
    end: ReportTime
    delta: ReportTime
    unit: str
    cells: str


class EdgePopulation(Object):
    """An edge population with the names of its node populations."""

    name: str
    size: int
    source: str
    target: str


class PopulationResult(Object):
    """What is in a circuit or simulation."""

    populations: list[Population]
    reports: list[Report]
    edges: list[EdgePopulation]


SONATA_GET_NODE_SETS = Endpoint("sonata-get-node-sets", NodeSetParams, NodeSetResult)
SONATA_LIST_POPULATIONS = Endpoint("sonata-list-populations", PopulationParams, PopulationResult)

# --- session variables ---


class GetParams(Object):
    """The name of a variable."""

    key: str


class GetResult(Object):
    """The value of a variable."""

    value: str


class SetParams(Object):
    """A variable and its value."""

    key: str
    value: str


STORAGE_SESSION_GET = Endpoint("storage-session-get", GetParams, GetResult)
STORAGE_SESSION_SET = Endpoint("storage-session-set", SetParams)
