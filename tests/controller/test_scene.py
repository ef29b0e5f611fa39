from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from brayns_widget.connection.server import Server
from brayns_widget.controller.legend import LegendSection
from brayns_widget.controller.scene import Scene, model_state, read_bounds, union
from brayns_widget.controller.state import ModelState, PartState, State, Store
from brayns_widget.protocol.brayns.models import GET_MODEL, ModelInstance
from brayns_widget.protocol.errors import METHOD_NOT_FOUND, CircuitError, RequestError, SceneLost
from tests.fakes import BOUNDS, NO_BOUNDS

INSTANCE = {
    "bounds": BOUNDS,
    "info": {
        "load_info": {
            "path": "/data/circuit_config.json",
            "loader_name": "SONATA loader",
            "load_parameters": {},
            "source": "from_file",
        },
        "metadata": {"loaded_neuron_count": "10", "population_name": "cells", "population_type": "node"},
    },
    "is_visible": True,
    "model_id": 3,
    "model_type": "neurons",
    "transform": {},
}


def read(**changes: Any) -> ModelInstance:
    return GET_MODEL.decode(INSTANCE | changes)


def simple(model_id: int, kind: str) -> dict[str, Any]:
    return {"bounds": NO_BOUNDS, "info": {}, "model_id": model_id, "model_type": kind, "is_visible": True}


class Renderer(Server):
    """A renderer of some models; whose scene changes with each answer, if there are more of them."""

    def __init__(self, *scenes: list[dict[str, Any]]) -> None:
        self.scenes = list(scenes)
        self.described: list[int] = []
        self.on_describe = lambda: None
        self.tells_colors = False
        self.together = 1  # it answers no request for a description before so many have come
        self.all_asked = asyncio.Event()

    async def call(self, endpoint: Any, params: Any = None, *_: Any, **__: Any) -> Any:
        if endpoint.name == "get-scene":
            scene = self.scenes.pop(0) if len(self.scenes) > 1 else self.scenes[0]
            return endpoint.decode({"bounds": NO_BOUNDS, "models": scene})
        if endpoint.name == "get-model-coloring":
            if not self.tells_colors:
                raise RequestError("Brayns does not tell it", code=METHOD_NOT_FOUND)
            return endpoint.decode({"method": "mtype", "values": {"L5": [1, 0, 0, 1]}})
        if endpoint.name == "get-model-outline":
            raise RequestError("Brayns does not tell it", code=METHOD_NOT_FOUND)
        if endpoint.name == "get-material-type":
            raise RequestError("It has no material", code=0)
        assert endpoint.name == "get-color-methods"
        self.described.append(params.id)
        self.on_describe()
        if len(self.described) == self.together:
            self.all_asked.set()
        await asyncio.wait_for(self.all_asked.wait(), 10)
        if params.id == 9:
            raise RequestError("it has none", code=-32602)
        return ["solid", "mtype"]


@pytest.fixture
def store():
    return Store()


@pytest.fixture
def scene(store):
    return Scene(store)


def test_a_circuits_description_is_read():
    assert model_state(read()) == ModelState(
        id=3,
        name="cells",
        type="neurons",
        cells=10,
        path="/data/circuit_config.json",
        population="cells",
        bounds=((-100.0, -200.0, -300.0), (100.0, 200.0, 300.0)),
    )


def test_other_models_say_less():
    model = model_state(read(info={}, model_type="geometry", bounds=NO_BOUNDS, is_visible=False))
    assert model == ModelState(id=3, name="geometry", type="geometry", visible=False)


@pytest.mark.parametrize(("path", "name"), [("/data/brain.obj", "brain.obj"), ("C:\\data\\brain.obj", "brain.obj")])
def test_a_model_without_a_population_has_the_name_of_its_file(path, name):
    origin = {"path": path, "loader_name": "mesh", "load_parameters": {}, "source": "from_file"}
    model = model_state(read(info={"load_info": origin}))
    assert (model.name, model.path, model.population) == (name, path, None)


def test_what_does_not_fit_into_memory_is_read():
    assert model_state(read(info={"metadata": {"left_out": "axons"}})).left_out == "axons"


def test_bounds_of_nothing_are_none_and_do_not_count():
    assert read_bounds(read(bounds=NO_BOUNDS).bounds) is None
    assert union([None, None]) is None
    assert union([((0, 0, 0), (1, 1, 1)), None, ((-1, 0, 0), (0, 5, 0))]) == ((-1, 0, 0), (1, 5, 1))


def test_models_lights_and_clips_are_told_apart(scene, store):
    kinds = ["light", "geometry", "clip_geometry", "clipping_geometry"]
    asyncio.run(scene.read(Renderer([simple(i, kind) for i, kind in enumerate(kinds)])))
    assert [model.id for model in store.state.models] == [1]
    assert store.state.lights == (PartState(0, "light"),)
    assert store.state.clips == (PartState(2, "clip_geometry"), PartState(3, "clipping_geometry"))


