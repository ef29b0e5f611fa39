"""Loaders of files: their parameters, and the methods that load.

``LOADERS`` has the parameters of each loader by its name.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, ConfigDict, Field, WithJsonSchema
from pydantic.json_schema import SkipJsonSchema

from brayns_widget.protocol.brayns.atlas import VoxelType
from brayns_widget.protocol.brayns.models import ModelInstance
from brayns_widget.protocol.endpoints import Endpoint
from brayns_widget.protocol.schema import Ids, Items, JsonSchema, Object, Size, Size3, Vector3, read_only, unlisted

# --- circuits and morphologies ---

Part = Annotated[float, Field(ge=0, le=1)]
GeometryType = Literal["original", "smooth", "section_smooth", "constant_radii", "spheres"]
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


class MorphologyParams(Object):
    """The parts of each cell that are loaded, and their geometry."""

    model_config = ConfigDict(title="NeuronMorphologyLoaderParameters")

    geometry_type: GeometryType = "smooth"
    growth: float = 1.0
    load_axon: bool = False
    load_dendrites: bool = False
    load_soma: bool = False
    radius_multiplier: Annotated[float, Field(ge=0.1)] = 1.0
    resampling: float = 2.0
    subsampling: Size = 1


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
    """The cells of a population that are loaded, and options of the load."""

    model_config = ConfigDict(title="SonataNodePopulationParameters")

    edge_populations: Items[EdgeParams] = unlisted([])
    in_plane: Annotated[bool, SkipJsonSchema()] = False  # an addition of ours: for nodes without positions
    neuron_morphology_parameters: MorphologyParams = Field(
        default=MorphologyParams(), json_schema_extra={"default": {}}
    )
    node_count_limit: Size = unlisted(0)
    node_ids: Ids = unlisted([])
    node_percentage: Part = 0.01
    node_population: str
    node_sets: Items[str] = unlisted([])
    report_name: str = unlisted("")
    report_type: ReportType = "none"
    spike_transition_time: Annotated[float, Field(ge=0)] = 1.0
    vasculature_geometry_parameters: VasculatureParams = Field(
        default=VasculatureParams(), json_schema_extra={"default": {}}
    )


class SonataParams(Object):
    """Parameters of the SONATA loader."""

    model_config = ConfigDict(title="SonataLoaderParameters")

    node_population_settings: Items[PopulationParams]


class CellPlacementParams(Object):
    """The cells that are loaded, and the folder of their morphologies.

    ``morphology_folder`` (absolute, or relative to the nodes file) may be a container of H5 morphologies, too.
    """

    model_config = ConfigDict(title="CellPlacementLoaderParameters")

    extension: str = unlisted("")
    ids: Ids = unlisted([])
    morphology_folder: str = unlisted("")
    morphology_parameters: MorphologyParams = Field(default=MorphologyParams(), json_schema_extra={"default": {}})
    percentage: Annotated[float, Field(ge=0, le=1)] = 1.0


class BbpParams(Object):
    """Parameters of the loader of BlueConfig circuits, which Brayns has and our renderer refuses."""

    model_config = ConfigDict(title="BBPLoaderParameters")

    gids: Ids = unlisted([])
    load_afferent_synapses: bool = False
    load_efferent_synapses: bool = False
    neuron_morphology_parameters: MorphologyParams = Field(
        default=MorphologyParams(), json_schema_extra={"default": {}}
    )
    percentage: Part = 0.1
    report_name: str = unlisted("")
    report_type: Literal["none", "spikes", "compartment"] = "none"
    spike_transition_time: Annotated[float, Field(ge=0)] = 1.0
    targets: Items[str] = unlisted([])


# --- molecules, grids ---

ColorScheme = Literal["none", "by_id", "protein_atoms", "protein_chains", "protein_residues"]


class ProteinParams(Object):
    """The atoms' initial colors, and a factor for their radii."""

    model_config = ConfigDict(title="ProteinLoaderParameters")

    color_scheme: ColorScheme = "none"
    radius_multiplier: float = 1.0


class NrrdParams(Object):
    """The meaning of a voxel's values."""

    model_config = ConfigDict(title="NRRDLoaderParameters")

    type: VoxelType


def _respelled(value: Any) -> Any:
    return "unsinged_char" if value == "unsigned_char" else value  # as the official client has it


class RawVolumeParams(Object):
    """Type and number of the values along x, y and z, and the size of a cell in µm."""

    model_config = ConfigDict(title="RawVolumeLoaderParameters")

    data_type: Annotated[
        Literal["unsinged_char", "short", "unsigned_short", "half_float", "float", "double"],
        BeforeValidator(_respelled),
    ]
    dimensions: Size3
    spacing: Vector3


# For loaders without properties the real renderer accepts anything.
_EMPTY = WithJsonSchema({"x-title": "EmptyLoaderParams"})
EmptyParams = Annotated[Any, _EMPTY]


class XyzParams(Object):
    """The size of points: 0.15 µm, or ``by_density``, an addition of ours, half the distance of neighbors."""

    by_density: bool = False


AnyXyzParams = Annotated[XyzParams | Any, Field(union_mode="left_to_right"), _EMPTY]

# --- methods ---

MESH = "mesh"
RAW_VOLUME = "raw-volume"
MHD_VOLUME = "mhd-volume"
BBP = "BBP loader"
CELL_PLACEMENT = "Cell placement loader"
NEURON_MORPHOLOGY = "Neuron Morphology loader"
SONATA = "SONATA loader"
PROTEIN = "protein"
XYZ = "xyz"
NRRD = "NRRD loader"
DTI = "DTI loader"

LOADERS: dict[str, type[Object] | None] = {
    MESH: None,
    MHD_VOLUME: None,
    RAW_VOLUME: RawVolumeParams,
    BBP: BbpParams,
    CELL_PLACEMENT: CellPlacementParams,
    NEURON_MORPHOLOGY: MorphologyParams,
    SONATA: SonataParams,
    PROTEIN: ProteinParams,
    XYZ: XyzParams,
    NRRD: NrrdParams,
    DTI: None,
}
"""Parameters by the name of the loader; None if it has none (then ``{}`` is sent)."""

LoaderParams = (
    RawVolumeParams
    | BbpParams
    | CellPlacementParams
    | MorphologyParams
    | SonataParams
    | ProteinParams
    | XyzParams
    | NrrdParams
)
"""The parameters of any loader."""


class LoaderInfo(Object):
    """A format that ``add-model`` reads."""

    model_config = ConfigDict(title="Loader")

    binary: bool = read_only()
    extensions: list[str] = read_only()
    input_parameters_schema: JsonSchema = read_only()
    name: str = read_only()
    plugin: str = read_only()
    # An addition of ours, absent for loaders that work: why this one refuses all files.
    refused: Annotated[str | None, SkipJsonSchema()] = read_only(required=False)


class AddModelParams(Object):
    """A file, its loader and the loader's parameters."""

    loader_name: str
    loader_properties: Any
    path: str


class UploadModelParams(Object):
    """The format of the uploaded bytes, their loader and the loader's parameters."""

    loader_name: str
    loader_properties: Any
    type: str


GET_LOADERS = Endpoint("get-loaders", None, list[LoaderInfo])
ADD_MODEL = Endpoint("add-model", AddModelParams, list[ModelInstance])
UPLOAD_MODEL = Endpoint("upload-model", UploadModelParams, list[ModelInstance])  # the request has the bytes
