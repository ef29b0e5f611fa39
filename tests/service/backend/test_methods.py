"""The backend's methods over WebSocket, against the recorded contract."""

from __future__ import annotations

import asyncio
import json
import os
import struct
import sys
import threading
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest

from brayns_widget.demo.sonata import POPULATION
from brayns_widget.protocol.errors import INTERNAL_ERROR, INVALID_PARAMS, PARSE_ERROR, RequestError
from brayns_widget.service.backend.methods import METHODS, endpoint_schema
from brayns_widget.service.backend.reader import CircuitReader

# Ours that the real backend has not.
ADDED = {
    "sonata-describe-circuit",
    "sonata-list-node-attributes",
    "sonata-get-node-attributes",
    "sonata-get-node-set-ids",
    "sonata-count-node-sets",
    "sonata-list-edge-attributes",
    "sonata-count-edges",
    "sonata-get-edges",
}


@pytest.fixture(scope="module")
def recorded_schemas(shared_dir):
    return json.loads((shared_dir / "protocol" / "backend-schemas.json").read_text())


def test_the_registry_is_the_recorded_one(recorded_schemas, tmp_path, call):
    names = call(tmp_path, "registry")
    assert [name for name in names if name not in {*ADDED, "cancel"}] == list(recorded_schemas)
    assert set(names) >= {*ADDED, "cancel"}


@pytest.mark.parametrize("name", [method.name for method in METHODS if method.name not in {*ADDED, "cancel"}])
def test_schemas_equal_the_recorded_ones(name, recorded_schemas, tmp_path, call):
    schema = call(tmp_path, "schema", endpoint=name)
    assert schema.pop("description")
    assert schema == recorded_schemas[name]
    assert endpoint_schema(METHODS[name]).method == name


@pytest.mark.parametrize("name", sorted(ADDED))
def test_additions_have_schemas_too(name, tmp_path, call):
    schema = call(tmp_path, "schema", endpoint=name)
    assert schema["description"].endswith("An addition of ours.")
    whole = name == "sonata-describe-circuit"
    assert (["path"] if whole else ["path", "population"]) == schema["params"]["required"][: 1 if whole else 2]
    answered = {
        "sonata-describe-circuit": {"populations", "notices"},
        "sonata-get-node-set-ids": {"counts"},
        "sonata-count-node-sets": {"node_sets"},
        "sonata-count-edges": {"count", "nodes"},
    }
    assert answered.get(name, {"count", "attributes"}) <= set(schema["result"]["required"])


# --- files ---


@pytest.fixture
def tree(tmp_path):
    base = tmp_path / "base"
    for name in ("b", "a", "a/inner"):
        (base / name).mkdir(parents=True, exist_ok=True)
    (base / "z.txt").write_text("12345")
    (base / "a b é.txt").write_text("1")
    (tmp_path / "secret").write_text("x")
    (tmp_path / "secrets").mkdir()
    return base


def test_list_dir(tree, call):
    assert call(tree, "fs-list-dir", path=str(tree)) == {
        "directories": [{"name": "a", "path": str(tree / "a")}, {"name": "b", "path": str(tree / "b")}],
        "files": [
            {"name": "a b é.txt", "path": str(tree / "a b é.txt"), "size": 1},
            {"name": "z.txt", "path": str(tree / "z.txt"), "size": 5},
        ],
    }
    assert call(tree, "fs-list-dir", path=str(tree / "b")) == {"directories": [], "files": []}
    assert call(tree, "fs-get-root") == str(tree)


def test_list_dir_hides_what_it_would_refuse(tree, call):
    try:
        (tree / "out").symlink_to(tree.parent / "secret")
        (tree / "outs").symlink_to(tree.parent / "secrets", target_is_directory=True)
        (tree / "broken").symlink_to("nothing")
        (tree / "loop").symlink_to("loop")
        (tree / "in").symlink_to("z.txt")
        (tree / "ins").symlink_to("a", target_is_directory=True)
    except OSError:
        pytest.skip("this system lets us make no symbolic links")
    listing = call(tree, "fs-list-dir", path=str(tree))
    assert [entry["name"] for entry in listing["directories"]] == ["a", "b", "ins"]
    assert [entry["name"] for entry in listing["files"]] == ["a b é.txt", "in", "z.txt"]
    for entry in (*listing["directories"], *listing["files"]):
        assert call(tree, "fs-exists", path=entry["path"])["exists"]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_pipes_are_neither_listed_nor_there(tree, call):
    os.mkfifo(tree / "pipe")
    assert "pipe" not in [entry["name"] for entry in call(tree, "fs-list-dir", path=str(tree))["files"]]
    assert call(tree, "fs-exists", path=str(tree / "pipe")) == {"exists": False}


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux lets names be any bytes")
def test_a_name_that_is_no_text_can_be_listed_and_asked_for(tree, call):
    Path(os.fsdecode(os.fsencode(tree) + b"/b/\xff\xfe")).write_text("x")
    (entry,) = call(tree, "fs-list-dir", path=str(tree / "b"))["files"]
    assert call(tree, "fs-exists", path=entry["path"]) == {"exists": True, "type": "file"}


