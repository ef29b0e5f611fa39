"""The widget in a kernel's place, with a fake cluster behind it and a recording comm before it."""

from __future__ import annotations

import contextvars
import dataclasses
import gc
import inspect
import itertools
import json
import logging
import re
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from typing import Any

import comm
import pytest
import traitlets

from brayns_widget.connection.status import Status
from brayns_widget.controller import presence
from brayns_widget.controller.camera import FRONT, Camera
from brayns_widget.controller.controller import Controller, Groups
from brayns_widget.notebook import widget as module
from brayns_widget.notebook.traits import Traits
from brayns_widget.notebook.widget import BraynsWidget
from tests.fakes import JPEG, TOKEN, FakeCluster

WHO = contextvars.ContextVar("who", default="nobody")
CAMERA = Camera((0.0, 0.0, 50.0)).to_dict()


class Comm:
    """A comm that keeps what it is given, and delivers what a page would send."""

    def __init__(self, data: Any = None, **_: Any) -> None:
        self.comm_id = "comm-1"
        self.sent: list[tuple[Any, Any]] = [(data, None)]
        self.senders: list[str] = []
        self.closed = False
        self.acks = True
        self._reply_subshell_id = WHO.get()
        self._numbers = itertools.count(1)  # of cameras
        self._changed = threading.Condition()
        self._deliver: Callable[[Any], None] = lambda _: None

    def on_msg(self, callback: Callable[[Any], None]) -> None:
        self._deliver = callback

    def send(self, data: Any, buffers: Any = None) -> None:
        with self._changed:
            self.sent.append((data, buffers))
            self.senders.append(WHO.get())
            self._reply_subshell_id = WHO.get()  # as ipykernel 7.4 does
            self._changed.notify_all()
        content = data.get("content", {})
        if content.get("kind") == "frame" and self.acks:
            ack = {"seq": content["seq"], "shown": True, "decode_ms": 1.0}
            self.say("ack", view=content["view"], acks=[ack])

    def close(self) -> None:
        self.closed = True

    def deliver(self, data: Any) -> None:
        self._deliver({"content": {"data": data}, "buffers": []})

    def say(self, kind: str, *, view: str = "v", **fields: Any) -> None:
        if kind == "ready":
            fields = {"origin": "", **fields}
        elif kind == "camera":
            fields = {"number": next(self._numbers), **fields}
        self.deliver({"method": "custom", "content": {"kind": kind, "view": view, **fields}})

    def set(self, **state: Any) -> None:
        self.deliver({"method": "update", "state": state, "buffer_paths": []})

    def customs(self, kind: str) -> list[Any]:
        return [(d["content"], b) for d, b in list(self.sent) if d.get("content", {}).get("kind") == kind]

    def updates(self, trait: str) -> list[Any]:
        return [d["state"][trait] for d, _ in list(self.sent) if d.get("method") == "update" and trait in d["state"]]

    def wait(self, kind: str, where: Callable[[Any], bool] = lambda _: True) -> Any:
        """Wait for a custom message and return (content, buffers)."""

        def found() -> Any:
            return next((message for message in self.customs(kind) if where(message[0])), None)

        with self._changed:
            assert self._changed.wait_for(lambda: found() is not None, 10), f"no {kind!r} came"
        return found()

    def call(self, method: str, **params: Any) -> Any:
        number = len(self.customs("reply")) + 1000 * len(self.sent)
        self.say("call", id=number, method=method, params=params)
        return self.wait("reply", lambda content: content["id"] == number)[0]


def until(condition: Callable[[], Any]) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline, "the wait was too long"
        threading.Event().wait(0.005)


@pytest.fixture
def comms(monkeypatch: pytest.MonkeyPatch) -> list[Comm]:
    made: list[Comm] = []

    def create(**options: Any) -> Comm:
        created = Comm(**options)
        if "_esm" in created.sent[0][0]["state"]:  # not that of the layout
            made.append(created)
        return created

    monkeypatch.setattr(comm, "create_comm", create)
    return made


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


