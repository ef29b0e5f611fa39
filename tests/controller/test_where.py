"""Where a job runs: one declaration, for controllers, widgets, calls and the command line."""

from __future__ import annotations

import asyncio
import inspect
import threading
import traceback
from collections.abc import Callable

import pytest

from brayns_widget.connection.job import Job as EndedJob
from brayns_widget.connection.link import Unreachable
from brayns_widget.connection.looking import check_before_leaving
from brayns_widget.connection.tokens import Token
from brayns_widget.controller.controller import Controller
from brayns_widget.controller.group import NOT_BACK
from brayns_widget.controller.job import Job
from brayns_widget.controller.where import WHERE, described, where
from brayns_widget.protocol.errors import AllocationError, AuthError, BraynsWidgetError
from tests.controller.scenes import WAIT, load, until
from tests.fakes import JOB_ID, TOKEN, FakeCluster

OPTIONS = list(inspect.signature(where).parameters)


@pytest.mark.parametrize("taker", [Controller, Job.connect])
def test_what_takes_the_options_shows_and_describes_each_of_them(taker):
    assert [name for name in inspect.signature(taker).parameters if name != "self"] == OPTIONS
    text = inspect.getdoc(taker) or ""
    assert [name for name in OPTIONS if f"    {name}: " not in text] == []
    assert "options:" not in text


def test_a_docstring_without_their_place_stays_as_it_is():
    assert described("Text.") == "Text."


@pytest.mark.parametrize(
    ("options", "kind", "problem"),
    [
        ({"mastr": "x"}, TypeError, r"unexpected keyword argument 'mastr'; did you mean 'master'\?"),
        ({"start_timeout": 0}, ValueError, "start_timeout is 0: it should be greater than 0"),
        ({"usecase": 7}, ValueError, "usecase is 7: it should be a valid string"),
        ({"token": b"abc"}, TypeError, "a token is a text, a function"),
        ({"renderer": "ws://h", "master": "http://h"}, ValueError, "so master has no meaning beside it"),
        ({"renderer": "ws://h", "attach_to": "1"}, ValueError, "so attach_to has no meaning"),
        ({"backend": "ws://h"}, ValueError, "give renderer, too"),
        ({"slave": "ws://h"}, ValueError, "slave is the address of .*: give master, too"),
        ({"project": "p"}, ValueError, "project is what a proxy master accounts for: give master, too"),
        ({"attach_to": "7"}, ValueError, "attach_to is a proxy master's id of a job: give master, too"),
        ({"master": "http://h", "attach_to": ""}, ValueError, "attach_to is '': it should have at least 1 character"),
        ({"renderer": "nowhere://h"}, BraynsWidgetError, "is not the address of a renderer"),
    ],
)
def test_they_are_checked(controller, options, kind, problem):
    with pytest.raises(kind, match=problem):
        Controller(**options)
    with pytest.raises(kind, match=problem):
        controller.job.connect(**options).result(WAIT)


@pytest.mark.parametrize("token", [TOKEN, TOKEN.encode()])
def test_a_mistake_does_not_show_the_token(controller, token):
    takers: list[Callable[..., object]] = [Controller, controller.job.connect]
    for call in takers:
        with pytest.raises((TypeError, ValueError)) as caught:
            call(token=token, mastr="x")
        frames = [frame for frame, _ in traceback.walk_tb(caught.value.__traceback__)][1:]
        shown = [repr(value) for frame in frames for value in frame.f_locals.values()]
        assert frames
        assert not [text for text in shown if TOKEN in text]


def test_they_say_where_the_job_runs(tmp_path):
    found = where(master="http://h/", slave="ws://h", token="t", project="p", attach_to="7", start_timeout=3)
    assert (found.place.master, found.place.project, found.attach_to, found.start_timeout) == ("http://h/", "p", "7", 3)
    assert found.place.token.reveal() == "t"
    assert where(base_directory=tmp_path).place.base_directory == tmp_path.resolve()
    assert WHERE.bind((), {"token": "t"}).arguments["token"].reveal() == "t"


def test_servers_without_proxies_are_used(cluster):
    cluster.token = ""
    with Controller(renderer=f"{cluster.slave}/renderer", backend=f"{cluster.slave}/backend") as controller:
        assert load(controller).name == "cells"
        assert controller.job.id is None
        assert repr(controller) == f"<Controller of {cluster.slave}/renderer: ready, 1 models>"
    assert cluster.calls == []
    assert "quit" not in cluster.renderer.methods()


def test_a_job_is_left_for_one_elsewhere(cluster, controller):
    load(controller)
    cluster.dialect = "2024"
    with FakeCluster(polls=0) as other:
        other.token = "another"
        controller.job.connect(**(other.options | {"token": Token(other.token)})).result(WAIT)
        assert len(controller.models) == 0
        load(controller)
        controller.close()
        assert other.paths().count("POST /start") == 1
    assert cluster.paths()[-1] == f"POST /stop/{JOB_ID}"


def test_a_job_is_not_left_for_an_address_where_nobody_is(cluster, controller, monkeypatch):
    monkeypatch.setattr(check_before_leaving, "__defaults__", (0.1,))
    model = load(controller)
    with pytest.raises(Unreachable, match=r"No proxy master answers at .*, so no job can be had there: "):
        controller.job.connect(master="http://127.0.0.1:1", token="t").result(WAIT)
    assert controller.status.state == "ready"
    assert [one.id for one in controller.models] == [model.id]
    assert controller.state.job.master == cluster.master
    assert not [path for path in cluster.paths() if path.startswith("POST /stop")]


