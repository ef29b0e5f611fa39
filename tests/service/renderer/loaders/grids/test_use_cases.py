"""Which ways there are to show an atlas, and what each makes of it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from brayns_widget.protocol.brayns.atlas import VoxelType
from brayns_widget.protocol.errors import RequestError
from brayns_widget.service.renderer.content.atlas import CHANNELS, VOXEL_TYPES, Atlas
from brayns_widget.service.renderer.loaders.grids.use_cases import USE_CASES, use_cases, visualize
from brayns_widget.service.renderer.memory import Allowance, allowing
from brayns_widget.service.rpc.running import RunningRequest

COLUMN = {"xz_coordinate": [1, 0], "color": [1, 0, 0, 0.5]}


def atlas(kind: VoxelType, fill: float = 0.0, **voxels: Any) -> Atlas:
    """An atlas of 2 x 3 x 4 voxels, of which v0 is the first, v1 the next along x."""
    values = np.full((4, 3, 2, CHANNELS[kind]), fill)
    for name, value in voxels.items():
        values[0, 0, int(name[1:])] = value
    return Atlas(kind, values, np.diag([10.0, 10.0, 10.0, 1.0]))


def test_each_type_has_its_use_cases():
    both = ["Highlight columns", "Outline mesh shell"]
    names = {kind: [case.name for case in use_cases(atlas(kind))] for kind in VOXEL_TYPES}
    assert names == {
        "scalar": ["Density", *both],
        "orientation": ["Highlight columns", "Orientation field", "Outline mesh shell"],
        "flatmap": ["Flatmap areas", *both],
        "layer_distance": both,
        "vector": [*both, "Vector field"],
    }


def test_parameters_have_a_schema():
    schemas = {case.name: case.schema() for case in USE_CASES}
    columns = schemas.pop("Highlight columns")
    assert set(columns["properties"]) == {"color", "neighbours", "xz_coordinate"}
    assert sorted(columns["required"]) == ["color", "xz_coordinate"]
    assert all(schema == {"type": "object"} for schema in schemas.values())


def test_areas_of_a_flat_map_have_a_color_each():
    model = visualize(atlas("flatmap", -1, v0=(3, 4), v1=(3, 5)), "Flatmap areas", RunningRequest(), {})
    assert np.array(model.bounds).tolist() == [[0, 0, 0], [20, 10, 10]]
    assert len(np.unique(model.colors, axis=0)) == len(model.colors) == 2
    geometry = model.geometry
    for slot, (low, high) in enumerate(((0, 10), (10, 20))):
        xs = geometry.triangle_vertices[geometry.triangles[geometry.triangle_slots == slot]][..., 0]
        assert (xs.min(), xs.max()) == (low, high)
    far = visualize(atlas("flatmap", -1, v0=(2**50, 4), v1=(3, 2**60)), "Flatmap areas", RunningRequest(), {})
    assert len(far.colors) == 2
    same = visualize(atlas("flatmap", -1, v0=(3, 4), v1=(3.7, 4.2)), "Flatmap areas", RunningRequest(), {})
    assert len(same.colors) == 1
    assert len(same.geometry.triangles) == 2 * 10


def test_columns_and_their_neighbors_have_the_colors_that_are_wanted():
    beside = {"relative_xz": [-1, 3], "color": [0, 1, 0, 1]}
    for name in ("Highlight columns", "Highlight column"):  # the official client's name, and the server's
        model = visualize(atlas("layer_distance"), name, RunningRequest(), {**COLUMN, "neighbours": [beside]})
        assert model.colors.tolist() == [[1, 0, 0, 0.5], [0, 1, 0, 1]]
        assert np.array(model.bounds).tolist() == [[0, -10, 0], [20, 30, 40]]


def test_arrows_have_the_colors_of_their_directions():
    model = visualize(atlas("vector", v0=(1, 0, -1), v1=(-7, 7, 0)), "Vector field", RunningRequest(), {})
    assert model.colors.tolist() == [[1, 0.5, 0, 1], [0, 1, 0.5, 1]]
    assert len(model.geometry.segments) == 2


def test_axes_are_red_green_and_blue():
    model = visualize(atlas("orientation", v0=(1, 0, 0, 0)), "Orientation field", RunningRequest(), None)
    assert model.colors.tolist() == [[1, 0, 0, 1], [0, 1, 0, 1], [0, 0, 1, 1]]
    assert len(model.geometry.segments) == 3


@pytest.mark.parametrize(
    ("kind", "name", "params", "words"),
    [
        ("scalar", "nonsense", {}, "no use case 'nonsense', this atlas has: Density, Highlight columns, Outline"),
        ("scalar", "Vector field", {}, "An atlas of type 'scalar' has no use case 'Vector field'"),
        ("layer_distance", "Layer distance", {}, "is not there, nor does the real renderer show it"),
        ("scalar", "Highlight columns", {}, "Invalid params schema"),
        ("scalar", "Highlight columns", {**COLUMN, "xz_coordinate": [-1, 0]}, "Invalid params schema"),
        ("scalar", "Highlight columns", {**COLUMN, "xz_coordinate": [2, 0]}, "no column .2, 0.: x must be below 2, z"),
        ("scalar", "Highlight columns", {**COLUMN, "xz_coordinate": [0, 4]}, "z below 4"),
        (
            "scalar",
            "Highlight columns",
            {**COLUMN, "neighbours": [{"relative_xz": [0, -1], "color": [0, 0, 0, 0]}]},
            "no column .1, -1.",
        ),
    ],
)
def test_what_there_is_not_is_refused(kind: VoxelType, name: str, params: Any, words: str):
    with pytest.raises(RequestError, match=words) as caught:
        visualize(atlas(kind, v0=1), name, RunningRequest(), params)
    assert caught.value.code == -32602


@pytest.mark.parametrize("name", ["Vector field", "Outline mesh shell"])
def test_an_atlas_without_meaning_shows_nothing(name: str):
    with pytest.raises(RequestError, match="no voxel means something") as caught:
        visualize(atlas("vector"), name, RunningRequest(), {})
    assert caught.value.code == -32603


def test_arrows_that_no_number_holds_are_refused():
    with pytest.raises(RequestError, match="arrows longer than"):
        visualize(atlas("vector", v0=(1e200, 0, 0)), "Vector field", RunningRequest(), {})


@pytest.mark.parametrize(
    ("kind", "name", "params", "words"),
    [
        ("vector", "Vector field", {}, "2 arrows"),
        ("orientation", "Orientation field", {}, "6 axes"),
        ("flatmap", "Flatmap areas", {}, "20 triangles"),
        ("scalar", "Highlight columns", COLUMN, "12 triangles"),
    ],
)
def test_what_does_not_fit_is_refused(kind: VoxelType, name: str, params: Any, words: str):
    filled = atlas(kind, v0=np.arange(1, 1 + CHANNELS[kind]), v1=np.arange(1, 1 + CHANNELS[kind]))
    with allowing(Allowance(1, "all of it")), pytest.raises(RequestError, match=words):
        visualize(filled, name, RunningRequest(), params)
