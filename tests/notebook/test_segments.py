from __future__ import annotations

import pytest

from brayns_widget.notebook.segments import SEGMENT, filled


@pytest.mark.parametrize("size", [0, 1, SEGMENT - 1])
def test_a_message_that_fills_no_segment_gets_zeros(size):
    data = memoryview(bytes([7]) * size)
    first, filler = filled(data)
    assert first is data
    assert first.nbytes + filler.nbytes >= SEGMENT
    assert not any(filler)


def test_a_message_that_fills_a_segment_goes_as_it_is():
    data = memoryview(bytes(SEGMENT))
    assert filled(data) == [data]