def _refusing(other: FakeCluster) -> None:
    other.dialect = "2024"
    other.failures["/status"] = [(500, "Internal DB error (cannot retreive job)")] * 100


@pytest.mark.parametrize(
    ("change", "options", "kind", "message"),
    [
        (None, {"token": "wrong"}, AuthError, "401"),
        (None, {"token": {"file": "/no/such/file"}}, AuthError, "/no/such/file"),
        (None, {"attach_to": "nope"}, AllocationError, "There is no job 'nope'"),
        (None, {"slave": None}, BraynsWidgetError, "does not tell the address of its proxy slave"),
        (_refusing, {"attach_to": "nope"}, AllocationError, "its database may be away"),
    ],
)
def test_a_job_is_not_left_for_one_that_cannot_be_had(cluster, controller, change, options, kind, message):
    cluster.dialect = "2024"
    model = load(controller)
    with FakeCluster(polls=0) as other:
        other.dialect = "2023"
        if change is not None:
            change(other)
        with pytest.raises(kind, match=message) as caught:
            controller.job.connect(**(other.options | options)).result(WAIT)
        assert not [path for path in other.paths() if path.startswith("POST")]
    assert caught.value.hint.endswith("The present job goes on.")
    assert controller.status.state == "ready"
    assert [one.id for one in controller.models] == [model.id]
    assert controller.state.job.master == cluster.master
    assert not [path for path in cluster.paths() if path.startswith("POST /stop")]


@pytest.mark.parametrize("there", ["a local service without its directory", "no renderer", "no token"])
def test_a_job_is_not_left_for_servers_that_cannot_be_used(cluster, controller, there):
    model = load(controller)
    renderers = {"no renderer": cluster.master.replace("http", "ws"), "no token": f"{cluster.slave}/renderer"}
    options = {"renderer": renderers[there]} if there in renderers else {"base_directory": "/no/such/directory"}
    with pytest.raises(BraynsWidgetError) as caught:
        controller.job.connect(**options).result(WAIT)
    assert caught.value.hint.endswith("The present job goes on.")
    assert controller.status.state == "ready"
    assert [one.id for one in controller.models] == [model.id]
    assert not [path for path in cluster.paths() if path.startswith("POST /stop")]


def test_a_job_that_was_attached_to_is_left_running(cluster):
    cluster.dialect = "2024"
    with Controller(**cluster.options, attach_to=JOB_ID) as controller, FakeCluster(polls=0) as other:
        controller.start().result(WAIT)
        controller.job.connect(**other.options).result(WAIT)
        controller.close()
    assert not [path for path in cluster.paths() if path.startswith("POST")]


def test_what_was_told_of_the_place_before_is_over(cluster, controller):
    cluster.failures["/start"] = [(401, "")]
    with pytest.raises(AuthError):
        controller.start().result(WAIT)
    assert controller.state.notice is not None
    controller.job.connect(**cluster.options).result(WAIT)
    assert controller.state.notice is None


def test_those_who_wait_for_a_start_get_the_job_elsewhere(cluster, controller):
    cluster.polls = 10**9
    asked = controller.loop.submit(controller.renderer.request.aio("get-version"))
    with FakeCluster(polls=0) as other:
        controller.job.connect(**other.options).result(WAIT)
        assert asked.result(WAIT).result["major"] == 3
        assert other.paths().count("POST /start") == 1
        controller.close()


def test_running_tasks_are_cancelled(cluster, controller):
    controller.start().result(WAIT)
    cluster.renderer.delays["add-model"] = 60
    loading = controller.load_circuit("/data/circuit.json")
    with FakeCluster(polls=0) as other:
        controller.job.connect(**other.options).result(WAIT)
        with pytest.raises(BraynsWidgetError):
            loading.result(WAIT)
        controller.close()


@pytest.mark.parametrize("late", [False, True])
def test_a_job_that_was_left_and_may_run_on_is_told_beside_the_scene_that_has_not_come_along(
    cluster, controller, monkeypatch, late
):
    cluster.dialect = "2024"
    cluster.failures["/stop"] = [(403, "no")]
    load(controller)
    ended = threading.Event()
    end = EndedJob.close

    async def close_late(job: EndedJob, *, stop: bool = True) -> str:
        while late and not ended.is_set():  # noqa: ASYNC110 - set on another thread
            await asyncio.sleep(0.005)
        return await end(job, stop=stop)

    with FakeCluster(polls=0) as other:
        monkeypatch.setattr(EndedJob, "close", close_late)
        controller.job.connect(**other.options).result(WAIT)
        if late:
            assert controller.state.notice == NOT_BACK
        ended.set()
        until(lambda: "may run on" in (controller.state.notice or NOT_BACK).text)
        notice = controller.state.notice
        assert notice is not None
        assert notice.text.startswith(f"{NOT_BACK.text} The job {JOB_ID} of {cluster.master} may run on")
        controller.restore().result(WAIT)
        notice = controller.state.notice
        assert notice is not None, "the scene is back, but the job may run on still"
        assert notice.text.startswith(f"The job {JOB_ID} of {cluster.master} may run on")
        controller.close()
