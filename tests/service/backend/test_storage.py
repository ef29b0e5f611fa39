"""How much the session variables hold."""

from __future__ import annotations

import pytest

from brayns_widget.protocol.errors import INVALID_PARAMS, RequestError
from brayns_widget.service.backend import storage


def test_variables_hold_so_much_and_no_more(monkeypatch):
    monkeypatch.setattr(storage, "MAX_SIZE", 10)
    variables = storage.Storage()
    for _ in range(3):  # a new value takes the place of the old one
        variables.set("key", "1234567")
    for key, value in (("key", "12345678"), ("other", "")):
        with pytest.raises(RequestError, match="and may have 10") as caught:
            variables.set(key, value)
        assert caught.value.code == INVALID_PARAMS
    assert variables.get("key") == "1234567"
    variables.set("key", "")
    variables.set("other", "é")
    assert (variables.get("key"), variables.get("other")) == ("", "é")
