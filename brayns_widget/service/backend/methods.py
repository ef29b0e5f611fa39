"""The backend's JSON-RPC methods.

Their types are in ``protocol.backend``.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from brayns_widget.protocol.backend import (
    FS_EXISTS,
    FS_GET_ROOT,
    FS_LIST_DIR,
    FS_UPLOAD_CONTENT,
    GET_MEMORY_INFO,
    QUIT,
    REGISTRY,
    SCHEMA,
    SONATA_COUNT_EDGES,
    SONATA_COUNT_NODE_SETS,
    SONATA_DESCRIBE_CIRCUIT,
    SONATA_GET_EDGES,
    SONATA_GET_NODE_ATTRIBUTES,
    SONATA_GET_NODE_IDS,
    SONATA_GET_NODE_POSITIONS,
    SONATA_GET_NODE_SET_IDS,
    SONATA_GET_NODE_SETS,
    SONATA_GET_REPORT_FRAME,
    SONATA_LIST_EDGE_ATTRIBUTES,
    SONATA_LIST_NODE_ATTRIBUTES,
    SONATA_LIST_POPULATIONS,
    SONATA_LOAD_NODE_REPORT,
    SONATA_LOAD_NODES,
    SONATA_UNLOAD_NODE_REPORT,
    SONATA_UNLOAD_NODES,
    STORAGE_SESSION_GET,
    STORAGE_SESSION_SET,
    VERSION,
    VOLUME_PARSE_HEADER,
    CircuitDescription,
    Directory,
    EdgeAttributeListParams,
    EdgeAttributeListResult,
    EdgeCountParams,
    EdgeCountResult,
    EdgesParams,
    EdgesResult,
    EndpointSchema,
    ExistsParams,
    ExistsResult,
    File,
    FrameParams,
    GetParams,
    GetResult,
    ListDirParams,
    ListDirResult,
    MemoryInfoResult,
    NodeAttributeListParams,
    NodeAttributeListResult,
    NodeAttributesParams,
    NodeAttributesResult,
    NodeIdParams,
    NodeParams,
    NodeResult,
    NodeSetCountsParams,
    NodeSetCountsResult,
    NodeSetIdsParams,
    NodeSetIdsResult,
    NodeSetParams,
    NodeSetResult,
    PopulationParams,
    PopulationResult,
    ReportIdParams,
    ReportParams,
    ReportResult,
    SchemaParams,
    SetParams,
    SwapMemory,
    UploadParams,
    VersionResult,
    VirtualMemory,
    VolumeHeaderParams,
)
from brayns_widget.protocol.brayns.colors import CELL_ATTRIBUTES
from brayns_widget.protocol.errors import INTERNAL_ERROR, INVALID_PARAMS, RequestError
from brayns_widget.service.backend import uploads
from brayns_widget.service.backend.base import BaseDirectory, kind_of
from brayns_widget.service.backend.reader import CircuitReader
from brayns_widget.service.backend.selections import Selections
from brayns_widget.service.backend.storage import Storage
from brayns_widget.service.nrrd_header import fields, header_lines
from brayns_widget.service.rpc.cancelling import cancelling
from brayns_widget.service.rpc.methods import Method, Methods, WithPayload
from brayns_widget.service.rpc.running import RunningRequest

BACKEND_VERSION = "3.0.0"  # of the backend whose methods these are; clients check it


@dataclass
class Context:
    """Context of all methods, for one client.

    Attributes:
        base: the directory that clients are confined to.
        reader: reads circuits.
        stop: ends the process; safe on any thread.
        storage: the session variables, common to all clients.
        selections: the nodes and reports of this client.
    """

    base: BaseDirectory
    reader: CircuitReader
    stop: Callable[[], None]
    storage: Storage = field(default_factory=Storage)
    selections: Selections = field(init=False)

    def __post_init__(self) -> None:
        self.selections = Selections(self.reader)

    @contextlib.contextmanager
    def for_client(self) -> Iterator[Context]:
        """Make the context of another client; what it holds goes with it."""
        context = replace(self)
        with contextlib.closing(context.selections):
            yield context


METHODS: Methods[Context] = Methods()
METHODS.include(cancelling)

_COLOR_METHODS = {attribute: method for method, attribute in CELL_ATTRIBUTES.items()}

# --- core ---


@METHODS.add(VERSION)
def version(context: Context) -> VersionResult:
    """Get the version of the backend."""
    del context
    return VersionResult(version=BACKEND_VERSION)


@METHODS.add(REGISTRY)
def registry(context: Context) -> list[str]:
    """Get the names of all methods."""
    del context
    return [method.name for method in METHODS]


@METHODS.add(SCHEMA)
def schema(context: Context, params: SchemaParams) -> EndpointSchema:
    """Get the JSON Schemas of a method."""
    del context
    return endpoint_schema(METHODS[params.endpoint])


@METHODS.add(QUIT, last=True)
def quit_backend(context: Context) -> None:
    """End the backend; the answer comes first."""
    context.stop()


def endpoint_schema(method: Method[Any]) -> EndpointSchema:
    """Describe a method in the real backend's dialect: ``required`` always stands there, null has a schema."""
    return EndpointSchema(
        method=method.name,
        description=method.description,
        params=_dialect(method.params_schema() or {"type": "null"}),
        result=_dialect(method.result_schema() or {"type": "null"}),
    )


