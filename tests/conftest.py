"""Fixtures that many tests share."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# How long an example takes says how busy the machine is; each test has a deadline anyway.
settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any machine")

# Tests that count processes start no others than they ask for.
os.environ.setdefault("BRAYNS_WIDGET_SPARE", "0")

# No test writes records of jobs where this user's own ones are.
_RECORDS = tempfile.TemporaryDirectory(prefix="brayns-widget-records-")
os.environ["BRAYNS_WIDGET_RECORDS"] = _RECORDS.name

ROOT = Path(__file__).resolve().parent.parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Try a test that failed once more, and one that measures times twice more.

    A busy machine halts a browser, a server or a kernel for seconds. The summary names what was tried again, and a
    fault shows itself again. But Binder's environment is another one after a test: it is compiled then.
    """
    for item in items:
        if item.path.name != "test_binder.py":
            item.add_marker(pytest.mark.flaky(reruns=2 if item.get_closest_marker("measures") else 1))


@pytest.fixture(scope="session")
def shared_dir() -> Path:
    """The folder with recordings of the real servers; it lies beside the checkout, never in it."""
    folder = Path(os.environ.get("BRAYNS_WIDGET_SHARED", ROOT.parent / "shared"))
    if not folder.is_dir():
        pytest.skip(f"no recordings of the real servers at {folder} (set BRAYNS_WIDGET_SHARED)")
    return folder


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """The folder with real SONATA circuits; it lies beside the checkout, never in it."""
    folder = Path(os.environ.get("BRAYNS_WIDGET_DATA", ROOT.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"no real circuits at {folder} (set BRAYNS_WIDGET_DATA)")
    return folder


@pytest.fixture(scope="module")
def nothing_is_left() -> Iterator[None]:
    """End the local service after a module's tests, and check that no process of it is left."""
    # Not before the environment is set above, and coverage is measured.
    from brayns_widget.connection.process import PROCESS
    from tests.processes import check_none_left

    yield
    PROCESS.end()
    check_none_left()
