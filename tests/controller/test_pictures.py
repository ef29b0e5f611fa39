from __future__ import annotations

import base64
import errno
import json
import os
from pathlib import Path

import jsonschema
import pytest

from brayns_widget.controller import pictures
from brayns_widget.controller.camera import Camera
from brayns_widget.protocol.brayns.renderers import Interactive
from brayns_widget.protocol.errors import DeadlineExceeded, ProtocolError, RequestCancelled
from tests.controller.scenes import WAIT, elsewhere, load
from tests.fakes import EXR, JPEG, PNG
from tests.listening import Listener

ORTHOGRAPHIC = Camera.orthographic((0, 0, 9), (0, 0, 0), height=50)


def test_snapshots_are_written_and_returned(cluster, controller, tmp_path):
    picture = controller.snapshot(tmp_path / "a.jpg", size=(320, 240), samples=3, camera=ORTHOGRAPHIC).result(WAIT)
    assert (bytes(picture), picture.format, picture.size) == (JPEG, "jpg", (320, 240))
    assert (tmp_path / "a.jpg").read_bytes() == JPEG
    assert [path.name for path in tmp_path.iterdir()] == ["a.jpg"]
    (params,) = cluster.renderer.sent("snapshot")
    assert params["image_settings"] == {"size": [320, 240], "format": "jpg", "quality": 95}
    assert params["camera"] == {"name": "orthographic", "params": {"height": 50}}
    assert params["camera_view"]["position"] == [0, 0, 9]


def test_a_snapshot_is_of_the_view_unless_a_camera_is_given(cluster, controller):
    controller.camera = {"position": (0, 0, 9), "fovy": 30}
    assert bytes(controller.snapshot().result(WAIT)) == PNG
    assert elsewhere(lambda: controller.pictures.snapshot(camera={"position": (0, 0, 5)})._wait()).data == PNG
    controller.snapshot(camera=controller.camera).result(WAIT)
    positions = [params["camera_view"]["position"] for params in cluster.renderer.sent("snapshot")]
    assert positions == [[0, 0, 9], [0, 0, 5], [0, 0, 9]]
    assert cluster.renderer.sent("snapshot")[0]["camera"] == {"name": "perspective", "params": {"fovy": 30}}


def test_the_legend_is_drawn_into_a_snapshot_on_demand(controller):
    model = load(controller)
    assert bytes(controller.snapshot(legend=True).result(WAIT)) == PNG, "one color has no legend"
    model.color_by("mtype", palette={"L23_PC": "#d55e00", "L5_BC": "#56b4e9"})
    pictures_of = {place: controller.snapshot(legend=place).result(WAIT) for place in (False, True, "upper right")}
    assert bytes(pictures_of[False]) == PNG
    assert bytes(pictures_of[True]) != PNG
    with pytest.raises(ValueError, match="legend"):
        controller.snapshot(legend="middle")


def test_a_page_gets_a_snapshot_as_text_by_a_task_that_can_be_cancelled(cluster, controller, monkeypatch):
    monkeypatch.setattr(pictures, "print_scale_bar", lambda data, *_: data + b"bar")
    load(controller, color_by="mtype")
    text = controller.pictures.encoded((64, 48), legend="upper right", scale_bar=True)
    picture = controller.snapshot(size=(64, 48), legend="upper right", scale_bar=True).result(WAIT)
    assert base64.b64decode(text) == bytes(picture)
    assert bytes(picture).endswith(b"bar")
    assert [params["image_settings"]["size"] for params in cluster.renderer.sent("snapshot")] == [[64, 48]] * 2
    cluster.renderer.delays["snapshot"] = 60
    cluster.renderer.progress["snapshot"] = [(0.5, "Rendering")]
    activities = Listener(controller, lambda state: state.progress)
    running = controller.loop.submit(controller.pictures.encoded.aio((64, 48)))
    activity = activities.wait_for(lambda activity: activity is not None and activity.amount == 0.5)
    assert activity is not None
    controller.tasks[activity.task].cancel()
    with pytest.raises(RequestCancelled):
        running.result(WAIT)


def test_a_scale_bar_is_drawn_into_a_snapshot_on_demand(controller, monkeypatch):
    bars = []

    def note(data, *given):
        bars.append(given)
        return data

    monkeypatch.setattr(pictures, "print_scale_bar", note)
    camera = Camera.perspective((0, 0, 10), (0, 0, 0), fovy=90)
    assert bytes(controller.snapshot(camera=camera).result(WAIT)) == PNG
    assert bars == []
    controller.snapshot(scale_bar=True, camera=camera).result(WAIT)
    controller.camera = Camera.orthographic((0, 0, 10), (0, 0, 0), height=50)
    controller.snapshot(scale_bar=True, legend="lower right").result(WAIT)
    assert bars == [("png", pytest.approx(20), "lower right"), ("png", 50, "lower left")]


