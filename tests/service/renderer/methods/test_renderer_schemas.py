"""Our schemas against those that were recorded from Brayns 3.10.1."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from brayns_widget.protocol.brayns import loaders
from brayns_widget.service.renderer.loaders import refused
from brayns_widget.service.renderer.loaders.registry import LOADERS
from brayns_widget.service.renderer.methods import METHODS, additions, atlas
from tests.protocol.vocabulary import RENDERER, comparable, without_additions

# Plugins of ours, and of the real renderer's those that the recorded build does not have.
UNRECORDED = {additions.OURS, atlas.PLUGIN, refused.DTI_LOADER.plugin}


@pytest.fixture(scope="module")
def recorded(shared_dir: Path) -> dict[str, Any]:
    schemas: dict[str, Any] = json.loads((shared_dir / "protocol" / "renderer-schemas.json").read_text())
    return schemas


@pytest.mark.data
@pytest.mark.parametrize("name", [method.name for method in METHODS if method.plugin not in UNRECORDED])
def test_schemas_are_those_of_the_real_renderer(name: str, recorded: dict[str, Any]):
    method = METHODS[name]
    ours = {
        "async": method.asynchronous,
        "deprecated": method.deprecated,
        "plugin": method.plugin,
        "title": method.name,
    }
    if (params := method.params_schema()) is not None:
        ours["params"] = without_additions(name, "params", params)
    if (returns := method.result_schema()) is not None:
        ours["returns"] = without_additions(name, "returns", returns)
    assert comparable(ours) == comparable(recorded[name])


@pytest.mark.data
def test_loaders_are_described_as_the_real_ones(shared_dir: Path):
    real = json.loads((shared_dir / "protocol" / "renderer-get-loaders.json").read_text())
    ours = [
        {
            "binary": loader.binary,
            "extensions": list(loader.extensions),
            "input_parameters_schema": loader.schema(),
            "name": loader.name,
            "plugin": loader.plugin,
        }
        for loader in LOADERS
        if loader.plugin not in UNRECORDED
    ]
    assert comparable(ours) == comparable(real)


@pytest.mark.data
def test_additions_of_ours_say_so(recorded: dict[str, Any]):
    assert {method.name for method in METHODS if method.name not in recorded} == {
        method.name for method in METHODS if method.plugin in UNRECORDED
    }


def test_loaders_are_in_the_order_of_the_official_clients_plugins():
    plugins = list(dict.fromkeys(loader.plugin for loader in LOADERS))
    assert plugins == ["Core", "Circuit Explorer", "Atlas Explorer", "DTI", "Molecule Explorer"]


def test_every_endpoint_is_served():
    served = {method.name: method.endpoint for method in METHODS if method.name != "cancel"}
    assert served == RENDERER


def test_the_protocol_names_all_loaders_and_their_parameters():
    kinds = {id(loaders.EmptyParams): None, id(loaders.AnyXyzParams): loaders.XyzParams}
    ours = {loader.name: kinds.get(id(loader.params), loader.params) for loader in LOADERS}
    assert ours == loaders.LOADERS


def test_every_method_says_what_it_does():
    assert [method.name for method in METHODS if not method.description.endswith(".")] == []
