"""Single morphologies: what is loaded, from which formats, and what is said of bad files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from brayns_widget.protocol.errors import RequestError
from brayns_widget.service.renderer.loaders.base import LoadedModel
from brayns_widget.service.renderer.loaders.morphologies.morphology import Section
from brayns_widget.service.renderer.loaders.morphologies.neuron import LOADER
from brayns_widget.service.rpc.running import RunningRequest

ALL = {"load_soma": True, "load_axon": True, "load_dendrites": True, "geometry_type": "original"}
SWC = "1 1 5 0 0 2 -1\n2 3 8 0 0 1 1\n3 3 15 0 0 0.5 2\n4 2 5 -3 0 1 1\n5 2 5 -9 0 0.5 4\n"
ASC = """\
("CellBody" (CellBody) (7 0 0 0) (5 2 0 0) (3 0 0 0) (5 -2 0 0))
((Dendrite) (8 0 0 2) (15 0 0 1))
((Axon) (5 -3 0 2) (5 -9 0 1))
"""


def write_h5(path: Path) -> None:
    """The same cell in the format H5v1: points with diameters; offset, type and parent of each section."""
    soma = [[7, 0, 0, 0], [5, 2, 0, 0], [3, 0, 0, 0], [5, -2, 0, 0]]
    with h5py.File(path, "w") as file:
        file["points"] = np.array([*soma, [8, 0, 0, 2], [15, 0, 0, 1], [5, -3, 0, 2], [5, -9, 0, 1]], np.float32)
        file["structure"] = np.array([[0, 1, -1], [4, 3, 0], [6, 2, 0]], np.int32)
        metadata = file.create_group("metadata")
        metadata.attrs["version"] = np.array([1, 1], np.uint32)
        metadata.attrs.create("cell_family", 0, dtype=np.uint32)


def load(path: Path, **properties: Any) -> LoadedModel:
    (model,) = LOADER.read(str(path), properties, RunningRequest())
    return model


def types_of(model: LoadedModel) -> list[Section]:
    """The type of the section that each slot is for."""
    names = model.coloring.values("morphology section")
    numbers = {name: [float(Section[name.upper()]), 0.0, 0.0, 1.0] for name in names}
    return [Section(int(number)) for number in model.coloring.color("morphology section", numbers)[:, 0]]


@pytest.mark.parametrize("kind", ["swc", "asc", "h5"])
def test_all_formats_show_the_same_cell(tmp_path: Path, kind: str):
    path = tmp_path / f"cell.{kind}"
    match kind:
        case "swc":
            path.write_text(SWC)
        case "asc":
            path.write_text(ASC)
        case _:
            write_h5(path)
    model = load(path, **ALL)
    assert model.kind == "morphology"
    geometry = model.geometry
    assert geometry.spheres.tolist() == [[5, 0, 0, 2]]
    types = types_of(model)
    found = {
        (types[slot], *geometry.vertices[first, :3].tolist(), *geometry.vertices[first + 1].tolist())
        for first, slot in zip(geometry.segments, geometry.segment_slots.tolist(), strict=True)
    }
    assert found == {
        (Section.SOMA, 5, 0, 0, 8, 0, 0, 1),
        (Section.SOMA, 5, 0, 0, 5, -3, 0, 1),
        (Section.DENDRITE, 8, 0, 0, 15, 0, 0, 0.5),
        (Section.AXON, 5, -3, 0, 5, -9, 0, 0.5),
    }


def test_only_what_is_asked_for_is_loaded(tmp_path: Path):
    path = tmp_path / "cell.swc"
    path.write_text(SWC)
    model = load(path, load_axon=True, radius_multiplier=3, geometry_type="original")
    assert types_of(model) == [Section.AXON]
    assert set(model.geometry.segment_slots.tolist()) == {0}
    assert not len(model.geometry.spheres)
    assert model.geometry.vertices[:, 3].tolist() == [3, 1.5]
    assert model.coloring.methods() == ["morphology section", "morphology section geometry", "solid"]
    assert model.coloring.values("morphology section") == ["axon"]
    red = [1.0, 0.0, 0.0, 1.0]
    assert model.coloring.color("morphology section", {"axon": red}).tolist() == [red]
    with pytest.raises(RequestError, match="Invalid coloring method 'id'"):
        model.coloring.color("id", {"0": red})


def test_notices_name_the_file(tmp_path: Path):
    path = tmp_path / "cell.swc"
    path.write_text(SWC.replace("0.5 4", "-0.5 4"))
    assert load(path, **ALL).notices == ("cell.swc: some radii are below 0; their magnitudes are shown",)
    path.write_text(SWC)
    assert load(path, **ALL).notices == ()


def test_bytes_that_are_no_text_are_said(tmp_path: Path):
    path = tmp_path / "cell.asc"
    path.write_bytes(ASC.encode().replace(b"Dendrite", b"\xff\xff"))
    with pytest.raises(RequestError, match="cannot be read as a morphology: "):
        load(path, **ALL)


@pytest.mark.parametrize("geometry_type", ["original", "smooth", "section_smooth", "constant_radii", "spheres"])
def test_broken_h5_files_are_refused(tmp_path: Path, geometry_type: str):
    path = tmp_path / "cell.h5"
    write_h5(path)
    with h5py.File(path, "a") as file:
        file["points"][5, 0] = np.nan
    with pytest.raises(RequestError, match=r"cannot be shown: .* not finite"):
        load(path, **ALL | {"geometry_type": geometry_type})
    with h5py.File(path, "a") as file:
        del file["points"], file["structure"]
        file["points"] = np.zeros((0, 4), np.float32)
        file["structure"] = np.array([[0, 3, -1]], np.int32)
    with pytest.raises(RequestError, match="cannot be read as a morphology: its dataset points is empty"):
        load(path, **ALL | {"geometry_type": geometry_type})


@pytest.mark.parametrize(
    ("text", "properties", "message"),
    [
        (SWC, {}, "Nothing to load on the morphology"),
        (SWC, ALL | {"growth": -0.5}, "goes from 0 (no neurites) to 1 (whole ones), got -0.5"),
        ("1 1 5 0 0 2 -1\n", {"load_axon": True}, "cell.swc has nothing of what is to be loaded (axon)"),
        ("", ALL, "cell.swc cannot be read as a morphology: it is empty"),
        ("# only words\n", ALL, "cell.swc cannot be read as a morphology: it has no points"),
        ("nonsense", ALL, "cell.swc cannot be read as a morphology: "),
    ],
)
def test_what_cannot_be_loaded_is_said_in_one_line(tmp_path: Path, text: str, properties: Any, message: str):
    path = tmp_path / "cell.swc"
    path.write_text(text)
    with pytest.raises(RequestError) as caught:
        load(path, **properties)
    assert message in caught.value.message
    assert "\n" not in caught.value.message
