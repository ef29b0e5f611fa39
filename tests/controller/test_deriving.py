from __future__ import annotations

import json

import libsonata
import pytest

from brayns_widget.protocol.errors import CircuitError
from tests.controller.scenes import WAIT, load


def test_a_selection_is_loaded_as_the_first_model_of_its_population(cluster, controller):
    first = load(controller, density=0.5, limit=3, soma=True, dendrites=False, axon=True, radius_multiplier=2.5)
    load(controller)
    controller.selection.set([3, 1])
    (model,) = controller.selection.to_model(color_by="mtype").result(WAIT)
    assert model.colored_by == "mtype"
    assert len(controller.models) == 3
    requests = cluster.renderer.sent("add-model")
    (old,), (new,) = (requests[place]["loader_properties"]["node_population_settings"] for place in (0, -1))
    assert requests[-1]["path"] == first.path
    choice = {"edge_populations", "node_count_limit", "node_ids", "node_percentage", "node_sets"}
    assert {name: new[name] for name in new.keys() - choice} == {name: old[name] for name in old.keys() - choice}
    assert new["neuron_morphology_parameters"]["radius_multiplier"] == 2.5
    assert {name: new[name] for name in new.keys() & choice} == {"node_ids": [1, 3], "node_percentage": 1.0}


def test_only_circuits_become_models(controller):
    with pytest.raises(CircuitError, match="Nothing is selected"):
        controller.selection.to_model().result(WAIT)
    controller.selection.set([1], "cells")
    with pytest.raises(CircuitError, match="No loaded model shows"):
        controller.selection.to_model().result(WAIT)


def test_a_model_that_does_not_tell_its_origin_is_refused(cluster, controller):
    load(controller)
    controller.selection.set([1])
    del cluster.renderer.models[-1]["info"]["load_info"]
    with pytest.raises(CircuitError, match="was not loaded from a SONATA circuit"):
        controller.selection.to_model().result(WAIT)


def test_one_population_is_one_node_set(controller):
    controller.selection.set({"cells": [3, 1]})
    made = controller.selection.to_node_set("mine")
    assert made == {"mine": {"population": "cells", "node_id": [1, 3]}}
    assert libsonata.NodeSets(json.dumps(made)).names == {"mine"}


def test_several_populations_are_a_compound_node_set(controller):
    controller.selection.set({"a": [1], "b": [2]})
    made = controller.selection.to_node_set("mine")
    assert made == {
        "mine_a": {"population": "a", "node_id": [1]},
        "mine_b": {"population": "b", "node_id": [2]},
        "mine": ["mine_a", "mine_b"],
    }
    assert libsonata.NodeSets(json.dumps(made)).names == {"mine", "mine_a", "mine_b"}


def test_node_sets_are_saved_beside_others(controller, tmp_path):
    file = tmp_path / "node_sets.json"
    controller.selection.set({"cells": [1]})
    controller.selection.save_node_set(file, "one")
    controller.selection.set({"cells": [2]})
    controller.selection.save_node_set(str(file), "two")
    assert json.loads(file.read_text(encoding="utf-8")) == {
        "one": {"population": "cells", "node_id": [1]},
        "two": {"population": "cells", "node_id": [2]},
    }
    before = file.read_bytes()
    with pytest.raises(CircuitError, match="has a node set 'one' already"):
        controller.selection.save_node_set(file, "one")
    assert file.read_bytes() == before
    assert list(tmp_path.iterdir()) == [file]


@pytest.mark.parametrize(("text", "told"), [("{", "is not JSON"), ("[]", "not an object")])
def test_other_files_are_not_written_over(controller, tmp_path, text, told):
    file = tmp_path / "node_sets.json"
    file.write_text(text)
    controller.selection.set({"cells": [1]})
    with pytest.raises(ValueError, match=told):
        controller.selection.save_node_set(file, "one")
    assert file.read_text() == text


def test_nothing_is_no_node_set(controller, tmp_path):
    with pytest.raises(CircuitError, match="Nothing is selected"):
        controller.selection.save_node_set(tmp_path / "node_sets.json", "one")
    with pytest.raises(CircuitError, match="Nothing is selected"):
        controller.selection.to_node_set("one")
