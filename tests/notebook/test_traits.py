from __future__ import annotations

import dataclasses

import pytest
import traitlets

from brayns_widget.connection.status import Status
from brayns_widget.controller.camera import Camera
from brayns_widget.controller.state import ModelState, State
from brayns_widget.notebook.traits import SHOWN, Traits, to_json
from brayns_widget.notebook.widget import BraynsWidget


def test_every_trait_is_shown_or_the_pages_own():
    own_ones = {"highlight", "height", "panel_open", "legend_place", "scale_bar"}
    assert {field.name for field in dataclasses.fields(Traits)} == {*SHOWN, *own_ones}
    own = {name for name, trait in vars(BraynsWidget).items() if isinstance(trait, traitlets.TraitType)}
    assert own == {field.name for field in dataclasses.fields(Traits)}


@pytest.mark.parametrize("name", SHOWN)
def test_a_trait_begins_as_the_state_does(name):
    assert BraynsWidget.class_traits()[name].default() == SHOWN[name](State())


def test_parts_of_the_state_become_json():
    assert to_json(None) is None
    assert to_json("#ffffff") == "#ffffff"
    assert to_json(Status("ready", "Ready.")) == {"state": "ready", "text": "Ready."}
    assert to_json((ModelState(1, "a", "mesh"),))[0]["name"] == "a"
    assert to_json(Camera())["fovy"] == 45
