"""A controller of a fake cluster."""

from __future__ import annotations

import pytest

from brayns_widget.connection.process import PROCESS
from brayns_widget.controller.controller import Controller
from tests.fakes import FakeCluster


@pytest.fixture
def cluster():
    with FakeCluster(polls=0) as fake:
        yield fake


@pytest.fixture
def controller(cluster):
    with Controller(**cluster.options) as made:
        yield made


@pytest.fixture(autouse=True)
def nothing_is_left():
    before = set(PROCESS._running)  # of tests elsewhere
    yield
    assert set(PROCESS._running) <= before
