"""What HDF5 files point to and claim is checked before it is read."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from brayns_widget.protocol.errors import INVALID_PARAMS, RequestError
from brayns_widget.service import hdf5
from brayns_widget.service.backend.base import BaseDirectory
from brayns_widget.service.backend.reader import CircuitReader
from brayns_widget.service.confined import confined
from brayns_widget.service.renderer.loaders.circuits import sonata
from brayns_widget.service.renderer.loaders.morphologies.neuron import LOADER as MORPHOLOGY_LOADER
from brayns_widget.service.rpc.running import RunningRequest
from tests.service.renderer.loaders.circuits.circuits import places, write_circuit, write_report, write_simulation


@pytest.fixture
def inside(tmp_path: Path) -> Path:
    folder = tmp_path / "inside"
    folder.mkdir()
    return folder


def external_link(group: Any, name: str, target: Path) -> None:
    group[name] = h5py.ExternalLink(str(target), "/values")


def relative_link(group: Any, name: str, target: Path) -> None:
    group[name] = h5py.ExternalLink(f"../{target.parent.name}/{target.name}", "/values")


def soft_link(group: Any, name: str, target: Path) -> None:
    group.file["elsewhere"] = h5py.ExternalLink(str(target), "/")
    group[name] = h5py.SoftLink("/elsewhere/values")


def external_storage(group: Any, name: str, target: Path) -> None:
    with h5py.File(target) as file:
        offset, shape, kind = file["values"].id.get_offset(), file["values"].shape, file["values"].dtype
    group.create_dataset(name, shape, kind, external=[(str(target), offset, shape[0] * kind.itemsize)])


def virtual(group: Any, name: str, target: Path) -> None:
    layout = h5py.VirtualLayout((3,), np.float64)
    layout[:] = h5py.VirtualSource(str(target), "values", (3,))
    group.create_virtual_dataset(name, layout)


WAYS = [external_link, relative_link, soft_link, external_storage, virtual]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("where", ["inside", "outside"])
def test_positions_in_another_file(inside: Path, way: Callable[..., None], where: str):
    target = inside.parent / where / "values.h5"
    target.parent.mkdir(exist_ok=True)
    with h5py.File(target, "w") as file:
        file["values"] = np.array([1.0, 2.0, 3.0])
    config = write_circuit(inside, places(3))
    with h5py.File(inside / "nodes.h5", "a") as file:
        del file["nodes/cells/0/x"]
        way(file["nodes/cells/0"], "x", target)
    settings = {"node_population": "cells", "node_percentage": 1.0}
    wanted = {"node_population_settings": [settings]}
    with confined(str(inside)):
        if where == "inside":
            (model,) = sonata.LOADER.read(str(config), wanted, RunningRequest())
            np.testing.assert_allclose(model.geometry.spheres[:, 0], [1, 2, 3])
        else:
            with pytest.raises(RequestError, match=r"values\.h5' is outside") as caught:
                sonata.LOADER.read(str(config), wanted, RunningRequest())
            assert caught.value.code == INVALID_PARAMS
    (model,) = sonata.LOADER.read(str(config), wanted, RunningRequest())
    np.testing.assert_allclose(model.geometry.spheres[:, 0], [1, 2, 3])  # of who is confined to nothing


def test_a_report_a_morphology_and_spikes_in_another_file(inside: Path, tmp_path: Path):
    config = write_circuit(inside, places(2))
    simulation = write_simulation(config, "compartment")
    write_report(tmp_path / "other.h5", [0, 1], [[0]] * 2, [[1.0] * 2] * 2)
    with h5py.File(inside / "recorded.h5", "w") as file:
        file["report/cells"] = h5py.ExternalLink("../other.h5", "/report/cells")
    with h5py.File(inside / "out.h5", "w") as file:
        file["spikes"] = h5py.ExternalLink("../other.h5", "/report")
    with h5py.File(inside / "cell.h5", "w") as file:
        file["points"] = h5py.ExternalLink("../other.h5", "/report/cells/data")
        file["structure"] = np.zeros((1, 3), np.int32)
    settings = {"node_population": "cells", "node_percentage": 1.0, "report_name": "recorded"}
    with confined(str(inside)):
        for kind in ("compartment", "spikes"):
            with pytest.raises(RequestError, match=r"other\.h5' is outside"):
                sonata.LOADER.read(
                    str(simulation), {"node_population_settings": [settings | {"report_type": kind}]}, RunningRequest()
                )
        with pytest.raises(RequestError, match=r"other\.h5' is outside"):
            MORPHOLOGY_LOADER.read(
                str(inside / "cell.h5"), {"load_soma": True, "load_dendrites": True}, RunningRequest()
            )


def test_a_soft_link_that_passes_an_external_one(inside: Path, tmp_path: Path):
    config = write_circuit(inside, places(2))
    (inside / "nodes.h5").rename(tmp_path / "other.h5")
    with h5py.File(inside / "nodes.h5", "w") as file:
        file["elsewhere"] = h5py.ExternalLink("../other.h5", "/")
        file["nodes/cells"] = h5py.SoftLink("/elsewhere/nodes/cells")
        file["spikes/cells"] = h5py.ExternalLink("../other.h5", "/nodes/cells")
        wanted = {"node_population_settings": [{"node_population": "cells", "node_percentage": 1.0}]}
    with confined(str(inside)):
        with pytest.raises(RequestError, match=r"other\.h5' is outside"):
            sonata.LOADER.read(str(config), wanted, RunningRequest())
        with h5py.File(inside / "nodes.h5") as file:
            for look in (lambda: hdf5.check(file["spikes"]["cells"]), lambda: hdf5.found(file, "nodes/cells")):
                with pytest.raises(RequestError, match=r"other\.h5' is outside"):
                    look()
    with pytest.raises(RequestError, match=r"other\.h5' is outside"):
        CircuitReader(BaseDirectory(inside)).fetch(
            "get-node-attributes", str(config), RunningRequest(), population="cells", ids=None, names=["x"]
        )


def test_files_by_a_pattern_are_not_read(tmp_path: Path):
    from h5py import h5d, h5p, h5s, h5t

    endless, blocks = ((3,), (h5s.UNLIMITED,)), h5s.create_simple((3,), (h5s.UNLIMITED,))
    blocks.select_hyperslab((0,), (h5s.UNLIMITED,), stride=(3,), block=(3,))
    sources = h5p.create(h5p.DATASET_CREATE)
    sources.set_virtual(blocks, b"values-%b.h5", b"values", h5s.create_simple((3,)))
    with h5py.File(tmp_path / "values.h5", "w") as file:
        h5d.create(file.id, b"x", h5t.NATIVE_DOUBLE, h5s.create_simple(*endless), sources)
        with pytest.raises(ValueError, match="by a pattern"):
            hdf5.check(file)


def test_the_backend_does_not_tell_of_what_is_outside(inside: Path, tmp_path: Path):
    config = write_circuit(inside, places(2))
    (inside / "nodes.h5").rename(tmp_path / "other.h5")
    with h5py.File(inside / "nodes.h5", "w") as file:
        file["nodes/cells"] = h5py.ExternalLink("../other.h5", "/nodes/cells")
    reader = CircuitReader(BaseDirectory(inside))
    with pytest.raises(RequestError, match=r"other\.h5' is outside"):
        reader.ask("populations", str(config), RunningRequest())
    with pytest.raises(RequestError, match=r"other\.h5' is outside"):
        reader.fetch("get-node-attributes", str(config), RunningRequest(), population="cells", ids=None, names=["x"])


def fills(group: Any) -> None:
    group.create_dataset("x", (1 << 40,), np.float64, fillvalue=1.0, chunks=(1 << 20,))


def chunk(group: Any) -> None:
    group.create_dataset("x", (3,), np.float64, maxshape=(None,), chunks=(1 << 28,), compression="gzip")


def text(group: Any) -> None:
    group.create_dataset("x", (3,), f"S{1 << 28}")


def without_sources(group: Any) -> None:
    group.create_virtual_dataset("x", h5py.VirtualLayout((1 << 40,), np.float64))


@pytest.mark.parametrize("way", [fills, chunk, text, without_sources])
def test_a_small_file_with_large_claims_is_refused(inside: Path, way: Callable[..., None]):
    config = write_circuit(inside, places(3))
    with h5py.File(inside / "nodes.h5", "a") as file:
        del file["nodes/cells/0/x"]
        way(file["nodes/cells/0"])
    assert (inside / "nodes.h5").stat().st_size < 100_000
    wanted = {"node_population_settings": [{"node_population": "cells", "node_percentage": 1.0}]}
    with pytest.raises(RequestError, match=r"nodes\.h5 cannot be read: /nodes/cells/0/x claims to have \d+ bytes, of"):
        sonata.LOADER.read(str(config), wanted, RunningRequest())


def test_values_that_are_packed_well_are_no_large_claims(tmp_path: Path):
    with h5py.File(tmp_path / "packed.h5", "w") as file:
        file.create_dataset("zeros", data=np.zeros(1 << 24), compression="gzip", compression_opts=9, shuffle=True)
        assert file["zeros"].nbytes > hdf5.LARGE
        assert not hdf5.check(file)


def test_groups_in_a_circle_are_refused(tmp_path: Path):
    with h5py.File(tmp_path / "circle.h5", "w") as file:
        group = file.create_group("group")
        group["again"] = group
        with pytest.raises(ValueError, match="too many groups"):
            hdf5.check(file)


def test_links_that_lead_nowhere_are_nobodys_problem(tmp_path: Path):
    with h5py.File(tmp_path / "links.h5", "w") as file:
        file["soft"], file["far"] = h5py.SoftLink("/nothing"), h5py.ExternalLink("no.h5", "/nothing")
        assert hdf5.check(file)
        assert hdf5.found(file, "soft/more") is None
