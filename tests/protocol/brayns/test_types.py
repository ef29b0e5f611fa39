"""What types of the vocabulary check, and what their names are."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from brayns_widget.protocol.brayns import camera, renderers
from brayns_widget.protocol.brayns.lights import AmbientLight, SphereLight
from brayns_widget.protocol.brayns.loaders import PopulationParams, RawVolumeParams
from brayns_widget.protocol.brayns.materials import Metal
from brayns_widget.protocol.brayns.simulation import MOST_COLORS, ColorRamp


def test_types_of_cameras_and_renderers_have_names():
    assert camera.name_of(camera.Orthographic(height=1)) == "orthographic"
    assert renderers.name_of(renderers.Production()) == "production"


def test_both_spellings_of_bytes_are_taken():
    values: dict[str, Any] = {"data_type": "unsigned_char", "dimensions": (2, 3, 4), "spacing": (1, 1, 1)}
    assert RawVolumeParams(**values).data_type == "unsinged_char"


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        (renderers.Interactive, {"samples_per_pixel": 2**31}),
        (renderers.Interactive, {"samples_per_pixel": 0}),
        (renderers.Progressive, {"scale": 0}),
        (AmbientLight, {"intensity": -1}),
        (SphereLight, {"radius": 1e39}),
        (Metal, {"roughness": 0}),
        (ColorRamp, {"colors": [(0, 0, 0, 1)] * (MOST_COLORS + 1)}),
        (PopulationParams, {"node_population": "S1", "node_percentage": 2}),
        (PopulationParams, {"node_population": "S1", "node_ids": (1, -1)}),
        (PopulationParams, {}),
    ],
)
def test_values_that_the_server_would_refuse_are_refused_at_once(kind: Any, values: dict[str, Any]):
    with pytest.raises(ValidationError):
        kind(**values)
