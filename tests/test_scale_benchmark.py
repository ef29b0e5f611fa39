"""The benchmark of scene sizes: it measures what it says, and draws it."""

from __future__ import annotations

from xml.etree import ElementTree as ET

import pytest

from benchmarks import scale
from brayns_widget.demo import write_circuit


def test_a_circuit_is_measured_with_and_without_a_floor(tmp_path):
    row = scale.measure(write_circuit(tmp_path / "circuit", cells=3), 3, 2)
    assert set(row) == {key for key, _title, _form in scale.COLUMNS}
    del row["bytes_per_segment"]  # a process that has memory to spare need not grow
    assert min(row.values()) > 0
    assert row["floor_segments"] < row["segments"]


def test_rows_become_a_table_and_a_plot():
    row: dict[str, float] = dict.fromkeys((key for key, _title, _form in scale.COLUMNS), 1)
    rows = [row | {"cells": n} for n in (10, 1000)]
    rows[1]["load_s"] = 10.0
    assert scale.table(rows).splitlines()[3].split(" | ")[:3] == ["| 1000", "1", "10.00"]
    drawing = ET.fromstring(scale.plot(rows))
    lines = [node.attrib["points"].split() for node in drawing.iter() if node.tag.endswith("polyline")]
    ends = [tuple(float(number) for number in line[-1].split(",")) for line in lines]
    assert ends[0][1] == pytest.approx(20)  # 10 s are the top
    assert {x for x, _y in ends} == {520.0}
