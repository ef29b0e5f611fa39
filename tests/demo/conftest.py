"""A demo circuit that the tests of this folder share."""

from __future__ import annotations

from pathlib import Path

import pytest

from brayns_widget.demo import write_circuit

CELLS = 60


@pytest.fixture(scope="session")
def circuit(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_circuit(tmp_path_factory.mktemp("demo") / "circuit", cells=CELLS, seed=3).parent
