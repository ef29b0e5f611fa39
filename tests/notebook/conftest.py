"""A widget in a kernel's place, with a fake cluster behind it and a recording comm before it."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest

from brayns_widget.notebook.frames import SceneFrames
from brayns_widget.notebook.widget import BraynsWidget
from tests.fakes import FakeCluster
from tests.notebook.pages import Comm, record_comms, until


@pytest.fixture(autouse=True)
def no_scene_is_left() -> Iterator[None]:
    """Frames that nobody closes start another process whenever theirs ends, whatever other tests count."""
    before = len(SceneFrames._open)

    def all_are_closed() -> bool:
        if len(SceneFrames._open) > before:
            gc.collect()  # which closes what nothing holds any more
        return len(SceneFrames._open) <= before

    yield
    until(all_are_closed)


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
