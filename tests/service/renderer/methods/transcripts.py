"""Replay a conversation that was recorded with Brayns 3.10.1: what its client sent, in that order, and compare replies.

A request is sent once all that was received before it when it was recorded has come here, too. So requests that were
under way together are so here, and a request is cancelled while it runs if it was recorded so, whatever time it takes.
"""

from __future__ import annotations

import asyncio
import contextlib
import copy
import json
import math
import struct
from collections import defaultdict, deque
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.service.renderer.methods.transcript_differences import (
    ADDED,
    ELSEWISE,
    FILES,
    INTENDED,
    LOST,
    ROUGH_BOUNDS,
    SKIPPED,
    TOO_LATE,
    UNRECORDED,
    UPLOADS,
    Key,
    Places,
)
from tests.service.renderer.renderer_process import DEADLINE, Client, client_of

PRECISION = 1e-5  # relative; the real renderer computes and writes in single precision
NEARLY_ZERO = 1e-6  # what rounding leaves of 0 there, where numbers are about 1
LAST = json.dumps({"jsonrpc": "2.0", "id": "last", "method": "get-version"})

Outcome = dict[str, Any]  # what counts of a reply: "error", or "result" and whether "bytes" came with it


@dataclass(frozen=True)
class Sent:
    frame: str | bytes
    request_id: Any


@dataclass(frozen=True)
class Progress:
    request_id: Any


@dataclass(frozen=True)
class Reply:
    """``label`` is what tables call it: its id, or the recording's note on it if that is null."""

    request_id: Any
    label: int | str
    outcome: Outcome


def outcome_of(message: dict[str, Any], *, has_bytes: bool) -> Outcome:
    if "error" in message:
        return {"error": message["error"]}
    return {"result": message["result"], "bytes": has_bytes}


def events_of(path: Path) -> Iterator[Sent | Progress | Reply]:
    """What was sent and received, in this order."""
    note = ""
    for line in map(json.loads, path.read_text(encoding="utf-8").splitlines()):
        if line["dir"] == "note":
            note = line["text"]
            if note in UNRECORDED:
                yield Sent(UNRECORDED[note], None)
            continue
        message = message_of(line)
        request_id = message.get("id")
        if line["dir"] == "client->server":
            yield Sent(frame_of(line), request_id)
        elif "method" in message:
            yield Progress(message["params"]["id"])
        else:
            label = note if request_id is None else request_id
            yield Reply(request_id, label, outcome_of(message, has_bytes="binary_len" in line))


def message_of(line: dict[str, Any]) -> dict[str, Any]:
    """The JSON object in a frame, empty if there is none."""
    try:
        message = line["json"] if line["frame"] == "binary" else json.loads(line["text"])
    except ValueError:
        return {}
    return message if isinstance(message, dict) else {}


def frame_of(line: dict[str, Any]) -> str | bytes:
    if line["frame"] == "text":
        return str(line["text"])
    size = line["binary_len"]
    return struct.pack("<I", line["json_len"]) + json.dumps(line["json"]).encode() + UPLOADS.get(size, bytes(size))


def localized(text: str, data_dir: Path, own_dir: Path) -> str:
    """Paths of the recording → ours; the real renderer needed its container split into files."""
    for name in FILES:
        text = text.replace(name, (own_dir / Path(name).name).as_posix())
    text = text.replace("/data/", f"{data_dir.as_posix()}/").replace("_split.json", ".json")
    return text.replace("/morphologies/h5", "/morphologies/merged-morphologies.h5")


