"""A new option of a load is written where it is declared and where it is sent; all others go by the declaration.

To add one: a keyword with its text in ``Models.load_circuit``, which hands it to ``population_params``, which sends it.
"""

from __future__ import annotations

import argparse
import inspect
import json
import re
from collections.abc import Callable
from typing import Annotated, Any

import pytest
from annotated_types import Ge, Le

from brayns_widget.cli import snapshot
from brayns_widget.connection.reports import Report
from brayns_widget.controller import models
from brayns_widget.controller.calls import long, offered
from brayns_widget.controller.controller import Controller
from brayns_widget.controller.files import FilePath
from brayns_widget.controller.models import Model, Models
from brayns_widget.controller.selection import Density
from brayns_widget.notebook import commands
from brayns_widget.notebook.commands import Commands
from brayns_widget.notebook.contract import contract
from tests.controller.scenes import WAIT, on_loop

Steps = Annotated[int, Ge(1), Le(100)]


class MoreModels(Models):
    """Models whose load has one more option; of the others it has but one, to be short."""

    @offered
    @long
    async def load_circuit(self, report: Report, path: FilePath, *, density: Density = 1.0, steps: Steps = 3) -> Any:  # type: ignore[override]
        """Load a circuit in steps.

        Args:
            report: told how far it is.
            path: the circuit.
            density: share of the cells.
            steps: how many of them, 1 to 100.
        """
        report(steps / 100, f"{path} in {steps} steps")
        return [Model(self._core, self._painter, steps)]


@pytest.fixture
def controller(monkeypatch, cluster):
    """A controller of an API whose only difference is that class."""
    monkeypatch.setattr(models, "Models", MoreModels)
    monkeypatch.setitem(commands.GROUPS, "models", MoreModels)
    with Controller(**cluster.options) as made:
        vars(made)["models"] = MoreModels(made._core)
        yield made


def test_python_has_it(controller):
    signature = inspect.signature(controller.load_circuit)
    assert (signature.parameters["steps"].default, signature.parameters["steps"].annotation) == (3, int)
    assert "steps: how many of them, 1 to 100." in str(inspect.getdoc(controller.load_circuit))
    task = controller.load_circuit("c.json", steps=7)
    assert task.result(WAIT)[0].id == 7
    assert task.progress.operation == "c.json in 7 steps"


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"steps": 0}, "steps is 0: it should be greater than or equal to 1"),
        ({"steps": "many"}, "steps is 'many': it should be a valid integer"),
        ({"step": 1}, r"unexpected keyword argument 'step'; did you mean 'steps'\?"),
    ],
)
def test_it_is_checked(controller, options, problem):
    with pytest.raises((ValueError, TypeError), match=problem):
        controller.load_circuit("c.json", **options)


def test_pages_have_it(controller):
    def load(**params: Any) -> Any:
        return on_loop(
            controller, lambda: Commands(controller).run("models.load_circuit", {"path": "c.json", **params})
        )

    assert load(steps=5)["task"].startswith("task-")
    with pytest.raises(ValueError, match="steps is 101"):
        load(steps=101)


@pytest.mark.usefixtures("controller")
def test_the_contract_with_the_page_has_it():
    text = contract()
    (call,) = re.findall(r'"models.load_circuit": (.*);\n', text)
    assert "steps?: number" in call
    parameters = json.loads(re.findall(r"export const PARAMETERS = (\{.*?\n\}) as const", text, re.DOTALL)[0])
    assert parameters["models.load_circuit"]["steps"] == {"minimum": 1, "maximum": 100, "default": 3}


@pytest.fixture
def command(controller) -> Callable[..., argparse.Namespace]:
    """The parser of the command line."""
    parser = argparse.ArgumentParser()
    snapshot.add_parser(parser.add_subparsers())
    return lambda *arguments: parser.parse_args(["snapshot", "c.json", "-o", "a.png", *arguments])


def test_the_command_line_has_it(command, capsys):
    assert command().steps == 3
    assert command("--steps", "7").steps == 7
    assert set(MoreModels.load_circuit.arguments.options) == {"density", "steps"}
    with pytest.raises(SystemExit):
        command("--help")
    assert "how many of them, 1 to 100." in capsys.readouterr().out
