"""Files of every kind with the real local service: what pictures show of them."""

from __future__ import annotations

import base64
import struct
from pathlib import Path

import numpy as np
import numpy.typing as npt
import psutil
import pytest

from brayns_widget.controller import kept
from brayns_widget.controller.camera import Camera
from brayns_widget.controller.controller import Controller
from brayns_widget.protocol.brayns.shapes import Box, Plane, Sphere
from brayns_widget.protocol.errors import CircuitError
from tests.listening import Listener
from tests.processes import command
from tests.service.renderer.loaders.circuits.circuits import places, write_circuit

WAIT = 60
SIZE = 60, 60
TRIANGLE = "v -8 -8 0\nv 8 -8 0\nv 8 8 0\nf 1 2 3\n"
ATOM = "HETATM    1  O   HOH A   1       0.000   0.000   0.000  1.00  0.00           O\n"
RAMP = bytes(range(0, 256, 36)) * 64  # 8 x 8 x 8 values, x fastest
UPRIGHT = "1 1 0 0 0 2 -1\n2 3 0 3 0 1 1\n3 3 0 10 0 1 2\n"
pytestmark = pytest.mark.usefixtures("nothing_is_left")


@pytest.fixture(scope="module")
def shared():
    with Controller() as controller:
        controller.background = "black"
        yield controller


@pytest.fixture
def controller(shared: Controller) -> Controller:
    """A controller without models, which looks at 20 µm around the origin from the front."""
    shared.clear()
    shared.camera = Camera.orthographic((0, 0, 100), (0, 0, 0), height=20)
    return shared


def seen(controller: Controller) -> npt.NDArray[np.bool_]:
    """Where there is something: (height, width)."""
    picture = np.asarray(controller.snapshot(size=SIZE, samples=4).result(WAIT))[..., :3]
    found: npt.NDArray[np.bool_] = np.any(picture > 10, axis=-1)
    return found


def check_block(controller: Controller) -> None:
    """Check that there is something from the origin to (8, 8, 8), and nothing elsewhere."""
    picture = seen(controller)
    assert picture[7:29, 31:53].any()
    picture[5:31, 29:55] = False
    assert not picture.any()


def test_a_mesh(controller: Controller, tmp_path: Path) -> None:
    (tmp_path / "half.obj").write_text(TRIANGLE)
    (model,) = controller.load_mesh(tmp_path / "half.obj", frame=False).result(WAIT)
    assert model.name == "half.obj"
    picture = seen(controller)
    assert picture[50, 50], "the lower right half of a square"
    assert not picture[10, 10]
    assert picture.mean() == pytest.approx(0.5 * 0.8 * 0.8, abs=0.02)


def test_raw_values_and_what_they_need(controller: Controller, tmp_path: Path) -> None:
    file = tmp_path / "block.raw"
    file.write_bytes(RAMP)
    with pytest.raises(CircuitError, match="both data_type and dimensions"):
        controller.load_volume(file, data_type="float").result(WAIT)
    with pytest.raises(ValueError, match="data_type"):
        controller.load_volume(file, data_type="complex", dimensions=(8, 8, 8)).result(WAIT)
    controller.load_volume(file, data_type="unsigned_char", dimensions=(8, 8, 8), frame=False).result(WAIT)
    check_block(controller)


def test_an_mhd_volume_tells_the_rest_itself(controller: Controller, tmp_path: Path) -> None:
    (tmp_path / "block.raw").write_bytes(RAMP)
    head = "NDims = 3\nDimSize = 8 8 8\nElementSpacing = 1 1 1\nElementType = MET_UCHAR\nElementDataFile = block.raw\n"
    (tmp_path / "block.mhd").write_text("ObjectType = Image\n" + head)
    controller.load_volume(tmp_path / "block.mhd", frame=False).result(WAIT)
    check_block(controller)


