"""The pages of the API reference. Whether they can be built without a warning is told by ``python run.py docs``."""

from __future__ import annotations

import inspect
import subprocess
import sys
import types
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import pytest
from pydantic import BaseModel, Field

import brayns_widget
from brayns_widget import AuthError, Camera, Controller, Task
from tests.conftest import ROOT

pytest.importorskip("sphinx", reason="needs the extra 'docs'")

from docs import conf, reference


class TakesSequences:
    """As the vocabulary marks its lists."""


class Dot(BaseModel):
    position: Annotated[list[Annotated[float, Field(gt=0)]], TakesSequences]
    name: str | None = None


class Settings:
    background: str
    camera: Camera | None

    def choose(self, task: Task[list[Controller]] | None, _secret: int = 0) -> int:
        """Choose.

        Raises:
            AuthError: always.
            ValueError: never.
        """
        raise AuthError(str(task))

    def _private(self) -> brayns_widget.Model:
        raise NotImplementedError


class Core:
    pass


class Handle:
    def __init__(self, core: Core) -> None:
        pass


@dataclass
class Call:
    """A call of a group, as the decorators make it."""

    work: Any
    is_long: bool

    @property
    def arguments(self) -> Any:
        parameters = list(inspect.signature(self.work).parameters.values())
        return types.SimpleNamespace(signature=inspect.Signature(parameters[1 + self.is_long :]))

    @property
    def __wrapped__(self) -> Any:
        return self.work


async def _load(self: object, report: object, path: str, density: float = 1.0) -> list[int]:
    """Load."""
    raise NotImplementedError


def test_every_public_class_has_a_page(tmp_path):
    # In a process of its own, as signatures are set on the classes.
    code = (
        f"import pathlib; from docs import reference; reference.write_pages(pathlib.Path({str(tmp_path / 'pages')!r}))"
    )
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, timeout=60, check=True)
    pages = {path.stem for path in (tmp_path / "pages").iterdir()}
    assert pages >= {"index", *brayns_widget.__all__}
    index = (tmp_path / "pages" / "index.rst").read_text(encoding="utf-8").split()
    assert pages - {"index"} <= set(index)


def test_the_reference_follows_what_is_taken_returned_and_raised():
    assert set(reference.classes_of(Settings)) == {Camera, Task, Controller, AuthError}


def test_what_only_the_package_makes_is_no_call_of_users():
    assert reference.is_made_by_users(Settings)
    assert not reference.is_made_by_users(Handle)
    assert reference.own_members(Handle) == ["__init__"]


def test_fields_are_shown_as_type_checkers_see_them():
    reference.show_fields(Dot)
    assert inspect.signature(Dot) == inspect.Signature(
        [
            inspect.Parameter("position", inspect.Parameter.KEYWORD_ONLY, annotation=Sequence[float]),
            inspect.Parameter("name", inspect.Parameter.KEYWORD_ONLY, annotation=str | None, default=None),
        ]
    )


def test_calls_are_shown_with_what_they_take_and_return():
    class Group:
        load = Call(_load, is_long=True)

    reference.show_calls(Group)
    method: Any = Group.load
    signature = inspect.signature(method)
    assert list(signature.parameters) == ["self", "path", "density"]
    assert signature.return_annotation == Task[list[int]]
    assert (method.__name__, inspect.getdoc(method)) == ("load", "Load.")


@pytest.mark.parametrize("name", ["str", "pathlib.Path", "collections.abc.Sequence", "pd.DataFrame", "None"])
def test_names_of_others_need_no_page(name):
    assert unresolved(name) == "text"


@pytest.mark.parametrize("name", ["Strr", "pathlib.Pat", "nowhere.Path", "brayns_widget.Camara", "Camara"])
def test_names_of_ours_and_misspelled_ones_do(name):
    assert unresolved(name) is None


def unresolved(name: str) -> Any:
    anything: Any = None
    return conf.let_others_be(anything, anything, {"refdomain": "py", "reftarget": name}, "text")


def test_properties_and_errors_of_tasks_are_read_as_they_are_meant():
    from sphinx.ext.napoleon import Config

    app: Any = types.SimpleNamespace(config=Config(napoleon_custom_sections=conf.napoleon_custom_sections))
    lines = ["So far: all.", "", "Raises (from the task):", "    OSError: it fails.", ""]
    conf.read_docstring(app, "property", "name", None, None, lines)
    assert [line for line in lines if line] == ["So far: all.", ":Raises from the task: **OSError** -- it fails."]


def test_what_is_built_is_not_in_git():
    ignored = (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()
    assert {"build/", "docs/reference/"} <= set(ignored)
