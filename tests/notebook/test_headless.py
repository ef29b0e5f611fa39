"""Where no page is: how that is known, and where pictures go. With a real kernel: tests/end_to_end/test_headless.py."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from IPython.core.formatters import DisplayFormatter

from brayns_widget.notebook import headless
from brayns_widget.notebook.stills import Output
from brayns_widget.notebook.widget import BraynsWidget
from brayns_widget.protocol.errors import ServiceError
from tests.fakes import FakeCluster


class Shell:
    """Stand-in for a kernel's shell that remembers what is displayed."""

    def __init__(self, **content: Any) -> None:
        self.content = content
        self.kernel = self.events = self.display_pub = self
        self.callbacks: list[Any] = []
        self.published: list[tuple[str, str, bool]] = []

    def get_parent(self, channel: str) -> dict[str, Any]:
        assert channel == "shell"
        return {"content": self.content} if self.content else {}

    def register(self, event: str, callback: Any) -> None:
        assert event == "post_run_cell"
        self.callbacks.append(callback)

    def unregister(self, event: str, callback: Any) -> None:
        assert event == "post_run_cell"
        self.callbacks.remove(callback)

    def publish(self, data: Any, _metadata: Any, *, transient: dict[str, str], update: bool) -> None:
        self.published.append((transient["display_id"], data["text/plain"], update))


@pytest.fixture
def shell(monkeypatch: pytest.MonkeyPatch) -> Shell:
    shell = Shell(allow_stdin=False)
    monkeypatch.setattr(headless, "get_ipython", lambda: shell)
    monkeypatch.delenv("SERVER_SOFTWARE", raising=False)
    return shell


@pytest.fixture
def viewer() -> Iterator[BraynsWidget]:
    with FakeCluster(polls=0) as cluster:
        viewer = BraynsWidget(**cluster.options)
        yield viewer
        viewer.close()


@pytest.mark.parametrize(
    ("content", "answer"),
    [({"allow_stdin": False}, True), ({"allow_stdin": True}, False), ({"code": ""}, False), ({}, False)],
)
def test_a_program_runs_the_cell_if_nobody_can_be_asked(shell, content, answer):
    shell.content = content
    assert headless.is_headless() is answer


def test_voila_has_pages(shell, monkeypatch):
    monkeypatch.setenv("SERVER_SOFTWARE", "voila/0.5.8")
    assert not headless.is_headless()


@pytest.mark.parametrize("where", [None, object()], ids=["script", "terminal"])
def test_outside_of_a_kernel_nothing_waits(monkeypatch, where):
    monkeypatch.setattr(headless, "get_ipython", lambda: where)
    assert not headless.is_headless()


def test_a_still_follows_the_scene_in_all_cells_that_show_it(shell):
    scene = ["first"]
    shown = headless.HeadlessDisplay(
        lambda: (Output({"text/plain": scene[0]}, {}), Output({"text/plain": "caption"}, {})), lambda: scene[0]
    )
    (follow,) = shell.callbacks
    shown.show()
    follow(None)
    shown.show()
    scene[0] = "second"
    follow(None)
    follow(None)
    assert [entry[1:] for entry in shell.published] == [
        *[("first", False), ("caption", False)] * 2,
        ("second", True),
        ("caption", True),
    ]
    assert len({place for place, _, _ in shell.published}) == 2
    shown.close()
    assert shell.callbacks == []


def test_without_a_new_picture_the_last_one_stays(shell):
    scene = ["first"]

    def render() -> tuple[Output, Output]:
        if scene[0] != "first":
            raise ServiceError("The renderer ended.")
        return Output({"text/plain": "picture"}, {}), Output({"text/plain": "caption"}, {})

    shown = headless.HeadlessDisplay(render, lambda: scene[0])
    shown.show()
    scene[0] = "second"
    shell.callbacks[0](None)
    assert len(shell.published) == 2
    shown.show()
    assert shell.published[2][1] == "No picture: The renderer ended."


def test_a_widget_shows_its_picture_and_closed_says_so(shell, viewer):
    DisplayFormatter().format(viewer)
    DisplayFormatter().format(viewer)
    assert [text[:10] for _, text, _ in shell.published] == ["Picture of"] * 4
    assert len(shell.callbacks) == 1
    viewer.close()
    assert shell.callbacks == []
    DisplayFormatter().format(viewer)
    assert "No picture: The view is closed." in shell.published[-2][1]


def test_a_widget_without_a_picture_says_why(shell, viewer, monkeypatch):
    async def fail() -> Any:
        raise ServiceError("The renderer ended.", hint="Run it again.")

    monkeypatch.setattr(viewer._page, "still", fail)
    DisplayFormatter().format(viewer)
    assert shell.published[0][1] == "No picture: The renderer ended. Run it again."


def test_where_a_page_is_the_view_is_shown_and_nothing_waits(shell, viewer):
    shell.content = {"allow_stdin": True}
    data, _ = DisplayFormatter().format(viewer)
    assert data["application/vnd.jupyter.widget-view+json"]["model_id"] == viewer.model_id
    assert data["text/plain"] == "BraynsWidget: a live view, seen while its kernel runs."
    assert shell.published == []
