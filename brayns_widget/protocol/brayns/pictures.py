"""Pictures: frames of the interactive view, and separate snapshots."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field

from brayns_widget.protocol.brayns.camera import View
from brayns_widget.protocol.endpoints import Endpoint
from brayns_widget.protocol.messages import MAX_MESSAGE
from brayns_widget.protocol.schema import Items, Object, Size, Size2, Vector2, read_only, unlisted


class RenderImageParams(Object):
    """Whether to render a pass and to send the picture, and its encoding."""

    accumulate: bool = False
    force: bool = False
    format: str = "jpg"
    jpeg_quality: Annotated[int, Field(ge=0, le=100)] = 100
    render: bool = True
    send: bool = True


class RenderImageResult(Object):
    """Number of samples in the picture so far, and of the finished one.

    Attributes:
        render_ms: milliseconds that the renderer spent on the request, tracing and encoding, without the time that it
            waited for others; None from the real renderer.
    """

    accumulation: Size = read_only()
    max_accumulation: Size = read_only()
    render_ms: Annotated[float, Field(ge=0)] | None = read_only(required=False)


class EngineObject(Object):
    """A camera or renderer by type and parameters; without a name the current one."""

    model_config = ConfigDict(title="EngineObjectData")

    name: str = unlisted("")
    params: Any = unlisted(None)


class ShotParams(Object):
    """A picture's scene settings; the default of each is the setting for ``render-image``."""

    camera: EngineObject = unlisted(EngineObject())
    camera_near_clip: float = unlisted(0.0)
    camera_view: View | None = unlisted(None)
    file_path: str = unlisted("")
    image_end: Vector2 | None = unlisted(None)
    image_start: Vector2 | None = unlisted(None)
    renderer: EngineObject = unlisted(EngineObject())
    simulation_frame: Size = unlisted(0)


class ImageSettings(Object):
    """Size (pixels), format and JPEG quality; the default size is the viewport's."""

    format: str = "png"
    quality: Annotated[int, Field(ge=0)] = 100
    size: Size2 = unlisted([0, 0])


class ImageMetadata(Object):
    """Texts for the picture file's metadata."""

    description: str
    keywords: Items[str]
    title: str
    where_used: str


class SnapshotParams(ShotParams):
    """The picture's scene settings, its format, and the texts of its metadata."""

    image_settings: ImageSettings = unlisted(ImageSettings())
    metadata: ImageMetadata | None = unlisted(None)


class ColorBuffer(Object):
    """Position of the picture in the answer's payload."""

    model_config = ConfigDict(title="ColorBufferMessage")

    offset: Size = read_only()
    size: Size = read_only()


class SnapshotResult(Object):
    """Position of the picture in the payload; its size is 0 if it was written to a file."""

    color_buffer: ColorBuffer = read_only()


EXR_FLOATS = {"color": 4, "depth": 1, "albedo": 3, "normal": 3}
"""Numbers of four bytes that OpenEXR files, which are not compressed, have of each pixel."""


def check_exr(size: Sequence[int], channels: Iterable[str]) -> None:
    """Check that an OpenEXR file fits into a message.

    Args:
        size: width and height in pixels.
        channels: of the file.

    Raises:
        ValueError: it does not.
    """
    length = size[0] * size[1] * 4 * sum(EXR_FLOATS[channel] for channel in set(channels))
    if length >= MAX_MESSAGE:  # its headers and the answer's come to it
        raise ValueError(
            f"OpenEXR of {size[0]} x {size[1]} pixels does not fit into a message, which may have {MAX_MESSAGE >> 20} "
            "MiB: take a smaller picture or fewer channels, or have the renderer write a file of its own (file_path)"
        )


class GBuffersParams(ShotParams):
    """The picture's scene settings, its size in pixels, and its channels."""

    channels: Items[Literal["color", "depth", "albedo", "normal"]]
    resolution: Size2 = unlisted([0, 0])

    model_config = ConfigDict(title="GBuffersParams")


# Pictures are the payload of the answers.
RENDER_IMAGE = Endpoint("render-image", RenderImageParams, RenderImageResult)
SNAPSHOT = Endpoint("snapshot", SnapshotParams, SnapshotResult)
EXPORT_GBUFFERS = Endpoint("export-gbuffers", GBuffersParams)
