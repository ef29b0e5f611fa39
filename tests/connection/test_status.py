from __future__ import annotations

from brayns_widget.connection.status import Status


def test_it_becomes_json():
    assert Status("ready", "Ready.").to_dict() == {"state": "ready", "text": "Ready."}
    assert Status().to_dict()["state"] == "idle"
