"""How users write what is sent: tuples, whole numbers, no names of generic types."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from brayns_widget.protocol.brayns.camera import SET_CAMERA_VIEW, Orthographic, View
from brayns_widget.protocol.brayns.loaders import (
    ADD_MODEL,
    LOADERS,
    SONATA,
    AddModelParams,
    CellPlacementParams,
    MorphologyParams,
    PopulationParams,
    SonataParams,
)
from brayns_widget.protocol.brayns.models import UPDATE_MODEL, ModelInstance, Transform, UpdateModelParams
from brayns_widget.protocol.brayns.pictures import SNAPSHOT, EngineObject, ImageSettings, SnapshotParams
from brayns_widget.protocol.brayns.shapes import ADD_CLIPPING_PLANES, ADD_SPHERES, Clipping, Colored, Plane, Sphere
from brayns_widget.protocol.brayns.simulation import SET_COLOR_RAMP, ColorRamp, SetColorRampParams


def test_a_camera():
    view = View(position=(0, 0, 9), target=np.zeros(3).tolist(), up=(0, 1, 0))
    assert SET_CAMERA_VIEW.encode(view) == {"position": [0, 0, 9], "target": [0, 0, 0], "up": [0, 1, 0]}


def test_shapes():
    ball = Colored(color=(1, 0, 0, 1), geometry=Sphere(center=(0, 0, 0), radius=1))
    assert ADD_SPHERES.encode([ball]) == [{"color": [1, 0, 0, 1], "geometry": {"center": [0, 0, 0], "radius": 1}}]
    planes = Clipping(primitives=(Plane(coefficients=(0, 0, 1, 0)),))
    assert ADD_CLIPPING_PLANES.encode(planes) == {"primitives": [{"coefficients": [0, 0, 1, 0]}]}


def test_a_change_of_a_model_has_nothing_that_only_the_server_knows():
    changed = UpdateModelParams(model_id=1, model=ModelInstance(transform=Transform(translation=(1, 2, 3))))
    assert UPDATE_MODEL.encode(changed) == {"model_id": 1, "model": {"transform": {"translation": [1, 2, 3]}}}


@pytest.mark.parametrize("ids", [[2, 0], (2, 0), np.array([2, 0])])
def test_ids_are_written_as_any_sequence_but_not_as_a_mask(ids):
    assert PopulationParams(node_population="cells", node_ids=ids).node_ids == [2, 0]
    assert CellPlacementParams(ids=ids).ids == [2, 0]
    masks: list[Any] = [[True, False], np.array([True, False]), [1, True]]
    for mask in masks:
        with pytest.raises(ValidationError, match="booleans are no ids"):
            PopulationParams(node_population="cells", node_ids=mask)
        with pytest.raises(ValidationError, match="booleans are no ids"):
            CellPlacementParams(ids=mask)


def test_a_ramp():
    ramp = ColorRamp(colors=((0, 0, 0, 1), (1, 1, 1, 1)), range=(-80, -10))
    assert SET_COLOR_RAMP.encode(SetColorRampParams(id=2, color_ramp=ramp)) == {
        "id": 2,
        "color_ramp": {"colors": [[0, 0, 0, 1], [1, 1, 1, 1]], "range": [-80, -10]},
    }


def test_a_load():
    cells = PopulationParams(
        node_population="S1",
        node_ids=range(3),
        neuron_morphology_parameters=MorphologyParams(load_soma=True),
    )
    properties = SonataParams(node_population_settings=[cells])
    assert isinstance(properties, LOADERS[SONATA] or ())
    params = AddModelParams(loader_name=SONATA, loader_properties=properties, path="circuit.json")
    assert ADD_MODEL.encode(params) == {
        "loader_name": "SONATA loader",
        "path": "circuit.json",
        "loader_properties": {
            "node_population_settings": [
                {
                    "node_population": "S1",
                    "node_ids": [0, 1, 2],
                    "neuron_morphology_parameters": {"load_soma": True},
                }
            ]
        },
    }


def test_a_snapshot():
    params = SnapshotParams(
        camera=EngineObject(name="orthographic", params=Orthographic(height=5)),
        camera_view=None,
        image_settings=ImageSettings(size=(640, 480)),
    )
    assert SNAPSHOT.encode(params) == {
        "camera": {"name": "orthographic", "params": {"height": 5}},
        "image_settings": {"size": [640, 480]},
    }


def test_what_a_user_holds_says_what_it_is():
    assert repr(Sphere(center=(0, 0, 0), radius=1)) == "Sphere(center=[0.0, 0.0, 0.0], radius=1.0)"
    assert repr(ModelInstance(is_visible=False)).startswith("ModelInstance(is_visible=False, transform=Transform(")
