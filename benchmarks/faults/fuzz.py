"""Random requests to the master, the renderer and the backend."""

from __future__ import annotations

import collections
import json
import random
import shutil
import socket
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import httpx
from websockets import ConnectionClosed

from benchmarks.faults.damaged import FORMATS
from benchmarks.faults.place import Findings, Place, Socket, from_inside, local_service, reader_died, survivors

REST, RAW, RPC = 20_000, 2_000, 10_000  # requests
VERBS = ("GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH", "BREW")
WORDS = ("", "0", "a", "../..", "%", "\0", "ü", "日本", "SBO1", "x" * 5000, "\ud800", "'; --", "{}", "\r\nX: y")
NUMBERS = (0, 1, -1, 0.5, 1e308, -1e308, 1e-320, 2**31, 2**63, 2**64, 10**30)
HEADERS: tuple[dict[str, str], ...] = (
    *({} for _ in range(6)),
    {"Authorization": ""},
    {"Authorization": "Bearer x"},
    {"Content-Type": "text/html"},
    {"Origin": "http://evil.example"},
    {"Host": "evil.example"},
)
HEADS = (b"", b"GET / HTTP/1.1\r\n", b"POST /start HTTP/1.1\r\nContent-Length: 99\r\n\r\n", b"\x16\x03\x01")
MENDED = 500  # requests after which the files are written again
LOADS = 0.1  # share of the renderer's requests
SPARED = {"quit"}  # ends the job, as it should


class Values:
    """Random values for requests.

    Args:
        chance: makes them.
        files: paths of files and folders that exist.
        names: what exists in those files: populations, node sets and so on.
    """

    def __init__(self, chance: random.Random, files: Sequence[str] = (), names: Sequence[str] = ()) -> None:
        self._chance = chance
        self._files = files
        self._words = (*WORDS, *names, *files[: len(WORDS)])

    def anything(self, depth: int = 3) -> Any:
        """Any JSON value."""
        chance = self._chance
        kind = chance.randrange(8 if depth else 5)
        if kind == 0:
            return chance.choice((None, True, False))
        if kind in {1, 2}:
            return chance.choice(NUMBERS)
        if kind in {3, 4}:
            return chance.choice(self._words)
        size = chance.randrange(5)
        if kind == 5:
            return [self.anything(depth - 1) for _ in range(size)]
        return {chance.choice(WORDS) or "id": self.anything(depth - 1) for _ in range(size)}

    def fitting(self, schema: Any, name: str = "", depth: int = 5) -> Any:
        """A value that fits the schema of what has a name, but for a random one here and there."""
        chance = self._chance
        if not isinstance(schema, dict) or depth == 0 or chance.random() < 0.1:
            return self.anything()
        for choice in ("oneOf", "anyOf"):
            if choice in schema:
                return self.fitting(chance.choice(schema[choice]), name, depth - 1)
        if "enum" in schema:
            return chance.choice(schema["enum"])
        match schema.get("type"):
            case "object":
                wanted = schema.get("properties", {})
                required = set(schema.get("required", ()))
                kept = {key: part for key, part in wanted.items() if key in required or chance.random() < 0.7}
                return {key: self.fitting(part, key, depth - 1) for key, part in kept.items()}
            case "array":
                low, high = schema.get("minItems", 0), min(schema.get("maxItems", 4), 20)
                return [self.fitting(schema.get("items"), name, depth - 1) for _ in range(chance.randint(low, high))]
            case "integer":
                return chance.choice((0, 1, 2, 7, -1, 64, 2**31))
            case "number":
                return chance.choice((0, 0.5, 1, -2.5, 1e6))
            case "string":
                return chance.choice(self._files if self._files and "path" in name else self._words)
            case "boolean":
                return chance.random() < 0.5
        return self.anything()


