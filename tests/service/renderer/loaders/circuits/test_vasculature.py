"""Vessels: where their pieces are, how thick, and what is said of bad ones."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from brayns_widget.protocol.errors import RequestError
from brayns_widget.service.renderer.content.geometry import Geometry
from brayns_widget.service.renderer.content.ramps import ColorRamp
from brayns_widget.service.renderer.content.simulation import Simulation
from brayns_widget.service.renderer.loaders.base import LoadedModel
from brayns_widget.service.renderer.loaders.circuits import sonata
from brayns_widget.service.rpc.running import RunningRequest
from tests.service.renderer.loaders.circuits.circuits import write_circuit, write_report, write_simulation
from tests.service.renderer.renderer_process import Failed, client_of, renderer_process
from tests.service.renderer.renderer_process import sonata as sonata_params

# A vessel along x that narrows, in three pieces.
VESSEL: dict[str, list[float]] = {
    "start_x": [0.0, 10.0, 20.0],
    "start_y": [1.0] * 3,
    "start_z": [2.0] * 3,
    "start_diameter": [8.0, 6.0, 4.0],
    "end_x": [10.0, 20.0, 30.0],
    "end_y": [1.0] * 3,
    "end_z": [2.0] * 3,
    "end_diameter": [6.0, 4.0, 2.0],
}


def circuit(folder: Path, attributes: dict[str, list[float]]) -> Path:
    path = write_circuit(folder, attributes, kind="vasculature")
    config = json.loads(path.read_text())
    population = config["networks"]["nodes"][0]["populations"]["cells"]
    population |= {"vasculature_file": "vessels.h5", "vasculature_mesh": "vessels.obj"}  # SONATA wants their names
    path.write_text(json.dumps(config))
    return path


def load(folder: Path, attributes: dict[str, list[float]], **settings: Any) -> LoadedModel:
    return load_vessels(circuit(folder, attributes), **settings)


def load_vessels(path: Path, **settings: Any) -> LoadedModel:
    settings = {"node_population": "cells", "node_percentage": 1.0, **settings}
    (model,) = sonata.LOADER.read(str(path), {"node_population_settings": [settings]}, RunningRequest())
    return model


def test_each_node_is_a_cone_between_its_ends(tmp_path: Path):
    model = load(tmp_path, VESSEL)
    geometry = model.geometry
    assert model.kind == "vasculature"
    assert geometry.vertices[geometry.segments].tolist() == [[0, 1, 2, 4], [10, 1, 2, 3], [20, 1, 2, 2]]
    assert geometry.vertices[geometry.segments + 1].tolist() == [[10, 1, 2, 3], [20, 1, 2, 2], [30, 1, 2, 1]]
    blue = [0.0, 0.0, 1.0, 1.0]
    assert model.coloring is not None
    assert model.coloring.methods() == ["id", "solid"]
    assert model.coloring.colors[0].tolist() == [1, 0, 0, 1]
    assert model.coloring.color("id", {"1": blue})[1].tolist() == blue
    assert model.coloring.colors[0].tolist() != blue


def test_vessels_are_colored_by_their_type(tmp_path: Path):
    kinds: Any = {"type": ["artery", "vein", "artery"]}
    coloring = load(tmp_path, VESSEL | kinds).coloring
    assert coloring.methods() == ["id", "solid", "vasculature section type"]
    assert coloring.values("vasculature section type") == ["artery", "vein"]
    blue = [0.0, 0.0, 1.0, 1.0]
    colors = coloring.color("vasculature section type", {"artery": blue}).tolist()
    assert [color == blue for color in colors] == [True, False, True]


def test_nodes_are_chosen_and_radii_scaled(tmp_path: Path):
    model = load(tmp_path, VESSEL, node_ids=[2], vasculature_geometry_parameters={"radius_multiplier": 3})
    assert model.ids is not None
    assert model.ids.tolist() == [2]
    assert model.geometry.vertices.tolist() == [[20, 1, 2, 6], [30, 1, 2, 3]]


@pytest.mark.parametrize(
    ("attributes", "settings", "message"),
    [
        ({name: VESSEL[name] for name in VESSEL if name != "end_z"}, {}, "has no attribute 'end_z'"),
        (VESSEL | {"end_x": [1.0, np.nan, 2.0]}, {}, "has no finite place"),
        (VESSEL | {"end_diameter": [1.0, 1.0, -2.0]}, {}, "nodes.h5 has no finite place, or a neg"),
        (VESSEL, {"report_type": "bloodflow_speed"}, "No simulation configuration available"),
    ],
)
def test_what_cannot_be_shown_is_said(tmp_path: Path, attributes: Any, settings: dict[str, Any], message: str):
    with pytest.raises(RequestError) as caught:
        load(tmp_path, attributes, **settings)
    assert message in caught.value.message


@pytest.mark.parametrize("kind", ["bloodflow_pressure", "bloodflow_speed"])
def test_vessels_show_their_blood_flow(tmp_path: Path, kind: str):
    path = write_simulation(circuit(tmp_path, VESSEL), "compartment")
    write_report(tmp_path / "recorded.h5", [2, 0], [[0], [0]], [[1, 0], [0.25, 1]], step=0.1, unit="s")
    model = load_vessels(path, report_type=kind, report_name="recorded")
    try:
        assert model.simulation is not None
        assert model.coloring is not None
        line = model.simulation.timeline
        assert (line.unit, line.dt, line.end) == ("ms", 100.0, 1)  # the time of all reports
        model.simulation.ramp = ColorRamp(np.eye(4, dtype=np.float32)[[0, 2]], 0.0, 1.0)
        red, blue = [1, 0, 0, 0], [0, 0, 1, 0]
        assert model.colors[[0, 2]].tolist() == [red, blue]
        np.testing.assert_array_equal(model.colors[1], model.coloring.colors[1])  # has no value
        model.simulation.seek(100.0)
        assert model.colors[0].tolist() == blue
        assert model.colors[2, 2] == pytest.approx(0.25, abs=0.01)
    finally:
        model.close()


def test_vessels_have_their_radii(tmp_path: Path):
    path = write_simulation(circuit(tmp_path, VESSEL), "compartment")
    write_report(tmp_path / "recorded.h5", [2, 0], [[0], [0]], [[1, 7], [np.nan, -1]])
    params = {"vasculature_geometry_parameters": {"radius_multiplier": 2.0}}
    model = load_vessels(path, report_type="bloodflow_radii", report_name="recorded", **params)
    try:
        simulation = model.simulation
        assert simulation is not None
        assert model.coloring is not None
        own = [6, 4]  # of vessel 1, which has no value
        assert model.geometry.vertices[:, 3].tolist() == [14, 14, *own, 2, 2]
        np.testing.assert_array_equal(model.colors, model.coloring.colors)
        simulation.seek(0.5)
        assert shape_of(simulation).vertices[:, 3].tolist() == [0, 0, *own, 0, 0]
        simulation.enabled = False
        assert shape_of(simulation).vertices[:, 3].tolist() == [8, 6, *own, 4, 2]
    finally:
        model.close()


def shape_of(simulation: Simulation) -> Geometry:
    shape = simulation.shape()
    assert shape is not None
    return shape


def test_vessels_change_with_the_frames(tmp_path: Path):
    path = write_simulation(circuit(tmp_path, VESSEL), "compartment")
    write_report(tmp_path / "recorded.h5", [0, 1, 2], [[0]] * 3, [[1, 1, 1], [4, 4, 4]])
    params = sonata_params(path, "cells", report_type="bloodflow_radii", report_name="recorded")

    async def scenario(address: str) -> None:
        async with client_of(address) as client:
            (model,) = await client.call("add-model", params)
            model_id = model["model_id"]

            async def height() -> float:
                bounds = (await client.call("get-model", {"id": model_id}))["bounds"]
                return float(bounds["max"][1] - bounds["min"][1])

            assert await height() == 2
            await client.call("set-simulation-parameters", {"current": 1})
            assert await height() == 8
            await client.call("set-circuit-thickness", {"model_id": model_id, "radius_multiplier": 2})
            assert await height() == 16
            await client.call("set-simulation-parameters", {"current": 0})
            assert await height() == 4
            await client.call("enable-simulation", {"model_id": model_id, "enabled": False})
            assert await height() == 16  # as the file has them, twice
            with pytest.raises(Failed, match="does not have a color ramp"):
                await client.call("get-color-ramp", {"id": model_id})

    with renderer_process() as (address, _process):
        asyncio.run(scenario(address))


def test_reports_that_vessels_cannot_show_are_refused(tmp_path: Path):
    path = write_simulation(circuit(tmp_path, VESSEL), "compartment")
    write_report(tmp_path / "recorded.h5", [0, 1], [[0], [0, 1]], [[1, 2, 3]])

    def failure(**settings: Any) -> str:
        with pytest.raises(RequestError) as caught:
            load_vessels(path, report_name="recorded", **settings)
        return caught.value.message

    assert failure(report_type="spikes") == "Vessels of population cells cannot show a report of type 'spikes'"
    assert failure(report_type="bloodflow_speed").endswith("it has more than one value for vessel 1")
    assert failure(report_type="bloodflow_speed", node_ids=[2]).endswith("it has no values of what is to be loaded")
