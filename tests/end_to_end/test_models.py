"""The list of models in a real JupyterLab: what the panel changes, Python and the picture have."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.browser import ARTIFACTS
from tests.end_to_end.lab import Lab, Notebook, open_notebook, until, write_notebook

pytestmark = [pytest.mark.browser, pytest.mark.timeout(400)]

SHOW = """\
from brayns_widget import BraynsWidget
from brayns_widget.demo import write_circuit
viewer = BraynsWidget(height=640)
circuit = write_circuit("circuit", cells=20)
for name in ("first", "second"):
    (model,) = viewer.load_circuit(circuit, density=0.5).result()
    model.name = name
viewer"""
NAMES = "[model.name for model in viewer.models]"


@pytest.fixture
def notebook(lab: Lab, browser: Browser) -> Iterator[Notebook]:
    notebook = open_notebook(lab, browser, write_notebook(lab.root, "models.ipynb", SHOW))
    notebook.command("notebook:run-all-cells")
    notebook.canvas.wait_for()
    notebook.page.evaluate("window.jupyterapp.shell.collapseLeft()")
    until(lambda: notebook.evaluate("len(viewer.models)") == 2, 90, "the models")
    notebook.wait_sharp()
    yield notebook
    notebook.page.close()


def test_models_are_changed_copied_and_put_in_order(notebook: Notebook) -> None:
    page = notebook.page

    def becomes(expression: str, value: object) -> None:
        until(lambda: notebook.evaluate(expression) == value, 30, f"{expression} == {value!r}")

    first = page.get_by_role("row", name="first", exact=True)
    first.get_by_label("More of first").click()
    first.get_by_label("Material").select_option("plastic")
    becomes("viewer.models['first'].state.material", "plastic")
    first.get_by_label("Opacity").fill("60")
    becomes("viewer.models['first'].opacity", 0.6)
    first.get_by_label("Thickness").fill("2")
    first.get_by_label("Thickness").press("Enter")
    becomes("viewer.models['first'].thickness", 2)
    first.get_by_label("Turn first, z").fill("90")
    first.get_by_label("Turn first, z").press("Enter")
    becomes("list(viewer.models['first'].placement.turn)", [0, 0, 90])
    notebook.wait_sharp()
    notebook.screenshot(ARTIFACTS / "models.png")

    first.locator(".bw-name").dblclick()
    page.get_by_label("Name of first").fill("turned")
    page.keyboard.press("Enter")
    becomes(NAMES, ["turned", "second"])
    turned = page.get_by_role("row", name="turned", exact=True)
    turned.get_by_label("Copy turned").click()
    becomes(NAMES, ["turned", "second", "turned (copy)"])
    becomes("viewer.models[2].thickness", 2)
    turned.focus()
    page.keyboard.press("Alt+ArrowDown")
    becomes(NAMES, ["second", "turned", "turned (copy)"])

    turned.locator(".bw-name").click()
    page.get_by_role("row", name="turned (copy)").locator(".bw-name").click(modifiers=["Control"])
    turned.get_by_label("Show turned").click()
    becomes("[model.visible for model in viewer.models]", [True, False, False])
    line = 'for model in [viewer.models["turned"], viewer.models["turned (copy)"]]: model.visible = False'
    becomes("viewer.history.lines[-1]", line)
    page.get_by_role("button", name="Undo: hide 2 models").click()
    becomes("[model.visible for model in viewer.models]", [True, True, True])
    turned.get_by_role("button", name="Put back").click()
    becomes("[list(model.placement.turn) for model in viewer.models]", [[0, 0, 0]] * 3)
    turned.get_by_label("Remove turned").click()
    becomes(NAMES, ["second"])
    until(lambda: page.evaluate("document.activeElement.getAttribute('aria-label')") == "second", 10, "the focus")
    assert notebook.errors == []


def test_materials_places_and_the_order_reach_python_and_the_picture(notebook: Notebook) -> None:
    page = notebook.page

    def becomes(expression: str, value: object) -> None:
        until(lambda: notebook.evaluate(expression) == value, 30, f"{expression} == {value!r}")

    first = page.get_by_role("row", name="first", exact=True)
    first.get_by_label("More of first").click()
    material = first.get_by_label("Material")
    material.locator("option").nth(8).wait_for(state="attached")  # the kernel has told all nine
    names = material.locator("option").evaluate_all("all => all.map(one => one.value)")
    assert len(names) == 9
    for name in names:
        material.select_option(name)
        becomes("viewer.models['first'].state.material", name)
    material.select_option("principled")
    becomes("viewer.models['first'].state.material", "principled")
    first.get_by_text("options of the material").click()
    first.get_by_label("Metallic").fill("0.25")
    first.get_by_label("Metallic").press("Enter")
    becomes("viewer.models['first'].state.material_options['metallic']", 0.25)
    material.select_option("emissive")
    becomes("viewer.models['first'].state.material", "emissive")
    notebook.wait_sharp()
    glowing = notebook.brightness()
    first.get_by_label("Show first").click()
    becomes("viewer.models['first'].visible", False)
    until(lambda: notebook.brightness() < glowing, 30, "a darker picture")
    first.get_by_label("Show first").click()
    becomes("viewer.models['first'].visible", True)

    before = notebook.evaluate("viewer.models['first'].bounds")
    width = before[1][0] - before[0][0]
    first.get_by_label("Move first, x").fill("1000")
    first.get_by_label("Move first, x").press("Enter")
    becomes("list(viewer.models['first'].placement.move)", [1000, 0, 0])
    first.get_by_label("Scale").fill("2")
    first.get_by_label("Scale").press("Enter")
    becomes("list(viewer.models['first'].placement.scale)", [2, 2, 2])
    low, high = notebook.evaluate("viewer.models['first'].bounds")
    assert high[0] - low[0] == pytest.approx(2 * width, rel=1e-3)
    middle = (before[0][0] + before[1][0]) / 2 + 1000
    assert (low[0] + high[0]) / 2 == pytest.approx(middle, rel=1e-3)
    first.get_by_label("Focus first").click()
    until(lambda: abs(notebook.evaluate("viewer.camera.target[0]") - middle) < width / 2, 30, "the camera at the model")

    first.get_by_label("More of first").click()  # folded again: both rows are seen
    last = page.get_by_role("row", name="second", exact=True).bounding_box()
    assert last is not None
    first.locator(".bw-name").hover()
    page.mouse.down()
    page.mouse.move(last["x"] + 40, last["y"] + last["height"] * 0.9, steps=8)
    page.mouse.up()
    becomes(NAMES, ["second", "first"])
    assert notebook.errors == []
