from __future__ import annotations

from dataclasses import replace

import pytest

from brayns_widget.controller.camera import Camera
from brayns_widget.controller.legend import Legend, LegendSection
from brayns_widget.controller.state import ModelState, Notice, State, Store
from brayns_widget.protocol.errors import CircuitError


@pytest.fixture
def store():
    return Store()


def test_a_listener_hears_of_its_part_only(store):
    cameras: list[Camera] = []
    store.listen(lambda state: state.camera, cameras.append)
    store.state = replace(store.state, background="#ffffff")
    store.state = replace(store.state, camera=Camera((0.0, 0.0, 9.0)))
    store.state = replace(store.state, camera=Camera((0.0, 0.0, 9.0)))  # an equal one is no change
    assert cameras == [Camera((0.0, 0.0, 9.0))]


def test_who_has_left_hears_nothing_more(store):
    heard: list[int] = []
    others: list[int] = []
    leave = store.listen(lambda state: state.revision, heard.append)
    store.listen(lambda state: state.revision, others.append)
    leave()
    leave()  # twice is no harm
    store.state = replace(store.state, revision=1)
    assert (heard, others) == ([], [1])


@pytest.mark.parametrize("part", ["call", "read"])
def test_a_listener_that_fails_does_not_keep_the_others_from_hearing(store, caplog, part):
    heard: list[int] = []
    if part == "call":
        store.listen(lambda state: state.revision, lambda _: 1 / 0)
    else:
        store.listen(lambda state: 1 / (1 - state.revision), heard.append)
    store.listen(lambda state: state.revision, heard.append)
    store.state = replace(store.state, revision=1)
    store.state = replace(store.state, revision=2)
    assert heard == [1, 2] if part == "call" else [1, -1.0, 2]
    assert "ZeroDivisionError" in caplog.text


def test_all_hear_in_the_order_of_the_changes_although_one_changes_more(store):
    heard: list[int] = []

    def raise_to_two(revision: int) -> None:
        if revision == 1:
            store.state = replace(store.state, revision=2)

    store.listen(lambda state: state.revision, raise_to_two)
    store.listen(lambda state: state.revision, heard.append)
    store.state = replace(store.state, revision=1)
    assert heard == [1, 2]
    assert store.state.revision == 2


def test_the_legend_is_that_of_the_visible_models():
    models = ModelState(1, "a", "neurons"), ModelState(2, "b", "neurons")
    sections = LegendSection(1, "mtype"), LegendSection(2, "layer")
    state = State(models=models, sections=sections)
    assert state.legend == Legend(sections)
    assert replace(state, models=(models[0], replace(models[1], visible=False))).legend == Legend(sections[:1])
    assert replace(state, models=()).legend is None
    assert State().legend is None


def test_a_notice_of_an_error_has_its_hint_and_its_notes():
    error = CircuitError("It broke.", hint="Mend it.")
    error.add_note("the last log line")
    assert Notice.of(error) == Notice("error", "It broke.", "the last log line\nMend it.")
    assert Notice.of(KeyError()) == Notice("error", "KeyError")


def test_a_notice_can_tell_of_something_else_as_well():
    both = Notice("warning", "A.", "a").and_also(Notice("error", "B."))
    assert both == Notice("warning", "A. B.", "a")
