"""Snapshots of the scene, and picking."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Sequence
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Annotated, Any, Literal

from annotated_types import Ge, Le

from brayns_widget.connection.reports import Report
from brayns_widget.connection.server import PICTURE_TIMEOUT, Server
from brayns_widget.controller.amounts import Share
from brayns_widget.controller.calls import long, offered, waiting
from brayns_widget.controller.camera import Camera
from brayns_widget.controller.encoded import GBuffers, Snapshot, check_writable
from brayns_widget.controller.grounds import lay_under
from brayns_widget.controller.group import Core, Group
from brayns_widget.controller.printing import LegendPlace, print_legend
from brayns_widget.controller.rendering import Rendering, interactive, path_tracer
from brayns_widget.controller.scale_bar import print_scale_bar
from brayns_widget.controller.views import AnyCamera, read_camera
from brayns_widget.protocol import colors
from brayns_widget.protocol.errors import ProtocolError

if TYPE_CHECKING:
    from brayns_widget.protocol.brayns.models import InspectResult
    from brayns_widget.protocol.brayns.pictures import SnapshotParams

FORMATS = {"png": "png", "jpg": "jpg", "jpeg": "jpg"}

LARGEST_SIDE = 8192
"""Pixels. Any renderer has to hold such a picture, and so has this process: a PNG of noise has four bytes a pixel, so a
square one takes 256 MiB, a quarter of a message. Our renderer allows twice the side, as it can write files itself."""

Side = Annotated[int, Ge(16), Le(LARGEST_SIDE)]
SAMPLE_TIMEOUT = 1e-5
"""Seconds that a sample of one pixel may take: ten times what two cores take where 400,000 spheres are seen."""

Samples = Annotated[int, Ge(1), Le(1024)]
SAMPLES, PATH_SAMPLES = 16, 64
"""Samples of a snapshot by default; the path tracer's are noisier."""

Ground = Any  # a color in any form, or two
CLEAR = "#00000000"
Channel = Literal["color", "depth", "albedo", "normal"]


