"""What each pixel shows, beside what single rays hit, and beside brute force in double precision."""

from __future__ import annotations

import time
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import libsonata
import morphio
import numpy as np
import numpy.typing as npt
import pytest

from brayns_widget.protocol.errors import CANCELLED, RequestError
from brayns_widget.service.renderer.context import Context
from brayns_widget.service.renderer.loaders.registry import LOADERS
from brayns_widget.service.renderer.methods import METHODS
from brayns_widget.service.renderer.tracing.engine import Engine
from brayns_widget.service.rpc.running import RunningRequest
from tests.service.renderer.loaders.circuits.circuits import places, write_circuit

SIZE = 160, 90
ALL = {"load_soma": True, "load_axon": True, "load_dendrites": True}
SECTION_TYPES = ["soma", "axon", "dendrite", "apical_dendrite"]
Doubles = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Buffer:
    """An unpacked answer; entry 0 is nothing."""

    numbers: npt.NDArray[np.uint32]
    cells: Doubles
    models: npt.NDArray[np.int32]
    sections: npt.NDArray[np.int32]
    types: npt.NDArray[np.uint8]

    @classmethod
    def of(cls, result: dict[str, Any], payload: bytes) -> Buffer:
        raw = zlib.decompress(payload)
        parts, at = [], 0
        count, pixels = result["count"], result["width"] * result["height"]
        for kind, size in (("<u4", pixels), ("<f8", count), ("<i4", count), ("<i4", count), ("u1", count)):
            parts.append(np.frombuffer(raw, kind, size, at))
            at += parts[-1].nbytes
        assert at == len(raw)
        numbers, *entries = parts
        assert numbers.max() == count
        nothing = np.array([-1]), np.array([-1]), np.array([-1]), np.array([255])
        columns = (np.concatenate(pair) for pair in zip(nothing, entries, strict=True))
        return cls(numbers.reshape(result["height"], result["width"]), *columns)

    def at(self, column: int, row: int) -> tuple[int, int, int, int]:
        """Model, cell, section and type."""
        number = self.numbers[row, column]
        parts = (self.models, self.cells, self.sections, self.types)
        model, cell, section, kind = (int(part[number]) for part in parts)
        return model, cell, section, kind


@pytest.fixture
def context() -> Iterator[Context]:
    context = Context(METHODS, LOADERS)
    context.start(lambda: Engine(2))
    context.viewport = SIZE
    yield context
    context.close()


def call(context: Context, method: str, params: Any = None, request: RunningRequest | None = None) -> Any:
    return METHODS[method].call(context, params, memoryview(b""), request or RunningRequest())


def render_ids(context: Context) -> Buffer:
    result, payload = call(context, "render-ids")
    assert (result["width"], result["height"]) == context.viewport
    assert result["section_types"] == SECTION_TYPES
    return Buffer.of(result, bytes(payload))


def load(context: Context, path: Path, population: str, **more: Any) -> dict[str, Any]:
    settings = {"node_population": population, "node_percentage": 1.0, "neuron_morphology_parameters": ALL, **more}
    params = {
        "path": str(path),
        "loader_name": "SONATA loader",
        "loader_properties": {"node_population_settings": [settings]},
    }
    models: list[dict[str, Any]] = call(context, "add-model", params)[0]
    return models[0]


def look_at(context: Context, model: dict[str, Any], distance: float, side: str = "z") -> None:
    """Look at the middle of a model from a distance in lengths of its longest side."""
    low, high = (np.array(model["bounds"][end]) for end in ("min", "max"))
    middle = (low + high) / 2
    position = middle + np.eye(3)["xyz".index(side)] * distance * (high - low).max()
    up = [0, 1, 0] if side != "y" else [1, 0, 0]
    call(context, "set-camera-view", {"position": position.tolist(), "target": middle.tolist(), "up": up})


