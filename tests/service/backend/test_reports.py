"""Reports of selected nodes: their frames, their populations, their processes."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys

import h5py
import numpy as np
import psutil
import pytest

from brayns_widget.protocol.errors import INTERNAL_ERROR, INVALID_PARAMS, RequestError
from brayns_widget.service.backend import selections
from tests.service.backend.simulations import CELLS, OTHERS, write_simulation

NODES, UNLOAD_NODES = "sonata-load-nodes", "sonata-unload-nodes"
LOAD, UNLOAD, FRAME = "sonata-load-node-report", "sonata-unload-node-report", "sonata-get-report-frame"


@pytest.fixture
def simulation(tmp_path):
    return write_simulation(tmp_path)


@pytest.fixture
def with_nodes(simulation, with_client):
    """Run a coroutine function with a client that has selected nodes of the simulation, as number 0."""

    def run(use, *, path=None, population=CELLS, node_sets=()):
        async def main(client):
            params = {"population": population, "count": 100, "node_sets": list(node_sets)}
            await client.call(NODES, path=str(path or simulation), **params)
            return await use(client)

        return with_client(simulation.parent, main)

    return run


def frame(client, number, *, report=0, low=0.0, high=255.0):
    return client.fetch(FRAME, report_id=report, frame=number, min_value=low, max_value=high)


def read(with_nodes, name, *numbers, low=0.0, high=10.0, **nodes):
    """Open a report and read frames; returns their bytes."""

    async def use(client):
        assert await client.call(LOAD, nodes_id=0, name=name) == {"id": 0}
        return [list((await frame(client, number, low=low, high=high))[1]) for number in numbers]

    return with_nodes(use, **nodes)


def test_the_values_of_nodes_come_in_the_order_of_their_ids(with_nodes):
    assert read(with_nodes, "soma_report", 0) == [[0, 25, 51]]
    assert read(with_nodes, "section_report", 0, high=255.0) == [[0, 1, 2, 3, 4, 5, 6]]
    assert read(with_nodes, "section_report", 0, high=255.0, node_sets=["Ends"]) == [[0, 1, 4, 5, 6]]


def test_each_population_has_its_own_values(with_nodes):
    assert read(with_nodes, "soma_report", 0, high=255.0, population=OTHERS) == [[5, 6, 7]]


def test_a_frame_shows_what_was_stored_last(with_nodes):
    # 10 frames were stored, 0.1 ms apart; the configuration's step is a tenth of that.
    found = read(with_nodes, "soma_report", 0, 1, 9, 10, 50, 99, high=1.0, node_sets=["First"])
    assert [value for (value,) in found] == [0, 0, 0, 25, 127, 229]


def test_values_beyond_the_range_are_its_ends(with_nodes, simulation):
    with h5py.File(simulation.parent / "soma_report.h5", "r+") as file:
        file["report/cells/data"][0] = [np.inf, -np.inf, np.nan]  # of nodes 2, 0 and 1
        file["report/cells/data"][1] = [1e30, -1e30, 0.5]
    assert read(with_nodes, "soma_report", 0, 10, low=0.0, high=1.0) == [[0, 0, 255], [0, 127, 255]]


@pytest.mark.parametrize("number", [-1, 100, 10**400])
def test_frames_that_there_are_not_are_refused(with_nodes, number):
    with pytest.raises(RequestError, match=r"the report has the frames 0 to 99, 0\.01 ms apart") as caught:
        read(with_nodes, "soma_report", number)
    assert caught.value.code == INTERNAL_ERROR


def test_frames_begin_where_the_file_does(with_nodes, simulation):
    with h5py.File(simulation.parent / "soma_report.h5", "r+") as file:
        file["report/cells/mapping/time"][...] = [0.5, 1.5, 0.1]
    assert read(with_nodes, "soma_report", 50, 149, high=1.0, node_sets=["First"]) == [[0], [229]]
    with pytest.raises(RequestError, match="has the frames 50 to 149"):
        read(with_nodes, "soma_report", 49)


def test_a_step_that_makes_no_sense_is_refused(with_nodes, simulation):
    content = json.loads(simulation.read_text())
    content["reports"]["soma_report"]["dt"] = 1e-310
    simulation.write_text(json.dumps(content))
    with pytest.raises(RequestError, match="too many steps of 1e-310"):
        read(with_nodes, "soma_report", 0)


@pytest.mark.parametrize(("low", "high"), [(1, 1), (2, 1), (1.0, 1.0)])
def test_a_range_must_ascend(with_nodes, low, high):
    with pytest.raises(RequestError, match="Invalid range") as caught:
        read(with_nodes, "soma_report", 0, low=low, high=high)
    assert caught.value.code == INVALID_PARAMS


@pytest.mark.parametrize(
    ("name", "code", "words"),
    [
        (
            "nope",
            INVALID_PARAMS,
            "'nope' in .*; there are 'soma_report', 'section_report', 'missing'",
        ),
        ("", INVALID_PARAMS, "Invalid report name: ''"),
        ("silent", INVALID_PARAMS, "'silent' of .*simulation_config.json is not enabled there"),
        (
            "odd",
            INTERNAL_ERROR,
            r"'odd' of .*simulation_config.json cannot be used: reports\.odd\.dt in .* has",
        ),
        ("missing", INTERNAL_ERROR, r"missing\.h5.* does not exist"),
    ],
)
def test_reports_that_there_are_not_are_refused(with_nodes, simulation, name, code, words):
    content = json.loads(simulation.read_text())
    content["reports"]["odd"] = {"dt": "short"}
    simulation.write_text(json.dumps(content))
    with pytest.raises(RequestError, match=words) as caught:
        read(with_nodes, name)
    assert caught.value.code == code


def test_a_circuit_has_no_reports(with_nodes, simulation):
    with pytest.raises(RequestError, match="Selected nodes have no simulations") as caught:
        read(with_nodes, "soma_report", path=simulation.parent / "circuit_config.json")
    assert caught.value.code == INVALID_PARAMS


def test_a_report_without_these_nodes_is_refused(with_nodes, simulation):
    content = json.loads(simulation.read_text())
    content["reports"]["silent"]["enabled"] = True  # it has node 0 only
    simulation.write_text(json.dumps(content))
    (simulation.parent / "node_sets.json").write_text('{"Last": {"node_id": [2]}}')
    with pytest.raises(RequestError, match="it has none of the 1 selected nodes"):
        read(with_nodes, "silent", node_sets=["Last"])
    with h5py.File(simulation.parent / "silent.h5", "r+") as file:
        del file["report/others"]
    with pytest.raises(RequestError, match="it has no population others, but of: cells"):
        read(with_nodes, "silent", population=OTHERS)


def test_a_report_outside_the_base_directory_is_not_read(with_nodes, simulation, tmp_path_factory):
    outside = tmp_path_factory.mktemp("outside") / "soma_report.h5"
    (simulation.parent / "soma_report.h5").rename(outside)
    content = json.loads(simulation.read_text())
    content["reports"]["soma_report"]["file_name"] = str(outside)
    simulation.write_text(json.dumps(content))
    with pytest.raises(RequestError, match="is outside") as caught:
        read(with_nodes, "soma_report")
    assert caught.value.code == INVALID_PARAMS


@pytest.fixture
def children():
    """Return what tells the child processes that a test has; those of others, such as Python's own, may stay."""
    before = set(psutil.Process().children())

    def living():
        found = psutil.Process().children()
        return [child for child in found if child not in before and child.status() != psutil.STATUS_ZOMBIE]

    return living


