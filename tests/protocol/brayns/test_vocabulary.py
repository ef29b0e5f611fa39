"""The renderer's vocabulary against what was recorded from Brayns 3.10.1."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from brayns_widget.protocol.brayns import additions, atlas
from brayns_widget.protocol.brayns.pictures import RENDER_IMAGE
from brayns_widget.protocol.errors import RequestError
from brayns_widget.protocol.schema import json_schema, validate
from tests.protocol.vocabulary import (
    ADDED,
    MODULES,
    RENDERER,
    comparable,
    endpoints_of,
    renderer_exchanges,
    without_additions,
)

UNRECORDED = {endpoint.name for endpoint in endpoints_of(additions, atlas).values()}


@pytest.fixture(scope="module")
def recorded(shared_dir: Path) -> dict[str, Any]:
    schemas: dict[str, Any] = json.loads((shared_dir / "protocol" / "renderer-schemas.json").read_text())
    return schemas


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.__name__.rpartition(".")[2])
def test_constants_are_called_as_their_methods(module):
    constants = endpoints_of(module)
    assert constants
    assert [name for name, endpoint in constants.items() if name != endpoint.name.upper().replace("-", "_")] == []


@pytest.mark.data
def test_all_methods_of_the_real_renderer_have_an_endpoint_but_cancel_which_all_servers_have(recorded):
    assert set(RENDERER) - UNRECORDED == set(recorded) - {"cancel"}


@pytest.mark.data
@pytest.mark.parametrize("name", sorted(set(RENDERER) - UNRECORDED))
def test_types_are_the_recorded_ones(name: str, recorded: dict[str, Any]):
    endpoint, real = RENDERER[name], recorded[name]
    for kind, key in ((endpoint.params_type, "params"), (endpoint.result_type, "returns")):
        ours = None if kind is None else without_additions(name, key, json_schema(kind))
        assert comparable(ours) == comparable(real.get(key))


@pytest.mark.data
def test_what_ours_adds_the_real_renderer_has_not(recorded):
    for name, key, prop in ADDED:
        assert prop not in recorded[name][key]["properties"]


def test_the_time_of_a_picture_is_read_if_it_is_there():
    counts = {"accumulation": 1, "max_accumulation": 4}
    assert RENDER_IMAGE.decode(counts).render_ms is None
    assert RENDER_IMAGE.decode({**counts, "render_ms": 7.5}).render_ms == 7.5


@pytest.mark.data
def test_the_real_renderers_answers_are_understood(shared_dir: Path):
    seen = set()
    for name, _params, reply in renderer_exchanges(shared_dir / "protocol" / "renderer-transcripts"):
        if name in RENDERER and "result" in reply:
            endpoint = RENDERER[name]
            result = endpoint.decode(reply["result"])
            seen.add(name)
            if endpoint.result_type is not None:
                assert result is not None
    assert len(seen) > 40


@pytest.mark.data
def test_what_clients_sent_to_the_real_renderer_is_sent_again_alike(shared_dir: Path):
    seen = set()
    for name, params, reply in renderer_exchanges(shared_dir / "protocol" / "renderer-transcripts"):
        if name not in RENDERER or "result" not in reply or params is None:
            continue
        endpoint = RENDERER[name]
        if endpoint.params_type is None:
            continue
        try:
            read = validate(endpoint.params_type, params)
        except RequestError as error:
            pytest.fail(f"{name} {params}: {error}")
        assert endpoint.encode(read) == params
        seen.add(name)
    assert len(seen) > 20


@pytest.mark.data
def test_the_real_renderers_first_state_is_understood(shared_dir: Path):
    state = json.loads((shared_dir / "protocol" / "renderer-initial-state.json").read_text())
    understood = {name: RENDERER[name].decode(value) for name, value in state.items() if "code" not in value}
    assert understood["get-camera-type"] == "perspective"
    assert understood["get-version"].major == 3
    assert understood["get-scene"].models == []
