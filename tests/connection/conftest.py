from __future__ import annotations

import subprocess
import sys
import textwrap

import pytest


@pytest.fixture
def stand_in(monkeypatch, tmp_path):
    """Let a script run instead of each child process; it gets the options of the subcommand.

    Returns the list of the subcommands that were started, each with its options.
    """
    real = subprocess.Popen
    started: list[list[str]] = []

    def use(code: str) -> list[list[str]]:
        script = tmp_path / "child.py"
        script.write_text(textwrap.dedent(code), encoding="utf-8")

        def popen(command: list[str], **options: object) -> subprocess.Popen[bytes]:
            python, flag, m, package, subcommand, life_line, *rest = command
            assert [python, flag, m, package] == [sys.executable, "-P", "-m", "brayns_widget"]
            assert life_line == "--exit-with-stdin"
            started.append([subcommand, *rest])
            return real([sys.executable, str(script), *rest], **options)  # type: ignore[call-overload,no-any-return]

        monkeypatch.setattr(subprocess, "Popen", popen)
        return started

    return use