def views(cluster: FakeCluster) -> list[Any]:
    return [params["position"] for method, params in list(cluster.renderer.requests) if method == "set-camera-view"]


# ---------------------------------------------------------------------- construction


def test_the_traits_are_those_of_the_contract():
    own = {name for name, trait in vars(BraynsWidget).items() if isinstance(trait, traitlets.TraitType)}
    assert own == {field.name for field in dataclasses.fields(Traits)}


def test_a_widget_starts_with_nothing_to_tell():
    traits = BraynsWidget.class_traits()
    defaults = {name: traits[name].default() for name in ("progress", "notice", "legend", "models", "status", "camera")}
    assert defaults == {
        "progress": None,
        "notice": None,
        "legend": None,
        "models": (),
        "status": Status("idle", "Not started."),
        "camera": FRONT,
    }


def test_a_widget_shows_its_own_words(viewer: BraynsWidget) -> None:
    words = dir(viewer)
    assert {"models", "camera", "load_circuit", "snapshot", "rendering", "legend", "controller", "layout"} <= set(words)
    assert len(words) < 40
    assert not {"keys", "trait_names", "add_traits", "get_state", "hold_sync", "comm"} & set(words)
    assert all(hasattr(BraynsWidget, word) or word in Groups.__annotations__ or word == "controller" for word in words)


def test_every_option_is_in_the_signature():
    options = inspect.signature(BraynsWidget).parameters
    assert {"circuit", "master", "height", "density", "node_sets", "color_by"} <= options.keys()
    assert options["density"].default == 1.0
    assert "options" not in options


def test_the_bundle_is_a_text_so_that_anywidget_watches_no_file():
    assert type(BraynsWidget._esm) is str
    assert type(BraynsWidget._css) is str
    assert "\n" in BraynsWidget._esm


def test_a_missing_bundle_says_what_to_do():
    with pytest.raises(ImportError, match=re.escape("pip install .")):
        module._read_static("no-such-bundle.js")


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"densty": 1}, "'densty'; did you mean 'density'?"),
        ({"tokn": "x"}, "did you mean 'token'?"),
        ({"brightness": 1}, "it has population, density"),
        ({"density": 0.5}, "none is given"),
    ],
)
def test_an_unknown_keyword_is_refused_and_the_nearest_named(options, text):
    with pytest.raises(TypeError, match=re.escape(text)):
        BraynsWidget(**options)


def test_construction_does_not_wait_for_the_job(cluster, comms):
    cluster.polls = 1_000_000
    viewer = BraynsWidget(**cluster.options)
    assert viewer.status.state in {"idle", "starting", "queued"}
    until(lambda: viewer.status.state in {"starting", "queued"})
    viewer.close()


def test_a_circuit_is_loaded_with_its_options(cluster, comms):
    viewer = BraynsWidget("/data/circuit.json", density=0.5, color_by="mtype", height=300, **cluster.options)
    until(lambda: viewer.models and viewer.models[0].colored_by == "mtype")
    assert viewer.height == 300
    (load,) = [params for method, params in cluster.renderer.requests if method == "add-model"]
    assert load["loader_properties"]["node_population_settings"][0]["node_percentage"] == 0.5
    viewer.close()


def test_an_option_out_of_range_leaves_nothing_behind(cluster, comms):
    before = set(threading.enumerate())
    with pytest.raises(ValueError, match="density"):
        BraynsWidget("/data/circuit.json", density=7, **cluster.options)
    ours = {t.name for t in set(threading.enumerate()) - before if t.name.startswith("brayns-widget")}
    assert ours <= {"brayns-widget"}, "only the loop's thread, which all widgets share"
    assert all(made.closed for made in comms)


# ---------------------------------------------------------------------- frames


