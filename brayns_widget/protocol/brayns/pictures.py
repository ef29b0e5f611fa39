"""Pictures: frames of the interactive one, and finished ones beside it."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field

from brayns_widget.protocol.brayns.camera import View
from brayns_widget.protocol.endpoints import Endpoint
from brayns_widget.protocol.schema import Items, Object, Size, Size2, Vector2, read_only, unlisted


class RenderImageParams(Object):
    """Whether to render, and what to send."""

    accumulate: bool = False
    force: bool = False
    format: str = "jpg"
    jpeg_quality: Annotated[int, Field(ge=0, le=100)] = 100
    render: bool = True
    send: bool = True


class RenderImageResult(Object):
    """How many samples the picture has, and how many it will have."""

    accumulation: Size = read_only()
    max_accumulation: Size = read_only()


class EngineObject(Object):
    """A type of camera or renderer and its parameters; without a name the current one."""

    model_config = ConfigDict(title="EngineObjectData")

    name: str = unlisted("")
    params: Any = unlisted(None)


class ShotParams(Object):
    """A picture's scene settings; what is left out is as it is for ``render-image``."""

    camera: EngineObject = unlisted(EngineObject())
    camera_near_clip: float = unlisted(0.0)
    camera_view: View | None = unlisted(None)
    file_path: str = unlisted("")
    image_end: Vector2 | None = unlisted(None)
    image_start: Vector2 | None = unlisted(None)
    renderer: EngineObject = unlisted(EngineObject())
    simulation_frame: Size = unlisted(0)


class ImageSettings(Object):
    """Size (pixels), format and JPEG quality; without a size the viewport's."""

    format: str = "png"
    quality: Annotated[int, Field(ge=0)] = 100
    size: Size2 = unlisted([0, 0])


class ImageMetadata(Object):
    """Texts that go into the picture's file."""

    description: str
    keywords: Items[str]
    title: str
    where_used: str


class SnapshotParams(ShotParams):
    """The picture's scene settings, its format, and what its file tells about it."""

    image_settings: ImageSettings = unlisted(ImageSettings())
    metadata: ImageMetadata | None = unlisted(None)


class ColorBuffer(Object):
    """Where the picture stands in the answer's bytes."""

    model_config = ConfigDict(title="ColorBufferMessage")

    offset: Size = read_only()
    size: Size = read_only()


class SnapshotResult(Object):
    """The picture's place in the answer; its size is 0 if it went to a file."""

    color_buffer: ColorBuffer = read_only()


class GBuffersParams(ShotParams):
    """The picture's scene settings, its size in pixels, and which channels."""

    channels: Items[Literal["color", "depth", "albedo", "normal"]]
    resolution: Size2 = unlisted([0, 0])

    model_config = ConfigDict(title="GBuffersParams")


# Pictures come as the answers' bytes.
RENDER_IMAGE = Endpoint("render-image", RenderImageParams, RenderImageResult)
SNAPSHOT = Endpoint("snapshot", SnapshotParams, SnapshotResult)
EXPORT_GBUFFERS = Endpoint("export-gbuffers", GBuffersParams)
