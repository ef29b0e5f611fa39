"""What methods that make pictures share."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from brayns_widget.protocol.errors import CANCELLED, RequestError
from brayns_widget.service.renderer.context import Context
from brayns_widget.service.renderer.loaders.registry import LOADERS
from brayns_widget.service.renderer.methods import METHODS
from brayns_widget.service.renderer.scene import models as models_module
from brayns_widget.service.renderer.tracing.engine import Engine
from brayns_widget.service.rpc.running import RunningRequest
from tests.service.renderer.scene.test_models import LOAD_INFO, sphere

BUILDING = "Building the acceleration structure"
SHOTS = [
    ("snapshot", {"image_settings": {"size": [16, 16], "format": "png"}}),
    ("export-gbuffers", {"channels": ["depth"], "resolution": [16, 16]}),
]


@pytest.fixture
def context() -> Iterator[Context]:
    context = Context(METHODS, LOADERS)
    context.start(lambda: Engine(1))
    assert not len(context.engine.scene.traced[1])
    yield context
    context.close()


@pytest.mark.parametrize(("method", "params"), SHOTS)
def test_a_build_that_a_load_left_is_told_and_can_be_cancelled(
    context: Context, method: str, params: Any, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(models_module, "_SOON_BUILT", 0)
    context.models.add_loaded([sphere()], LOAD_INFO, RunningRequest())
    told: list[str] = []

    def report(_amount: float, operation: str) -> None:
        told.append(operation)
        if BUILDING in told and len(told) == 2:
            request.cancel()

    request = RunningRequest(report)
    with pytest.raises(RequestError) as caught:
        METHODS[method].call(context, params, memoryview(b""), request)
    assert caught.value.code == CANCELLED
    assert told[1] == BUILDING
    assert not len(context.engine.scene.traced[1])
    METHODS[method].call(context, params, memoryview(b""), RunningRequest())
    assert len(context.engine.scene.traced[1]) == 1


def test_nothing_is_rendered_once_the_process_is_to_end(context: Context):
    """Between two passes there is no pass that could be interrupted."""
    context.viewport = (8, 8)
    METHODS["set-renderer-interactive"].call(context, {"samples_per_pixel": 50}, memoryview(b""), RunningRequest())
    context.interrupt()
    result, _image = METHODS["render-image"].call(context, {"accumulate": True}, memoryview(b""), RunningRequest())
    assert result["accumulation"] <= 1