def test_an_atlas(controller: Controller, tmp_path: Path) -> None:
    head = "NRRD0004\ntype: float\ndimension: 3\nsizes: 8 8 8\nencoding: raw\nendian: little\n"
    head += "space dimension: 3\nspace origin: (-4,-4,-4)\nspace directions: (1,0,0) (0,1,0) (0,0,1)\n\n"
    (tmp_path / "atlas.nrrd").write_bytes(head.encode() + struct.pack("<512f", *range(512)))
    (model,) = controller.load_atlas(tmp_path / "atlas.nrrd", frame=False).result(WAIT)
    assert model.bounds is not None
    assert seen(controller)[30, 30]
    with pytest.raises(CircuitError):
        controller.load_atlas(tmp_path / "atlas.nrrd", kind="vector").result(WAIT)


def test_molecules(controller: Controller, tmp_path: Path) -> None:
    (tmp_path / "water.pdb").write_text(ATOM)
    (wide,) = controller.load_molecule(tmp_path / "water.pdb", radius_multiplier=2.0, frame=False).result(WAIT)
    assert wide.bounds is not None
    controller.camera = Camera.orthographic((0, 0, 1), (0, 0, 0), height=4 * wide.bounds[1][0])
    share = seen(controller).mean()
    assert share == pytest.approx(np.pi / 16, rel=0.1)
    controller.clear()
    controller.load_molecule(tmp_path / "water.pdb", frame=False).result(WAIT)
    assert seen(controller).mean() == pytest.approx(share / 4, rel=0.15)
    controller.clear()
    (tmp_path / "atom.XYZ").write_text("1\nan atom\nO 0 0 0\n")
    controller.camera = Camera.orthographic((0, 0, 100), (0, 0, 0), height=8)
    controller.load_molecule(tmp_path / "atom.XYZ", frame=False).result(WAIT)
    assert seen(controller)[30, 30]


def test_placements(controller: Controller, tmp_path: Path) -> None:
    path = write_circuit(tmp_path, {**places(2), "morphology": ["cell", "cell"]})
    (tmp_path / "morphologies" / "cell.swc").write_text(UPRIGHT)
    nodes = next(path.parent.rglob("nodes.h5"))
    folder = tmp_path / "morphologies"
    controller.camera = Camera.orthographic((0, 5, 100), (0, 5, 0), height=20)
    placed = controller.load_placements(nodes, morphology_folder=folder, extension=".swc", ids=[0], frame=False)
    placed.result(WAIT)
    first = seen(controller).sum()
    controller.clear()
    controller.load_placements(nodes, morphology_folder=folder, extension="swc", soma=False, ids=[0]).result(WAIT)
    controller.camera = Camera.orthographic((0, 5, 100), (0, 5, 0), height=20)
    assert 0 < seen(controller).sum() < first, "without its soma"
    with pytest.raises(CircuitError, match="nothing to load"):
        controller.load_placements(nodes, soma=False, dendrites=False).result(WAIT)


def test_any_loader_by_its_name_with_options_as_json(controller: Controller, tmp_path: Path) -> None:
    (tmp_path / "cell.swc").write_text(UPRIGHT)
    formats = {one.loader: one for one in controller.models.formats()}
    cells = formats["Neuron Morphology loader"]
    assert cells.parameters["properties"]["radius_multiplier"]["minimum"] == 0.1
    load = controller.models.load_file
    load(tmp_path / "cell.swc", loader=cells.loader, options=cells.defaults, frame=False).result(WAIT)
    thin = seen(controller).sum()
    controller.clear()
    thick = {**cells.defaults, "radius_multiplier": 3.0}
    load(tmp_path / "cell.swc", loader=cells.loader, options=thick, frame=False).result(WAIT)
    assert seen(controller).sum() > 1.3 * thin
    with pytest.raises(CircuitError, match="unicorn"):
        load(tmp_path / "cell.swc", loader="unicorn", options={}).result(WAIT)


def test_a_removed_upload_comes_back_while_its_bytes_are_kept(controller: Controller, monkeypatch) -> None:
    (model,) = controller.load_upload(TRIANGLE.encode(), name="half.obj", frame=False).result(WAIT)
    model.move(x=1)
    before = seen(controller)
    model.remove()
    assert not seen(controller).any()
    controller.undo()
    assert [one.name for one in controller.models] == ["half.obj"]
    np.testing.assert_array_equal(seen(controller), before)
    (copy,) = [controller.models[0].copy().result(WAIT)]
    controller.models[0].remove()
    np.testing.assert_array_equal(seen(controller), before)
    copy.remove()
    monkeypatch.setattr(kept, "MOST", 1)
    controller.load_upload((TRIANGLE + "\n").encode(), name="newer.obj", frame=False).result(WAIT)
    assert controller.undo()
    notice = controller.state.notice
    assert notice is not None
    assert notice.text == "Not all that was removed has come back."
    assert "half.obj (copy): The upload is not kept any more." in notice.hint
    assert [one.name for one in controller.models] == ["newer.obj"]
    controller.models[0].visible = False
    assert controller.undo()
    assert controller.models[0].visible


