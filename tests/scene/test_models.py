from __future__ import annotations

import json

import jsonschema
import pytest

from brayns_widget.protocol.errors import ProtocolError
from brayns_widget.scene.models import LOADER, Model, load_params, method_name, read_bounds, union
from tests.fakes import BOUNDS, NO_BOUNDS

INSTANCE = {
    "bounds": BOUNDS,
    "info": {
        "load_info": {"path": "/data/circuit_config.json", "loader_name": LOADER, "source": "from_file"},
        "metadata": {"loaded_neuron_count": "10", "population_name": "cells", "population_type": "node"},
    },
    "is_visible": True,
    "model_id": 3,
    "model_type": "neurons",
    "transform": {},
}


def test_a_circuits_description_is_read():
    model = Model.from_instance(INSTANCE, ["solid"])
    assert (model.id, model.name, model.type, model.cells) == (3, "cells", "neurons", 10)
    assert (model.path, model.population, model.visible) == ("/data/circuit_config.json", "cells", True)
    assert model.bounds == ((-100.0, -200.0, -300.0), (100.0, 200.0, 300.0))
    assert json.loads(json.dumps(model.to_dict())) == {
        "id": 3,
        "name": "cells",
        "type": "neurons",
        "visible": True,
        "color": None,
        "color_by": "solid",
        "color_methods": ["solid"],
        "cells": 10,
        "path": "/data/circuit_config.json",
        "population": "cells",
        "bounds": BOUNDS,
    }


def test_other_models_say_less():
    model = Model.from_instance({"bounds": NO_BOUNDS, "info": {}, "model_id": 0, "model_type": "geometry"})
    assert (model.name, model.cells, model.bounds, model.path) == ("geometry", None, None, "")


@pytest.mark.parametrize("key", ["bounds", "info", "model_id", "model_type"])
def test_a_description_without_its_keys_is_refused(key):
    with pytest.raises(ProtocolError):
        Model.from_instance({name: value for name, value in INSTANCE.items() if name != key})


@pytest.mark.parametrize("value", [{"bounds": {"min": [0, 0], "max": [1, 1]}}, {"info": None}, {"model_id": "x"}])
def test_nonsense_is_refused(value):
    with pytest.raises(ProtocolError):
        Model.from_instance(INSTANCE | value)


def test_bounds_of_nothing_are_none_and_do_not_count():
    assert read_bounds(NO_BOUNDS) is None
    assert union([None, None]) is None
    assert union([((0, 0, 0), (1, 1, 1)), None, ((-1, 0, 0), (0, 5, 0))]) == ((-1, 0, 0), (1, 5, 1))


def test_load_parameters_satisfy_the_real_loaders_schema(shared_dir):
    loaders = json.loads((shared_dir / "protocol" / "renderer-get-loaders.json").read_text(encoding="utf-8"))
    (schema,) = [loader["input_parameters_schema"] for loader in loaders if loader["name"] == LOADER]
    params = load_params(
        "c.json", "cells", density=0.5, node_ids=[1, 2], node_sets=["All"], limit=9, axon=True, radius_multiplier=2
    )
    jsonschema.validate(params["loader_properties"], schema)
    jsonschema.validate(load_params("c.json", "cells")["loader_properties"], schema)


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"density": 0}, "density is 0"),
        ({"density": 1.1}, "density"),
        ({"density": float("nan")}, "density"),
        ({"limit": 0}, "limit is 0"),
        ({"radius_multiplier": 0}, "radius_multiplier"),
        ({"soma": False, "dendrites": False}, "nothing to load"),
    ],
)
def test_values_out_of_range_are_named(options, problem):
    with pytest.raises(ValueError, match=problem):
        load_params("c.json", "cells", **options)


def test_coloring_methods_may_be_written_with_underscores():
    known = ["solid", "morphology section", "synapse_class"]
    assert method_name("morphology_section", known) == "morphology section"
    assert method_name("synapse class", known) == "synapse_class"
    assert method_name("layer", known) is None
