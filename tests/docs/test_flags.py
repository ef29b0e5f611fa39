"""The documents name every flag of the commands that they describe."""

from __future__ import annotations

import re

import pytest

from brayns_widget.cli import main
from tests.conftest import ROOT


@pytest.mark.parametrize("command", ["renderer", "service"])
def test_all_flags_are_documented(command: str, capsys: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit):
        main([command, "--help"])
    flag = r"(?<![\w-])--[a-z][a-z-]*"
    offered = set(re.findall(rf"^  (?:-h, )?({flag})", capsys.readouterr().out, re.MULTILINE)) - {"--help"}
    documented = (ROOT / "docs" / f"{command}.md").read_text("utf-8").partition("\n## ")[0]
    if command == "service":
        documented = (ROOT / "docs" / "service.md").read_text("utf-8").partition("## Master")[0]
    assert offered
    assert offered <= set(re.findall(flag, documented))
