"""The command itself; its subcommands have tests of their own."""

from __future__ import annotations

import importlib.metadata
import sys

import pytest
from packaging.requirements import Requirement

from brayns_widget import installed
from brayns_widget.cli import COMMANDS, main
from brayns_widget.version import own_version


@pytest.mark.parametrize("arguments", [["--version"], ["renderer", "--version"]])
def test_the_version_is_shown(arguments: list[str], capsys: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 0
    assert capsys.readouterr().out == f"brayns-widget {importlib.metadata.version('brayns-widget')}\n"


@pytest.fixture
def _version_unread():
    own_version.cache_clear()
    yield
    own_version.cache_clear()


@pytest.mark.usefixtures("_version_unread")
def test_the_version_is_read_once(monkeypatch: pytest.MonkeyPatch):
    numbers = iter(["1.2.3", "4.5.6"])
    monkeypatch.setattr(importlib.metadata, "version", lambda _name: next(numbers))
    assert [own_version(), own_version()] == ["1.2.3", "1.2.3"]


@pytest.mark.usefixtures("_version_unread")
def test_without_an_installed_package_there_is_no_number(monkeypatch: pytest.MonkeyPatch):
    def missing(name: str) -> str:
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(importlib.metadata, "version", missing)
    assert own_version() == "development"


@pytest.mark.parametrize("arguments", [["service"], ["renderer"], ["backend", "--base-directory", "x"], ["demo", "x"]])
def test_without_the_extra_one_sentence_says_what_to_install(
    arguments: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    for name in ("aiohttp", "numba"):
        monkeypatch.setitem(sys.modules, name, None)
    assert main(arguments) == 1
    shown = capsys.readouterr()
    assert shown.out == ""
    hint = 'Install it with: pip install "brayns-widget[local]"'
    assert shown.err == f"brayns-widget {arguments[0]}: aiohttp, numba missing. {hint}\n"


def test_the_extra_has_what_is_looked_for():
    extra = importlib.metadata.requires("brayns-widget") or []
    local = {Requirement(text).name for text in extra if "extra == 'local'" in text.replace('"', "'")}
    assert set(installed._LOCAL) <= local


def test_the_help_names_all_commands(capsys: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit):
        main(["--help"])
    shown = capsys.readouterr().out
    assert all(name in shown for name in (*COMMANDS, "--version"))
