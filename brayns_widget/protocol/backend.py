"""Methods of the backend with the types of their parameters and answers.

Schemas are those of the real backend, 3.0.0, peculiarities included: times of reports are declared integers, yet they
are numbers.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, WithJsonSchema

from brayns_widget.protocol.endpoints import Endpoint
from brayns_widget.protocol.schema import Ids, Items, Object, Size

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
    """Schemas of a method's parameters and answer."""

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
    """Whether a path exists, and whether it is a file or a directory."""

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
    """Contents of a directory, sorted by name."""

    directories: list[Directory] = []
    files: list[File] = []


class UploadParams(Object):
    """A path and what the file there becomes: a text, in UTF-8, or bytes in base64."""

    path: str
    content: str
    base64: bool


FS_EXISTS = Endpoint("fs-exists", ExistsParams, ExistsResult)
FS_GET_ROOT = Endpoint("fs-get-root", None, str)
FS_LIST_DIR = Endpoint("fs-list-dir", ListDirParams, ListDirResult)
FS_UPLOAD_CONTENT = Endpoint("fs-upload-content", UploadParams)

# --- memory ---


class VirtualMemory(Object):
    """The machine's memory in bytes; 0 for what its system does not tell. ``percent`` is in use."""

    total: int
    available: int
    percent: float
    used: int
    free: int
    active: int
    inactive: int
    cached: int
    shared: int


class SwapMemory(Object):
    """The machine's swap space in bytes, and what was moved in and out since its start. ``percent`` is in use."""

    total: int
    used: int
    free: int
    percent: float
    sin: int
    sout: int


class MemoryInfoResult(Object):
    """Memory and swap space."""

    virtual_memory: VirtualMemory
    swap_memory: SwapMemory


GET_MEMORY_INFO = Endpoint("get-memory-info", None, MemoryInfoResult)

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
    """Populations and reports of a circuit or simulation."""

    populations: list[Population]
    reports: list[Report]
    edges: list[EdgePopulation]


class NodeParams(Object):
    """Nodes to select: those of any of the node sets, or all without any; at most ``count``."""

    path: str
    population: str
    count: int
    node_sets: Items[str] = []


class NodeResult(Object):
    """The id of a selection of nodes, and the number of its nodes."""

    id: int
    count: int


class NodeIdParams(Object):
    """The id of a selection of nodes."""

    id: int


SONATA_GET_NODE_SETS = Endpoint("sonata-get-node-sets", NodeSetParams, NodeSetResult)
SONATA_LIST_POPULATIONS = Endpoint("sonata-list-populations", PopulationParams, PopulationResult)
SONATA_LOAD_NODES = Endpoint("sonata-load-nodes", NodeParams, NodeResult)
SONATA_UNLOAD_NODES = Endpoint("sonata-unload-nodes", NodeIdParams)
SONATA_GET_NODE_IDS = Endpoint("sonata-get-node-ids", NodeIdParams)  # the payload: ascending ids, little-endian uint64
SONATA_GET_NODE_POSITIONS = Endpoint("sonata-get-node-positions", NodeIdParams)  # xyz, little-endian float32, in µm


class ReportParams(Object):
    """The id of a selection of nodes, and the name of a report."""

    nodes_id: int
    name: str


class ReportResult(Object):
    """The id of a report of a selection."""

    id: int


class ReportIdParams(Object):
    """The id of a report."""

    id: int


class FrameParams(Object):
    """A frame of a report, and the values that become 0 and 255."""

    report_id: int
    frame: int
    min_value: float
    max_value: float


SONATA_LOAD_NODE_REPORT = Endpoint("sonata-load-node-report", ReportParams, ReportResult)
SONATA_UNLOAD_NODE_REPORT = Endpoint("sonata-unload-node-report", ReportIdParams)
SONATA_GET_REPORT_FRAME = Endpoint("sonata-get-report-frame", FrameParams)  # the payload: uint8, node after node

# Additions of ours: the real backend has nothing like them.


class DescribedPopulation(Object):
    """A node population.

    Attributes:
        name: its name.
        type: SONATA's type; "" if it cannot be read.
        size: number of its nodes; 0 if it cannot be read.
        reason: why it cannot be shown; "" if it can.
    """

    name: str
    type: str
    size: int
    reason: str


class CircuitDescription(Object):
    """All populations and reports of a circuit or simulation, and sentences about what cannot be read."""

    populations: list[DescribedPopulation]
    reports: list[Report]
    edges: list[EdgePopulation]
    notices: list[str]


SONATA_DESCRIBE_CIRCUIT = Endpoint("sonata-describe-circuit", PopulationParams, CircuitDescription)


class NodeAttributeListParams(Object):
    """A node population of a circuit or simulation."""

    path: str
    population: str


AttributeType = Literal["float", "integer", "string"]


class ListedNodeAttribute(Object):
    """An attribute of nodes.

    Attributes:
        name: unique in its population; "@dynamics:NAME" for one of ``dynamics_params`` whose NAME is taken.
        type: of its values.
        dynamics: whether it is one of ``dynamics_params``.
        color_method: the renderer's coloring method for it, or None.
    """

    name: str
    type: AttributeType
    dynamics: bool
    color_method: str | None = None


class NodeAttributeListResult(Object):
    """The attributes of a population.

    Attributes:
        count: of the population's nodes.
        attributes: those that can be read, by name; those of ``dynamics_params`` come last.
        left_out: names of the attributes whose type cannot be read, such as tables.
    """

    count: int
    attributes: list[ListedNodeAttribute]
    left_out: list[str]


