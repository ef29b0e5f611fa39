from __future__ import annotations

import json

import pytest

from brayns_widget.connection.status import Status
from brayns_widget.controller.controller import Controller
from brayns_widget.controller.state import Notice
from brayns_widget.protocol.errors import AllocationError, AuthError, RequestCancelled
from tests.controller.scenes import WAIT, load, on_loop, until
from tests.fakes import JOB_ID, TOKEN, FakeCluster
from tests.listening import Listener


def test_the_job_has_the_masters_id_while_it_runs(controller):
    ids = [controller.job.id]
    controller.job.start().result(WAIT)
    ids.append(controller.job.id)
    controller.job.close()
    assert [*ids, controller.job.id] == [None, JOB_ID, None]


def test_a_start_of_a_running_job_does_nothing(cluster, controller):
    controller.start().result(WAIT)
    controller.start().result(WAIT)
    assert cluster.paths().count("POST /start") == 1


def test_a_job_is_stopped_and_its_scene_comes_back(cluster, controller):
    cluster.dialect = "2024"
    load(controller)
    told: list[Status] = []
    controller.listen(lambda state: state.status, told.append)
    controller.job.stop()
    until(lambda: controller.status == Status("ended", "The job was stopped."))
    assert Status("ended", "Stopping the job …") in told
    assert (controller.job.id, controller.state.job.master) == (None, cluster.master)
    controller.job.restore().result(WAIT)
    assert f"POST /stop/{JOB_ID}" in cluster.paths()
    assert [model.name for model in controller.models] == ["cells"]


def test_a_job_that_was_attached_to_is_left_and_can_be_joined_again(cluster):
    cluster.dialect = "2024"
    with Controller(**cluster.options, attach_to=JOB_ID) as controller:
        controller.start().result(WAIT)
        assert controller.state.job.attached
        controller.job.stop()
        assert controller.status == Status("ended", "The job was left; it runs on.")
        controller.start().result(WAIT)
        assert controller.job.id == JOB_ID
    assert not [path for path in cluster.paths() if path.startswith("POST")]


def test_a_stop_without_a_job_changes_nothing(controller):
    before = controller.status
    controller.job.stop()
    assert controller.status == before


def test_a_stop_cancels_a_start_for_all_calls_that_wait_for_it(cluster, controller):
    cluster.polls = 10**9
    statuses = Listener(controller, lambda state: state.status.state)
    tasks = [controller.start(), controller.load_circuit("c.json")]
    statuses.wait_for(lambda state: state == "queued")
    controller.job.stop()
    for task in tasks:
        with pytest.raises(RequestCancelled):
            task.result(WAIT)
    assert controller.status == Status("idle", "The start was cancelled.")
    assert cluster.paths()[-1] == f"POST /stop/{JOB_ID}"


def test_to_attach_to_the_present_job_keeps_it_and_takes_another_token(cluster, controller):
    model = load(controller)
    cluster.renderer.delays["snapshot"] = 0.3
    task = controller.snapshot()
    options = {**cluster.options, "master": cluster.master + "/", "attach_to": JOB_ID}
    with pytest.raises(AuthError):
        controller.job.connect(**(options | {"token": "wrong"})).result(WAIT)
    cluster.token = "another"  # from now on
    ready = controller.ready
    controller.job.connect(**(options | {"token": cluster.token})).result(WAIT)
    assert controller.ready is ready
    assert task.result(WAIT).format == "png", "it was not cancelled"
    assert controller.models[:] == [model]
    cluster.close_renderer(1011, "restarted")
    until(lambda: controller.ready not in {None, ready})  # with that token
    controller.job.stop()  # it is one of ours still
    until(lambda: f"POST /stop/{JOB_ID}" in cluster.paths())
    assert cluster.paths().count("POST /start") == 1


def test_what_is_known_of_a_job_holds_nothing_secret(cluster, controller):
    controller.start().result(WAIT)
    known = controller.state.job
    assert (known.master, known.slave, known.host, known.attached) == (
        cluster.master,
        cluster.slave,
        "127.0.0.1",
        False,
    )
    assert TOKEN not in repr(controller.state)