def test_a_view_is_welcomed_and_then_gets_frames(viewer, page, cluster):
    kinds = [d["content"]["kind"] for d, _ in page.sent if d.get("method") == "custom"]
    assert kinds[0] == "welcome"
    assert page.customs("welcome")[0][0] == {"kind": "welcome", "view": "v", "binder": False}
    content, buffers = page.customs("frame")[0]
    assert bytes(buffers[0]) == JPEG
    assert content == {
        "kind": "frame",
        "view": "v",
        "seq": 1,
        "camera": 0,
        "width": 800,
        "height": 600,
        "accumulation": 1,
        "max_accumulation": 1,
        "moving": False,
        "mime": "image/jpeg",
    }
    until(lambda: viewer.stats["views"]["v"]["shown"] == viewer.stats["views"]["v"]["sent"])


def test_a_frame_needs_no_json_beyond_what_jupyter_can_send(page):
    for data, _ in page.sent:
        json.dumps(data, allow_nan=False)


def test_sends_run_in_the_context_of_the_pages_newest_message(viewer, page):
    token = WHO.set("subshell")
    page.say("camera", camera=CAMERA, moving=False)
    WHO.reset(token)
    page.acks = False  # acknowledgements would be delivered in contexts of their own
    seen = len(page.senders)
    viewer.background = "white"
    until(lambda: viewer.stats["passes"] and len(page.senders) > seen + 1)
    assert set(page.senders[seen:]) == {"subshell"}


def test_until_a_page_speaks_it_chooses_the_shell_that_answers(viewer, comms):
    (page,) = comms
    until(lambda: page.updates("status") and viewer.status.state == "ready")
    assert not hasattr(page, "_reply_subshell_id")
    page.say("ready", width=400, height=300, dpr=2)
    page.wait("frame")
    assert page._reply_subshell_id == "nobody"


def test_a_view_that_goes_gets_nothing_more(viewer, page):
    page.say("gone")
    until(lambda: viewer.stats["views"] == {})
    frames = len(page.customs("frame"))
    viewer.camera = CAMERA
    until(lambda: viewer.controller.camera == Camera.from_dict(CAMERA))
    page.call("notices.dismiss")
    assert len(page.customs("frame")) == frames


def test_a_runaway_page_cannot_fill_the_kernel(viewer, page):
    for number in range(40):
        page.say("ready", view=f"view {number}", width=1e300, height=1, dpr=100)
    page.call("notices.dismiss")
    assert len(viewer.stats["views"]) == 32
    assert "view 39" in viewer.stats["views"]


# ---------------------------------------------------------------------- camera


def test_the_trait_follows_the_mouse_and_pages_hear_of_it_at_the_end(viewer, page, cluster):
    before = len(page.updates("camera"))
    for step in range(1, 6):
        page.say("camera", camera=CAMERA | {"position": [0, 0, 50.0 + step]}, moving=True)
    until(lambda: viewer.camera.position == (0, 0, 55))
    until(lambda: views(cluster)[-1] == [0, 0, 55])
    assert len(page.updates("camera")) == before
    page.say("camera", camera=CAMERA | {"position": [0, 0, 55.0]}, moving=False)
    until(lambda: len(page.updates("camera")) > before)
    assert page.updates("camera")[-1]["position"] == (0, 0, 55)
    assert viewer.controller.camera.position == (0, 0, 55)


def test_observers_hear_of_the_mouse(viewer, page):
    heard: list[Any] = []
    viewer.observe(lambda change: heard.append(change["new"].position), "camera")
    page.say("camera", camera=CAMERA, moving=True)
    until(lambda: heard == [(0, 0, 50)])


def test_a_camera_set_in_python_is_shown_and_sent(viewer, page, cluster):
    viewer.camera = {"position": [1, 2, 3], "target": [0, 0, 0]}
    assert viewer.camera.up == (0, 1, 0)
    until(lambda: views(cluster)[-1] == [1, 2, 3])
    assert page.updates("camera")[-1]["position"] == (1, 2, 3)
    assert viewer.controller.camera.position == (1, 2, 3)


def test_a_camera_set_by_a_page_such_as_by_a_link_is_shown(viewer, page, cluster):
    page.set(camera=CAMERA | {"position": [7, 8, 9]})
    until(lambda: viewer.camera.position == (7, 8, 9))
    until(lambda: views(cluster)[-1] == [7, 8, 9])
    assert viewer.controller.camera.position == (7, 8, 9)


