"""Materials of models through the socket."""

from __future__ import annotations

import asyncio
import io
import math
from typing import Any

import numpy as np
import numpy.typing as npt
import OpenEXR
import pytest
from PIL import Image

from brayns_widget.protocol.brayns.materials import MATERIALS
from brayns_widget.service.renderer.tracing.materials import FLAKE_EXTINCTION, FLAKE_INDEX
from brayns_widget.service.renderer.translation.albedo import mirrored_once
from tests.service.renderer.renderer_process import Failed, client_of, renderer_process
from tests.service.renderer.stage import empty_stage, sphere

TRIANGLE = "OFF\n3 1 0\n-3 -3 0\n3 -3 0\n0 3 0\n3 0 1 2\n"
DEFAULTS = {
    "carpaint": {"flake_density": 0},
    "emissive": {"color": [1, 1, 1], "intensity": 1},
    "ghost": {},
    "glass": {"index_of_refraction": 1.5},
    "matte": {"opacity": 1},
    "metal": {"roughness": 0.1},
    "phong": {"opacity": 1},
    "plastic": {"opacity": 1},
}


@pytest.fixture(scope="module")
def address():
    with renderer_process() as (address, _process):
        yield address


@pytest.fixture
def mesh(tmp_path):
    path = tmp_path / "triangle.off"
    path.write_text(TRIANGLE)
    return {"path": str(path), "loader_name": "mesh", "loader_properties": {}}


async def refusal(client, method, params):
    with pytest.raises(Failed) as failed:
        await client.call(method, params)
    return failed.value.code, failed.value.message


def test_one_material_a_model_with_the_defaults_of_its_type(address, mesh):
    async def run():
        async with client_of(address) as client:
            await client.call("clear-models")
            model = (await client.call("add-model", mesh))[0]["model_id"]
            assert await client.call("get-material-type", {"id": model}) == "phong"
            for name in MATERIALS:
                await client.call(f"set-material-{name}", {"model_id": model, "material": {}})
                assert await client.call("get-material-type", {"id": model}) == name
                material = await client.call(f"get-material-{name}", {"id": model})
                assert material == DEFAULTS.get(name, material)
                other = "glass" if name != "glass" else "metal"
                refused = (-32600, f"Invalid material type (should be {name!r})")
                assert await refusal(client, f"get-material-{other}", {"id": model}) == refused
            await client.call("set-material-emissive", {"model_id": model, "material": {"intensity": 2}})
            await client.call("set-material-emissive", {"model_id": model, "material": {"color": [1, 0, 0]}})
            assert await client.call("get-material-emissive", {"id": model}) == {"color": [1, 0, 0], "intensity": 1}

    asyncio.run(run())


def test_what_has_no_surface_has_no_material(address):
    async def run():
        async with client_of(address) as client:
            await client.call("clear-models")
            light = (await client.call("add-light-ambient", {}))["model_id"]
            refused = (0, f"Model {light} (light) has no material")
            assert await refusal(client, "get-material-type", {"id": light}) == refused
            assert await refusal(client, "set-material-metal", {"model_id": light, "material": {}}) == refused
            assert await refusal(client, "get-material-matte", {"id": 77}) == (-32602, "No model found with ID 77")

    asyncio.run(run())


def test_numbers_out_of_range_are_refused(address, mesh):
    async def run():
        async with client_of(address) as client:
            await client.call("clear-models")
            model = (await client.call("add-model", mesh))[0]["model_id"]
            for name, material in (
                ("matte", {"opacity": 1.5}),
                ("metal", {"roughness": 0}),
                ("glass", {"index_of_refraction": 0}),
                ("emissive", {"intensity": -1}),
                ("ghost", {"opacity": 1}),
            ):
                code, _message = await refusal(
                    client, f"set-material-{name}", {"model_id": model, "material": material}
                )
                assert code == -32602
            assert await client.call("get-material-type", {"id": model}) == "phong"

    asyncio.run(run())


def test_a_material_is_seen_in_the_next_picture(address, mesh):
    async def run():
        async with client_of(address) as client:
            await client.call("clear-models")
            model = (await client.call("add-model", mesh))[0]["model_id"]
            await client.call("set-camera-view", {"position": [0, 0, 5], "target": [0, 0, 0], "up": [0, 1, 0]})
            await client.call("set-application-parameters", {"viewport": [64, 64]})
            await client.call("set-renderer-production", {"samples_per_pixel": 1})
            seen = []
            for color in ([1, 0, 0], [0, 1, 0]):
                await client.call("set-material-emissive", {"model_id": model, "material": {"color": color}})
                await client.call("render-image", {"format": "png"})
                seen.append(np.asarray(Image.open(io.BytesIO(client.payload)))[32, 32, :3].argmax())
            assert seen == [0, 1]

    asyncio.run(run())


