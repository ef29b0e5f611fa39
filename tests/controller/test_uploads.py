"""What pages send in parts, and its limits."""

from __future__ import annotations

import pytest

from brayns_widget.controller import uploads
from brayns_widget.controller.uploads import Received
from brayns_widget.protocol.errors import CircuitError
from tests.controller.scenes import until


@pytest.fixture
def received(monkeypatch):
    monkeypatch.setattr(uploads, "LARGEST", 10)
    return Received()


def test_parts_are_joined_and_forgotten_once_they_are_taken(received):
    assert received.add("a", b"123") == 3
    assert received.add("b", b"x") == 1
    assert received.add("a", b"45") == 5
    assert received.take("a") == b"12345"
    with pytest.raises(CircuitError, match="not there any more"):
        received.take("a")
    received.drop("b")
    received.drop("b")
    with pytest.raises(CircuitError, match="not there any more"):
        received.take("b")


def test_all_uploads_together_are_limited(received):
    received.add("a", b"123456")
    with pytest.raises(CircuitError, match="has more than"):
        received.add("b", b"12345")
    received.add("a", b"7890")
    with pytest.raises(CircuitError, match="has more than"):
        received.add("a", b"!")
    assert received.add("b", b"1234567890") == 10, "what was too much is gone"


def test_what_a_page_has_given_up_makes_room(received, monkeypatch):
    received.add("a", b"1234567890")
    monkeypatch.setattr(uploads, "_PATIENCE", -1.0)
    assert received.add("b", b"123") == 3


def test_what_a_page_has_given_up_is_forgotten_without_another_upload(controller, monkeypatch):
    monkeypatch.setattr(uploads, "_PATIENCE", 0.1)
    controller.models.receive("a", 6, "AAAA")
    assert controller.models._received._parts
    until(lambda: not controller.models._received._parts)


def test_a_part_that_makes_no_sense_ends_the_upload(controller):
    models = controller.models
    models.receive("a", 6, "AAAA")
    with pytest.raises(CircuitError, match="no base64"):
        models.receive("a", 6, "?")
    with pytest.raises(CircuitError, match="more than its 2 bytes"):
        models.receive("a", 2, "AAAA")
    with pytest.raises(ValueError, match="size"):
        models.receive("a", uploads.LARGEST + 1, "AAAA")
    with pytest.raises(CircuitError, match="not there any more"):
        models.load_received("a", name="a.obj", loader="mesh", options={}).result(10)


def test_a_renderer_without_uploads_says_what_to_do(controller):
    with pytest.raises(CircuitError, match=r"reads no uploads of 'swc'.*Copy it to the renderer's machine"):
        controller.load_upload(b"1 1 0 0 0 1 -1", name="cell.swc").result(10)
