"""Replays of what was recorded of the real backend: the same meaning, or a difference that docs/service.md tells."""

from __future__ import annotations

import json
import re
import shutil
from collections import deque
from pathlib import Path
from typing import Any

import pytest

from brayns_widget.protocol.errors import INVALID_PARAMS, PARSE_ERROR
from tests.service.backend.simulations import CELLS, write_simulation

pytestmark = pytest.mark.data

PROBE = '{"id": "probe", "method": "version"}'
# Ours is another on purpose: an error's code, or a payload in hexadecimal, or a result.
DELIBERATE: dict[str, Any] = {
    # ".." and links led out of the base directory, and sonata-* did not look at it.
    "fs-exists /data/../../../etc/passwd": INVALID_PARAMS,
    "fs-exists /data/bad/link_to_etc/passwd": INVALID_PARAMS,
    "fs-list-dir /data/../..": INVALID_PARAMS,
    "fs-list-dir /data/bad/link_to_etc": INVALID_PARAMS,
    "upload dotdot escape": INVALID_PARAMS,
    "sonata-list-populations /etc/passwd": INVALID_PARAMS,
    "sonata-get-node-sets /etc/passwd": INVALID_PARAMS,
    "sonata-list-populations /srv": INVALID_PARAMS,
    "sonata-get-node-sets /srv": INVALID_PARAMS,
    "load-nodes /srv": INVALID_PARAMS,
    # Bytes that are no text are no JSON.
    "binary frame: not utf8": PARSE_ERROR,
    # An empty file came of that.
    "upload invalid base64": INVALID_PARAMS,
    # A part of the separator was taken for the value's.
    "volume v_kv": {"key": "value with : colon"},
    # At even steps here.
    "ids of count 3 (pick)": "000000000000000003000000000000000600000000000000",
    # Times that the file does not store were errors; what was stored last is shown.
    "frame 1": "001933",
    "frame 5": "001933",
    "frame 99": "163049",
    # Reports kept nodes from being unloaded.
    "unload nodes having reports": None,
    "ids after unload": INVALID_PARAMS,
    "again unload nodes": INVALID_PARAMS,
    # Other connections could see and unload them.
    "node selection from another connection (global)": INVALID_PARAMS,
}
# What the recording's machine had beside the circuits, by the path under /data.
CIRCUIT = "tiny_circuits/N_10__top_nodes_dim6"
HEADER = (
    "NRRD0004\n# a comment\ntype: unsigned int\ndimension: 3\nspace: left-posterior-superior\nsizes: 2 2 2\n"
    "space directions: (25,0,0) (0,25,0) (0,0,25)\nkinds: domain domain domain\nendian: little\nencoding: raw\n"
    "space origin: (0,0,0)\n\n"
)
FILES = {
    "sonata/LICENSE.txt": b"free",
    "bad/sub/a b é.txt": b"x",
    "bad/v.nrrd": HEADER.encode() + bytes(32),
    "bad/v_kv.nrrd": b"NRRD0005\ntype: float\ndimension: 1\nsizes: 4\nencoding: gzip\nkey:=value with : colon\n\n",
    "bad/v_crlf.nrrd": b"NRRD0004\r\ntype: uint8\r\ndimension: 1\r\nsizes: 4\r\nencoding: raw\r\n\r\nabcd",
    "bad/v_noheaderend.nrrd": b"NRRD0004\ntype: uint8\n",
    "bad/v_notnrrd.nrrd": b"hello\n",
    "bad/v_bin.nrrd": bytes(range(128, 256)),
    "bad/v_empty.nrrd": b"",
    "bad/empty.json": b"",
    "bad/notjson.json": b"{nope",
    "bad/array.json": b"[]",
    "bad/binary.json": bytes(range(256)),
}


@pytest.fixture
def base(tmp_path: Path, data_dir: Path) -> Path:
    """A directory like the recorded one."""
    folder = tmp_path / "data"
    for name in ("tiny_circuits", "single_neuron_circuits"):
        shutil.copytree(data_dir / name, folder / name)
    for name in (f"{CIRCUIT}__config_only", "bad/missing", "bad/emptydir"):
        (folder / name).mkdir(parents=True)
    for name, target in (("circuit_config.json", f"{CIRCUIT}__config_only"), ("circuit_config.json", "bad/missing")):
        shutil.copyfile(folder / CIRCUIT / name, folder / target / name)
    shutil.copyfile(folder / CIRCUIT / "node_sets.json", folder / "bad/missing/node_sets.json")
    for name, content in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    try:
        (folder / "bad/link_to_etc").symlink_to(tmp_path, target_is_directory=True)
    except OSError:
        pytest.skip("this system lets us make no symbolic links")
    (tmp_path / "passwd").write_text("x")
    return folder