@pytest.mark.parametrize("method", ["fs-exists", "fs-list-dir", "sonata-list-populations", "sonata-get-node-sets"])
@pytest.mark.parametrize(
    "path",
    ["", ".", "..", "{}/..", "{}/../secret", "{}/a/../../secret", "{}2", "/", "a\0b", "{}/\0", "\\\\host\\share"],
)
def test_paths_outside_are_refused_everywhere(tree, call, method, path):
    with pytest.raises(RequestError) as caught:
        call(tree, method, path=path.format(tree))
    assert caught.value.code == INVALID_PARAMS


@pytest.mark.parametrize("method", ["fs-list-dir", "sonata-list-populations", "sonata-get-node-sets"])
@pytest.mark.parametrize("name", ["nothing", "z.txt/below", "x" * 100_000])
def test_paths_to_nothing(tree, call, method, name):
    with pytest.raises(RequestError) as caught:
        call(tree, method, path=str(tree / name))
    assert caught.value.code == (INTERNAL_ERROR if len(name) > 1000 and sys.platform != "win32" else INVALID_PARAMS)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read everything")
def test_what_may_not_be_read_is_an_error(tree, call):
    (tree / "a").chmod(0)
    try:
        for method, path in (("fs-list-dir", tree / "a"), ("fs-exists", tree / "a" / "inner")):
            with pytest.raises(RequestError) as caught:
                call(tree, method, path=str(path))
            assert caught.value.code == INTERNAL_ERROR
    finally:
        (tree / "a").chmod(0o700)


def test_a_directory_that_cannot_be_listed_is_an_error(tree, call, monkeypatch):
    def refuse(_path):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("brayns_widget.service.backend.methods.os.scandir", refuse)
    with pytest.raises(RequestError, match="Permission denied") as caught:
        call(tree, "fs-list-dir", path=str(tree))
    assert caught.value.code == INTERNAL_ERROR


# --- memory and volumes ---


def test_memory_is_what_the_system_tells(tmp_path, call):
    found = call(tmp_path, "get-memory-info")
    memory, swap = found["virtual_memory"], found["swap_memory"]
    assert memory["total"] == psutil.virtual_memory().total
    assert 0 < memory["available"] <= memory["total"]
    assert 0 <= memory["percent"] <= 100
    assert swap["total"] == psutil.swap_memory().total


def test_memory_that_a_system_does_not_tell_is_0(tmp_path, call, monkeypatch):
    told = {"total": 8, "available": 4, "percent": 50.0, "used": 4, "free": 4}
    monkeypatch.setattr(psutil, "virtual_memory", lambda: SimpleNamespace(**told))
    rest = {"active": 0, "inactive": 0, "cached": 0, "shared": 0}
    assert call(tmp_path, "get-memory-info")["virtual_memory"] == told | rest


def test_the_header_of_a_volume(tmp_path, call):
    (tmp_path / "a.nrrd").write_bytes(b"NRRD0004\ntype: uint8\nsizes: 2 2 2\n\n" + bytes(8))
    found = call(tmp_path, "volume-parse-header", path=str(tmp_path / "a.nrrd"))
    assert found == {"NRRD version": "0004", "type": "uint8", "sizes": "2 2 2"}


@pytest.mark.parametrize(
    ("name", "code", "words"),
    [
        ("no.nrrd", INVALID_PARAMS, "does not exist"),
        (".", INVALID_PARAMS, "is not a regular file"),
        ("../a.nrrd", INVALID_PARAMS, "is outside"),
        ("bad.nrrd", INTERNAL_ERROR, "bad.nrrd' cannot be read as NRRD: it is empty"),
    ],
)
def test_what_is_no_volume_is_refused(tmp_path, call, name, code, words):
    (tmp_path / "bad.nrrd").write_bytes(b"")
    with pytest.raises(RequestError, match=words) as caught:
        call(tmp_path, "volume-parse-header", path=str(tmp_path / name))
    assert caught.value.code == code


