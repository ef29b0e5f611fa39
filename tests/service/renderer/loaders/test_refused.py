from __future__ import annotations

import pytest

from brayns_widget.service.renderer.loaders.refused import refusal
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
    reason = refusal(loader, path)
    assert reason is not None
    assert word in reason


def test_what_can_be_loaded_is_not_refused():
    assert [refusal(loader.name, f"some{loader.extensions[0]}") for loader in LOADERS] == [None] * len(LOADERS)
    assert refusal("nope") is None
    assert refusal("SONATA loader", "/BlueConfig/CircuitConfig.json") is None
