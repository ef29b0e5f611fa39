"""Files that the official Python client of Brayns 3.10.1 loads through our renderer, each with its own loader class."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.service.renderer.loaders.circuits.circuits import (
    SWC,
    places,
    write_circuit,
    write_edges,
    write_report,
    write_simulation,
)
from tests.service.renderer.loaders.molecules.test_protein import ATOMS
from tests.service.renderer.renderer_process import renderer_process

if tuple(sys.version_info) >= (3, 13):  # as a tuple, or mypy takes the rest for unreachable there
    pytest.skip("brayns 3.10.1 does not run on Python 3.13 and later", allow_module_level=True)
brayns: Any = pytest.importorskip("brayns", reason="the official client is not installed (extra test)")

RED, GREEN = brayns.Color4(1, 0, 0, 1), brayns.Color4(0, 1, 0, 1)
SIZE = brayns.Resolution(64, 48)
ATTRIBUTES = {
    "layer": ["1", "2", "2"],
    "mtype": ["L1_DAC", "L2_IPC", "L2_TPC"],
    "etype": ["bNAC", "cADpyr", "cADpyr"],
    "region": ["S1", "S1", "S2"],
    "hemisphere": ["left", "right", "left"],
    "morph_class": ["INT", "PYR", "PYR"],
    "subregion": ["a", "b", "b"],
    "synapse_class": ["INH", "EXC", "EXC"],
}


@pytest.fixture(scope="module")
def connected() -> Iterator[Any]:
    with renderer_process() as (address, process):
        with brayns.Connector(address, max_attempts=5).connect() as instance:
            yield instance
        assert process.poll() is None


@pytest.fixture
def instance(connected: Any) -> Any:
    brayns.clear_models(connected)
    brayns.set_resolution(connected, SIZE)
    brayns.set_renderer(connected, brayns.InteractiveRenderer())
    brayns.add_light(connected, brayns.AmbientLight())
    return connected


def picture(instance: Any, model: Any, **settings: Any) -> bytes:
    """What the model looks like, seen from the front."""
    camera = brayns.CameraController(model.bounds, SIZE.width / SIZE.height).camera
    data: bytes = brayns.Snapshot(SIZE, camera, **settings).download(instance)
    return data


def test_a_metaimage(instance: Any, tmp_path: Path):
    header = "DimSize = 2 2 2\nElementSpacing = 5 5 5\nElementType = MET_UCHAR\nElementDataFile = values.raw\n"
    path = tmp_path / "volume.mhd"
    path.write_text(header)
    (tmp_path / "values.raw").write_bytes(bytes(range(8)))
    (model,) = brayns.MhdVolumeLoader().load_models(instance, str(path))
    assert model.bounds.size == brayns.Vector3(10, 10, 10)
    plain = picture(instance, model)
    brayns.set_color_ramp(instance, model.id, brayns.ColorRamp(brayns.ValueRange(0, 7), [RED, GREEN]))
    assert picture(instance, model) != plain


@pytest.mark.parametrize("scheme", list(brayns.ProteinColorScheme))
def test_a_protein(instance: Any, tmp_path: Path, scheme: Any):
    path = tmp_path / "some.pdb"
    path.write_text(ATOMS)
    (model,) = brayns.ProteinLoader(scheme, radius_multiplier=0.5).load_models(instance, str(path))
    assert model.type == "protein"
    assert model.info["metadata"]["atoms"] == "4"
    assert len(picture(instance, model)) > 100


@pytest.mark.parametrize("geometry_type", list(brayns.GeometryType))
def test_a_morphology(instance: Any, tmp_path: Path, geometry_type: Any):
    path = tmp_path / "cell.swc"
    path.write_text(SWC)
    morphology = brayns.Morphology(load_dendrites=True, geometry_type=geometry_type, radius_multiplier=2.0)
    (model,) = brayns.MorphologyLoader(morphology).load_models(instance, str(path))
    assert model.bounds.max.x > 10
    method = brayns.MorphologyColorMethod.MORPHOLOGY_SECTION
    assert method in brayns.get_color_methods(instance, model.id)
    plain = picture(instance, model)
    brayns.color_model(instance, model.id, method, {"dendrite": RED})
    red = picture(instance, model)
    assert red != plain
    method = brayns.MorphologyColorMethod.MORPHOLOGY_SECTION_GEOMETRY
    (section,) = brayns.get_color_values(instance, model.id, method)
    brayns.color_model(instance, model.id, method, {section: brayns.Color4(0, 1, 0)})
    assert picture(instance, model) != red


def test_cells_of_a_placement(instance: Any, tmp_path: Path):
    write_circuit(tmp_path, places(3))
    loader = brayns.CellPlacementLoader(
        morphologies_folder=str(tmp_path / "morphologies"),
        extension="swc",
        ids=[0, 2],
        morphology=brayns.Morphology.full(),
    )
    (model,) = loader.load_models(instance, str(tmp_path / "nodes.h5"))
    assert brayns.get_circuit_ids(instance, model.id) == [0, 2]
    assert model.bounds.max.x == pytest.approx(31, abs=0.6)


def test_circuits_by_all_their_color_methods(instance: Any, tmp_path: Path):
    path = write_circuit(tmp_path, {**places(3), **ATTRIBUTES})
    nodes = brayns.SonataNodePopulation("cells", brayns.SonataNodes.all(), morphology=brayns.Morphology.full())
    (model,) = brayns.SonataLoader([nodes]).load_models(instance, str(path))
    known = {value for name, value in vars(brayns.CircuitColorMethod).items() if name.isupper()}
    assert known <= set(brayns.get_color_methods(instance, model.id))
    for method in sorted(known):
        brayns.set_model_color(instance, model.id, GREEN)
        plain = picture(instance, model)
        value = brayns.get_color_values(instance, model.id, method)[0]
        brayns.color_model(instance, model.id, method, {value: RED})
        assert picture(instance, model) != plain, method


@pytest.mark.parametrize("kind", ["compartment", "summation"])
def test_a_report_of_cells(instance: Any, tmp_path: Path, kind: str):
    circuit = write_circuit(tmp_path, places(2))
    values = np.array([[0, 100, 0, 0], [0, 0, 100, 100], [100, 0, 0, 0]])
    write_report(tmp_path / "recorded.h5", [0, 1], [[0, 1], [0, 1]], values)
    report = getattr(brayns.SonataReport, kind)("recorded")
    nodes = brayns.SonataNodePopulation("cells", brayns.SonataNodes.all(), report, morphology=brayns.Morphology.full())
    (model,) = brayns.SonataLoader([nodes]).load_models(instance, str(write_simulation(circuit, kind)))
    assert brayns.get_simulation(instance).end_frame == 2
    brayns.set_color_ramp(instance, model.id, brayns.ColorRamp(brayns.ValueRange(0, 100), [RED, GREEN]))
    assert len({picture(instance, model, frame=frame) for frame in range(3)}) == 3


def test_a_report_of_synapses(instance: Any, tmp_path: Path):
    circuit = write_circuit(tmp_path, places(3))
    points = {f"afferent_center_{axis}": [20.0 * number for number in range(3)] for axis in "xyz"}
    write_edges(circuit, [0, 1, 2], [1, 2, 2], attributes=points)
    write_report(tmp_path / "recorded.h5", [1, 2], [[0], [1, 2]], [[0, 0, 100], [100, 0, 0]])
    edges = brayns.SonataEdgePopulation("joins", afferent=True, radius=3.0, report="recorded")
    nodes = brayns.SonataNodePopulation("cells", brayns.SonataNodes.all(), edges=[edges])
    path = str(write_simulation(circuit, "synapse"))
    _cells, synapses = brayns.SonataLoader([nodes]).load_models(instance, path)
    brayns.set_color_ramp(instance, synapses.id, brayns.ColorRamp(brayns.ValueRange(0, 100), [RED, GREEN]))
    assert picture(instance, synapses, frame=0) != picture(instance, synapses, frame=1)


def test_files_of_tractography_are_refused_in_words(instance: Any, tmp_path: Path):
    path = tmp_path / "streamlines.json"
    path.write_text("{}")
    with pytest.raises(brayns.JsonRpcError, match="tracts of diffusion images"):
        brayns.DtiLoader("", "").load_models(instance, str(path))
