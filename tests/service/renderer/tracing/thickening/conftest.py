"""A scene, and its thickened copies."""

from __future__ import annotations

import pytest

from brayns_widget.service.renderer.tracing.embree import Device
from brayns_widget.service.renderer.tracing.scene import Scene
from brayns_widget.service.renderer.tracing.thickening.copies import Copies


@pytest.fixture
def scene():
    with Device(2) as device:
        scene = Scene(device)
        yield scene
        scene.close()


@pytest.fixture
def copies(scene):
    copies = Copies(scene, scene._device)
    yield copies
    copies.close()
