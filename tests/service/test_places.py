import sys

import pytest

from brayns_widget.service import places
from brayns_widget.service.places import Places, most_connections


def test_half_open_connections_end_after_ten_seconds():
    assert places.REQUEST_SECONDS == 10


def test_a_newcomer_takes_the_place_of_the_oldest_that_is_not_at_work():
    closed: list[str] = []
    some = Places(3, closed.append)
    some.at_work.add("a")
    assert some.admit(["a", "b"])
    assert not closed
    assert some.admit(["a", "b", "c"])
    assert closed == ["b"]
    some.at_work |= {"b", "c"}
    assert not some.admit(["a", "b", "c"])
    assert closed == ["b"]


@pytest.mark.skipif(sys.platform == "win32", reason="no such limit there")
def test_the_share_leaves_a_reserve_of_handles(monkeypatch):
    import resource

    for handles, two, one in ((256, 32, 64), (1024, 128, 256), (1 << 20, 500, 500), (resource.RLIM_INFINITY, 500, 500)):
        monkeypatch.setattr(resource, "getrlimit", lambda _, handles=handles: (handles, handles))
        assert (most_connections(servers=2), most_connections()) == (two, one)
