"""All loaders, in the order in which ``get-loaders`` lists them."""

from __future__ import annotations

from brayns_widget.service.renderer.loaders.circuits import cell_placement, sonata
from brayns_widget.service.renderer.loaders.grids import atlas, volume
from brayns_widget.service.renderer.loaders.meshes import mesh
from brayns_widget.service.renderer.loaders.molecules import protein, xyz
from brayns_widget.service.renderer.loaders.morphologies import neuron as neuron_morphology

LOADERS = (
    mesh.LOADER,
    volume.MHD_LOADER,
    volume.RAW_LOADER,
    cell_placement.LOADER,
    neuron_morphology.LOADER,
    sonata.LOADER,
    protein.LOADER,
    xyz.LOADER,
    atlas.LOADER,
)
