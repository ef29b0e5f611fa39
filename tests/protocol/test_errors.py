from __future__ import annotations

import pickle

import pytest

from brayns_widget.protocol import errors


def test_all_errors_stem_from_one_root_and_are_drawn_in_the_docstring():
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, Exception)]
    assert len(kinds) > 8
    for kind in kinds:
        assert issubclass(kind, errors.BraynsWidgetError)
        assert kind.__name__ in (errors.__doc__ or "")


def test_the_hint_follows_the_message():
    error = errors.CircuitError("There is no file.", hint="Name another.")
    assert (error.message, error.hint, str(error)) == (
        "There is no file.",
        "Name another.",
        "There is no file. Name another.",
    )


def test_a_deadline_is_a_built_in_timeout():
    with pytest.raises(TimeoutError):
        raise errors.DeadlineExceeded("late")


def test_details_of_a_refused_request_are_shown():
    error = errors.RequestError("Invalid params schema", code=-32602, data=["a: b", "c"], hint="Look.")
    assert str(error) == "Invalid params schema (a: b; c) Look."


@pytest.mark.parametrize(
    "error",
    [
        errors.CircuitError("x", hint="y"),
        errors.RequestCancelled("x", code=20, data=[1], method="m", hint="y"),
        errors.DeadlineExceeded("x", hint="y"),
    ],
)
def test_errors_travel_between_processes(error):
    copy = pickle.loads(pickle.dumps(error))
    assert (type(copy), str(copy), vars(copy)) == (type(error), str(error), vars(error))
