"""Uploads: all of a file or nothing, inside the base directory, of a limited size."""

from __future__ import annotations

import base64
import os
import stat
import sys
from pathlib import Path

import pytest

from brayns_widget.protocol.errors import INTERNAL_ERROR, INVALID_PARAMS, RequestError
from brayns_widget.service.backend import uploads

UPLOAD = "fs-upload-content"
ALL_BYTES = bytes(range(256))


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "base" / "sub").mkdir(parents=True)
    return tmp_path / "base"


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize(
    ("content", "encoded", "data"),
    [
        ("héllo\n\r\n\0", False, "héllo\n\r\n\0".encode()),
        ("", False, b""),
        ("", True, b""),
        (base64.b64encode(ALL_BYTES).decode(), True, ALL_BYTES),
        (base64.encodebytes(ALL_BYTES).decode(), True, ALL_BYTES),
    ],
)
def test_what_is_sent_is_in_the_file(folder, call, content, encoded, data):
    path = folder / "sub" / "new.txt"
    assert call(folder, UPLOAD, path=str(path), content=content, base64=encoded) is None
    assert path.read_bytes() == data
    assert names(folder / "sub") == ["new.txt"]


@pytest.mark.parametrize("content", ["***", "AAA", "AAA=A", "é"])
def test_what_is_no_base64_is_refused(folder, call, content):
    (folder / "old").write_text("old")
    with pytest.raises(RequestError, match="content is not base64") as caught:
        call(folder, UPLOAD, path=str(folder / "old"), content=content, base64=True)
    assert caught.value.code == INVALID_PARAMS
    assert (folder / "old").read_text() == "old"


def test_what_is_no_text_is_refused(folder, call):
    with pytest.raises(RequestError, match="content is no text") as caught:
        call(folder, UPLOAD, path=str(folder / "new"), content="\udc80", base64=False)
    assert caught.value.code == INVALID_PARAMS


def test_a_file_has_a_limited_size(folder, call, monkeypatch):
    monkeypatch.setattr(uploads, "MAX_SIZE", 6)
    for content, encoded in (("é" * 3, False), ("AAAAAAAA", True)):
        call(folder, UPLOAD, path=str(folder / "new"), content=content, base64=encoded)
    for content, encoded in (("x" * 7, False), ("é" * 4, False), ("AAAAAAAAAAAA", True)):
        with pytest.raises(RequestError, match="content has more than") as caught:
            call(folder, UPLOAD, path=str(folder / "new"), content=content, base64=encoded)
        assert caught.value.code == INVALID_PARAMS
    assert (folder / "new").read_bytes() == bytes(6)


@pytest.mark.parametrize("path", ["{}/../evil", "{}/sub/../../evil", "evil", "", "/", "{}/a\0b"])
def test_paths_outside_are_refused(folder, call, path):
    with pytest.raises(RequestError) as caught:
        call(folder, UPLOAD, path=path.format(folder), content="x", base64=False)
    assert caught.value.code == INVALID_PARAMS
    assert not (folder.parent / "evil").exists()


def test_links_lead_no_file_out(folder, call):
    try:
        (folder / "out").symlink_to(folder.parent / "evil")
        (folder / "outs").symlink_to(folder.parent, target_is_directory=True)
        (folder / "in").symlink_to("sub/target")
    except OSError:
        pytest.skip("this system lets us make no symbolic links")
    for name in ("out", "outs/evil"):
        with pytest.raises(RequestError, match="is outside"):
            call(folder, UPLOAD, path=str(folder / name), content="x", base64=False)
    assert not (folder.parent / "evil").exists()
    call(folder, UPLOAD, path=str(folder / "in"), content="x", base64=False)
    assert (folder / "in").is_symlink()
    assert (folder / "sub" / "target").read_text() == "x"


@pytest.mark.parametrize(("name", "words"), [("sub", "it is a directory"), ("no/new", "cannot be written: .")])
def test_what_cannot_be_written_is_an_error(folder, call, name, words):
    with pytest.raises(RequestError, match=words) as caught:
        call(folder, UPLOAD, path=str(folder / name), content="x", base64=False)
    assert caught.value.code == INTERNAL_ERROR


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_pipes_are_not_replaced(folder, call):
    os.mkfifo(folder / "pipe")
    with pytest.raises(RequestError, match="it is not a regular file"):
        call(folder, UPLOAD, path=str(folder / "pipe"), content="x", base64=False)
    assert stat.S_ISFIFO((folder / "pipe").stat().st_mode)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has other permissions")
def test_permissions_stay_as_they_are(folder, call):
    (folder / "plain").write_text("")
    (folder / "script").write_text("old")
    (folder / "script").chmod(0o750)
    for name in ("new", "script"):
        call(folder, UPLOAD, path=str(folder / name), content="new", base64=False)
    modes = [stat.S_IMODE((folder / name).stat().st_mode) for name in ("plain", "new", "script")]
    assert modes[0] == modes[1]
    assert modes[2] == 0o750


def test_a_failure_leaves_what_was_there(folder, call, monkeypatch):
    def full(_file):
        raise OSError(28, "No space left on device")

    (folder / "old").write_text("old")
    monkeypatch.setattr("brayns_widget.service.backend.uploads.os.fsync", full)
    for name in ("old", "sub/new"):
        with pytest.raises(RequestError, match="No space left on device") as caught:
            call(folder, UPLOAD, path=str(folder / name), content="new", base64=False)
        assert caught.value.code == INTERNAL_ERROR
    assert (folder / "old").read_text() == "old"
    assert names(folder) == ["old", "sub"]
    assert names(folder / "sub") == []


def test_readers_see_all_of_a_file(folder, call):
    path = folder / "old"
    path.write_text("old")
    if sys.platform == "win32":
        pytest.skip("Windows replaces no open files")
    with path.open() as reader:
        call(folder, UPLOAD, path=str(path), content="new", base64=False)
        assert reader.read() == "old"
    assert Path(path).read_text() == "new"
