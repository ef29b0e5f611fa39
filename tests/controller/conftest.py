"""A controller of a fake cluster."""

from __future__ import annotations

import pytest

from brayns_widget.connection import recovery
from brayns_widget.connection.process import PROCESS
from brayns_widget.controller.controller import Controller
from tests.fakes import FakeCluster
from tests.tcp_proxy import TcpProxy


@pytest.fixture
def cluster():
    with FakeCluster(polls=0) as fake:
        yield fake


@pytest.fixture
def controller(cluster):
    with Controller(**cluster.options) as made:
        yield made


@pytest.fixture
def short_pauses(monkeypatch):
    """Look for links that broke again and again without waiting long."""
    monkeypatch.setattr(recovery, "BASE", 0.02)
    monkeypatch.setattr(recovery, "CAP", 0.05)


@pytest.fixture
def proxy(cluster):
    """Put a TCP proxy before the slave of the cluster."""
    with TcpProxy(cluster.slave) as made:
        cluster.slave = made.url
        yield made


@pytest.fixture(autouse=True)
def nothing_is_left():
    before = set(PROCESS._running)  # of tests elsewhere
    yield
    assert set(PROCESS._running) <= before
