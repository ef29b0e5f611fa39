"""A token shows nowhere: not in a log, a repr, an exception, a pickle, the state."""

from __future__ import annotations

import asyncio
import logging
import pickle
import traceback
from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any, cast

import pytest

from brayns_widget.connection import job as job_module
from brayns_widget.connection.child import Child
from brayns_widget.connection.link import Address, Link
from brayns_widget.connection.tokens import Token
from brayns_widget.controller.controller import Controller
from brayns_widget.frames import control
from brayns_widget.frames.launched import FrameProcess
from brayns_widget.frames.makers import Apart, MakerEvents, Target
from brayns_widget.frames.process import Kernel
from brayns_widget.frames.server import FrameServer
from brayns_widget.notebook.widget import BraynsWidget
from brayns_widget.protocol.errors import BraynsWidgetError
from tests.fakes import TOKEN, FakeCluster


@pytest.fixture
def everything_logged(caplog):
    """Let every logger that exists, the libraries' too, say all it can."""
    caplog.set_level(1)  # first: its own end would leave the root with what is set below
    loggers = [logging.getLogger(name) for name in list(logging.root.manager.loggerDict)]
    levels = [(logger, logger.level, logger.propagate, logger.disabled) for logger in [logging.root, *loggers]]
    for logger, *_ in levels:
        logger.setLevel(1)
        logger.propagate, logger.disabled = True, False
    yield caplog
    for logger, level, propagate, disabled in levels:
        logger.setLevel(level)
        logger.propagate, logger.disabled = propagate, disabled


def say(error: BaseException) -> str:
    texts = ["".join(traceback.format_exception(error)), repr(error), str(error)]
    if isinstance(error, BraynsWidgetError):
        texts += [error.message, error.hint, str(pickle.dumps(error))]
    return "\n".join(texts)


def attempt(controller: Controller) -> str:
    """Use a controller in all ways and return everything that it says."""
    core = controller._core
    said = [repr(controller), str(vars(controller)), repr(core.connection.place), str(vars(core))]
    controller.listen(lambda state: state, lambda state: said.append(repr(state)))
    try:
        controller.load_circuit("c.json", color_by="mtype").result(10)
        controller.snapshot().result(10)
        said += [
            repr(controller.ready),
            str(vars(core.connection)),
            repr(controller.tasks),
            repr(controller.models),
            repr(controller.lights),
            repr(controller.renderer),
        ]
        controller.renderer.request("no-such-method")
    except BraynsWidgetError as error:
        said.append(say(error))
    finally:
        controller.close()
    return "\n".join([*said, repr(controller), repr(controller.state)])


