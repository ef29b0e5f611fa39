"""The official Python client of Brayns 3.10.1, unchanged, starts our renderer and calls its methods one by one."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import nrrd
import numpy as np
import pytest

from tests.service.renderer.loaders.circuits.circuits import places, write_circuit

if tuple(sys.version_info) >= (3, 13):  # as a tuple, or mypy takes the rest for unreachable there
    pytest.skip("brayns 3.10.1 does not run on Python 3.13 and later", allow_module_level=True)
brayns: Any = pytest.importorskip("brayns", reason="the official client is not installed (extra test)")

REPOSITORY = Path(__file__).parents[3]
PLUGINS = [*brayns.Plugin.all, "braynsCircuitInfo"]  # the client names five of the real one's six
RED, GREEN = brayns.Color4(1, 0, 0, 1), brayns.Color4(0, 1, 0, 1)
SIZE = brayns.Resolution(256, 192)  # a progressive framebuffer starts with at least 64 pixels a side


class Stage:
    """A connected instance, the circuit in its scene, and what was sent through it."""

    def __init__(self, instance: Any, uri: str, folder: Path) -> None:
        self.instance = instance
        self.uri = uri
        self.folder = folder
        self.circuit = write_circuit(folder, {**places(4), "layer": ["1", "2", "2", "3"]})
        self.sent: list[str] = []
        self._send = instance.send
        instance.send = self._recorded

    def _recorded(self, request: Any) -> Any:
        self.sent.append(request.method)
        return self._send(request)

    def load(self) -> Any:
        """Models of an empty scene with nothing but the circuit, and a camera on it."""
        brayns.clear_models(self.instance)
        nodes = brayns.SonataNodePopulation(
            name="cells", nodes=brayns.SonataNodes.all(), morphology=brayns.Morphology.full()
        )
        (model,) = brayns.SonataLoader([nodes]).load_models(self.instance, str(self.circuit))
        brayns.set_resolution(self.instance, SIZE)
        brayns.set_renderer(self.instance, brayns.InteractiveRenderer())
        brayns.add_light(self.instance, brayns.AmbientLight())
        brayns.set_camera(self.instance, self.camera(model.bounds))
        return model

    @staticmethod
    def camera(bounds: Any) -> Any:
        return brayns.CameraController(bounds, SIZE.width / SIZE.height).camera

    def look_at(self, model: Any) -> None:
        """Let the model fill the picture."""
        brayns.set_camera(self.instance, self.camera(model.bounds))

    def picture(self) -> bytes:
        data: bytes = brayns.Image(accumulate=False).download(self.instance).data
        return data


def launcher(folder: Path) -> Path:
    """What an installer writes for the entry point ``brayns-widget-renderer``."""
    path = folder / "brayns-widget-renderer"
    path.write_text(f"#!{sys.executable}\nimport sys\nfrom brayns_widget.cli import renderer\nsys.exit(renderer())\n")
    path.chmod(0o755)
    return path


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def start(folder: Path, server_tls: Any = None, client_tls: Any = None, uri: str = "") -> Any:
    """The client's own way to start a service and connect to it."""
    if sys.platform == "win32":
        pytest.skip("Windows starts no script by its first line")
    uri = uri or f"127.0.0.1:{free_port()}"
    service = brayns.Service(
        uri=uri,
        ssl_context=server_tls,
        max_clients=2,
        log_level=brayns.LogLevel.CRITICAL,
        plugins=PLUGINS,
        executable=str(launcher(folder)),
        env={"PYTHONPATH": os.pathsep.join([str(REPOSITORY), os.environ.get("PYTHONPATH", "")]).rstrip(os.pathsep)},
    )
    return brayns.start(service, brayns.Connector(uri, client_tls, max_attempts=600))


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    uri = f"127.0.0.1:{free_port()}"
    with start(tmp_path_factory.mktemp("executable"), uri=uri) as manager:
        yield Stage(manager.instance, uri, tmp_path_factory.mktemp("circuit"))
        assert manager.process.alive


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")
def test_the_service_starts_with_tls(tmp_path: Path):
    certificate, key = tmp_path / "certificate.pem", tmp_path / "key.pem"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-passout", "pass:word", "-days", "1"]
    command += ["-keyout", str(key), "-out", str(certificate), "-subj", "/CN=localhost"]
    subprocess.run([*command, "-addext", "subjectAltName=IP:127.0.0.1"], check=True, capture_output=True, timeout=60)
    # Its clients have no certificate to show, whatever the server would accept.
    for authorities in (None, str(certificate), str(tmp_path)):
        server = brayns.SslServerContext(str(key), "word", str(certificate), authorities)
        with start(tmp_path, server, brayns.SslClientContext(cafile=str(certificate))) as manager:
            brayns.check_version(manager.instance)