@pytest.mark.parametrize("fails", [False, True])
def test_a_snapshot_waits_for_loads_that_began_before_it(cluster, controller, fails):
    cluster.renderer.delays["add-model"] = 0.3
    if fails:
        cluster.renderer.errors["add-model"] = (1, "No such circuit.")
    loading = controller.load_circuit("/data/circuit.json")
    assert bytes(controller.snapshot().result(WAIT)) == PNG
    assert loading.done
    assert bool(loading.exception()) is fails
    methods = cluster.renderer.methods()
    assert methods.index("add-model") < methods.index("snapshot")


def test_a_snapshot_looks_as_the_view_and_is_finer(cluster, controller):
    controller.rendering.background = "red"
    controller.rendering.settings = Interactive(enable_shadows=False)
    controller.snapshot(samples=5).result(WAIT)
    (params,) = cluster.renderer.sent("snapshot")
    assert params["renderer"]["name"] == "interactive"
    settings = params["renderer"]["params"]
    assert (settings["samples_per_pixel"], settings["ao_samples"], settings["enable_shadows"]) == (5, 1, False)
    assert settings["background_color"] == [1, 0, 0, 1]


def test_a_snapshot_is_made_by_what_draws_the_view_at_rest(cluster, controller):
    cluster.renderer.offers.append("set-picture-options")
    controller.rendering.settings = Interactive(max_ray_bounces=5)
    controller.rendering.at_rest = "path tracer"
    controller.snapshot().result(WAIT)
    controller.snapshot(samples=7).result(WAIT)
    first, second = (params["renderer"] for params in cluster.renderer.sent("snapshot"))
    assert first["name"] == "production"
    assert (first["params"]["samples_per_pixel"], second["params"]["samples_per_pixel"]) == (64, 7)
    assert first["params"]["max_ray_bounces"] == 5


@pytest.mark.parametrize(
    ("background", "path", "sent"),
    [
        (None, "a.png", [1, 0, 0, 0]),  # that of the view
        (None, "a.jpg", [1, 0, 0, 1]),
        ("#ffffff", "a.png", [1, 1, 1, 1]),
        ("transparent", "a.png", [0, 0, 0, 0]),
        ((1.0, 1.0, 1.0), "a.png", [1, 1, 1, 1]),
        (("red", "blue"), "a.png", [0, 0, 0, 0]),
        (("red", "blue"), "a.jpg", [0, 0, 0, 0]),
    ],
)
def test_a_snapshot_has_a_background_of_its_own(cluster, controller, tmp_path, background, path, sent):
    controller.background = "#ff000000"
    picture = controller.snapshot(tmp_path / path, background=background).result(WAIT)
    (params,) = cluster.renderer.sent("snapshot")
    assert params["renderer"]["params"]["background_color"] == sent
    several = isinstance(background, tuple) and len(background) == 2
    assert params["image_settings"]["format"] == ("png" if several else path[-3:])
    assert picture.format == path[-3:]
    assert controller.background == "#ff000000"


@pytest.mark.parametrize("background", ["no color", ("red", "no color"), ("red", "green", "blue"), 3])
def test_what_is_no_background_is_refused(controller, background):
    with pytest.raises((ValueError, TypeError)):
        controller.snapshot(background=background).result(WAIT)


@pytest.mark.parametrize("camera", [Camera(), ORTHOGRAPHIC])
def test_requests_satisfy_the_real_renderers_schemas(cluster, controller, shared_dir, camera):
    schemas = json.loads((shared_dir / "protocol" / "renderer-schemas.json").read_text(encoding="utf-8"))
    controller.snapshot(camera=camera).result(WAIT)
    controller.pictures.gbuffers(camera=camera).result(WAIT)
    for method in ("snapshot", "export-gbuffers"):
        (params,) = cluster.renderer.sent(method)
        jsonschema.validate(params, schemas[method]["params"])


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"size": (8, 600)}, r"size is \(8, 600\): it should be greater than or equal to 16"),
        ({"size": (800, 9000)}, r"size is \(800, 9000\): it should be less than or equal to 8192"),
        ({"size": 800}, "size is 800"),
        ({"samples": 0}, "samples is 0"),
        ({"samples": 10**6}, "samples is 1000000"),
        ({"camera": 3}, "camera is 3"),
    ],
)
def test_values_out_of_range_are_told_at_once(cluster, controller, options, problem):
    with pytest.raises(ValueError, match=problem):
        controller.snapshot(**options)
    assert cluster.calls == []


def refused(path: Path) -> None:
    raise OSError(errno.EACCES, "Permission denied", str(path))


