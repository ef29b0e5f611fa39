"""Parameters that all loaders of neuron morphologies share: checks, and conversion to options of ``make_shape``."""

from __future__ import annotations

from brayns_widget.protocol.brayns.loaders import MorphologyParams
from brayns_widget.protocol.errors import INVALID_PARAMS, RequestError
from brayns_widget.service.renderer.loaders.morphologies.morphology import ShapeOptions


def check_morphology(params: MorphologyParams) -> None:
    """Refuse values that make no sense, though the schema of the real renderer allows them.

    Raises:
        RequestError: -32602.
    """
    if not 0 <= params.growth <= 1:
        raise RequestError(
            f"The growth of morphologies goes from 0 (no neurites) to 1 (whole ones), got {params.growth:g}",
            code=INVALID_PARAMS,
        )


def shape_options(params: MorphologyParams) -> ShapeOptions:
    """Convert parameters to the options of ``make_shape``."""
    return ShapeOptions(
        params.load_soma,
        params.load_axon,
        params.load_dendrites,
        params.geometry_type,
        params.radius_multiplier,
        params.subsampling,
        params.resampling,
        params.growth,
    )
