from __future__ import annotations

import pytest

from brayns_widget.protocol.errors import INVALID_PARAMS, RequestError
from brayns_widget.service.renderer.loaders.refused import BBP_LOADER, DTI_LOADER, check_refused
from brayns_widget.service.renderer.loaders.registry import LOADERS


@pytest.mark.parametrize(
    ("loader", "path", "word"),
    [
        ("BBP loader", "/some/file", "SONATA"),
        ("SONATA loader", "/some/BlueConfig", "SONATA"),
        ("Neuron Morphology loader", "CircuitConfig", "SONATA"),
        ("SONATA loader", "/some/blueconfig", "SONATA"),
        ("SONATA loader", "/some/CIRCUITCONFIG", "SONATA"),
        ("SONATA loader", "/some/CircuitConfig_nrn", "SONATA"),
        ("DTI loader", "some.json", "tracts"),
    ],
)
def test_refusals_name_what_is_refused_or_what_to_use(loader: str, path: str, word: str):
    with pytest.raises(RequestError, match=word) as refused:
        check_refused(loader, path)
    assert refused.value.code == INVALID_PARAMS


def test_what_can_be_loaded_is_not_refused():
    for loader in LOADERS:
        if loader not in {BBP_LOADER, DTI_LOADER}:
            check_refused(loader.name, f"some{loader.extensions[0]}")
    check_refused("nope")
    check_refused("SONATA loader", "/BlueConfig/CircuitConfig.json")
