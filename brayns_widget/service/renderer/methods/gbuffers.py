"""The method ``export-gbuffers``: what a camera sees, as numbers."""

from __future__ import annotations

import contextlib
from typing import Literal

from pydantic import ConfigDict

from brayns_widget.protocol.errors import INVALID_PARAMS, RequestError
from brayns_widget.service.renderer.context import Context
from brayns_widget.service.renderer.exr import encode_exr
from brayns_widget.service.renderer.geometry import Floats
from brayns_widget.service.renderer.methods.camera import CAMERAS, check_camera, check_near_clip
from brayns_widget.service.renderer.methods.core import check_size
from brayns_widget.service.renderer.methods.pictures import RENDERERS
from brayns_widget.service.renderer.methods.snapshot import EngineObject, chosen, write_file
from brayns_widget.service.renderer.scene import Cancelled
from brayns_widget.service.renderer.settings import Region, View
from brayns_widget.service.rpc.methods import Methods, Task, WithPayload
from brayns_widget.service.rpc.schema import Object, Size, Size2, Vector2, unlisted

methods: Methods[Context] = Methods()

OPERATION = "Exporting g-buffers ..."


class GBuffersParams(Object):
    """Which channels, and a picture's scene settings; what is left out is as it is for ``render-image``."""

    camera: EngineObject = unlisted(EngineObject())
    camera_near_clip: float = unlisted(0.0)
    camera_view: View | None = unlisted(None)
    channels: list[Literal["color", "depth", "albedo", "normal"]]
    file_path: str = unlisted("")
    image_end: Vector2 | None = unlisted(None)
    image_start: Vector2 | None = unlisted(None)
    renderer: EngineObject = unlisted(EngineObject())
    resolution: Size2 = unlisted([0, 0])
    simulation_frame: Size = unlisted(0)

    model_config = ConfigDict(title="GBuffersParams")


@methods.add("export-gbuffers", cancellable=True)
def export_gbuffers(context: Context, params: GBuffersParams, task: Task) -> WithPayload[None]:
    """Write what a camera sees as an OpenEXR file, to memory or to a file of the renderer's machine."""
    if not params.channels:
        raise RequestError("The list of channels cannot be empty", code=INVALID_PARAMS)
    given = params.model_fields_set
    size = check_size(params.resolution) if "resolution" in given else context.viewport
    view = context.view if params.camera_view is None else params.camera_view
    projection = chosen(params.camera, CAMERAS, context.projection)
    renderer = chosen(params.renderer, RENDERERS, context.renderer)
    near_clip = check_near_clip(params.camera_near_clip) if "camera_near_clip" in given else context.near_clip
    region = Region(
        image_start=params.image_start or context.region.image_start,
        image_end=params.image_end or context.region.image_end,
    )
    check_camera(view, projection, region)
    task.progress(0.0, OPERATION)
    images: dict[str, Floats] = {}
    try:
        with context.playback.at(params.simulation_frame) if "simulation_frame" in given else contextlib.nullcontext():
            engine = context.prepared_engine()
            if "color" in params.channels:
                images["color"] = engine.trace(
                    size,
                    view,
                    projection,
                    near_clip=near_clip,
                    region=region,
                    renderer=renderer,
                    keep=True,
                    progress=lambda amount: task.progress(0.8 * amount, OPERATION),
                    cancelled=lambda: task.cancelled,
                ).light
            if set(params.channels) != {"color"}:
                surfaces = engine.surfaces(
                    size, view, projection, near_clip=near_clip, region=region, cancelled=lambda: task.cancelled
                )
                images |= {"depth": surfaces.depth, "albedo": surfaces.albedo, "normal": surfaces.normal}
    except Cancelled:
        task.check()
        raise
    file = encode_exr({name: images[name] for name in dict.fromkeys(params.channels)})
    if params.file_path:
        write_file(params.file_path, file)
        file = b""
    return WithPayload(None, file)
