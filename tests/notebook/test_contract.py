"""The front end's types are made of ours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
from annotated_types import Ge, Gt, Le, MaxLen

from brayns_widget.controller.models import Model
from brayns_widget.controller.tasks import Task
from brayns_widget.notebook.contract import Writer, contract, limits, main
from tests.conftest import ROOT

COMMITTED = ROOT / "js" / "src" / "contract.gen.ts"


def test_the_committed_contract_is_the_one_that_is_generated():
    assert COMMITTED.read_text(encoding="utf-8") == contract(), (
        "run 'python -m brayns_widget.notebook.contract js/src/contract.gen.ts'"
    )


def test_it_is_written_to_the_file_that_is_named(tmp_path):
    main([str(tmp_path / "contract.ts")])
    assert (tmp_path / "contract.ts").read_text(encoding="utf-8") == contract()


@dataclass
class Leaf:
    name: str
    share: float | None


@dataclass
class Tree:
    leaves: tuple[Leaf, ...]
    kind: Literal["oak", "elm"]


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        (str, "string"),
        (Path, "string"),
        (int, "number"),
        (Annotated[float, Gt(0)], "number"),
        (bool, "boolean"),
        (type(None), "null"),
        (Any, "unknown"),
        (str | None, "string | null"),
        (str | Path | None, "string | null"),
        (Literal["a", "b"], '"a" | "b"'),
        (tuple[float, float], "readonly [number, number]"),
        (tuple[str, ...], "readonly string[]"),
        (Sequence[str | int], "readonly (string | number)[]"),
        (dict[str, bool], "Readonly<Record<string, boolean>>"),
        (Task[list[Model]], "Started"),
        (Tree, "Tree"),
    ],
)
def test_types_are_translated(kind, text):
    assert Writer().name_of(kind) == text


def test_classes_become_interfaces_with_what_they_hold():
    writer = Writer()
    writer.name_of(Tree)
    assert writer.interfaces == {
        "Tree": 'export interface Tree {\n  readonly leaves: readonly Leaf[];\n  readonly kind: "oak" | "elm";\n}\n',
        "Leaf": "export interface Leaf {\n  readonly name: string;\n  readonly share: number | null;\n}\n",
    }


def test_what_has_no_place_on_the_wire_is_refused():
    with pytest.raises(TypeError, match="no place in the contract"):
        Writer().name_of(complex)


@pytest.mark.parametrize(
    ("kind", "found"),
    [
        (float, {}),
        (Annotated[float, Gt(0), Le(1)], {"exclusiveMinimum": 0, "maximum": 1}),
        (Annotated[int, Ge(1)] | None, {"minimum": 1}),
        (Annotated[str, MaxLen(9)], {"maxLength": 9}),
    ],
)
def test_limits_are_told_in_the_words_of_json_schema(kind, found):
    assert limits(kind) == found