def _dialect(value: Any) -> Any:
    if isinstance(value, list):
        return [_dialect(item) for item in value]
    if not isinstance(value, dict):
        return value
    result = {key: _dialect(item) for key, item in value.items()}
    if result.get("type") == "object" and "properties" in result:
        result.setdefault("required", [])
    if "oneOf" in result:
        result.pop("title", None)
    return result


# --- files ---


@METHODS.add(FS_EXISTS)
def fs_exists(context: Context, params: ExistsParams) -> ExistsResult:
    """Tell whether there is a file or a directory at a path."""
    kind = kind_of(context.base.resolve(params.path))
    return ExistsResult(exists=kind is not None, type=kind)


@METHODS.add(FS_GET_ROOT)
def fs_get_root(context: Context) -> str:
    """Get the directory that clients are confined to."""
    return str(context.base.path)


@METHODS.add(FS_LIST_DIR)
def fs_list_dir(context: Context, params: ListDirParams) -> ListDirResult:
    """List directories and regular files in a directory; links that lead out of the base directory are left out."""
    path = context.base.resolve(params.path)
    if kind_of(path) != "directory":
        raise RequestError(f"{params.path!r} is not a directory", code=INVALID_PARAMS)
    directories, files = [], []
    try:
        with os.scandir(path) as entries:
            for entry in sorted(entries, key=lambda entry: entry.name):
                shown = os.path.join(params.path, entry.name)  # noqa: PTH118 - the client's own spelling is kept
                try:
                    if entry.is_symlink():
                        context.base.resolve(os.path.join(path, entry.name))  # noqa: PTH118
                    if entry.is_dir():
                        directories.append(Directory(name=entry.name, path=shown))
                    elif entry.is_file():
                        files.append(File(name=entry.name, path=shown, size=entry.stat().st_size))
                except (OSError, RequestError):
                    continue  # leads out, leads nowhere, or has just been deleted
    except OSError as error:
        raise RequestError(f"{params.path!r} cannot be listed: {error.strerror}", code=INTERNAL_ERROR) from error
    return ListDirResult(directories=directories, files=files)


@METHODS.add(FS_UPLOAD_CONTENT)
def fs_upload_content(context: Context, params: UploadParams) -> None:
    """Write a file in an existing directory: all of it, or nothing."""
    uploads.write(context.base, params.path, uploads.decoded(params.content, base64_encoded=params.base64))


# --- memory ---


@METHODS.add(GET_MEMORY_INFO)
def get_memory_info(context: Context) -> MemoryInfoResult:
    """Get how much memory and swap space the machine has; 0 for what its system does not tell."""
    import psutil  # here: it takes 30 ms

    del context
    memory, swap = psutil.virtual_memory(), psutil.swap_memory()  # type: ignore[no-untyped-call]
    return MemoryInfoResult(
        virtual_memory=VirtualMemory(**{name: getattr(memory, name, 0) for name in VirtualMemory.model_fields}),
        swap_memory=SwapMemory(**{name: getattr(swap, name, 0) for name in SwapMemory.model_fields}),
    )


