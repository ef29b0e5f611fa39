"""The form for a file's loader, made of the schema that the renderer tells."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.front_end.panels import CIRCUITS, MODEL, option

pytestmark = pytest.mark.browser


@pytest.fixture
def form(panel):
    files = [{"name": name, "path": f"/srv/circuits/{name}", "size": 1} for name in ("a.obj", "block.raw")]
    panel.answer("files.list", {"result": {**CIRCUITS, "files": files}})
    panel.answer("models.load_file", {"result": {"task": "t1"}})
    option(panel, "circuits").click()
    option(panel, "block.raw").click()
    panel.page.get_by_label("Dimensions").wait_for()
    return panel


def mistake(field):
    return field.evaluate("field => field.validationMessage")


def test_what_must_be_filled_in_has_the_focus_and_is_checked(form):
    page = form.page
    expect(page.get_by_label("Data type")).to_be_focused()
    assert page.get_by_label("Smooth").is_checked(), "the default"
    dimensions = page.get_by_label("Dimensions")
    page.get_by_role("button", name="Load", exact=True).click()
    assert form.calls("models.load_file") == []
    for text, words in [("1, 2", "3 numbers"), ("1, 2, x", "whole numbers"), ("0, 1, 2", "1 or more"), ("1, 2, 3", "")]:
        dimensions.fill(text)
        assert words in mistake(dimensions)
    page.get_by_label("Data type").select_option("short")
    form.screenshot("file-form")
    dimensions.press("Enter")
    form.wait("kernel.calls('models.load_file').length === 1")
    assert form.calls("models.load_file") == [
        {
            "path": "/srv/circuits/block.raw",
            "loader": "raw-volume",
            "options": {"data_type": "short", "dimensions": [1, 2, 3], "smooth": True},
        }
    ]
    form.trait("models", [{**MODEL, "path": "/srv/circuits/block.raw"}])
    page.get_by_role("button", name="Load more…").click()
    page.get_by_role("button", name="Back", exact=True).click()
    assert option(form, "block.raw").is_visible()


def test_a_file_whose_loader_has_no_parameters_is_loaded_at_once(form):
    form.page.get_by_role("button", name="Back", exact=True).click()
    option(form, "a.obj").click()
    form.wait("kernel.calls('models.load_file').length === 1")
    assert form.calls("models.load_file") == [{"path": "/srv/circuits/a.obj", "loader": "mesh", "options": {}}]


def test_the_kernels_refusal_is_told_beside_the_form(form):
    error = {"type": "CircuitError", "message": "block.raw has 3 bytes.", "hint": "Check the dimensions."}
    form.answer("models.load_file", {"error": error})
    form.page.get_by_label("Data type").select_option("short")
    form.page.get_by_label("Dimensions").fill("1, 2, 3")
    form.page.get_by_role("button", name="Load", exact=True).click()
    form.page.get_by_text("block.raw has 3 bytes.").wait_for()
    assert form.page.get_by_label("Dimensions").input_value() == "1, 2, 3"