def test_a_client_beyond_the_limit_waits_for_room(stage: Stage):
    connector = brayns.Connector(stage.uri, max_attempts=None)
    second = connector.connect()
    with ThreadPoolExecutor(1) as pool:
        third = pool.submit(connector.connect)
        brayns.check_version(second)
        assert not third.done()
        second.disconnect()
        instance = third.result(60)
    brayns.check_version(instance)
    instance.disconnect()


def application(stage: Stage) -> None:
    brayns.set_resolution(stage.instance, brayns.Resolution(80, 60))
    assert brayns.get_application(stage.instance).resolution == (80, 60)


def version(stage: Stage) -> None:
    brayns.check_version(stage.instance)


def entrypoints(stage: Stage) -> None:
    entries = brayns.get_entrypoints(stage.instance)
    assert [entry.method for entry in entries] == brayns.get_methods(stage.instance)
    assert all(entry.description for entry in entries)


def loaders(stage: Stage) -> None:
    names = {loader.name for loader in brayns.get_loaders(stage.instance)}
    assert {"SONATA loader", "mesh", "xyz", "protein", "Neuron Morphology loader", "Cell placement loader"} <= names


def scene(stage: Stage) -> None:
    model = stage.load()
    assert brayns.get_models(stage.instance)[0] == model
    assert brayns.get_scene(stage.instance).bounds.size.x >= 30
    assert brayns.get_model(stage.instance, model.id) == model
    moved = brayns.Transform(translation=brayns.Vector3(0, 100, 0))
    above = brayns.update_model(stage.instance, model.id, transform=moved, visible=True)
    assert above.bounds.center.y == pytest.approx(model.bounds.center.y + 100)
    assert not brayns.update_model(stage.instance, model.id, visible=False).visible
    brayns.remove_models(stage.instance, [model.id])
    assert brayns.get_models(stage.instance)[-1].type == "light"


def instances(stage: Stage) -> None:
    model = stage.load()
    moved = brayns.Transform(translation=brayns.Vector3(0, 100, 0))
    (copy,) = brayns.instantiate_model(stage.instance, model.id, [moved])
    assert copy.bounds.center.y == pytest.approx(model.bounds.center.y + 100)


def renderables(stage: Stage) -> None:
    stage.load()
    brayns.clear_renderables(stage.instance)
    assert [model.type for model in brayns.get_models(stage.instance)] == ["light"]


def upload(stage: Stage) -> None:
    brayns.clear_models(stage.instance)
    with pytest.raises(brayns.JsonRpcError, match="binary"):
        brayns.MorphologyLoader().upload_models(stage.instance, brayns.MorphologyLoader.SWC, b"1 1 0 0 0 2 -1")
    (points,) = brayns.XyzLoader().upload_models(stage.instance, "xyz", b"0 0 0\n1 2 3\n4 5 6\n")
    triangle = b"OFF\n3 1 0\n0 0 0\n1 0 0\n0 1 0\n3 0 1 2\n"
    (mesh,) = brayns.MeshLoader().upload_models(stage.instance, brayns.MeshLoader.OFF, triangle)
    assert [model.id for model in brayns.get_models(stage.instance)] == [points.id, mesh.id]