# --- SONATA ---


@METHODS.add(SONATA_GET_NODE_SETS, cancellable=True)
def sonata_get_node_sets(context: Context, params: NodeSetParams, request: RunningRequest) -> NodeSetResult:
    """Get the names of a circuit's node sets."""
    return NodeSetResult.model_validate(context.reader.ask("node-sets", params.path, request))


@METHODS.add(SONATA_LIST_POPULATIONS, cancellable=True)
def sonata_list_populations(context: Context, params: PopulationParams, request: RunningRequest) -> PopulationResult:
    """Get the node populations, reports and edge populations of a circuit; virtual node populations are left out."""
    return PopulationResult.model_validate(context.reader.ask("populations", params.path, request))


@METHODS.add(SONATA_LOAD_NODES, cancellable=True)
def sonata_load_nodes(context: Context, params: NodeParams, request: RunningRequest) -> NodeResult:
    """Select nodes of any of the node sets, or all without any: at most so many, at even steps."""
    selections = context.selections
    number, count = selections.load_nodes(params.path, params.population, params.count, params.node_sets, request)
    return NodeResult(id=number, count=count)


@METHODS.add(SONATA_UNLOAD_NODES)
def sonata_unload_nodes(context: Context, params: NodeIdParams) -> None:
    """Forget a selection and its reports."""
    context.selections.unload_nodes(params.id)


@METHODS.add(SONATA_GET_NODE_IDS)
def sonata_get_node_ids(context: Context, params: NodeIdParams) -> WithPayload[None]:
    """Get the ids of selected nodes, ascending; the payload has them as little-endian uint64."""
    return WithPayload(None, context.selections.ids(params.id))


@METHODS.add(SONATA_GET_NODE_POSITIONS, cancellable=True)
def sonata_get_node_positions(context: Context, params: NodeIdParams, request: RunningRequest) -> WithPayload[None]:
    """Get the positions of selected nodes, in the order of their ids; the payload has xyz as little-endian float32."""
    return WithPayload(None, context.selections.positions(params.id, request))


@METHODS.add(SONATA_LOAD_NODE_REPORT, cancellable=True)
def sonata_load_node_report(context: Context, params: ReportParams, request: RunningRequest) -> ReportResult:
    """Open a report of selected nodes."""
    return ReportResult(id=context.selections.load_report(params.nodes_id, params.name, request))


@METHODS.add(SONATA_UNLOAD_NODE_REPORT)
def sonata_unload_node_report(context: Context, params: ReportIdParams) -> None:
    """Close a report."""
    context.selections.unload_report(params.id)


@METHODS.add(SONATA_GET_REPORT_FRAME, cancellable=True)
def sonata_get_report_frame(context: Context, params: FrameParams, request: RunningRequest) -> WithPayload[None]:
    """Get the values of a frame; the payload has a byte for each, from 0 for the minimum to 255 for the maximum."""
    frame = context.selections.frame(params.report_id, params.frame, params.min_value, params.max_value, request)
    return WithPayload(None, frame)


@METHODS.add(SONATA_DESCRIBE_CIRCUIT, cancellable=True)
def sonata_describe_circuit(context: Context, params: PopulationParams, request: RunningRequest) -> CircuitDescription:
    """Get all populations and reports of a circuit, and what cannot be shown or read. An addition of ours."""
    return CircuitDescription.model_validate(context.reader.ask("contents", params.path, request))


@METHODS.add(SONATA_LIST_NODE_ATTRIBUTES, cancellable=True)
def sonata_list_node_attributes(
    context: Context, params: NodeAttributeListParams, request: RunningRequest
) -> NodeAttributeListResult:
    """Get the names and types of the attributes of a node population. An addition of ours."""
    found = context.reader.ask("node-attributes", params.path, request, population=params.population)
    for attribute in found["attributes"]:
        if not attribute["dynamics"]:
            attribute["color_method"] = _COLOR_METHODS.get(attribute["name"])
    return NodeAttributeListResult.model_validate(found)


