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
        """Refuse what is not supported, rather than ignore it.

        Raises:
            RequestError: -32602.
        """
        if self.growth != 1:
            raise RequestError(f"This version supports no growth but 1, got {self.growth:g}", code=INVALID_PARAMS)
        if self.resampling != 2:
            raise RequestError(
                f"This version supports no resampling but 2 (none), got {self.resampling:g}; "
                "subsampling keeps every n-th point",
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
        )
