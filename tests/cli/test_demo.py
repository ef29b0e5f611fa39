"""The command `brayns-widget demo`."""

from __future__ import annotations

import pytest

from brayns_widget.cli import main
from brayns_widget.demo import DEFAULT_CELLS


def test_it_writes_and_says_where(tmp_path, capsys):
    assert main(["demo", str(tmp_path / "demo"), "--cells", "2", "--seed", "5"]) == 0
    said = capsys.readouterr()
    assert said.out == f"{tmp_path / 'demo' / 'circuit_config.json'}\n"
    assert said.err == ""
    assert (tmp_path / "demo" / "nodes.h5").is_file()


def test_a_refusal_is_one_line_and_a_code(tmp_path, capsys):
    (tmp_path / "mine").write_text("")
    assert main(["demo", str(tmp_path)]) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("brayns-widget demo: ")
    assert said.err.count("\n") == 1


def test_the_help_tells_the_real_default(capsys):
    with pytest.raises(SystemExit):
        main(["demo", "--help"])
    assert f"(default: {DEFAULT_CELLS})" in capsys.readouterr().out
