from __future__ import annotations

import math
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import numpy as np
import pytest
from annotated_types import Ge, Gt, Le, MaxLen

from brayns_widget.controller.arguments import Arguments, plain, unexpected
from brayns_widget.controller.vocabulary import VOCABULARY

if TYPE_CHECKING:
    from brayns_widget.protocol.brayns.lights import Light
    from brayns_widget.protocol.brayns.renderers import Interactive

Share = Annotated[float, Gt(0), Le(1)]
NodeId = Annotated[int, Ge(0)]


class Things:
    async def find(
        self,
        path: Annotated[str, MaxLen(9)] | Path,
        share: Share = 1.0,
        *,
        ids: Sequence[NodeId] | None = None,
        size: tuple[int, int] = (4, 3),
        kind: Literal["a", "b"] = "a",
        show: bool = True,
        values: Any = None,
        palette: Mapping[Any, Any] | None = None,
    ) -> list[str]:
        """Find things.

        More of it.

        Args:
            path: where they are,
                and on a second line.
            share: how many of them.
            nothing like this

        Raises:
            KeyError: there are none.
        """
        raise NotImplementedError

    async def add(self, *lights: Light, settings: Interactive | None = None, name: str = "") -> None:
        """Add lights."""


FIND = Arguments(Things.find, leading=1)
ADD = Arguments(Things.add, leading=1)


def find(*args: Any, **kwargs: Any) -> dict[str, Any]:
    return dict(FIND.bind(args, kwargs).arguments)


def test_the_signature_is_the_callers_without_limits():
    assert list(FIND.signature.parameters) == ["path", "share", "ids", "size", "kind", "show", "values", "palette"]
    assert FIND.signature.parameters["share"].annotation is float
    assert FIND.signature.parameters["path"].annotation == str | Path
    assert FIND.signature.parameters["ids"].annotation == Sequence[int] | None
    assert FIND.signature.parameters["size"].default == (4, 3)


def test_types_keep_the_limits():
    assert FIND.types["share"] == Share
    assert FIND.result == list[str]


def test_texts_are_those_of_the_docstring():
    assert FIND.texts == {
        "path": "where they are, and on a second line.",
        "share": "how many of them. nothing like this",
    }
    assert ADD.texts == {}


@pytest.mark.parametrize(
    ("name", "value", "taken"),
    [
        ("path", "a", "a"),
        ("path", Path("a"), Path("a")),
        ("share", 1, 1.0),
        ("share", np.float32(0.5), 0.5),
        ("share", np.array(0.5), 0.5),
        ("ids", [1, 2], [1, 2]),
        ("ids", (1, 2), (1, 2)),
        ("ids", range(3), [0, 1, 2]),
        ("ids", {7}, [7]),
        ("ids", (n for n in (1, 2)), [1, 2]),
        ("ids", np.arange(3), [0, 1, 2]),
        ("ids", list(np.arange(3)), [0, 1, 2]),
        ("ids", None, None),
        ("size", [8, 6], (8, 6)),
        ("size", np.array([8, 6]), (8, 6)),
        ("size", (np.int64(8), 6), (8, 6)),
        ("kind", "b", "b"),
        ("show", np.bool(False), False),
        ("palette", {"a": "red"}, {"a": "red"}),
    ],
)
def test_what_fits_is_taken(name, value, taken):
    bound = find(**{"path": "p", name: value})[name]
    assert list(bound) == list(taken) if name == "ids" and taken else bound == taken
    assert type(bound).__module__ != "numpy"


@pytest.mark.parametrize(
    ("name", "value", "problem"),
    [
        ("path", "a" * 10, "a': it should have at most 9 characters"),
        ("path", 3, "path is 3: it should be a valid string; it should be an instance of Path"),
        ("share", 0, "share is 0: it should be greater than 0"),
        ("share", 2.0, "share is 2.0: it should be less than or equal to 1"),
        ("share", math.nan, "finite"),
        ("share", "1", "valid number"),
        ("share", True, "valid number"),
        ("ids", "12", "not a list; write"),
        ("ids", [-1], "greater than or equal to 0"),
        ("ids", [1.5], "valid integer"),
        ("ids", np.zeros((2, 2), int), "valid integer"),
        ("ids", {"a": 1}, "ids is"),
        ("size", (1, 2, 3), "size is"),
        ("size", (1.5, 2), "valid integer"),
        ("kind", "c", "'a' or 'b'"),
        ("show", 1, "valid boolean"),
        ("palette", ["red"], "valid dictionary"),
        ("share", "x" * 200, r"share is 'x{60,}\.\.\.: "),
    ],
)
def test_what_does_not_fit_is_refused_by_name(name, value, problem):
    with pytest.raises(ValueError, match=problem):
        find(**{"path": "p", name: value})


def test_anything_stays_as_it_is():
    for value in ([1], np.arange(3), "text", {"a": 1}, object()):
        assert find("p", values=value)["values"] is value


@pytest.mark.parametrize(
    ("args", "kwargs", "problem"),
    [
        ((), {}, r"find\(\): missing a required argument: 'path'"),
        (("a", 1.0, 2), {}, r"find\(\): too many positional arguments"),
        (("a",), {"path": "b"}, r"find\(\): multiple values for argument 'path'"),
        (("a",), {"shar": 1}, r"find\(\) got an unexpected keyword argument 'shar'; did you mean 'share'\?"),
        (("a",), {"xyz": 1}, r"unexpected keyword argument 'xyz'; it has path, share, ids"),
    ],
)
def test_a_wrong_call_is_a_type_error(args, kwargs, problem):
    with pytest.raises(TypeError, match=problem):
        find(*args, **kwargs)


def test_where_there_are_no_parameters_none_is_named():
    assert unexpected("clear", "x", []) == "clear() got an unexpected keyword argument 'x'; it has none"


def test_classes_of_the_vocabulary_are_checked_as_such():
    from brayns_widget.protocol.brayns.lights import AmbientLight, SphereLight
    from brayns_widget.protocol.brayns.renderers import Interactive

    light, lamp, settings = AmbientLight(), SphereLight(radius=3), Interactive()
    bound = ADD.bind((light, lamp), {"settings": settings})
    assert bound.arguments["lights"][1] is lamp
    assert bound.arguments["settings"] is settings
    assert ADD.bind((), {"settings": None}).arguments["settings"] is None
    with pytest.raises(TypeError, match="lights is 3: it should be an instance of AmbientLight or Dir"):
        ADD.bind((light, 3), {})
    with pytest.raises(TypeError, match=r"settings is \{\}: it should be an instance of Interactive"):
        ADD.bind((), {"settings": {}})


def test_all_of_the_vocabulary_that_annotations_name_is_there():
    assert len(VOCABULARY) == len([VOCABULARY[name] for name in VOCABULARY])
    with pytest.raises(KeyError):
        VOCABULARY["Nonsense"]


def test_a_signature_without_classes_of_the_vocabulary_needs_no_pydantic():
    script = (
        "import sys; from brayns_widget import Controller; import inspect; c = Controller();"
        "inspect.signature(c.load_circuit); inspect.signature(c.models.clear); print('pydantic' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.strip() == "False"


@pytest.mark.parametrize("kind", [Any, object, Sequence[int] | Any])
def test_nothing_is_made_plain_where_anything_goes(kind):
    value = range(3)
    assert plain(value, kind) is value
