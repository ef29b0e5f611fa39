"""Loading of files by the renderer's loaders."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

from annotated_types import Ge, Gt, Len

from brayns_widget.connection.reports import Report, ignore
from brayns_widget.connection.server import Server
from brayns_widget.controller.amounts import Radius, RadiusMultiplier
from brayns_widget.controller.calls import long, offered, waiting
from brayns_widget.controller.files import FilePath, resolve
from brayns_widget.controller.formats import Format, defaults_of, read_formats
from brayns_widget.controller.group import Group
from brayns_widget.controller.loading import Options, add_model, choose_loader
from brayns_widget.controller.morphologies import Add, MorphologyParts
from brayns_widget.controller.selection import Density, Name
from brayns_widget.protocol.errors import CircuitError

if TYPE_CHECKING:
    from brayns_widget.controller.models import Model
    from brayns_widget.protocol.brayns.atlas import VoxelType
    from brayns_widget.protocol.brayns.loaders import ColorScheme, LoaderParams

Dimensions = Annotated[Sequence[Annotated[int, Ge(1)]], Len(3, 3)]
Spacing = Annotated[Sequence[Annotated[float, Gt(0)]], Len(3, 3)]
Ids = Sequence[Annotated[int, Ge(0)]]


class Loaders(Group):
    """The calls that load files of any kind."""

    @offered
    @waiting
    async def formats(self) -> tuple[Format, ...]:
        """List the formats that the renderer reads, each with the JSON Schema of its loader's parameters."""
        ready = await self._core.connection.ensure(ignore)
        return await read_formats(ready.renderer, cells=ready.capabilities.offers("add-morphology"))

    @long
    async def load(
        self,
        report: Report,
        path: FilePath,
        parameters: LoaderParams | None = None,
        *,
        loader: Name | None = None,
        color_by: Name | None = None,
        frame: bool = True,
    ) -> list[Model]:
        """Load any file that the renderer reads, such as a mesh or a single morphology; starts the job if need be.

        Args:
            report: gets the progress.
            path: the file, as the renderer's machine sees it.
            parameters: how to load it: one of the classes of ``brayns_widget.protocol.brayns.loaders``; None for
                whole morphologies, and for loaders that take none.
            loader: the loader's name; None finds it by the parameters, or by the file's extension.
            color_by: a coloring method of the model; None leaves it as the loader makes it.
            frame: point the camera at it, if it is the first model.

        Raises (from the task):
            CircuitError: the file cannot be loaded as asked.
        """
        renderer = await self._core.any_renderer(report)
        where = resolve(self._core, path)
        name, chosen = await choose_loader(renderer, where, loader, parameters)
        add = partial(add_model, path=where, loader=name, parameters=chosen)
        return await self._load(renderer, report, where, add, color_by=color_by, frame=frame)

    @offered
    @long
    async def load_file(
        self, report: Report, path: FilePath, *, loader: Name, options: Options, frame: bool = True
    ) -> list[Model]:
        """Load a file by any loader, also one that has no class here; starts the job if need be.

        Args:
            report: gets the progress.
            path: the file, as the renderer's machine sees it.
            loader: the loader's name.
            options: its parameters as JSON; ``formats`` tells their schema.
            frame: point the camera at it, if it is the first model.

        Raises (from the task):
            CircuitError: the file cannot be loaded as asked.
        """
        return await self._load_by(report, path, loader, options, frame=frame)

    @long
    async def load_mesh(self, report: Report, path: FilePath, *, frame: bool = True) -> list[Model]:
        """Load a mesh; starts the job if need be.

        Args:
            report: gets the progress.
            path: an OBJ, PLY, STL or OFF file with coordinates in µm, as the renderer's machine sees it.
            frame: point the camera at it, if it is the first model.

        Raises (from the task):
            CircuitError: it cannot be loaded.
        """
        from brayns_widget.protocol.brayns.loaders import MESH

        return await self._load_by(report, path, MESH, {}, frame=frame)

    @long
    async def load_volume(
        self,
        report: Report,
        path: FilePath,
        *,
        data_type: Name | None = None,
        dimensions: Dimensions | None = None,
        spacing: Spacing = (1.0, 1.0, 1.0),
        frame: bool = True,
    ) -> list[Model]:
        """Load a volume of numbers; starts the job if need be.

        Args:
            report: gets the progress.
            path: an MHD file, which tells the rest itself, or a file of raw values, x fastest.
            data_type: of raw values: "unsigned_char", "short", "unsigned_short", "half_float", "float" or "double".
            dimensions: number of raw values along x, y and z.
            spacing: size of a cell of raw values, in µm.
            frame: point the camera at it, if it is the first model.

        Raises (from the task):
            CircuitError: it cannot be loaded, or only one of ``data_type`` and ``dimensions`` is given.
            ValueError: there is no such type.
        """
        from brayns_widget.protocol.brayns.loaders import MHD_VOLUME, RAW_VOLUME, RawVolumeParams

        if (data_type is None) != (dimensions is None):
            raise CircuitError("Raw values need both data_type and dimensions.", hint="Leave out both for an MHD file.")
        if data_type is None or dimensions is None:
            return await self._load_by(report, path, MHD_VOLUME, {}, frame=frame)
        raw: dict[str, Any] = {"data_type": data_type, "dimensions": dimensions, "spacing": spacing}
        return await self._load_by(report, path, RAW_VOLUME, RawVolumeParams(**raw), frame=frame)

    @long
    async def load_atlas(
        self, report: Report, path: FilePath, *, kind: VoxelType = "scalar", frame: bool = True
    ) -> list[Model]:
        """Load an atlas; starts the job if need be.

        Args:
            report: gets the progress.
            path: an NRRD file, as the renderer's machine sees it.
            kind: what its voxels are: "scalar", "vector", "orientation" (quaternions), "flatmap" or "layer_distance".
            frame: point the camera at it, if it is the first model.

        Raises (from the task):
            CircuitError: it cannot be loaded.
        """
        from brayns_widget.protocol.brayns.loaders import NRRD, NrrdParams

        return await self._load_by(report, path, NRRD, NrrdParams(type=kind), frame=frame)

    @long
    async def load_molecule(
        self,
        report: Report,
        path: FilePath,
        *,
        color_scheme: ColorScheme = "protein_atoms",
        radius_multiplier: Radius = 1.0,
        frame: bool = True,
    ) -> list[Model]:
        """Load a molecule or a cloud of points; starts the job if need be.

        Args:
            report: gets the progress.
            path: a PDB file, or an XYZ file, whose atoms have the colors of their elements.
            color_scheme: of a PDB file: "none", "by_id", "protein_atoms", "protein_chains" or "protein_residues".
            radius_multiplier: factor on the radii of a PDB file's atoms.
            frame: point the camera at it, if it is the first model.

        Raises (from the task):
            CircuitError: it cannot be loaded.
        """
        from brayns_widget.protocol.brayns.loaders import PROTEIN, XYZ, ProteinParams

        if str(path).lower().endswith(".xyz"):
            return await self._load_by(report, path, XYZ, defaults_of(XYZ), frame=frame)
        parameters = ProteinParams(color_scheme=color_scheme, radius_multiplier=radius_multiplier)
        return await self._load_by(report, path, PROTEIN, parameters, frame=frame)

    @long
    async def load_placements(
        self,
        report: Report,
        path: FilePath,
        *,
        morphology_folder: FilePath = "",
        extension: Name = "",
        ids: Ids = (),
        density: Density = 1.0,
        soma: bool = True,
        axon: bool = False,
        dendrites: bool = True,
        radius_multiplier: RadiusMultiplier = 1.0,
        frame: bool = True,
    ) -> list[Model]:
        """Load the cells of a nodes file, each with its morphology, without a circuit; starts the job if need be.

        Args:
            report: gets the progress.
            path: a SONATA nodes file, such as circuit.morphologies.h5.
            morphology_folder: of the morphologies, absolute or relative to the nodes file; or a container of H5 ones.
            extension: of the morphologies, such as "swc"; "" takes what there is.
            ids: of cells; none for all.
            density: share of the cells, above 0, up to 1.
            soma: load the cell bodies.
            axon: load the axons.
            dendrites: load the dendrites.
            radius_multiplier: factor on all radii, 0.1 or more.
            frame: point the camera at it, if it is the first model.

        Raises (from the task):
            CircuitError: it cannot be loaded, or soma, axon and dendrites are all off.
        """
        from brayns_widget.protocol.brayns.loaders import CELL_PLACEMENT, CellPlacementParams

        parts = MorphologyParts(soma, axon, dendrites, radius_multiplier).params()
        optional: dict[str, Any] = {"ids": list(ids)} if ids else {}
        if morphology_folder:
            optional["morphology_folder"] = str(morphology_folder)
        if extension:
            optional["extension"] = extension.lstrip(".")
        parameters = CellPlacementParams(morphology_parameters=parts, percentage=density, **optional)
        return await self._load_by(report, path, CELL_PLACEMENT, parameters, frame=frame)

    async def _load_by(
        self, report: Report, path: FilePath, loader: str, parameters: LoaderParams | Options, *, frame: bool
    ) -> list[Model]:
        renderer, where = await self._core.any_renderer(report), resolve(self._core, path)
        add = partial(add_model, path=where, loader=loader, parameters=parameters)
        return await self._load(renderer, report, where, add, color_by=None, frame=frame)

    @abstractmethod
    async def _load(
        self, renderer: Server, report: Report, path: str, add: Add, *, color_by: str | None, frame: bool
    ) -> list[Model]:
        """Load models by ``add``; color them, and frame the first."""