class Library:
    """Good files of each format below the folder that the servers may read, with the loads that show them."""

    NAMES = ("cells", "joins", "recorded", "compartment", "L1", "mtype")  # of the circuits

    def __init__(self, folder: Path) -> None:
        self._folder, self._good = folder / "library", folder / "good"
        self.loads: list[dict[str, Any]] = []
        for name, kind in FORMATS.items():
            (self._good / name).mkdir(parents=True)
            kind.write(self._good / name)
            path = str(self._folder / name / kind.main)
            self.loads.append({"path": path, "loader_name": kind.loader, "loader_properties": kind.properties})
        self.mend()
        self.files = [str(one) for one in (self._folder, *sorted(self._folder.rglob("*")))]

    def mend(self) -> None:
        """Write the files again: requests that write may have changed them."""
        shutil.copytree(self._good, self._folder, dirs_exist_ok=True)


def fuzz_master(place: Place, chance: random.Random, requests: int, raw: int) -> Findings:
    """Send random HTTP requests, and bytes that are none."""
    found, statuses, values = Findings(), collections.Counter[int](), Values(chance)
    for _ in range(requests):
        path = "/" + "/".join(_quoted(chance.choice((*WORDS, "start", "status", "stop", "jobs"))) for _ in range(2))
        path = chance.choice((path, "/start", "/jobs", "/healthz", f"/status/{_quoted(chance.choice(WORDS))}"))
        headers = {"Idempotency-Key": "one"}  # what is a good start by chance starts one job
        headers |= chance.choice(HEADERS)
        body = chance.choice((b"", b"{", b"\xff\xfe", json.dumps(values.anything()).encode(), b'{"usecase": "SBO1"}'))
        body = body if chance.random() < 0.95 else b"[" * 100_000
        try:
            answer = place.client.request(chance.choice(VERBS), path, headers=headers, content=body)
        except httpx.HTTPError as error:
            found.wrong.append(f"{path}: {type(error).__name__}: {error}")
            continue
        statuses[answer.status_code] += 1
        if answer.status_code >= 500:
            found.wrong.append(
                f"{answer.request.method} {path} {body[:80]!r}: {answer.status_code} {answer.text[:200]}"
            )
    parts = urlsplit(place.service.master)
    for _ in range(raw):
        head = chance.choice(HEADS)
        with socket.create_connection((parts.hostname, parts.port), timeout=10) as connection:
            connection.sendall(head + chance.randbytes(chance.randrange(200)))
    for job in place.client.get("/jobs").json()["jobs"]:
        place.stop(job["job_id"])
    found.expect(place.client.get("/healthz").status_code == 200, "the service does not answer any more")
    found.figures = {"requests": requests, "raw": raw, "statuses": {str(k): v for k, v in sorted(statuses.items())}}
    return found


def _quoted(text: str) -> str:
    return quote(text, errors="surrogatepass")


def fuzz_server(  # noqa: PLR0917 - where, what, and how much
    place: Place, library: Library, job: str, server: str, chance: random.Random, requests: int
) -> Findings:
    """Send random requests to a server, and look after each whether it goes on."""
    found, ends = Findings(), collections.Counter[str]()
    values, shown = Values(chance, library.files, library.NAMES), 0
    probe = "get-version" if server == "renderer" else "version"
    connection = place.open(job, server)
    names = [name for name in connection.ask("registry")["result"] if name not in SPARED]
    schemas = {name: connection.ask("schema", {"endpoint": name}).get("result") or {} for name in names}
    for number in range(requests):
        if number % MENDED == 0:
            library.mend()
        loads = server == "renderer" and chance.random() < LOADS
        if loads:
            message: str | bytes = _load(number, library, values, chance)
        else:
            message = _message(number, names, schemas, values, chance)
        try:
            end = _try(connection, message, number, probe)
        except ConnectionClosed as closed:
            ends[f"closed with {closed.rcvd.code if closed.rcvd else None}"] += 1
        except TimeoutError:
            ends["no answer"] += 1
            found.wrong.append(f"{server}: no answer after {message[:200]!r}")
        else:
            ends[end] += 1
            shown += loads and end == "result"
            if end.startswith("inside"):
                found.wrong.append(f"{server}: {message[:300]!r}: {end}")
            continue
        connection.close()
        if not place.status(job)["brayns_started"]:
            found.wrong.append(f"{server}: ended after {message[:300]!r}: {place.status(job).get('reason')}")
            break
        connection = place.open(job, server)
    connection.close()
    found.expect(shown or server != "renderer" or not requests, f"{server}: no good file was shown")
    found.figures = {"requests": requests, "ends": dict(ends.most_common()), "files shown": shown}
    return found


