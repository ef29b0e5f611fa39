"""The method ``export-gbuffers``: what a camera sees, as numbers."""

from __future__ import annotations

from pathlib import Path

from brayns_widget.protocol.brayns.pictures import EXPORT_GBUFFERS, GBuffersParams
from brayns_widget.protocol.errors import INVALID_PARAMS, RequestError
from brayns_widget.service.renderer.content.geometry import Floats
from brayns_widget.service.renderer.context import Context
from brayns_widget.service.renderer.methods.core import check_size
from brayns_widget.service.renderer.methods.shots import ENCODING, Shot, begin, deliver
from brayns_widget.service.renderer.tracing.pictures.exr import encode_exr
from brayns_widget.service.rpc.methods import Methods, Turn, WithPayload
from brayns_widget.service.rpc.running import RunningRequest

methods: Methods[Context] = Methods()

OPERATION = "Exporting g-buffers ..."


@methods.add(EXPORT_GBUFFERS, cancellable=True, turn=Turn.LONG)
def export_gbuffers(context: Context, params: GBuffersParams, request: RunningRequest) -> WithPayload[None]:
    """Write what a camera sees as OpenEXR, to memory or to a file (.exr) of the renderer's machine."""
    if not params.channels:
        raise RequestError("The list of channels cannot be empty", code=INVALID_PARAMS)
    size = check_size(params.resolution) if "resolution" in params.model_fields_set else context.viewport
    shot = Shot.of(context, params).in_light()
    path = params.file_path
    if path and Path(path).suffix.lower() != ".exr":
        path += ".exr"
    begin(request, path, OPERATION, size, params.channels)
    traced = 0.8 if "color" in params.channels else 0.0
    images: dict[str, Floats] = {}
    with shot.engine(context, request) as engine:
        if "color" in params.channels:
            images["color"] = shot.trace(engine, context, size, request, OPERATION, keep=True, share=traced).light
        if set(params.channels) != {"color"}:
            surfaces = engine.surfaces(
                size,
                shot.camera,
                progress=lambda amount: request.progress(traced + (0.95 - traced) * amount, OPERATION),
                cancelled=lambda: request.cancelled,
                others=context.turns,
            )
            images |= {"depth": surfaces.depth, "albedo": surfaces.albedo, "normal": surfaces.normal}
        wanted: dict[str, Floats] = {name: images[name] for name in dict.fromkeys(params.channels)}
        file = request.aside(lambda: encode_exr(wanted), ENCODING, context.turns.pause)
    return WithPayload(None, deliver(path, file))
