"""Cameras, renderers and framebuffers of the protocol, as the ray tracer takes them."""

from __future__ import annotations

import pytest

from brayns_widget.protocol.brayns import camera as protocol
from brayns_widget.protocol.brayns.additions import PictureOptions
from brayns_widget.protocol.brayns.renderers import Interactive, Production, Progressive, Static
from brayns_widget.service.renderer.tracing.camera import Camera, Cylindric, Orthographic, Perspective, Region, View
from brayns_widget.service.renderer.tracing.settings import RenderSettings
from brayns_widget.service.renderer.translation.settings import camera_of, coarse_scale_of, settings_of

VIEW = protocol.View(position=[1.0, 2.0, 3.0], target=[0.0, 0.0, 0.0], up=[0.0, 1.0, 0.0])
REGION = protocol.Region(image_start=[0.0, 1.0], image_end=[0.5, 0.25])


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (
            protocol.Perspective(fovy=30.0, aperture_radius=2.0, focus_distance=50.0),
            Perspective(fovy=30.0, aperture_radius=2.0, focus_distance=50.0),
        ),
        (protocol.Perspective(), Perspective()),
        (protocol.Orthographic(height=7.0), Orthographic(7.0)),
        (protocol.Cylindric(fovy=40.0), Cylindric(40.0)),
    ],
)
def test_cameras_keep_all_their_numbers(given, expected):
    view = View((1.0, 2.0, 3.0), (0.0, 0.0, 0.0), (0.0, 1.0, 0.0))
    region = Region((0.0, 1.0), (0.5, 0.25))
    assert camera_of(VIEW, given, REGION, 0.5) == Camera(view, expected, 0.5, region)


def test_renderers_keep_all_their_numbers():
    color = [0.1, 0.2, 0.3, 0.4]
    interactive = Interactive(
        samples_per_pixel=3, ao_samples=2, enable_shadows=False, max_ray_bounces=5, background_color=color
    )
    ours = PictureOptions(all_materials=True, centered=True, soft_shadows=True, stepwise=True)
    assert settings_of(interactive, ours) == RenderSettings(3, 5, (0.1, 0.2, 0.3, 0.4), 2, shadows=False)
    production = Production(samples_per_pixel=7, max_ray_bounces=9, background_color=color)
    assert settings_of(production, ours) == RenderSettings(7, 9, (0.1, 0.2, 0.3, 0.4), path_tracing=True)


# Snapshots name their renderer: ``paths`` is for the view alone.
@pytest.mark.parametrize("option", [name for name in PictureOptions.model_fields if name != "paths"])
def test_pictures_are_as_in_brayns_where_nothing_else_is_asked_for(option):
    assert getattr(settings_of(Interactive(), PictureOptions()), option) is False
    assert getattr(settings_of(Interactive(), PictureOptions(**{option: True})), option) is True


def test_a_static_framebuffer_is_not_coarse():
    assert [coarse_scale_of(each) for each in (Static(), Progressive(scale=1), Progressive(scale=8))] == [1, 1, 8]