def test_unloading_nodes_unloads_their_reports(children, with_nodes, simulation):
    async def use(client):
        await client.call(NODES, path=str(simulation), population=CELLS, count=100)
        for nodes in (0, 0, 1):
            await client.call(LOAD, nodes_id=nodes, name="soma_report")
        assert await client.call(UNLOAD, id=1) is None
        assert await client.call(UNLOAD_NODES, id=0) is None
        for number in (0, 1):
            with pytest.raises(RequestError, match=f"Cannot find report registered with ID {number}") as caught:
                await frame(client, number, report=number)
            assert caught.value.code == INVALID_PARAMS
        assert list((await frame(client, 0, report=2))[1]) == [0, 1, 2]
        return len(children())

    assert with_nodes(use) == 1


def test_a_connection_holds_so_many_and_no_more(children, with_nodes, monkeypatch):
    monkeypatch.setattr(selections, "MAX_REPORTS", 2)

    async def use(client):
        for _ in range(2):
            await client.call(LOAD, nodes_id=0, name="soma_report")
        with pytest.raises(RequestError, match="holds 2 reports already: unload some"):
            await client.call(LOAD, nodes_id=0, name="soma_report")
        return len(children())

    assert with_nodes(use) == 2


def test_reports_end_with_their_connection(children, simulation, with_backend):
    async def use(backend):
        async with backend.client() as client:
            await client.call(NODES, path=str(simulation), population=CELLS, count=100)
            await client.call(LOAD, nodes_id=0, name="soma_report")
            assert len(children()) == 1
        await asyncio.to_thread(psutil.wait_procs, children(), timeout=20)
        assert not children()

    with_backend(simulation.parent, use)


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
def test_a_process_that_dies_costs_one_frame(children, with_nodes):
    async def use(client):
        await client.call(LOAD, nodes_id=0, name="soma_report")
        (child,) = children()
        os.kill(child.pid, signal.SIGKILL)
        with pytest.raises(RequestError, match="what reads it died") as caught:
            await frame(client, 0)
        assert caught.value.code == INTERNAL_ERROR
        return list((await frame(client, 0))[1])

    assert with_nodes(use) == [0, 1, 2]


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
def test_a_process_that_hangs_is_ended_at_the_deadline(children, simulation, with_client):
    async def use(client):
        await client.call(NODES, path=str(simulation), population=CELLS, count=100)
        await client.call(LOAD, nodes_id=0, name="soma_report")
        (child,) = children()
        os.kill(child.pid, signal.SIGSTOP)
        with pytest.raises(RequestError, match=r"could not be read within 5 s"):
            await frame(client, 0)
        return list((await frame(client, 0))[1])

    assert with_client(simulation.parent, use, deadline=5.0) == [0, 1, 2]