class Conversation:
    """A connection that keeps what comes until it is asked for."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._begun: set[Any] = set()
        self._replies: dict[Any, deque[Outcome]] = defaultdict(deque)  # some recordings use an id again

    async def send(self, frame: str | bytes) -> None:
        await self._client.socket.send(frame)

    async def begun(self, request_id: Any) -> None:
        """Wait until a request has begun; a short one may be over."""
        async with asyncio.timeout(DEADLINE):
            while request_id not in self._begun and not self._replies[request_id]:
                await self._receive()

    async def reply(self, request_id: Any) -> Outcome:
        async with asyncio.timeout(DEADLINE):
            while not self._replies[request_id]:
                await self._receive()
        return self._replies[request_id].popleft()

    async def _receive(self) -> None:
        message = await self._client.receive()
        if "method" in message:
            self._begun.add(message["params"]["id"])
        else:
            self._replies[message["id"]].append(outcome_of(message, has_bytes=bool(self._client.payload)))

    def left(self) -> list[str]:
        """Tell of replies that nobody asked for."""
        return [
            f"{request_id!r}: unexpected {reply}" for request_id, replies in self._replies.items() for reply in replies
        ]


def alike(ours: Any, theirs: Any, rough: float = 0.0) -> bool:
    """Compare values, bounds by an absolute tolerance if one is given."""
    if isinstance(theirs, bool) or isinstance(ours, bool):
        return ours is theirs
    if isinstance(theirs, int) and isinstance(ours, int):
        return ours == theirs
    if isinstance(theirs, int | float) and isinstance(ours, int | float):  # the real renderer writes 1.0 as 1
        return math.isclose(ours, theirs, rel_tol=PRECISION, abs_tol=NEARLY_ZERO)
    if isinstance(theirs, dict) and isinstance(ours, dict):
        return ours.keys() == theirs.keys() and all(
            nearly(ours[key], theirs[key], rough) if key == "bounds" and rough else alike(ours[key], theirs[key], rough)
            for key in theirs
        )
    if isinstance(theirs, list) and isinstance(ours, list):
        return len(ours) == len(theirs) and all(alike(*pair, rough) for pair in zip(ours, theirs, strict=True))
    return bool(ours == theirs)


def nearly(ours: Any, theirs: Any, tolerance: float) -> bool:
    corners = [(ours[corner][axis], theirs[corner][axis]) for corner in ("min", "max") for axis in range(3)]
    return all(abs(one - other) <= tolerance for one, other in corners)


def holder_of(outcome: Outcome, place: str) -> tuple[Any, str | int]:
    """Find the list or object that a place is in, and its key there."""
    *way, last = [int(step) if step.isdigit() else step for step in place.split("/")]
    holder: Any = outcome
    for step in way:
        holder = holder[step]
    return holder, last


def changed(outcome: Outcome, places: Places) -> Outcome:
    """Put other values at places; of another ``error`` or ``result`` nothing else is left."""
    if "error" in places or "result" in places:
        return places
    outcome = copy.deepcopy(outcome)
    for place, value in places.items():
        holder, last = holder_of(outcome, place)
        holder[last] = value
    return outcome


def blurred(outcome: Outcome) -> Outcome:
    """Leave of values that are other ones on purpose only whether there are any."""
    for place in ELSEWISE:
        with contextlib.suppress(KeyError, TypeError):  # most replies have no such place
            holder, last = holder_of(outcome, place)
            outcome = changed(outcome, {place: bool(holder[last])})
    return outcome


def without_additions(outcome: Outcome) -> Outcome:
    """Leave out what ours adds to replies."""
    outcome = copy.deepcopy(outcome)
    for place in ADDED:
        with contextlib.suppress(KeyError, TypeError):  # most replies have no such place
            holder, last = holder_of(outcome, place)
            del holder[last]
    return outcome


def expected_of(key: Key, recorded: Outcome) -> Outcome:
    """The recorded reply, or ours where it differs on purpose; each such place must make a difference."""
    places, _why = INTENDED.get(key, ({}, ""))
    for place, value in places.items():
        if place != "bytes":
            assert not alike(changed(recorded, {place: value}), recorded), f"{place} of {key} is as recorded"
    return changed(recorded, places)


def difference(key: Key, expected: Outcome, ours: Outcome) -> str | None:
    """Tell how a reply differs from what is expected."""
    expected, ours = blurred(expected), blurred(without_additions(ours))
    if key in ROUGH_BOUNDS:
        tolerance, _why = ROUGH_BOUNDS[key]
        assert not alike(ours, expected), f"{key} needs no tolerance"
        same = alike(ours, expected, tolerance)
    else:
        same = alike(ours, expected)
    if same or (key in TOO_LATE and ours == TOO_LATE[key][0]):
        return None
    return f"{key}: expected {json.dumps(expected)}, got {json.dumps(ours)}"


async def replay(address: str, path: Path, data_dir: Path, own_dir: Path) -> list[str]:
    """Tell what differs from the recording; ``own_dir`` is a folder where the renderer may write."""
    for name, content in FILES.items():
        if content:
            (own_dir / Path(name).name).write_bytes(content)
    name = path.stem
    differences: list[str | None] = []
    async with client_of(address) as client:
        conversation = Conversation(client)

        async def compare(request_id: Any, key: Key, recorded: Outcome) -> None:
            expected = json.loads(localized(json.dumps(expected_of(key, recorded)), data_dir, own_dir))
            differences.append(difference(key, expected, await conversation.reply(request_id)))

        for event in events_of(path):
            if (name, event.request_id) in SKIPPED:
                continue
            match event:
                case Sent(frame, _request_id):
                    await conversation.send(localized(frame, data_dir, own_dir) if isinstance(frame, str) else frame)
                case Progress(request_id):
                    await conversation.begun(request_id)
                case Reply(request_id, label, recorded):
                    await compare(request_id, (name, label), recorded)
        for (recording, request_id), reply in LOST.items():
            if recording == name:
                await compare(request_id, (name, request_id), reply)
        await conversation.send(LAST)
        await conversation.reply("last")  # it lives, and has answered all before
    return [text for text in differences if text] + conversation.left()
