"""All loaders, in the order in which ``get-loaders`` lists them."""

from __future__ import annotations

from brayns_widget.service.renderer.loaders import neuron_morphology, sonata

LOADERS = (neuron_morphology.LOADER, sonata.LOADER)
