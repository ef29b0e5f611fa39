from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from brayns_widget.protocol.brayns.lights import AmbientLight, QuadLight
from brayns_widget.protocol.brayns.materials import Glass, Metal, Phong
from brayns_widget.protocol.brayns.models import LoadInfo, Transform
from brayns_widget.protocol.brayns.shapes import Plane, Sphere
from brayns_widget.protocol.errors import CANCELLED, INTERNAL_ERROR, INVALID_PARAMS, RequestError
from brayns_widget.service.renderer.content.coloring.cells import CellColoring
from brayns_widget.service.renderer.content.geometry import Geometry
from brayns_widget.service.renderer.loaders.base import LoadedModel
from brayns_widget.service.renderer.scene import models as models_module
from brayns_widget.service.renderer.scene.entries import Entry
from brayns_widget.service.renderer.scene.models import Models
from brayns_widget.service.renderer.tracing.embree import Device
from brayns_widget.service.renderer.tracing.scene import Scene
from brayns_widget.service.rpc.running import RunningRequest

LOAD_INFO = LoadInfo(load_parameters={}, loader_name="test", path="x", source="from_file")
EMPTY = [3.4028235e38] * 3
LIGHT = AmbientLight()


@pytest.fixture
def scene() -> Iterator[Scene]:
    device = Device(1)
    scene = Scene(device)
    yield scene
    scene.close()
    device.close()


@pytest.fixture
def models(scene: Scene) -> Models:
    return Models(lambda: scene)


def sphere(x: float = 0.0, radius: float = 1.0, ids: list[int] | None = None) -> LoadedModel:
    cells = np.array(ids or [0])
    return LoadedModel(
        kind="neurons",
        geometry=Geometry(
            np.empty((0, 4), np.float32),
            np.empty(0, np.uint32),
            np.empty(0, np.uint32),
            np.array([[x, 0, 0, radius]], np.float32),
            np.zeros(1, np.uint32),
        ),
        coloring=CellColoring(cells, {}, ["soma"], ["soma"]),
        metadata={"loaded_neuron_count": "1"},
        ids=cells,
    )


def add(models: Models, *loaded: LoadedModel) -> list[int]:
    return [model.id for model in models.add_loaded(loaded or [sphere()], LOAD_INFO, RunningRequest())]


def test_a_loaded_model_is_described(models: Models):
    (model_id,) = add(models)
    assert models[model_id].instance().model_dump(exclude_none=True) == {
        "bounds": {"max": [1.0, 1.0, 1.0], "min": [-1.0, -1.0, -1.0]},
        "info": {"load_info": LOAD_INFO.model_dump(), "metadata": {"loaded_neuron_count": "1"}},
        "is_visible": True,
        "model_id": 0,
        "model_type": "neurons",
        "transform": {"rotation": [0, 0, 0, 1], "scale": [1, 1, 1], "translation": [0, 0, 0]},
    }


def test_lights_are_models_without_bounds(models: Models, scene: Scene):
    add(models)
    light = models.add_light(LIGHT)
    assert light.instance().model_dump(exclude_none=True)["bounds"] == {"max": [-EMPTY[0]] * 3, "min": EMPTY}
    assert (light.id, light.kind) == (1, "light")
    assert scene.lights.ambient.tolist() == [LIGHT.intensity] * 3
    models.update(light.id, visible=False)
    assert not scene.lights.ambient.any()


def test_ids_are_used_again(models: Models):
    assert add(models, sphere(), sphere(), sphere()) == [0, 1, 2]
    models.remove([1])
    assert models.add_light(LIGHT).id == 1
    assert add(models) == [3]


