"""Each method's effect: what it changes on the picture or in the scene, or what its answer tells of such a change.

``EFFECTS`` has an entry for every method that there is. The camera of ``stage`` looks at up to three balls; a picture
is written as three letters, what it shows at x = -2, 0 and 2.
"""

from __future__ import annotations

import asyncio
import contextlib
import io
import json
import operator
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import nrrd
import numpy as np
import pytest
from PIL import Image

from brayns_widget.service.renderer.methods import METHODS
from tests.service.renderer.loaders.circuits.circuits import places, write_circuit
from tests.service.renderer.renderer_process import DEADLINE, Client, Failed, client_of, renderer_process, sonata
from tests.service.renderer.stage import GREEN, NO_SLAB, RED, WHITE, at, empty_stage, picture, sphere

Call = tuple[Any, ...]  # method, params, payload
Watch = Callable[[Client], Awaitable[Any]]

LETTERS: dict[tuple[bool, ...], str] = {
    (False, False, False): ".",
    (True, False, False): "r",
    (False, True, False): "g",
    (False, False, True): "b",
    (True, True, False): "y",
    (True, True, True): "w",
}
TRIANGLE = b"OFF\n3 1 0\n-1 -1 0\n1 -1 0\n0 1 0\n3 0 1 2\n"
LIGHT, MODEL = 0, 1  # ids: the stage's light, and what is added to it first


@dataclass(frozen=True)
class Changes:
    """After ``given``, calling the method changes what is watched from the first value to the second."""

    watch: Watch
    values: Any  # both, or how the second is compared with the first
    params: Any = None
    given: tuple[Call, ...] = ()
    payload: bytes = b""

    async def check(self, client: Client, method: str, files: dict[str, str]) -> None:
        for call in self.given:
            await make(client, call, files)
        before = await self.watch(client)
        assert await self.watch(client) == before  # else a change would tell nothing
        await make(client, (method, self.params, self.payload), files)
        after = await self.watch(client)
        if callable(self.values):
            assert self.values(after, before), (before, after)
        else:
            assert (before, after) == self.values


@dataclass(frozen=True)
class Tells:
    """The method's answer is another one after other methods were called; ``of`` picks what counts of it."""

    because: tuple[Call, ...]
    values: Any  # both answers, or how the second is compared with the first
    params: Any = None
    given: tuple[Call, ...] = ()
    of: Callable[[Any, bytes], Any] = lambda result, _payload: result

    async def check(self, client: Client, method: str, files: dict[str, str]) -> None:
        for call in self.given:
            await make(client, call, files)
        before = await self._answer(client, method)
        assert await self._answer(client, method) == before
        for call in self.because:
            await make(client, call, files)
        after = await self._answer(client, method)
        if callable(self.values):
            assert self.values(after, before), (before, after)
        else:
            assert (before, after) == self.values

    async def _answer(self, client: Client, method: str) -> Any:
        try:
            return self.of(await client.call(method, self.params), client.payload)
        except Failed as failed:
            return failed.code


async def make(client: Client, call: Call, files: dict[str, str]) -> None:
    """Call a method; texts like ``<circuit>`` in its parameters become paths."""
    method, params, payload = (*call, None, b"")[:3]
    text = json.dumps(params)
    for name, path in files.items():
        text = text.replace(f"<{name}>", json.dumps(path)[1:-1])
    await client.reply(await client.send(method, json.loads(text), payload or b""))


async def seen(client: Client) -> str:
    """What the picture shows at x = -2, 0 and 2."""
    image = await picture(client)
    return "".join(LETTERS[tuple(at(image, x, 0.05))] for x in (-2, 0.05, 2))


async def brightness(client: Client) -> float:
    return float((await picture(client)).mean())


async def covered(client: Client) -> int:
    """How many pixels are not black, in a picture that is made at once."""
    await client.call("snapshot", {"image_settings": {"format": "png"}})
    return int((np.asarray(Image.open(io.BytesIO(client.payload)).convert("RGB")).max(axis=2) > 0).sum())


async def bright(client: Client) -> int:
    """How many pixels are rather bright."""
    return int(((await picture(client)).max(axis=2) > 100).sum())


async def left_edge(client: Client) -> int:
    """The first column that is not black."""
    return int(np.argmax((await picture(client)).max(axis=(0, 2)) > 0))


