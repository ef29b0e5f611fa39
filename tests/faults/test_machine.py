"""Job, links and scene through random faults: what was shown comes back, and no job is lost or started unasked."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from brayns_widget.controller.controller import Controller
from brayns_widget.protocol.errors import BraynsWidgetError
from tests.fakes import FakeCluster
from tests.faults.proxies import Edition, Proxies
from tests.faults.waiting import until
from tests.tcp_proxy import TcpProxy

WAIT = 20
EXAMPLES, STEPS = 8, 15


class Life(RuleBasedStateMachine):
    """One controller of proxies, whose way to the slave breaks, and whose renderers die.

    Attributes:
        colors: what each model in the renderer was colored by, in order.
        lost: likewise, those of the last renderer that died, until they are brought back.
        alive: whether there is a renderer.
        missing: whether the renderer that died had a scene, so that no call may go on with an empty one.
        started: how many jobs the user has asked for.
    """

    edition: Edition = "2024"

    def __init__(self) -> None:
        super().__init__()
        self.stack = contextlib.ExitStack()
        self.cluster = self.stack.enter_context(FakeCluster(polls=0))
        self.proxies = self.stack.enter_context(Proxies.of(self.cluster, self.edition, ends=False))
        self.wire = self.stack.enter_context(TcpProxy(self.proxies.slave))
        options = self.proxies.options | {"slave": self.wire.url}
        self.controller = self.stack.enter_context(Controller(**options))
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
        self.alive = True
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
        assert self.proxies.asked("snapshot") - before == self.alive

    @precondition(lambda self: self.started)
    @rule()
    def restore(self) -> None:
        """Bring the lost scene back, to what has been loaded since; nothing comes twice."""
        self.started += not self.alive
        self.alive = True
        self.call(lambda: self.controller.restore().result(WAIT))
        self.colors, self.lost = self.colors + self.lost, []

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
    def kill_renderer(self) -> None:
        """Let the renderer die, and the job with it."""
        self.proxies.job.died, self.alive = True, False
        self.cluster.kill_renderer()
        until(lambda: self.controller.status.state in {"failed", "ended"}, WAIT)
        self.cluster.renderer.models.clear()
        self.missing = bool(self.colors)
        self.lost, self.colors = self.colors or self.lost, []

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
        if self.alive:
            work()
        else:
            with pytest.raises(BraynsWidgetError, match="restore"):
                work()


@pytest.fixture(params=["2023", "2024"])
def edition(request: pytest.FixtureRequest) -> type[Life]:
    return type("Life", (Life,), {"edition": request.param})


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