def test_what_cannot_be_written_is_told_before_anything_is_rendered(cluster, controller, tmp_path, monkeypatch):
    with pytest.raises(ValueError, match="picture format is 'tiff'"):
        controller.snapshot(tmp_path / "a.tiff").result(WAIT)
    with pytest.raises(ValueError, match="picture format is 'bmp'"):
        controller.snapshot(tmp_path / "a.png", format="bmp").result(WAIT)
    with pytest.raises(OSError, match="nowhere"):
        controller.snapshot(tmp_path / "nowhere" / "a.png").result(WAIT)
    with pytest.raises(IsADirectoryError, match="is a directory, not a file to write to"):
        controller.snapshot(tmp_path).result(WAIT)
    monkeypatch.setattr(Path, "touch", refused)  # who runs the tests may be root, who may write everywhere
    with pytest.raises(PermissionError, match=r"Permission denied: '.*/a\.png'$"):
        controller.snapshot(tmp_path / "a.png").result(WAIT)
    assert cluster.calls == []


def test_a_cancelled_snapshot_is_cancelled_at_the_renderer(cluster, controller):
    controller.start().result(WAIT)
    cluster.renderer.delays["snapshot"] = 60
    cluster.renderer.progress["snapshot"] = [(0.5, "Rendering")]
    activities = Listener(controller, lambda state: state.progress)
    task = controller.snapshot()
    activities.wait_for(lambda activity: activity is not None and activity.amount == 0.5)
    task.cancel()
    with pytest.raises(RequestCancelled):
        task.result(WAIT)
    assert cluster.renderer.cancelled == ["snapshot"]


def test_a_large_picture_has_more_time(cluster, controller, monkeypatch):
    controller.start().result(WAIT)
    monkeypatch.setattr(pictures, "PICTURE_TIMEOUT", 0.05)
    monkeypatch.setattr(pictures, "SAMPLE_TIMEOUT", WAIT / (64 * 48 * 4))
    cluster.renderer.delays["snapshot"] = 0.3
    assert bytes(controller.snapshot(size=(64, 48), samples=4).result(WAIT)) == PNG
    monkeypatch.setattr(pictures, "SAMPLE_TIMEOUT", 1e-6)
    with pytest.raises(DeadlineExceeded):
        controller.snapshot(size=(64, 48), samples=4).result(WAIT)
    assert pictures.deadline_of((8192, 8192), 16) < 3600


def test_the_largest_picture_comes_as_a_whole(controller, monkeypatch):
    noise = os.urandom(1 << 20) * (4 * 8192 * 8192 >> 20)  # no PNG of 8192 x 8192 has much more
    monkeypatch.setattr("tests.fakes.PNG", noise)
    picture = controller.snapshot(size=(8192, 8192), samples=1).result(60)  # 256 MiB, on a machine that is busy
    assert picture.data == noise
    assert controller.state.status.state == "ready"


def test_gbuffers_are_the_answers_bytes(cluster, controller):
    file = controller.pictures.gbuffers(channels=["depth"], size=(64, 48)).result(WAIT)
    assert (bytes(file), file.channels, file.size) == (EXR, ("depth",), (64, 48))
    (params,) = cluster.renderer.sent("export-gbuffers")
    assert (params["channels"], params["resolution"]) == (["depth"], [64, 48])
    with pytest.raises(ValueError, match="channels is"):
        controller.pictures.gbuffers(channels=["deep"])
    with pytest.raises(ValueError, match="does not fit into a message, which may have 1024 MiB"):
        controller.pictures.gbuffers(size=(8192, 8192)).result(WAIT)
    assert len(cluster.renderer.sent("export-gbuffers")) == 1


def test_what_is_seen_at_a_point(cluster, controller):
    found = controller.pictures.inspect(0.25, 1)
    assert cluster.renderer.sent("inspect") == [{"position": [0.25, 1.0]}]
    assert (found.hit, found.model_id, found.metadata, list(found.position)) == (True, 3, {"neuron_id": 2}, [1, 2, 3])
    with pytest.raises(ValueError, match="x is 2"):
        controller.pictures.inspect(2, 0)


@pytest.mark.parametrize(
    ("path", "chosen", "answer"),
    [
        ("a.PNG", None, "png"),
        ("a.jpeg", None, "jpg"),
        ("a.jpg", None, "jpg"),
        (None, None, "png"),
        (None, "jpeg", "jpg"),
        ("a.png", "JPG", "jpg"),
        ("a", None, "png"),
    ],
)
def test_the_format_is_chosen_or_the_files_in_the_renderers_words(path, chosen, answer):
    assert pictures.format_of(None if path is None else Path(path), chosen) == answer


def test_the_picture_is_cut_out_of_the_payload():
    assert pictures.cut(memoryview(b"xxPNGyy"), 2, 3) == b"PNG"


@pytest.mark.parametrize(("offset", "size"), [(0, 0), (5, 3), (-1, 3), (0, -1)])
def test_a_picture_outside_of_the_payload_is_refused(offset, size):
    with pytest.raises(ProtocolError):
        pictures.cut(memoryview(b"xxPNG"), offset, size)