def volumes(stage: Stage) -> None:
    brayns.clear_models(stage.instance)
    loader = brayns.RawVolumeLoader(
        dimensions=brayns.Vector3(2, 2, 2),
        spacing=brayns.Vector3(10, 10, 10),
        data_type=brayns.VolumeDataType.UNSIGNED_CHAR,
    )
    (model,) = loader.upload_models(stage.instance, brayns.RawVolumeLoader.RAW, bytes([0, 1] * 4))
    assert model.bounds.size == brayns.Vector3(20, 20, 20)
    stage.look_at(model)
    plain = stage.picture()
    ramp = brayns.ColorRamp(brayns.ValueRange(0, 1), [RED, GREEN])
    brayns.set_color_ramp(stage.instance, model.id, ramp)
    assert brayns.get_color_ramp(stage.instance, model.id) == ramp
    assert stage.picture() != plain


def atlases(stage: Stage) -> None:
    brayns.clear_models(stage.instance)
    path = stage.circuit.with_name("atlas.nrrd")
    nrrd.write(str(path), np.arange(8, dtype=np.uint8).reshape(2, 2, 2))
    (outline,) = brayns.NrrdLoader(brayns.VoxelType.SCALAR).load_models(stage.instance, str(path))
    names = [name for name, _schema in brayns.get_atlas_usecases(stage.instance, outline.id)]
    assert names == [brayns.AtlasDensity.name, brayns.AtlasColumnHighlight.name, brayns.AtlasShellOutline.name]
    density = brayns.AtlasDensity().run(stage.instance, outline.id)
    assert brayns.get_color_ramp(stage.instance, density.id).value_range == brayns.ValueRange(0, 7)
    beside = brayns.ColumnNeighbor(brayns.ColumnPosition(-1, 0), GREEN)
    columns = brayns.AtlasColumnHighlight(brayns.ColumnPosition(1, 0), RED, [beside]).run(stage.instance, outline.id)
    assert columns.bounds == brayns.Bounds(brayns.Vector3(0, -1, 0), brayns.Vector3(2, 2, 1))
    with pytest.raises(brayns.JsonRpcError, match="not there"):
        brayns.AtlasLayerDistance(brayns.AtlasDistanceType.LOWER).run(stage.instance, outline.id)
    for kind, channels, case in (
        (brayns.VoxelType.FLATMAP, 2, brayns.AtlasFlatmapAreas()),
        (brayns.VoxelType.ORIENTATION, 4, brayns.AtlasOrientationField()),
        (brayns.VoxelType.VECTOR, 3, brayns.AtlasVectorField()),
    ):
        nrrd.write(str(path), np.arange(8 * channels, dtype=np.float32).reshape(channels, 2, 2, 2))
        brayns.clear_renderables(stage.instance)
        (outline,) = brayns.NrrdLoader(kind).load_models(stage.instance, str(path))
        plain = stage.picture()
        assert case.run(stage.instance, outline.id).type == "atlas"
        assert stage.picture() != plain


def refused(stage: Stage) -> None:
    brayns.clear_models(stage.instance)
    with pytest.raises(brayns.JsonRpcError, match="SONATA"):
        brayns.BbpLoader().load_models(stage.instance, str(stage.circuit))
    assert brayns.get_models(stage.instance) == []


def coloring(stage: Stage) -> None:
    model = stage.load()
    plain = stage.picture()
    assert brayns.CircuitColorMethod.LAYER in brayns.get_color_methods(stage.instance, model.id)
    assert brayns.get_color_values(stage.instance, model.id, "layer") == ["1", "2", "3"]
    brayns.color_model(stage.instance, model.id, "layer", {"1": RED, "2": GREEN})
    layers = stage.picture()
    brayns.set_model_color(stage.instance, model.id, GREEN)
    assert len({plain, layers, stage.picture()}) == 3


def circuit(stage: Stage) -> None:
    model = stage.load()
    assert brayns.get_circuit_ids(stage.instance, model.id) == [0, 1, 2, 3]
    thin = stage.picture()
    brayns.set_circuit_thickness(stage.instance, model.id, 4.0)
    assert stage.picture() != thin


def no_simulation(stage: Stage) -> None:
    model = brayns.add_geometries(stage.instance, [(brayns.Sphere(1.0), RED)])
    with pytest.raises(brayns.JsonRpcError):
        brayns.enable_simulation(stage.instance, model.id, enabled=True)


