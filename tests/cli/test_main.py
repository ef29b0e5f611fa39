"""The command itself; its subcommands have tests of their own."""

from __future__ import annotations

import importlib.metadata

import pytest

from brayns_widget.cli import COMMANDS, main
from brayns_widget.version import own_version


@pytest.mark.parametrize("arguments", [["--version"], ["renderer", "--version"]])
def test_the_version_is_shown(arguments: list[str], capsys: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 0
    assert capsys.readouterr().out == f"brayns-widget {importlib.metadata.version('brayns-widget')}\n"


def test_without_an_installed_package_there_is_no_number(monkeypatch: pytest.MonkeyPatch):
    def missing(name: str) -> str:
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(importlib.metadata, "version", missing)
    assert own_version() == "development"


def test_the_help_names_all_commands(capsys: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit):
        main(["--help"])
    shown = capsys.readouterr().out
    assert all(name in shown for name in (*COMMANDS, "--version"))
