from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.browser import launch
from tests.end_to_end.lab import Lab, run_lab


@pytest.fixture(scope="module")  # Playwright occupies the thread's event loop: no longer than it is needed
def browser() -> Iterator[Browser]:
    with launch() as browser:
        yield browser


@pytest.fixture(scope="module")  # other tests count the processes that are left
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    with run_lab(tmp_path_factory.mktemp("lab")) as lab:
        yield lab


@pytest.fixture(scope="session")
def second_circuit(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A real circuit where there is one, else another made-up one."""
    from brayns_widget.demo import write_circuit
    from tests.conftest import ROOT

    real = ROOT.parent / "shared" / "data" / "tiny_circuits" / "N_10__top_nodes_dim6" / "circuit_config.json"
    return real if real.is_file() else write_circuit(tmp_path_factory.mktemp("circuits") / "second", cells=12, seed=5)
