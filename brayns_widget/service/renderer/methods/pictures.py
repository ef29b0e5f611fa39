"""Methods about the interactive picture: renderer, framebuffer, frames."""

from __future__ import annotations

import math
import time
from typing import TypeVar

from brayns_widget.protocol.brayns.pictures import RENDER_IMAGE, RenderImageParams, RenderImageResult
from brayns_widget.protocol.brayns.renderers import (
    GET_RENDERER_INTERACTIVE,
    GET_RENDERER_PRODUCTION,
    GET_RENDERER_TYPE,
    SET_FRAMEBUFFER_PROGRESSIVE,
    SET_FRAMEBUFFER_STATIC,
    SET_RENDERER_INTERACTIVE,
    SET_RENDERER_PRODUCTION,
    Interactive,
    Production,
    Progressive,
    Renderer,
    Static,
    name_of,
)
from brayns_widget.protocol.errors import INTERNAL_ERROR, INVALID_PARAMS, INVALID_REQUEST, RequestError
from brayns_widget.service.renderer.context import Context
from brayns_widget.service.rpc.methods import Methods, Turn, WithPayload
from brayns_widget.service.rpc.running import RunningRequest

methods: Methods[Context] = Methods()

_MANY_PIXELS = 4_000_000  # which take long to encode: a PNG half a second
FORMATS = {"jpg": "jpg", "jpeg": "jpg", "png": "png"}


R = TypeVar("R", Interactive, Production)


@methods.add(GET_RENDERER_TYPE, turn=Turn.AT_ONCE)
def get_renderer_type(context: Context) -> str:
    """Get the type of the renderer."""
    return name_of(context.renderer)


@methods.add(GET_RENDERER_INTERACTIVE, turn=Turn.AT_ONCE)
def get_renderer_interactive(context: Context) -> Interactive:
    """Get the interactive renderer, if that is the active one."""
    return _active(context, Interactive)


@methods.add(SET_RENDERER_INTERACTIVE, turn=Turn.AT_ONCE)
def set_renderer_interactive(context: Context, params: Interactive) -> None:
    """Use the interactive renderer; what is left out stays, if it is active."""
    context.renderer = _merged(context.renderer, params)


@methods.add(GET_RENDERER_PRODUCTION, turn=Turn.AT_ONCE)
def get_renderer_production(context: Context) -> Production:
    """Get the production renderer, if that is the active one."""
    return _active(context, Production)


@methods.add(SET_RENDERER_PRODUCTION, turn=Turn.AT_ONCE)
def set_renderer_production(context: Context, params: Production) -> None:
    """Use the production renderer, a path tracer; what is left out stays, if it is active."""
    context.renderer = _merged(context.renderer, params)


@methods.add(SET_FRAMEBUFFER_STATIC, turn=Turn.AT_ONCE)
def set_framebuffer_static(context: Context) -> None:
    """Render all frames in the viewport's size."""
    context.framebuffer = Static()


@methods.add(SET_FRAMEBUFFER_PROGRESSIVE, turn=Turn.AT_ONCE)
def set_framebuffer_progressive(context: Context, params: Progressive) -> None:
    """Render the first frame after a change in a smaller size."""
    context.framebuffer = params


@methods.add(RENDER_IMAGE, cancellable=True, asynchronous=False, turn=Turn.BETWEEN)
def render_image(
    context: Context, params: RenderImageParams, request: RunningRequest
) -> WithPayload[RenderImageResult]:
    """Render a frame, or all with ``accumulate``, and send the picture if it is new, or any with ``force``."""
    if params.force and not params.send:
        raise RequestError("Cannot force sending if send is disabled", code=INVALID_PARAMS)
    image_format = check_format(params.format)
    started = time.perf_counter()
    engine = context.prepared_engine()

    def stopped() -> bool:
        return request.cancelled or context.interrupted.is_set()

    request.only_for_client()
    request.when_cancelled(engine.interrupt)
    fresh = False
    if params.render:
        fresh = engine.render(stopped, patient=params.accumulate)
        while params.accumulate and not stopped() and engine.accumulation < engine.max_accumulation:
            fresh |= engine.render(stopped, patient=True)
        request.check()

    def encode() -> bytes:
        return engine.encode(image_format, params.jpeg_quality)

    image = b""
    if params.send and (fresh or params.force) and engine.has_picture:
        image = encode() if math.prod(engine.size) < _MANY_PIXELS else request.aside(encode)
    result = RenderImageResult(
        accumulation=engine.accumulation,
        max_accumulation=engine.max_accumulation,
        render_ms=(time.perf_counter() - started) * 1e3,
    )
    return WithPayload(result, image)


def check_format(name: str) -> str:
    """Return the canonical name of an image format, which may be written as an extension (".png").

    Raises:
        RequestError: -32603 (as the real renderer), pictures cannot be written in it.
    """
    known = FORMATS.get(name.lower().removeprefix("."))
    if known is None:
        raise RequestError(f"Format not supported: {name!r}", code=INTERNAL_ERROR)
    return known


def _merged(current: Renderer, params: Renderer) -> Renderer:
    if type(current) is not type(params):
        return params
    return current.model_copy(update={name: getattr(params, name) for name in params.model_fields_set})


def _active(context: Context, kind: type[R]) -> R:
    if isinstance(context.renderer, kind):
        return context.renderer
    raise RequestError(f"Invalid renderer type (should be {name_of(context.renderer)!r})", code=INVALID_REQUEST)
