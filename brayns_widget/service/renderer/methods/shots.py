"""What methods that make a picture beside the interactive one share: scene settings, and the file it goes to."""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from brayns_widget.protocol.brayns.camera import CAMERAS, Region
from brayns_widget.protocol.brayns.pictures import EngineObject, ShotParams, check_exr
from brayns_widget.protocol.brayns.renderers import RENDERERS
from brayns_widget.protocol.errors import INTERNAL_ERROR, INVALID_PARAMS, RequestError
from brayns_widget.protocol.schema import validate
from brayns_widget.service.confined import check_confined
from brayns_widget.service.renderer.context import Context
from brayns_widget.service.renderer.methods.camera import check_camera, check_near_clip
from brayns_widget.service.renderer.tracing.camera import Camera
from brayns_widget.service.renderer.tracing.engine import Engine
from brayns_widget.service.renderer.tracing.pictures.framebuffer import Frame
from brayns_widget.service.renderer.tracing.scene import Cancelled
from brayns_widget.service.renderer.tracing.settings import RenderSettings
from brayns_widget.service.renderer.translation.settings import camera_of, settings_of
from brayns_widget.service.rpc.running import RunningRequest

ENCODING = "Encoding ..."
COMPILING = "Preparing this kind of picture; further ones start at once ..."


@dataclass(frozen=True)
class Shot:
    """The settings that result; ``frame`` is None for that of ``render-image``."""

    camera: Camera
    settings: RenderSettings
    frame: int | None

    def in_light(self) -> Shot:
        """Return it for a picture of linear light, in which the background is light, too."""
        return replace(self, settings=replace(self.settings, exact_background=False))

    @classmethod
    def of(cls, context: Context, params: ShotParams) -> Shot:
        """Fill in what is left out.

        Raises:
            RequestError: the settings make no picture.
        """
        given = params.model_fields_set
        view = context.view if params.camera_view is None else params.camera_view
        projection = _chosen(params.camera, CAMERAS, context.projection)
        near_clip = check_near_clip(params.camera_near_clip) if "camera_near_clip" in given else context.near_clip
        region = Region(
            image_start=params.image_start or context.region.image_start,
            image_end=params.image_end or context.region.image_end,
        )
        renderer = _chosen(params.renderer, RENDERERS, context.renderer)
        check_camera(view, projection, region)
        return cls(
            camera=camera_of(view, projection, region, near_clip),
            settings=settings_of(renderer, context.picture_options, fog=context.fog, outlines=context.outlines),
            frame=params.simulation_frame if "simulation_frame" in given else None,
        )

    @contextlib.contextmanager
    def engine(self, context: Context, request: RunningRequest) -> Iterator[Engine]:
        """Lend the engine with the scene at this shot's frame; a cancelled ``request`` ends as such.

        Others may run between its steps, unless the scene shows another frame meanwhile.
        """
        shown = self.frame is None or self.frame == context.playback.frame
        try:
            with contextlib.nullcontext() if self.frame is None else context.playback.at(self.frame, request):
                context.models.build(request.part(0.0, 0.0))
                engine = context.prepared_engine()
                request.settled()
                with context.turns.sharing(engine.interrupt) if shown else contextlib.nullcontext():
                    yield engine
        except Cancelled:
            request.check()
            raise

    def trace(
        self,
        engine: Engine,
        context: Context,
        size: tuple[int, int],
        request: RunningRequest,
        operation: str,
        *,
        keep: bool,
        share: float = 1.0,
    ) -> Frame:
        """Trace the picture.

        Args:
            engine: see ``engine``.
            context: whose others may run between the samples.
            size: width and height in pixels.
            request: gets the progress, and may cancel.
            operation: what the client is told.
            keep: whether linear light is needed, too.
            share: of the request's progress.
        """
        return engine.trace(
            size,
            self.camera,
            settings=self.settings,
            keep=keep,
            progress=lambda amount: request.progress(share * amount, operation),
            compiling=lambda: request.progress(0.0, COMPILING),
            cancelled=lambda: request.cancelled,
            others=context.turns,
        )


def begin(
    request: RunningRequest, path: str, operation: str, size: tuple[int, int], exr_channels: Sequence[str] = ()
) -> None:
    """Tell the client that its picture is begun; without a file it ends when the client leaves.

    Args:
        request: of the picture.
        path: the file, or nothing for a picture in the answer.
        operation: what the client is told.
        size: width and height in pixels.
        exr_channels: those of an OpenEXR file.

    Raises:
        RequestError: -32603, there is no folder for the file; -32602, it is confined, or the picture does not fit into
            the answer; 20, the client has cancelled.
    """
    if not path:
        request.only_for_client()
        try:
            check_exr(size, exr_channels)
        except ValueError as error:
            raise RequestError(str(error), code=INVALID_PARAMS) from error
    request.progress(0.0, operation)
    with _writing(path):
        if path and not Path(path).parent.is_dir():  # it would be a pity to learn that after the last sample
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), path)


def deliver(path: str, image: bytes) -> bytes:
    """Write a picture to its file, if it has one; returns the bytes for the client, or none.

    Raises:
        RequestError: -32603, that is not possible.
    """
    if not path:
        return image
    with _writing(path):
        Path(path).write_bytes(image)
    return b""


@contextlib.contextmanager
def _writing(path: str) -> Iterator[None]:
    if path:
        check_confined(path)
    try:
        yield
    except (OSError, ValueError) as error:
        raise RequestError(f"Cannot write file {path!r}", code=INTERNAL_ERROR, data=[str(error)]) from error


def _chosen(wanted: EngineObject, kinds: dict[str, type[Any]], current: Any) -> Any:
    """Make the camera or renderer that a client describes, starting from its type's defaults."""
    if not wanted.name:
        return current
    if wanted.name not in kinds:
        raise RequestError(f"Unknown type name {wanted.name}", code=INTERNAL_ERROR)
    return validate(TypeAdapter(kinds[wanted.name]), {} if wanted.params is None else wanted.params)
