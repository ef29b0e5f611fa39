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
from brayns_widget.service.rpc.running import RunningRequest


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

    def fail(request: RunningRequest | None = None) -> None:
        raise RequestError("The report cannot be read", code=INTERNAL_ERROR)

    with monkeypatch.context() as patched:
        patched.setattr(context.playback, "refresh", fail)
        with pytest.raises(RequestError, match="cannot be read"):
            METHODS["add-model"].call(context, params, memoryview(b""), RunningRequest())
    assert not list(context.models)
    assert context.engine.scene.count == 0
    METHODS["add-model"].call(context, params, memoryview(b""), RunningRequest())
    assert [model.id for model in context.models] == [0]


def test_loads_and_uploads_tell_their_steps(context: Context, tmp_path: Path):
    """Clients of the real renderer count on three messages of a load, and four of an upload."""
    text = b"OFF\n3 1 0\n0 0 0\n1 0 0\n0 1 0\n3 0 1 2\n"
    path = tmp_path / "triangle.off"
    path.write_bytes(text)
    load = {"path": str(path), "loader_name": "mesh", "loader_properties": {}}
    upload = {"type": "off", "loader_name": "mesh", "loader_properties": {}}
    for method, params, payload, least in (("add-model", load, b"", 3), ("upload-model", upload, text, 4)):
        told: list[float] = []
        request = RunningRequest(lambda amount, _operation, told=told: told.append(amount))  # type: ignore[misc]
        METHODS[method].call(context, params, memoryview(payload), request)
        assert len(told) >= least
        assert told == sorted(told)