FAULTS: dict[str, Any] = {
    "none": lambda cluster: None,
    "master refuses": lambda cluster: cluster.failures.update({"/start": [(401, f"bad token: Bearer {TOKEN}")]}),
    "master fails": lambda cluster: cluster.failures.update({"/start": [(500, f"oh, ?token={TOKEN}")]}),
    "renderer refuses": lambda cluster: cluster.refuse.update(renderer=401),
    "renderer fails": lambda cluster: cluster.refuse.update(renderer=500),
    "renderer redirects": lambda cluster: cluster.refuse.update(renderer=302),
    "renderer breaks": lambda cluster: cluster.renderer.cut.add("add-model"),
    "backend refuses": lambda cluster: cluster.refuse.update(backend=403),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_it_shows_nowhere(fault, everything_logged, monkeypatch):
    monkeypatch.setattr(job_module, "CONNECT_PAUSE", 0.01)
    with FakeCluster(dialect="2024") as cluster:
        FAULTS[fault](cluster)
        said = attempt(Controller(**cluster.options))
        used = {request.headers["Authorization"] for request in cluster.handshakes}
        assert used <= {f"Bearer {TOKEN}"}
    logged = "\n".join(
        f"{record.getMessage()} {record.args} {record.exc_text}"
        for record in everything_logged.records
        if not record.name.startswith("websockets.server")  # the fake's own
    )
    assert TOKEN not in said
    assert TOKEN not in logged
    assert "POST http" in logged  # something was logged at all


def test_a_server_that_cannot_be_reached(everything_logged):
    with FakeCluster() as cluster:
        options = cluster.options | {"slave": "ws://127.0.0.1:9"}
        said = attempt(Controller(**options))
    assert "No proxy slave answers" in said
    assert TOKEN not in said + everything_logged.text


@pytest.mark.parametrize(
    "options",
    [{"master": f"https://x:{TOKEN}@h"}, {"master": "https://h", "slave": f"ws://127.0.0.1/?token={TOKEN}"}],
)
def test_credentials_in_addresses_are_refused_unseen(options):
    with pytest.raises(BraynsWidgetError, match="is not the address") as caught:
        Controller(**options)
    assert TOKEN not in str(caught.value)


def test_a_controller_keeps_its_token_from_the_environment_out_of_sight(monkeypatch):
    monkeypatch.setenv("BRAYNS_WIDGET_TOKEN", TOKEN)
    with FakeCluster() as cluster:
        said = attempt(Controller(**(cluster.options | {"token": None})))
    assert "cells" in said
    assert TOKEN not in said


def locals_of(error: BaseException) -> str:
    """Return what tracebacks show that show local variables: of this package's functions, as reprs."""
    frames = (frame for frame, _ in traceback.walk_tb(error.__traceback__))
    ours = [frame for frame in frames if frame.f_globals["__name__"].startswith("brayns_widget.")]
    assert ours
    return "\n".join(repr(value) for frame in ours for value in frame.f_locals.values())


def link_to_nobody() -> None:
    asyncio.run(Link.open("ws://127.0.0.1:9/1/renderer", Token(TOKEN), name="renderer", probe="get-version"))


def child_that_is_mute(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("secrets.token_urlsafe", lambda _: TOKEN)
    Child.launch(["no-such-command"], name="worker")


def frames_that_cannot_be_had() -> None:
    async def main() -> None:
        process = FrameProcess(cast("Child", SimpleNamespace(greeting={"port": 1})))
        maker = Apart(process, cast("MakerEvents", SimpleNamespace(silent=None)))
        process._outbox = asyncio.Queue(1)
        process._outbox.put_nowait("")  # it is full
        maker.set_target(Target(Address("ws://h", Token(TOKEN)), cast("Any", None), ours=True, gives_way=True))
        assert maker._connecting is not None
        await maker._connecting

    asyncio.run(main())


MISTAKES: dict[str, Any] = {
    "an address": lambda _: Controller(master="nowhere", token=TOKEN),
    "an option": lambda _: BraynsWidget("c.json", token=TOKEN, densety=1),
    "a token that is none": lambda _: BraynsWidget(token=TOKEN.encode()),
    "a widget's address": lambda _: BraynsWidget(master="nowhere", token=TOKEN),
    "a token": lambda _: Token(f"{TOKEN} 2").reveal(),
    "a server": lambda _: link_to_nobody(),
    "a child": child_that_is_mute,
    "frames": lambda _: frames_that_cannot_be_had(),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_it_does_not_show_in_tracebacks_with_local_variables(mistake, monkeypatch):
    with pytest.raises((BraynsWidgetError, TypeError, asyncio.QueueFull)) as caught:
        MISTAKES[mistake](monkeypatch)
    assert TOKEN not in locals_of(caught.value)


class Told:
    """The kernel's socket: one message, and then the end."""

    async def __aiter__(self) -> AsyncIterator[str]:
        yield control.encode(7, "connect", [{"url": "ws://h", "token": Token(TOKEN)}])  # to a host that was not opened


def test_nor_in_those_of_the_frame_process(caplog):
    async def main() -> None:
        await Kernel(FrameServer(), cast("Any", Told())).run()

    asyncio.run(main())
    (record,) = [record for record in caplog.records if record.name.startswith("brayns_widget.")]
    assert record.exc_info
    assert isinstance(record.exc_info[1], KeyError)
    assert TOKEN not in locals_of(record.exc_info[1])