class NodeAttributesParams(Object):
    """A selection of nodes and of their attributes.

    Attributes:
        path: of a circuit's or a simulation's configuration.
        population: name of a node population.
        ids: of nodes, in any order; without, all.
        names: of attributes; without, all that can be read.
    """

    path: str
    population: str
    ids: Ids | None = None
    names: Items[str] | None = None


class NodeAttribute(Object):
    """A column of the payload.

    Attributes:
        name: as in the answer to ``sonata-list-node-attributes``.
        type: "float": float64; "integer": int64; "string": uint32, each an index in ``values``.
        dynamics: whether it is one of ``dynamics_params``.
        values: of a "string", the distinct values, sorted; some may occur only in nodes that were not asked for.
    """

    name: str
    type: AttributeType
    dynamics: bool
    values: list[str] | None = None


class NodeAttributesResult(Object):
    """The columns of the payload: ``count`` little-endian values each, without gaps between the columns."""

    count: int
    attributes: list[NodeAttribute]


class NodeSetIdsParams(Object):
    """A node population and node sets of a circuit or simulation."""

    path: str
    population: str
    node_sets: Items[str]


class NodeSetIdsResult(Object):
    """Number of ids in the payload: little-endian int64, of the nodes of each node set in turn.

    Attributes:
        counts: the number of nodes of each node set, in the order of the request.
    """

    counts: list[int]


class NodeSetCountsParams(Object):
    """A node population of a circuit or simulation."""

    path: str
    population: str


class NodeSetCount(Object):
    """Number of nodes of a population in a node set.

    Attributes:
        name: of the node set.
        count: the number, or None if it is not known.
        reason: why it cannot be used on this population; "" if it can, or if there was no time to try.
    """

    name: str
    count: int | None = None
    reason: str


class NodeSetCountsResult(Object):
    """All node sets, by name."""

    node_sets: list[NodeSetCount]


SONATA_LIST_NODE_ATTRIBUTES = Endpoint("sonata-list-node-attributes", NodeAttributeListParams, NodeAttributeListResult)
SONATA_GET_NODE_ATTRIBUTES = Endpoint("sonata-get-node-attributes", NodeAttributesParams, NodeAttributesResult)
SONATA_GET_NODE_SET_IDS = Endpoint("sonata-get-node-set-ids", NodeSetIdsParams, NodeSetIdsResult)
SONATA_COUNT_NODE_SETS = Endpoint("sonata-count-node-sets", NodeSetCountsParams, NodeSetCountsResult)


class EdgeAttributeListParams(Object):
    """An edge population of a circuit or simulation."""

    path: str
    population: str


class EdgeAttributeListResult(Object):
    """The attributes of an edge population.

    Attributes:
        count: of its edges.
        source: the node population of their sources; "" if the file does not tell.
        target: that of their targets.
        attributes: those that can be read, by name; those of ``dynamics_params`` come last.
        left_out: names of the attributes whose type cannot be read.
    """

    count: int
    source: str
    target: str
    attributes: list[ListedNodeAttribute]
    left_out: list[str]


class EdgeCountParams(Object):
    """Edges of a population between two sets of nodes.

    Attributes:
        path: of a circuit's or a simulation's configuration.
        population: name of an edge population.
        sources: ids of the nodes where they start; without, any.
        targets: ids of the nodes where they end; without, any.
        by: the end at whose nodes they are counted, too; without, at none.
    """

    path: str
    population: str
    sources: Ids | None = None
    targets: Ids | None = None
    by: Literal["source", "target"] | None = None


class EdgeCountResult(Object):
    """Number of edges, and of the nodes in the payload.

    Attributes:
        count: of the edges.
        nodes: of the payload: so many ids, ascending, then as many numbers of edges, all little-endian int64; only
            nodes that have some.
    """

    count: int
    nodes: int


class EdgesParams(Object):
    """Edges of a population between two sets of nodes, thinned, and a page of them; first attributes as for counts.

    Attributes:
        path: of a circuit's or a simulation's configuration.
        population: name of an edge population.
        sources: ids of the nodes where they start; without, any.
        targets: ids of the nodes where they end; without, any.
        names: of attributes; without, all that can be read.
        limit: the most edges that are chosen, at even steps through all that there are; without, all.
        first: number of the first chosen edge of this page.
        count: the most edges of this page; without, all that follow.
    """

    path: str
    population: str
    sources: Ids | None = None
    targets: Ids | None = None
    names: Items[str] | None = None
    limit: Size | None = None
    first: Size = 0
    count: Size | None = None


class EdgesResult(Object):
    """A page of edges, in the order of their ids.

    Attributes:
        total: number of all edges between the nodes.
        chosen: number of those that ``limit`` leaves.
        count: number of those in the payload.
        attributes: the columns of the payload, as of ``sonata-get-node-attributes``, after three of int64: the edges'
            ids, their sources, their targets.
    """

    total: int
    chosen: int
    count: int
    attributes: list[NodeAttribute]


SONATA_LIST_EDGE_ATTRIBUTES = Endpoint("sonata-list-edge-attributes", EdgeAttributeListParams, EdgeAttributeListResult)
SONATA_COUNT_EDGES = Endpoint("sonata-count-edges", EdgeCountParams, EdgeCountResult)
SONATA_GET_EDGES = Endpoint("sonata-get-edges", EdgesParams, EdgesResult)

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

# --- volumes ---


class VolumeHeaderParams(Object):
    """The path of an NRRD file."""

    path: str


VOLUME_PARSE_HEADER = Endpoint("volume-parse-header", VolumeHeaderParams, dict[str, str])
