"""Parameters that all loaders of neuron morphologies share."""

from __future__ import annotations

from typing import Annotated

from pydantic import ConfigDict, Field

from brayns_widget.protocol.errors import INVALID_PARAMS, RequestError
from brayns_widget.service.renderer.loaders.morphology import GeometryType, ShapeOptions
from brayns_widget.service.rpc.schema import Object, Size


class MorphologyParams(Object):
    """What of each cell is loaded, and how."""

    model_config = ConfigDict(title="NeuronMorphologyLoaderParameters")

    geometry_type: GeometryType = "smooth"
    growth: float = 1.0
    load_axon: bool = False
    load_dendrites: bool = False
    load_soma: bool = False
    radius_multiplier: Annotated[float, Field(ge=0.1)] = 1.0
    resampling: float = 2.0
    subsampling: Size = 1

    def check(self) -> None:
        """Refuse what means nothing, and what the schema of the real renderer allows.

        Raises:
            RequestError: -32602.
        """
        if not 0 <= self.growth <= 1:
            raise RequestError(
                f"The growth of morphologies goes from 0 (no neurites) to 1 (whole ones), got {self.growth:g}",
                code=INVALID_PARAMS,
            )

    def options(self) -> ShapeOptions:
        """Tell ``make_shape``."""
        return ShapeOptions(
            self.load_soma,
            self.load_axon,
            self.load_dendrites,
            self.geometry_type,
            self.radius_multiplier,
            self.subsampling,
            self.resampling,
            self.growth,
        )