def test_coloring_methods_are_asked_once_for_each_model(scene, store):
    renderer = Renderer([simple(1, "neurons"), simple(9, "geometry")])
    asyncio.run(scene.read(renderer))
    revision = store.state.revision
    asyncio.run(scene.read(renderer))
    assert renderer.described == [1, 9]
    assert [model.color_methods for model in store.state.models] == [("solid", "mtype"), ()]
    assert store.state.revision == revision  # nothing has changed


def test_what_is_known_of_a_model_stays_while_it_is_the_same(scene, store):
    renderer = Renderer([simple(1, "neurons")])
    asyncio.run(scene.read(renderer))
    scene.put([ModelState(1, "neurons", "neurons", color="#ff0000", colored_by="solid")])
    renderer.scenes = [[simple(1, "neurons") | {"is_visible": False, "bounds": BOUNDS}]]
    asyncio.run(scene.read(renderer))
    (model,) = store.state.models
    assert (model.visible, model.color, model.bounds is not None) == (False, "#ff0000", True)
    renderer.scenes = [[simple(1, "mesh")]]  # another one with the same id
    asyncio.run(scene.read(renderer))
    (model,) = store.state.models
    assert (model.type, model.color) == ("mesh", None)


def test_what_changes_while_new_models_are_described_is_not_undone(scene, store):
    renderer = Renderer([simple(1, "geometry")], [simple(1, "geometry"), simple(2, "light")])
    renderer.on_describe = lambda: scene.drop([1])  # as somebody who removes it would
    asyncio.run(scene.read(renderer))
    assert [model.id for model in store.state.models] == [1]
    assert [light.id for light in store.state.lights] == [2]


def test_many_models_are_described_at_once(scene, store):
    renderer = Renderer([simple(number, "neurons") for number in range(100)])
    renderer.together = 100
    asyncio.run(scene.read(renderer))
    assert [model.id for model in store.state.models] == list(range(100))


def test_a_model_that_goes_while_it_is_described_leaves_no_legend(scene, store):
    renderer = Renderer([simple(1, "neurons"), simple(2, "neurons")], [simple(2, "neurons"), simple(3, "geometry")])
    renderer.tells_colors = True
    asyncio.run(scene.read(renderer))
    assert [section.model for section in store.state.sections] == [2, 3]


def test_a_change_makes_the_picture_stale_and_forgets_the_legend_of_what_has_gone(scene, store):
    store.state = State(sections=(LegendSection(1, "mtype"), LegendSection(2, "layer")))
    scene.put([ModelState(1, "a", "x"), ModelState(2, "b", "x")])
    revision = store.state.revision
    scene.drop([1])
    assert store.state.revision > revision
    assert store.state.sections == (LegendSection(2, "layer"),)


def test_models_are_replaced_in_their_places(scene, store):
    scene.put([ModelState(1, "a", "x"), ModelState(2, "b", "x")])
    scene.put([ModelState(3, "c", "x"), ModelState(1, "A", "x")])
    assert [model.name for model in store.state.models] == ["A", "b", "c"]
    revision = store.state.revision
    scene.put([ModelState(1, "A", "x")])
    assert store.state.revision == revision


def test_all_kinds_of_things_are_dropped_by_id(scene, store):
    store.state = State(lights=(PartState(1, "light"), PartState(2, "light")), clips=(PartState(3, "clip_geometry"),))
    scene.put([ModelState(4, "a", "x")])
    scene.drop([1, 3, 4])
    assert [light.id for light in store.state.lights] == [2]
    assert store.state.clips == store.state.models == ()


def test_a_model_that_is_not_there_is_told_with_those_that_are(scene):
    with pytest.raises(CircuitError, match=r"no model 7\. There are: none"):
        scene.model(7)
    scene.put([ModelState(1, "a", "x"), ModelState(2, "b", "x")])
    assert scene.model(2).name == "b"
    with pytest.raises(CircuitError, match=r"no model 7\. There are: 1 \(a\), 2 \(b\)"):
        scene.model(7)


def test_each_model_that_goes_ends_a_generation_of_its_id(scene, store):
    scene.put([ModelState(1, "a", "x"), ModelState(2, "b", "x")])
    scene.put([ModelState(1, "A", "x", visible=False)])  # the same in another state
    assert (scene.generation(1), scene.generation(2)) == (0, 0)
    scene.drop([1])
    scene.put([ModelState(1, "a", "x"), ModelState(2, "b", "another kind")])
    assert (scene.generation(1), scene.generation(2)) == (1, 1)
    store.state = State()  # as after the end of a job
    assert (scene.generation(1), scene.generation(2), scene.generation(3)) == (2, 2, 0)
    scene.put([ModelState(1, "b", "x")])
    assert scene.model(1, 2) == scene.model(1)
    with pytest.raises(CircuitError, match=r"Model 1 was removed; 'b' has its id now\."):
        scene.model(1, 1)


def test_a_lost_scene_is_not_there_until_something_begins_another(scene, store):
    scene.put([ModelState(1, "a", "x")])
    store.state = replace(store.state, scene_lost=True)
    with pytest.raises(SceneLost):
        scene.model(1)
    asyncio.run(scene.add(Renderer([]), [read(model_id=2)]))
    assert scene.model(2).id == 2
