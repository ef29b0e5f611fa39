"""A proxy master, a slave, a renderer and a backend that do as they are told, for tests of the client side.

They run on threads of their own, listen on 127.0.0.1 with port 0, and keep what they were asked. ``FakeCluster`` is a
context manager; change its attributes, and those of its ``renderer`` and ``backend``, before or while it is used.
"""

from __future__ import annotations

import asyncio
import base64
import http.server
import json
import struct
import threading
from collections.abc import Callable, Sequence
from datetime import datetime
from http import HTTPStatus
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

from websockets.asyncio.server import ServerConnection, serve
from websockets.http11 import Request as Handshake
from websockets.http11 import Response

from brayns_widget.protocol.errors import METHOD_NOT_FOUND, RequestError
from tests.fake_server import Connection, FakeServer, Result

TOKEN = "canary-5b1f0c7e"
JOB_ID = "1f9d0c2e-5a3e-4b43-9a58-0d2a7c1f6e11"

# 1x1 pixel, gray.
JPEG = base64.b64decode(
    "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAP//////////////////////////////////////////////////////////////////////////////"
    "////////wAALCAABAAEBAREA/8QAFAABAAAAAAAAAAAAAAAAAAAAA//EABQQAQAAAAAAAAAAAAAAAAAAAAD/2gAIAQEAAD8AN//Z"
)
PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="
)

IDS = b"packed ids"

IDENTITY = {"rotation": [0, 0, 0, 1], "scale": [1, 1, 1], "translation": [0, 0, 0]}
NO_BOUNDS = {"min": [3.4028235e38] * 3, "max": [-3.4028235e38] * 3}
BOUNDS = {"min": [-100.0, -200.0, -300.0], "max": [100.0, 200.0, 300.0]}

EXR = b"v/1\x01 and so on"  # only its beginning is an OpenEXR file's

# Ours; Brayns has none.
NODE_ATTRIBUTE_METHODS = (
    "sonata-list-node-attributes",
    "sonata-get-node-attributes",
    "sonata-get-node-set-ids",
    "sonata-count-node-sets",
)
EDGE_METHODS = ("sonata-list-edge-attributes", "sonata-count-edges", "sonata-get-edges")  # ours; Brayns has none
# Brayns'; ours has none.
SELECTION_METHODS = ("sonata-load-nodes", "sonata-unload-nodes", "sonata-get-node-ids", "sonata-get-node-positions")
SHAPES = ("spheres", "capsules", "boxes", "planes", "bounded-planes")
# As the real renderer names them, oddities included.
LOADERS = {
    "mesh": ["off", "stl", "ply", "obj"],
    "Cell placement loader": ["circuit.morphologies.h5"],
    "Neuron Morphology loader": ["swc", "h5", "asc"],
    "SONATA loader": [".json"],
    "protein": ["pdb", "pdb1"],
    "xyz": ["xyz"],
}

# Many clients may come at once.
_HttpServer = type("_HttpServer", (http.server.ThreadingHTTPServer,), {"request_queue_size": 100})


