"""Render settings: how a picture is made of what the camera sees."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RenderSettings:
    """Samples, light effects and background.

    Attributes:
        samples: how many samples each pixel gets.
        bounces: how many surfaces a ray goes on behind, or a path is lit at.
        background: linear RGBA.
        ao_samples: rays for ambient occlusion a sample; a path tracer needs none.
        shadows: whether lights cast shadows; those of a path tracer always do.
        path_tracing: whether light is followed along paths, or surfaces are shaded where the camera's rays meet them.
        centered: whether the first sample lies in the middle of its pixel; else 1.5 pixels beside it, as in Brayns.
        stepwise: whether each step of a picture adds one sample; else the first one has them all, as in Brayns.
        soft_shadows: whether lights of some size cast soft shadows where surfaces are only shaded; not so in Brayns.
        all_materials: whether surfaces that are only shaded can emit or be of clear plastic; not so in Brayns.
        fog: share of the background at the far end of the scene, 0 to 1, see ``tracing.ground``; not in Brayns.
        outlines: how dark the lines around things are, 0 to 1, see ``tracing.outlines``; not in Brayns.
        exact_background: whether the background is shown as it is; else it passes the tone curve, as in Brayns.
    """

    samples: int = 1
    bounces: int = 3
    background: tuple[float, float, float, float] = (0.0, 0.0, 0.0, 1.0)
    ao_samples: int = 1
    shadows: bool = True
    path_tracing: bool = False
    centered: bool = True
    stepwise: bool = True
    soft_shadows: bool = True
    all_materials: bool = True
    exact_background: bool = False
    fog: float = 0.0
    outlines: float = 0.0
