"""The method ``snapshot``: a finished picture beside the interactive one."""

from __future__ import annotations

import json
import struct
from pathlib import Path

from brayns_widget.protocol.brayns.pictures import SNAPSHOT, ColorBuffer, ImageMetadata, SnapshotParams, SnapshotResult
from brayns_widget.protocol.errors import INVALID_PARAMS, RequestError
from brayns_widget.service.renderer.context import Context
from brayns_widget.service.renderer.methods.core import check_size
from brayns_widget.service.renderer.methods.pictures import check_format
from brayns_widget.service.renderer.methods.shots import ENCODING, Shot, begin, deliver
from brayns_widget.service.renderer.tracing.pictures.exr import encode_exr
from brayns_widget.service.renderer.tracing.pictures.framebuffer import Frame
from brayns_widget.service.renderer.tracing.pictures.images import encode_image
from brayns_widget.service.rpc.methods import Methods, Turn, WithPayload
from brayns_widget.service.rpc.running import RunningRequest

methods: Methods[Context] = Methods()

_LONGEST_COMMENT = 65533  # bytes of a JPEG's comment


@methods.add(SNAPSHOT, cancellable=True, turn=Turn.LONG)
def snapshot(context: Context, params: SnapshotParams, request: RunningRequest) -> WithPayload[SnapshotResult]:
    """Render a finished picture to memory, or to a file of the renderer's machine, whose name tells the format."""
    settings = params.image_settings
    path = params.file_path
    image_format = _format(Path(path).suffix or settings.format)
    exact = image_format == "exr"
    if path and not Path(path).suffix:
        path += f".{image_format}"
    if image_format == "jpg" and params.metadata is not None and len(_comment(params.metadata)) > _LONGEST_COMMENT:
        raise RequestError(
            f"A JPEG holds {_LONGEST_COMMENT} bytes of metadata at most: shorten it, or use png", code=INVALID_PARAMS
        )
    size = check_size(settings.size) if "size" in settings.model_fields_set else context.viewport
    shot = Shot.of(context, params)
    if exact:
        shot = shot.in_light()
    operation = "Rendering snapshot ..."
    begin(request, path, operation, size, ("color",) if exact else ())

    def encode(frame: Frame) -> bytes:
        texts = None if params.metadata is None else _texts(params.metadata)
        if exact:
            return encode_exr({"color": frame.light}, texts)
        image = encode_image(frame.pixels, image_format, min(100, settings.quality), texts)
        if image_format == "jpg" and params.metadata is not None:
            return _with_comment(image, _comment(params.metadata))
        return image

    with shot.engine(context, request) as engine:
        frame = shot.trace(engine, context, size, request, operation, keep=exact)
        image = request.aside(lambda: encode(frame), ENCODING, context.turns.pause)
    image = deliver(path, image)
    return WithPayload(SnapshotResult(color_buffer=ColorBuffer(offset=0, size=len(image))), image)


def _format(name: str) -> str:
    return "exr" if name.lower().removeprefix(".") == "exr" else check_format(name)


def _texts(metadata: ImageMetadata) -> dict[str, str]:
    """Metadata as a picture's file names them."""
    return {
        key.replace("_", " ").capitalize(): _text(", ".join(value) if isinstance(value, list) else value)
        for key, value in metadata.model_dump().items()
    }


def _text(value: str) -> str:
    """Leave out what names of files may have that is no text."""
    return value.encode(errors="replace").decode()


def _comment(metadata: ImageMetadata) -> bytes:
    return json.dumps(metadata.model_dump(), ensure_ascii=False).encode(errors="replace")


def _with_comment(image: bytes, comment: bytes) -> bytes:
    """Put a comment into a JPEG, whose encoder has no option for that."""
    # ISO/IEC 10918-1, B.2.4.5: a COM segment, here right after the start of image
    return image[:2] + b"\xff\xfe" + struct.pack(">H", len(comment) + 2) + comment + image[2:]