async def kinds(client: Client) -> list[str]:
    return [model["model_type"] for model in (await client.call("get-scene"))["models"]]


async def size_of_first_frame(client: Client) -> tuple[int, int]:
    await client.call("set-renderer-interactive", {})  # begins the picture anew
    await client.call("render-image", {"force": True, "format": "png"})
    return Image.open(io.BytesIO(client.payload)).size


def size_of_picture(_result: Any, payload: bytes) -> tuple[int, int]:
    return Image.open(io.BytesIO(payload)).size


def middle_of_picture(_result: Any, payload: bytes) -> str:
    image = np.asarray(Image.open(io.BytesIO(payload)).convert("RGB"))
    return LETTERS[tuple((image[30, 30] > 40).tolist())]


def payload_only(_result: Any, payload: bytes) -> bytes:
    return payload


BALLS = ("add-spheres", [sphere(-2, radius=0.8, color=RED), sphere(color=GREEN), sphere(2, radius=0.8, color=WHITE)])
BALL = ("add-spheres", [sphere(color=GREEN)])
THIN = {"p0": [-2, 0.02, 0], "p1": [2, 0.02, 0], "r0": 1e-4, "r1": 1e-4}
THREAD = ("add-capsules", [{"geometry": THIN, "color": RED}])
CELL = {"geometry_type": "smooth", "load_soma": True, "load_axon": True, "load_dendrites": True, "radius_multiplier": 1}
MESH = {"path": "<mesh>", "loader_name": "mesh", "loader_properties": {}}
ATLAS = {"path": "<atlas>", "loader_name": "NRRD loader", "loader_properties": {"type": "scalar"}}
VECTORS = {"path": "<vectors>", "loader_name": "NRRD loader", "loader_properties": {"type": "vector"}}
DARK = ("clear-lights",)
SUN = ("add-light-directional", {"direction": [-1, -1, -1], "intensity": 3})
PATHS = ("set-renderer-production", {"samples_per_pixel": 2})
FRONT = {"position": [0, 0, 10], "target": [0, 0, 0], "up": [0, 1, 0]}
LEFT_OPEN = {"coefficients": [1, 0, 0, -1]}  # cuts x < -1
CUT = ("add-clipping-planes", {"primitives": [LEFT_OPEN]})
OPTIONS = dict.fromkeys(("all_materials", "centered", "exact_background", "paths", "soft_shadows", "stepwise"), False)
CIRCUIT = ("add-model", sonata("<circuit>", "cells"))
CELLS = (
    CIRCUIT,  # cells at x = 0, 10 and 20 are seen where else -2, 0 and 2 are
    ("set-camera-view", {"position": [10, 0, 100], "target": [10, 0, 0], "up": [0, 1, 0]}),
    ("set-camera-orthographic", {"height": 30}),
)
SHOWN = (
    ("add-model", sonata("<simulation>", "cells", report_type="compartment", report_name="soma")),
    *CELLS[1:],
    ("set-color-ramp", {"id": MODEL, "color_ramp": {"range": [0, 100], "colors": [[1, 0, 0, 1], [0, 1, 0, 1]]}}),
)


def shape(color: list[float], **geometry: Any) -> dict[str, Any]:
    return {"geometry": geometry, "color": color}


def cut(*shapes: dict[str, Any]) -> dict[str, Any]:
    return {"primitives": list(shapes)}


def material(**values: Any) -> dict[str, Any]:
    return {"model_id": MODEL, "material": values}


def setting(name: str, first: Any, second: Any) -> Tells:
    """A getter without parameters tells what its setter was given."""
    setter = f"set-{name}"
    return Tells(
        params=None,
        given=((setter, first),),
        because=((setter, second),),
        values=(first, second),
        of=lambda result, _payload: {key: result[key] for key in first},
    )


def material_of(name: str, first: Any, second: Any) -> Tells:
    setter = f"set-material-{name}"
    return Tells(
        params={"id": MODEL},
        given=(BALL, (setter, material(**first))),
        because=((setter, material(**second)),),
        values=(first, second),
        of=lambda result, _payload: {key: result[key] for key in first},
    )


async def version(client: Client) -> None:
    answer = await client.call("get-version")
    assert (answer["major"], answer["minor"], answer["patch"]) == (3, 10, 1)
    assert answer["revision"].startswith("brayns-widget ")


