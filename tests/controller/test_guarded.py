"""Attributes that nobody reads are refused, here and on the widget."""

from __future__ import annotations

import re
from typing import Any

import pytest

from brayns_widget.controller.controller import Controller
from tests.controller.scenes import WAIT


@pytest.mark.parametrize(
    ("holder", "name", "problem"),
    [
        ("", "backgroud", "did you mean 'background'?"),
        ("", "models", "'models' of Controller cannot be set"),
        ("", "status", "cannot be set"),
        ("", "snapshot", "cannot be set"),
        ("rendering", "backgroud", "did you mean 'background'?"),
        ("simulation", "fram", "did you mean 'frame'?"),
        ("models", "load_circuit", "cannot be set"),
        ("pictures", "zzz", "Pictures has no 'zzz'"),
    ],
)
def test_what_has_no_effect_raises(controller: Controller, holder: str, name: str, problem: str):
    target: Any = getattr(controller, holder) if holder else controller
    with pytest.raises(AttributeError, match=re.escape(problem)):
        setattr(target, name, 3)


def test_a_misspelled_attribute_of_a_model_is_told(cluster, controller):
    controller.start().result(WAIT)
    cluster.renderer.add("mesh")
    controller.models.refresh()
    model: Any = controller.models[0]
    with pytest.raises(AttributeError, match="did you mean 'visible'"):
        model.visble = False
    with pytest.raises(AttributeError, match="'color_by' of Model cannot be set"):
        model.color_by = "mtype"
    with pytest.raises(AttributeError, match="'id' of Model cannot be set"):
        model.id = 7
    model.visible = False
    assert not model.visible