def inspect(context: Context, column: int, row: int) -> dict[str, Any]:
    width, height = context.viewport
    position = [(column + 0.5) / width, 1 - (row + 0.5) / height]
    result: dict[str, Any] = call(context, "inspect", {"position": position})[0]
    return result


def test_nothing_is_seen_in_an_empty_scene(context: Context):
    buffer = render_ids(context)
    assert buffer.numbers.shape == SIZE[::-1]
    assert not buffer.numbers.any()


def test_pixels_show_what_single_rays_hit(context: Context, tmp_path: Path):
    """Two models of cells share one of Embree's geometries; their instances and a mesh have others."""
    path = write_circuit(tmp_path, places(3))
    first, second = load(context, path, "cells"), load(context, path, "cells", node_ids=[2])
    up = {"rotation": [0, 0, 0, 1], "scale": [1, 1, 1], "translation": [0, 12, 0]}
    call(context, "instantiate-model", {"model_id": first["model_id"], "transforms": [up]})
    call(
        context,
        "update-model",
        {"model_id": second["model_id"], "model": {"transform": {**up, "translation": [5, -8, 0]}}},
    )
    call(context, "add-spheres", [{"geometry": {"center": [10, -16, 0], "radius": 5}, "color": [1, 0, 0, 1]}])
    look_at(context, first, 2.0)
    buffer = render_ids(context)
    seen = set()
    for row, column in np.argwhere(buffer.numbers)[::5]:
        model, cell, section, kind = buffer.at(column, row)
        found = inspect(context, column, row)
        assert found["hit"]
        assert found["model_id"] == model
        assert (found["metadata"] or {}).get("neuron_id", -1) == cell
        assert (kind == 0) == (section == 0)
        seen.add((model, cell))
    for row, column in np.argwhere(buffer.numbers == 0)[::50]:
        assert not inspect(context, column, row)["hit"]
    assert {model for model, _cell in seen} == {model.id for model in context.models}
    assert {cell for _model, cell in seen} == {-1, 0, 1, 2}


def test_what_is_hidden_or_transparent_throughout_is_not_seen(context: Context, tmp_path: Path):
    path = write_circuit(tmp_path, {"x": [0.0, 0.0], "y": [0.0, 0.0], "z": [0.0, -40.0]})
    model = load(context, path, "cells")
    look_at(context, model, 3.0)
    column, row = SIZE[0] // 2, SIZE[1] // 2
    assert render_ids(context).at(column, row)[:2] == (model["model_id"], 0)
    colors = {"id": model["model_id"], "method": "id", "values": {"0": [1, 1, 1, 0]}}
    call(context, "color-model", colors)
    assert render_ids(context).at(column, row)[:2] == (model["model_id"], 1)
    call(context, "update-model", {"model_id": model["model_id"], "model": {"is_visible": False}})
    assert not render_ids(context).numbers.any()


def pick(context: Context, column: int, row: int) -> dict[str, Any]:
    width, height = context.viewport
    result: dict[str, Any] = call(context, "pick", {"position": [(column + 0.5) / width, (row + 0.5) / height]})[0]
    return result


