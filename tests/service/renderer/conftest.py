"""An engine for tests of what is traced."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from brayns_widget.protocol.brayns.lights import AmbientLight
from brayns_widget.service.renderer.tracing.clipping import no_clips
from brayns_widget.service.renderer.tracing.engine import Engine
from brayns_widget.service.renderer.translation.lights import pack_lights


@pytest.fixture(scope="module")
def module_engine() -> Iterator[Engine]:
    with Engine(2) as engine:
        yield engine


@pytest.fixture
def engine(module_engine: Engine) -> Engine:
    """An engine with an empty scene and ambient light; tests of a module share it, since its start takes a while."""
    module_engine.scene.clear()
    module_engine.scene.set_clips(no_clips())
    module_engine.scene.lights = pack_lights([AmbientLight()])
    module_engine.set_radius_floor(0.0)
    return module_engine
