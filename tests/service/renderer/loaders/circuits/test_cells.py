from __future__ import annotations

from pathlib import Path

import pytest

from brayns_widget.service.renderer.loaders.circuits.cells import RecentShapes
from brayns_widget.service.renderer.loaders.morphologies.morphology import Shape, ShapeOptions, point_shape

OPTIONS = ShapeOptions(soma=True, axon=True, dendrites=True)


@pytest.fixture
def container(tmp_path: Path) -> Path:
    path = tmp_path / "morphologies.h5"
    path.write_bytes(b"1")
    return path


def key(place: Path, name: str = "cell", options: ShapeOptions = OPTIONS) -> tuple[str, str, ShapeOptions]:
    return (str(place), name, options)


def kept(recent: RecentShapes, place: Path) -> Shape:
    shape = point_shape(1.0)
    recent.of(str(place))
    recent.keep(key(place), shape)
    return shape


def test_shapes_are_kept_for_the_next_load(container: Path):
    recent = RecentShapes(1000)
    shape = kept(recent, container)
    assert recent.of(str(container)) == {key(container): shape}


def test_a_file_that_changed_is_read_again(container: Path):
    recent = RecentShapes(1000)
    kept(recent, container)
    container.write_bytes(b"12")
    assert recent.of(str(container)) == {}


def test_only_one_place_is_kept(container: Path, tmp_path: Path):
    recent = RecentShapes(1000)
    kept(recent, container)
    other = tmp_path / "other.h5"
    other.write_bytes(b"2")
    assert recent.of(str(other)) == {}
    assert recent.of(str(container)) == {}


def test_folders_are_read_again(tmp_path: Path):
    recent = RecentShapes(1000)
    kept(recent, tmp_path)
    assert recent.of(str(tmp_path)) == {}


def test_they_take_no_more_than_their_size(container: Path):
    shape = point_shape(1.0)
    recent = RecentShapes(2 * shape.nbytes)
    for name in "abc":
        recent.of(str(container))
        recent.keep(key(container, name), shape)
    assert [name for _place, name, _options in recent.of(str(container))] == ["a", "b"]
