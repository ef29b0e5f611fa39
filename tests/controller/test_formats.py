"""Formats of files, by the ends of their names."""

from __future__ import annotations

from typing import Any

import pytest

from brayns_widget.controller.formats import Format, format_of
from brayns_widget.protocol.errors import CircuitError


def _format(loader: str, *extensions: str, reason: str = "") -> Format:
    return Format(loader, extensions, uploads=(), parameters={}, defaults={}, reason=reason)


FORMATS = (
    _format("placement", "circuit.morphologies.h5"),
    _format("cells", "swc", "h5"),
    _format("old", "json", "blueconfig", reason="It is no longer read."),
    _format("circuits", "json"),
)


@pytest.mark.parametrize(
    ("path", "loader"),
    [
        ("/data/X.H5", "cells"),
        ("/data/circuit.morphologies.h5", "placement"),
        ("C:\\data\\circuit.morphologies.h5", "placement"),
        ("/data/my.circuit.morphologies.h5", "placement"),
        ("circuit_config.json", "circuits"),
        ("/data/BlueConfig", "old"),
    ],
)
def test_the_longest_end_of_the_name_tells_the_format(path, loader):
    assert format_of(path, FORMATS).loader == loader


def test_other_names_are_refused_with_what_can_be_loaded():
    with pytest.raises(CircuitError, match=r"No loader of this renderer reads '/h5/readme'") as refused:
        format_of("/h5/readme", FORMATS)
    assert ".circuit.morphologies.h5, .swc, .h5, .json." in refused.value.hint
    assert "blueconfig" not in refused.value.hint


def test_a_renderer_tells_its_formats(controller):
    formats = controller.models.formats()
    assert "SONATA loader" in {one.loader for one in formats}
    assert all(not extension.startswith(".") for one in formats for extension in one.extensions)


def test_numbers_that_make_no_sense_are_beyond_the_limits_of_the_schema():
    from brayns_widget.protocol.brayns.loaders import LoaderInfo

    whole: dict[str, Any] = {"type": "integer", "minimum": 0}
    cells = {"growth": {"type": "number"}, "subsampling": whole, "radius": {"minimum": 2}}
    schema = {"type": "object", "properties": {"cells": {"type": "object", "properties": cells}}}
    info = LoaderInfo(name="cells", plugin="Core", extensions=["swc"], binary=False, input_parameters_schema=schema)
    made = Format.of(info, cells=False).parameters["properties"]["cells"]["properties"]
    assert (made["growth"]["minimum"], made["growth"]["maximum"]) == (0, 1)
    assert made["subsampling"] == {"type": "integer", "minimum": 1}
    assert made["radius"] == {"minimum": 2}
    assert cells["subsampling"]["minimum"] == 0
