"""Embree's owners: builds, progress, cancelling, errors, and what is said where there is no Embree."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from brayns_widget.service.renderer.tracing.embree import (
    LIBRARY_VARIABLE,
    SPHERE_POINT,
    Bvh,
    Cancelled,
    Device,
    EmbreeError,
    Primitives,
)


@pytest.fixture
def device():
    with Device(1) as device:
        yield device


def many_spheres(device, count=200_000):
    spheres = np.random.default_rng(1).random((count, 4), np.float32)
    return Primitives(device, SPHERE_POINT, spheres)


def test_build_reports_progress_to_the_end(device):
    amounts: list[float] = []

    def report(amount):
        amounts.append(amount)
        return True

    with many_spheres(device) as spheres, Bvh(device, [spheres], report) as bvh:
        assert bvh.handle
    assert amounts
    assert min(amounts) >= 0
    assert max(amounts) == pytest.approx(1, abs=0.1)


def test_build_stops_when_told(device):
    with many_spheres(device) as spheres, pytest.raises(Cancelled):
        Bvh(device, [spheres], lambda _amount: False)


def test_exception_of_the_report_comes_back(device):
    def report(_amount):
        raise KeyError("mine")

    with many_spheres(device) as spheres, pytest.raises(KeyError, match="mine"):
        Bvh(device, [spheres], report)


def test_device_survives_a_cancelled_build(device):
    with many_spheres(device) as spheres:
        with pytest.raises(Cancelled):
            Bvh(device, [spheres], lambda _amount: False)
        with Bvh(device, [spheres], lambda _amount: True) as bvh:
            assert bvh.handle


def test_embrees_refusal_becomes_an_exception_with_its_text(device):
    vertices = np.zeros((2, 4), np.float32)
    with pytest.raises(EmbreeError, match=r"Embree: .*invalid geometry type"):
        Primitives(device, 99, vertices)


def test_what_is_closed_says_so(device):
    bvh = Bvh(device, [], lambda _amount: True)
    bvh.close()
    bvh.close()
    with pytest.raises(EmbreeError, match="Bvh is closed"):
        _ = bvh.handle


@pytest.mark.parametrize("path", ["no-such-file.so", __file__])
def test_a_wrong_library_is_named_with_a_hint(path):
    code = (
        "from brayns_widget.service.renderer.tracing.embree import Device, EmbreeMissing\n"
        "try:\n    Device()\nexcept EmbreeMissing as error:\n    print(error.message, error.hint)\n"
    )
    run = subprocess.run(  # noqa: PLW1510 - its output tells
        [sys.executable, "-c", code],
        env={**__import__("os").environ, LIBRARY_VARIABLE: path},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert "cannot be loaded" in run.stdout, run.stderr
    assert LIBRARY_VARIABLE in run.stdout