@pytest.mark.parametrize("floor", [0.0, 2.0])
def test_picks_tell_the_place_on_the_cell(context: Context, tmp_path: Path, floor: float):
    """The dendrite of each cell goes from 3 to 10 µm along x; in the other model along y, and twice as far."""
    model = load(context, write_circuit(tmp_path, places(2)), "cells")
    turned = {"rotation": [0, 0, 0.5**0.5, 0.5**0.5], "scale": [2, 2, 2], "translation": [0, 5, 0]}
    call(context, "instantiate-model", {"model_id": model["model_id"], "transforms": [turned]})
    look_at(context, model, 3.0)
    call(context, "set-radius-floor", {"pixels": floor})
    buffer = render_ids(context)
    kinds = set()
    for row, column in np.argwhere(buffer.numbers)[::3]:
        found = pick(context, column, row)
        assert found["hit"]
        assert found["model_id"] in {0, 1}
        key = (found["model_id"], found["cell"], found["section"], SECTION_TYPES.index(found["section_type"]))
        assert key == buffer.at(column, row)
        kinds.add(key[:3])
        if found["section"] == 0:
            assert "part" not in found
            assert "distance" not in found
            continue
        x, y, _z = found["position"]
        way = x - 10 * found["cell"] if found["model_id"] == 0 else (y - 5) / 2 - 10 * found["cell"]
        assert found["distance"] == pytest.approx(np.clip(way - 3, 0, 7), abs=0.15)  # the surface is slanted
        assert found["part"] == pytest.approx(found["distance"] / 7)
    assert {(0, 0, 0), (0, 0, 1), (0, 1, 1), (1, 0, 1)} <= kinds
    row, column = np.argwhere(buffer.numbers == 0)[0]
    assert pick(context, column, row) == {"hit": False}
    assert call(context, "pick", {"position": [1.5, 0.5]})[0] == {"hit": False}


