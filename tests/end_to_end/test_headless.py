"""The notebooks run by nbconvert, without a page: their outputs, and those that stand in the repository."""

from __future__ import annotations

import base64
import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import numpy as np
import pytest
from PIL import Image

from brayns_widget.controller.encoded import SHOWN_MAX
from tests.conftest import ROOT

nbconvert = pytest.importorskip("nbconvert", reason="nbconvert is not installed; it comes with JupyterLab")
pytestmark = pytest.mark.timeout(300)

NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
AGAIN = "make the outputs again as CONTRIBUTING.md says"


@pytest.fixture(scope="module", params=NOTEBOOKS, ids=lambda path: path.stem)
def path(request: pytest.FixtureRequest) -> Path:
    """A notebook of the repository."""
    found: Path = request.param
    return found


@pytest.fixture(scope="module")
def executed(path: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """The notebook after nbconvert has run it, at home in a temporary folder."""
    from nbconvert.preprocessors import ExecutePreprocessor

    home = str(tmp_path_factory.mktemp("home"))
    with pytest.MonkeyPatch.context() as patch:
        for name in ("HOME", "USERPROFILE"):
            patch.setenv(name, home)
        patch.setenv("IPYTHONDIR", str(Path(home) / "ipython"))
        patch.setenv("PYTHONPATH", str(ROOT))
        notebook = nbformat.read(path, 4)
        for cell in notebook.cells:
            if cell.cell_type == "code":
                cell.outputs, cell.execution_count = [], None
        done, _ = ExecutePreprocessor(timeout=200, kernel_name="python3").preprocess(notebook)
        yield done


def code(notebook: Any) -> list[Any]:
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def pictures(notebook: Any) -> list[np.ndarray]:
    """Return the gray values of a notebook's pictures."""
    found = []
    for cell in code(notebook):
        for output in cell.outputs:
            for mime, data in output.get("data", {}).items():
                if mime.startswith("image/"):
                    encoded = base64.b64decode(data)
                    assert len(encoded) <= SHOWN_MAX
                    found.append(np.asarray(Image.open(io.BytesIO(encoded)).convert("L"), float))
    return found


def kinds(notebook: Any) -> list[list[list[str]]]:
    """Return the media types of all outputs; a picture may be a PNG or a JPEG."""

    def general(output: Any) -> list[str]:
        return sorted(re.sub("image/.*", "image", mime) for mime in output.get("data", {output.output_type: ""}))

    return [[general(output) for output in cell.outputs] for cell in code(notebook)]


def test_the_view_is_a_picture_of_the_scene_as_it_was_in_the_end(executed):
    (shown,) = [cell for cell in code(executed) if cell.source.endswith("\nviewer")]
    picture, caption = shown.outputs
    assert sorted(picture.data) == ["image/jpeg", "text/plain"]
    assert "cells" in caption.data["text/html"]
    view, *snapshots = pictures(executed)
    assert view.shape == (480, 640)
    assert view.std() > 3, "the circuit, which a later cell has loaded"
    assert snapshots
    assert all(snapshot.std() > 3 for snapshot in snapshots)
    assert "widget-view" not in str(kinds(executed))


def test_html_shows_all_pictures(executed):
    html, _ = nbconvert.HTMLExporter().from_notebook_node(executed)
    assert len(re.findall(r'<img[^>]*src="data:image/(jpeg|png);base64,', html)) == len(pictures(executed))
    assert "Run the cell to make it live." in html


def test_markdown_has_them_as_files(executed):
    text, resources = nbconvert.MarkdownExporter().from_notebook_node(executed)
    assert len(resources["outputs"]) == len(pictures(executed))
    assert all(name in text for name in resources["outputs"])


def test_the_outputs_in_the_repository_are_those_of_today(path, executed):
    committed = nbformat.read(path, 4)
    assert kinds(committed) == kinds(executed), AGAIN
    for ours, today in zip(pictures(committed), pictures(executed), strict=True):
        assert ours.shape == today.shape, AGAIN
        assert np.corrcoef(ours.ravel(), today.ravel())[0, 1] > 0.8, AGAIN


def test_what_is_in_the_repository_is_small_and_of_no_machine(path):
    text = path.read_text(encoding="utf-8")
    notebook = nbformat.reads(text, 4)
    assert len(text) < 3 * SHOWN_MAX
    assert "widgets" not in notebook.metadata
    assert not any("execution" in cell.metadata for cell in notebook.cells)
    assert pictures(notebook)
    assert not re.search(r"/(home|Users|root|tmp)\b|[A-Z]:\\\\", text)
    assert [cell.execution_count for cell in code(notebook)] == list(range(1, len(code(notebook)) + 1))