async def registry(client: Client) -> None:
    """Every method that is named has a schema; others have none."""
    names = await client.call("registry")
    assert names == sorted(set(names))
    for name in names:
        assert (await client.call("schema", {"endpoint": name}))["title"] == name
    with pytest.raises(Failed, match="not found"):
        await client.call("add-unicorn")


async def schema(client: Client) -> None:
    """What the schema requires is required, what it does not know is refused."""
    (needed,) = (await client.call("schema", {"endpoint": "set-camera-orthographic"}))["params"]["required"]
    await client.call("set-camera-orthographic", {needed: 5})
    for params in ({}, {needed: 5, "more": 1}):
        with pytest.raises(Failed) as failed:
            await client.call("set-camera-orthographic", params)
        assert failed.value.code == -32602
    assert "params" not in await client.call("schema", {"endpoint": "get-scene"})


async def cancellable(client: Client) -> None:
    """The methods that are named are those that the server lets clients cancel."""
    names = await client.call("get-cancellable-methods")
    assert names == sorted(set(names))
    assert {"add-model", "upload-model", "render-image", "snapshot", "export-gbuffers", "clear-models"} <= set(names)
    assert names == [name for name in await client.call("registry") if METHODS.cancellable(name)]


REFUSING = {"BBP loader": "convert the circuit to SONATA", "DTI loader": "cannot show the tracts"}


async def loaders(client: Client) -> None:
    """Every loader that is named is found, others are not."""
    for loader in await client.call("get-loaders"):
        load = {"path": "/no/file", "loader_name": loader["name"], "loader_properties": {}}
        reason = REFUSING.get(loader["name"], "File /no/file does not exists")
        with pytest.raises(Failed, match=reason) as failed:
            await client.call("add-model", load)
        if loader["name"] in REFUSING:
            assert loader["refused"] in str(failed.value), "who lists the loaders is told already"
        else:
            assert "refused" not in loader
    with pytest.raises(Failed, match="Invalid loader name"):
        await client.call("add-model", {"path": "/no/file", "loader_name": "unicorn", "loader_properties": {}})


async def cancel(client: Client) -> None:
    """A picture that would take hours ends at once; the scene is as it was."""
    await make(client, BALLS, {})
    endless = {"name": "interactive", "params": {"samples_per_pixel": 10**9}}
    shot = await client.send("snapshot", {"renderer": endless})
    while "method" not in await client.receive():
        pass
    await client.call("cancel", {"id": shot})
    with pytest.raises(Failed) as failed:
        await client.reply(shot)
    assert failed.value.code == 20
    assert await seen(client) == "rgw"


async def leave(_client: Client) -> None:
    """A process of its own ends."""
    with renderer_process() as (address, process):
        async with client_of(address) as client:
            await client.call("quit")
        assert await asyncio.to_thread(process.wait, DEADLINE) == 0


