"""What clients see of simulations: parameters, colors on the picture, errors."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import numpy.typing as npt
import psutil
import pytest
from PIL import Image

from brayns_widget.protocol.brayns.models import LoadInfo
from brayns_widget.service.renderer.loaders.circuits import sonata
from brayns_widget.service.renderer.scene.models import Models
from brayns_widget.service.renderer.scene.playback import Playback
from brayns_widget.service.renderer.tracing.engine import Engine
from brayns_widget.service.rpc.running import RunningRequest
from tests.service.renderer.renderer_process import Client, Failed, client_of, renderer_process
from tests.service.renderer.renderer_process import sonata as add_params

pytestmark = pytest.mark.data

POPULATION = "S1nonbarrel_neurons"
SIMULATION = "simulations/N_10__top_nodes_dim6/simulation_config.json"
RAMP = {"range": [-90, 20], "colors": [[0, 0, 1, 1], [1, 0, 0, 1]]}
SOMA = {"report_type": "compartment", "report_name": "soma_voltage"}


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with renderer_process() as (address, _process):
        yield address


def in_session(address: str, steps: Callable[[Client], Awaitable[None]]) -> None:
    async def session() -> None:
        async with client_of(address) as client:
            await client.call("clear-models")
            await steps(client)

    asyncio.run(session())


async def picture(client: Client, height: float = 30.0, **params: Any) -> npt.NDArray[np.uint8]:
    """Cell 0 from its soma, ``height`` µm of it."""
    view = {"position": [4426.677, -1365.72, -1799.556], "target": [4426.677, -1365.72, -1999.556], "up": [0, 1, 0]}
    camera = {"name": "orthographic", "params": {"height": height}}
    settings = {"format": "png", "size": [64, 64]}
    await client.call("snapshot", {"camera_view": view, "camera": camera, "image_settings": settings, **params})
    return np.asarray(Image.open(io.BytesIO(client.payload)).convert("RGB"))


def test_frames_change_colors_on_the_picture(address: str, data_dir: Path):
    config = data_dir / SIMULATION
    with h5py.File(config.parent / "output" / "soma_voltage.h5") as file:
        voltages = file["report"][POPULATION]["data"][:, 0]
    low, high = int(np.argmin(voltages)), int(np.argmax(voltages))

    async def steps(client: Client) -> None:
        (model,) = await client.call("add-model", add_params(config, **SOMA))
        await client.call("add-light-ambient", {"intensity": 2.0})
        await client.call("set-color-ramp", {"id": model["model_id"], "color_ramp": RAMP})
        assert await client.call("get-color-ramp", {"id": model["model_id"]}) == RAMP
        seen = {}
        for frame in (low, high):
            await client.call("set-simulation-parameters", {"current": frame})
            assert (await client.call("get-simulation-parameters"))["current"] == frame
            seen[frame] = await picture(client)
            red, _green, blue = (int(number) for number in seen[frame][32, 32])
            assert (red > blue) == (frame == high)
        # A picture of another frame leaves the one that is shown.
        np.testing.assert_array_equal(await picture(client, simulation_frame=low), seen[low])
        assert (await client.call("get-simulation-parameters"))["current"] == high
        np.testing.assert_array_equal(await picture(client), seen[high])
        # Without its simulation the model has its own color, and can be given another.
        await client.call("enable-simulation", {"model_id": model["model_id"], "enabled": False})
        color = {"id": model["model_id"], "method": "solid", "values": {"color": [0, 1, 0, 1]}}
        await client.call("color-model", color)
        red, green, blue = (int(number) for number in (await picture(client))[32, 32])
        assert green > 50
        assert (red, blue) == (0, 0)
        await client.call("enable-simulation", {"model_id": model["model_id"], "enabled": True})
        np.testing.assert_array_equal(await picture(client), seen[high])

    in_session(address, steps)


def test_parameters_follow_the_models(address: str, data_dir: Path):
    none = {"current": 0, "dt": 0.0, "end_frame": 0, "start_frame": 0, "unit": "ms"}

    async def steps(client: Client) -> None:
        assert await client.call("get-simulation-parameters") == none
        (spikes,) = await client.call("add-model", add_params(data_dir / SIMULATION, report_type="spikes"))
        assert await client.call("get-simulation-parameters") == {
            **none,
            "current": 2650,
            "dt": 0.01,
            "start_frame": 2650,
            "end_frame": 14090,
        }
        (soma,) = await client.call("add-model", add_params(data_dir / SIMULATION, **SOMA))
        # Both at once: the finer steps, from the first start to the last end.
        both = {**none, "current": 2650, "dt": 0.01, "start_frame": 0, "end_frame": 19990}
        assert await client.call("get-simulation-parameters") == both
        await client.call("remove-model", {"ids": [spikes["model_id"]]})
        ours = await client.call("get-simulation-parameters")
        assert (ours["dt"], ours["end_frame"]) == (0.1, 1999)
        assert ours["current"] <= 1999
        await client.call("remove-model", {"ids": [soma["model_id"]]})
        assert await client.call("get-simulation-parameters") == none

    in_session(address, steps)


def test_what_cannot_be_is_refused(address: str, data_dir: Path):
    async def refused(client: Client, method: str, params: dict[str, Any]) -> tuple[int, str]:
        with pytest.raises(Failed) as caught:
            await client.call(method, params)
        return caught.value.code, caught.value.message

    async def steps(client: Client) -> None:
        (plain,) = await client.call("add-model", add_params(data_dir / SIMULATION))
        (model,) = await client.call("add-model", add_params(data_dir / SIMULATION, **SOMA))
        plain_id, model_id = plain["model_id"], model["model_id"]
        for frame in (2000, 10**12):
            expected = (-32603, "Simulation frame out of range")
            assert await refused(client, "set-simulation-parameters", {"current": frame}) == expected
            assert await refused(client, "snapshot", {"simulation_frame": frame}) == expected
        assert (await client.call("get-simulation-parameters"))["current"] == 0
        assert await refused(client, "enable-simulation", {"model_id": plain_id, "enabled": True}) == (
            0,
            "The model does not have simulation",
        )
        assert await refused(client, "get-color-ramp", {"id": plain_id}) == (
            0,
            "The requested model does not have a color ramp",
        )
        ramps: tuple[dict[str, Any], ...] = (
            {"range": [1, 1]},
            {"range": [5, -5]},
            {"colors": []},
            {"colors": [[1, 1, 1, 1]] * 257},
        )
        for ramp in ramps:
            code, _message = await refused(client, "set-color-ramp", {"id": model_id, "color_ramp": ramp})
            assert code == -32602
        for factor in (0, -1, 1e-40, 1e38, 1e308):
            params = {"model_id": model_id, "radius_multiplier": factor}
            assert (await refused(client, "set-circuit-thickness", params))[0] == -32602

    in_session(address, steps)


def test_circuits_become_thicker_and_thin_again(address: str, data_dir: Path):
    async def steps(client: Client) -> None:
        (model,) = await client.call("add-model", add_params(data_dir / SIMULATION))
        await client.call("add-light-ambient", {"intensity": 2.0})
        model_id = model["model_id"]

        async def seen(factor: float) -> int:
            await client.call("set-circuit-thickness", {"model_id": model_id, "radius_multiplier": factor})
            return int(((await picture(client, 400.0))[:, :, 0] > 40).sum())  # yellow on blue

        thin, thick = await seen(1), await seen(2)
        assert thick > 1.5 * thin
        wide = (await client.call("get-model", {"id": model_id}))["bounds"]
        assert wide["max"][0] > model["bounds"]["max"][0]
        assert await seen(1) == thick  # again with each call
        assert await seen(0.5) == thin

    in_session(address, steps)


def test_thickness_changes_all_radii_as_in_the_real_renderer(address: str, data_dir: Path):
    # As sonata_loader_errors.jsonl has them, before and after a factor of 3.
    plain = {"min": [2406.5032, -2205.7295, -3716.2578], "max": [4660.7646, 862.481, -1781.557]}
    thick = {"min": [2406.3833, -2205.8494, -3716.368], "max": [4661.3354, 862.601, -1781.1465]}
    cells = {"load_soma": True, "load_axon": True, "load_dendrites": True}

    async def steps(client: Client) -> None:
        params = add_params(data_dir / SIMULATION, neuron_morphology_parameters=cells)
        (model,) = await client.call("add-model", params)
        for factor in (3, 1, 2, 0.5):  # the first is recorded; a factor multiplies what is there
            params = {"model_id": model["model_id"], "radius_multiplier": factor}
            await client.call("set-circuit-thickness", params)
            if factor == 2:
                continue
            bounds = (await client.call("get-model", {"id": model["model_id"]}))["bounds"]
            for end in ("min", "max"):
                np.testing.assert_allclose(model["bounds"][end], plain[end], atol=0.02)
                np.testing.assert_allclose(bounds[end], thick[end], atol=0.02)

    in_session(address, steps)


def test_a_frame_costs_no_rebuild_and_files_close_with_their_models(data_dir: Path):
    path = data_dir / SIMULATION
    cells = {"load_soma": True, "load_dendrites": True}
    settings = {
        "node_population": POPULATION,
        "node_percentage": 1.0,
        "report_type": "compartment",
        "report_name": "compartment_voltage",
        "neuron_morphology_parameters": cells,
    }
    loaded = sonata.LOADER.read(str(path), {"node_population_settings": [settings]}, RunningRequest())
    with Engine(1) as engine:
        models = Models(lambda: engine.scene)
        info = LoadInfo(load_parameters={}, loader_name="", path="", source="none")
        (model,) = models.add_loaded(loaded, info, RunningRequest())
        playback = Playback(models)
        engine.scene.commit()
        built, revision = engine.scene.traced[0], engine.scene.revision
        playback.seek(60)
        engine.scene.commit()
        assert engine.scene.traced[0] == built
        assert engine.scene.revision > revision
        assert model.simulation is not None
        assert open_reports()
        models.clear()
        assert not open_reports()


def open_reports() -> list[str]:
    return [file.path for file in psutil.Process().open_files() if file.path.endswith(".h5")]