class Pictures(Group):
    """Snapshots of the scene, and picking."""

    def __init__(self, core: Core, rendering: Rendering) -> None:
        super().__init__(core)
        self._rendering = rendering
        core.beside |= {"snapshot", "gbuffers"}

    @long
    async def snapshot(
        self,
        report: Report,
        path: str | Path | None = None,
        *,
        size: tuple[Side, Side] = (1200, 900),
        samples: Samples | None = None,
        background: Ground | None = None,
        format: str | None = None,  # noqa: A002 - Brayns' name of it
        camera: AnyCamera | None = None,
        legend: bool | LegendPlace = False,
        scale_bar: bool = False,
    ) -> Snapshot:
        """Render a picture in full quality.

        Args:
            report: gets the progress.
            path: file to write on this machine, or None.
            size: width and height in pixels, 16 to 8192.
            samples: samples per pixel, 1 to 1024; None takes 16, or 64 where the path tracer draws the resting view.
            background: a color in any form that ``colors.parse`` reads, also "transparent", or two, from top to bottom;
                None takes that of the view. A picture without alpha ("jpg") shows the color without its opacity.
            format: "png" or "jpg"; None takes that of the file's name.
            camera: the camera; None takes the controller's.
            legend: whether the legend is drawn into the picture, or where: "upper left", "upper right", "lower left",
                which True is, or "lower right".
            scale_bar: whether a scale bar is drawn into the picture, at the lower right, or at the lower left of a
                legend that is there. In a perspective it holds at the depth of the camera's target.

        Returns:
            the picture, which a notebook shows.

        Raises:
            ValueError: a value is out of range.

        Raises (from the task):
            OSError: the file cannot be written.
        """
        # Checked now, and not after the last sample.
        file = None if path is None else await asyncio.to_thread(check_writable, path)
        image_format = format_of(file, format)
        ground = self._ground(background)
        renderer = await self._core.loaded_renderer(report)
        report(0.0, "Rendering ...")
        seen = self._seen(camera)  # that of now: it may move while the picture is rendered
        data = await self.rendered(
            renderer, seen, size, samples, image_format=image_format, report=report, ground=ground
        )
        state = self._store.state
        if legend is not False and state.legend is not None:
            names, place = {model.id: model.name for model in state.models}, "lower left" if legend is True else legend
            data = await asyncio.to_thread(print_legend, data, image_format, state.legend, place, names)
        if scale_bar:
            corner: LegendPlace = "lower left" if legend == "lower right" else "lower right"
            data = await asyncio.to_thread(print_scale_bar, data, image_format, seen.visible_height, corner)
        picture = Snapshot(data, image_format, (size[0], size[1]))
        if file is not None:
            await asyncio.to_thread(picture.save, file)
        return picture

    async def rendered(
        self,
        renderer: Server,
        camera: Camera,
        size: Sequence[int],
        samples: int | None,
        *,
        image_format: str,
        report: Report,
        ground: tuple[str, ...] = (),
    ) -> bytes:
        """Return a picture of the scene as it is, as a file of "png" or "jpg"; on the loop thread only.

        ``ground`` has the background's colors, see ``_ground``; none for the view's own.
        """
        from brayns_widget.protocol.brayns.pictures import SNAPSHOT

        ground = ground or self._ground(None)
        count = samples or (PATH_SAMPLES if self._rendering.at_rest == "path tracer" else SAMPLES)
        # What lies behind is laid under a transparent picture here, if it is not of one color.
        behind = None if len(ground) == 1 else ground
        color = CLEAR if behind else ground[0] if image_format == "png" else ground[0][:7]
        params = self._snapshot_params(camera, size, count, "png" if behind else image_format, color)
        deadline = deadline_of(size, count)
        result, payload = await renderer.call_with_payload(SNAPSHOT, params, on_progress=report, timeout=deadline)
        data = cut(payload, result.color_buffer.offset, result.color_buffer.size)
        return await asyncio.to_thread(lay_under, data, behind, image_format) if behind else data

    @offered
    @waiting
    async def encoded(
        self, size: tuple[Side, Side], legend: LegendPlace | None = None, *, scale_bar: bool = False
    ) -> str:
        """Render a picture as ``snapshot`` does, which tells the progress, and return its PNG in base64, as pages need.

        Args:
            size: width and height in pixels, 16 to 8192.
            legend: where the legend is drawn into the picture; None leaves it out.
            scale_bar: whether a scale bar is drawn into it.
        """
        picture = await self.snapshot(size=size, legend=False if legend is None else legend, scale_bar=scale_bar)
        return base64.b64encode(picture.data).decode("ascii")

    @long
    async def gbuffers(
        self,
        report: Report,
        *,
        channels: Sequence[Channel] = ("depth", "normal"),
        size: tuple[Side, Side] = (1200, 900),
        camera: AnyCamera | None = None,
    ) -> GBuffers:
        """Render channels of numbers, such as depths and normals.

        Args:
            report: gets the progress.
            channels: any of "color", "depth", "albedo" and "normal".
            size: width and height in pixels.
            camera: the camera; None takes the controller's.

        Returns:
            an OpenEXR file.

        Raises:
            ValueError: a value is out of range.

        Raises (from the task):
            ValueError: the file would have more bytes than a message may.
        """
        from brayns_widget.protocol.brayns import pictures as brayns

        brayns.check_exr(size, channels)
        renderer = await self._core.loaded_renderer(report)
        params = brayns.GBuffersParams(channels=list(channels), resolution=list(size), **self._shot(camera, samples=16))
        _, payload = await renderer.call_with_payload(brayns.EXPORT_GBUFFERS, params, on_progress=report)
        return GBuffers(bytes(payload), tuple(channels), (size[0], size[1]))

    @waiting
    async def inspect(self, x: Share, y: Share) -> InspectResult:
        """Tell what is seen at a point of the view, through the controller's camera.

        Args:
            x: 0 to 1, from the left.
            y: 0 to 1, from the bottom.
        """
        from brayns_widget.protocol.brayns.models import INSPECT, InspectParams

        renderer = await self._core.renderer()
        return await self._core.look(renderer, renderer.call(INSPECT, InspectParams(position=(x, y))))

    def _snapshot_params(
        self, camera: AnyCamera | None, size: Sequence[int], samples: int, image_format: str, background: str
    ) -> SnapshotParams:
        from brayns_widget.protocol.brayns.pictures import ImageSettings, SnapshotParams

        image = ImageSettings(format=image_format, quality=95, size=list(size))
        return SnapshotParams(image_settings=image, **self._shot(camera, samples=samples, background=background))

    def _seen(self, camera: AnyCamera | None) -> Camera:
        return self._store.state.camera if camera is None else read_camera(camera)

    def _ground(self, background: Any) -> tuple[str, ...]:
        """Return one color, or two from top to bottom, as "#rrggbb" or "#rrggbbaa"."""
        if background is None:
            return (self._rendering.background,)
        several = not isinstance(background, str) and len(background) == 2
        return tuple(colors.to_hex(colors.parse(one)) for one in (background if several else [background]))

    def _shot(self, camera: AnyCamera | None, *, samples: int, background: str | None = None) -> dict[str, Any]:
        """Return the parameters that all snapshots share."""
        from brayns_widget.protocol.brayns.pictures import EngineObject
        from brayns_widget.protocol.brayns.renderers import name_of

        seen = self._seen(camera)
        rendering = self._rendering
        paths = rendering.at_rest == "path tracer"
        settings = (path_tracer if paths else interactive)(
            rendering.settings, background or rendering.background, samples=samples
        )
        return {
            "camera": EngineObject(name=seen.type, params=seen.projection),
            "camera_view": seen.view,
            "renderer": EngineObject(name=name_of(settings), params=settings),
        }


def deadline_of(size: Sequence[int], samples: int) -> float:
    """Return the seconds that a picture may take.

    Args:
        size: width and height in pixels.
        samples: samples per pixel.
    """
    return max(PICTURE_TIMEOUT, size[0] * size[1] * samples * SAMPLE_TIMEOUT)


def cut(payload: memoryview, offset: int, size: int) -> bytes:
    """Cut a picture out of an answer's payload.

    Raises:
        ProtocolError: the picture lies outside of the payload.
    """
    if offset < 0 or size <= 0 or offset + size > len(payload):
        raise ProtocolError(f"The renderer sent {len(payload)} bytes for a picture of {size} bytes at {offset}.")
    return bytes(payload[offset : offset + size])


def format_of(path: PurePath | None, chosen: str | None) -> str:
    """Return Brayns' name of the picture format: the chosen one, or that of a file's name, or "png".

    Raises:
        ValueError: pictures cannot be written in it.
    """
    name = chosen.lower() if chosen is not None else path.suffix.lower().lstrip(".") if path is not None else ""
    if (name or "png") not in FORMATS:
        raise ValueError(f"picture format is {name!r}, not one of {', '.join(sorted(FORMATS))}")
    return FORMATS[name or "png"]