EFFECTS: dict[str, Changes | Tells | Callable[[Client], Awaitable[None]]] = {
    # The process
    "get-version": version,
    "registry": registry,
    "schema": schema,
    "get-loaders": loaders,
    "cancel": cancel,
    "quit": leave,
    "get-application-parameters": setting("application-parameters", {"viewport": [60, 60]}, {"viewport": [30, 20]}),
    "set-application-parameters": Changes(size_of_first_frame, ((60, 60), (30, 20)), {"viewport": [30, 20]}),
    # What is in the scene
    "add-model": Changes(seen, ("...", ".w."), MESH),
    "upload-model": Changes(
        seen, ("...", ".w."), {"type": "off", "loader_name": "mesh", "loader_properties": {}}, payload=TRIANGLE
    ),
    "add-morphology": Changes(
        seen, ("...", ".y."), {"type": "swc", "text": "1 1 0 0 0 1 -1", "loader_properties": CELL}
    ),
    "instantiate-model": Changes(
        seen, (".g.", ".gg"), {"model_id": MODEL, "transforms": [{"translation": [2, 0, 0]}]}, (BALL,)
    ),
    "update-model": Changes(
        seen, (".g.", "g.."), {"model_id": MODEL, "model": {"transform": {"translation": [-2, 0, 0]}}}, (BALL,)
    ),
    "remove-model": Changes(seen, ("rgw", "..."), {"ids": [MODEL]}, (BALLS,)),
    "clear-models": Changes(kinds, (["light", "geometry", "clip_geometry"], []), given=(BALL, CUT)),
    "clear-renderables": Changes(
        kinds, (["light", "geometry", "clip_geometry"], ["light", "clip_geometry"]), given=(BALL, CUT)
    ),
    "clear-lights": Changes(seen, ("rgw", "..."), given=(BALLS,)),
    "get-scene": Tells(
        (("update-model", {"model_id": MODEL, "model": {"transform": {"translation": [-2, 0, 0]}}}),),
        ({"min": [-1, -1, -1], "max": [1, 1, 1]}, {"min": [-3, -1, -1], "max": [-1, 1, 1]}),
        given=(BALL,),
        of=lambda result, _payload: result["bounds"],
    ),
    "get-model": Tells(
        (("update-model", {"model_id": MODEL, "model": {"is_visible": False}}),),
        (True, False),
        {"id": MODEL},
        (BALL,),
        of=lambda result, _payload: result["is_visible"],
    ),
    "inspect": Tells((BALL,), (False, True), {"position": [0.5, 0.5]}, of=lambda result, _payload: result["hit"]),
    "pick": Tells((BALL,), (False, True), {"position": [0.5, 0.5]}, of=lambda result, _payload: result["hit"]),
    "render-ids": Tells((BALL,), (0, 1), of=lambda result, _payload: result["count"]),
    # Shapes
    "add-spheres": Changes(seen, ("...", "rgw"), BALLS[1]),
    "add-capsules": Changes(seen, ("...", "rr."), [shape(RED, p0=[-2, 0, 0], p1=[0, 0, 0], r0=0.5, r1=0.5)]),
    "add-boxes": Changes(seen, ("...", ".gg"), [shape(GREEN, min=[-1, -1, -1], max=[3, 1, 1])]),
    "add-planes": Changes(seen, ("rgw", "ggg"), [shape(GREEN, coefficients=[0, 0, 1, 2])], (BALLS,)),
    "add-bounded-planes": Changes(
        seen,
        ("...", "..g"),
        [shape(GREEN, coefficients=[0, 0, 1, 0], bounds={"min": [1, -1, -1], "max": [3, 1, 1]})],
    ),
    # Colors
    "get-available-atlas-usecases": Tells(
        (("remove-model", {"ids": [MODEL]}), ("add-model", VECTORS)),
        ("Density, Highlight columns, Outline mesh shell", "Highlight columns, Outline mesh shell, Vector field"),
        {"model_id": MODEL},
        (("add-model", ATLAS),),
        lambda cases, _payload: ", ".join(case["name"] for case in cases),
    ),
    "visualize-atlas-usecase": Changes(
        seen,
        ("...", ".ww"),
        {"model_id": MODEL, "use_case": "Density", "params": {}},
        (("add-model", ATLAS), ("update-model", {"model_id": MODEL, "model": {"is_visible": False}})),
    ),
    "get-color-methods": Tells(
        (
            ("remove-model", {"ids": [MODEL]}),
            ("add-model", MESH),
        ),
        (["primitive", "solid"], ["solid", "triangle", "vertex"]),
        {"id": MODEL},
        (BALL,),
        of=lambda result, _payload: sorted(result),
    ),
    "get-color-values": Tells(
        (("remove-model", {"ids": [MODEL]}), BALLS),
        (["0"], ["0-2"]),
        {"id": MODEL, "method": "primitive"},
        (BALL,),
    ),
    "color-model": Changes(
        seen, ("rgw", "ggw"), {"id": MODEL, "method": "primitive", "values": {"0": GREEN}}, (BALLS,)
    ),
    # Circuits
    "get-circuit-ids": Tells(
        (("remove-model", {"ids": [MODEL]}), ("add-model", sonata("<circuit>", "cells", node_ids=[2]))),
        ([0, 1, 2], [2]),
        {"model_id": MODEL},
        (CIRCUIT,),
    ),
    "set-circuit-thickness": Changes(covered, operator.gt, {"model_id": MODEL, "radius_multiplier": 2}, CELLS),
    # Simulations: the somata's values are 0, 25 and 100 at frame 0, and the other way round at frame 1
    "get-simulation-parameters": Tells(SHOWN, (0, 1), of=lambda result, _payload: result["end_frame"]),
    "set-simulation-parameters": Changes(seen, ("ryg", "gyr"), {"current": 1}, SHOWN),
    "enable-simulation": Changes(seen, ("ryg", "yyy"), {"model_id": MODEL, "enabled": False}, SHOWN),
    "get-color-ramp": Tells(
        (("set-color-ramp", {"id": MODEL, "color_ramp": {"range": [0, 10]}}),),
        ([0, 100], [0, 10]),
        {"id": MODEL},
        SHOWN,
        of=lambda result, _payload: result["range"],
    ),
    "set-color-ramp": Changes(seen, ("ryg", "gyr"), {"id": MODEL, "color_ramp": {"colors": [GREEN, RED]}}, SHOWN),
    # The camera
    "get-camera-type": Tells((("set-camera-perspective", {}),), ("orthographic", "perspective")),
    "get-camera-view": setting("camera-view", FRONT, FRONT | {"position": [0, 0, 20]}),
    "get-camera-perspective": setting("camera-perspective", {"fovy": 30}, {"fovy": 20}),
    "get-camera-orthographic": setting("camera-orthographic", {"height": 30}, {"height": 20}),
    "get-camera-cylindric": setting("camera-cylindric", {"fovy": 30}, {"fovy": 20}),
    "get-camera-near-clip": setting("camera-near-clip", {"distance": 1}, {"distance": 2}),
    "get-camera-region": setting(
        "camera-region", {"image_start": [0, 1], "image_end": [1, 0]}, {"image_start": [0, 0], "image_end": [1, 1]}
    ),
    "set-camera-view": Changes(
        seen, (".g.", "g.."), {"position": [2, 0, 10], "target": [2, 0, 0], "up": [0, 1, 0]}, (BALL,)
    ),
    "set-camera-perspective": Changes(
        covered, operator.lt, {"fovy": 60}, (BALL, ("set-camera-perspective", {"fovy": 30}))
    ),
    "set-camera-orthographic": Changes(covered, operator.lt, {"height": 12}, (BALL,)),
    "set-camera-cylindric": Changes(covered, operator.lt, {"fovy": 60}, (BALL, ("set-camera-cylindric", {"fovy": 30}))),
    "set-camera-near-clip": Changes(seen, ("rgw", "..."), {"distance": 12}, (BALLS,)),
    "set-camera-region": Changes(seen, ("rgw", "wgr"), {"image_start": [1, 1], "image_end": [0, 0]}, (BALLS,)),
    # Lights
    "add-light-ambient": Changes(seen, ("...", "rgw"), {"intensity": 1}, (BALLS, DARK)),
    "add-light-directional": Changes(seen, ("...", "rgw"), {"direction": [0, 0, -1], "intensity": 3}, (BALLS, DARK)),
    "add-light-camera": Changes(seen, ("...", "rgw"), {"direction": [0, 0, -1], "intensity": 3}, (BALLS, DARK)),
    "add-light-sphere": Changes(
        seen, ("...", "rgw"), {"position": [0, 0, 9], "radius": 0.1, "intensity": 500}, (BALLS, DARK)
    ),
    "add-light-quad": Changes(
        seen,
        ("...", "rgw"),
        {"position": [-1, -1, 9], "edge1": [0, 2, 0], "edge2": [2, 0, 0], "intensity": 100},
        (BALLS, DARK),
    ),
    # Renderers and pictures
    "get-renderer-type": Tells((PATHS,), ("interactive", "production")),
    "get-renderer-interactive": setting("renderer-interactive", {"ao_samples": 1}, {"ao_samples": 2}),
    "get-renderer-production": setting("renderer-production", {"samples_per_pixel": 1}, {"samples_per_pixel": 2}),
    "set-renderer-interactive": Changes(seen, (".g.", "bgb"), {"background_color": [0, 0, 1, 1]}, (BALL,)),
    "set-renderer-production": Changes(seen, (".g.", "bgb"), {"background_color": [0, 0, 1, 1]}, (BALL,)),
    "set-framebuffer-progressive": Changes(
        size_of_first_frame,
        ((256, 256), (64, 64)),
        {"scale": 4},
        (("set-application-parameters", {"viewport": [256, 256]}),),
    ),
    "set-framebuffer-static": Changes(
        size_of_first_frame,
        ((64, 64), (256, 256)),
        None,
        (("set-application-parameters", {"viewport": [256, 256]}), ("set-framebuffer-progressive", {"scale": 4})),
    ),
    "render-image": Tells((BALL,), (".", "g"), {"force": True, "format": "png"}, of=middle_of_picture),
    "snapshot": Tells((BALL,), (".", "g"), {}, of=middle_of_picture),
    "export-gbuffers": Tells((BALL,), operator.ne, {"channels": ["depth"]}, of=payload_only),
    # Materials: some show in the production renderer only
    "get-material-type": Tells((("set-material-metal", material()),), ("phong", "metal"), {"id": MODEL}, (BALL,)),
    "get-material-matte": material_of("matte", {"opacity": 1}, {"opacity": 0.5}),
    "get-material-phong": material_of("phong", {"opacity": 1}, {"opacity": 0.5}),
    "get-material-plastic": material_of("plastic", {"opacity": 1}, {"opacity": 0.5}),
    "get-material-emissive": material_of("emissive", {"intensity": 1}, {"intensity": 2}),
    "get-material-carpaint": material_of("carpaint", {"flake_density": 0}, {"flake_density": 1}),
    "get-material-glass": material_of("glass", {"index_of_refraction": 1.5}, {"index_of_refraction": 2}),
    "get-material-metal": material_of("metal", {"roughness": 0.5}, {"roughness": 1}),
    "get-material-principled": material_of("principled", {"metallic": 0}, {"metallic": 1}),
    "get-material-ghost": Tells(
        (("set-material-metal", material()),),
        ({}, -32600),
        {"id": MODEL},
        (BALL, ("set-material-ghost", material())),
    ),
    "set-material-matte": Changes(seen, ("rgw", "..."), material(opacity=0), (BALLS,)),
    "set-material-phong": Changes(seen, ("rgw", "..."), material(opacity=0), (BALLS,)),
    "set-material-plastic": Changes(seen, ("rgw", "..."), material(opacity=0), (BALLS,)),
    "set-material-emissive": Changes(seen, ("...", "rrr"), material(color=[1, 0, 0]), (BALLS, DARK)),
    "set-material-ghost": Changes(seen, ("rgw", "..."), material(), (BALLS,)),
    "set-material-carpaint": Changes(brightness, operator.ne, material(flake_density=1), (BALL, SUN, PATHS)),
    "set-material-glass": Changes(seen, (".g.", ".w."), material(index_of_refraction=50), (BALL, PATHS)),
    "set-material-metal": Changes(brightness, operator.ne, material(), (BALL, SUN, PATHS)),
    "set-material-principled": Changes(brightness, operator.ne, material(metallic=1), (BALL, SUN, PATHS)),
    # Clipping
    "add-clipping-planes": Changes(seen, ("rgw", ".gw"), cut(LEFT_OPEN), (BALLS,)),
    "add-clip-plane": Changes(seen, ("rgw", ".gw"), LEFT_OPEN, (BALLS,)),
    "add-clipping-boxes": Changes(seen, ("rgw", "rg."), cut({"min": [1, -1, -1], "max": [3, 1, 1]}), (BALLS,)),
    "add-clipping-spheres": Changes(seen, ("rgw", "r.w"), cut({"center": [0, 0, 0], "radius": 1.1}), (BALLS,)),
    "add-clipping-capsules": Changes(
        seen, ("rgw", "r.."), cut({"p0": [0, 0, 0], "p1": [2, 0, 0], "r0": 1.1, "r1": 1.1}), (BALLS,)
    ),
    "add-clipping-bounded-planes": Changes(
        seen,
        ("rgw", ".gw"),
        cut({"coefficients": [0, 0, -1, -5], "bounds": {"min": [-3, -1, 4], "max": [-1, 1, 6]}}),
        (BALLS,),
    ),
    "clear-clipping-geometries": Changes(seen, (".gw", "rgw"), given=(BALLS, CUT)),
    "clear-clip-planes": Changes(seen, (".gw", "rgw"), given=(BALLS, CUT)),
    # Ours
    "get-cancellable-methods": cancellable,
    "get-model-coloring": Tells(
        (("color-model", {"id": MODEL, "method": "solid", "values": {"color": GREEN}}),),
        ({"method": "", "values": {}}, {"method": "solid", "values": {"color": GREEN}}),
        {"id": MODEL},
        (BALL,),
    ),
    "get-model-outline": Tells(
        (("remove-model", {"ids": [MODEL]}), CIRCUIT),
        lambda after, before: before["points"] == [] and len(after["points"]) > 20,
        {"id": MODEL},
        (BALL,),
    ),
    "get-picture-options": setting("picture-options", OPTIONS, {**OPTIONS, "stepwise": True}),
    "set-picture-options": Changes(left_edge, operator.gt, {"centered": False}, (BALL,)),
    "get-fog": setting("fog", {"strength": 0.0}, {"strength": 0.5}),
    "set-fog": Changes(bright, operator.lt, {"strength": 1.0}, (("add-spheres", [sphere(-2, z=-50), sphere(2)]),)),
    "get-slab": setting("slab", NO_SLAB, NO_SLAB | {"enabled": True, "position": 2.0}),
    "set-slab": Changes(seen, ("rgw", ".gw"), {"normal": [1, 0, 0], "position": 1, "thickness": 4}, (BALLS,)),
    "get-outlines": setting("outlines", {"strength": 0.0}, {"strength": 0.5}),
    "set-outlines": Changes(
        bright, operator.lt, {"strength": 1.0}, (("add-spheres", [sphere(0), sphere(0.8, z=-50)]),)
    ),
    "get-radius-floor": setting("radius-floor", {"pixels": 0.5}, {"pixels": 1}),
    "set-radius-floor": Changes(covered, operator.gt, {"pixels": 1}, (THREAD,)),
}


