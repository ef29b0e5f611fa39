"""Cameras, renderers and framebuffers of the protocol, converted for the ray tracer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from brayns_widget.protocol.brayns import camera as protocol
from brayns_widget.protocol.brayns.additions import PictureOptions
from brayns_widget.protocol.brayns.renderers import Interactive, Production, Progressive, Renderer, Static
from brayns_widget.service.renderer.tracing.camera import (
    Camera,
    Corner,
    Cylindric,
    Orthographic,
    Perspective,
    Projection,
    Region,
    Vector,
    View,
)
from brayns_widget.service.renderer.tracing.settings import RenderSettings


def camera_of(
    view: protocol.View, projection: protocol.Projection, region: protocol.Region, near_clip: float = 0.0
) -> Camera:
    """Convert a camera."""
    return Camera(
        View(_vector(view.position), _vector(view.target), _vector(view.up)),
        _projection_of(projection),
        near_clip,
        Region(_corner(region.image_start), _corner(region.image_end)),
    )


def _projection_of(projection: protocol.Projection) -> Projection:
    match projection:
        case protocol.Perspective():
            return Perspective(projection.fovy, projection.aperture_radius, projection.focus_distance)
        case protocol.Orthographic():
            return Orthographic(projection.height)
        case protocol.Cylindric():
            return Cylindric(projection.fovy)


def settings_of(
    renderer: Renderer, options: PictureOptions, *, fog: float = 0.0, outlines: float = 0.0
) -> RenderSettings:
    """Convert the interactive or the production renderer; see ``RenderSettings`` for fog and outlines."""
    red, green, blue, alpha = map(float, renderer.background_color)
    common = RenderSettings(
        samples=renderer.samples_per_pixel,
        bounces=renderer.max_ray_bounces,
        background=(red, green, blue, alpha),
        exact_background=options.exact_background,
        fog=fog,
        outlines=outlines,
        centered=options.centered,
        stepwise=options.stepwise,
        soft_shadows=options.soft_shadows,
        all_materials=options.all_materials,
    )
    match renderer:
        case Interactive():
            return replace(common, ao_samples=renderer.ao_samples, shadows=renderer.enable_shadows)
        case Production():
            return replace(common, path_tracing=True)


def coarse_scale_of(framebuffer: Static | Progressive) -> int:
    """Return how many times smaller a side the first picture after a change is."""
    return framebuffer.scale if isinstance(framebuffer, Progressive) else 1


def _vector(numbers: Sequence[float]) -> Vector:
    x, y, z = numbers
    return x, y, z


def _corner(numbers: Sequence[float]) -> Corner:
    x, y = numbers
    return x, y