def test_picks_of_what_is_no_cell(context: Context):
    call(context, "add-spheres", [{"geometry": {"center": [0, 0, 0], "radius": 5}, "color": [1, 0, 0, 1]}])
    call(context, "set-camera-view", {"position": [0, 0, 20], "target": [0, 0, 0], "up": [0, 1, 0]})
    found = pick(context, SIZE[0] // 2, SIZE[1] // 2)
    assert found.pop("position") == pytest.approx([0, 0, 5], abs=0.1)
    assert found == {"hit": True, "model_id": 0}


def test_picks_of_a_picture_of_another_shape(context: Context):
    call(context, "add-spheres", [{"geometry": {"center": [10, 0, 0], "radius": 0.5}, "color": [1, 0, 0, 1]}])
    call(context, "set-camera-view", {"position": [0, 0, 20], "target": [0, 0, 0], "up": [0, 1, 0]})
    call(context, "set-camera-perspective", {"fovy": 90})  # so that x = ±20 · aspect at the edges
    for aspect in (1.0, 2.0, 4.0):
        point = {"position": [0.5 + 10 / (40 * aspect), 0.5]}
        assert call(context, "pick", point | {"aspect": aspect})[0]["hit"]
        assert not call(context, "pick", point)[0]["hit"]
    for aspect in (0, -1, 1000):
        with pytest.raises(RequestError):
            call(context, "pick", {"position": [0.5, 0.5], "aspect": aspect})


@pytest.mark.data
def test_distances_of_real_cells_are_those_of_their_morphologies(context: Context, data_dir: Path):
    """Each pick's distance is that of the nearest place on the section, by MorphIO and the circuit's own rotations."""
    path = data_dir / "tiny_circuits/nbS1-O1-E2Sst-maxNsyn-HEX0-L5/circuit_config.json"
    population = "S1nonbarrel_neurons"
    model = load(context, path, population)
    look_at(context, model, 0.5)
    buffer = render_ids(context)
    config = libsonata.CircuitConfig.from_file(str(path))
    nodes, properties = config.node_population(population), config.node_population_properties(population)
    container = dict(properties.alternate_morphology_formats).get("h5v1")
    collection = morphio.Collection(container or properties.morphologies_dir, [".h5"] if container else [".swc"])
    seen = 0
    for row, column in np.argwhere(buffer.numbers)[::3]:
        found = pick(context, column, row)
        if found["section"] == 0:
            continue
        cell = found["cell"]
        section = collection.load(nodes.get_attribute("morphology", cell)).section(found["section"] - 1)
        w, *u = (nodes.get_attribute(f"orientation_{axis}", cell) for axis in "wxyz")
        place = np.array(found["position"]) - [nodes.get_attribute(axis, cell) for axis in "xyz"]
        place = place - 2 * np.cross(u, w * place - np.cross(u, place))  # turned back
        points = section.points.astype(float)
        before = 0.0
        while not section.is_root:
            section = section.parent
            before += float(np.linalg.norm(np.diff(section.points.astype(float), axis=0), axis=1).sum())
        steps = np.diff(points, axis=0)
        lengths = np.linalg.norm(steps, axis=1)
        shares = np.clip(np.einsum("ij,ij->i", place - points[:-1], steps) / np.maximum(lengths, 1e-9) ** 2, 0, 1)
        gaps = np.linalg.norm(points[:-1] + shares[:, None] * steps - place, axis=1)
        near = int(np.argmin(gaps))
        expected = lengths[:near].sum() + shares[near] * lengths[near]
        assert gaps[near] < 4  # radii, smoothed
        assert found["distance"] == pytest.approx(before + expected, abs=3.0)
        assert found["part"] == pytest.approx(expected / lengths.sum(), abs=3 / max(3, lengths.sum()))
        seen += 1
    assert seen > 50


def test_it_can_be_cancelled(context: Context, tmp_path: Path):
    load(context, write_circuit(tmp_path, places(1)), "cells")
    request = RunningRequest()
    request.cancel()
    with pytest.raises(RequestError) as caught:
        call(context, "render-ids", request=request)
    assert caught.value.code == CANCELLED


@pytest.mark.data
@pytest.mark.parametrize("distance", [1.0, 0.15])
def test_ids_take_less_than_three_tenths_of_a_picture_at_rest(context: Context, data_dir: Path, distance: float):
    """The picture is a widget's: 16 samples with one ambient ray. Of several times the shortest counts."""
    circuit = data_dir / "tiny_circuits/N_10__top_nodes_dim6/circuit_config.json"
    context.viewport = 640, 360
    look_at(context, load(context, circuit, "S1nonbarrel_neurons"), distance)
    call(context, "set-renderer-interactive", {"samples_per_pixel": 16, "ao_samples": 1, "enable_shadows": True})

    def ids(_number: int) -> None:
        call(context, "render-ids")

    def picture(number: int) -> None:
        call(context, "set-camera-perspective", {"fovy": 45 + 0.01 * number})  # another picture
        while call(context, "render-image", {"jpeg_quality": 90, "force": True})[0]["accumulation"] < 16:
            pass

    def shortest(work: Callable[[int], None]) -> float:
        times = []
        for number in range(4):
            begin = time.perf_counter()
            work(number)
            times.append(time.perf_counter() - begin)
        return min(times)

    assert shortest(ids) < 0.3 * shortest(picture)


def depths(origin: Doubles, direction: Doubles, starts: Doubles, ends: Doubles) -> Doubles:
    """Where a ray enters round cones, each from a sphere to another (N, 4: center, radius); infinite where it does not.

    A round cone is all spheres between its two: the ray enters it where it enters one of them first. Along the axis
    that depth is convex where the ray meets a sphere, so thirds find the least.
    """
    axes, centers = ends - starts, starts[:, :3] - origin
    ahead, step = centers @ direction, axes[:, :3] @ direction
    across, across_step = centers - ahead[:, None] * direction, axes[:, :3] - step[:, None] * direction

    def room(at: Doubles) -> Doubles:
        offset = across + at[:, None] * across_step
        squared: Doubles = (starts[:, 3] + at * axes[:, 3]) ** 2 - np.einsum("ij,ij->i", offset, offset)
        return squared

    square = axes[:, 3] ** 2 - np.einsum("ij,ij->i", across_step, across_step)
    linear = 2 * (starts[:, 3] * axes[:, 3] - np.einsum("ij,ij->i", across, across_step))
    nothing, one = np.zeros(len(axes)), np.ones(len(axes))
    with np.errstate(divide="ignore", invalid="ignore"):
        best = np.where(square < 0, np.clip(-linear / (2 * square), 0, 1), room(one) > room(nothing))
    result = np.full(len(axes), np.inf)
    (hit,) = np.nonzero(room(best) >= 0)
    if 0 < len(hit) < len(axes):
        result[hit] = depths(origin, direction, starts[hit], ends[hit])
    elif len(hit):
        low, high = np.zeros(len(axes)), np.ones(len(axes))
        for _ in range(100):
            first, second = low + (high - low) / 3, high - (high - low) / 3
            depth = [
                np.where(room(at) >= 0, ahead + at * step - np.sqrt(np.maximum(room(at), 0)), np.inf)
                for at in (first, second)
            ]
            # Where neither place is met, the one nearer to the best is better.
            nearer = np.where(
                np.isinf(depth[0]) & np.isinf(depth[1]), abs(first - best) < abs(second - best), depth[0] < depth[1]
            )
            low, high = np.where(nearer, low, first), np.where(nearer, second, high)
        at = (low + high) / 2
        result = ahead + at * step - np.sqrt(np.maximum(room(at), 0))
    return result


@pytest.mark.data
@pytest.mark.parametrize("distance", [1.0, 0.15])
@pytest.mark.parametrize("circuit", ["N_10__top_nodes_dim6", "nbS1-O1-E2Sst-maxNsyn-HEX0-L5"])
def test_ids_of_real_cells_agree_with_brute_force(context: Context, data_dir: Path, circuit: str, distance: float):
    """Cell and section are right in all pixels but those whose ray lies within a thousandth of a radius of an edge."""
    context.viewport = 640, 360
    model = load(context, data_dir / "tiny_circuits" / circuit / "circuit_config.json", "S1nonbarrel_neurons")
    look_at(context, model, distance)
    call(context, "set-camera-perspective", {"fovy": 40.0})
    buffer = render_ids(context)
    entry = context.models[model["model_id"]]
    assert entry.handle is not None
    assert entry.coloring is not None
    geometry = context.engine.scene.geometry(entry.handle)
    starts, ends = (
        np.concatenate((geometry.vertices[geometry.segments + end], geometry.spheres)).astype(np.float64)
        for end in (0, 1)
    )
    slots = np.concatenate((geometry.segment_slots, geometry.sphere_slots)).astype(np.int32)
    elements = entry.elements(slots)
    width, height = context.viewport
    rng = np.random.default_rng(14)
    hits, misses = np.argwhere(buffer.numbers), np.argwhere(buffer.numbers == 0)
    pixels = np.concatenate((rng.permutation(hits)[:100], rng.permutation(misses)[:25]))  # 500 in all four
    origin = np.array(context.view.position)
    forward = np.array(context.view.target) - origin
    forward /= np.linalg.norm(forward)
    right = np.cross(forward, context.view.up)
    right /= np.linalg.norm(right)
    top, plane = np.cross(right, forward), 2 * np.tan(np.radians(20.0))
    wider = np.array([1, 1, 1, 1.001])
    unsure = 0
    for row, column in pixels:
        across, up = ((column + 0.5) / width - 0.5) * plane * width / height, (0.5 - (row + 0.5) / height) * plane
        direction = forward + across * right + up * top
        direction /= np.linalg.norm(direction)
        found = depths(origin, direction, starts, ends)
        first = int(np.argmin(found))
        expected = (elements.cells[first], elements.sections[first]) if np.isfinite(found[first]) else (-1, -1)
        _model, cell, section, _type = buffer.at(column, row)
        if (cell, section) == expected:
            continue
        unsure += 1
        loose = depths(origin, direction, starts * wider, ends * wider)
        tight = depths(origin, direction, starts / wider, ends / wider)
        ours = (elements.cells == cell) & (elements.sections == section)
        if cell < 0:
            assert np.isinf(tight).all(), (row, column, expected)
        else:
            nearest, radius = loose[ours].min(), starts[ours][np.argmin(loose[ours]), 3]
            assert nearest <= tight.min() + 0.002 * radius, (row, column, cell, section, expected)
    assert unsure <= 10
