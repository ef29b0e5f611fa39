"""The controller with the real local service: service, job, renderer, backend, a real circuit."""

from __future__ import annotations

import time
from pathlib import Path

import psutil
import pytest

from brayns_widget.controller.controller import Controller
from brayns_widget.protocol.errors import BraynsWidgetError, CircuitError, RequestCancelled, SceneLost
from tests.listening import Listener
from tests.processes import command, runs

pytestmark = [pytest.mark.data, pytest.mark.usefixtures("nothing_is_left")]
WAIT = 60


@pytest.fixture
def tiny(data_dir):
    return data_dir / "tiny_circuits" / "N_10__top_nodes_dim6" / "circuit_config.json"


@pytest.fixture(scope="module")
def controller():
    with Controller() as made:
        yield made


def test_two_circuits_are_loaded_shown_and_removed(controller, tiny, data_dir):
    (first,) = controller.load_circuit(tiny, color_by="synapse_class").result(WAIT)
    assert (first.state.cells, first.colored_by, first.type) == (10, "synapse class", "neurons")
    # where libsonata puts the cells (see data/README.md): the somas lie inside the box
    assert first.bounds is not None
    assert all(
        low < x < high
        for low, x, high in zip(first.bounds[0], (4426.7, -1365.7, -1999.6), first.bounds[1], strict=True)
    )
    single = data_dir / "single_neuron_circuits" / "SingleNeuronCircuit__top_nodes_dim6__IDX0" / "circuit_config.json"
    (second,) = controller.load_circuit(single, axon=True).result(WAIT)
    assert second.state.cells == 1
    assert list(controller.models) == [first, second]
    picture = controller.snapshot(size=(160, 120), samples=1).result(WAIT).data
    controller.clear()
    empty = controller.snapshot(size=(160, 120), samples=1).result(WAIT).data
    assert picture[:4] == empty[:4] == b"\x89PNG"
    assert len(picture) > 2 * len(empty)


def test_files_are_browsed_and_circuits_inspected(controller, tiny):
    listing = controller.files.list(tiny.parent)
    assert listing.parent == str(tiny.parent.parent)
    assert "circuit_config.json" in [entry.name for entry in listing.files]
    assert controller.files.list().path == str(Path.cwd())
    circuit = controller.files.inspect(tiny)
    assert [(p.name, p.type, p.size) for p in circuit.populations] == [
        ("POm", "virtual", 153),
        ("S1nonbarrel_neurons", "biophysical", 10),
        ("VPM", "virtual", 198),
    ]
    assert "Layer1" in circuit.node_sets


@pytest.mark.parametrize(
    ("path", "message"),
    [("nope.json", "does not exist"), ("..", "is a directory without a SONATA configuration")],
)
def test_bad_paths_are_told_and_the_next_load_works(controller, tiny, path, message):
    with pytest.raises(CircuitError, match=message):
        controller.load_circuit(tiny.parent / path).result(WAIT)
    assert len(controller.load_circuit(tiny, limit=1).result(WAIT)) == 1
    controller.clear()


def test_a_base_directory_confines_the_file_browser(tiny):
    with Controller(base_directory=tiny.parent) as confined:
        assert confined.files.list().parent is None
        with pytest.raises(CircuitError):
            confined.files.list(tiny.parent.parent)


def test_a_cancelled_load_leaves_nothing_and_the_renderer_alive(controller, tiny):
    controller.start().result(WAIT)
    task = controller.load_circuit(tiny, axon=True)
    next(iter(task))  # it has begun
    task.cancel()
    with pytest.raises(RequestCancelled):
        task.result(WAIT)
    assert list(controller.models) == []
    scene = controller.renderer.request("get-scene").result
    assert [model for model in scene["models"] if model["model_type"] != "light"] == []


def test_a_killed_renderer_is_told_and_the_next_load_starts_another(controller, tiny):
    controller.load_circuit(tiny, limit=1).result(WAIT)
    renderers = [p for p in psutil.Process().children(recursive=True) if "renderer" in command(p)]
    assert renderers
    statuses = Listener(controller, lambda state: state.status)
    for renderer in renderers:
        renderer.kill()
    status = statuses.wait_for(lambda status: status.state in {"failed", "ended"})
    statuses.remove()
    assert status.state == "failed"
    assert "renderer" in status.text
    assert controller.load_circuit(tiny, limit=1).result(WAIT)


