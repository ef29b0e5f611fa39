"""All loaders, in the order in which ``get-loaders`` lists them."""

from __future__ import annotations

from brayns_widget.service.renderer.loaders import (
    atlas,
    cell_placement,
    mesh,
    neuron_morphology,
    protein,
    sonata,
    volume,
    xyz,
)

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
