"""Two widgets of one controller with the real local service: each view ends with its own whole picture."""

from __future__ import annotations

import io
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
from PIL import Image

from brayns_widget.controller.camera import Camera
from brayns_widget.demo import write_circuit
from brayns_widget.notebook.widget import BraynsWidget
from tests.notebook.pages import Comm, record_comms

WAIT = 60
SIZES = ((480, 360), (300, 240))
pytestmark = pytest.mark.usefixtures("nothing_is_left")


@pytest.fixture
def comms(monkeypatch: pytest.MonkeyPatch) -> list[Comm]:
    return record_comms(monkeypatch)


def _newest(page: Comm) -> tuple[dict[str, Any], bytes]:
    content, buffers = page.customs("frame")[-1]
    return content, bytes(buffers[0])


def _rests(page: Comm) -> bool:
    """Whether the newest picture has all of its samples and is not followed by another one."""
    if not page.customs("frame"):
        return False
    frame = _newest(page)[0]
    return not frame["moving"] and frame["accumulation"] == frame["max_accumulation"]


def _wait_for_rest(pages: list[Comm]) -> None:
    """Wait until no view has got a picture for a second."""
    deadline, seen = time.monotonic() + WAIT, [-1]
    while seen != (now := [len(page.customs("frame")) for page in pages]):
        assert time.monotonic() < deadline, "pictures go on and on"
        seen = now
        threading.Event().wait(1.0)


def _turn(page: Comm, view: str, start: Camera, angles: range) -> None:
    """Move a camera around its target, as a quick gesture does, and let it rest."""
    for angle in angles:
        moved = start.to_dict() | {"position": _around(start, angle)}
        page.say("camera", view=view, camera=moved, moving=angle != angles[-1])
        threading.Event().wait(1 / 60)


def _around(camera: Camera, angle: float) -> list[float]:
    x, y, z = np.subtract(camera.position, camera.target)
    turn = np.radians(angle)
    moved = (x * np.cos(turn) + z * np.sin(turn), y, z * np.cos(turn) - x * np.sin(turn))
    return [float(side) for side in np.add(camera.target, moved)]


def _difference(shown: bytes, snapshot: bytes) -> float:
    """Return the mean difference of two pictures in steps of 255."""
    pictures = [np.asarray(Image.open(io.BytesIO(data)).convert("RGB"), dtype=float) for data in (shown, snapshot)]
    assert pictures[0].shape == pictures[1].shape
    return float(np.abs(pictures[0] - pictures[1]).mean())


def test_quick_gestures_in_both_leave_both_whole(tmp_path: Path, comms: list[Comm]) -> None:
    viewer = BraynsWidget(write_circuit(tmp_path / "circuit", cells=3))
    other = BraynsWidget(controller=viewer.controller)
    try:
        for index, (page, (width, height)) in enumerate(zip(comms, SIZES, strict=True)):
            page.say("ready", view=str(index), width=width, height=height, dpr=1)
        deadline = time.monotonic() + WAIT
        while not (viewer.models and all(map(_rests, comms))):
            assert time.monotonic() < deadline, "no picture"
            threading.Event().wait(0.05)
        _wait_for_rest(comms)
        processes = len(psutil.Process().children(recursive=True))
        start = viewer.camera.value
        for turn in range(4):
            _turn(comms[turn % 2], str(turn % 2), start, range(turn * 10, turn * 10 + 10))
        _wait_for_rest(comms)
        assert viewer.camera.value.position == pytest.approx(_around(start, 39))
        for page, size in zip(comms, SIZES, strict=True):
            frame, data = _newest(page)
            assert (frame["width"], frame["height"]) == size
            assert _rests(page)
            assert _difference(data, viewer.snapshot(size=size, samples=16).result(WAIT).data) < 1.5
        other.close()
        assert len(psutil.Process().children(recursive=True)) == processes
        seen = len(comms[0].customs("frame"))
        viewer.background = "#ffffff"
        _wait_for_rest(comms[:1])
        assert len(comms[0].customs("frame")) > seen
        assert _difference(_newest(comms[0])[1], viewer.snapshot(size=SIZES[0], samples=16).result(WAIT).data) < 1.5
    finally:
        other.close()
        viewer.close()
