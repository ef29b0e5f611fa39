"""What a user writes: every group is used, and each result has a type. ``test_user_script`` checks that, and runs it.

Arguments: a simulation configuration, and a folder for pictures.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import assert_type

import numpy as np
import pandas as pd

from brayns_widget import BraynsWidget, Camera, CircuitError, Controller, Legend, Model, Snapshot, Task
from brayns_widget.controller.circuits import Circuit, Directory
from brayns_widget.controller.clipping import Cut
from brayns_widget.controller.connected import Partners, Synapses
from brayns_widget.controller.lights import SceneLight
from brayns_widget.controller.picked import Picked
from brayns_widget.controller.placement import Placement
from brayns_widget.controller.state import Activity
from brayns_widget.protocol.brayns.lights import AmbientLight, DirectionalLight, QuadLight, SphereLight
from brayns_widget.protocol.brayns.loaders import MorphologyParams, PopulationParams, SonataParams
from brayns_widget.protocol.brayns.materials import Material, Metal, Plastic
from brayns_widget.protocol.brayns.models import InspectResult, Transform
from brayns_widget.protocol.brayns.renderers import Interactive
from brayns_widget.protocol.brayns.shapes import BoundedPlane, Box, Capsule, Plane, Sphere
from brayns_widget.protocol.brayns.simulation import ColorRamp, SimulationParameters


def browse(viewer: Controller, config: Path) -> None:
    listing = viewer.files.list(config.parent)
    assert_type(listing, Directory)
    assert config.name in [file.name for file in listing.files]
    circuit = viewer.files.inspect(config)
    assert_type(circuit, Circuit)
    print([(population.name, population.attributes) for population in circuit.populations], circuit.node_sets)


def load(viewer: Controller, config: Path) -> Model:
    task = viewer.load_circuit(config, density=1, limit=20, axon=True, color_by="mtype", node_ids=range(6))
    assert_type(task, Task[list[Model]])
    for progress in task:
        print(progress.amount, progress.operation)
    (model,) = task.result()
    assert_type(model, Model)
    assert viewer.models[0] == viewer.models[model.name] == model
    assert_type(viewer.models[0], Model)
    assert_type(viewer.models[:1], list[Model])
    return model


def color(viewer: Controller, model: Model) -> None:
    cells = model.cells
    assert_type(cells, pd.DataFrame)
    assert list(cells.index) == model.ids()
    model.color_by(cells["y"], colormap="viridis", range=(0, 1000), missing="#808080")
    assert_type(viewer.legend, Legend | None)
    model.color_by({int(node): float(node) for node in cells.index}, colormap="magma", title="id")
    model.color_by(np.arange(len(cells)))
    model.color_by(["a", "b"] * (len(cells) // 2), palette={"a": "tab:blue", "b": (1, 0.5, 0)})
    model.color_by("x")
    model.color_by("mtype")
    assert_type(model.colored_by, str | None)
    assert_type(model.color, str | None)
    assert_type(viewer.colors.of("mtype"), dict[str, str])
    value = next(iter(viewer.colors.of("mtype")))
    assert "viridis" in [colors.name for colors in viewer.colors.maps()]
    names: tuple[str, ...] = viewer.colors.map_names()
    assert "CET_L3" in names
    viewer.colors.set("mtype", {value: "gold"})
    assert viewer.colors.of("mtype")[value] == "#ffd700"
    viewer.colors.set("mtype", {value: None})
    model.color = "tab:orange"


def change(model: Model) -> None:
    model.visible = False
    assert_type(model.visible, bool)
    model.visible = True
    assert_type(model.material, Material)
    model.material = Metal(roughness=0.3)
    model.set_material(Plastic(opacity=0.5))
    model.place(Transform(translation=(0, 100, 0), scale=(1, 1, 1)))
    model.thicken(1.5)
    model.material = "matte"
    model.set_material("plastic", {"opacity": 0.8})
    assert_type(model.opacity, float | None)
    model.opacity = 0.5
    model.thickness = 2
    model.name = model.name
    model.move(10, 20)
    model.turn(z=90)
    model.scale(1.5)
    assert_type(model.placement, Placement)
    model.put_back()
    assert_type(model.copy().result(), Model)
    model.frame()


def select(viewer: Controller, folder: Path) -> None:
    end = viewer.on_pick(lambda picked: print(picked.cell, picked.attributes))
    assert_type(viewer.selection.pick(0.5, 0.5), Picked)
    for pick in viewer.pins:
        assert_type(pick, Picked)
        viewer.pins.add(pick)
        viewer.pins.remove(pick)
    viewer.pins.clear()
    end()
    viewer.selection = [0, 2]
    viewer.selection.add(3)
    assert viewer.selection.ids().tolist() == [0, 2, 3]
    assert_type(viewer.selected, pd.DataFrame)
    viewer.table.select(query={"node_id": [0, 2]}, add=True)
    assert viewer.table.rows(selected=True, sort="mtype").count == 3
    viewer.selection.isolate()
    viewer.selection.show_all()
    viewer.selection.color("gold")
    viewer.camera.frame(*viewer.selection.bounds())
    viewer.selection.save_node_set(folder / "sets.json", "mine")
    assert_type(viewer.selection.to_model().result(), list[Model])
    viewer.models[-1].remove()


def look(viewer: Controller) -> None:
    viewer.camera.fovy = 30
    viewer.camera.position = (0, 0, 5000)
    viewer.camera = {"position": (0, 0, 900), "target": (0, 0, 0)}
    viewer.camera = Camera.orthographic((0, 0, 900), (0, 0, 0), height=500)
    assert_type(viewer.camera.fovy, float)
    assert_type(viewer.camera.value, Camera)
    viewer.camera.frame((0, 0, 0), (100, 100, 100))
    viewer.camera.reset()
    viewer.camera.look_from("top")
    viewer.views["top"] = viewer.camera
    viewer.views["near"] = {"position": (0, 0, 10)}
    viewer.camera = viewer.views["top"]
    viewer.views.rename("top", "from above")
    assert_type(viewer.views.pop("near"), Camera)
    viewer.camera.roll(15)


def light(viewer: Controller) -> None:
    part = viewer.lights.add(SphereLight(position=(0, 0, 0), radius=10, intensity=5))
    assert_type(part, SceneLight)
    part.intensity = 6
    part.color = "gold"
    part.visible = False
    part.update(visible=True, intensity=7)
    assert_type(part.intensity, float | None)
    part.remove()
    viewer.lights.add_kind("ambient")
    viewer.lights[-1].remove()
    viewer.lights.clear()
    viewer.lights.add(AmbientLight(intensity=0.5))
    viewer.lights.add(DirectionalLight(direction=(-1, -1, -1)))
    viewer.lights.add(QuadLight(position=(0, 0, 0), edge1=(1, 0, 0), edge2=(0, 1, 0)))
    assert len(viewer.lights) == 3


def cut(viewer: Controller) -> None:
    box = Box(min=(-5000, -5000, -5000), max=(5000, 5000, 5000))
    viewer.clipping.add(Plane(coefficients=(0, 0, 1, 0)), Plane(coefficients=(1, 0, 0, 0)))
    viewer.clipping.add(BoundedPlane(coefficients=(0, 0, 1, 0), bounds=box), invert=True)
    assert_type(viewer.clipping[0], Cut)
    viewer.clipping[0].visible = False
    viewer.clipping[0].invert = True
    viewer.clipping.add_kind("plane")
    viewer.clipping[-1].update(normal=(1, 0, 0), position=5)
    viewer.clipping[-1].remove()
    viewer.clipping.clear()


def draw(viewer: Controller) -> None:
    spheres = viewer.shapes.add(*(Sphere(center=(x, 0, 0), radius=5) for x in (0, 20, 40)), color="red")
    assert_type(spheres, Model)
    viewer.shapes.add(Capsule(p0=(0, 0, 0), p1=(0, 50, 0), r0=3, r1=1), color=(0.2, 0.4, 1))
    spheres.remove()


def connect(viewer: Controller) -> None:
    synapses = viewer.connections.synapses(target=viewer.models[0])
    assert_type(synapses, Synapses)
    assert_type(synapses.count, int)
    assert_type(synapses.dataframe(100), pd.DataFrame)
    assert_type(synapses.show("lines", color_by="type"), Model)
    partners = viewer.partners(0, "afferent")
    assert_type(partners, Partners)
    partners.isolate()
    viewer.selection.show_all()
    places = viewer.models[0].cells[["x", "y", "z", "layer"]]
    assert_type(viewer.add_points(places, radius=3, color_by="layer"), Model)


def play(viewer: Controller, config: Path, population: str) -> None:
    parameters = SonataParams(
        node_population_settings=[
            PopulationParams(
                node_population=population,
                node_percentage=1,
                report_type="compartment",
                report_name="soma_voltage",
                neuron_morphology_parameters=MorphologyParams(load_soma=True),
            )
        ]
    )
    (model,) = viewer.models.load(config, parameters).result()
    viewer.simulation.enable(model.id)
    model.ramp = ColorRamp(range=(-80, -40))
    assert_type(model.ramp, ColorRamp)
    assert_type(viewer.simulation.parameters, SimulationParameters)
    viewer.simulation.frame = 3
    assert_type(viewer.simulation.frame, int)


def render(viewer: Controller, folder: Path) -> None:
    assert_type(viewer.rendering.background, str)
    viewer.rendering.background = "white"
    viewer.rendering.settings = Interactive(enable_shadows=False, ao_samples=2)
    viewer.rendering.set_radius_floor(1)
    viewer.slab.set(on=True, axis="view", position=2.5, thickness=10)
    viewer.slab.normal = (1, 1, 0)
    viewer.slab.step(-1)
    assert_type(viewer.slab.position, float)
    picture = viewer.snapshot(folder / "picture.png", size=(64, 48), samples=1, camera=viewer.camera)
    assert_type(picture, Task[Snapshot])
    assert_type(bytes(picture.result()), bytes)
    picture.result().save(folder / "again.png")
    viewer.pictures.gbuffers(channels=["depth"], size=(64, 48)).result()
    assert_type(viewer.pictures.inspect(0.5, 0.5), InspectResult)


async def await_all(viewer: Controller, config: Path) -> None:
    (model,) = await viewer.load_circuit(config, limit=2)
    assert_type(model, Model)
    await model.color_by.aio("mtype")
    await model.update.aio(visible=False)
    assert_type(await model.ids.aio(), list[int])
    assert_type(await viewer.files.list.aio(), Directory)
    await viewer.clear.aio()


def listen(viewer: Controller) -> None:
    def hear(activity: Activity | None) -> None:
        print(activity)

    leave = viewer.listen(lambda state: state.progress, hear)
    viewer.start().result()
    leave()
    assert_type(list(viewer.tasks), list[str])
    viewer.tasks.cancel("task-0")
    viewer.notices.dismiss()


def undo(viewer: Controller) -> None:
    viewer.background = "white"
    assert_type(viewer.history.next_undo, str)
    assert_type(viewer.undo(), bool)
    assert viewer.redo()
    assert_type(viewer.history.lines, tuple[str, ...])


def ask(viewer: Controller) -> None:
    assert viewer.renderer.request("get-version").result["major"] == 3
    assert viewer.backend.request("version").result
    assert_type(viewer.job.id, str | None)
    try:
        viewer.models.by_id(10**6)
    except CircuitError as error:
        print(error.message, error.hint)


def show(config: Path) -> BraynsWidget:
    """Show it in a notebook; the groups of a widget are those of its controller."""
    viewer = BraynsWidget(str(config), density=0.5, height=400)
    viewer.camera.fovy = 30
    viewer.background = "white"
    viewer.load_circuit(config).result()[0].color_by("mtype")
    viewer.lights.add(AmbientLight())
    viewer.models["cortex"].visible = False
    return viewer


def main(config: Path, folder: Path) -> None:
    with Controller() as viewer:
        listen(viewer)
        browse(viewer, config)
        model = load(viewer, config)
        color(viewer, model)
        select(viewer, folder)
        change(model)
        look(viewer)
        light(viewer)
        cut(viewer)
        draw(viewer)
        connect(viewer)
        play(viewer, config, model.name)
        render(viewer, folder)
        undo(viewer)
        viewer.clear()
        asyncio.run(await_all(viewer, config))
        ask(viewer)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