def geometries(stage: Stage) -> None:
    brayns.clear_models(stage.instance)
    box = brayns.Bounds(brayns.Vector3(-5, -5, -5), brayns.Vector3(5, 5, 5))
    plane = brayns.PlaneEquation(0, 0, 1, 0)
    shapes = (
        brayns.Sphere(5.0),
        brayns.Box(box.min, box.max),
        brayns.Capsule(box.min, 1.0, box.max, 2.0),
        brayns.BoundedPlane(plane, box),
        brayns.Plane(plane),
    )
    pictures = set()
    brayns.set_camera(stage.instance, stage.camera(box))
    brayns.add_light(stage.instance, brayns.AmbientLight())
    pictures.add(stage.picture())
    for shape in shapes:
        model = brayns.add_geometries(stage.instance, [(shape, RED)])
        pictures.add(stage.picture())
        brayns.remove_models(stage.instance, [model.id])
    assert len(pictures) == len(shapes) + 1


def clipping(stage: Stage) -> None:
    model = stage.load()
    whole = stage.picture()
    bounds = model.bounds
    half = brayns.Vector3(bounds.center.x, bounds.max.y + 1, bounds.max.z + 1)
    plane = brayns.PlaneEquation(1, 0, 0, bounds.center.x)
    low = bounds.min - brayns.Vector3(1, 1, 1)
    shapes = (
        brayns.Plane(plane),
        brayns.Box(low, half),
        brayns.Sphere(10.0, bounds.min),
        brayns.Capsule(low, 10.0, half, 10.0),
        brayns.BoundedPlane(
            brayns.PlaneEquation(0, 0, 1, bounds.min.z - 0.5), brayns.Bounds(low, bounds.max + brayns.Vector3(1, 1, 1))
        ),
    )
    for shape in shapes:
        brayns.add_clipping_geometries(stage.instance, [shape], invert_normals=False)
        assert stage.picture() != whole, shape.name
        brayns.clear_clipping_geometries(stage.instance)
        assert stage.picture() == whole, shape.name


def lights(stage: Stage) -> None:
    stage.load()
    kinds = [brayns.AmbientLight(), brayns.DirectionalLight(), brayns.QuadLight(), brayns.SphereLight()]
    lit = [brayns.add_light(stage.instance, light) for light in kinds]
    assert [model.type for model in lit] == ["light"] * len(kinds)
    brayns.clear_lights(stage.instance)
    assert len(brayns.get_models(stage.instance)) == 1


def materials(stage: Stage) -> None:
    model = stage.load()
    for kind in (
        brayns.CarPaintMaterial,
        brayns.EmissiveMaterial,
        brayns.GlassMaterial,
        brayns.GhostMaterial,
        brayns.MatteMaterial,
        brayns.MetalMaterial,
        brayns.PhongMaterial,
        brayns.PlasticMaterial,
        brayns.PrincipledMaterial,
    ):
        brayns.set_material(stage.instance, model.id, kind())
        assert brayns.get_material_name(stage.instance, model.id) == kind.name
        assert brayns.get_material(stage.instance, model.id, kind) == kind()


def cameras(stage: Stage) -> None:
    model = stage.load()
    for kind in (brayns.PerspectiveProjection, brayns.OrthographicProjection, brayns.CylindricProjection):
        camera = brayns.CameraController(model.bounds, SIZE.width / SIZE.height, projection=kind).camera
        camera.near_clipping_distance = 0.5
        camera.image_end = brayns.Vector2(0.5, 0)
        brayns.set_camera(stage.instance, camera)
        read = brayns.get_camera(stage.instance, kind)
        assert brayns.get_camera_name(stage.instance) == kind.name
        assert (read.near_clipping_distance, read.image_end) == (0.5, (0.5, 0))
        assert read.view.position == pytest.approx(camera.view.position)


def renderers(stage: Stage) -> None:
    for renderer in (brayns.ProductionRenderer(samples_per_pixel=2), brayns.InteractiveRenderer(samples_per_pixel=3)):
        brayns.set_renderer(stage.instance, renderer)
        assert brayns.get_renderer_name(stage.instance) == renderer.name
        assert brayns.get_renderer(stage.instance, type(renderer)).samples_per_pixel == renderer.samples_per_pixel


def framebuffers(stage: Stage) -> None:
    stage.load()
    brayns.set_framebuffer(stage.instance, brayns.ProgressiveFramebuffer(4))
    coarse = stage.picture()
    brayns.set_framebuffer(stage.instance, brayns.StaticFramebuffer())
    assert stage.picture() != coarse