@pytest.mark.parametrize("name", ["camera", "background"])
def test_nothing_is_no_camera_and_no_color(viewer, page, name):
    before = viewer.get_state(name)
    with pytest.raises((traitlets.TraitError, ValueError)):
        setattr(viewer, name, None)
    assert viewer.get_state(name) == before


def test_what_a_call_has_done_can_be_read_at_once(viewer, page):
    (model,) = viewer.load_circuit("/data/circuit.json").result(10)
    for title in ["one", "two"] * 10:
        model.color_by("mtype", title=title)
        assert viewer.legend.sections[0].title == title
        model.visible = False
        assert viewer.legend is None
        model.visible = True
        viewer.rendering.background = "red" if title == "one" else "blue"
        assert viewer.background == ("#ff0000" if title == "one" else "#0000ff")


@pytest.mark.parametrize("name", ["backgroud", "lights", "snapshot", "controller", "model"])
def test_what_has_no_effect_raises(viewer, name):
    with pytest.raises(AttributeError):
        setattr(viewer, name, 3)


def test_a_controller_has_its_own_master(cluster):
    with Controller(**cluster.options) as controller, pytest.raises(TypeError, match="not both"):
        BraynsWidget(controller=controller, master="http://127.0.0.1:1")


def test_a_camera_set_at_the_controller_reaches_trait_and_picture(viewer, page, cluster):
    viewer.controller.camera = Camera((4, 5, 6))
    until(lambda: viewer.camera.position == (4, 5, 6))
    until(lambda: views(cluster)[-1] == [4, 5, 6])
    until(lambda: page.updates("camera") and page.updates("camera")[-1]["position"] == (4, 5, 6))


@pytest.mark.parametrize(
    "camera", [{"position": [0, 0, float("nan")]}, {"position": [0, 0, 0]}, {"zoom": 2}, {"fovy": 500}]
)
def test_a_wrong_camera_is_refused(viewer, page, camera):
    before = viewer.camera.value
    with pytest.raises(traitlets.TraitError, match="camera"):
        viewer.camera = camera
    assert viewer.camera == before


# ---------------------------------------------------------------------- other traits


def test_a_background_set_by_page_or_python_reaches_the_renderer(viewer, page, cluster):
    def painted() -> Any:
        sent = [p for m, p in list(cluster.renderer.requests) if m == "set-renderer-interactive"]
        return [p["background_color"] for p in sent if "background_color" in p][-1]

    page.set(background="#ff0000")
    until(lambda: painted() == [1, 0, 0, 1])
    viewer.background = "blue"
    assert viewer.background == "#0000ff"
    assert painted() == [0, 0, 1, 1]  # it has taken effect before anything else is done
    viewer.rendering.background = (1, 1, 1)
    until(lambda: viewer.background == "#ffffff")
    until(lambda: page.updates("background")[-1] == "#ffffff")


def test_a_wrong_trait_of_a_page_is_told_and_set_back(viewer, page):
    page.set(background=["red"])
    until(lambda: viewer.notice and viewer.notice.level == "warning")
    assert page.updates("background")[-1] == viewer.background


@pytest.mark.parametrize("name", ["models", "status", "progress", "notice", "legend"])
def test_what_the_kernel_tells_cannot_be_assigned(viewer, name):
    with pytest.raises(traitlets.TraitError, match="read-only"):
        setattr(viewer, name, None)


def test_what_a_page_must_not_set_stays(viewer, page):
    page.set(status={"state": "failed", "text": "ha"}, models=[])
    assert page.call("notices.dismiss")["result"] is None
    assert viewer.status.state == "ready"


@pytest.mark.parametrize(("wanted", "height"), [(1, 160), (300, 300), (9999, 2000)])
def test_a_height_is_kept_within_what_people_can_use(viewer, wanted, height):
    viewer.height = wanted
    assert viewer.height == height


