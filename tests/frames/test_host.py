from __future__ import annotations

import logging
from logging.handlers import BufferingHandler

import pytest

from brayns_widget.frames import host as host_module
from brayns_widget.frames.host import Host
from brayns_widget.frames.messages import Ack, AckMessage, CameraMessage
from brayns_widget.protocol.errors import RequestError
from tests.frames.bench import Served, Told, camera, run
from tests.stream.bench import FAST, TELLS, Renderer, Sink, until


def _steer(made: Served, number: int, x: float, *, moving: bool) -> None:
    made.host.receive(CameraMessage("v", number, camera(x), moving))


@run
async def test_frames_go_over_the_comm_until_there_is_a_socket(made: Served) -> None:
    made.host.set_camera(camera(1), False, 1)
    await until(lambda: made.told.frames)
    assert made.host.stats()["views"]["v"]["transport"] == "comm"
    socket = Sink(window=1)
    made.host.attach("v", socket)
    assert len(socket.frames) == 1  # the newest
    assert made.host.stats()["views"]["v"]["transport"] == "socket"
    seen = len(made.told.frames)
    made.host.receive(AckMessage("v", (Ack(socket.frames[-1].seq, True, 1.0),)))
    made.host.set_camera(camera(2), False, 2)
    await until(lambda: len(socket.frames) >= 2)
    assert len(made.told.frames) == seen


@run
async def test_what_a_frame_shows_goes_the_way_that_frames_go(made: Served) -> None:
    made.host.set_request(made.renderer, TELLS)
    made.host.set_camera(camera(1), False, 1)
    await until(lambda: len(made.told.frames) == 2)
    made.host.receive(AckMessage("v", tuple(Ack(frame.seq, True, 1.0) for frame in made.told.frames)))
    await until(lambda: made.told.ids)
    message, data = made.told.ids[0]
    assert (message.view, message.seq) == ("v", made.told.frames[-1].seq)
    assert data == b"ids of 800x600 x1"
    socket = Sink(window=1)
    made.host.attach("v", socket)
    assert [sent.seq for sent in socket.ids] == [socket.frames[-1].seq]
    assert len(made.told.ids) == 1


@run
async def test_without_its_socket_a_view_gets_the_newest_frame_over_the_comm(made: Served) -> None:
    socket = Sink(window=1)
    made.host.attach("v", socket)
    made.host.set_camera(camera(1), False, 1)
    await until(lambda: socket.frames)
    assert made.told.frames == []
    made.host.detach("v", socket)
    assert len(made.told.frames) == 1
    assert made.host.stats()["views"]["v"]["transport"] == "comm"


@run
async def test_a_socket_that_was_replaced_takes_nothing_away(made: Served) -> None:
    old, new = Sink(window=1), Sink(window=1)
    made.host.attach("v", old)
    made.host.attach("v", new)
    made.host.detach("v", old)
    assert made.host.stats()["views"]["v"]["transport"] == "socket"
    made.host.set_camera(camera(1), False, 1)
    await until(lambda: new.frames)
    assert old.frames == []
    assert made.told.frames == []


@run
async def test_a_greeting_that_is_repeated_leaves_the_socket(made: Served) -> None:
    socket = Sink(window=1)
    made.host.attach("v", socket)
    made.host.add_view("v", 400, 300, 1.0)
    made.host.set_camera(camera(1), False, 1)
    await until(lambda: socket.frames)
    assert made.told.frames == []
    made.host.detach("v", socket)  # as when a page greets because its socket has broken
    assert made.host.stats()["views"]["v"]["transport"] == "comm"
    assert made.told.plugs == [("v", True), ("v", False)]


@run
async def test_the_socket_of_a_view_that_goes_is_closed(made: Served) -> None:
    ended: list[str] = []
    socket, late = Sink(window=1), Sink(window=1)
    made.host.attach("v", socket, lambda: ended.append("socket"))
    made.host.remove_view("v")
    assert ended == ["socket"]
    made.host.detach("v", socket)
    made.host.attach("v", late, lambda: ended.append("late"))  # its ticket was under way
    assert ended == ["socket", "late"]
    made.host.detach("v", late)
    assert made.told.plugs == [("v", True), ("v", False)]


@run
async def test_an_overtaken_camera_is_neither_shown_nor_told(made: Served) -> None:
    _steer(made, 2, 5, moving=False)
    _steer(made, 1, 4, moving=False)
    assert made.told.cameras == [(5, False, 0)]


@run
async def test_a_view_that_is_gone_gets_nothing(made: Served) -> None:
    socket = Sink(window=1)
    made.host.attach("v", socket)
    made.host.remove_view("v")
    made.host.set_camera(camera(1), False, 1)
    made.host.add_view("w", 800, 600, 1.0)
    await until(lambda: made.told.frames)
    assert {frame.view for frame in made.told.frames} == {"w"}
    assert socket.frames == []
    assert list(made.host.stats()["views"]) == ["w"]


