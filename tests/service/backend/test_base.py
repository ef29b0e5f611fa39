"""Confinement of paths."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from brayns_widget.protocol.errors import INTERNAL_ERROR, INVALID_PARAMS, RequestError
from brayns_widget.service.backend.base import BaseDirectory, kind_of


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A base directory with a neighbor whose name begins the same, and a secret above both."""
    for name in ("base/sub", "base2", "elsewhere"):
        (tmp_path / name).mkdir(parents=True)
    for name in ("base/file", "base/sub/file", "base2/file", "elsewhere/file", "secret"):
        (tmp_path / name).write_text("x")
    return tmp_path


def refusal(base: BaseDirectory, path: str) -> RequestError:
    with pytest.raises(RequestError) as caught:
        base.resolve(path)
    return caught.value


def test_what_is_inside_is_found(tree):
    base = BaseDirectory(tree / "base")
    real = tree.resolve() / "base"
    assert base.resolve(str(tree / "base")) == real
    assert base.resolve(str(tree / "base" / "sub" / "..") + os.sep) == real
    assert base.resolve(str(tree / "base" / "sub" / "file")) == real / "sub" / "file"
    assert base.resolve(str(tree / "base" / "nothing" / "here")) == real / "nothing" / "here"


@pytest.mark.parametrize(
    "path",
    ["{0}", "{0}/secret", "{0}/base2/file", "{0}/base/../secret", "{0}/base/../..", "{0}/base/sub/../../base2/file"],
)
def test_what_is_outside_is_refused(tree, path):
    error = refusal(BaseDirectory(tree / "base"), path.format(tree).replace("/", os.sep))
    assert error.code == INVALID_PARAMS
    assert "is outside" in error.message


@pytest.mark.parametrize("path", ["", ".", "..", "file", "sub/file", " ", "~", "file://base/file"])
def test_relative_paths_are_refused(tree, path, monkeypatch):
    monkeypatch.chdir(tree / "base")
    assert refusal(BaseDirectory(tree / "base"), path).code == INVALID_PARAMS


@pytest.mark.parametrize("tail", ["a\0b", "\0", "\ud800"])
def test_what_is_no_path_is_refused(tree, tail):
    if tail == "\ud800" and sys.platform == "win32":
        pytest.skip("Windows file names may hold it")
    assert refusal(BaseDirectory(tree / "base"), f"{tree}{os.sep}base{os.sep}{tail}").code == INVALID_PARAMS


def test_very_long_names_are_answered(tree):
    base = BaseDirectory(tree / "base")
    for tail in ("x" * 100_000, ("x" * 200 + os.sep) * 1000):
        with pytest.raises(RequestError) as caught:
            base.regular_file(f"{tree / 'base'}{os.sep}{tail}")
        assert caught.value.code in (INVALID_PARAMS, INTERNAL_ERROR)


@pytest.fixture
def links(tree):
    """Links in the base directory, to what is in it and to what is not."""
    try:
        (tree / "base" / "to_secret").symlink_to(tree / "secret")
        (tree / "base" / "to_elsewhere").symlink_to(tree / "elsewhere", target_is_directory=True)
        (tree / "base" / "relative").symlink_to(Path("..") / "secret")
        (tree / "base" / "twice").symlink_to("to_secret")
        (tree / "base" / "to_sub").symlink_to("sub", target_is_directory=True)
        (tree / "base" / "loop").symlink_to("loop")
        (tree / "base" / "nowhere").symlink_to("nothing")
        (tree / "shortcut").symlink_to("base", target_is_directory=True)
    except OSError:
        pytest.skip("this system lets us make no symbolic links")
    return tree


@pytest.mark.parametrize(
    "name", ["to_secret", "to_elsewhere", "to_elsewhere/file", "relative", "twice", "to_sub/../../secret"]
)
def test_links_that_lead_out_are_refused(links, name):
    assert refusal(BaseDirectory(links / "base"), str(links / "base" / name)).code == INVALID_PARAMS


def test_links_that_stay_inside_are_followed(links):
    base = BaseDirectory(links / "base")
    assert base.resolve(str(links / "base" / "to_sub" / "file")).name == "file"
    assert kind_of(base.resolve(str(links / "base" / "nowhere"))) is None


def test_a_loop_is_no_file(links):
    with pytest.raises(RequestError):
        BaseDirectory(links / "base").regular_file(str(links / "base" / "loop"))


def test_a_base_that_is_a_link_keeps_its_name(links):
    base = BaseDirectory(links / "shortcut")
    assert base.path == links / "shortcut"
    assert base.resolve(str(links / "shortcut" / "file")) == base.resolve(str(links / "base" / "file"))
    assert refusal(base, str(links / "shortcut" / ".." / "secret")).code == INVALID_PARAMS


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_pipe_is_neither_file_nor_directory(tree):
    os.mkfifo(tree / "base" / "pipe")
    assert kind_of(tree / "base" / "pipe") is None
    with pytest.raises(RequestError, match="not a regular file"):
        BaseDirectory(tree / "base").regular_file(str(tree / "base" / "pipe"))


@pytest.mark.parametrize("name", ["file", "nothing"])
def test_the_base_must_be_a_directory(tree, name):
    with pytest.raises(NotADirectoryError, match=name):
        BaseDirectory(tree / "base" / name)
