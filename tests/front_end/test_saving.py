"""The picture that the browser keeps: the kernel's, with the legend, or what the canvas shows."""

from __future__ import annotations

import base64
import io
from typing import Any

import pytest
from PIL import Image

from tests.front_end.scenes import SCENES

pytestmark = pytest.mark.browser

RENDERED = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="
CANVAS_SIZE = "(({ clientWidth, clientHeight }) => [clientWidth, clientHeight])(document.querySelector('.bw-canvas'))"


@pytest.fixture
def cell(open_cell):
    """A view with a legend and a picture of one color."""
    cell = open_cell()
    SCENES["models"](cell)
    return cell


def save(cell):
    """Press the button, and return the file that the browser gets."""
    with cell.page.expect_download() as saved:
        cell.page.get_by_role("button", name="Save this picture").click()
    assert saved.value.suggested_filename == "picture.png"
    return saved.value.path().read_bytes()


def is_canvas(data):
    """Whether a file is what the canvas shows."""
    image = Image.open(io.BytesIO(data)).convert("RGB")
    middle: Any = image.getpixel((image.width // 2, image.height // 2))
    differences = [abs(channel - known) for channel, known in zip(middle, (0x24, 0x48, 0x6A), strict=True)]
    return image.size == (320, 200) and max(differences) < 4


@pytest.mark.parametrize(
    ("place", "legend", "bar"), [("upper right", "upper right", True), ("hidden", None, True), ("hidden", None, False)]
)
def test_the_kernel_renders_what_is_seen_with_the_legend_where_it_stands(cell, place, legend, bar):
    cell.trait("legend_place", place)
    cell.trait("scale_bar", bar)
    cell.answer("pictures.encoded", {"result": RENDERED})
    assert save(cell) == base64.b64decode(RENDERED)
    assert cell.calls("pictures.encoded") == [
        {"size": cell.page.evaluate(CANVAS_SIZE), "legend": legend, "scale_bar": bar}
    ]


def test_a_legend_that_is_folded_is_not_in_the_picture(cell):
    cell.answer("pictures.encoded", {"result": RENDERED})
    cell.page.get_by_role("button", name="Legend", exact=True).click()
    save(cell)
    cell.page.get_by_role("button", name="Legend", exact=True).click()
    save(cell)
    assert [call["legend"] for call in cell.calls("pictures.encoded")] == [None, "lower left"]


def test_on_a_fine_screen_the_picture_has_its_pixels(open_cell):
    cell = open_cell(device_scale_factor=2)
    SCENES["models"](cell)
    cell.answer("pictures.encoded", {"result": RENDERED})
    save(cell)
    (call,) = cell.calls("pictures.encoded")
    assert call["size"] == [2 * side for side in cell.page.evaluate(CANVAS_SIZE)]


def test_without_a_renderer_it_is_what_the_canvas_shows(cell):
    cell.trait("status", {"state": "ended", "text": "The job has ended."})
    assert is_canvas(save(cell))
    assert cell.calls("pictures.encoded") == []


def test_so_it_is_when_it_cannot_be_rendered_which_is_told(cell):
    error = {"type": "RequestError", "message": "There is no memory for it.", "hint": ""}
    cell.answer("pictures.encoded", {"error": error})
    assert is_canvas(save(cell))
    cell.page.get_by_text("There is no memory for it.").wait_for()


def test_while_it_is_rendered_there_is_no_second_one_and_none_when_it_was_cancelled(cell):
    downloads: list[Any] = []
    cell.page.on("download", lambda download: downloads.append(download))  # noqa: PLW0108 - Playwright marks it
    error = {"type": "RequestCancelled", "message": "The snapshot was cancelled.", "hint": ""}
    cell.answer("pictures.encoded", {"delay": 500, "error": error})
    button = cell.page.get_by_role("button", name="Save this picture")
    button.click()
    cell.wait("document.querySelector('[aria-label=\"Save this picture\"]').ariaDisabled === 'true'")
    button.dispatch_event("click")
    cell.wait("document.querySelector('[aria-label=\"Save this picture\"]').ariaDisabled === null")
    assert len(cell.calls("pictures.encoded")) == 1
    assert downloads == []
    cell.answer("pictures.encoded", {"result": RENDERED})
    save(cell)
