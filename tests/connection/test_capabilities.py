from __future__ import annotations

import asyncio
from typing import Any

import pytest

from brayns_widget.connection import capabilities
from brayns_widget.connection.busy import Patience
from brayns_widget.connection.capabilities import CANCEL, Capabilities, equip_backend
from brayns_widget.connection.link import Link
from brayns_widget.connection.server import Server
from brayns_widget.connection.tokens import Token
from brayns_widget.protocol.errors import ConnectionLost, DeadlineExceeded, ProtocolError
from tests.fakes import TOKEN, FakeCluster

WAIT = 10.0
OURS = {"major": 3, "minor": 10, "patch": 1, "revision": "brayns-widget 0.1.0"}
THEIRS = {"major": 3, "minor": 10, "patch": 1, "revision": "747afcdfc"}


@pytest.fixture
def cluster():
    with FakeCluster() as fake:
        yield fake


def learn(cluster: FakeCluster, version: Any = None, *, backend: bool = True, timeout: float = WAIT) -> Capabilities:
    async def main() -> Capabilities:
        async with asyncio.timeout(WAIT):
            token = Token(TOKEN)
            address = f"{cluster.slave}/1/renderer"
            renderer = await Link.open(address, token, name="renderer", probe="get-version", overtakes=True)
            if version is not None:
                cluster.renderer.answers["get-version"] = lambda _: version
            other = None
            if backend:
                other = await Link.open(f"{cluster.slave}/1/backend", token, name="backend", probe="version")
            try:
                patience = Patience(timeout, _ignore)
                return await Capabilities.ask(Server(renderer), None if other is None else Server(other), patience)
            finally:
                for link in filter(None, (renderer, other)):
                    await link.close()

    return asyncio.run(main())


def _ignore(_: str) -> None:
    pass


def test_the_real_servers_methods_are_asked_one_by_one_whether_they_can_be_cancelled(cluster):
    cluster.renderer.asynchronous = {"add-model", "upload-model"}
    found = learn(cluster, THEIRS)
    assert (found.kind, found.ours, found.version) == ("brayns", False, "3.10.1")
    assert found.methods == set(cluster.renderer.offers)
    assert "fs-list-dir" in found.backend_methods
    assert found.cancellable == {"add-model"}
    asked = [params["endpoint"] for method, params in cluster.renderer.requests if method == "schema"]
    assert sorted(asked) == ["add-model", "render-image", "snapshot"]  # and nothing that it does not offer
    assert cluster.renderer.methods().count("get-version") == 1
    assert cluster.renderer.methods().count("registry") == 1


def test_offers_are_those_of_both_servers(cluster):
    found = learn(cluster)
    assert found.offers("get-scene")
    assert found.offers("sonata-get-node-sets")
    assert not found.offers("no-such-method")
    assert not learn(cluster, backend=False).offers("sonata-get-node-sets")


def test_ours_says_itself_what_it_can_cancel(cluster):
    cluster.renderer.offers.append("get-cancellable-methods")
    cluster.renderer.answers["get-cancellable-methods"] = lambda _: ["add-model", "render-image", "add-spheres"]
    found = learn(cluster, OURS)
    assert found.ours
    assert found.cancellable == {"add-model", "render-image", "add-spheres"}
    assert "schema" not in cluster.renderer.methods()


@pytest.mark.parametrize("version", ["3.10.1", [], {}, {"revision": None}])
def test_a_server_that_names_itself_in_another_way_is_none_of_ours(cluster, version):
    found = learn(cluster, version)
    assert (found.kind, found.version) == ("brayns", "")


@pytest.mark.parametrize("method", ["get-version", "registry", "schema"])
def test_what_a_server_refuses_to_tell_it_does_not_offer(cluster, method):
    cluster.renderer.errors[method] = (-32601, "Method not found")
    found = learn(cluster)
    assert found.version == ("" if method == "get-version" else "3.10.1")
    assert bool(found.cancellable) is (method == "get-version")
    assert ("get-scene" in found.methods) is (method != "registry")


@pytest.mark.parametrize("answer", [None, {}, "get-scene", [1]])
def test_other_answers_than_lists_of_names_break_the_protocol(cluster, answer):
    cluster.renderer.offers = answer
    with pytest.raises(ProtocolError, match="The answer to registry is invalid"):
        learn(cluster)


@pytest.mark.parametrize("fault", ["silent", "cut", "nonsense"])
def test_a_backend_that_does_not_list_its_methods_is_out_of_reach_and_the_renderer_is_not(cluster, monkeypatch, fault):
    monkeypatch.setattr(capabilities, "LIST_DEADLINE", 0.2)
    if fault == "nonsense":
        cluster.backend.answers["registry"] = lambda _: {"methods": 3}
    else:
        getattr(cluster.backend, fault).add("registry")

    async def main() -> None:
        token = Token(TOKEN)
        renderer, backend = [
            await Link.open(f"{cluster.slave}/1/{name}", token, name=name, probe=probe)
            for name, probe in (("renderer", "get-version"), ("backend", "version"))
        ]
        server = Server(backend)
        async with asyncio.timeout(WAIT):
            found = await Capabilities.ask(Server(renderer), server, Patience(WAIT, _ignore))
        assert "get-scene" in found.methods
        assert found.backend_methods == frozenset()
        assert not server.reachable
        assert backend.closed is not None
        assert {"silent": "did not answer 'registry' within 0.2 s", "cut": "was lost", "nonsense": "is invalid"}[
            fault
        ] in str(backend.closed)
        await renderer.close()

    asyncio.run(main())


@pytest.mark.parametrize("method", ["get-version", "registry", "schema"])
def test_a_renderer_may_take_as_long_as_the_start(cluster, method):
    cluster.renderer.silent.add(method)
    with pytest.raises(DeadlineExceeded, match=r"The renderer lives, but has not answered within 0\.1 s"):
        learn(cluster, timeout=0.1)


def test_a_link_that_breaks_is_told(cluster):
    cluster.renderer.cut.add("registry")
    with pytest.raises(ConnectionLost):
        learn(cluster)


def test_it_cannot_be_changed():
    with pytest.raises(AttributeError):
        Capabilities().version = "4"  # type: ignore[misc]


@pytest.mark.parametrize("cancels", [True, False])
def test_only_a_backend_that_can_cancel_is_asked_whether_it_lives_while_it_works(cluster, cancels):
    methods = frozenset({"fs-list-dir", CANCEL} if cancels else {"fs-list-dir"})

    async def main() -> None:
        async with asyncio.timeout(10):
            link = await Link.open(f"{cluster.slave}/1/backend", Token(TOKEN), name="backend", probe="version")
            equip_backend(link, methods)
            assert link.overtakes is cancels
            assert link.cancellable == (methods if cancels else frozenset())
            await link.close()

    asyncio.run(main())
