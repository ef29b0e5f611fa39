"""The backend's JSON-RPC methods.

Their types are in ``protocol.backend``.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from brayns_widget.protocol.backend import (
    FS_EXISTS,
    FS_GET_ROOT,
    FS_LIST_DIR,
    QUIT,
    REGISTRY,
    SCHEMA,
    SONATA_DESCRIBE_CIRCUIT,
    SONATA_GET_NODE_ATTRIBUTES,
    SONATA_GET_NODE_SET_IDS,
    SONATA_GET_NODE_SETS,
    SONATA_LIST_NODE_ATTRIBUTES,
    SONATA_LIST_POPULATIONS,
    STORAGE_SESSION_GET,
    STORAGE_SESSION_SET,
    VERSION,
    CircuitDescription,
    Directory,
    EndpointSchema,
    ExistsParams,
    ExistsResult,
    File,
    GetParams,
    GetResult,
    ListDirParams,
    ListDirResult,
    NodeAttributeListParams,
    NodeAttributeListResult,
    NodeAttributesParams,
    NodeAttributesResult,
    NodeSetIdsParams,
    NodeSetIdsResult,
    NodeSetParams,
    NodeSetResult,
    PopulationParams,
    PopulationResult,
    SchemaParams,
    SetParams,
    VersionResult,
)
from brayns_widget.protocol.brayns.colors import CELL_ATTRIBUTES
from brayns_widget.protocol.errors import INTERNAL_ERROR, INVALID_PARAMS, RequestError
from brayns_widget.service.backend.base import BaseDirectory, kind_of
from brayns_widget.service.backend.reader import CircuitReader
from brayns_widget.service.rpc.methods import Method, Methods, WithPayload

BACKEND_VERSION = "3.0.0"  # of the backend whose methods these are; clients check it


@dataclass
class Context:
    """Context of all methods.

    Attributes:
        base: the directory that clients may see.
        reader: reads circuits.
        stop: ends the process; safe on any thread.
        storage: the session variables, common to all clients.
    """

    base: BaseDirectory
    reader: CircuitReader
    stop: Callable[[], None]
    storage: dict[str, str] = field(default_factory=dict)


METHODS: Methods[Context] = Methods()

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


# --- SONATA ---


@METHODS.add(SONATA_GET_NODE_SETS)
def sonata_get_node_sets(context: Context, params: NodeSetParams) -> NodeSetResult:
    """Get the names of a circuit's node sets."""
    return NodeSetResult.model_validate(context.reader.ask("node-sets", params.path))


@METHODS.add(SONATA_LIST_POPULATIONS)
def sonata_list_populations(context: Context, params: PopulationParams) -> PopulationResult:
    """Get the node populations, reports and edge populations of a circuit; virtual node populations are left out."""
    return PopulationResult.model_validate(context.reader.ask("populations", params.path))


@METHODS.add(SONATA_DESCRIBE_CIRCUIT)
def sonata_describe_circuit(context: Context, params: PopulationParams) -> CircuitDescription:
    """Get all populations and reports of a circuit, and what cannot be shown or read. An addition of ours."""
    return CircuitDescription.model_validate(context.reader.ask("contents", params.path))


@METHODS.add(SONATA_LIST_NODE_ATTRIBUTES)
def sonata_list_node_attributes(context: Context, params: NodeAttributeListParams) -> NodeAttributeListResult:
    """Get the names and types of the attributes of a node population. An addition of ours."""
    found = context.reader.ask("node-attributes", params.path, population=params.population)
    for attribute in found["attributes"]:
        if not attribute["dynamics"]:
            attribute["color_method"] = _COLOR_METHODS.get(attribute["name"])
    return NodeAttributeListResult.model_validate(found)


@METHODS.add(SONATA_GET_NODE_ATTRIBUTES)
def sonata_get_node_attributes(context: Context, params: NodeAttributesParams) -> WithPayload[NodeAttributesResult]:
    """Get attributes of the nodes of a population; the payload has the values. An addition of ours."""
    wanted = {"population": params.population, "ids": params.ids, "names": params.names}
    columns, payload = context.reader.fetch("get-node-attributes", params.path, **wanted)
    return WithPayload(NodeAttributesResult.model_validate(columns), payload)


@METHODS.add(SONATA_GET_NODE_SET_IDS)
def sonata_get_node_set_ids(context: Context, params: NodeSetIdsParams) -> WithPayload[NodeSetIdsResult]:
    """Get the nodes of a population that are in node sets; the payload has their ids. An addition of ours."""
    wanted = {"population": params.population, "node_sets": params.node_sets}
    counts, payload = context.reader.fetch("get-node-set-ids", params.path, **wanted)
    return WithPayload(NodeSetIdsResult.model_validate(counts), payload)


# --- session variables ---


@METHODS.add(STORAGE_SESSION_GET)
def storage_session_get(context: Context, params: GetParams) -> GetResult:
    """Get a session variable that any client has set."""
    try:
        return GetResult(value=context.storage[params.key])
    except KeyError:
        raise RequestError(f"No values for key {params.key!r}", code=INVALID_PARAMS) from None


@METHODS.add(STORAGE_SESSION_SET)
def storage_session_set(context: Context, params: SetParams) -> None:
    """Set a session variable for all clients, as long as the backend lives."""
    context.storage[params.key] = params.value
