"""All loaders, in the order in which ``get-loaders`` lists them: the core's, then those of each plugin."""

from __future__ import annotations

from brayns_widget.service.renderer.loaders import refused
from brayns_widget.service.renderer.loaders.circuits import cell_placement, sonata
from brayns_widget.service.renderer.loaders.grids import atlas, volume
from brayns_widget.service.renderer.loaders.meshes import mesh
from brayns_widget.service.renderer.loaders.molecules import protein, xyz
from brayns_widget.service.renderer.loaders.morphologies import neuron as neuron_morphology

LOADERS = (
    mesh.LOADER,
    volume.MHD_LOADER,
    volume.RAW_LOADER,
    refused.BBP_LOADER,
    cell_placement.LOADER,
    neuron_morphology.LOADER,
    sonata.LOADER,
    atlas.LOADER,
    refused.DTI_LOADER,
    protein.LOADER,
    xyz.LOADER,
)
