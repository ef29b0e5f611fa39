"""Job, links and scene through random faults: what was shown comes back, and no job is lost or started unasked."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from brayns_widget.connection import link
from brayns_widget.connection.process import PROCESS
from brayns_widget.connection.silence import Silence, Step
from brayns_widget.controller.controller import Controller
from brayns_widget.protocol.errors import BraynsWidgetError
from tests.fakes import FakeCluster
from tests.faults.proxies import Edition, Proxies
from tests.faults.waiting import until
from tests.tcp_proxy import TcpProxy

WAIT = 20
EXAMPLES, STEPS = 8, 16
IDLE, SILENT = 0.4, 1.2  # seconds in which a silent link is asked, and then given up
LINKS = {"2023": 2, "2024": 1}  # of a controller


class JumpingSilence(Silence):
    """Silence by a clock that may jump.

    Attributes:
        offset: seconds that it has jumped, for all links.
        looks: how often any link was looked at.
    """

    offset = 0.0
    looks = 0

    def __init__(self, now: float, *, idle: float, patience: float) -> None:
        super().__init__(now + self.offset, idle=idle, patience=patience)

    def heard(self, now: float) -> None:
        super().heard(now + self.offset)

    def look(self, now: float, *, pending: bool, overtakes: bool) -> Step:
        type(self).looks += 1
        return super().look(now + self.offset, pending=pending, overtakes=overtakes)


class Life(RuleBasedStateMachine):
    """One controller of proxies, whose way to the slave breaks, whose servers die, and whose computer sleeps.

    Attributes:
        colors: what each model in the renderer was colored by, in order.
        lost: likewise, those of the last job that was left or died, until they are brought back.
        alive: whether there is a renderer.
        missing: whether the renderer that died had a scene, so that no call may go on with an empty one, not even in
            another job.
        started: how many jobs the user has asked for.
    """

    edition: Edition = "2024"

    def __init__(self) -> None:
        super().__init__()
        self.stack = contextlib.ExitStack()
        self.cluster = self.stack.enter_context(FakeCluster(polls=0))
        self.proxies = self.stack.enter_context(Proxies.of(self.cluster, self.edition, ends=False))
        self.wire = self.stack.enter_context(TcpProxy(self.proxies.slave))
        self.options = self.proxies.options | {"slave": self.wire.url}
        self.controller = self.stack.enter_context(Controller(**self.options))
        self.statuses: list[str] = []
        self.controller.listen(lambda state: state.status.state, self.statuses.append)
        self.colors: list[str] = []
        self.lost: list[str] = []
        self.missing = False
        self.alive = False
        self.started = 0

    def teardown(self) -> None:
        self.wire.refuse(False)
        try:
            self.stack.close()
        finally:
            super().teardown()
        assert self.proxies.running() == []

    # ------------------------------------------------------------------ what people do

    @rule()
    def load(self) -> None:
        """Load a circuit; starts a job if there is none."""
        self.started += not self.alive
        self.alive, self.missing = True, False
        self.call(lambda: self.controller.load_circuit("/data/c.json", population="cells").result(WAIT))
        self.colors.append("solid")

    @precondition(lambda self: self.colors)
    @rule()
    def color(self) -> None:
        """Color the newest model."""
        self.call(lambda: self.controller.models[-1].color_by("mtype"))
        self.colors[-1] = "mtype"

    @precondition(lambda self: self.colors)
    @rule()
    def remove(self) -> None:
        """Remove the first model."""
        self.call(self.controller.models[0].remove)
        del self.colors[0]

    @precondition(lambda self: self.started)
    @rule()
    def look(self) -> None:
        """Make a picture; of a scene that is missing there is none, and where none is missing a job is started."""
        if not self.alive and not self.missing:
            self.started, self.alive = self.started + 1, True
        before = self.proxies.asked("snapshot")
        self.call(lambda: self.controller.snapshot().result(WAIT))
        assert self.proxies.asked("snapshot") - before == (self.alive and not self.missing)

    @precondition(lambda self: self.started)
    @rule()
    def restore(self) -> None:
        """Bring the lost scene back, to what has been loaded since; nothing comes twice."""
        self.started += not self.alive
        self.alive, self.missing = True, False
        self.call(lambda: self.controller.restore().result(WAIT))
        self.colors, self.lost = self.colors + self.lost, []

    @precondition(lambda self: self.alive)
    @rule()
    def stop(self) -> None:
        """Stop the job; the next call starts another one, and the scene can be brought back."""
        self.controller.job.stop()
        until(lambda: not self.proxies.running(), WAIT)
        self.leave(missing=self.missing)

    @precondition(lambda self: self.started)
    @rule()
    def move(self) -> None:
        """Connect to another job, which is new and has no scene; the one that was used is stopped."""
        self.leave(missing=self.missing)
        self.controller.job.connect(**self.options).result(WAIT)
        self.started, self.alive = self.started + 1, True
        until(lambda: len(self.proxies.running()) == 1, WAIT)

    @precondition(lambda self: self.alive)
    @rule()
    def visit(self) -> None:
        """Attach another controller to the job, which stays its owner's."""
        with Controller(**self.options, attach_to=self.controller.job.id) as guest:
            guest.start().result(WAIT)
            assert len(guest.models) == len(self.colors)

    # ------------------------------------------------------------------ what happens to them

    @precondition(lambda self: self.alive)
    @rule()
    def break_links(self) -> None:
        """Reset all connections."""
        with self.noticed():
            self.wire.reset()

    @precondition(lambda self: self.alive)
    @rule()
    def end_half(self) -> None:
        """Let the slave close its side only."""
        with self.noticed():
            self.wire.half_close()

    @precondition(lambda self: self.alive)
    @rule()
    def restart_slave(self) -> None:
        """Refuse connections for a moment."""
        with self.noticed():
            self.wire.refuse(True)
            self.wire.reset()
        tries = self.wire.connections
        until(lambda: self.wire.connections > tries, WAIT)
        self.wire.refuse(False)

    @precondition(lambda self: self.alive)
    @rule()
    def fall_silent(self) -> None:
        """Let packets vanish for so long that it is noticed."""
        with self.noticed():
            self.wire.be_silent(True)
        self.wire.be_silent(False)

    @precondition(lambda self: self.alive)
    @rule()
    def sleep(self) -> None:
        """Let the client be suspended, while all connections break."""
        awake = threading.Event()

        async def suspend() -> None:
            assert awake.wait(WAIT)

        with self.noticed():
            suspended = PROCESS.loop_thread().submit(suspend())
            self.wire.reset()
            awake.set()
            suspended.result(WAIT)

    @precondition(lambda self: self.alive)
    @rule()
    def jump(self) -> None:
        """Let the clock jump, as after a sleep in which no connection breaks: none is given up."""
        before = self.statuses.count("stale")
        JumpingSilence.offset += 3600.0
        target = JumpingSilence.looks + 2 * LINKS[self.edition]
        until(lambda: JumpingSilence.looks >= target, WAIT)
        assert self.statuses.count("stale") == before

    @precondition(lambda self: self.alive and self.edition == "2023")
    @rule()
    def lose_backend(self) -> None:
        """Let the backend go and come back; what does not need it goes on."""
        address = self.proxies.servers["backend"]
        self.proxies.servers["backend"] = "ws://127.0.0.1:9"
        self.cluster.break_backend()
        until(lambda: not self.lists(), WAIT)
        self.look()
        self.proxies.servers["backend"] = address
        until(self.lists, WAIT)

    @precondition(lambda self: self.alive)
    @rule()
    def kill_renderer(self) -> None:
        """Let the renderer die, and the job with it."""
        self.proxies.job.died = True
        self.cluster.kill_renderer()
        until(lambda: self.controller.status.state in {"failed", "ended"}, WAIT)
        self.leave(missing=bool(self.colors))

    # ------------------------------------------------------------------ what always holds

    @invariant()
    def no_job_is_lost_or_started_unasked(self) -> None:
        assert len(self.proxies.jobs) == self.started
        assert len(self.proxies.running()) == self.alive

    @invariant()
    def what_was_shown_is_there(self) -> None:
        if self.alive:
            until(lambda: self.controller.status.state == "ready", WAIT)
            until(lambda: self.shown() == self.colors, WAIT)
            assert [model.colored_by or "solid" for model in self.controller.models] == self.colors

    def leave(self, *, missing: bool) -> None:
        """Note that job and scene are gone."""
        self.cluster.renderer.models.clear()
        self.alive, self.missing = False, missing
        self.lost, self.colors = self.colors or self.lost, []

    def lists(self) -> bool:
        """Whether the backend answers."""
        try:
            return bool(self.controller.files.list("/data").files)
        except BraynsWidgetError:
            return False

    @contextlib.contextmanager
    def noticed(self) -> Iterator[None]:
        """Wait until the controller has noticed what is done here; before that, its calls fail with ConnectionLost."""
        before = self.statuses.count("stale")
        yield
        until(lambda: self.statuses.count("stale") > before, WAIT)

    def shown(self) -> list[str]:
        """What the renderer shows, as ``colors``."""
        coloring = {params["id"]: params["method"] for params in self.cluster.renderer.sent("color-model")}
        kinds = [model for model in self.cluster.renderer.models if model["model_type"] == "neurons"]
        return [coloring.get(model["model_id"], "solid") for model in kinds]

    def call(self, work: Callable[[], Any]) -> None:
        """Do what has a scene; without one it is an error that says what to do."""
        if self.alive and not self.missing:
            work()
        else:
            with pytest.raises(BraynsWidgetError, match="restore"):
                work()


EACH = (
    *("load", "color", "break_links", "end_half", "restart_slave", "fall_silent", "sleep", "jump", "visit", "load"),
    *("remove", "kill_renderer", "look", "restore", "stop", "restore", "move", "restore"),
)
"""Each rule at least once, as what is random may leave some out."""


@pytest.fixture(params=["2023", "2024"])
def edition(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> type[Life]:
    monkeypatch.setattr(link, "Silence", JumpingSilence)
    monkeypatch.setattr(link.Link, "open", partial(link.Link.open, idle=IDLE, patience=SILENT))
    return type("Life", (Life,), {"edition": request.param})


def test_a_scene_lives_through_each_fault_alone(edition):
    life = edition()
    try:
        for step in EACH if edition.edition == "2024" else (*EACH, "lose_backend"):
            getattr(life, step)()
            life.no_job_is_lost_or_started_unasked()
            life.what_was_shown_is_there()
    finally:
        life.teardown()


def test_a_scene_lives_through_faults(edition):
    run_state_machine_as_test(
        edition,
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=STEPS,
            derandomize=True,
            phases=(Phase.generate,),  # to shrink what has failed takes minutes
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
