"""Copies of models, and the order in which models are listed."""

from __future__ import annotations

import pytest

from brayns_widget.protocol.brayns.loaders import MorphologyParams, PopulationParams, SonataParams
from brayns_widget.protocol.errors import CircuitError, RequestError
from tests.controller.scenes import WAIT, load
from tests.controller.test_restoring import sleep, wake


def names(controller) -> list[str]:
    return [model.name for model in controller.models]


def test_a_copy_is_loaded_as_its_model_was_with_a_color_of_its_own(cluster, controller):
    model = load(controller, density=0.5)
    model.update(opacity=0.5, thickness=2)
    model.move(10)
    copy = model.copy().result(WAIT)
    first, second = cluster.renderer.sent("add-model")
    assert first == second
    assert list(controller.models) == [model, copy]
    assert (copy.name, copy.opacity, copy.thickness) == ("cells (copy)", 0.5, 2)
    assert copy.placement == model.placement
    assert copy.color != model.color
    assert cluster.renderer.sent("set-material-matte")[-1]["model_id"] == copy.id
    assert cluster.renderer.sent("set-circuit-thickness")[-1] == {"model_id": copy.id, "radius_multiplier": 2.0}
    assert cluster.renderer.sent("update-model")[-1]["model_id"] == copy.id
    copy.move(0)
    assert model.placement.move[0] == 10


def test_of_a_load_of_several_models_one_is_copied(cluster, controller):
    settings = [
        PopulationParams(
            node_population=name,
            report_type="none",
            edge_populations=[],
            neuron_morphology_parameters=MorphologyParams(),
        )
        for name in ("a", "b")
    ]
    _, second = controller.models.load("c.json", SonataParams(node_population_settings=settings)).result(WAIT)
    copy = second.copy().result(WAIT)
    assert names(controller) == ["a", "b", "b (copy)"]
    assert copy.population == "b"
    assert [model["model_type"] for model in cluster.renderer.models].count("neurons") == 3


def test_a_copy_of_a_copy_comes_back(controller):
    model = load(controller)
    copy = model.copy().result(WAIT)
    again = copy.copy().result(WAIT)
    model.remove()
    sleep(controller)
    wake(controller)
    assert list(controller.models) == [copy, again]
    assert names(controller) == ["cells (copy)", "cells (copy) (copy)"]


def test_what_others_have_loaded_cannot_be_copied(cluster, controller):
    controller.start().result(WAIT)
    cluster.renderer.add("mesh")
    controller.models.refresh()
    with pytest.raises(CircuitError, match=r"'mesh' cannot be copied: others have loaded it"):
        controller.models[0].copy().result(WAIT)


def test_a_copy_that_fails_leaves_nothing(cluster, controller):
    model = load(controller)
    model.opacity = 0.5
    before = len(cluster.renderer.models)
    cluster.renderer.errors["set-material-matte"] = (-32603, "no")
    with pytest.raises(RequestError):
        model.copy().result(WAIT)
    assert list(controller.models) == [model]
    assert len(cluster.renderer.models) == before


def test_models_keep_the_order_that_they_were_given(cluster, controller):
    for name in ("a", "b", "c"):
        load(controller).name = name
    a, b, c = controller.models
    controller.models.reorder([c, a.id])
    assert names(controller) == ["c", "a", "b"]
    load(controller).name = "d"
    cluster.renderer.add("mesh")
    controller.models.refresh()
    assert names(controller) == ["c", "a", "b", "d", "mesh"]
    controller.models[4].remove()
    sleep(controller)
    wake(controller)
    assert names(controller) == ["c", "a", "b", "d"]
    assert list(controller.models)[:3] == [c, a, b]


@pytest.mark.parametrize("order", ["c", 3, ["c"]])
def test_what_is_no_order_is_refused(controller, order):
    load(controller)
    with pytest.raises((TypeError, ValueError)):
        controller.models.reorder(order)


def test_an_order_of_what_is_not_there_is_refused(controller):
    load(controller)
    with pytest.raises(CircuitError, match="no model 99"):
        controller.models.reorder([99])
