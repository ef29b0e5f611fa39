"""Uploads: chosen or dropped files, parts, progress, cancel, refusals."""

from __future__ import annotations

import base64

import pytest

from tests.front_end.panels import FORMATS, MODEL

pytestmark = pytest.mark.browser

MESH = b"v 0 0 0\n" * 800_000  # two parts of 3 MiB and a rest


@pytest.fixture
def upload(panel):
    """A panel that has heard of the formats."""
    panel.answer("models.receive", {"result": 1})
    panel.answer("models.load_received", {"result": {"task": "t1"}})
    panel.wait("kernel.calls('models.formats').length === 1")
    button = panel.page.get_by_role("button", name="Upload…")
    panel.page.wait_for_function("button => !button.disabled", arg=button.element_handle())
    return panel


def choose(cell, *files):
    """Choose files: pairs of name and content."""
    chosen = [{"name": name, "mimeType": "application/octet-stream", "buffer": content} for name, content in files]
    cell.page.locator("input[type=file]").set_input_files(chosen)


def drop(cell, selector, name, content):
    data = cell.page.evaluate_handle(
        "([name, text]) => { const data = new DataTransfer(); data.items.add(new File([text], name)); return data; }",
        [name, content],
    )
    cell.page.dispatch_event(selector, "dragover", {"dataTransfer": data})
    assert cell.page.locator("[data-dropping]").count() == 1, "the view shows that it takes files"
    cell.page.dispatch_event(selector, "drop", {"dataTransfer": data})
    assert cell.page.locator("[data-dropping]").count() == 0


def test_a_file_is_sent_in_parts_and_loaded(upload):
    choose(upload, ("big.OBJ", MESH))
    upload.wait("kernel.calls('models.load_received').length === 1")
    parts = upload.calls("models.receive")
    assert len(parts) == 3
    assert b"".join(base64.b64decode(part["data"]) for part in parts) == MESH
    assert {part["size"] for part in parts} == {len(MESH)}
    (load,) = upload.calls("models.load_received")
    assert load == {"upload": parts[0]["upload"], "name": "big.OBJ", "loader": "mesh", "options": {}}


@pytest.mark.parametrize("place", ["canvas", ".bw-panel"])
def test_a_file_can_be_dropped_on_the_view_and_on_the_panel(upload, place):
    drop(upload, place, "a.stl", "solid")
    upload.wait("kernel.calls('models.load_received').length === 1")
    (part,) = upload.calls("models.receive")
    assert base64.b64decode(part["data"]) == b"solid"


@pytest.mark.parametrize("hidden", ["folded", "section", "panel"])
def test_what_is_said_of_a_dropped_file_is_seen_wherever_it_was_hidden(upload, hidden):
    upload.trait("models", [MODEL])
    upload.page.get_by_role("button", name="Load more…").wait_for()
    if hidden == "section":
        upload.page.locator("summary", has_text="Load").click()
    elif hidden == "panel":
        upload.page.get_by_role("button", name="Panel").click()
    drop(upload, "canvas", "a.exe", "MZ")
    upload.page.get_by_text("a.exe is of no kind that can be loaded.").wait_for()


def test_an_upload_shows_its_progress_and_can_be_cancelled(upload):
    upload.answer("models.receive", [{"result": 1}, {"never": True}])
    choose(upload, ("big.obj", MESH))
    bar = upload.page.get_by_role("progressbar", name="Uploading big.obj")
    upload.page.wait_for_function("bar => bar.value > 0.4", arg=bar.element_handle())
    upload.answer("models.receive", {"result": 1})
    upload.page.get_by_role("button", name="Cancel upload").click()
    upload.wait("kernel.calls('models.drop_upload').length === 1")
    assert upload.calls("models.load_received") == []
    upload.page.get_by_role("button", name="Upload…").wait_for()


def test_parameters_are_asked_for_before_anything_is_sent(upload):
    choose(upload, ("block.raw", b"12345678"))
    upload.page.get_by_label("Data type").select_option("short")
    upload.page.get_by_label("Dimensions").fill("2 2 1")
    assert upload.calls("models.receive") == []
    upload.page.get_by_label("Dimensions").press("Enter")
    upload.wait("kernel.calls('models.load_received').length === 1")
    assert upload.calls("models.load_received")[0]["options"]["dimensions"] == [2, 2, 1]


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("README.md", b"x", "README.md is of no kind that can be loaded. Uploads may be .obj, .stl, .raw."),
        ("cell.swc", b"x", "cell.swc cannot be uploaded. Uploads may be .obj, .stl, .raw. Load this one by its path"),
        ("a.dti", b"x", "a.dti cannot be uploaded. This version cannot show the tracts"),
        ("a.obj", b"", "a.obj is empty."),
    ],
)
def test_what_cannot_be_uploaded_is_refused_with_what_can(upload, name, content, words):
    choose(upload, (name, content))
    alert = upload.page.locator(".bw-upload").get_by_role("alert")
    alert.wait_for()
    assert words in " ".join(alert.locator("span").all_inner_texts())
    assert upload.calls("models.receive") == []


def test_a_file_that_is_too_large_is_refused_before_it_is_read(upload):
    upload.page.evaluate(
        """() => {
            const file = new File(["x"], "huge.obj");
            Object.defineProperty(file, "size", { value: 2 ** 28 + 1 });
            const data = new DataTransfer();
            const event = new DragEvent("drop", { bubbles: true, cancelable: true, dataTransfer: data });
            Object.defineProperty(event, "dataTransfer", { value: { types: ["Files"], files: [file] } });
            document.querySelector("canvas").dispatchEvent(event);
        }"""
    )
    upload.page.get_by_text("huge.obj has more than 256 MiB.").wait_for()
    assert upload.calls("models.receive") == []


def test_a_renderer_that_reads_no_uploads_says_so(panel):
    panel.answer("models.formats", {"result": [{**one, "uploads": []} for one in FORMATS]})
    panel.trait("job", {**panel.page.evaluate("kernel.model.get('job')"), "id": "job-2"})
    panel.page.get_by_text("This renderer reads no uploads.").wait_for()
    assert panel.page.get_by_role("button", name="Upload…").is_disabled()
