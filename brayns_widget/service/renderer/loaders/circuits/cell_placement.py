"""The cell placement loader: cells of a SONATA nodes file with morphologies from a folder, without a circuit."""

from __future__ import annotations

from pathlib import Path

import libsonata._libsonata
import morphio._morphio
import numpy as np
import numpy.typing as npt

from brayns_widget.protocol.brayns.loaders import CELL_PLACEMENT, CellPlacementParams
from brayns_widget.protocol.errors import INVALID_PARAMS, RequestError
from brayns_widget.service.renderer.content.coloring.cells import CellColoring, Labels
from brayns_widget.service.renderer.loaders import hdf5
from brayns_widget.service.renderer.loaders.base import LoadedModel, Loader, failure
from brayns_widget.service.renderer.loaders.circuits import nodes
from brayns_widget.service.renderer.loaders.circuits.cells import point_shapes, read_labels, read_shapes
from brayns_widget.service.renderer.loaders.circuits.neurons import place
from brayns_widget.service.renderer.loaders.circuits.reduction import FittedShapes
from brayns_widget.service.renderer.loaders.morphologies.files import morphology_reader
from brayns_widget.service.renderer.loaders.morphologies.morphology import Section
from brayns_widget.service.renderer.loaders.morphologies.params import check_morphology, shape_options
from brayns_widget.service.renderer.loaders.notices import Notices
from brayns_widget.service.rpc.running import RunningRequest
from brayns_widget.service.sonata.populations import open_nodes, population_names


def load(path: Path, params: CellPlacementParams, request: RunningRequest) -> list[LoadedModel]:
    """Load one model for each population of the file; see ``Loader.load``."""
    hdf5.silence(libsonata._libsonata, morphio._morphio)  # noqa: SLF001  the extension modules hold HDF5
    check_morphology(params.morphology_parameters)
    try:
        names = population_names(path)
    except RequestError as error:
        raise failure(f"{path} is not a SONATA nodes file: {error.message}") from error
    if not names:
        raise failure(f"{path} has no populations")
    return [
        _load_population(path, name, params, request.part(index / len(names), (index + 1) / len(names)))
        for index, name in enumerate(names)
    ]


LOADER = Loader(CELL_PLACEMENT, "Circuit Explorer", ("circuit.morphologies.h5",), CellPlacementParams, load)


def _load_population(path: Path, name: str, params: CellPlacementParams, request: RunningRequest) -> LoadedModel:
    request.progress(0.0, f"Reading population {name}")
    notices = Notices()
    population = open_nodes(str(path), "", name)
    ids = nodes.select(
        population, node_sets_paths=[], node_sets=[], node_ids=params.ids, percentage=params.percentage, limit=0
    )
    positions = nodes.positions(population, ids, notices)
    rotations = nodes.rotations(population, ids)
    labels = read_labels(population, ids, notices)
    shapes, shape_of_cell = _shapes(path, name, params, ids, labels, request.part(0.0, 0.5), notices)
    geometry, slots = place(shapes, shape_of_cell, rotations, positions, request.part(0.5, 1.0))
    types = np.unique(np.concatenate([np.r_[shape.segment_types, shape.sphere_types] for shape in shapes]))
    sections = [section.name.lower() for section in Section]
    return LoadedModel(
        kind="neurons",
        geometry=geometry,
        coloring=CellColoring(ids, labels, sections, [sections[kind] for kind in types], slots),
        metadata={"population_name": name, "population_type": "node", **shapes.metadata},
        ids=ids,
        notices=notices.texts,
    )


# Extension of morphology files → (whether it is the main format of a circuit, or its name among the others)
_FORMATS = {"swc": None, "h5": "h5v1", "asc": "neurolucida-asc"}


def _shapes(  # noqa: PLR0917 - all are needed for reading or for messages
    path: Path,
    name: str,
    params: CellPlacementParams,
    ids: npt.NDArray[np.int64],
    labels: dict[str, Labels],
    request: RunningRequest,
    notices: Notices,
) -> tuple[FittedShapes, npt.NDArray[np.intp]]:
    """Read each morphology once; returns the shapes and which one each cell has."""
    options = shape_options(params.morphology_parameters)
    if not options.sections:
        return point_shapes(len(ids), options), np.zeros(len(ids), np.intp)
    if "morphology" not in labels:
        raise failure(f"Population {name} has no morphologies; load it without soma and neurites")
    kind = params.extension.removeprefix(".").lower()
    if (kind and kind not in _FORMATS) or not params.morphology_folder:
        raise RequestError(
            f"Morphologies need a morphology_folder, and the extension {', '.join(_FORMATS)} or none; "
            f"got {params.morphology_folder!r} and {params.extension!r}",
            code=INVALID_PARAMS,
        )
    place = path.parent / params.morphology_folder
    kinds = [kind] if kind else ["h5"] if place.is_file() else list(_FORMATS)
    main = str(place) if "swc" in kinds else ""
    others = {name: str(place) for kind, name in _FORMATS.items() if name is not None and kind in kinds}
    morphologies = labels["morphology"]
    reader = morphology_reader(main, others, morphologies.names[0])
    return read_shapes(reader, morphologies, ids, options, request, notices=notices), morphologies.codes