def test_bounds_follow_the_transform(models: Models, scene: Scene):
    first, second = add(models, sphere(1.0, 1.0), sphere(-5.0))
    turned = Transform(rotation=[0, 0, 0.70710678, 0.70710678], scale=[2, 1, 1], translation=[1, 0, 0])
    model = models.update(first, transform=turned)
    # x from 0 to 2 becomes y from 0 to 4; y from -1 to 1 becomes x from 1 to -1; then 1 to the right
    np.testing.assert_allclose(model.world_box, [[0, 0, -1], [2, 4, 1]], atol=1e-6)
    np.testing.assert_allclose(models.box, [[-6, -1, -1], [2, 4, 1]], atol=1e-6)
    assert scene.bounds()[1][1] > 2  # the ray tracer's sphere moved too
    models.update(first, transform=Transform(translation=[0, 1, 0]))
    np.testing.assert_allclose(model.world_box, [[0, 0, -1], [2, 2, 1]])
    models.update(second, visible=False)
    np.testing.assert_allclose(models.box[0], [-6, -1, -1])


@pytest.mark.parametrize(
    "transform",
    [Transform(rotation=[0, 0, 0, 0]), Transform(scale=[1e30, 1e30, 1e30]), Transform(translation=[3e38, 0, 0])],
)
def test_a_transform_that_cannot_be_used_changes_nothing(models: Models, scene: Scene, transform: Transform):
    (model_id,) = add(models)
    models.update(model_id, transform=Transform(translation=[5, 0, 0]))
    with pytest.raises(RequestError) as caught:
        models.update(model_id, transform=transform)
    assert caught.value.code == INVALID_PARAMS
    np.testing.assert_allclose(models[model_id].world_box, [[4, -1, -1], [6, 1, 1]])
    scene.commit()
    np.testing.assert_allclose(scene.bounds(), [[4, -1, -1], [6, 1, 1]])


def test_removing_an_unknown_id_removes_nothing(models: Models):
    add(models, sphere(), sphere())
    with pytest.raises(RequestError, match="No instance with id 9 was found") as caught:
        models.remove([0, 9])
    assert caught.value.code == INTERNAL_ERROR
    assert [model.id for model in models] == [0, 1]


def test_removed_models_leave_the_scene(models: Models, scene: Scene):
    add(models, sphere(), sphere(9.0))
    models.remove([1, 1])
    np.testing.assert_allclose(scene.bounds(), [[-1, -1, -1], [1, 1, 1]])
    models.add_light(LIGHT)
    models.clear(lambda model: model.light is None)
    assert [model.kind for model in models] == ["light"]
    models.clear()
    assert not list(models)
    assert not scene.lights.ambient.any()


def test_colors_reach_the_scene(models: Models):
    (model_id,) = add(models)
    models.color(model_id, "solid", {"color": [1, 0, 0, 1]})
    assert models.coloring(model_id).colors.tolist() == [[1, 0, 0, 1]]
    light = models.add_light(LIGHT)
    with pytest.raises(RequestError, match=r"Model 1 \(light\) has no colors") as caught:
        models.color(light.id, "solid", {"color": [1, 0, 0, 1]})
    assert caught.value.code == INVALID_PARAMS


def test_a_cancelled_build_leaves_the_scene_as_it_was(models: Models, scene: Scene):
    add(models)
    request = RunningRequest()
    request.cancel()
    with pytest.raises(RequestError) as caught:
        models.add_loaded([sphere(100.0), sphere(200.0)], LOAD_INFO, request)
    assert caught.value.code == CANCELLED
    assert len(list(models)) == 1
    scene.commit()
    np.testing.assert_allclose(scene.bounds(), [[-1, -1, -1], [1, 1, 1]])
    assert add(models, sphere(50.0)) == [1]


def test_memory_that_does_not_suffice_is_told(models: Models, scene: Scene, monkeypatch: pytest.MonkeyPatch):
    def exhausted(**_arguments: object) -> None:
        raise MemoryError

    with monkeypatch.context() as patch:
        patch.setattr(scene, "commit", exhausted)
        patch.setattr(scene, "can_wait", lambda _handles: False)
        with pytest.raises(RequestError, match="not enough memory") as caught:
            add(models)
    assert caught.value.code == INTERNAL_ERROR
    assert add(models) == [0]


def test_a_light_too_bright_is_not_added(models: Models):
    lights = [models.add_light(AmbientLight(intensity=3e38)).id]
    with pytest.raises(RequestError, match="finite"):
        models.add_light(AmbientLight(intensity=3e38))
    assert [model.id for model in models] == lights