@METHODS.add(SONATA_GET_NODE_ATTRIBUTES, cancellable=True)
def sonata_get_node_attributes(
    context: Context, params: NodeAttributesParams, request: RunningRequest
) -> WithPayload[NodeAttributesResult]:
    """Get attributes of the nodes of a population; the payload has the values. An addition of ours."""
    wanted = {"population": params.population, "ids": params.ids, "names": params.names}
    columns, payload = context.reader.fetch("get-node-attributes", params.path, request, **wanted)
    return WithPayload(NodeAttributesResult.model_validate(columns), payload)


@METHODS.add(SONATA_GET_NODE_SET_IDS, cancellable=True)
def sonata_get_node_set_ids(
    context: Context, params: NodeSetIdsParams, request: RunningRequest
) -> WithPayload[NodeSetIdsResult]:
    """Get the nodes of a population that are in node sets; the payload has their ids. An addition of ours."""
    wanted = {"population": params.population, "node_sets": params.node_sets}
    counts, payload = context.reader.fetch("get-node-set-ids", params.path, request, **wanted)
    return WithPayload(NodeSetIdsResult.model_validate(counts), payload)


@METHODS.add(SONATA_COUNT_NODE_SETS, cancellable=True)
def sonata_count_node_sets(
    context: Context, params: NodeSetCountsParams, request: RunningRequest
) -> NodeSetCountsResult:
    """Count the nodes of a population in each node set. An addition of ours."""
    found = context.reader.ask("count-node-sets", params.path, request, population=params.population)
    return NodeSetCountsResult.model_validate(found)


@METHODS.add(SONATA_LIST_EDGE_ATTRIBUTES, cancellable=True)
def sonata_list_edge_attributes(
    context: Context, params: EdgeAttributeListParams, request: RunningRequest
) -> EdgeAttributeListResult:
    """Get the names and types of the attributes of an edge population. An addition of ours."""
    found = context.reader.ask("edge-attributes", params.path, request, population=params.population)
    return EdgeAttributeListResult.model_validate(found)


@METHODS.add(SONATA_COUNT_EDGES, cancellable=True)
def sonata_count_edges(
    context: Context, params: EdgeCountParams, request: RunningRequest
) -> WithPayload[EdgeCountResult]:
    """Count the edges of a population between two sets of nodes, also for each node. An addition of ours."""
    wanted = {"population": params.population, "sources": params.sources, "targets": params.targets, "by": params.by}
    found, payload = context.reader.fetch("count-edges", params.path, request, **wanted)
    return WithPayload(EdgeCountResult.model_validate(found), payload)


@METHODS.add(SONATA_GET_EDGES, cancellable=True)
def sonata_get_edges(context: Context, params: EdgesParams, request: RunningRequest) -> WithPayload[EdgesResult]:
    """Get edges of a population between two sets of nodes, some at a time. An addition of ours."""
    wanted = {name: getattr(params, name) for name in type(params).model_fields if name != "path"}
    found, payload = context.reader.fetch("get-edges", params.path, request, **wanted)
    return WithPayload(EdgesResult.model_validate(found), payload)


# --- session variables ---


@METHODS.add(STORAGE_SESSION_GET)
def storage_session_get(context: Context, params: GetParams) -> GetResult:
    """Get a session variable that any client has set."""
    return GetResult(value=context.storage.get(params.key))


@METHODS.add(STORAGE_SESSION_SET)
def storage_session_set(context: Context, params: SetParams) -> None:
    """Set a session variable for all clients, as long as the backend lives."""
    context.storage.set(params.key, params.value)


# --- volumes ---


@METHODS.add(VOLUME_PARSE_HEADER)
def volume_parse_header(context: Context, params: VolumeHeaderParams) -> dict[str, str]:
    """Get the fields of an NRRD file's header as they are written."""
    try:
        with context.base.regular_file(params.path).open("rb") as file:
            return fields(header_lines(file))
    except (OSError, ValueError) as error:
        why = (error.strerror if isinstance(error, OSError) else None) or error
        raise RequestError(f"{params.path!r} cannot be read as NRRD: {why}", code=INTERNAL_ERROR) from error