def _load(number: int, library: Library, values: Values, chance: random.Random) -> str:
    """The load of a good file, with a random value in half of the cases."""
    params = json.loads(json.dumps(chance.choice(library.loads)))
    inside = chance.choice((params, params["loader_properties"]))
    if inside and chance.random() < 0.5:
        inside[chance.choice(list(inside))] = values.anything()
    return json.dumps({"jsonrpc": "2.0", "id": number, "method": "add-model", "params": params})


def _message(
    number: int, names: list[str], schemas: dict[str, Any], values: Values, chance: random.Random
) -> str | bytes:
    kind = chance.random()
    if kind < 0.05:
        return chance.randbytes(chance.randrange(100))
    if kind < 0.1:
        return chance.choice(("", "{", "[]", json.dumps(values.anything()), "\ud7ff" * 10, '{"a":' * 500))
    name = chance.choice(names)
    wanted = schemas[name].get("params")
    params = values.fitting(wanted) if wanted is not None and chance.random() < 0.9 else values.anything()
    message = {"jsonrpc": "2.0", "id": number, "method": name, "params": _modest(params)}
    for key in list(message):
        if chance.random() < 0.02:
            message[key] = values.anything()
    text = json.dumps(message)
    if kind < 0.2:
        data = text.encode()
        return len(data).to_bytes(4, "little") + data + chance.randbytes(chance.randrange(50))
    return text


def _modest(params: Any) -> Any:
    """Pictures and loads may be asked for in sizes that take minutes, which is no fault."""
    if isinstance(params, dict):
        for key in ("image_settings", "resolution", "viewport", "samples_per_pixel"):
            if key in params:
                params[key] = (
                    {"size": [64, 64]} if key == "image_settings" else [64, 64] if key != "samples_per_pixel" else 1
                )
    return params


def _try(connection: Socket, message: str | bytes, number: int, probe: str) -> str:
    """Send a message and a probe behind it; returns what came before the probe's answer, in a word."""
    connection.send(message)
    name = f"after {number}"
    connection.send(json.dumps({"jsonrpc": "2.0", "id": name, "method": probe}))
    end, probed = "", False
    for answer in connection.answers():
        if answer.get("id") == name:
            probed = True
        elif text := from_inside(answer):
            end = f"inside: {text[:200]}"
        elif not end and reader_died(answer):
            end = "reader died"
        elif not end:
            end = f"error {answer['error']['code']}" if answer.get("error") else "result"
        if probed and (end or not _has_id(message)):
            return end or "nothing"
    raise AssertionError


def _has_id(message: str | bytes) -> bool:
    if isinstance(message, bytes):  # the length of the text, the text, and the rest
        message = message[4 : 4 + int.from_bytes(message[:4], "little")].decode(errors="replace")
    try:
        read = json.loads(message)
    except ValueError:
        read = None
    if not isinstance(read, dict):
        return True  # what cannot be read is answered with an id of null
    valid = isinstance(read.get("method"), str) and read["method"] and read.get("jsonrpc") == "2.0"
    return not (valid and read.get("id") is None)


def run(seed: int, factor: float) -> Findings:
    """Fuzz all three; see the package."""
    chance = random.Random(seed)
    with local_service() as place:
        library = Library(place.folder)
        master = fuzz_master(place, chance, int(REST * factor), int(RAW * factor))
        servers = {}
        for server in ("renderer", "backend"):
            job = place.start()
            servers[server] = fuzz_server(place, library, job, server, chance, int(RPC * factor))
            place.stop(job)
        servers_left = place.process.children()
    parts = {"master": master} | servers
    found = Findings({name: part.figures for name, part in parts.items()})
    found.wrong = [text for part in parts.values() for text in part.wrong]
    found.expect(not survivors(servers_left), "processes outlive the service")
    return found
