"""What a widget and its pages say to each other: frames, calls, and how frames go to them."""

from __future__ import annotations

import json
import logging
import re
import threading
from typing import Any

import pytest

from brayns_widget.controller.camera import Camera
from brayns_widget.notebook.widget import BraynsWidget
from tests.fakes import JPEG
from tests.notebook.pages import CAMERA, WHO, until


def test_a_view_is_welcomed_and_then_gets_frames(viewer, page, cluster):
    kinds = [d["content"]["kind"] for d, _ in page.sent if d.get("method") == "custom"]
    assert kinds[0] == "welcome"
    assert page.customs("welcome")[0][0]["view"] == "v"
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
    "changes",
    [
        {},
        {"params": {"mastr": "x"}},
        {"params": {"start_timeout": "long"}},
        {"params": {"master": "nowhere"}},
        {"method": "job.conect"},
        {"kind": "cal"},
        {"id": "one"},
        {"view": ""},
    ],
)
def test_a_token_that_was_typed_shows_nowhere(viewer, page, caplog, cluster, changes):
    params = {"master": cluster.master, "slave": cluster.slave, "token": "canary-wrong", **changes.get("params", {})}
    call = {"kind": "call", "view": "v", "id": 9, "method": "job.connect"} | changes | {"params": params}
    with caplog.at_level(1):
        page.deliver({"method": "custom", "content": call})
        page.call("notices.dismiss")  # which comes after it
        until(lambda: viewer.progress is None)
    told = [repr(viewer.controller.state), repr(viewer.get_state()), repr(page.sent), caplog.text, repr(call)]
    assert not [text for text in told if "canary-wrong" in text]


@pytest.mark.parametrize(
    "content",
    [
        None,
        [],
        {"kind": "explode"},
        {"kind": "ready"},
        {"kind": "ready", "view": 3, "width": 1, "height": 1, "dpr": 1, "origin": "", "loopback": False},
        {"kind": "ready", "view": "x" * 100, "width": 1, "height": 1, "dpr": 1, "origin": "", "loopback": False},
        {"kind": "ready", "view": "n", "width": "wide", "height": 1, "dpr": 1, "origin": "", "loopback": False},
        {"kind": "ready", "view": "n", "width": float("inf"), "height": 1, "dpr": 1, "origin": "", "loopback": False},
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
