from __future__ import annotations

from brayns_widget.connection.status import Status


def test_a_job_begins_with_nothing_done():
    assert Status() == Status("idle", "Not started.")