# --- circuits and session variables ---


def test_populations_and_node_sets_of_the_demo(demo, call):
    config = str(demo / "circuit_config.json")
    assert call(demo, "sonata-list-populations", path=config)["populations"] == [
        {"name": POPULATION, "type": "biophysical", "size": 4}
    ]
    assert "Excitatory" in call(demo, "sonata-get-node-sets", path=config)["node_sets"]


def test_the_simulations_of_the_shared_data(data_dir, call):
    config = data_dir / "simulations" / "N_10__top_nodes_dim6" / "simulation_config.json"
    reports = call(data_dir, "sonata-list-populations", path=str(config))["reports"]
    assert [(report["name"], report["end"], report["delta"]) for report in reports] == [
        ("", 200.0, 0.025),
        ("compartment_voltage", 100.0, 0.5),
        ("soma_voltage", 200.0, 0.1),
    ]
    # The circuit lies beside the simulation's directory, which is too narrow a base.
    with pytest.raises(RequestError, match="outside") as caught:
        call(config.parent, "sonata-list-populations", path=str(config))
    assert caught.value.code == INVALID_PARAMS


def test_storage_is_shared_by_all_clients(tmp_path, with_backend):
    async def use(backend):
        async with backend.client() as first, backend.client() as second:
            with pytest.raises(RequestError, match="'k'") as caught:
                await first.call("storage-session-get", key="k")
            assert caught.value.code == INVALID_PARAMS
            assert await first.call("storage-session-set", key="k", value="é\0") is None
            assert await second.call("storage-session-get", key="k") == {"value": "é\0"}

    with_backend(tmp_path, use)


# --- clients ---


def test_a_circuit_that_hangs_keeps_only_its_client_waiting(demo, with_backend, monkeypatch):
    gate = threading.Event()

    def hang(_reader, _question, _path, _request):
        assert gate.wait(20)
        return {"node_sets": []}

    monkeypatch.setattr(CircuitReader, "ask", hang)

    async def use(backend):
        async with backend.client() as slow, backend.client() as quick:
            request = {"id": 1, "method": "sonata-get-node-sets", "params": {"path": str(demo)}}
            await slow.socket.send(json.dumps(request))
            await slow.socket.send('{"id": 2, "method": "version"}')
            for _ in range(5):
                assert await quick.call("version") == {"version": "3.0.0"}
            gate.set()
            # In order, although the second could have been answered long ago.
            assert [(await slow.receive())["id"] for _ in range(2)] == [1, 2]

    with_backend(demo, use)


def test_many_clients_at_once(demo, with_backend):
    async def use(backend):
        async def ask(number):
            async with backend.client() as client:
                await client.call("storage-session-set", key=str(number), value=str(number))
                listing = await client.call("fs-list-dir", path=str(demo))
                sets = await client.call("sonata-get-node-sets", path=str(demo / "circuit_config.json"))
                value = await client.call("storage-session-get", key=str(number))
                return len(listing["files"]), len(sets["node_sets"]), value["value"]

        answers = await asyncio.gather(*(ask(number) for number in range(10)))
        assert {answer[:2] for answer in answers} == {answers[0][:2]}
        assert [answer[2] for answer in answers] == [str(number) for number in range(10)]

    with_backend(demo, use)


@pytest.mark.parametrize(
    "frame", ["", "{", "[]", "null", "\0", "[" * 100_000, b"", b"\xff" * 100, struct.pack("<I", 7)]
)
def test_garbage_is_answered_and_forgotten(tmp_path, with_client, frame):
    async def use(client):
        reply = await client.exchange(frame)
        assert reply["error"]["code"] in (PARSE_ERROR, -32600)
        assert reply.get("id") is None
        assert await client.call("version") == {"version": "3.0.0"}

    with_client(tmp_path, use)


def test_quit_answers_first(tmp_path, with_backend):
    async def use(backend):
        async with backend.client() as client:
            assert await client.call("quit") is None
        assert backend.stopped.is_set()

    with_backend(tmp_path, use)