class FakeRenderer(FakeServer):
    """A renderer whose every circuit has four cells of two types and loads in two steps.

    Its answers have every property that the real one sends, and none that it does not.

    Attributes:
        models: the scene, as ``get-scene`` answers it.
        color_values: coloring method → its values.
        cells: how many cells a circuit has.
        metadata: what circuits tell of themselves, too.
        materials: id of a model → name and values of its material.
        ramps: id of a model → the colors of its simulation.
        simulation: what ``get-simulation-parameters`` answers.
        offers: what ``registry`` answers.
        asynchronous: the methods whose schemas say that they can be cancelled.
    """

    def __init__(self) -> None:
        super().__init__()
        self.models: list[dict[str, Any]] = []
        self.cells = 4
        self.metadata: dict[str, str] = {}
        self.offers = ["add-model", "cancel", "get-scene", "render-image", "snapshot"]
        self.asynchronous = {"add-model", "snapshot"}
        self.color_values = {
            "solid": ["color"],
            "mtype": ["L23_PC", "L5_BC"],
            "morphology section": ["axon", "soma"],
            "id": ["0-3"],
        }
        self.materials: dict[int, tuple[str, dict[str, Any]]] = {}
        self.ramps: dict[int, dict[str, Any]] = {}
        self.simulation = {"start_frame": 0, "current": 0, "end_frame": 0, "dt": 0.0, "unit": ""}
        self.progress["add-model"] = [(0.25, "Reading cells"), (0.75, "Building")]
        self.delays["add-model"] = 0.01
        self._ids = 0

    def answer(self, method: str, params: Any) -> Result:
        if method in self.answers:
            return self.answers[method](params), b""
        match method:
            case "get-version":
                return {"major": 3, "minor": 10, "patch": 1, "revision": "fake"}, b""
            case "registry":
                return self.offers, b""
            case "schema":
                return _schema(params["endpoint"], params["endpoint"] in self.asynchronous), b""
            case "get-loaders":
                return [_loader(name, extensions) for name, extensions in LOADERS.items()], b""
            case "render-image":
                return {"accumulation": 1, "max_accumulation": 1}, JPEG
            case "render-ids":
                return {"count": 1, "height": 300, "section_types": ["soma"], "width": 400}, IDS
            case "snapshot":
                picture = PNG if params["image_settings"]["format"] == "png" else JPEG
                return {"color_buffer": {"offset": 0, "size": len(picture)}}, picture
            case "export-gbuffers":
                return None, EXR
            case "inspect":
                return {"hit": True, "metadata": {"neuron_id": 2}, "model_id": 3, "position": [1.0, 2.0, 3.0]}, b""
            case "get-simulation-parameters":
                return self.simulation, b""
            case "set-simulation-parameters":
                self.simulation |= params
                return None, b""
        return self._about_models(method, params), b""

    def add(self, kind: str, bounds: dict[str, Any] = BOUNDS, info: dict[str, Any] | None = None) -> dict[str, Any]:
        """Add a model to the scene, as another client might."""
        model = {"model_id": self._ids, "model_type": kind, "bounds": bounds, "info": info or {}, "is_visible": True}
        self._ids += 1
        self.models.append(model | {"transform": IDENTITY})
        return self.models[-1]

    def sent(self, method: str) -> list[Any]:
        """Return the parameters with which a method was asked, in order."""
        return [params for asked, params in list(self.requests) if asked == method]

    def _about_models(self, method: str, params: Any) -> Any:
        match method.split("-"):
            case ["get", "scene"]:
                return {"bounds": BOUNDS if self.models else NO_BOUNDS, "models": self.models}
            case ["add", "light", _]:
                return self.add("light", NO_BOUNDS)
            case ["add", "clipping", *_]:
                return self.add("clip_geometry", NO_BOUNDS)
            case ["add" | "upload", "model"]:
                return self._load({"path": "upload"} | params)
            case ["add", *shape] if "-".join(shape) in SHAPES:
                return self.add("geometry")
            case ["clear", "lights"]:
                self._keep(lambda kind: kind != "light")
            case ["clear", "clipping", "geometries"]:
                self._keep(lambda kind: kind != "clip_geometry")
            case ["clear", "models"]:
                self._keep(lambda kind: kind in {"light", "clip_geometry"})
            case ["get", "model"]:
                return self._model(params["id"])
            case ["update", "model"]:
                model = self._model(params["model_id"])
                model.update(params["model"])
                return model
            case ["remove", "model"]:
                for model_id in params["ids"]:
                    self.models.remove(self._model(model_id))
            case ["get", "color", "methods"]:
                self._circuit(params["id"])
                return list(self.color_values)
            case ["get", "color", "values"]:
                return self.color_values[params["method"]]
            case ["get", "circuit", "ids"]:
                self._circuit(params["model_id"])
                return list(range(self.cells))
            case ["get", "material", "type"]:
                return self.materials.get(self._model(params["id"])["model_id"], ("matte", {}))[0]
            case ["get", "material", _]:
                return self.materials.get(params["id"], ("matte", {"opacity": 1.0}))[1]
            case ["set", "material", kind]:
                self.materials[self._model(params["model_id"])["model_id"]] = kind, params["material"]
            case ["get", "color", "ramp"]:
                return self.ramps.get(params["id"], {"range": [0.0, 1.0], "colors": []})
            case ["set", "color", "ramp"]:
                self.ramps[params["id"]] = {**self.ramps.get(params["id"], {}), **params["color_ramp"]}
            case ["enable", "simulation"] | ["set", "circuit", "thickness"]:
                self._model(params["model_id"])
            case ["set", *_] | ["color", "model"] | ["quit"]:
                pass
            case _:
                raise RequestError("Method not found", code=METHOD_NOT_FOUND, data=method)
        return None

    def _load(self, params: Any) -> list[dict[str, Any]]:
        origin = {"path": params["path"], "loader_name": params["loader_name"], "source": "from_file"}
        info = {"load_info": origin | {"load_parameters": params["loader_properties"]}}
        if params["loader_name"] != "SONATA loader":
            return [self.add("mesh", info=info)]
        settings = params["loader_properties"]["node_population_settings"]
        found = [("neurons", self._metadata(one["node_population"])) for one in settings]
        for edges in (edges for one in settings for edges in one.get("edge_populations", [])):
            side = "afferent" if edges["load_afferent"] else "efferent"
            found.append((f"{side}_synapses", {"population_name": edges["edge_population"], "population_type": "edge"}))
        return [self.add(kind, info=info | {"metadata": metadata}) for kind, metadata in found]

    def _metadata(self, population: str) -> dict[str, str]:
        return {"population_name": population, "loaded_neuron_count": str(self.cells), **self.metadata}

    def _keep(self, wanted: Callable[[str], bool]) -> None:
        self.models[:] = [model for model in self.models if wanted(model["model_type"])]

    def _circuit(self, model_id: int) -> None:
        if self._model(model_id)["model_type"] not in {"neurons", "afferent_synapses", "efferent_synapses"}:
            raise RequestError("The model is not a circuit", code=-32602)

    def _model(self, model_id: int) -> dict[str, Any]:
        for model in self.models:
            if model["model_id"] == model_id:
                return model
        raise RequestError(f"Invalid model ID: {model_id}", code=-32602)