@pytest.mark.parametrize("node", ["node7", None])
def test_the_node_is_that_of_the_job_and_not_of_the_slave(cluster, controller, node):
    status = {"job_running": True, "brayns_started": True, "end_time": None} | ({"host": node} if node else {})
    cluster.failures["/status"] = [(200, json.dumps(status))]
    controller.start().result(WAIT)
    assert (controller.state.job.node, controller.state.job.host) == (node, "127.0.0.1")


def test_without_a_backend_it_is_told_what_cannot_be_done():
    with FakeCluster(polls=0, backend=False) as cluster, Controller(**cluster.options) as controller:
        controller.start().result(WAIT)
        assert "has no backend" in controller.state.job.lack
        assert not controller.state.job.brayns_backend


def test_it_is_told_whose_backend_it_is(cluster, controller):
    controller.start().result(WAIT)
    assert (controller.state.job.lack, controller.state.job.brayns_backend) == ("", True)


@pytest.mark.parametrize("offered", [True, False])
def test_it_is_told_whether_the_renderer_tells_what_pixels_show(cluster, controller, offered):
    if offered:
        cluster.renderer.offers.append("render-ids")
    controller.start().result(WAIT)
    assert controller.state.job.tells_ids == offered
    controller.job.stop()
    assert not controller.state.job.tells_ids


def test_the_log_of_a_job_that_ended_is_kept(cluster, controller):
    controller.start().result(WAIT)
    jobs = Listener(controller, lambda state: state.job.log)
    cluster.kill_renderer("it ended with signal 9\nlast line of the log")
    assert jobs.wait_for(bool) == "last line of the log"
    controller.job.restore().result(WAIT)
    assert controller.state.job.log == ""


def test_the_log_is_that_of_the_job_that_runs_or_of_the_last_one(cluster, controller):
    with pytest.raises(AllocationError, match="There is no job"):
        controller.job.log()
    assert cluster.calls == [], "it starts no job"
    cluster.logs = {"renderer": "a warning"}
    controller.job.start().result(WAIT)
    assert controller.job.log() == "renderer:\na warning"
    cluster.logs = None
    with pytest.raises(AllocationError, match="tells no log"):
        controller.job.log()
    cluster.kill_renderer("it ended with signal 9\nlast line of the log")
    until(lambda: controller.state.job.log != "")
    assert controller.job.log() == "last line of the log"


def test_running_tasks_are_known_by_their_ids_until_they_end(cluster, controller):
    cluster.polls = 10**9
    activities = Listener(controller, lambda state: state.progress)
    task = controller.start()
    activity = activities.wait_for(lambda activity: activity is not None)
    assert activity is not None
    assert activity.task == task.id
    assert list(controller.tasks) == [task.id]
    assert controller.tasks[task.id] is task
    controller.tasks.cancel("no such task")
    controller.tasks.cancel(task.id)
    with pytest.raises(RequestCancelled):
        task.result(WAIT)
    activities.wait_for(lambda activity: activity is None)
    assert dict(controller.tasks) == {}
    controller.tasks.cancel(task.id)  # it is done


def test_the_newest_task_is_shown(cluster, controller):
    cluster.polls = 10**9
    activities = Listener(controller, lambda state: state.progress and state.progress.task)
    first = controller.start()
    activities.wait_for(lambda task: task == first.id)
    second = controller.load_circuit("c.json")
    activities.wait_for(lambda task: task == second.id)
    second.cancel()
    activities.wait_for(lambda task: task == first.id)
    first.cancel()
    activities.wait_for(lambda task: task is None)


def test_notices_are_told_and_dismissed(controller):
    async def tell() -> None:
        controller.notices.tell("info", "Hello.", "Wave back.")

    on_loop(controller, tell)
    assert controller.state.notice == Notice("info", "Hello.", "Wave back.")
    controller.notices.dismiss()
    assert controller.state.notice is None