def test_an_observer_may_wait_for_the_controller(viewer, page):
    listings: list[Any] = []
    viewer.observe(lambda _: listings.append(viewer.files.list("/data").path), "models")
    viewer.load_circuit("/data/circuit.json").result(10)
    until(lambda: listings)


# ---------------------------------------------------------------------- commands


def test_a_circuit_loaded_through_the_panel(viewer, page, cluster):
    progress: list[Any] = []
    viewer.observe(lambda change: progress.append(change["new"]), "progress")
    options: dict[str, Any] = {
        "population": None,
        "density": 1,
        "node_sets": [],
        "soma": True,
        "axon": False,
        "dendrites": True,
    }
    reply = page.call(
        "models.load_circuit", path="/data/circuit.json", radius_multiplier=1, color_by="mtype", **options
    )
    assert re.fullmatch(r"task-\d+", reply["result"]["task"])
    until(lambda: viewer.models and viewer.models[0].colored_by == "mtype" and viewer.progress is None)
    assert any(p and p.task == reply["result"]["task"] for p in progress)
    (model,) = viewer.models
    assert page.call("model.update", id=model.id, visible=False)["result"] is None
    until(lambda: not viewer.models[0].visible)
    page.call("model.remove", id=model.id)
    until(lambda: len(viewer.models) == 0)


def test_a_failed_load_is_told_and_the_next_one_works(viewer, page, cluster):
    cluster.renderer.errors["add-model"] = (-32603, "morphology 'x.swc' is missing")
    with pytest.raises(Exception, match=re.escape("x.swc")):
        viewer.load_circuit("/data/circuit.json").result(10)
    until(lambda: viewer.notice and "x.swc" in viewer.notice.text)
    cluster.renderer.errors.clear()
    viewer.load_circuit("/data/circuit.json").result(10)
    until(lambda: len(viewer.models) == 1)
    page.call("notices.dismiss")
    until(lambda: viewer.notice is None)


def test_a_command_that_fails_is_answered(page):
    reply = page.call("model.remove", id=77)
    assert reply["error"]["type"] == "CircuitError"
    assert "77" in reply["error"]["message"]
    assert page.call("format_disk")["error"]["type"] == "ProtocolError"


def test_a_picture_that_fails_is_told(viewer, page, cluster):
    cluster.renderer.errors["render-image"] = (-32603, "out of memory")
    viewer.camera = CAMERA
    until(lambda: viewer.notice and "out of memory" in viewer.notice.text)


def test_a_killed_renderer_is_told_and_a_retry_brings_the_picture_back(viewer, page, cluster):
    cluster.kill_renderer("renderer: killed by signal 9")
    until(lambda: viewer.status.state in {"ended", "failed"} and viewer.notice)
    frames = len(page.customs("frame"))
    assert page.call("job.start")["result"]["task"]
    until(lambda: len(page.customs("frame")) > frames)
    assert viewer.status.state == "ready"
    assert viewer.notice is None


@pytest.mark.parametrize(
    "content",
    [
        None,
        [],
        {"kind": "explode"},
        {"kind": "ready"},
        {"kind": "ready", "view": 3, "width": 1, "height": 1, "dpr": 1, "origin": ""},
        {"kind": "ready", "view": "x" * 100, "width": 1, "height": 1, "dpr": 1, "origin": ""},
        {"kind": "ready", "view": "n", "width": "wide", "height": 1, "dpr": 1, "origin": ""},
        {"kind": "ready", "view": "n", "width": float("inf"), "height": 1, "dpr": 1, "origin": ""},
        {"kind": "camera", "view": "v", "number": 99, "camera": {"position": "here"}, "moving": True},
        {"kind": "camera", "view": "v", "number": 99, "camera": 7, "moving": True},
        {"kind": "ack", "view": "v", "acks": [{"seq": "one", "shown": True, "decode_ms": 1}]},
        {"kind": "call", "view": "v", "id": None},
    ],
)
def test_a_malformed_message_is_logged_and_changes_nothing(viewer, page, caplog, content):
    camera = viewer.camera.value
    with caplog.at_level(logging.WARNING):
        page.deliver({"method": "custom", "content": content})
        assert page.call("notices.dismiss")["result"] is None
    assert "malformed" in caplog.text
    assert list(viewer.stats["views"]) == ["v"]
    assert viewer.camera == camera


