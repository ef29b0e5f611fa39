"""What has to be repeated of the requests that were made."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from brayns_widget.controller.journal import Call, Journal
from brayns_widget.protocol.endpoints import Endpoint


@dataclasses.dataclass
class Instance:
    model_id: int


def add(journal: Journal, name: str, *ids: int) -> None:
    journal.note(Endpoint(name), {"path": str(ids)}, [Instance(number) for number in ids])


def change(journal: Journal, name: str, **params: Any) -> None:
    journal.note(Endpoint(name), params, None)


def told(journal: Journal, thing: int) -> list[tuple[str, Any]]:
    """The changes of a thing: names and parameters, without ids."""
    calls = journal.record.changes.get(thing, ())
    return [
        (call.endpoint.name, {name: value for name, value in call.params.items() if name not in {"id", "model_id"}})
        for call in calls
    ]


@pytest.fixture
def journal() -> Journal:
    return Journal()


def test_what_was_removed_is_not_made_again(journal):
    add(journal, "add-model", 1, 2)
    add(journal, "add-light-ambient", 3)
    journal.note(Endpoint("add-clipping-planes"), {}, Instance(4))
    change(journal, "update-model", model_id=2, model={"is_visible": False})
    change(journal, "remove-model", ids=[2])
    assert [made.ids for made in journal.record.made] == [(1, None), (3,), (4,)]
    assert told(journal, 2) == []
    change(journal, "remove-model", ids=[1])
    change(journal, "clear-lights")
    assert [made.ids for made in journal.record.made] == [(4,)]
    change(journal, "clear-clipping-geometries")
    assert journal.record.made == ()
    assert journal.record.removals == {1: 1, 2: 1, 3: 1, 4: 1}


def test_an_id_that_is_used_again_is_that_of_the_newest(journal):
    add(journal, "add-model", 1)
    change(journal, "enable-simulation", model_id=1, enabled=True)
    add(journal, "add-spheres", 1)  # somebody else has removed the first one
    assert [made.call.endpoint.name for made in journal.record.made] == ["add-spheres"]
    assert told(journal, 1) == []


def test_newer_changes_replace_older_ones_of_their_kind(journal):
    change(journal, "update-model", model_id=1, model={"is_visible": False})
    change(journal, "update-model", model_id=1, model={"transform": 1})
    change(journal, "update-model", model_id=1, model={"is_visible": True})
    change(journal, "set-material-matte", model_id=1, material={})
    change(journal, "set-material-glass", model_id=1, material={"opacity": 1})
    change(journal, "set-color-ramp", id=1, color_ramp={"range": 1})
    change(journal, "set-color-ramp", id=1, color_ramp={"colors": 2})
    change(journal, "set-circuit-thickness", model_id=1, radius_multiplier=2.0)
    change(journal, "set-circuit-thickness", model_id=1, radius_multiplier=3.0)
    assert told(journal, 1) == [
        ("update-model", {"model": {"transform": 1}}),
        ("update-model", {"model": {"is_visible": True}}),
        ("set-material-glass", {"material": {"opacity": 1}}),
        ("set-color-ramp", {"color_ramp": {"range": 1}}),
        ("set-color-ramp", {"color_ramp": {"colors": 2}}),
        ("set-circuit-thickness", {"radius_multiplier": 6.0}),
    ]


def test_a_single_color_covers_all_others(journal):
    for method, values in (("solid", 1), ("mtype", 2), ("layer", 3), ("mtype", 4)):
        change(journal, "color-model", id=1, method=method, values=values)
    assert [params["values"] for _, params in told(journal, 1)] == [1, 3, 4]
    change(journal, "color-model", id=1, method="solid", values=5)
    assert [params["values"] for _, params in told(journal, 1)] == [5]


def test_settings_are_kept_once_and_what_reads_is_not_kept(journal):
    change(journal, "set-simulation-parameters", current=1)
    change(journal, "set-simulation-parameters", current=2)
    change(journal, "set-radius-floor", pixels=1.0)
    change(journal, "get-scene")
    change(journal, "set-renderer-interactive", ao_samples=1)
    assert [call.params for call in journal.record.settings] == [{"current": 2}, {"pixels": 1.0}]
    journal.altered = True
    journal.clear()
    assert journal.record == Journal().record


@pytest.mark.parametrize("name", ["id", "model_id"])
def test_a_request_can_be_made_about_another_model(name):
    call = Call(Endpoint("update-model"), {name: 1, "model": 2})
    assert call.about(7).params == {name: 7, "model": 2}
    assert call.params == {name: 1, "model": 2}
