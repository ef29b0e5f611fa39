from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from brayns_widget.controller.cells import stacked, to_frame
from brayns_widget.controller.coloring import color_cells
from brayns_widget.protocol.backend import NodeAttribute, NodeAttributesResult
from brayns_widget.protocol.errors import ProtocolError


def reply(count, *attributes):
    return NodeAttributesResult(
        count=count,
        attributes=[NodeAttribute(name=n, type=t, dynamics=False, values=values) for n, t, values in attributes],
    )


COLUMNS = reply(3, ("mtype", "string", ["A", "B", "C"]), ("x", "float", None), ("n", "integer", None))
PAYLOAD = b"".join(
    (
        np.array([1, 0, 1], "<u4").tobytes(),
        np.array([0.5, np.nan, -1], "<f8").tobytes(),  # at no multiple of its size
        np.array([1, -2, 2**60], "<i8").tobytes(),
    )
)


@pytest.mark.parametrize("payload", [PAYLOAD, memoryview(PAYLOAD), bytearray(PAYLOAD)])
def test_columns_become_a_frame(payload):
    frame = to_frame(COLUMNS, payload)
    assert list(frame) == ["mtype", "x", "n"]
    assert frame["mtype"].tolist() == ["B", "A", "B"]
    assert list(frame["mtype"].cat.categories) == ["A", "B", "C"]
    np.testing.assert_array_equal(frame["x"], [0.5, np.nan, -1])
    assert frame["n"].tolist() == [1, -2, 2**60]
    assert frame.index.tolist() == [0, 1, 2]
    assert frame.index.name == "node_id"


def test_the_frame_is_indexed_by_the_ids_that_were_asked_for():
    frame = to_frame(COLUMNS, PAYLOAD, [9, 4, 7])
    assert frame.index.tolist() == [9, 4, 7]
    assert frame.loc[4, "n"] == -2
    frame.loc[4, "x"] = 5.0  # it is the user's own
    assert PAYLOAD[12:20] == np.array([0.5], "<f8").tobytes()


def test_columns_color_cells():
    frame = to_frame(COLUMNS, PAYLOAD, [9, 4, 7])
    legend = color_cells(frame["mtype"], [4, 7, 9], model=0).legend
    assert legend.title == "mtype"
    assert [entry.label for entry in legend.entries] == ["A", "B"]
    numbers = color_cells(frame["x"], [4, 7, 9], model=0).legend
    assert (numbers.range, numbers.missing) == ((-1, 0.5), "#808080")


@pytest.mark.parametrize("count", [0, 3])
def test_frames_without_rows_or_columns(count):
    assert to_frame(reply(count), b"").shape == (count, 0)
    empty = to_frame(reply(0, ("mtype", "string", []), ("x", "float", None)), b"", [])
    assert empty.shape == (0, 2)
    assert isinstance(empty["mtype"].dtype, pd.CategoricalDtype)


@pytest.mark.parametrize(
    ("columns", "payload", "ids", "message"),
    [
        (COLUMNS, PAYLOAD[:-1], None, "59 bytes, not 60"),
        (COLUMNS, PAYLOAD + b"x", None, "61 bytes, not 60"),
        (COLUMNS, PAYLOAD, [1, 2], "answered 3 nodes, 2 were asked for"),
        (reply(1, ("a", "string", ["x"])), b"\1\0\0\0", None, "column 'a' is wrong"),
        (reply(1, ("a", "string", ["x"])), b"\xff\xff\xff\xff", None, "column 'a' is wrong"),
        (reply(1, ("a", "string", None)), b"\0\0\0\0", None, "column 'a' is wrong"),
        (reply(1, ("a", "string", ["x", "x"])), b"\0\0\0\0", None, "column 'a' is wrong"),
    ],
)
def test_what_does_not_fit_is_an_error(columns, payload, ids, message):
    with pytest.raises(ProtocolError, match=message):
        to_frame(columns, payload, ids)


def test_tables_are_put_below_each_other_with_the_texts_of_all():
    other = reply(2, ("mtype", "string", ["A", "D"]), ("x", "float", None), ("n", "integer", None))
    payload = np.array([1, 0], "<u4").tobytes() + np.array([2.0, 3.0]).tobytes() + np.array([4, 5]).tobytes()
    table = stacked([to_frame(COLUMNS, PAYLOAD, [9, 4, 7]), to_frame(other, payload, [5, 6])])
    assert table.index.tolist() == [9, 4, 7, 5, 6]
    assert table.index.name == "node_id"
    assert table["mtype"].tolist() == ["B", "A", "B", "D", "A"]
    assert list(table["mtype"].cat.categories) == ["A", "B", "C", "D"]
    assert table["n"].tolist() == [1, -2, 2**60, 4, 5]
    assert [str(table[name].dtype) for name in table] == ["category", "float64", "int64"]
