"""The widget as an object: its making, its words, its end."""

from __future__ import annotations

import dataclasses
import inspect
import json
import logging
import re
import threading

import pytest
import traitlets

from brayns_widget.connection.status import Status
from brayns_widget.controller.camera import FRONT
from brayns_widget.controller.controller import Controller, Groups
from brayns_widget.notebook import widget as module
from brayns_widget.notebook.traits import Traits
from brayns_widget.notebook.widget import BraynsWidget
from tests.fakes import JOB_ID, TOKEN, FakeCluster
from tests.notebook.pages import CAMERA, until


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
    assert len(words) < 70
    assert not {"keys", "trait_names", "add_traits", "get_state", "hold_sync", "comm"} & set(words)
    assert all(hasattr(BraynsWidget, word) or word in Groups.__annotations__ or word == "controller" for word in words)


def test_every_option_is_in_the_signature():
    options = inspect.signature(BraynsWidget).parameters
    assert {"circuit", "master", "height", "density", "node_sets", "color_by"} <= options.keys()
    assert options.keys() >= inspect.signature(Controller).parameters.keys()
    assert "    project: the project for accounting" in str(inspect.getdoc(BraynsWidget))
    assert options["density"].default == 1.0
    assert "options" not in options


def test_it_says_where_the_job_runs_as_a_controller_does(cluster):
    cluster.dialect = "2024"
    viewer = BraynsWidget(**cluster.options, attach_to=JOB_ID, start_timeout=7)
    try:
        viewer.job.start().result(20)
        assert viewer.job.id == JOB_ID
    finally:
        viewer.close()
    assert not [path for path in cluster.paths() if path.startswith("POST")]


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
        ({"brightness": 1}, "it has circuit, controller, height"),
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