def test_lights_too_bright_together_are_not_shown_together(models: Models, scene: Scene):
    bright = AmbientLight(intensity=2e38)
    hidden = models.add_light(bright)
    models.update(hidden.id, visible=False)
    models.add_light(bright)
    with pytest.raises(RequestError, match="finite"):
        models.update(hidden.id, visible=True)
    assert not hidden.visible
    assert scene.lights.ambient.tolist() == pytest.approx([2e38] * 3)


def test_bounds_stay_within_the_numbers():
    far = np.full(3, 3e38, np.float32)
    model = Entry(id=0, kind="light", box=(-far, np.full(3, np.inf, np.float32)))
    bounds = model.instance().bounds
    assert np.isfinite([*bounds.min, *bounds.max]).all()


def test_instances_share_materials_and_radii(models: Models, scene: Scene):
    (original, other) = add(models, sphere(), sphere(5.0))
    places = [Transform(translation=[0.0, 3.0, 0.0]), Transform(scale=[1.0, 2.0, 1.0])]
    instances = [original, *(model.id for model in models.instantiate(original, places))]
    models.set_material(instances[1], Metal())
    models.thicken(instances[2], 2.0)
    with pytest.raises(ValueError, match="index of refraction"):
        models.set_material(instances[0], Glass(index_of_refraction=0.0))
    assert [type(models.material(instance)) for instance in instances] == [Metal] * 3
    assert isinstance(models.material(other), Phong)
    tops = [models[instance].instance().bounds.max for instance in [*instances, other]]
    assert tops == [[2, 2, 2], [2, 5, 2], [2, 4, 2], [6, 1, 1]]
    handles = [models[instance].handle for instance in instances]
    assert [scene.bounds(handle)[1].tolist() for handle in handles] == tops[:3]


def test_radii_are_multiplied_again_and_never_lost(models: Models):
    (model_id,) = add(models)
    for factor, radius in ((3.0, 3.0), (2.0, 6.0), (1.0, 6.0), (1 / 6, 1.0), (1e-6, 1e-6)):
        models.thicken(model_id, factor)
        assert models[model_id].instance().bounds.max[0] == pytest.approx(radius)
    for factor in (0.1, 1e-40, 1e13, float("inf"), float("nan"), 0.0, -1.0):
        with pytest.raises(RequestError, match="multipl"):
            models.thicken(model_id, factor)
    models.thicken(model_id, 1e6)
    assert models[model_id].instance().bounds.max[0] == pytest.approx(1.0)


def test_what_has_no_radii_cannot_become_thicker(models: Models):
    light = models.add_light(LIGHT)
    with pytest.raises(RequestError, match=r"Model 0 \(light\) has no radii"):
        models.thicken(light.id, 2.0)


FLAT = Transform(scale=[0.0, 1.0, 1.0])


def test_a_clip_that_cannot_be_copied_leaves_nothing(models: Models, scene: Scene):
    clip = models.add_clip("clipping-spheres", [Sphere(center=[0.0, 0.0, 0.0], radius=1.0)], inverted=False)
    cut = scene.packed_clips.tolist()
    with pytest.raises(RequestError, match="flattens"):
        models.instantiate(clip.id, [Transform(), FLAT])
    assert [model.id for model in models] == [clip.id]
    assert scene.packed_clips.tolist() == cut
    models.add_clip("clipping-planes", [Plane(coefficients=[1.0, 0.0, 0.0, 0.0])], inverted=False)


def test_what_cannot_be_shown_as_wanted_stays_as_it_was(models: Models):
    clip = models.add_clip("clipping-spheres", [Sphere(center=[0.0, 0.0, 0.0], radius=1.0)], inverted=False)
    light = models.add_light(QuadLight(edge1=[1.0, 0.0, 0.0], edge2=[0.0, 1.0, 0.0]))
    for model in (clip, light):
        models.update(model.id, visible=False)
        with pytest.raises(RequestError):
            models.update(model.id, visible=True, transform=FLAT)
        assert (model.transform, model.visible) == (Transform(), False)
        assert models.update(model.id, visible=True).visible


