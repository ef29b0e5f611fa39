"""Selections of nodes: what they hold, whose they are, and how much one connection may hold."""

from __future__ import annotations

import struct

import libsonata
import numpy as np
import pytest

from brayns_widget.demo.sonata import POPULATION
from brayns_widget.protocol.errors import INTERNAL_ERROR, INVALID_PARAMS, RequestError
from brayns_widget.service.backend import selections
from tests.service.backend.simulations import CELLS, OTHERS, write_simulation

LOAD, UNLOAD, IDS, POSITIONS = (
    "sonata-load-nodes",
    "sonata-unload-nodes",
    "sonata-get-node-ids",
    "sonata-get-node-positions",
)


@pytest.fixture
def simulation(tmp_path):
    return write_simulation(tmp_path)


@pytest.fixture
def selected(simulation, with_client):
    """Select nodes of the simulation; returns the answer, and the ids."""

    def run(population=CELLS, count=100, **more):
        async def use(client):
            made = await client.call(LOAD, path=str(simulation), population=population, count=count, **more)
            result, ids = await client.fetch(IDS, id=made["id"])
            assert result is None
            return made, list(struct.unpack(f"<{made['count']}Q", ids))

        return with_client(simulation.parent, use)

    return run


@pytest.mark.parametrize(
    ("params", "ids"),
    [
        ({}, [0, 1, 2]),
        ({"node_sets": []}, [0, 1, 2]),
        ({"count": 2}, [0, 1]),
        ({"count": 0}, []),
        ({"count": -5}, []),
        ({"node_sets": ["Ends"]}, [0, 2]),
        ({"node_sets": ["Ends", "First", "Ends"]}, [0, 2]),
        ({"node_sets": ["Both"], "count": 1}, [0]),
        ({"population": OTHERS}, [0, 1, 2]),
    ],
)
def test_nodes_are_selected(selected, params, ids):
    assert selected(**params) == ({"id": 0, "count": len(ids)}, ids)


@pytest.mark.parametrize(
    ("params", "code", "words"),
    [
        ({"population": "nope"}, INTERNAL_ERROR, "no node population 'nope'.*'cells', 'others'"),
        ({"node_sets": ["All", "nope"]}, INVALID_PARAMS, "Invalid node sets: 'nope'.*node_sets.json"),
        ({"count": 2.5}, INVALID_PARAMS, "Invalid params"),
    ],
)
def test_what_is_not_there_is_refused(selected, params, code, words):
    with pytest.raises(RequestError, match=words) as caught:
        selected(**params)
    assert caught.value.code == code


def test_ids_and_positions_are_libsonatas(demo, with_client):
    config = str(demo / "circuit_config.json")
    nodes = libsonata.CircuitConfig.from_file(config).node_population(POPULATION)

    async def use(client):
        made = await client.call(LOAD, path=config, population=POPULATION, count=3)
        ids = np.frombuffer((await client.fetch(IDS, id=made["id"]))[1], "<u8")
        places = np.frombuffer((await client.fetch(POSITIONS, id=made["id"]))[1], "<f4").reshape(-1, 3)
        return made["count"], ids, places

    count, ids, places = with_client(demo, use)
    assert count == 3
    selection = libsonata.Selection(ids)
    for axis, name in enumerate("xyz"):
        assert places[:, axis].tolist() == nodes.get_attribute(name, selection).astype(np.float32).tolist()


def test_an_id_is_free_again_once_it_is_unloaded(simulation, with_client):
    async def use(client):
        def load():
            return client.call(LOAD, path=str(simulation), population=CELLS, count=1)

        assert [(await load())["id"] for _ in range(3)] == [0, 1, 2]
        assert await client.call(UNLOAD, id=1) is None
        for method in (UNLOAD, IDS, POSITIONS):
            with pytest.raises(RequestError, match="ID 1: this connection has 0, 2") as caught:
                await client.call(method, id=1)
            assert caught.value.code == INVALID_PARAMS
        assert (await load())["id"] == 1

    with_client(simulation.parent, use)


def test_selections_are_their_connections(simulation, with_backend):
    async def use(backend):
        async with backend.client() as first, backend.client() as second:
            await first.call(LOAD, path=str(simulation), population=CELLS, count=1)
            for method in (IDS, POSITIONS, UNLOAD):
                with pytest.raises(RequestError, match="this connection has none"):
                    await second.call(method, id=0)
            assert len((await first.fetch(IDS, id=0))[1]) == 8

    with_backend(simulation.parent, use)


def test_a_connection_holds_so_much_and_no_more(simulation, with_client, monkeypatch):
    async def use(client):
        async def load(count):
            return await client.call(LOAD, path=str(simulation), population=CELLS, count=count)

        monkeypatch.setattr(selections, "MAX_IDS", 24)
        assert (await load(2))["id"] == 0
        with pytest.raises(RequestError, match="would have 4 nodes, and may have 3: unload some") as caught:
            await load(2)
        assert caught.value.code == INVALID_PARAMS
        assert (await load(1))["id"] == 1

    with_client(simulation.parent, use)


def test_a_connection_holds_so_many_and_no_more(simulation, with_client, monkeypatch):
    monkeypatch.setattr(selections, "MAX_SELECTIONS", 2)

    async def use(client):
        for _ in range(2):
            await client.call(LOAD, path=str(simulation), population=CELLS, count=0)
        with pytest.raises(RequestError, match="holds 2 node selections already: unload some"):
            await client.call(LOAD, path=str(simulation), population=CELLS, count=0)

    with_client(simulation.parent, use)
