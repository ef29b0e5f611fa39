from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from brayns_widget.protocol.errors import ProtocolError
from brayns_widget.scene import pictures
from brayns_widget.scene.camera import Camera
from brayns_widget.scene.colors import DARK

OPTIONS: dict[str, Any] = {"size": (800, 600), "samples": 4, "image_format": "png"}


@pytest.mark.parametrize("kind", ["perspective", "orthographic"])
def test_requests_satisfy_the_real_renderers_schemas(shared_dir, kind):
    schemas = json.loads((shared_dir / "protocol" / "renderer-schemas.json").read_text(encoding="utf-8"))
    camera = Camera(type=kind)
    requests = [
        ("snapshot", pictures.snapshot_params(camera, DARK, **OPTIONS)),
        ("set-renderer-interactive", pictures.renderer_params(DARK)),
        *camera.requests(),
        *pictures.LIGHTS,
    ]
    for method, params in requests:
        jsonschema.validate(params, schemas[method]["params"])


def test_jpeg_goes_by_the_renderers_name():
    params = pictures.snapshot_params(Camera(), DARK, **(OPTIONS | {"image_format": "jpeg"}))
    assert params["image_settings"] == {"format": "jpg", "quality": 95, "size": [800, 600]}


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"size": (8, 600)}, "8x600"),
        ({"size": (800, 9000)}, "800x9000"),
        ({"samples": 0}, "samples is 0"),
        ({"samples": 10**6}, "samples"),
        ({"image_format": "bmp"}, "'bmp'"),
    ],
)
def test_values_out_of_range_are_named(options, problem):
    with pytest.raises(ValueError, match=problem):
        pictures.snapshot_params(Camera(), DARK, **(OPTIONS | options))


@pytest.mark.parametrize(
    ("path", "chosen", "answer"),
    [
        ("a.PNG", None, "png"),
        ("a.jpeg", None, "jpeg"),
        (None, None, "png"),
        ("a.png", "JPG", "jpg"),
        ("a", None, "png"),
    ],
)
def test_the_format_is_chosen_or_the_files(path, chosen, answer):
    assert pictures.format_of(None if path is None else Path(path), chosen) == answer


def test_the_picture_is_cut_out_of_the_payload():
    result = {"color_buffer": {"offset": 2, "size": 3}}
    assert pictures.read_snapshot(result, memoryview(b"xxPNGyy")) == b"PNG"


@pytest.mark.parametrize(
    "result",
    [
        None,
        {},
        {"color_buffer": {"offset": 0, "size": 0}},
        {"color_buffer": {"offset": 5, "size": 3}},
        {"color_buffer": {"offset": -1, "size": 3}},
        {"color_buffer": {"offset": "a", "size": 3}},
    ],
)
def test_a_picture_outside_of_the_payload_is_refused(result):
    with pytest.raises(ProtocolError):
        pictures.read_snapshot(result, memoryview(b"xxPNG"))
