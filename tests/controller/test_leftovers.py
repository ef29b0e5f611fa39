"""What is taken for made by requests that nobody has answered."""

from __future__ import annotations

from typing import Any

import pytest

from brayns_widget.controller.leftovers import find_leftovers, is_tracked
from brayns_widget.protocol.brayns.models import GET_SCENE, ModelInstance
from tests.fakes import BOUNDS, IDENTITY

PARAMETERS = {"radius": 0.1, "parts": [{"soma": True}]}
LOAD = {"path": "/data/a.json", "loader_name": "SONATA loader", "loader_properties": PARAMETERS}
CELL = {"type": "swc", "text": "1 1 0 0 0 1 -1", "name": "a", "loader_properties": PARAMETERS}


def scene(*models: dict[str, Any]) -> list[ModelInstance]:
    filled = [
        {"model_id": number, "bounds": BOUNDS, "is_visible": True, "transform": IDENTITY, "info": {}} | model
        for number, model in enumerate(models)
    ]
    return GET_SCENE.decode({"bounds": BOUNDS, "models": filled}).models


def loaded(population: str = "a", source: str = "from_file", **changes: Any) -> dict[str, Any]:
    # Renderers keep numbers as float32, and complete what was left out.
    kept = {"radius": 0.10000000149011612, "parts": [{"soma": True, "axon": False}], "report": "none"}
    origin = {"path": "/data/a.json", "loader_name": "SONATA loader", "source": source, "load_parameters": kept}
    return {
        "model_type": "neurons",
        "info": {"load_info": origin | changes, "metadata": {"population_name": population}},
    }


def test_what_a_load_has_made_is_known_by_path_loader_and_parameters():
    other = {"radius": 0.2, "parts": [{"soma": True}]}
    strange = scene(
        loaded(),
        loaded("b"),
        loaded(path="/data/b.json"),
        loaded(loader_name="mesh"),
        loaded(load_parameters=other),
        loaded(load_parameters=None),
        {"model_type": "geometry"},
    )
    assert find_leftovers(strange, [("add-model", LOAD)]) == [0, 1]
    assert find_leftovers(strange, []) == []


def test_of_two_that_are_alike_none_is_taken_for_the_one_that_was_asked_for():
    strange = scene(loaded(), loaded())
    assert find_leftovers(strange, [("add-model", LOAD)]) == []
    assert find_leftovers(strange, [("add-model", LOAD)] * 2) == [0, 1]


def test_in_a_job_of_others_nothing_is_taken_that_they_may_have_asked_for():
    strange = scene(loaded(), {"model_type": "geometry"})
    asked = [("add-model", LOAD), ("add-spheres", {}), ("remove-model", {"ids": [1]})]
    assert find_leftovers(strange, asked, shared=True) == [1]
    assert find_leftovers(strange, asked) == [0, 1]


def test_a_cell_from_memory_is_known_by_its_parameters():
    strange = scene(loaded(), loaded(source="from_blob", path=""))
    assert find_leftovers(strange, [("add-morphology", CELL)]) == [1]


def test_what_an_upload_has_made_is_known_by_loader_and_parameters():
    strange = scene(loaded(), loaded(source="from_blob", path="", loader_name="mesh"), loaded(source="from_blob"))
    upload = {"type": "obj", "loader_name": "mesh", "loader_properties": PARAMETERS}
    assert find_leftovers(strange, [("upload-model", upload)]) == [1]
    assert find_leftovers(strange, [("upload-model", upload | {"loader_properties": {"radius": 9.0}})]) == []
    assert is_tracked("upload-model")


@pytest.mark.parametrize(
    ("method", "found"),
    [("add-light-quad", 0), ("add-clipping-boxes", 1), ("add-clip-plane", 1), ("add-capsules", 2)],
)
def test_parts_are_known_by_their_kinds(method, found):
    strange = scene({"model_type": "light"}, {"model_type": "clip_geometry"}, {"model_type": "geometry"}, loaded())
    assert find_leftovers(strange, [(method, {})]) == [found]


def test_what_was_to_be_removed_is_found_by_its_id():
    assert find_leftovers(scene(loaded(), loaded(), loaded()), [("remove-model", {"ids": [1, 2, 7]})]) == [1, 2]


def test_only_what_adds_or_removes_is_tracked():
    assert is_tracked("add-spheres")
    assert is_tracked("remove-model")
    assert not is_tracked("set-camera-view")