def test_builds_can_be_cancelled_and_leave_everything_as_it_was(models: Models, scene: Scene, monkeypatch: Any):
    monkeypatch.setattr(models_module, "_SOON_BUILT", 0)
    (model_id,) = add(models)
    scene.commit()
    before = [model.instance() for model in models]
    cancelled = RunningRequest()
    cancelled.cancel()
    for change in (
        lambda: models.instantiate(model_id, [Transform()], cancelled),
        lambda: models.update(
            model_id, visible=False, transform=Transform(translation=[5.0, 0.0, 0.0]), request=cancelled
        ),
        lambda: models.thicken(model_id, 2.0, cancelled),
        lambda: models.remove([model_id], cancelled),
        lambda: models.clear(request=cancelled),
    ):
        with pytest.raises(RequestError) as caught:
            change()
        assert caught.value.code == CANCELLED
        assert [model.instance() for model in models] == before
        scene.commit()
        assert scene.bounds()[1].tolist() == [1, 1, 1]
    models.thicken(model_id, 2.0, RunningRequest())
    assert scene.bounds()[1].tolist() == [2, 2, 2]


def test_what_loads_leave_to_the_next_picture_is_built_with_its_progress(
    models: Models, scene: Scene, monkeypatch: Any
):
    monkeypatch.setattr(models_module, "_SOON_BUILT", 0)
    add(models)
    assert not len(scene.traced[1])
    cancelled = RunningRequest()
    cancelled.cancel()
    with pytest.raises(RequestError) as caught:
        models.build(cancelled)
    assert caught.value.code == CANCELLED
    told: list[str] = []
    models.build(RunningRequest(lambda _amount, operation: told.append(operation)))
    assert len(scene.traced[1]) == 1
    assert set(told) == {"Building the acceleration structure"}


def test_copies_count_before_they_are_models(models: Models, scene: Scene, monkeypatch: Any):
    """However few primitives there were, many copies of them take long to build."""
    (model_id,) = add(models)
    scene.commit()
    monkeypatch.setattr(models_module, "_SOON_BUILT", 3)
    cancelled = RunningRequest()
    cancelled.cancel()
    with pytest.raises(RequestError) as caught:
        models.instantiate(model_id, [Transform()] * 3, cancelled)
    assert caught.value.code == CANCELLED
    assert [model.id for model in models] == [model_id]
    models.instantiate(model_id, [Transform()], cancelled)  # soon done


def test_few_primitives_that_a_client_describes_wait_for_the_next_picture(models: Models, scene: Scene):
    loaded = sphere()
    models.add_geometry(loaded.geometry, loaded.coloring, loaded.bounds)
    assert not len(scene.traced[1])
    scene.commit()
    assert len(scene.traced[1]) == 1
    far = sphere(1e20)
    with pytest.raises(RequestError) as caught:
        models.add_geometry(far.geometry, far.coloring, far.bounds)
    assert caught.value.code == INVALID_PARAMS
    assert len(list(models)) == 1


def test_what_cannot_be_loaded_is_closed_and_leaves_nothing(models: Models, scene: Scene):
    closed = []
    loaded = [sphere(), sphere(1e20)]
    for part in loaded:
        object.__setattr__(part, "close", lambda part=part: closed.append(part))
    with pytest.raises(RequestError, match="Coordinates must stay below") as caught:
        models.add_loaded(loaded, LOAD_INFO, RunningRequest())
    assert caught.value.code == INVALID_PARAMS
    assert closed == loaded[::-1]
    assert scene.count == 0


def test_copies_whose_clip_cannot_be_used_leave_nothing(models: Models, scene: Scene, monkeypatch: Any):
    (model_id,) = add(models)

    def refuse(_entry: object) -> None:
        raise ValueError("no")

    monkeypatch.setattr(models, "_set_effects_of", refuse)
    with pytest.raises(RequestError, match="no"):
        models.instantiate(model_id, [Transform()] * 2)
    assert [entry.id for entry in models] == [model_id]
    assert scene.count == 1
