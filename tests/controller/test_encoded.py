"""Pictures that users get, as objects."""

from __future__ import annotations

import base64
import errno
import io
import os
import stat

import numpy as np
import pytest
from IPython.core.formatters import DisplayFormatter
from PIL import Image

from brayns_widget.controller.encoded import SHOWN_MAX, GBuffers, Snapshot, check_writable, fitted

NOISE = np.random.default_rng(0).integers(0, 256, (300, 400, 4), np.uint8)


def encoded(pixels: np.ndarray, image_format: str = "PNG") -> bytes:
    written = io.BytesIO()
    Image.fromarray(pixels).save(written, image_format)
    return written.getvalue()


@pytest.fixture
def small() -> Snapshot:
    return Snapshot(encoded(NOISE[:30, :40]), "png", (40, 30))


@pytest.fixture
def large() -> Snapshot:
    return Snapshot(encoded(NOISE), "png", (400, 300))


def test_a_snapshot_is_shown_at_the_end_of_a_cell(small):
    data, _ = DisplayFormatter().format(small)
    assert data.keys() == {"image/png", "text/plain"}
    assert base64.b64decode(data["image/png"]) == small.data
    assert data["text/plain"] == "<Snapshot: 40x30, png, 5 kB>"


def test_a_notebook_keeps_a_small_form_of_a_large_one(large):
    assert len(large.data) > SHOWN_MAX
    data, _ = DisplayFormatter().format(large)
    shown = base64.b64decode(data["image/jpeg"])
    assert len(shown) <= SHOWN_MAX
    assert Image.open(io.BytesIO(shown)).size == (400, 300)
    assert "image/png" not in data
    assert len(bytes(large)) > SHOWN_MAX


def test_where_quality_is_not_enough_the_picture_gets_smaller():
    mime, data = fitted(encoded(NOISE), "image/png", limit=10_000)
    with Image.open(io.BytesIO(data)) as image:
        assert (mime, image.format) == ("image/jpeg", "JPEG")
        assert len(data) <= 10_000
        assert image.width < 400
        assert image.width / image.height == pytest.approx(4 / 3, rel=0.05)


def test_a_snapshot_is_an_image_and_an_array(small):
    assert small.pil().size == (40, 30)
    assert np.array_equal(np.asarray(small), NOISE[:30, :40])
    assert np.asarray(small, dtype=float).dtype == float
    with pytest.raises(ValueError, match="copy"):
        np.array(small, copy=False)


def test_files_are_saved_as_they_are(small, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    small.save("~/a.png")
    assert (tmp_path / "a.png").read_bytes() == bytes(small) == small.data
    with pytest.raises(OSError, match="nowhere"):
        small.save(tmp_path / "nowhere" / "a.png")


def test_numbers_are_told_in_one_line():
    file = GBuffers(b"x" * 5_000_000, ("depth", "normal"), (64, 48))
    assert repr(file) == "<GBuffers: depth, normal, 64x48, OpenEXR, 5000 kB>"
    assert len(bytes(file)) == 5_000_000


def test_a_file_that_cannot_be_written_keeps_the_old_one(small, tmp_path):
    target = tmp_path / "a.png"
    target.mkdir()
    (target / "inside").touch()
    with pytest.raises(OSError, match=r"a\.png"):
        small.save(target)
    assert [path.name for path in tmp_path.iterdir()] == ["a.png"]


def test_a_symbolic_link_leads_to_the_file_that_is_written(small, tmp_path):
    (tmp_path / "folder").mkdir()
    link = tmp_path / "link.png"
    try:
        link.symlink_to("folder/picture.png")
    except OSError:
        pytest.skip("links cannot be made here")
    small.save(link)
    assert link.is_symlink()
    assert (tmp_path / "folder" / "picture.png").read_bytes() == small.data


def test_a_users_file_with_the_name_of_a_draft_stays(small, tmp_path):
    (tmp_path / ".a.png.part").write_text("mine")
    small.save(tmp_path / "a.png")
    check_writable(tmp_path / "a.png")
    assert sorted(path.name for path in tmp_path.iterdir()) == [".a.png.part", "a.png"]


def test_a_pipe_or_device_is_not_replaced(small, tmp_path):
    if not hasattr(os, "mkfifo"):
        pytest.skip("this system has no named pipes")
    pipe = tmp_path / "a.png"
    os.mkfifo(pipe)
    for write in (small.save, check_writable):
        with pytest.raises(FileExistsError, match="is not a regular file, so it is not replaced"):
            write(pipe)
    assert stat.S_ISFIFO(pipe.stat().st_mode)


def test_a_check_leaves_no_trace(tmp_path):
    (tmp_path / "old.png").write_bytes(b"old")
    assert [check_writable(tmp_path / name) for name in ("a.png", "old.png")] == [
        tmp_path / "a.png",
        tmp_path / "old.png",
    ]
    assert [path.read_bytes() for path in tmp_path.iterdir()] == [b"old"]


def test_a_full_disk_is_told_with_what_to_do(small, tmp_path, monkeypatch):
    def full(path, _data):
        raise OSError(errno.ENOSPC, "No space left on device", str(path))

    (tmp_path / "a.png").write_bytes(b"old")
    monkeypatch.setattr(type(tmp_path), "write_bytes", full)
    with pytest.raises(OSError, match=r"No space left on device; free some space there, or save.*a\.png'") as caught:
        small.save(tmp_path / "a.png")
    assert ".part" not in str(caught.value)
    assert [path.read_bytes() for path in tmp_path.iterdir()] == [b"old"]
