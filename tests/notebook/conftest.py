"""A widget in a kernel's place, with a fake cluster behind it and a recording comm before it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from brayns_widget.notebook.widget import BraynsWidget
from tests.fakes import FakeCluster
from tests.notebook.pages import Comm, record_comms, until


@pytest.fixture
def comms(monkeypatch: pytest.MonkeyPatch) -> list[Comm]:
    return record_comms(monkeypatch)


@pytest.fixture
def cluster() -> Iterator[FakeCluster]:
    with FakeCluster(polls=0) as cluster:
        yield cluster


@pytest.fixture
def viewer(cluster: FakeCluster, comms: list[Comm]) -> Iterator[BraynsWidget]:
    viewer = BraynsWidget(**cluster.options)
    until(lambda: viewer.status.state == "ready")
    yield viewer
    viewer.close()


@pytest.fixture
def page(viewer: BraynsWidget, comms: list[Comm]) -> Comm:
    """A page that shows the viewer and has its first frame."""
    (page,) = comms
    page.say("ready", width=400, height=300, dpr=2)
    page.wait("frame")
    return page
