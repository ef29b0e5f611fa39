"""The largest picture, by the real servers of a local job."""

from __future__ import annotations

import struct

import pytest

from brayns_widget.controller.controller import Controller

pytest.importorskip("embreex", reason="the renderer needs Embree, which has no wheel here")

WAIT = 60
LONGEST = 240  # s; a machine that does nothing else takes 10
SIDE = 8192
BALL = {"geometry": {"center": [0, 0, 0], "radius": 1}, "color": [1, 0, 0, 1]}


@pytest.mark.timeout(LONGEST + 2 * WAIT)
def test_the_largest_picture_costs_nothing_else():
    with Controller() as controller:
        controller.renderer.request("add-spheres", [BALL])
        data = controller.snapshot(size=(SIDE, SIDE), samples=1).result(LONGEST).data
        assert (data[:8], data[12:16], struct.unpack(">II", data[16:24])) == (
            b"\x89PNG\r\n\x1a\n",
            b"IHDR",
            (SIDE, SIDE),
        )
        assert data.endswith(b"IEND\xaeB`\x82")
        assert controller.state.status.state == "ready"
        assert len(controller.models) == 1