def test_messages_may_come_from_many_threads_at_once(viewer, page):
    def talk(name: str) -> None:
        for step in range(50):
            page.say("camera", camera=CAMERA | {"position": [0, 0, 100.0 + step]}, moving=True)
            page.set(panel_open=step % 2 == 0)
            page.say("ready", view=name, width=300, height=200, dpr=1)

    threads = [threading.Thread(target=talk, args=(f"view {n}",)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    page.say("camera", camera=CAMERA, moving=False)
    until(lambda: viewer.camera == Camera.from_dict(CAMERA))
    assert len(viewer.stats["views"]) == 5


# ---------------------------------------------------------------------- how frames go to the page

HUB = "https://hub.example"


def test_an_unknown_transport_is_refused(cluster, comms):
    with pytest.raises(ValueError, match="transport is 'pigeon', not one of auto, socket, comm"):
        BraynsWidget(**cluster.options, transport="pigeon")  # type: ignore[arg-type]
    assert comms == []
    assert cluster.paths() == []


@pytest.mark.parametrize("transport", ["comm", "socket"])
def test_the_transport_can_be_chosen(cluster, comms, transport):
    viewer = BraynsWidget(**cluster.options, transport=transport)
    (page,) = comms
    page.say("ready", width=400, height=300, dpr=1, origin=HUB)
    if transport == "comm":
        page.wait("frame")
        assert page.customs("socket") == []
    else:
        page.wait("socket")
        until(lambda: viewer.stats["views"])
        page.say("no-socket", reason="The Jupyter server does not forward it.")
        until(lambda: viewer.notice and "The Jupyter server does not forward it." in viewer.notice.text)
        assert page.customs("frame") == []
    viewer.close()


def test_a_ticket_is_in_no_trait_no_saved_state_and_no_log(viewer, page, caplog):
    with caplog.at_level(logging.DEBUG):
        page.say("ready", width=400, height=300, dpr=1, origin=HUB)
        ticket = page.wait("socket")[0]["ticket"]
        page.say("gone", view="another")
        page.call("notices.dismiss")
    shown = [str(viewer.get_state()), str(viewer.stats), repr(viewer), str(viewer._repr_mimebundle_())]
    shown += [repr(viewer.controller.state), str(vars(viewer._page))]
    shown += [f"{record.getMessage()} {record.args}" for record in caplog.records]
    shown += [json.dumps(data) for data, _ in page.sent if data.get("method") != "custom"]
    assert len(ticket) > 40
    assert not [text for text in shown if ticket in text]


# ---------------------------------------------------------------------- secrets and ends


def test_the_token_shows_nowhere(cluster, comms, caplog):
    with caplog.at_level(logging.DEBUG):
        viewer = BraynsWidget(**cluster.options)
        until(lambda: viewer.status.state == "ready")
        (page,) = comms
        page.say("ready", width=400, height=300, dpr=1)
        page.wait("frame")
        cluster.token = "another"  # the next job is refused
        cluster.kill_renderer("died")
        until(lambda: viewer.status.state in {"ended", "failed"})
        page.call("job.start")
        until(lambda: "refused" in viewer.status.text)
        shown = [repr(viewer), repr(viewer.controller), str(viewer._repr_mimebundle_()), str(viewer.get_state())]
        viewer.close()
    # The fake server's own log, which lists what it was sent, is not ours to keep clean.
    shown += [record.getMessage() for record in caplog.records if record.name != "websockets.server"]
    shown += [json.dumps(data) for data, _ in page.sent]
    assert "refused" in "".join(shown)
    assert not [text for text in shown if TOKEN in text]


def test_closing_stops_the_job_and_leaves_no_thread(comms):
    with FakeCluster(polls=0, dialect="2024") as cluster:
        before = set(threading.enumerate())
        viewer = BraynsWidget(**cluster.options)
        until(lambda: viewer.status.state == "ready")
        viewer.close()
        viewer.close()
        assert [path for path in cluster.paths() if path.startswith("POST /stop/")]
    assert comms[0].closed
    assert not [t for t in set(threading.enumerate()) - before if "traits" in t.name]


def test_a_controller_that_was_passed_is_its_owners_to_close(cluster, comms):
    with Controller(**cluster.options) as controller:
        first = BraynsWidget(controller=controller)
        until(lambda: first.status.state == "ready")
        first.close()
        assert controller.status.state == "ready"
        second = BraynsWidget(controller=controller)
        until(lambda: second.status.state == "ready")
        comms[1].say("ready", width=100, height=100, dpr=1)
        comms[1].wait("frame")
        second.close()


def test_snapshot_and_reset_camera(viewer, page, cluster, tmp_path):
    viewer.load_circuit("/data/circuit.json").result(10)
    viewer.camera = CAMERA
    viewer.snapshot(tmp_path / "a.png", size=(64, 64)).result(10)
    assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")
    viewer.reset_camera()
    until(lambda: viewer.camera.to_dict()["position"] != CAMERA["position"])
    assert repr(viewer) == "<BraynsWidget: Ready.>"


# ---------------------------------------------------------------------- life


def forgotten(cluster: FakeCluster, use: Callable[[BraynsWidget], object]) -> weakref.ref[BraynsWidget]:
    """Make a ready widget, use it, and hold it no more."""
    viewer = BraynsWidget(**cluster.options)
    until(lambda: viewer.status.state == "ready")
    use(viewer)
    return weakref.ref(viewer)


def test_a_widget_that_nothing_holds_is_closed(cluster, comms):
    cluster.dialect = "2024"
    threads = set(threading.enumerate())
    viewer = forgotten(cluster, lambda _: None)
    gc.collect()
    assert viewer() is None
    until(lambda: any(path.startswith("POST /stop/") for path in cluster.paths()))
    assert comms[0].closed
    until(lambda: not any(thread.name == "brayns-widget traits" for thread in set(threading.enumerate()) - threads))


def test_a_call_of_a_widget_that_nothing_holds_comes_to_its_end(cluster, comms):
    cluster.renderer.delays["snapshot"] = 0.5
    pending: list[Any] = []
    viewer = forgotten(cluster, lambda viewer: pending.append(viewer.snapshot(size=(16, 16))))
    gc.collect()
    assert viewer() is None
    assert pending[0].result(10)


@pytest.mark.parametrize("how", ["shown", "displayed"])
def test_a_widget_that_was_on_a_page_stays_for_it(cluster, comms, how):
    def show(viewer: BraynsWidget) -> None:
        if how == "displayed":
            viewer._repr_mimebundle_()
        else:
            comms[0].say("ready", width=400, height=300, dpr=2)
            comms[0].wait("frame")

    viewer = forgotten(cluster, show)
    gc.collect()
    kept = viewer()
    assert kept is not None
    assert kept.status.state == "ready"
    kept.close()


def test_a_widget_sleeps_when_it_was_taken_from_the_page_and_wakes_when_it_is_shown(cluster, comms, monkeypatch):
    monkeypatch.setattr(presence, "GRACE", 0.05)
    monkeypatch.setattr(module, "is_held", lambda _: False)
    viewer = BraynsWidget("/data/circuit.json", **cluster.options)
    (page,) = comms
    page.say("ready", width=400, height=300, dpr=2)
    until(lambda: viewer.status.state == "ready" and len(viewer.models) == 1)
    page.say("gone")
    until(lambda: viewer.status.state == "asleep")
    assert len(viewer.models) == 1
    page.say("ready", view="w", width=400, height=300, dpr=2)
    until(lambda: viewer.status.state == "ready")
    page.wait("frame", lambda content: content["view"] == "w")
    assert [model["model_type"] for model in cluster.renderer.models].count("neurons") == 1
    viewer.close()
