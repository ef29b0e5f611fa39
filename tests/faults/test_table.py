"""Faults between a client and the real proxies, each with the end that its user wants.

Each test is a situation that was tried with both public editions of the proxies; the words of ``proxies`` say which.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from brayns_widget.connection import capabilities, job, records
from brayns_widget.connection import master as master_module
from brayns_widget.connection.link import Link
from brayns_widget.connection.silence import ANSWERS_WITHIN, IDLE, LOOK
from brayns_widget.controller.controller import Controller
from brayns_widget.controller.models import Model
from brayns_widget.protocol.errors import AllocationError, BraynsWidgetError, ConnectionLost, RequestCancelled
from tests.fakes import TOKEN, FakeCluster
from tests.faults.proxies import EDITIONS, END_TIME, Proxies
from tests.faults.waiting import until
from tests.listening import Listener
from tests.tcp_proxy import TcpProxy

WAIT = 10
DB_AWAY = (500, "Internal DB error (cannot retreive job)")

both = pytest.mark.parametrize("proxies", EDITIONS, indirect=True)
only_2023 = pytest.mark.parametrize("proxies", ["2023"], indirect=True)
only_2024 = pytest.mark.parametrize("proxies", ["2024"], indirect=True)


def load(controller: Controller) -> Model:
    """Load a circuit in a way that needs no backend."""
    (model,) = controller.load_circuit("/data/circuit.json", population="cells").result(WAIT)
    return model


@pytest.fixture
def wire(proxies: Proxies) -> Iterator[TcpProxy]:
    """The way to the slave of ``proxies``."""
    with TcpProxy(proxies.slave) as made:
        yield made


@pytest.fixture
def controller(proxies: Proxies, wire: TcpProxy) -> Iterator[Controller]:
    """A controller that reaches the slave by ``wire``, and the master without it."""
    with Controller(**proxies.options | {"slave": wire.url}) as made:
        yield made


class Told:
    """What a controller tells its user, from now on."""

    def __init__(self, controller: Controller) -> None:
        self.statuses = Listener(controller, lambda state: state.status)
        self.notices = Listener(controller, lambda state: state.notice)

    def texts(self) -> str:
        """All that was told, as one text."""
        notices = [f"{notice.text} {notice.hint}" for notice in self.notices.heard if notice is not None]
        return "\n".join([status.text for status in self.statuses.heard] + notices)


@pytest.fixture
def told(controller: Controller) -> Told:
    return Told(controller)


def scene_of(cluster: FakeCluster) -> list[str]:
    """The models in the renderer, by type."""
    return [model["model_type"] for model in cluster.renderer.models]


def is_ready(controller: Controller) -> Callable[[], bool]:
    return lambda: controller.status.state == "ready" and controller._core.connection.ready is not None


# ---------------------------------------------------------------------- the main line


@both
def test_a_job_is_started_a_circuit_loaded_and_a_picture_made(controller):
    assert load(controller).state.cells == 4
    assert controller.snapshot().result(WAIT).data[:4] == b"\x89PNG"


@only_2024
def test_closing_stops_the_job(controller, proxies):
    load(controller)
    controller.close()
    assert proxies.job.stopped
    assert proxies.running() == []


@only_2023
def test_closing_asks_both_servers_to_quit_where_nobody_can_stop_a_job(controller, proxies):
    load(controller)
    controller.close()
    assert proxies.job.quit == {"renderer", "backend"}
    assert proxies.running() == []


# ---------------------------------------------------------------------- servers that die


@both
def test_a_renderer_that_dies_is_told(controller, cluster, told):
    load(controller)
    cluster.kill_renderer()
    status = told.statuses.wait_for(lambda status: status.state in {"failed", "ended"})
    assert status.state == "ended"
    assert status.text.startswith(f"The job has ended. It was to end at {END_TIME}")
    assert "The connection to the renderer was lost" in told.texts()
    assert "job.restore() starts a new job with the same scene." in told.texts()


@both
@pytest.mark.parametrize(
    "call",
    [
        lambda controller, _: controller.snapshot().result(WAIT),
        lambda controller, _: controller.renderer.request("get-scene"),
        lambda controller, _: controller.clear(),
        lambda _, model: model.color_by("mtype"),
    ],
    ids=["snapshot", "request", "clear", "color"],
)
def test_no_call_makes_an_empty_scene_of_a_lost_one(controller, cluster, told, proxies, call):
    model = load(controller)
    cluster.kill_renderer()
    told.statuses.wait_for(lambda status: status.state in {"failed", "ended"})
    with pytest.raises(BraynsWidgetError) as caught:
        call(controller, model)
    assert "restore" in str(caught.value)
    assert len(proxies.jobs) == 1
    controller.restore().result(WAIT)
    assert [one.state.cells for one in controller.models] == [4]
    assert len(proxies.jobs) == 2
    assert controller.snapshot().result(WAIT).data


@both
def test_restoring_brings_models_back_on_a_new_job(controller, cluster, told):
    load(controller)
    cluster.kill_renderer()
    told.statuses.wait_for(lambda status: status.state in {"failed", "ended"})
    cluster.renderer.models.clear()
    controller.restore().result(WAIT)
    assert scene_of(cluster).count("neurons") == 1
    assert len(controller.models) == 1


@only_2023
def test_a_backend_that_dies_is_told_and_opened_again(controller, cluster, proxies, told):
    load(controller)
    address = proxies.servers["backend"]
    proxies.servers["backend"] = "ws://127.0.0.1:9"
    cluster.break_backend()
    told.notices.wait_for(lambda notice: notice is not None and "backend" in notice.text)
    assert controller.snapshot().result(WAIT).data  # what does not need it goes on
    with pytest.raises(BraynsWidgetError, match="backend"):
        controller.files.list("/data")
    proxies.servers["backend"] = address
    until(lambda: _lists(controller))
    assert len(proxies.jobs) == 1
    assert proxies.asked("add-model") == 1


def _lists(controller: Controller) -> bool:
    try:
        return bool(controller.files.list("/data").files)
    except BraynsWidgetError:
        return False


# ---------------------------------------------------------------------- links that break


def stays(controller: Controller, proxies: Proxies, cluster: FakeCluster) -> None:
    """Check that a lost link has cost nothing: the same job, the same models, nothing twice."""
    until(is_ready(controller))
    assert controller.snapshot().result(WAIT).data
    assert [job.runs for job in proxies.jobs.values()] == [True]
    assert proxies.asked("add-model") == 1
    assert [model.state.cells for model in controller.models] == [4]
    assert scene_of(cluster).count("neurons") == 1


@both
@pytest.mark.parametrize("fault", ["reset", "half_close"])
def test_a_link_that_breaks_is_opened_again(controller, proxies, cluster, wire, told, fault):
    proxies.ends = False
    load(controller)
    getattr(wire, fault)()
    told.statuses.wait_for(lambda status: status.state == "stale")
    stays(controller, proxies, cluster)


@both
def test_a_slave_that_is_restarted_is_waited_for(controller, proxies, cluster, wire, told):
    proxies.ends = False
    load(controller)
    wire.refuse(True)
    wire.reset()
    told.statuses.wait_for(lambda status: status.state == "stale")
    tries = wire.connections
    until(lambda: wire.connections >= tries + 2)
    wire.refuse(False)
    stays(controller, proxies, cluster)


@both
def test_a_link_that_breaks_during_a_load_fails_the_load_and_keeps_the_job(controller, proxies, cluster, wire):
    proxies.ends = False
    load(controller)
    cluster.renderer.silent.add("add-model")
    task = controller.load_circuit("/data/circuit.json", population="cells")
    until(lambda: proxies.asked("add-model") == 2)
    cluster.renderer.silent.clear()
    wire.reset()
    with pytest.raises(ConnectionLost):
        task.result(WAIT)
    until(is_ready(controller))
    assert [job.runs for job in proxies.jobs.values()] == [True]
    assert load(controller).state.cells == 4


@both
@pytest.mark.parametrize("busy", [False, True], ids=["idle", "during a load"])
def test_packets_that_vanish_are_noticed(controller, proxies, cluster, wire, told, monkeypatch, busy):
    assert IDLE + ANSWERS_WITHIN + 2 * LOOK < 30
    monkeypatch.setattr(Link, "open", partial(Link.open, idle=0.2, patience=0.6))
    proxies.ends = False
    load(controller)
    task = None
    if busy:
        cluster.renderer.silent.add("add-model")
        task = controller.load_circuit("/data/circuit.json", population="cells")
        until(lambda: proxies.asked("add-model") == 2)
    wire.be_silent(True)
    told.statuses.wait_for(lambda status: status.state == "stale")
    assert "has stopped answering" in told.texts()
    if task is not None:
        with pytest.raises(ConnectionLost, match="has stopped answering"):
            task.result(WAIT)
    cluster.renderer.silent.clear()
    wire.be_silent(False)
    until(is_ready(controller))
    assert [job.runs for job in proxies.jobs.values()] == [True]
    assert [model.state.cells for model in controller.models] == [4]


@both
def test_a_cancel_is_answered_within_two_seconds_though_nothing_passes(controller, wire, cluster, proxies):
    load(controller)
    cluster.renderer.delays["add-model"] = WAIT
    task = controller.load_circuit("/data/circuit.json", population="cells")
    until(lambda: proxies.asked("add-model") == 2)
    wire.be_silent(True)
    began = time.monotonic()
    task.cancel()
    with pytest.raises(RequestCancelled):
        task.result(WAIT)
    assert time.monotonic() - began < 2.0
    wire.be_silent(False)


# ---------------------------------------------------------------------- masters that are away


@pytest.fixture
def master(proxies: Proxies) -> Iterator[TcpProxy]:
    """The way to the master of ``proxies``."""
    with TcpProxy(proxies.master) as made:
        yield made


@both
def test_a_job_that_cannot_be_ended_is_told_with_its_id_and_end(proxies, master, caplog):
    options = proxies.options | {"master": master.url, "slave": proxies.slave}
    proxies.servers.pop("backend")
    with Controller(**options) as controller:
        load(controller)
        master.refuse(True)
        master.reset()
        assert controller.snapshot().result(WAIT).data  # the calls go on
    assert proxies.job.id in caplog.text
    assert END_TIME[:16] in caplog.text


@only_2024
def test_a_token_that_is_not_valid_any_more_at_close_is_told(controller, proxies, caplog):
    load(controller)
    proxies.token = "another"
    controller.close()
    assert proxies.job.id in caplog.text
    assert TOKEN not in caplog.text


@both
def test_a_renderer_that_is_down_ends_the_start_with_an_error_and_no_traceback(proxies, caplog):
    proxies.servers["renderer"] = "ws://127.0.0.1:9"
    options = proxies.options | {"start_timeout": 2.0}
    with Controller(**options) as controller:
        with pytest.raises(BraynsWidgetError, match=r"The renderer (cannot|could not) be reached"):
            controller.start().result(WAIT)
        assert controller.status.state == "failed"
        assert "lost" not in controller.status.text
    assert [record.getMessage() for record in caplog.records if record.exc_info] == []


@only_2023
def test_a_backend_that_is_down_at_the_start_is_told_and_the_renderer_goes_on(proxies):
    backend, proxies.servers["backend"] = proxies.servers["backend"], "ws://127.0.0.1:9"
    with Controller(**proxies.options) as controller:
        load(controller)
        until(lambda: "The backend cannot be reached" in controller.state.job.lack)
        proxies.servers["backend"] = backend
        until(lambda: not controller.state.job.lack)
        assert controller.files.list("/data")


@only_2023
@pytest.mark.parametrize("method", ["version", "registry"])
def test_a_backend_that_hangs_at_the_start_is_told_and_the_renderer_goes_on(proxies, cluster, monkeypatch, method):
    monkeypatch.setattr(job, "BACKEND_PATIENCE", 0.3)
    monkeypatch.setattr(capabilities, "LIST_DEADLINE", 0.3)
    monkeypatch.setattr(Link, "open", partial(Link.open, timeout=0.5))
    cluster.backend.silent.add(method)
    with Controller(**proxies.options) as controller:
        load(controller)
        until(lambda: "The backend did not answer" in controller.state.job.lack)
        cluster.backend.silent.clear()
        until(lambda: not controller.state.job.lack)
        assert controller.files.list("/data")
        assert len(proxies.jobs) == 1


@only_2024
def test_a_start_that_is_given_up_in_the_queue_stops_the_job(proxies):
    proxies.polls = 10**6
    with Controller(**proxies.options, start_timeout=0.3) as controller:
        with pytest.raises(BraynsWidgetError, match="start_timeout"):
            controller.start().result(WAIT)
        assert proxies.running() == []


@only_2023
def test_a_start_that_is_given_up_in_the_queue_ends_the_job_when_it_appears(proxies):
    proxies.polls = 10**6
    with Controller(**proxies.options, start_timeout=0.3) as controller:
        with pytest.raises(BraynsWidgetError, match="start_timeout"):
            controller.start().result(WAIT)
        proxies.job.polls = 0
        until(lambda: not proxies.running())


@both
def test_a_job_that_dies_before_it_is_ready_ends_the_wait_at_once(proxies):
    proxies.polls = 10**6
    with Controller(**proxies.options, start_timeout=WAIT) as controller:
        task = controller.start()
        until(lambda: proxies.jobs and f"GET /status/{proxies.job.id}" in proxies.calls)
        if proxies.edition == "2023":  # it runs, and is not ready yet
            proxies.job.polls = 1
            until(lambda: proxies.job.polls <= 0)
        proxies.job.died = True
        began = time.monotonic()
        with pytest.raises(AllocationError, match="ended before it was ready"):
            task.result(WAIT)
        assert time.monotonic() - began < 3


@only_2024
def test_a_master_whose_database_is_away_for_a_moment_is_asked_again(proxies):
    proxies.answers["GET /status"] = [DB_AWAY] * 3
    with Controller(**proxies.options) as controller:
        controller.start().result(WAIT)
        assert len(proxies.jobs) == 1
        controller.close()
    assert proxies.running() == []


@both
def test_a_master_that_is_away_during_a_start_is_waited_for(proxies, master):
    proxies.polls = 10**6
    with Controller(**proxies.options | {"master": master.url, "slave": proxies.slave}) as controller:
        task = controller.start()
        until(lambda: proxies.jobs and f"GET /status/{proxies.job.id}" in proxies.calls)
        master.refuse(True)
        master.reset()
        tries = master.connections
        until(lambda: master.connections >= tries + 2)
        proxies.job.polls = 0
        master.refuse(False)
        task.result(WAIT)
        assert len(proxies.jobs) == 1


@both
@pytest.mark.parametrize("status", [502, 504])
def test_a_gateway_that_answers_for_a_moment_is_no_verdict(proxies, status):
    proxies.answers["GET /status"] = [(status, "<html><body>Bad Gateway</body></html>")] * 4
    with Controller(**proxies.options) as controller:
        controller.start().result(20)
        assert len(proxies.jobs) == 1


# ---------------------------------------------------------------------- a database that is away when a job is to end


@pytest.fixture
def no_database(proxies: Proxies, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[bool], None]:
    """Take the database of the master away, or bring it back; questions are repeated soon, and records are apart."""
    monkeypatch.setenv(records.FOLDER_VARIABLE, str(tmp_path / "jobs"))
    monkeypatch.setattr(master_module, "STOP_AGAIN", 0.1)
    monkeypatch.setattr(master_module, "STATUS_PAUSE", 0.01)

    def be_away(away: bool) -> None:
        proxies.answers["GET /status"] = proxies.answers["POST /stop"] = [DB_AWAY] * (1000 if away else 0)

    return be_away


def recorded() -> list[str]:
    return [record.job_id for record in records.read_all()]


@only_2024
def test_a_start_that_is_given_up_without_a_database_tells_of_its_job_and_ends_it_later(proxies, no_database, caplog):
    proxies.polls = 10**6
    with Controller(**proxies.options, start_timeout=0.5) as controller:
        task = controller.start()
        until(lambda: proxies.jobs and f"GET /status/{proxies.job.id}" in proxies.calls)
        no_database(True)
        with pytest.raises(BraynsWidgetError, match=f"{proxies.job.id} of .* (may run on|is being ended)"):
            task.result(WAIT)
        until(lambda: f"The job {proxies.job.id} of {proxies.master} may run on" in caplog.text)
        assert "cannot retreive job" in caplog.text
        assert recorded() == [proxies.job.id]
        assert proxies.job.runs
        no_database(False)
        until(lambda: not proxies.running())
        until(lambda: not recorded())


@only_2024
def test_a_recorded_job_that_cannot_be_stopped_without_a_database_says_so_and_stays(proxies, controller, no_database):
    load(controller)
    controller.close(stop=False)
    no_database(True)
    (found,) = Controller.jobs(proxies.master, token=TOKEN)
    with pytest.raises(AllocationError, match=rf"{found.id} of .* may run on, until {END_TIME}.*cannot retreive job"):
        found.stop()
    assert recorded() == [found.id]
    no_database(False)
    found.stop()
    assert proxies.running() == []
    assert recorded() == []


@only_2024
def test_attaching_waits_for_a_database_that_is_away(proxies, controller, no_database):
    load(controller)
    no_database(True)
    with Controller(**proxies.options, attach_to=proxies.job.id) as second:
        told = Told(second)
        task = second.start()
        told.statuses.wait_for(lambda status: "its database may be away. Asking again" in status.text)
        no_database(False)
        task.result(WAIT)
        assert [model.state.cells for model in second.models] == [4]


@only_2024
def test_a_new_token_is_taken_while_the_database_is_away(proxies, controller, no_database):
    load(controller)
    ready = controller.ready
    no_database(True)
    proxies.token = "another"
    options = proxies.options | {"attach_to": proxies.job.id}
    controller.job.connect(**options).result(WAIT)
    assert controller.ready is ready
    no_database(False)
    controller.close()
    assert proxies.job.stopped


@only_2024
def test_closing_with_a_lost_link_and_without_a_database_tells_of_the_job(
    proxies, controller, wire, told, no_database, caplog
):
    proxies.ends = False
    load(controller)
    no_database(True)
    wire.refuse(True)
    wire.reset()
    told.statuses.wait_for(lambda status: status.state == "stale")
    controller.close()
    assert proxies.job.runs
    assert f"The job {proxies.job.id} of {proxies.master} may run on, until {END_TIME}" in caplog.text
    assert "Its renderer did not quit either." in caplog.text
    assert recorded() == [proxies.job.id]


# ---------------------------------------------------------------------- others


@only_2023
def test_a_missing_address_of_the_slave_is_told_before_a_job_is_started(proxies):
    options = {key: value for key, value in proxies.options.items() if key != "slave"}
    with Controller(**options) as controller, pytest.raises(BraynsWidgetError, match="slave"):
        controller.start().result(WAIT)
    assert proxies.jobs == {}


@both
def test_a_slave_that_is_down_is_told_before_a_job_is_started(proxies, monkeypatch):
    monkeypatch.setattr(job, "LISTENS_WITHIN", 0.3)
    with Controller(**proxies.options | {"slave": "ws://127.0.0.1:9"}) as controller:
        told = Told(controller)
        with pytest.raises(ConnectionLost, match=r"ws://127\.0\.0\.1:9, so no job was started: "):
            controller.start().result(WAIT)
        assert "Waiting for the proxy slave" in told.texts()
    assert proxies.jobs == {}


@both
def test_attaching_to_a_job_that_there_is_not_says_so(proxies):
    with (
        Controller(**proxies.options, attach_to="nobody") as controller,
        pytest.raises(AllocationError, match="There is no job 'nobody'"),
    ):
        controller.start().result(WAIT)


@only_2023
def test_a_backend_whose_node_sets_fail_counts_as_none(controller, cluster):
    cluster.backend.errors["sonata-get-node-sets"] = (-32603, "no node sets for simulation configurations")
    assert load(controller).state.cells == 4


@both
def test_attaching_leaves_the_job_to_its_owner(controller, proxies):
    load(controller)
    with Controller(**proxies.options, attach_to=controller.job.id) as second:
        second.start().result(WAIT)
        assert [model.state.cells for model in second.models] == [4]
    assert [job.runs for job in proxies.jobs.values()] == [True]
    assert proxies.job.quit == set()
    assert load(controller).state.cells == 4
