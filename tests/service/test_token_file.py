import os
import stat
import sys
import tempfile
from pathlib import Path

import pytest

from brayns_widget.service.token_file import token_file


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def test_it_has_the_token_while_it_is_there(folder):
    with token_file() as (token, path):
        assert path.parent == folder
        assert token.mask(path.read_text()) == "…"
        assert len(path.read_text()) > 40
        if sys.platform != "win32":
            assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(folder.iterdir()) == []


def test_what_a_killed_service_has_left_is_removed_and_others_stay(folder):
    left = folder / "brayns-widget-left.token"
    left.write_text("t")
    with token_file() as (_, first), token_file() as (_, second):
        assert set(folder.iterdir()) == {first, second}


@pytest.mark.skipif(sys.platform == "win32", reason="there are no such files")
def test_what_another_user_may_have_put_there_is_neither_followed_nor_waited_for(folder):
    mine = folder / "mine"
    mine.write_text("mine")
    link, pipe = folder / "brayns-widget-link.token", folder / "brayns-widget-pipe.token"
    link.symlink_to(mine)
    os.mkfifo(pipe)
    with token_file():
        pass
    assert set(folder.iterdir()) == {mine, link, pipe}


def test_a_service_that_is_killed_leaves_it_to_the_next_one(launch, folder):
    environment = {"TMPDIR": str(folder), "TEMP": str(folder)}
    run = launch(**environment)
    left = Path(run.greeting["token_file"])
    run.process.kill()
    run.process.wait(10)
    assert left.exists()
    launch(**environment)
    assert not left.exists()
