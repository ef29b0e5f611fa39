"""Models that play together, and reports that cannot be read any more."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import pytest

from brayns_widget.protocol.brayns.models import Transform
from brayns_widget.protocol.errors import CANCELLED, RequestError
from brayns_widget.service.reading.reader import Runner
from brayns_widget.service.renderer.content.coloring.primitives import PrimitiveColoring
from brayns_widget.service.renderer.content.ramps import LEVELS, ColorRamp
from brayns_widget.service.renderer.content.reports import Timeline
from brayns_widget.service.renderer.content.simulation import Simulation
from brayns_widget.service.renderer.loaders.base import LoadedModel
from brayns_widget.service.renderer.scene.models import Models
from brayns_widget.service.renderer.scene.playback import Playback
from brayns_widget.service.renderer.tracing.embree import Device
from brayns_widget.service.renderer.tracing.scene import Scene
from brayns_widget.service.rpc.running import RunningRequest
from tests.service.renderer.traced import spheres

RAMP = ColorRamp(np.repeat(np.linspace(0, 1, LEVELS, dtype=np.float32)[:, None], 4, axis=1), 0.0, 9.0)


class Report:
    """Ten frames of 1 ms whose value is their number.

    Those of ``missing`` cannot be read, and reading those of ``hanging`` only ends when it is cancelled.
    """

    def __init__(self) -> None:
        self.timeline = Timeline(1.0, 0, 9)
        self.missing: set[int] = set()
        self.hanging: set[int] = set()
        self.then_hangs = False  # after one more frame
        self.read_frames: list[int] = []

    def read(self, frame: int, request: RunningRequest | None = None) -> npt.NDArray[np.float32]:
        self.read_frames.append(frame)
        if frame in self.missing:
            raise OSError("gone")
        if frame in self.hanging:
            assert request is not None  # or nobody could end it
            request.cancel()
            request.check()
        if self.then_hangs:
            self.then_hangs, self.hanging = False, {frame}
        return np.array([frame], np.float32)

    def try_again(self) -> None:
        self.hanging = set()

    def read_by(self, runner: Runner) -> None:
        pass

    def close(self) -> None:
        pass


@pytest.fixture
def scene() -> Iterator[Scene]:
    with Device(1) as device:
        scene = Scene(device)
        yield scene
        scene.close()


@pytest.fixture
def models(scene: Scene) -> Models:
    return Models(lambda: scene)


@pytest.fixture
def reports(models: Models) -> list[Report]:
    """Those of models 0 and 1."""
    reports = [Report(), Report()]
    for report in reports:
        add(models, report)
    return reports


def add(models: Models, report: Report) -> int:
    simulation = Simulation(report, np.zeros(1, np.intp))
    simulation.ramp = RAMP
    coloring = PrimitiveColoring(np.array([[0, 1, 0, 1]], np.float32))
    loaded = LoadedModel("any", spheres([0, 0, 0, 1]), coloring, simulation=simulation)
    return models.add_loaded([loaded], None, RunningRequest())[0].id


def shown(models: Models, scene: Scene) -> list[int]:
    """The frame that each model's color stands for; -1 for its own color."""
    handles = [model.handle for model in models]
    colors = [scene._model(handle).colors[0] for handle in handles if handle is not None]
    return [-1 if color[0] != color[1] else round(9 * float(color[0])) for color in colors]


def test_all_models_show_the_same_time(models: Models, scene: Scene, reports: list[Report]):
    playback = Playback(models)
    playback.seek(4)
    assert (playback.frame, shown(models, scene)) == (4, [4, 4])
    with playback.at(6):
        assert shown(models, scene) == [6, 6]
    assert (playback.frame, shown(models, scene)) == (4, [4, 4])
    playback.enable(1, enabled=False)
    playback.seek(5)
    assert shown(models, scene) == [5, -1]
    playback.enable(1, enabled=True)
    assert shown(models, scene) == [5, 5]


@pytest.mark.parametrize("broken", [0, 1])
def test_a_frame_that_cannot_be_read_changes_nothing(models: Models, scene: Scene, reports: list[Report], broken: int):
    playback = Playback(models)
    playback.seek(4)
    reports[broken].missing = {7}
    for _twice in range(2):
        with pytest.raises(RequestError, match=f"The report of model {broken} cannot be read: gone"):
            playback.seek(7)
        assert (playback.frame, shown(models, scene)) == (4, [4, 4])
        with pytest.raises(RequestError), playback.at(7):
            pytest.fail("there is no such picture")
        assert (playback.frame, shown(models, scene)) == (4, [4, 4])
    reports[broken].missing = set()
    playback.seek(7)
    assert shown(models, scene) == [7, 7]


def test_what_needs_a_report_that_is_gone_stays_as_it_was(models: Models, scene: Scene, reports: list[Report]):
    playback = Playback(models)
    playback.seek(4)
    playback.enable(0, enabled=False)
    reports[0].missing = set(range(10))
    for _twice in range(2):
        with pytest.raises(RequestError):
            playback.enable(0, enabled=True)
    assert shown(models, scene) == [-1, 4]
    playback.seek(5)  # who does not show it does not need it
    assert shown(models, scene) == [-1, 5]
    reports[1].missing = set(range(10))
    with pytest.raises(RequestError):
        playback.set_ramp(1, ColorRamp(RAMP.colors, 0.0, 1.0))
    assert playback.ramp(1) is RAMP
    assert shown(models, scene) == [-1, 5]


def test_one_broken_report_does_not_stop_the_others(
    models: Models, scene: Scene, reports: list[Report], caplog: pytest.LogCaptureFixture
):
    playback = Playback(models)
    playback.seek(9)
    longer = Report()
    longer.timeline = Timeline(1.0, 0, 20)
    add(models, longer)
    playback.refresh()
    playback.seek(20)
    assert shown(models, scene) == [9, 9, 9]  # white is the ramp's end
    reports[0].missing = {3}
    models.remove([2])
    playback.settle()
    assert playback.frame == 9
    with pytest.raises(RequestError):
        playback.seek(3)
    playback._frame = 3  # as if models with other frames had gone
    playback.settle()
    assert shown(models, scene) == [9, 3]
    assert "The report of model 0 cannot be read: gone" in caplog.text


@pytest.mark.parametrize("hanging", [0, 1])
def test_what_is_cancelled_changes_nothing_and_hangs_once(
    models: Models, scene: Scene, reports: list[Report], hanging: int
):
    playback = Playback(models)
    playback.seek(4)
    report = reports[hanging]
    report.hanging, report.read_frames, reports[1].read_frames = {4, 7}, [], []
    for call in (
        lambda request: playback.seek(7, request),
        lambda request: playback.at(7, request).__enter__(),
        lambda request: playback.set_ramp(hanging, ColorRamp(RAMP.colors, 0.0, 1.0), request),
    ):
        with pytest.raises(RequestError) as caught:
            call(RunningRequest())
        assert caught.value.code == CANCELLED
        assert (playback.frame, playback.ramp(hanging), shown(models, scene)) == (4, RAMP, [4, 4])
    assert report.read_frames == [7, 7, 4]  # not again to go back
    assert hanging == 1 or not reports[1].read_frames  # nobody waits for the others


def test_copies_that_show_different_frames_are_painted_again(models: Models, scene: Scene):
    report = Report()
    models.instantiate(add(models, report), [Transform()])
    playback = Playback(models)
    playback.seek(4)
    request = RunningRequest()
    report.then_hangs = True  # once the model is painted, and not its copy
    with pytest.raises(RequestError, match="cancelled"):
        playback.seek(7, request)
    assert shown(models, scene) == [4, 4]
