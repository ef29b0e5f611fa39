"""The JSON-RPC methods, one module for each family; ``METHODS`` has them all."""

from brayns_widget.service.renderer.context import Context
from brayns_widget.service.renderer.methods import (
    additions,
    atlas,
    camera,
    circuit,
    clipping,
    colors,
    core,
    gbuffers,
    geometries,
    ids,
    lights,
    loading,
    materials,
    models,
    pictures,
    simulation,
    snapshot,
)
from brayns_widget.service.rpc.cancelling import cancelling
from brayns_widget.service.rpc.methods import Methods

METHODS: Methods[Context] = Methods()
for _family in (
    core,
    camera,
    pictures,
    snapshot,
    gbuffers,
    lights,
    loading,
    models,
    materials,
    colors,
    circuit,
    geometries,
    clipping,
    additions,
    ids,
    simulation,
    atlas,
):
    METHODS.include(_family.methods)
METHODS.include(cancelling)
