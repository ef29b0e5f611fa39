from __future__ import annotations

import pytest

from brayns_widget.controller.state import Notice
from brayns_widget.protocol.errors import RequestCancelled
from tests.controller.scenes import WAIT, on_loop
from tests.fakes import JOB_ID
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
