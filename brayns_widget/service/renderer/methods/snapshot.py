"""The method ``snapshot``: a finished picture beside the interactive one."""

from __future__ import annotations

import contextlib
import io
import json
import struct
from pathlib import Path
from typing import Annotated, Any, TypeVar

from PIL import Image
from PIL.PngImagePlugin import PngInfo
from pydantic import ConfigDict, Field, TypeAdapter

from brayns_widget.protocol.errors import INTERNAL_ERROR, RequestError
from brayns_widget.service.renderer.context import Context
from brayns_widget.service.renderer.exr import encode_exr
from brayns_widget.service.renderer.images import encode_image
from brayns_widget.service.renderer.methods.camera import CAMERAS, check_camera, check_near_clip
from brayns_widget.service.renderer.methods.core import check_size
from brayns_widget.service.renderer.methods.pictures import RENDERERS, check_format
from brayns_widget.service.renderer.scene import Cancelled
from brayns_widget.service.renderer.settings import Region, View
from brayns_widget.service.rpc.methods import Methods, Task, WithPayload
from brayns_widget.service.rpc.schema import Object, Size, Size2, Vector2, read_only, unlisted, validate

methods: Methods[Context] = Methods()

K = TypeVar("K")


class EngineObject(Object):
    """A type of camera or renderer and its parameters; without a name the current one."""

    model_config = ConfigDict(title="EngineObjectData")

    name: str = unlisted("")
    params: Any = unlisted(None)


class ImageSettings(Object):
    """Size (pixels), format and JPEG quality; without a size the viewport's."""

    format: str = "png"
    quality: Annotated[int, Field(ge=0)] = 100
    size: Size2 = unlisted([0, 0])


class ImageMetadata(Object):
    """Texts that go into the picture's file."""

    description: str
    keywords: list[str]
    title: str
    where_used: str


class SnapshotParams(Object):
    """A picture's scene settings; what is left out is as it is for ``render-image``."""

    camera: EngineObject = unlisted(EngineObject())
    camera_near_clip: float = unlisted(0.0)
    camera_view: View | None = unlisted(None)
    file_path: str = unlisted("")
    image_end: Vector2 | None = unlisted(None)
    image_settings: ImageSettings = unlisted(ImageSettings())
    image_start: Vector2 | None = unlisted(None)
    metadata: ImageMetadata | None = unlisted(None)
    renderer: EngineObject = unlisted(EngineObject())
    simulation_frame: Size = unlisted(0)


class ColorBuffer(Object):
    """Where the picture stands in the answer's bytes."""

    model_config = ConfigDict(title="ColorBufferMessage")

    offset: Size = read_only()
    size: Size = read_only()


class SnapshotResult(Object):
    """The picture's place in the answer; its size is 0 if it went to a file."""

    color_buffer: ColorBuffer = read_only()


@methods.add("snapshot", cancellable=True)
def snapshot(context: Context, params: SnapshotParams, task: Task) -> WithPayload[SnapshotResult]:
    """Render a finished picture to memory, or to a file of the renderer's machine."""
    given = params.model_fields_set
    settings = params.image_settings
    exact = settings.format.lower() == "exr"
    image_format = "exr" if exact else check_format(settings.format)
    size = check_size(settings.size) if "size" in settings.model_fields_set else context.viewport
    view = context.view if params.camera_view is None else params.camera_view
    projection = chosen(params.camera, CAMERAS, context.projection)
    renderer = chosen(params.renderer, RENDERERS, context.renderer)
    near_clip = check_near_clip(params.camera_near_clip) if "camera_near_clip" in given else context.near_clip
    region = Region(
        image_start=params.image_start or context.region.image_start,
        image_end=params.image_end or context.region.image_end,
    )
    check_camera(view, projection, region)
    operation = "Rendering snapshot ..."
    task.progress(0.0, operation)
    try:
        with context.playback.at(params.simulation_frame) if "simulation_frame" in given else contextlib.nullcontext():
            frame = context.prepared_engine().trace(
                size,
                view,
                projection,
                near_clip=near_clip,
                region=region,
                renderer=renderer,
                keep=exact,
                progress=lambda amount: task.progress(amount, operation),
                cancelled=lambda: task.cancelled,
            )
    except Cancelled:
        task.check()
        raise
    if exact:
        image = encode_exr({"color": frame.light}, None if params.metadata is None else _texts(params.metadata))
    else:
        image = encode_image(frame.pixels, image_format, min(100, settings.quality))
        if params.metadata is not None:
            image = _with_metadata(image, image_format, params.metadata)
    if params.file_path:
        write_file(params.file_path, image)
        image = b""
    return WithPayload(SnapshotResult(color_buffer=ColorBuffer(offset=0, size=len(image))), image)


def chosen(wanted: EngineObject, kinds: dict[str, type[Any]], current: Any) -> Any:
    """Make the camera or renderer that a client describes, starting from its type's defaults."""
    if not wanted.name:
        return current
    if wanted.name not in kinds:
        raise RequestError(f"Unknown type name {wanted.name}", code=INTERNAL_ERROR)
    return validate(TypeAdapter(kinds[wanted.name]), {} if wanted.params is None else wanted.params)


def write_file(path: str, image: bytes) -> None:
    """Write a file.

    Raises:
        RequestError: -32603, that is not possible.
    """
    try:
        Path(path).write_bytes(image)
    except (OSError, ValueError) as error:
        raise RequestError(f"Cannot write file {path!r}", code=INTERNAL_ERROR, data=[str(error)]) from error


def _texts(metadata: ImageMetadata) -> dict[str, str]:
    """Metadata as a picture's file names them."""
    return {
        key.replace("_", " ").capitalize(): ", ".join(value) if isinstance(value, list) else value
        for key, value in metadata.model_dump().items()
    }


def _with_metadata(image: bytes, image_format: str, metadata: ImageMetadata) -> bytes:
    """Put texts into a picture: text chunks of a PNG, the comment of a JPEG (as JSON)."""
    if image_format == "jpg":
        comment = json.dumps(metadata.model_dump(), ensure_ascii=False).encode()[:65533]
        # ISO/IEC 10918-1, B.2.4.5: a COM segment, here right after the start of image
        return image[:2] + b"\xff\xfe" + struct.pack(">H", len(comment) + 2) + comment + image[2:]
    texts = PngInfo()
    for key, text in _texts(metadata).items():
        texts.add_itxt(key, text)
    buffer = io.BytesIO()
    with Image.open(io.BytesIO(image)) as picture:
        picture.save(buffer, "PNG", pnginfo=texts, compress_level=1)
    return buffer.getvalue()
