from __future__ import annotations

import subprocess
import sys
import textwrap

import pytest


@pytest.fixture
def stand_in(monkeypatch, tmp_path):
    """Let a script run instead of the local service."""
    real = subprocess.Popen

    def use(code: str) -> None:
        script = tmp_path / "service.py"
        script.write_text(textwrap.dedent(code), encoding="utf-8")

        def popen(command: list[str], **options: object) -> subprocess.Popen[bytes]:
            assert command[1:6] == ["-P", "-m", "brayns_widget", "service", "--exit-with-stdin"]
            return real([sys.executable, str(script), *command[6:]], **options)  # type: ignore[call-overload,no-any-return]

        monkeypatch.setattr(subprocess, "Popen", popen)

    return use
