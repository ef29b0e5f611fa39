"""The loader of single neuron morphologies: SWC, H5 and Neurolucida ASC, read with MorphIO."""

from __future__ import annotations

from pathlib import Path

import morphio._morphio
import numpy as np

from brayns_widget.protocol.brayns.loaders import NEURON_MORPHOLOGY, MorphologyParams
from brayns_widget.protocol.errors import INVALID_PARAMS, RequestError
from brayns_widget.service.renderer.content.coloring.sections import SectionColoring
from brayns_widget.service.renderer.content.geometry import Geometry
from brayns_widget.service.renderer.loaders import hdf5
from brayns_widget.service.renderer.loaders.base import Content, LoadedModel, Loader, failure
from brayns_widget.service.renderer.loaders.morphologies.files import read_file, read_upload
from brayns_widget.service.renderer.loaders.morphologies.morphology import Section
from brayns_widget.service.renderer.loaders.morphologies.params import check_morphology, shape_options
from brayns_widget.service.renderer.loaders.notices import Notices
from brayns_widget.service.rpc.running import RunningRequest


def load(source: Path | Content, params: MorphologyParams, request: RunningRequest) -> list[LoadedModel]:
    """Load one cell, where its file says; see ``Loader.load``."""
    name = source.name if isinstance(source, Content) else str(source)
    hdf5.silence(morphio._morphio)  # noqa: SLF001  the extension module holds HDF5
    check_morphology(params)
    options = shape_options(params)
    if not options.sections:
        raise RequestError("Nothing to load on the morphology", code=INVALID_PARAMS)  # the real renderer's words
    request.progress(0.0, f"Loading {name}")
    shape = read_upload(source, options) if isinstance(source, Content) else read_file(source, options)
    if not len(shape.segments) and not len(shape.spheres):
        wanted = ", ".join(section.name.lower() for section in sorted(options.sections))
        raise failure(f"{name} has nothing of what is to be loaded ({wanted})")
    notices = Notices()
    for text in shape.notices:
        notices.add(text, Path(name).name)
    places = np.concatenate((shape.segment_places, shape.sphere_places))[:, 0].astype(np.int64)
    ids, firsts, slots = np.unique(places, return_index=True, return_inverse=True)
    types = np.concatenate((shape.segment_types, shape.sphere_types))[firsts]
    segment_slots, sphere_slots = np.split(slots.astype(np.uint32), [len(shape.segments)])
    return [
        LoadedModel(
            kind="morphology",
            geometry=Geometry(shape.vertices, shape.segments, segment_slots, shape.spheres, sphere_slots),
            coloring=SectionColoring(ids, types, [section.name.lower() for section in Section], shape.starts_of(ids)),
            notices=notices.texts,
        )
    ]


LOADER = Loader(NEURON_MORPHOLOGY, "Circuit Explorer", ("swc", "h5", "asc"), MorphologyParams, load)

# Brayns' loader takes no uploads; this one is for a method of ours.
TEXT_LOADER = Loader(NEURON_MORPHOLOGY, "Circuit Explorer", ("swc", "asc"), MorphologyParams, load, binary=True)
