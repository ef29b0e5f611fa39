"""Methods that load files."""

from __future__ import annotations

from brayns_widget.protocol.brayns.loaders import (
    ADD_MODEL,
    GET_LOADERS,
    UPLOAD_MODEL,
    AddModelParams,
    LoaderInfo,
    UploadModelParams,
)
from brayns_widget.protocol.brayns.models import LoadInfo, ModelInstance
from brayns_widget.protocol.errors import INVALID_PARAMS, RequestError
from brayns_widget.service.renderer.context import Context
from brayns_widget.service.renderer.loaders.base import Loader
from brayns_widget.service.renderer.loaders.refused import REASONS, check_refused
from brayns_widget.service.rpc.methods import Methods, Turn
from brayns_widget.service.rpc.running import RunningRequest

methods: Methods[Context] = Methods()

READING = 0.6  # of a load's progress; the rest is building the acceleration structure
UPLOADED = 0.5  # progress of an upload when its bytes are there, as in the real renderer


@methods.add(GET_LOADERS, turn=Turn.BETWEEN)
def get_loaders(context: Context) -> list[LoaderInfo]:
    """Get the loaders and the schemas of their parameters."""
    return [
        LoaderInfo(
            binary=loader.binary,
            extensions=list(loader.extensions),
            input_parameters_schema=loader.schema(),
            name=loader.name,
            plugin=loader.plugin,
            refused=REASONS.get(loader.name),
        )
        for loader in context.loaders.values()
    ]


@methods.add(ADD_MODEL, cancellable=True)
def add_model(context: Context, params: AddModelParams, request: RunningRequest) -> list[ModelInstance]:
    """Load a file of the renderer's machine and return the models that it makes."""
    loader = _loader(context, params.loader_name, params.path)
    part, allowed = request.part(0.0, READING), context.allowance()
    loaded = context.reading.read(loader, params.path, params.loader_properties, part, allowed=allowed)
    load_info = LoadInfo(
        load_parameters=params.loader_properties, loader_name=loader.name, path=params.path, source="from_file"
    )
    models = context.models.add_loaded(loaded, load_info, request.part(READING, 1.0))
    try:
        context.playback.refresh(request)
    except RequestError:
        context.models.remove([model.id for model in models])
        context.playback.settle()
        raise
    return [model.instance() for model in models]


@methods.add(UPLOAD_MODEL, cancellable=True)
def upload_model(
    context: Context, params: UploadModelParams, request: RunningRequest, payload: memoryview
) -> list[ModelInstance]:
    """Load the bytes that came with the request and return the models that they make."""
    if not payload:
        raise RequestError("Mo model binary data", code=INVALID_PARAMS)  # the real renderer's words
    request.progress(UPLOADED, "Model uploaded")
    loader = _loader(context, params.loader_name)
    read = UPLOADED + READING * (1.0 - UPLOADED)
    part, allowed = request.part(UPLOADED, read), context.allowance()
    loaded = context.reading.read_upload(loader, params.type, payload, params.loader_properties, part, allowed=allowed)
    load_info = LoadInfo(load_parameters=params.loader_properties, loader_name=loader.name, path="", source="from_blob")
    return [model.instance() for model in context.models.add_loaded(loaded, load_info, request.part(read, 1.0))]


def _loader(context: Context, name: str, path: str = "") -> Loader:
    check_refused(name, path)
    loader = context.loaders.get(name)
    if loader is None:
        raise RequestError(f"Invalid loader name: {name!r}", code=INVALID_PARAMS)
    return loader
