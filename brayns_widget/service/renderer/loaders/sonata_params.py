"""The parameters of the SONATA loader."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from brayns_widget.service.renderer.loaders.morphology_params import MorphologyParams
from brayns_widget.service.rpc.schema import Object, Size, unlisted

Part = Annotated[float, Field(ge=0, le=1)]
ReportType = Literal[
    "none",
    "spikes",
    "compartment",
    "summation",
    "synapse",
    "bloodflow_pressure",
    "bloodflow_speed",
    "bloodflow_radii",
]


class EdgeParams(Object):
    """An edge population whose synapses are shown."""

    model_config = ConfigDict(title="SonataEdgePopulationParameters")

    edge_percentage: Part = 1.0
    edge_population: str
    edge_report_name: str = unlisted("")
    load_afferent: bool
    radius: Annotated[float, Field(ge=0.1)] = 2.0


class VasculatureParams(Object):
    """Applies to populations of vessels."""

    model_config = ConfigDict(title="VasculatureGeometrySettings")

    radius_multiplier: Annotated[float, Field(ge=0.1)] = 1.0


class PopulationParams(Object):
    """Which cells of a population are loaded, and how."""

    model_config = ConfigDict(title="SonataNodePopulationParameters")

    edge_populations: list[EdgeParams] = unlisted([])
    neuron_morphology_parameters: MorphologyParams = Field(
        default=MorphologyParams(), json_schema_extra={"default": {}}
    )
    node_count_limit: Size = unlisted(0)
    node_ids: list[Size] = unlisted([])
    node_percentage: Part = 0.01
    node_population: str
    node_sets: list[str] = unlisted([])
    report_name: str = unlisted("")
    report_type: ReportType = "none"
    spike_transition_time: Annotated[float, Field(ge=0)] = 1.0
    vasculature_geometry_parameters: VasculatureParams = Field(
        default=VasculatureParams(), json_schema_extra={"default": {}}
    )


class SonataParams(Object):
    """Parameters of the SONATA loader."""

    model_config = ConfigDict(title="SonataLoaderParameters")

    node_population_settings: list[PopulationParams]