@run
async def test_the_kernels_camera_is_told_back_with_its_number(made: Served) -> None:
    made.host.set_camera(camera(4), False, 17)
    assert made.told.cameras == [(4, False, 17)]


@run
async def test_cameras_of_pages_are_told_and_drawn(made: Served) -> None:
    _steer(made, 1, 5, moving=False)
    assert made.told.cameras == [(5, False, 0)]
    await until(lambda: made.told.frames)
    assert made.told.frames[-1].camera == 1


@run
async def test_acknowledgements_ride_on_cameras(made: Served) -> None:
    made.host.set_camera(camera(1), False, 1)
    await until(lambda: made.told.frames)
    seq = made.told.frames[-1].seq
    made.host.receive(CameraMessage("v", 1, camera(2), True, (Ack(seq, True, 4.0),)))
    view = made.host.stats()["views"]["v"]
    assert (view["shown"], view["decode_ms"]) == (1, 4.0)


def test_cameras_of_a_gesture_are_told_now_and_then_and_the_last_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(host_module, "STEERED_PERIOD", 60.0)

    @run
    async def test(made: Served) -> None:
        for number in range(1, 10):
            _steer(made, number, number, moving=True)
        assert made.told.cameras == [(1, True, 0)]
        _steer(made, 10, 10, moving=False)
        assert made.told.cameras == [(1, True, 0), (10, False, 0)]

    test()


def test_the_newest_camera_of_a_gesture_is_told_when_its_time_has_come(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(host_module, "STEERED_PERIOD", 0.02)

    @run
    async def test(made: Served) -> None:
        for number in range(1, 10):
            _steer(made, number, number, moving=True)
        await until(lambda: len(made.told.cameras) == 2)
        assert made.told.cameras == [(1, True, 0), (9, True, 0)]

    test()


def test_the_kernels_camera_is_newer_than_one_that_was_not_told_yet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(host_module, "STEERED_PERIOD", 0.01)

    @run
    async def test(made: Served) -> None:
        _steer(made, 1, 1, moving=True)
        _steer(made, 2, 2, moving=True)
        made.host.set_camera(camera(3), False, 1)
        _steer(made, 3, 4, moving=True)
        await until(lambda: len(made.told.cameras) == 3)
        assert made.told.cameras == [(1, True, 0), (3, False, 1), (4, True, 0)]

    test()


@run
async def test_a_picture_at_rest_is_told(made: Served) -> None:
    made.host.set_camera(camera(1), False, 1)
    await until(lambda: made.told.frames)
    made.host.receive(AckMessage("v", tuple(Ack(frame.seq, True, 1.0) for frame in made.told.frames)))
    await until(lambda: made.told.rest)
    assert made.told.rest[0].accumulation == 3


@run
async def test_where_the_comm_is_not_allowed_a_view_waits_for_its_socket(made: Served) -> None:
    told, renderer = Told(), Renderer()
    host = Host(told)
    try:
        host.set_request(renderer, FAST)
        host.add_view("v", 800, 600, 1.0, comm=False)
        host.set_camera(camera(1), True, 1)
        host.set_camera(camera(1), False, 2)
        await until(lambda: renderer.accumulation == 3)
        socket = Sink(window=1)
        host.attach("v", socket)
        await until(lambda: socket.frames)
        host.detach("v", socket)
        host.invalidate()
        await until(lambda: renderer.methods().count("set-framebuffer-static") == 2)
        assert told.frames == []
        assert told.failures == []
    finally:
        await host.close()


@run
async def test_that_no_picture_can_be_had_is_told_in_words_and_taken_back(made: Served) -> None:
    made.renderer.error = RequestError("Out of memory", code=1)
    made.host.set_camera(camera(1), False, 1)
    await until(lambda: made.told.failures)
    assert made.told.failures == [(made.renderer.error.message, made.renderer.error.hint)]
    made.renderer.error = None
    made.host.invalidate()
    await until(lambda: len(made.told.failures) == 2)
    assert made.told.failures.pop() == ("", "")
    made.told.failures.clear()


@run
async def test_an_error_that_nobody_raises_on_purpose_is_logged(made: Served) -> None:
    handler = BufferingHandler(10)
    logging.getLogger(host_module.__name__).addHandler(handler)
    try:
        made.renderer.error = ZeroDivisionError("division by zero")
        made.host.set_camera(camera(1), False, 1)
        await until(lambda: made.told.failures)
    finally:
        logging.getLogger(host_module.__name__).removeHandler(handler)
    assert made.told.failures == [("ZeroDivisionError: division by zero", "")]
    assert handler.buffer[0].exc_info is not None
    made.told.failures.clear()
