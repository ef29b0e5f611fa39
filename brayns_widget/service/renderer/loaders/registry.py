"""All loaders, in the order in which ``get-loaders`` lists them."""

from __future__ import annotations

from brayns_widget.service.renderer.loaders import mesh, neuron_morphology, protein, sonata, xyz

LOADERS = (mesh.LOADER, neuron_morphology.LOADER, sonata.LOADER, protein.LOADER, xyz.LOADER)
