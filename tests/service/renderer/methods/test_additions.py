"""Methods of ours that the real renderer lacks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from brayns_widget.protocol.errors import RequestError
from brayns_widget.service.renderer.context import Context
from brayns_widget.service.renderer.loaders.registry import LOADERS
from brayns_widget.service.renderer.methods import METHODS
from brayns_widget.service.renderer.tracing.engine import Engine
from brayns_widget.service.rpc.running import RunningRequest
from tests.service.renderer.loaders.morphologies.files import ASC, SWC

ALL = {"load_soma": True, "load_axon": True, "load_dendrites": True}


@pytest.fixture
def context() -> Iterator[Context]:
    context = Context(METHODS, LOADERS)
    context.start(lambda: Engine(1))
    assert context.engine.scene.count == 0
    yield context
    context.close()


def add(context: Context, kind: str, text: str, **more: Any) -> Any:
    params = {"type": kind, "text": text, "loader_properties": ALL, **more}
    return METHODS["add-morphology"].call(context, params, memoryview(b""), RunningRequest())[0]


@pytest.mark.parametrize(("kind", "text"), [("swc", SWC), ("asc", ASC)])
def test_a_cell_of_text(context: Context, kind: str, text: str):
    (model,) = add(context, kind, text)
    assert model["model_type"] == "morphology"
    assert model["info"]["load_info"]["source"] == "from_blob"
    assert model["info"]["load_info"]["load_parameters"]["load_axon"] is True
    assert model["bounds"]["max"][0] == pytest.approx(61)


@pytest.mark.parametrize(
    ("kind", "text", "message"),
    [
        (
            "swc",
            SWC.replace("0.8", "0,8"),
            r"The upload cannot be read as a morphology: line 4 \('4 4 20",
        ),
        ("swc", "", "it is empty"),
        ("h5", SWC, "Invalid"),
    ],
)
def test_what_is_no_cell_is_refused(context: Context, kind: str, text: str, message: str):
    with pytest.raises(RequestError, match=message):
        add(context, kind, text)
    assert not list(context.models)
    with pytest.raises(RequestError, match=r"^My cell cannot be shown: it is empty"):
        add(context, "swc", "", name="My cell")


def test_notices_name_the_cell(context: Context):
    (model,) = add(context, "swc", SWC.replace("0.8", "-0.8"), name="My cell")
    (notice,) = model["info"]["notices"]
    assert notice.startswith("My cell: ")


def call(context: Context, method: str, params: Any) -> Any:
    return METHODS[method].call(context, params, memoryview(b""), RunningRequest())[0]


def test_the_last_coloring_is_told(context: Context):
    red, green = [1.0, 0.0, 0.0, 1.0], [0.0, 1.0, 0.0, 1.0]

    def color(method: str, **values: list[float]) -> None:
        call(context, "color-model", {"id": 0, "method": method, "values": values})

    def told(model: int = 0) -> Any:
        return call(context, "get-model-coloring", {"id": model})

    add(context, "swc", SWC)
    call(context, "instantiate-model", {"model_id": 0, "transforms": [{}]})
    assert told() == {"method": "", "values": {}}
    color("morphology section", axon=red)
    color("morphology section", soma=green)  # the axon keeps its color
    assert told() == told(1) == {"method": "morphology section", "values": {"axon": red, "soma": green}}
    color("solid", color=green)
    assert told() == {"method": "solid", "values": {"color": green}}
    with pytest.raises(RequestError, match="morphology sect"):
        color("no such method", color=red)
    assert told()["method"] == "solid"
    color("morphology section geometry", **{"1": red, "99999": red})  # ... which there is not
    assert told() == {"method": "morphology section geometry", "values": {"1": red}}
    with pytest.raises(RequestError, match="No model found"):
        told(9)