def image(stage: Stage) -> None:
    stage.load()
    brayns.set_renderer(stage.instance, brayns.InteractiveRenderer(samples_per_pixel=2))
    path = stage.folder / "image.jpg"
    assert not brayns.Image(accumulate=False, jpeg_quality=50).save(stage.instance, str(path)).full_quality
    assert path.read_bytes()[:2] == b"\xff\xd8"
    assert brayns.Image().render(stage.instance).full_quality


def snapshot(stage: Stage) -> None:
    model = stage.load()
    metadata = brayns.ImageMetadata("title", "text", "here", ["one", "two"])
    shot = brayns.Snapshot(SIZE, stage.camera(model.bounds), brayns.InteractiveRenderer(), metadata=metadata)
    for name in ("here.png", "here.jpg"):
        shot.save(stage.instance, str(stage.folder / name))
    shot.save_remotely(stage.instance, str(stage.folder / "there.png"))
    assert (stage.folder / "there.png").read_bytes()[:4] == (stage.folder / "here.png").read_bytes()[:4] == b"\x89PNG"
    assert (stage.folder / "here.jpg").read_bytes()[:2] == b"\xff\xd8"


def cancel(stage: Stage) -> None:
    stage.load()
    endless = brayns.Snapshot(SIZE, renderer=brayns.InteractiveRenderer(samples_per_pixel=100_000))
    task = endless.download_task(stage.instance)
    for _progress in task:
        task.cancel()
        break
    with pytest.raises(brayns.JsonRpcError, match="cancelled"):
        task.wait_for_result()


def pick(stage: Stage) -> None:
    model = stage.load()
    brayns.set_model_color(stage.instance, model.id, RED)
    ball = brayns.add_geometries(stage.instance, [(brayns.Sphere(50.0, model.bounds.center), RED)])
    stage.look_at(ball)
    found = brayns.pick(stage.instance, brayns.Vector2(0.5, 0.5))
    assert found is not None
    assert found.model_id == ball.id
    assert brayns.pick(stage.instance, brayns.Vector2(0.01, 0.01)) is None


def buffers(stage: Stage) -> None:
    stage.load()
    path = stage.folder / "buffers.exr"
    brayns.GBufferExporter(list(brayns.GBufferChannel), SIZE).save(stage.instance, str(path))
    assert path.read_bytes()[:4] == b"\x76\x2f\x31\x01"


# what drives each method that the client can call
DRIVES: dict[Callable[[Stage], None], tuple[str, ...]] = {
    application: ("get-application-parameters", "set-application-parameters"),
    version: ("get-version",),
    entrypoints: ("registry", "schema"),
    loaders: ("get-loaders",),
    scene: ("add-model", "get-scene", "get-model", "update-model", "remove-model", "clear-models"),
    instances: ("instantiate-model",),
    renderables: ("clear-renderables",),
    upload: ("upload-model",),
    volumes: ("upload-model", "get-color-ramp", "set-color-ramp"),
    atlases: ("get-available-atlas-usecases", "visualize-atlas-usecase"),
    refused: ("add-model",),
    coloring: ("get-color-methods", "get-color-values", "color-model"),
    circuit: ("get-circuit-ids", "set-circuit-thickness"),
    no_simulation: ("enable-simulation",),
    geometries: ("add-spheres", "add-boxes", "add-capsules", "add-bounded-planes", "add-planes"),
    clipping: (
        "add-clipping-planes",
        "add-clipping-boxes",
        "add-clipping-spheres",
        "add-clipping-capsules",
        "add-clipping-bounded-planes",
        "clear-clipping-geometries",
    ),
    lights: ("add-light-ambient", "add-light-directional", "add-light-quad", "add-light-sphere", "clear-lights"),
    materials: (
        "get-material-type",
        *(
            f"{verb}-material-{kind}"
            for verb in ("get", "set")
            for kind in ("carpaint", "emissive", "glass", "ghost", "matte", "metal", "phong", "plastic", "principled")
        ),
    ),
    cameras: (
        "get-camera-type",
        *(
            f"{verb}-camera-{part}"
            for verb in ("get", "set")
            for part in ("view", "region", "near-clip", "perspective", "orthographic", "cylindric")
        ),
    ),
    renderers: (
        "get-renderer-type",
        *(f"{verb}-renderer-{kind}" for verb in ("get", "set") for kind in ("interactive", "production")),
    ),
    framebuffers: ("set-framebuffer-progressive", "set-framebuffer-static"),
    image: ("render-image",),
    snapshot: ("snapshot",),
    cancel: ("snapshot", "cancel"),
    pick: ("inspect",),
    buffers: ("export-gbuffers",),
}
WITHOUT_FUNCTION = {"add-clip-plane", "clear-clip-planes"}  # deprecated ones that the client does not call
IN_THE_MOVIE = {
    "get-simulation-parameters",
    "set-simulation-parameters",
    "enable-simulation",
    "get-color-ramp",
    "set-color-ramp",
    "snapshot",
}
OURS = {
    "add-light-camera",
    "add-morphology",
    "get-cancellable-methods",
    "get-fog",
    "get-model-coloring",
    "get-outlines",
    "get-model-outline",
    "get-picture-options",
    "get-radius-floor",
    "get-slab",
    "pick",
    "render-ids",
    "set-fog",
    "set-outlines",
    "set-picture-options",
    "set-radius-floor",
    "set-slab",
}