def test_a_second_controller_shares_the_service(controller, tiny):
    def services() -> list[int]:
        return [process.pid for process in psutil.Process().children() if "service" in command(process)]

    controller.start().result(WAIT)
    before = services()
    assert before
    with Controller() as second:
        second.load_circuit(tiny).result(WAIT)
        second.snapshot(size=(320, 240), samples=1).result(WAIT)
        assert services() == before


def test_a_scene_that_slept_or_was_killed_comes_back_pixel_by_pixel(controller, tiny):
    from brayns_widget.protocol.brayns.lights import AmbientLight
    from brayns_widget.protocol.brayns.materials import Matte
    from brayns_widget.protocol.brayns.models import Transform
    from brayns_widget.protocol.brayns.shapes import Plane, Sphere

    def picture() -> bytes:
        return bytes(controller.snapshot(size=(320, 240), samples=2).result(WAIT))

    def renderers() -> list[psutil.Process]:
        return [process for process in psutil.Process().children(recursive=True) if "renderer" in command(process)]

    controller.clear()
    controller.camera = {"position": (4400, -1300, 1000), "target": (4426, -1365, -2000)}
    (cells,) = controller.load_circuit(tiny, color_by="mtype").result(WAIT)
    (hidden,) = controller.load_circuit(tiny, limit=1).result(WAIT)
    hidden.visible = False
    cells.color_by({node: float(node) for node in cells.ids()}, title="mine")
    cells.thicken(3.0)
    cells.material = Matte(opacity=0.9)
    low, high = cells.bounds
    ball = controller.shapes.add(Sphere(center=low, radius=60.0), color="red")
    ball.place(Transform(translation=(50.0, 20.0, 0.0)))
    controller.clipping.add(Plane(coefficients=(1.0, 0.0, 0.0, (low[0] + high[0]) / 2)))
    controller.lights.add(AmbientLight(intensity=0.5))
    controller.background = "#204060"
    before, legend = picture(), controller.legend
    slept = controller.loop.submit(_sleep(controller)).result(WAIT)
    assert slept
    assert controller.status.state == "asleep"
    deadline = time.monotonic() + WAIT
    while renderers():
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert picture() == before
    assert controller.legend == legend
    for renderer in renderers():
        renderer.kill()
    statuses = Listener(controller, lambda state: state.status.state)
    statuses.wait_for(lambda state: state in {"failed", "ended"})
    statuses.remove()
    assert list(controller.models) == []
    controller.restore().result(WAIT)
    assert picture() == before
    assert cells.colored_by == "mine"
    controller.clear()


def test_a_killed_backend_is_replaced_and_the_scene_stays(controller, tiny):
    controller.load_circuit(tiny, limit=2).result(WAIT)
    models, before, renderers = list(controller.models), picture(controller), running("renderer")
    killed = kill("backend")
    deadline = time.monotonic() + WAIT
    while not (listing := listed(controller, tiny.parent)):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert tiny.name in listing
    assert running("backend") - killed
    assert list(controller.models) == models
    assert picture(controller) == before
    assert renderers <= running("renderer")
    assert controller.status.state == "ready"
    controller.clear()


def test_a_scene_comes_back_after_its_service_was_killed(controller, tiny):
    (cells,) = controller.load_circuit(tiny, color_by="mtype", limit=2).result(WAIT)
    before = picture(controller)
    statuses = Listener(controller, lambda state: state.status.state)
    killed = kill("service")
    statuses.wait_for(lambda state: state in {"failed", "ended"})
    statuses.remove()
    with pytest.raises(SceneLost):
        controller.snapshot().result(WAIT)
    controller.restore().result(WAIT)
    assert picture(controller) == before
    assert list(controller.models) == [cells]
    assert running("service") - killed
    controller.clear()


def running(name: str) -> set[psutil.Process]:
    """The processes below this one that run a command of ours."""
    return {process for process in psutil.Process().children(recursive=True) if runs(process, name)}


def kill(name: str) -> set[psutil.Process]:
    """Kill them, and wait for their ends."""
    killed = running(name)
    assert killed
    for process in killed:
        process.kill()
    assert not psutil.wait_procs(killed, WAIT)[1]
    return killed


def listed(controller: Controller, path: Path) -> list[str]:
    """The files of a directory, or nothing while the backend is away."""
    try:
        return [entry.name for entry in controller.files.list(path).files]
    except BraynsWidgetError:
        return []


def picture(controller: Controller) -> bytes:
    return bytes(controller.snapshot(size=(160, 120), samples=1).result(WAIT))


async def _sleep(controller):
    return controller._core.sleep("It slept.")