def _schema(method: str, is_asynchronous: bool) -> dict[str, Any]:
    return {"title": method, "description": "", "plugin": "Core", "deprecated": False, "async": is_asynchronous}


def _loader(name: str, extensions: list[str]) -> dict[str, Any]:
    schema = {"type": "object"}
    about = {"plugin": "Core", "binary": name == "mesh", "input_parameters_schema": schema}
    return {"name": name, "extensions": extensions, **about}


class FakeBackend(FakeServer):
    """A backend with one directory and one circuit.

    Attributes:
        populations: what ``sonata-list-populations`` answers.
        edges: the edge populations that it answers.
        joined: source, target and x of each edge of these; while there are none, this backend has no methods for edges.
        node_sets: what ``sonata-get-node-sets`` answers.
        members: ids of the cells of each node set, for a backend that has ``node_attributes`` or ``positions``.
        node_attributes: numbers or texts of all nodes by the name of the attribute; while there are none, this backend
            has no methods for them, as the real one.
        positions: x, y, z of all nodes; while there are none, this backend has no selections, unlike the real one.
        selections: the loaded selections of nodes, by their ids.
        cancels: whether it tells that it has ``cancel``, as ours; the real one has not.
    """

    def __init__(self) -> None:
        super().__init__()
        self.cancels = False
        self.populations: list[dict[str, Any]] = [{"name": "cells", "type": "biophysical", "size": 4}]
        self.edges: list[dict[str, Any]] = []
        self.joined: list[tuple[int, int, float]] = []
        self.node_sets = ["All", "Layer1"]
        self.members = {"All": [0, 1, 2, 3], "Layer1": [1, 3]}
        self.node_attributes: dict[str, list[Any]] = {}
        self.positions: list[tuple[float, float, float]] = []
        self.selections: dict[int, list[int]] = {}
        self.answers = {
            "version": lambda _: {"version": "3.0.0"},
            "quit": lambda _: None,
            "registry": lambda _: self._registry(),
            "fs-get-root": lambda _: "/data",
            "fs-list-dir": lambda params: {
                "directories": [{"name": name, "path": f"{params['path']}/{name}"} for name in ("b", "A")],
                "files": [{"name": "circuit.json", "path": f"{params['path']}/circuit.json", "size": 12}],
            },
            "sonata-list-populations": lambda _: {"populations": self.populations, "reports": [], "edges": self.edges},
            "sonata-get-node-sets": lambda _: {"node_sets": self.node_sets},
        }

    def answer(self, method: str, params: Any) -> Result:
        if self.positions and method in SELECTION_METHODS and method not in self.answers:
            return self._select(method, params)
        if self.joined and method in EDGE_METHODS and method not in self.answers:
            return self._join(method, params)
        if not self.node_attributes or method not in NODE_ATTRIBUTE_METHODS or method in self.answers:
            return super().answer(method, params)
        if method == NODE_ATTRIBUTE_METHODS[2]:
            members = [self.members[name] for name in params["node_sets"]]
            ids = [one for some in members for one in some]
            return {"counts": list(map(len, members))}, struct.pack(f"<{len(ids)}q", *ids)
        if method == NODE_ATTRIBUTE_METHODS[3]:
            counts = [{"name": name, "count": len(ids), "reason": ""} for name, ids in self.members.items()]
            return {"node_sets": counts}, b""
        names = params.get("names", list(self.node_attributes))
        columns = {name: self.node_attributes[name] for name in names}
        if method == NODE_ATTRIBUTE_METHODS[0]:
            described = [_attribute(name, values) | {"color_method": None} for name, values in columns.items()]
            return {"count": 4, "attributes": described, "left_out": []}, b""
        ids = params.get("ids", range(4))
        if beyond := [one for one in ids if one >= 4]:
            raise RequestError(f"There is no node {beyond[0]}", code=-32602)
        described = [
            _attribute(name, values) | ({"values": sorted(set(values))} if isinstance(values[0], str) else {})
            for name, values in columns.items()
        ]
        payload = b"".join(_column(values, ids) for values in columns.values())
        return {"count": len(ids), "attributes": described}, payload

    def _registry(self) -> list[str]:
        names = [name for name in self.answers if name != "registry"]
        names += NODE_ATTRIBUTE_METHODS if self.node_attributes else ()
        names += EDGE_METHODS if self.joined else ()
        names += ["cancel"] if self.cancels else ()
        return names + (list(SELECTION_METHODS) if self.positions else [])

    def _join(self, method: str, params: Any) -> Result:
        """Answer about edges; they are where the file says on each axis: at x."""
        axes = [f"afferent_center_{axis}" for axis in "xyz"]
        if method == EDGE_METHODS[0]:
            described = [{"name": name, "type": "float", "dynamics": False, "color_method": None} for name in axes]
            about = {"source": "cells", "target": "cells", "left_out": []}
            return {"count": len(self.joined), "attributes": described, **about}, b""
        wanted = [set(params.get(name, range(4))) for name in ("sources", "targets")]
        found = [
            (number, *edge) for number, edge in enumerate(self.joined) if edge[0] in wanted[0] and edge[1] in wanted[1]
        ]
        if method == EDGE_METHODS[1]:
            at = [edge[1 if params.get("by") == "source" else 2] for edge in found]
            nodes = sorted(set(at)) if "by" in params else []
            payload = struct.pack(f"<{2 * len(nodes)}q", *nodes, *map(at.count, nodes))
            return {"count": len(found), "nodes": len(nodes)}, payload
        if unknown := [name for name in params["names"] if name not in axes]:
            raise RequestError(f"There is no attribute {unknown[0]}", code=-32602)
        chosen = min(params.get("limit", len(found)), len(found))
        page = [found[number * len(found) // chosen] for number in range(chosen)][params["first"] :][: params["count"]]
        ends = [
            {"name": name, "type": "integer", "dynamics": False}
            for name in ("@edge_id", "@source_node", "@target_node")
        ]
        values = [{"name": name, "type": "float", "dynamics": False} for name in params["names"]]
        columns = [struct.pack(f"<{len(page)}q", *(edge[place] for edge in page)) for place in range(3)]
        columns += [struct.pack(f"<{len(page)}d", *(edge[3] for edge in page)) for _ in params["names"]]
        counts = {"total": len(found), "chosen": chosen, "count": len(page)}
        return {**counts, "attributes": ends + values}, b"".join(columns)

    def _select(self, method: str, params: Any) -> Result:
        if method == "sonata-load-nodes":
            number = len(self.selections)
            sets = params["node_sets"]
            chosen = sorted({one for name in sets for one in self.members[name]}) if sets else list(range(4))
            self.selections[number] = chosen[: params["count"]]
            return {"id": number, "count": len(self.selections[number])}, b""
        ids = self.selections[params["id"]]
        if method == "sonata-unload-nodes":
            del self.selections[params["id"]]
            return None, b""
        if method == "sonata-get-node-ids":
            return None, struct.pack(f"<{len(ids)}Q", *ids)
        values = [value for one in ids for value in self.positions[one]]
        return None, struct.pack(f"<{len(values)}f", *values)


def _attribute(name: str, values: list[Any]) -> dict[str, Any]:
    kinds = {str: "string", int: "integer", float: "float"}
    return {"name": name, "type": kinds[type(values[0])], "dynamics": False}


def _column(values: list[Any], ids: Sequence[int]) -> bytes:
    chosen = [values[node_id] for node_id in ids]
    if isinstance(values[0], str):
        texts = sorted(set(values))
        return struct.pack(f"<{len(ids)}I", *map(texts.index, chosen))
    return struct.pack(f"<{len(ids)}{'q' if isinstance(values[0], int) else 'd'}", *chosen)


class FakeCluster:
    """Master and slave of one job after the other.

    Attributes:
        dialect: "2023" (the contract) or "2024".
        stops: whether the master has the call that stops a job; that of 2023 has not.
        polls: how often a job's status is asked before it is ready.
        reason: the additive key of our own master, once the job is over.
        over: the job has ended.
        logs: what our own master tells of the servers' logs; None: the master has no such call, as real ones.
        end: when jobs end, in UTC, as our own master tells; None: what real ones tell.
        calls: REST calls, as (verb, path, body).
        failures: path prefix → list of (HTTP status, body) to answer with, one after the other.
        token: what both servers demand; "" for none.
    """

    def __init__(self, *, dialect: str = "2023", polls: int = 2, backend: bool = True) -> None:
        self.dialect = dialect
        self.polls = polls
        self.stops = True
        self.reason = ""
        self.over = False
        self.logs: dict[str, str] | None = None
        self.end: datetime | None = None
        self.calls: list[tuple[str, str, Any]] = []
        self.failures: dict[str, list[tuple[int, str]]] = {}
        self.token = TOKEN
        self.renderer = FakeRenderer()
        self.backend = FakeBackend() if backend else None
        self.refuse: dict[str, int] = {}
        self.handshakes: list[Handshake] = []
        self.master = self.slave = ""
        self._jobs = 0
        self._asked = 0
        self._loop = asyncio.new_event_loop()
        self._stop = asyncio.Event()
        self._threads: list[threading.Thread] = []

    def __enter__(self) -> Self:
        self._http = _HttpServer(("127.0.0.1", 0), self._handler())
        self._http.daemon_threads = False  # joined at the end, so that no socket is left open
        self.master = f"http://127.0.0.1:{self._http.server_port}"
        listening = threading.Event()
        self._threads = [
            threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.02}),
            threading.Thread(target=lambda: self._loop.run_until_complete(self._serve(listening))),
        ]
        for thread in self._threads:
            thread.start()
        assert listening.wait(10)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._http.shutdown()
        self._http.server_close()
        for thread in self._threads:
            thread.join(10)
        self._loop.close()
        for server in (self.renderer, self.backend):
            if server is not None and server.faults:
                raise server.faults[0]

    @property
    def options(self) -> dict[str, Any]:
        """The arguments of a controller of this cluster."""
        return {"master": self.master, "slave": self.slave, "token": self.token}

    def kill_renderer(self, reason: str = "") -> None:
        """Let the renderer die: its connections break and the master says that the job is over."""
        self.over, self.reason = True, reason

        def abort() -> None:
            for socket in list(self.renderer.sockets):
                socket.transport.abort()

        self._loop.call_soon_threadsafe(abort)

    def break_backend(self) -> None:
        """Break the connections of the backend."""
        assert self.backend is not None
        for socket in list(self.backend.sockets):
            self._loop.call_soon_threadsafe(socket.transport.abort)

    def close_renderer(self, code: int, reason: str) -> None:
        """Let the renderer close its connections politely."""

        async def close() -> None:
            for socket in list(self.renderer.sockets):
                await socket.close(code, reason)

        asyncio.run_coroutine_threadsafe(close(), self._loop)

    def paths(self) -> list[str]:
        """Return the REST calls as "VERB path"."""
        return [f"{verb} {path}" for verb, path, _ in self.calls]

    async def _serve(self, listening: threading.Event) -> None:
        options: dict[str, Any] = {"process_request": self._check, "create_connection": Connection, "max_size": None}
        async with serve(self._accept, "127.0.0.1", 0, ping_interval=None, **options) as server:
            self.slave = f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}"
            listening.set()
            await self._stop.wait()
            for _ in range(5):  # whoever has come is taken in, and so waited for
                await asyncio.sleep(0)

    async def _accept(self, socket: ServerConnection) -> None:
        assert socket.request is not None
        server = self.renderer if socket.request.path.partition("?")[0].endswith("/renderer") else self.backend
        assert server is not None
        await server.handle(socket)

    def _check(self, socket: ServerConnection, request: Handshake) -> Response | None:
        self.handshakes.append(request)
        parts = urlsplit(request.path)
        name = parts.path.rpartition("/")[2]
        if name in self.refuse:
            return socket.respond(HTTPStatus(self.refuse[name]), f"no {name} for {request.path}\n")
        if parse_qs(parts.query).get("token", [""]) != [self.token]:
            return socket.respond(HTTPStatus.UNAUTHORIZED, "no\n")
        if name == "backend" and self.backend is None:
            return socket.respond(HTTPStatus.NOT_FOUND, "no\n")
        return None

    def _answer(self, verb: str, path: str, body: Any, authorization: str) -> tuple[int, str]:
        self.calls.append((verb, path, body))
        for prefix, answers in self.failures.items():
            if path.startswith(prefix) and answers:
                return answers.pop(0)
        if authorization != f"Bearer {self.token}":
            return 401, ""
        if path == "/start":
            self._jobs += 1
            self._asked = 0
            self.over, self.reason = False, ""
            self.renderer.models.clear()
            return 201, json.dumps({"job_id": JOB_ID})
        if path.startswith("/status/") and path != f"/status/{JOB_ID}":
            return 404, f"Invalid job ID {path.rpartition('/')[2]}" if self.dialect == "2024" else ""
        if path.startswith("/status/"):
            self._asked += 1
            return 200, json.dumps(self._status())
        if path == f"/log/{JOB_ID}" and self.logs is not None:
            return 200, json.dumps({"log": self.logs})
        if path.startswith("/stop/") and self.stops:
            self.over = self.over or self.dialect == "2024"
            return 200, "200: OK"
        return 404, "404: Not Found"

    def _status(self) -> dict[str, Any]:
        ready = self._asked > self.polls and not self.over
        if self.dialect == "2024":
            status: dict[str, Any] = {"ready": ready, "end_time": "2026-11-22T21:39:49.123456"} | self._end()
            return status | ({"job_url": f"{urlsplit(self.slave).netloc}/{JOB_ID}/renderer"} if ready else {})
        running = self._asked > self.polls / 2 and not self.over
        status = {"job_running": running, "end_time": "2026-11-22T21:39:49" if running else None}
        status |= {"brayns_started": ready, "reason": self.reason, "state": "failed" if self.reason else ""}
        return status | self._end()

    def _end(self) -> dict[str, Any]:
        return {} if self.end is None else {"end_time_utc": self.end.isoformat()}

    def _handler(self) -> type[http.server.BaseHTTPRequestHandler]:
        cluster = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                length = int(self.headers.get("Content-Length") or 0)
                body = json.loads(self.rfile.read(length) or "null")
                status, text = cluster._answer(self.command, self.path, body, self.headers.get("Authorization", ""))
                data = text.encode()
                self.send_response(status)
                self.send_header("Content-Type", "text/plain; charset=utf-8")
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            do_POST = do_GET  # noqa: N815 - http.server calls it so

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
                pass

        return Handler