def test_parts_of_the_clipping_are_inverted_switched_and_changed(controller: Controller) -> None:
    controller.shapes.add(Sphere(radius=8.0, center=(0.0, 0.0, 0.0)), color="white")
    whole = seen(controller)
    cut = controller.clipping.add(Plane(coefficients=(1.0, 0.0, 0.0, 0.0)))
    right = seen(controller)
    assert right[30, 40]
    assert not right[:, :29].any()
    cut.invert = True
    left = seen(controller)
    assert left[30, 20]
    assert not left[:, 31:].any()
    cut.visible = False
    np.testing.assert_array_equal(seen(controller), whole)
    cut.visible, cut.invert = True, False
    cut.update(position=4.0)
    assert not seen(controller)[:, :41].any()
    assert seen(controller)[30, 48]
    controller.clipping.clear()
    box = controller.clipping.add(Box(min=(-9.0, -9.0, -9.0), max=(0.0, 9.0, 9.0)))
    assert not seen(controller)[:, :29].any()
    box.invert = True
    assert not seen(controller)[:, 31:].any()


def test_an_upload_comes_back_after_its_renderer_was_killed(controller: Controller) -> None:
    (model,) = controller.load_upload(TRIANGLE.encode(), name="half.obj", frame=False).result(WAIT)
    model.move(x=1)
    before = seen(controller)
    statuses = Listener(controller, lambda state: state.status.state)
    for process in psutil.Process().children(recursive=True):
        if "renderer" in command(process):
            process.kill()
    statuses.wait_for(lambda state: state in {"failed", "ended"})
    statuses.remove()
    controller.restore().result(WAIT)
    assert [one.name for one in controller.models] == ["half.obj"]
    np.testing.assert_array_equal(seen(controller), before)


def test_bytes_and_files_of_this_machine_are_uploaded(controller: Controller, tmp_path: Path) -> None:
    (model,) = controller.load_upload(TRIANGLE.encode(), name="half.obj", frame=False).result(WAIT)
    assert model.name == "half.obj"
    assert seen(controller)[50, 50]
    assert not seen(controller)[10, 10]
    controller.clear()
    (tmp_path / "cell.SWC").write_text(UPRIGHT)
    controller.load_upload(tmp_path / "cell.SWC", frame=False).result(WAIT)
    assert seen(controller)[10, 30], "its dendrite, by the defaults"
    refused: list[tuple[bytes | Path, str | None, str]] = [
        (b"x", None, "no name"),
        (b"x", "a.pdb", "reads no uploads of 'pdb'.*Copy it.*[.]obj"),
        (b"x", "README.md", "No loader of this renderer reads 'README.md'.*It reads"),
        (b"x", "a.BlueConfig", "cannot be loaded: .*convert the circuit"),
        (tmp_path / "nope.obj", None, "cannot be read on the kernel's machine: No such file"),
    ]
    for source, name, words in refused:
        with pytest.raises(CircuitError, match=words):
            controller.load_upload(source, name=name).result(WAIT)


def test_parts_of_a_page_become_a_model(controller: Controller) -> None:
    models, data = controller.models, base64.b64encode(TRIANGLE.encode()).decode()
    assert models.receive("one", len(TRIANGLE), data[:8]) == 6
    assert models.receive("one", len(TRIANGLE), data[8:]) == len(TRIANGLE)
    models.load_received("one", name="half.obj", loader="mesh", options={}, frame=False).result(WAIT)
    assert seen(controller)[50, 50]
    with pytest.raises(CircuitError, match="not there any more"):
        models.load_received("one", name="half.obj", loader="mesh", options={}).result(WAIT)