def write_simulation(folder: Path, circuit: Path, values: list[list[float]]) -> Path:
    """Write a simulation with one report, of somata: a value for each frame and cell."""
    cells = len(values[0])
    with h5py.File(folder / "soma.h5", "w") as file:
        group = file.create_group("report/cells")
        group.create_dataset("data", data=np.array(values, np.float32)).attrs["units"] = "mV"
        mapping = group.create_group("mapping")
        mapping["node_ids"] = np.arange(cells, dtype=np.uint64)
        mapping["index_pointers"] = np.arange(cells + 1, dtype=np.uint64)
        mapping["element_ids"] = np.zeros(cells, np.uint32)
        mapping.create_dataset("time", data=[0.0, float(len(values)), 1.0]).attrs["units"] = "ms"
    report = {"type": "compartment", "variable_name": "v", "dt": 1.0, "start_time": 0.0, "end_time": len(values)}
    config = {
        "network": circuit.name,
        "run": {"tstop": len(values), "dt": 1.0, "random_seed": 1},
        "output": {"output_dir": "."},
        "reports": {"soma": {**report, "file_name": "soma", "cells": "some", "sections": "soma"}},
    }
    path = folder / "simulation_config.json"
    path.write_text(json.dumps(config))
    return path


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    folder = tmp_path_factory.mktemp("files")
    mesh = folder / "triangle.off"
    mesh.write_bytes(TRIANGLE)
    inside = np.zeros((6, 2, 2), np.uint8)  # from (-3, -1, -1) to (3, 1, 1)
    inside[2:] = 1
    place = {"space dimension": 3, "space origin": [-3, -1, -1], "space directions": np.eye(3)}
    nrrd.write(str(folder / "atlas.nrrd"), inside, place)
    nrrd.write(str(folder / "vectors.nrrd"), np.ones((3, 2, 2, 2), np.float32))
    circuit = write_circuit(folder, places(3))
    simulation = write_simulation(folder, circuit, [[0, 25, 100], [100, 25, 0]])
    atlases = {name: str(folder / f"{name}.nrrd") for name in ("atlas", "vectors")}
    return {"mesh": str(mesh), "circuit": str(circuit), "simulation": str(simulation), **atlases}


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with renderer_process() as (address, process):
        yield address
        assert process.poll() is None


@pytest.mark.parametrize("method", [method.name for method in METHODS])
def test_the_effect_of(address: str, files: dict[str, str], method: str):
    assert method in EFFECTS, f"what does {method} change, or what change does it tell of? Say so in EFFECTS."
    effect = EFFECTS[method]

    async def scenario() -> None:
        async with contextlib.AsyncExitStack() as stack:
            client = await stack.enter_async_context(empty_stage(address))
            await client.call("set-camera-region", {"image_start": [0, 1], "image_end": [1, 0]})
            await client.call("set-camera-near-clip", {"distance": 1e-6})
            await client.call("set-radius-floor", {"pixels": 0})
            if isinstance(effect, Changes | Tells):
                await effect.check(client, method, files)
            else:
                await effect(client)

    asyncio.run(scenario())
