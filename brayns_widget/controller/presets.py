"""Presets of the view: background, lights, shading and fog that look good together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from brayns_widget.protocol.brayns.lights import Light
    from brayns_widget.protocol.brayns.renderers import Interactive

PresetName = Literal["readable", "paper", "stage", "flat"]


@dataclass(frozen=True, slots=True)
class Preset:
    """A preset.

    Attributes:
        background: as "#rrggbb".
        lights: all lights of the scene.
        settings: shadows, ambient occlusion and bounces.
        fog: see ``Rendering.fog``.
        outlines: see ``Rendering.outlines``.
    """

    background: str
    lights: Sequence[Light]
    settings: Interactive
    fog: float
    outlines: float = 0.0


def presets() -> Mapping[PresetName, Preset]:
    """Return all presets by name.

    "readable" is the view as it is at first. "paper" is for print: white, soft, with little light and fog, as these
    make thin neurites pale, and faint outlines, which keep them apart. "stage" is dark, lit from behind on both sides,
    wherever one looks from, so that edges shine, and what is behind is dark around them. "flat" has the colors of the
    legend: no shadows, no light from aside, no fog; faint outlines tell what is in front.
    """
    from brayns_widget.controller.state import BACKGROUND, FOG
    from brayns_widget.protocol.brayns.lights import AmbientLight, CameraLight, DirectionalLight
    from brayns_widget.protocol.brayns.renderers import Interactive

    soft = Interactive(ao_samples=2, enable_shadows=False, max_ray_bounces=3)  # with fewer its light is grain
    return {
        "readable": Preset(BACKGROUND, usual_lights(), usual_settings(), FOG),
        "paper": Preset(
            "#ffffff",
            (AmbientLight(intensity=0.5), DirectionalLight(intensity=0.8, direction=(-0.4, -1, -1))),
            soft,
            0.1,
            0.2,
        ),
        "stage": Preset(
            "#000000",
            (
                AmbientLight(intensity=0.35),
                CameraLight(intensity=3.5, direction=(-0.3, -1.0, -0.6)),
                CameraLight(intensity=14.0, direction=(1.0, -0.2, 0.8)),
                CameraLight(intensity=10.0, direction=(-1.0, 0.1, 0.8)),
            ),
            usual_settings(),
            0.3,
            0.35,
        ),
        "flat": Preset(
            BACKGROUND,
            (AmbientLight(intensity=1.0),),
            Interactive(ao_samples=0, enable_shadows=False, max_ray_bounces=3),
            0.0,
            0.2,
        ),
    }


def usual_settings() -> Interactive:
    """Return the initial shading of the view."""
    from brayns_widget.protocol.brayns.renderers import Interactive

    return Interactive(ao_samples=1, enable_shadows=True, max_ray_bounces=3)


def usual_lights() -> tuple[Light, ...]:
    """Return the initial lights of a scene.

    They are a strong one from above the viewer's right shoulder, a weaker one from below on the far side so that the
    back is not flat, and ambient light.
    """
    from brayns_widget.protocol.brayns.lights import AmbientLight, DirectionalLight

    return (
        AmbientLight(intensity=0.8),
        DirectionalLight(intensity=4.0, direction=(-0.5, -1.0, -1.0)),
        DirectionalLight(intensity=1.5, direction=(0.5, 0.4, 1.0)),
    )