ORANGE = np.array([0.8, 0.4, 0.2])  # the color of the ball that materials are looked at on; its radius is 2
BLUE = [0.1, 0.2, 0.9]
SKY = ("add-light-ambient", {"intensity": 1})
SUN = ("add-light-directional", {"direction": [0, 0, -1], "intensity": math.pi})  # white matte is 1 where it faces it
MIDDLE, BESIDE, RIM = 0.0, 1.0, 1.9  # x of what is looked at, y is 0


def slope(x: float) -> float:
    """The cosine of the angle between the ball's normal and the camera's direction, which is the sun's, too."""
    return math.sqrt(1 - (x / 2) ** 2)


def fresnel(index: float) -> float:
    """What is reflected head-on between air and an index of refraction."""
    return ((index - 1) / (index + 1)) ** 2


def schlick(x: float, edge: npt.ArrayLike = 1.0) -> Any:
    """What metal of the ball's color reflects."""
    return ORANGE + (np.array(edge) - ORANGE) * (1 - slope(x)) ** 5


def conductor(c: Any, tint: npt.ArrayLike = 1.0) -> Any:
    """What metal of the ball's color and a tint of its edges reflects at a cosine, by Gulbrandsen and Fresnel."""
    root, tint = np.sqrt(ORANGE), np.array(tint)
    n = tint * (1 - ORANGE) / (1 + ORANGE) + (1 - tint) * (1 + root) / (1 - root)
    square = n**2 + ((n + 1) ** 2 * ORANGE - (n - 1) ** 2) / (1 - ORANGE)
    parallel = (square * c**2 - 2 * n * c + 1) / (square * c**2 + 2 * n * c + 1)
    across = (square - 2 * n * c + c**2) / (square + 2 * n * c + c**2)
    return (parallel + across) / 2


COSINES = (np.arange(1000)[:, None] + 0.5) / 1000
MEAN = {  # of what metal reflects of light from everywhere
    "metal": ORANGE + (1 - ORANGE) / 21,
    "principled": np.polyval([0.27871, -0.39503, 1.01615, 0.10127], ORANGE),  # Kulla and Conty's fit, white at edges
}


def scattered_again(x: float, roughness: float, mean: Any) -> Any:
    """What metal scatters of the sun's light after several reflections, by Kulla and Conty."""
    table, once = mirrored_once(roughness)
    hidden = 1 - np.interp(slope(x), np.linspace(0, 1, len(table)), table)
    return mean**2 * once / (1 - mean * (1 - once)) * hidden**2 / (1 - once) * slope(x)


def coated(color: npt.ArrayLike) -> Any:
    """What is left of the sky's light that passes a coat slantwise, unrefracted, and straight to the camera."""
    return (2 * COSINES * np.array(color) ** (1 + 1 / COSINES)).mean(0)


def highlight(x: float, width: float) -> float:
    """What a GGX lobe of white metal scatters of the sun's light to the camera."""
    cosine = slope(x)
    steepness = (1 - cosine**2) / cosine**2  # the square of the tangent
    density = 1 / (math.pi * width**2 * cosine**4 * (1 + steepness / width**2) ** 2)
    shown = 1 / math.sqrt(1 + width**2 * steepness)  # by Smith, on the light's way in and out, which is the same
    return math.pi * density * shown / (4 * cosine)


@pytest.fixture
def shown(address, tmp_path):
    """Show the ball in a material; gives the production renderer's linear light around some x."""

    async def light(lamp, x, name, material) -> Any:
        async with empty_stage(address) as client:
            await client.call("clear-lights")
            model = (await client.call("add-spheres", [sphere(radius=2, color=[*ORANGE, 1])]))["model_id"]
            await client.call(*lamp)
            await client.call(f"set-material-{name}", {"model_id": model, "material": material})
            await client.call("set-renderer-production", {"samples_per_pixel": 64, "max_ray_bounces": 4})
            await client.call("set-camera-view", {"position": [x, 0, 10], "target": [x, 0, 0], "up": [0, 1, 0]})
            await client.call("set-camera-orthographic", {"height": 0.04})
            await client.call("export-gbuffers", {"channels": ["color"], "resolution": [16, 16]})
            path = tmp_path / "color.exr"
            path.write_bytes(client.payload)
        with OpenEXR.File(str(path)) as file:
            (channels,) = file.channels().values()
            return channels.pixels[..., :3].mean((0, 1))

    return lambda lamp, x, name, **material: asyncio.run(light(lamp, x, name, material))


