"""Renderers and framebuffers, which define how the interactive picture is traced and refined."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, ConfigDict, Field
from pydantic_core import PydanticCustomError

from brayns_widget.protocol.endpoints import Endpoint
from brayns_widget.protocol.schema import Color4, Object, Size, unlisted


def _countable(value: int) -> int:
    if value > _MOST_SAMPLES:
        raise PydanticCustomError("too_large", "value above {limit}", {"limit": _MOST_SAMPLES})
    return value


_MOST_SAMPLES = 2**31 - 1
SampleCount = Annotated[int, Field(ge=1), AfterValidator(_countable)]


class Interactive(Object):
    """The renderer for navigation; the defaults are those of ``set-renderer-interactive {}``."""

    samples_per_pixel: SampleCount = unlisted(1)
    ao_samples: Size = unlisted(1)
    enable_shadows: bool = unlisted(default=True)
    max_ray_bounces: Size = unlisted(3)
    background_color: Color4 = unlisted([0.0, 0.0, 0.0, 1.0])


class Production(Object):
    """The renderer for finished pictures, a path tracer; the defaults are those of ``set-renderer-production {}``."""

    samples_per_pixel: SampleCount = unlisted(5)
    max_ray_bounces: Size = unlisted(3)
    background_color: Color4 = unlisted([0.0, 0.0, 0.0, 1.0])


Renderer = Interactive | Production

RENDERERS: dict[str, type[Renderer]] = {"interactive": Interactive, "production": Production}


def name_of(renderer: Renderer) -> str:
    """Name the type of a renderer as Brayns does."""
    return next(name for name, kind in RENDERERS.items() if isinstance(renderer, kind))


class Static(Object):
    """A framebuffer of the viewport's size."""


class Progressive(Object):
    """A framebuffer whose first frame is smaller than the viewport, by ``scale`` per axis."""

    model_config = ConfigDict(title="ProgressiveFrameMessage")

    scale: SampleCount = 4


GET_RENDERER_TYPE = Endpoint("get-renderer-type", None, str)
GET_RENDERER_INTERACTIVE = Endpoint("get-renderer-interactive", None, Interactive)
SET_RENDERER_INTERACTIVE = Endpoint("set-renderer-interactive", Interactive)
GET_RENDERER_PRODUCTION = Endpoint("get-renderer-production", None, Production)
SET_RENDERER_PRODUCTION = Endpoint("set-renderer-production", Production)
SET_FRAMEBUFFER_STATIC = Endpoint("set-framebuffer-static")
SET_FRAMEBUFFER_PROGRESSIVE = Endpoint("set-framebuffer-progressive", Progressive)
