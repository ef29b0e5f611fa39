"""What a load leaves when it fails after it has been read."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from brayns_widget.protocol.errors import INTERNAL_ERROR, RequestError
from brayns_widget.service.renderer.context import Context
from brayns_widget.service.renderer.loaders.registry import LOADERS
from brayns_widget.service.renderer.methods import METHODS
from brayns_widget.service.renderer.tracing.engine import Engine
from brayns_widget.service.rpc.methods import RunningRequest


@pytest.fixture
def context() -> Iterator[Context]:
    context = Context(METHODS, LOADERS)
    context.start(lambda: Engine(1))
    assert context.engine.scene.count == 0
    yield context
    context.close()


def test_a_model_whose_frame_cannot_be_shown_is_taken_out_again(
    context: Context, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    path = tmp_path / "points.xyz"
    path.write_text("1 2 3\n")
    params = {"path": str(path), "loader_name": "xyz", "loader_properties": {}}

    def fail() -> None:
        raise RequestError("The report cannot be read", code=INTERNAL_ERROR)

    with monkeypatch.context() as patched:
        patched.setattr(context.playback, "refresh", fail)
        with pytest.raises(RequestError, match="cannot be read"):
            METHODS["add-model"].call(context, params, memoryview(b""), RunningRequest())
    assert not list(context.models)
    assert context.engine.scene.count == 0
    METHODS["add-model"].call(context, params, memoryview(b""), RunningRequest())
    assert [model.id for model in context.models] == [0]