@pytest.mark.parametrize("drive", DRIVES, ids=lambda drive: drive.__name__)
def test_the_client_drives(stage: Stage, drive: Callable[[Stage], None]):
    missing = sorted(set(DRIVES[drive]) - set(brayns.get_methods(stage.instance)))
    if missing:
        pytest.skip(f"this renderer has no {', '.join(missing)}")
    stage.sent.clear()
    drive(stage)
    assert set(DRIVES[drive]) <= set(stage.sent) | {"cancel"}  # cancel is no request of its own in the client


def test_a_movie_of_a_simulation(stage: Stage, data_dir: Path):
    instance = stage.instance
    if missing := sorted(IN_THE_MOVIE - set(brayns.get_methods(instance))):
        pytest.skip(f"this renderer has no {', '.join(missing)}")
    brayns.clear_models(instance)
    population = brayns.SonataNodePopulation(
        name="S1nonbarrel_neurons",
        nodes=brayns.SonataNodes.all(),
        report=brayns.SonataReport.spikes(),
        morphology=brayns.Morphology(load_soma=True, radius_multiplier=5.0),
    )
    path = data_dir / "simulations" / "N_10__top_nodes_dim6" / "simulation_config.json"
    stage.sent.clear()
    (model,) = brayns.SonataLoader([population]).load_models(instance, str(path))
    brayns.add_light(instance, brayns.AmbientLight())
    brayns.enable_simulation(instance, model.id, enabled=True)
    parameters = brayns.get_simulation(instance)
    ramp = brayns.ColorRamp(brayns.get_color_ramp(instance, model.id).value_range, [RED, GREEN])
    brayns.set_color_ramp(instance, model.id, ramp)
    assert brayns.get_color_ramp(instance, model.id) == ramp
    brayns.set_simulation_frame(instance, parameters.end_frame)
    assert brayns.get_simulation(instance).current_frame == parameters.end_frame
    controller = brayns.CameraController(model.bounds, SIZE.width / SIZE.height)
    indices = brayns.MovieFrames(fps=parameters.fps / 100).get_indices(parameters)
    frames = {brayns.Snapshot(SIZE, controller.camera, frame=index).download(instance) for index in indices}
    assert len(indices) > 10
    assert len(frames) > 3  # as cells spike
    assert set(stage.sent) >= IN_THE_MOVIE


def test_every_method_is_driven(stage: Stage):
    driven = {method for methods in DRIVES.values() for method in methods}
    assert set(brayns.get_methods(stage.instance)) <= driven | IN_THE_MOVIE | WITHOUT_FUNCTION | OURS | {"quit"}


def test_stop_ends_the_process(tmp_path: Path):
    manager = start(tmp_path)
    try:
        brayns.stop(manager.instance)
        assert manager.process._process.wait(60) == 0
    finally:
        manager.stop()
