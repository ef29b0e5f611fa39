"""XYZ files: point clouds and molecules, and what is said of bad ones."""

from __future__ import annotations

from pathlib import Path

import gemmi
import numpy as np
import pytest

from brayns_widget.protocol.errors import RequestError
from brayns_widget.service.renderer.loaders.base import LoadedModel
from brayns_widget.service.renderer.loaders.molecules.xyz import LOADER
from brayns_widget.service.renderer.loaders.palette import element_color
from brayns_widget.service.rpc import running
from brayns_widget.service.rpc.running import RunningRequest


def load(data: bytes, **properties: object) -> LoadedModel:
    (model,) = LOADER.read_upload("xyz", memoryview(data), properties, RunningRequest())
    return model


def test_points_are_spheres_where_the_file_says(tmp_path: Path):
    path = tmp_path / "cloud.xyz"
    path.write_text("# x y z\n1 2 3\n\n -4.5 0 1e2 255 0 0\n")
    (model,) = LOADER.read(str(path), {}, RunningRequest())
    np.testing.assert_allclose(model.geometry.spheres, [[1, 2, 3, 0.15], [-4.5, 0, 100, 0.15]])
    assert model.coloring.colors.tolist() == [[1, 1, 1, 1]] * 2
    assert dict(model.metadata) == {"points": "2"}


def test_neighbors_in_an_even_cloud_do_not_overlap_much_nor_vanish():
    grid = np.stack(np.meshgrid(*[np.arange(10) * 7.0] * 3), axis=-1).reshape(-1, 3)
    flat = grid[grid[:, 2] == 0]
    for points in (grid, flat):
        text = "\n".join("{} {} {}".format(*point) for point in points).encode()
        radii = load(text, by_density=True).geometry.spheres[:, 3]
        assert set(radii.tolist()) == {radii[0]}
        assert 0.4 * 7 < radii[0] < 0.6 * 7
    assert load(b"5 5 5\n", by_density=True).geometry.spheres.tolist() == [[5, 5, 5, 1]]


@pytest.mark.parametrize("properties", [{"anything": 1}, {"by_density": False}, {"by_density": "yes"}])
def test_other_properties_mean_nothing_as_in_the_real_renderer(properties: dict[str, object]):
    assert load(b"5 5 5\n", **properties).geometry.spheres[0, 3] == pytest.approx(0.15)


def test_molecules_have_the_sizes_and_colors_of_elements():
    model = load(b"3\nwater\nO 0 0 0\nH 0.76 0.59 0\nh -0.76 0.59 0\n3\nthe next frame\nO 9 9 9\nH 9 9 9\nH 9 9 9\n")
    np.testing.assert_allclose(
        model.geometry.spheres, [[0, 0, 0, 1.52], [0.76, 0.59, 0, 1.2], [-0.76, 0.59, 0, 1.2]], atol=1e-6
    )
    np.testing.assert_allclose(model.coloring.colors, [element_color(name) for name in "OHH"])


@pytest.mark.parametrize(
    ("word", "element"),
    [("6", "C"), ("C1", "C"), ("ca2", "Ca"), ("O-", "O"), ("008", "O"), ("99999999999", "X"), ("?", "X"), ("119", "X")],
)
def test_elements_are_symbols_with_or_without_a_number_or_atomic_numbers(word: str, element: str):
    model = load(f"1\n\n{word} 0 0 0\n".encode())
    assert model.geometry.spheres[0, 3] == pytest.approx(gemmi.Element(element).vdw_r)
    np.testing.assert_allclose(model.coloring.colors[0], element_color(element))


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "The upload has no points"),
        (b"\xff\xfe garbage\x01" + b"x" * 99, "line 1: expected three coordinates, got '… garbage…xx"),
        (b"1 2 3\n4 5\n", "line 2: expected three coordinates, got '4 5'"),
        (b"1 2 nan\n", "not a number below"),
        (b"1e308 0 0\n-1e308 1 1\n", "not a number below"),
        (b"1 2 1e300\n", "not a number below"),
        (b"0\nnothing\n", "The upload has no points"),
        (b"2\nwater\nO 0 0 0\n", "has 1 atoms, but says that it has 2"),
        (b"1\nwater\nO 0 0 x\n", "line 3: expected three coordinates"),
    ],
)
def test_what_cannot_be_read_is_said(data: bytes, message: str):
    with pytest.raises(RequestError) as caught:
        load(data)
    assert message in caught.value.message


@pytest.mark.parametrize("part", [0.1, 0.6])
def test_reading_tells_how_far_it_is_and_can_be_cancelled(tmp_path: Path, part: float, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(running, "REPORT_INTERVAL", 0.0)
    path = tmp_path / "many.xyz"
    path.write_text("1 2 3\n" * 60_000)
    told: list[float] = []

    def report(amount: float, _operation: str) -> None:
        told.append(amount)
        if amount >= part:
            request.cancel()

    request = RunningRequest(report)
    with pytest.raises(RequestError) as caught:
        LOADER.read(str(path), {}, request)
    assert caught.value.code == 20
    assert part <= told[-1] < part + 0.2