def near(light: npt.ArrayLike) -> Any:
    """Compare light, but for the noise of 16,384 paths."""
    return pytest.approx(np.array(light), rel=0.03, abs=0.004)


def test_metal_reflects_in_the_models_color_and_all_light_at_its_edge(shown):
    for x in (MIDDLE, RIM):
        assert shown(SKY, x, "metal", roughness=0.01) == near(schlick(x))


@pytest.mark.parametrize(("name", "more"), [("metal", {}), ("principled", {"metallic": 1})])
def test_roughness_of_metal_widens_its_highlight(shown, name, more):
    for roughness in (0.4, 0.7, 1):
        for x in (MIDDLE, BESIDE):
            expected = ORANGE * highlight(x, roughness**2) + scattered_again(x, roughness, MEAN[name])
            assert shown(SUN, x, name, roughness=roughness, **more) == near(expected)


def test_flakes_of_carpaint_are_gray_metal_in_place_of_paint(shown):
    n, k = np.array(FLAKE_INDEX), np.array(FLAKE_EXTINCTION)
    gray = ((n - 1) ** 2 + k**2) / ((n + 1) ** 2 + k**2)
    assert shown(SKY, MIDDLE, "carpaint", flake_density=1) == near(fresnel(1.5) + (1 - fresnel(1.5)) * gray)


def test_carpaint_has_a_clear_coat(shown):
    assert shown(SKY, MIDDLE, "carpaint") == near(fresnel(1.5) + (1 - fresnel(1.5)) * ORANGE)


PRINCIPLED: dict[str, tuple[Any, float, dict[str, Any], npt.ArrayLike]] = {
    "nothing": (SKY, MIDDLE, {}, ORANGE),
    "no metal": (SUN, BESIDE, {"metallic": 0}, ORANGE * slope(BESIDE)),
    "half metal": (SUN, BESIDE, {"metallic": 0.5}, ORANGE * slope(BESIDE) / 2),
    "all metal": (SUN, BESIDE, {"metallic": 1}, ORANGE * 0),
    "edge_color": (SKY, RIM, {"metallic": 1, "edge_color": BLUE}, conductor(slope(RIM), BLUE)),
    "diffuse": (SKY, MIDDLE, {"diffuse": 0.25}, ORANGE / 4),
    "ior": (SKY, MIDDLE, {"ior": 3}, fresnel(3) + (1 - fresnel(3)) * ORANGE),
    "specular": (SKY, MIDDLE, {"ior": 3, "specular": 0.5}, fresnel(3) / 2 + (1 - fresnel(3) / 2) * ORANGE),
    "roughness of gloss": (
        SUN,
        MIDDLE,
        {"ior": 3, "diffuse": 0, "roughness": 0.6},
        [fresnel(3) * highlight(MIDDLE, 0.36)] * 3,
    ),
    "coat": (SKY, MIDDLE, {"coat": 0.5}, fresnel(1.5) / 2 + (1 - fresnel(1.5) / 2) * ORANGE),
    "coat_ior": (SKY, MIDDLE, {"coat": 1, "coat_ior": 3}, fresnel(3) + (1 - fresnel(3)) * ORANGE),
    "coat_roughness": (
        SUN,
        MIDDLE,
        {"coat": 1, "coat_ior": 3, "coat_roughness": 0.6, "diffuse": 0},
        [fresnel(3) * highlight(MIDDLE, 0.36)] * 3,
    ),
    "coat_color": (SKY, MIDDLE, {"coat": 1, "coat_ior": 1.0001, "coat_color": BLUE}, ORANGE * coated(BLUE)),
    "sheen": (
        SKY,
        RIM,
        {"sheen": 0.5, "sheen_color": BLUE, "sheen_roughness": 0.5},
        ORANGE + 0.5 * np.array(BLUE) * (1 - slope(RIM)) ** 2,
    ),
    "transmission": (SKY, MIDDLE, {"transmission": 1}, [1, 1, 1]),
    "transmission_depth": (
        SKY,
        MIDDLE,
        {"transmission": 1, "transmission_color": BLUE, "transmission_depth": 8},
        np.sqrt(BLUE),
    ),
    "thickness": (
        SKY,
        MIDDLE,
        {"transmission": 1, "transmission_color": BLUE, "thin": True, "thickness": 0.25},
        np.sqrt(BLUE),
    ),
}


@pytest.mark.parametrize("parameter", PRINCIPLED)
def test_what_principled_shows(shown, parameter):
    lamp, x, material, expected = PRINCIPLED[parameter]
    assert shown(lamp, x, "principled", **material) == near(expected)