def at(folder: Path, value):
    """Move what was recorded under /data to a directory of this machine."""
    return json.loads(re.sub(r"/data(?=[/\"'])", json.dumps(str(folder))[1:-1].replace("\\", r"\\"), json.dumps(value)))


def unordered(value):
    if isinstance(value, dict):
        return {key: unordered(item) for key, item in value.items()}
    if isinstance(value, list):
        return sorted((unordered(item) for item in value), key=json.dumps)
    return value


class Replay:
    """One connection on which exchanges are repeated."""

    def __init__(self, client, folder: Path) -> None:
        self.client = client
        self.folder = folder
        self.nodes: dict[int, int] = {}  # numbers of selections, recorded and ours

    async def answer(self, request: str):
        """Send a recorded request; returns the answer and its payload."""
        frame: str | bytes = bytes.fromhex(request[4:]) if request.startswith("HEX:") else request
        if isinstance(frame, str) and '"method": "' in frame:
            message = at(self.folder, json.loads(frame))
            params = message.get("params") or {}
            key = {"sonata-load-node-report": "nodes_id"}.get(message["method"], "id")
            if key in params and "unload-node-report" not in message["method"]:
                params[key] = self.nodes.get(params[key], params[key])
            frame = json.dumps(message)
        await self.client.socket.send(frame)
        return await self.client.frame()

    async def repeat(self, exchange) -> str:
        """Repeat an exchange; returns "same" or "other on purpose"."""
        label, recorded = exchange["label"], exchange["reply"]
        if "none" in recorded:
            await self.client.socket.send(exchange["request"])
            # The next answer is the probe's: the recorded silence is kept.
            assert (await self.client.exchange(PROBE))["id"] == "probe", label
            return "same"
        reply, payload = await self.answer(exchange["request"])
        assert reply["jsonrpc"] == "2.0"
        if label in DELIBERATE:
            self.check_deliberate(label, reply, payload)
            return "other on purpose"
        expected = at(self.folder, json.loads(recorded["text"]))
        assert reply.get("id") == expected.get("id"), label
        if "error" in expected:
            assert reply.get("error", {}).get("code") == expected["error"]["code"], (label, reply)
            return "same"
        assert "result" in reply, (label, reply)
        self.check(label, exchange["request"], reply["result"], expected["result"])
        assert len(payload) == recorded.get("bin_len", 0), label
        assert payload.hex().startswith(recorded.get("bin_hex_head", "")), label
        return "same"

    def check(self, label, request, found, recorded) -> None:
        if label == "registry":
            assert [name for name in found if name in recorded] == recorded
        elif label == "get-memory-info":
            assert {key: sorted(value) for key, value in found.items()} == {
                key: sorted(value) for key, value in recorded.items()
            }
        elif '"sonata-load-nodes"' in request:
            self.nodes[recorded["id"]] = found["id"]
            assert found["count"] == recorded["count"], label
        else:
            assert unordered(found) == unordered(recorded), label

    def check_deliberate(self, label, reply, payload) -> None:
        wanted = DELIBERATE[label]
        if isinstance(wanted, int):
            assert reply.get("error", {}).get("code") == wanted, (label, reply)
        elif isinstance(wanted, str):
            assert reply["result"] is None
            assert payload.hex() == wanted, label
        elif wanted is None:
            assert reply["result"] is None, (label, reply)
        else:
            assert reply["result"].items() >= wanted.items(), label


def test_recorded_exchanges(shared_dir, base, with_backend):
    lines = (shared_dir / "protocol" / "backend-transcripts.jsonl").read_text(encoding="utf-8").splitlines()
    left_out = {
        "fs-list-dir /data": "its directory held other things",
        "pipelined order": "its requests were not recorded",
    }
    exchanges = deque(exchange for exchange in map(json.loads, lines) if exchange["label"] not in left_out)
    simulation = str(write_simulation(base / "simulation"))

    async def replay(backend):
        outcomes = []
        async with backend.client() as first, backend.client() as second:
            one, other = Replay(first, base), Replay(second, base)
            for exchange in exchanges:
                if exchange["label"] == "sonata-get-node-positions" and '"id": 8' in exchange["request"]:
                    # The selection of these nodes was not recorded: of a simulation that nobody has.
                    made = await first.call(
                        "sonata-load-nodes", path=simulation, population=CELLS, count=3, node_sets=[]
                    )
                    one.nodes[8] = made["id"]
                outcomes.append(await (other if "another connection" in exchange["label"] else one).repeat(exchange))
        return outcomes

    outcomes = with_backend(base, replay)
    assert outcomes.count("other on purpose") == len(DELIBERATE)
    assert outcomes.count("same") == len(lines) - len(left_out) - len(DELIBERATE) > 130
