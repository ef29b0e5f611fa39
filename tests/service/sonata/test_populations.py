"""Populations: who reads them, and that both readers read the same."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import h5py
import libsonata
import numpy as np
import pytest

from brayns_widget.protocol.errors import RequestError
from brayns_widget.service.sonata import table_edges
from brayns_widget.service.sonata.native import NativeEdges, NativePopulation
from brayns_widget.service.sonata.populations import open_edges, open_nodes
from brayns_widget.service.sonata.table import Table
from brayns_widget.service.sonata.table_edges import TableEdges
from tests.service.sonata.files import write_edges, write_nodes

CELLS: dict[str, Any] = {
    "x": [0.0, 1.0, 2.0],
    "y": np.array([3, 4, 5], np.float32),
    "level": np.array([1, 2, 255], np.uint8),
    "mtype": ["a", "é", ""],
}


def nodes(path: Path, types: Path | None = None, name: str = "cells") -> Any:
    return open_nodes(str(path), str(types or ""), name)


def test_what_libsonata_reads_is_read_with_it(tmp_path: Path):
    found = nodes(write_nodes(tmp_path / "n.h5", {"0": CELLS}))
    assert isinstance(found, NativePopulation)
    assert (found.name, found.size, found.unreadable, found.notices) == ("cells", 3, {}, [])


def check_alike(ours: Any, theirs: Any, ids: list[int]) -> None:
    assert (ours.name, ours.size) == (theirs.name, theirs.size)
    assert ours.attribute_names == theirs.attribute_names
    assert ours.dynamics_names == theirs.dynamics_names
    for chosen in (None, np.array(ids), np.empty(0, np.int64)):
        for read in ("attribute", "dynamics"):
            for name in ours.dynamics_names if read == "dynamics" else ours.attribute_names:
                mine, other = getattr(ours, read)(name, chosen), getattr(theirs, read)(name, chosen)
                np.testing.assert_array_equal(mine, other)
                assert mine.dtype == other.dtype
    for name in ours.attribute_names:
        mine, other = ours.library(name), theirs.library(name)
        assert (mine is None) == (other is None)
        if mine is not None:
            assert mine[0] == other[0]
            np.testing.assert_array_equal(mine[1](np.array(ids)), other[1](np.array(ids)))


NUMBERS = {kind: np.array([0, 1, 100], kind) for kind in ("i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f4", "f8")}
EXTREMES = {
    "least": np.array([-1, 2**62, -(2**63)]),
    "largest": np.array([0, 1, 2**64 - 1], np.uint64),
    "odd": np.array([np.nan, np.inf, -np.inf]),
}


def test_both_readers_read_the_same(tmp_path: Path):
    path = write_nodes(tmp_path / "n.h5", {"0": CELLS | NUMBERS | EXTREMES})
    with h5py.File(path, "a") as file:
        group = file["nodes/cells/0"]
        for name, kind in (("layer", np.uint32), ("region", np.uint8)):
            group[name] = np.array([1, 0, 1], kind)
            group[f"@library/{name}"] = np.array(["L1", "L2"], dtype=h5py.string_dtype())
        group.create_dataset("ascii", data=["a", "b", "c"], dtype=h5py.string_dtype("ascii"))
        group.create_dataset("chunked", data=np.arange(3), chunks=(2,), shuffle=True, fletcher32=True)
        group["dynamics_params/holding"] = np.array([0.5, 1.5, 2.5], np.float32)
        group["dynamics_params/model"] = np.array(["a", "b", "c"], dtype=h5py.string_dtype())
    found = nodes(path)
    assert isinstance(found, NativePopulation)
    check_alike(Table(path, "node", "cells", None), found, [2, 0])


@pytest.mark.parametrize("at_once", [3, 100])
def test_both_readers_read_the_same_edges(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at_once: int):
    monkeypatch.setattr(table_edges, "_CHUNK", at_once)
    path = write_edges(
        tmp_path / "e.h5", [0, 1, 0, 2], [1, 1, 0, 2], {"delay": [0.0, 1.0, 2.0, 3.0], "sort": [1, 2, 3, 4]}
    )
    libsonata.EdgePopulation.write_indices(str(path), "joins", 3, 3)
    ours, theirs = TableEdges(path, "joins", None), open_edges(str(path), "", "joins")
    assert isinstance(theirs, NativeEdges)
    check_alike_edges(ours, theirs, [[0], [1, 2], [2, 0], []], [3, 1])


def check_alike_edges(ours: Any, theirs: Any, cells: list[list[int]], ids: list[int]) -> None:
    assert (ours.source, ours.target) == (theirs.source, theirs.target)
    for some in cells:
        chosen = np.array(some, np.int64)
        np.testing.assert_array_equal(ours.afferent(chosen), np.sort(theirs.afferent(chosen)))
        np.testing.assert_array_equal(ours.efferent(chosen), np.sort(theirs.efferent(chosen)))
    for ends in ("source_nodes", "target_nodes"):
        np.testing.assert_array_equal(getattr(ours, ends)(np.array(ids)), getattr(theirs, ends)(np.array(ids)))
    check_alike(ours, theirs, ids)


@pytest.mark.data
@pytest.mark.parametrize("circuit", ["N_10__top_nodes_dim6", "nbS1-O1-E2Sst-maxNsyn-HEX0-L5"])
def test_both_readers_read_the_same_of_real_circuits(data_dir: Path, circuit: str):
    for path in sorted((data_dir / "tiny_circuits" / circuit).glob("*/*.h5")):
        with h5py.File(path) as file:
            found = [(kind, name) for kind in ("nodes", "edges") if kind in file for name in file[kind]]
        for kind, name in found:
            if kind == "nodes":
                check_alike(Table(path, "node", name, None), nodes(path, name=name), [1, 0])
                continue
            ours, theirs = TableEdges(path, name, None), open_edges(str(path), "", name)
            assert isinstance(theirs, NativeEdges)
            check_alike_edges(ours, theirs, [[0, 1]], [3, 1])


# --- what libsonata refuses ---


@pytest.mark.parametrize(
    ("attribute", "values"),
    [
        ("mtype", np.array([b"a", b"\xc3\xa9", b""])),
        ("level", np.array([1, 2, 255], ">i4")),
        ("y", np.array([3, 4, 5], ">f8")),
        ("y", np.array([3, 4, 5], np.float16)),
    ],
)
def test_types_of_numbers_and_texts_that_libsonata_refuses(tmp_path: Path, attribute: str, values: Any):
    found = nodes(write_nodes(tmp_path / "n.h5", {"0": CELLS | {attribute: values}}))
    assert isinstance(found, Table)
    for name, expected in CELLS.items():
        read = found.attribute(name)
        assert read.tolist() == np.asarray(expected).tolist()
        assert read.dtype.byteorder != ">"
    assert found.attribute(attribute, np.array([2])).tolist() == np.asarray(CELLS[attribute])[[2]].tolist()


def test_booleans_are_0_and_1(tmp_path: Path):
    found = nodes(write_nodes(tmp_path / "n.h5", {"0": CELLS | {"flag": np.array([True, False, True])}}))
    assert found.attribute("flag").tolist() == [1, 0, 1]


def test_enumerations_of_hdf5_are_numbers(tmp_path: Path):
    path = write_nodes(tmp_path / "n.h5", {"0": CELLS})
    with h5py.File(path, "a") as file:
        kind = h5py.enum_dtype({"A": 0, "B": 5}, "u1")
        file["nodes/cells/0"].create_dataset("phase", data=np.array([5, 0, 5]), dtype=kind)
    assert nodes(path).attribute("phase").tolist() == [5, 0, 5]


@pytest.mark.parametrize("name", ["@library", "dynamics_params"])
def test_what_should_be_a_group_harms_no_attribute(tmp_path: Path, name: str):
    found = nodes(write_nodes(tmp_path / "n.h5", {"0": {**CELLS, name: [1, 2, 3]}}))
    assert found.attribute_names == CELLS.keys()
    assert found.attribute("x").tolist() == CELLS["x"]


@pytest.mark.parametrize("packed", ["gzip", "lzf"])
def test_packed_files(tmp_path: Path, packed: str):
    found = nodes(write_nodes(tmp_path / "n.h5", {"0": CELLS}, packed=packed))
    assert isinstance(found, Table)
    assert {name: found.attribute(name).tolist() for name in CELLS} == {
        name: np.asarray(values).tolist() for name, values in CELLS.items()
    }


@pytest.mark.parametrize(
    ("values", "why"),
    [
        ([1.0], "it has 1 values, but 3 are needed"),
        (np.ones((3, 2)), r"its shape is (3, 2)"),
        (np.zeros(3, [("a", "f4"), ("b", "i4")]), "its type is"),
    ],
)
def test_an_attribute_that_cannot_be_read_harms_no_other(tmp_path: Path, values: Any, why: str):
    found = nodes(write_nodes(tmp_path / "n.h5", {"0": {**CELLS, "odd": values}}))
    assert found.attribute("x").tolist() == CELLS["x"]
    assert "odd" not in found.attribute_names
    assert found.unreadable["odd"].startswith(why)
    with pytest.raises(RequestError) as caught:
        found.attribute("odd")
    assert all(part in caught.value.message for part in ("'odd'", "cells", str(tmp_path / "n.h5"), why))


def test_several_groups(tmp_path: Path):
    groups = {"0": {"x": [0.0, 2.0], "angle": [0.5, 1.5], "kind": ["a", "b"]}, "3": {"x": [1.0, 3.0], "age": [7, 8]}}
    index: dict[str, Any] = {"node_group_id": [0, 3, 0, 3], "node_group_index": [0, 0, 1, 1]}
    found = nodes(write_nodes(tmp_path / "n.h5", groups, **index))
    assert found.attribute("x").tolist() == [0, 1, 2, 3]
    assert found.attribute("x", np.array([3, 0])).tolist() == [3, 0]
    assert found.attribute("kind").tolist() == ["a", "", "b", ""]
    assert found.attribute("angle", missing=0.0).tolist() == [0.5, 0, 1.5, 0]
    np.testing.assert_array_equal(found.attribute("age"), [np.nan, 7, np.nan, 8])
    for ids in ([], [1], [0]):
        assert found.attribute("age", np.array(ids, np.int64)).dtype.kind == "f"


def test_positions_are_x_y_and_z(tmp_path: Path):
    groups: dict[str, dict[str, Any]] = {
        "0": {"positions": [[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]]},
        "1": {"x": [6.0], "y": [7.0], "z": [8.0]},
    }
    index: dict[str, Any] = {"node_group_id": [0, 1, 0], "node_group_index": [0, 0, 1]}
    found = nodes(write_nodes(tmp_path / "n.h5", groups, **index))
    assert found.attribute_names == {"x", "y", "z"}
    assert [found.attribute(axis).tolist() for axis in "xyz"] == [[0, 6, 3], [1, 7, 4], [2, 8, 5]]
    flat = nodes(write_nodes(tmp_path / "flat.h5", {"0": {"positions": [[0.0, 1.0]], "age": [1]}}))
    assert (flat.attribute_names, flat.unreadable) == ({"age"}, {"positions": "its shape is (1, 2)"})


def test_ids_order_the_nodes(tmp_path: Path):
    found = nodes(write_nodes(tmp_path / "n.h5", {"0": {"x": [5.0, 6.0, 7.0]}}, node_id=[2, 0, 1]))
    assert found.attribute("x").tolist() == [6, 7, 5]
    odd = nodes(write_nodes(tmp_path / "odd.h5", {"0": {"x": [5.0, 6.0]}}, node_id=[100, 101]))
    assert odd.attribute("x").tolist() == [5, 6]
    assert odd.notices == ["the ids of its nodes are not 0 to 1: they are counted instead"]


def test_rows_that_do_not_exist(tmp_path: Path):
    index: dict[str, Any] = {"node_group_id": [0, 1], "node_group_index": [0, -1]}
    with pytest.raises(RequestError, match="node_group_index has -1"):
        nodes(write_nodes(tmp_path / "n.h5", {"0": {"x": [1.0]}, "1": {"x": [2.0]}}, **index))
    index["node_group_index"] = [0, 5]
    found = nodes(write_nodes(tmp_path / "m.h5", {"0": {"x": [1.0]}, "1": {"x": [2.0]}}, **index))
    assert found.unreadable == {"x": "it has 1 values, but 6 are needed"}


def test_without_types(tmp_path: Path):
    found = nodes(write_nodes(tmp_path / "n.h5", {"0": CELLS}, node_type_id=None))
    assert found.size == 3
    assert found.attribute("x").tolist() == CELLS["x"]


def test_own_attributes_go_before_those_of_types(tmp_path: Path):
    types = tmp_path / "types.csv"
    types.write_text(
        'node_type_id population mtype x age "long name"\n'
        '7 cells "two  words" 9.5 NULL a\n8 cells NULL 8.5 2 "b ""c"""\n'
        "7 others wrong 1 1 1\n"
    )
    groups = {"0": {"x": [1.0, 2.0]}, "1": {"y": [3.0]}}
    index: dict[str, Any] = {"node_type_id": [7, 8, 7], "node_group_id": [0, 0, 1], "node_group_index": [0, 1, 0]}
    found = nodes(write_nodes(tmp_path / "n.h5", groups, **index), types)
    assert found.attribute_names == {"x", "y", "mtype", "age", "long name"}
    assert found.attribute("x").tolist() == [1, 2, 9.5]
    assert found.attribute("mtype").tolist() == ["two  words", "", "two  words"]
    assert found.attribute("long name", np.array([1])).tolist() == ['b "c"']
    np.testing.assert_array_equal(found.attribute("age"), [np.nan, 2, np.nan])
    assert found.attribute("age", missing=0.0).tolist() == [0, 2, 0]


def test_a_column_without_values_is_no_attribute(tmp_path: Path):
    """As BMTK writes it where another population of the network has the attribute."""
    types = tmp_path / "types.csv"
    types.write_text("node_type_id population angle mtype\n0 cells NULL a\n0 others 2.5 b\n")
    found = nodes(write_nodes(tmp_path / "n.h5", {"0": {"x": [1.0]}}), types)
    assert found.attribute_names == {"x", "mtype"}
    groups = {"0": {"angle": [0.5]}, "1": {"x": [3.0]}}
    index: dict[str, Any] = {"node_group_id": [0, 1], "node_group_index": [0, 0]}
    found = nodes(write_nodes(tmp_path / "m.h5", groups, **index), types)
    assert found.attribute("angle", missing=0.0).tolist() == [0.5, 0]


@pytest.mark.parametrize(
    ("header", "row"),
    [
        ("node_type_id mtype note", '0 "a b" ""'),
        ("node_type_id  mtype\tnote", '0\t"a b" NULL'),
        ("node_type_id\tmtype\tnote", "0\ta b\t"),
        ("node_type_id,mtype,note", "0,a b,"),
        ("node_type_id, mtype, note", "0, a b, NULL"),
    ],
)
def test_how_fields_are_separated(tmp_path: Path, header: str, row: str):
    (tmp_path / "types.csv").write_text(f"{header}\n{row}\n")
    found = nodes(write_nodes(tmp_path / "n.h5", {"0": {"x": [1.0]}}), tmp_path / "types.csv")
    assert found.attribute("mtype").tolist() == ["a b"]
    assert found.attribute_names == {"x", "mtype"}


def test_types_that_the_table_lacks_are_told(tmp_path: Path):
    (tmp_path / "types.csv").write_text("node_type_id,mtype,age\n1,a,5\n")
    found = nodes(write_nodes(tmp_path / "n.h5", {"0": {"x": [1.0, 2.0]}}, node_type_id=[1, 2]), tmp_path / "types.csv")
    assert found.attribute("mtype").tolist() == ["a", ""]
    np.testing.assert_array_equal(found.attribute("age"), [5, np.nan])
    assert found.notices == ["node types 2 are not in the table of types"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is empty"),
        ("mtype\na\n", "no column node_type_id"),
        ("node_type_id mtype\n1\n", "line 2: 1 fields, but the table has 2 columns"),
        ("node_type_id mtype\n1 a\n\nx b\n", "line 4: node_type_id is no whole number: 'x'"),
    ],
)
def test_tables_of_types_that_make_no_sense(tmp_path: Path, text: str, message: str):
    (tmp_path / "types.csv").write_text(text)
    with pytest.raises(RequestError) as caught:
        nodes(write_nodes(tmp_path / "n.h5", {"0": CELLS}), tmp_path / "types.csv")
    assert str(tmp_path / "types.csv") in caught.value.message
    assert message in caught.value.message


@pytest.mark.parametrize("newline", ["\r", "\r\n"])
def test_tables_from_other_systems(tmp_path: Path, newline: str):
    (tmp_path / "types.csv").write_bytes(f"\ufeffnode_type_id mtype {newline}0 a {newline}".encode())
    found = nodes(write_nodes(tmp_path / "n.h5", {"0": {"x": [1.0]}}), tmp_path / "types.csv")
    assert found.attribute("mtype").tolist() == ["a"]


@pytest.mark.parametrize("encoding", ["utf-16", "latin-1"])
def test_tables_in_other_encodings(tmp_path: Path, encoding: str):
    (tmp_path / "types.csv").write_bytes("node_type_id\tmtype\n0\té\n".encode(encoding))
    found = nodes(write_nodes(tmp_path / "n.h5", {"0": {"x": [1.0]}}), tmp_path / "types.csv")
    assert found.attribute("mtype").tolist() == ["é"]


def test_positions_have_three_numbers_for_each_node(tmp_path: Path):
    flat = nodes(write_nodes(tmp_path / "n.h5", {"0": {"age": [1, 2], "positions": np.arange(6.0)}}))
    assert flat.unreadable == {"positions": "its shape is (6,)"}


def test_a_population_that_the_file_lacks(tmp_path: Path):
    path = write_nodes(tmp_path / "n.h5", {"0": CELLS})
    with pytest.raises(RequestError, match="no node population 'others'; it has cells"):
        nodes(path, name="others")
    with pytest.raises(RequestError, match="no edge population 'joins'; it has none"):
        open_edges(str(path), "", "joins")


# --- edges ---


def test_edges_without_indices(tmp_path: Path):
    path = write_edges(tmp_path / "e.h5", [0, 1, 0, 2], [1, 1, 0, 2], {"delay": [0.0, 1.0, 2.0, 3.0]})
    found = open_edges(str(path), "", "joins")
    assert isinstance(found, TableEdges)
    assert (found.source, found.target, found.size) == ("axons", "cells", 4)
    assert found.afferent(np.array([1, 2])).tolist() == [0, 1, 3]
    assert found.efferent(np.array([0])).tolist() == [0, 2]
    assert found.source_nodes(np.array([3, 1])).tolist() == [2, 1]
    assert found.target_nodes(np.array([3, 2])).tolist() == [2, 0]
    assert found.attribute("delay", np.array([2])).tolist() == [2]


def test_edges_whose_rows_stand_elsewhere_are_not_read_with_libsonata(tmp_path: Path):
    path = write_edges(tmp_path / "e.h5", [0, 1], [1, 0], {"delay": [5.0, 6.0]}, edge_group_index=[1, 0])
    libsonata.EdgePopulation.write_indices(str(path), "joins", 2, 2)
    found = open_edges(str(path), "", "joins")
    assert found.attribute("delay").tolist() == [6, 5]


def test_edges_with_indices_are_read_with_libsonata(tmp_path: Path):
    path = write_edges(tmp_path / "e.h5", [0, 1, 0], [1, 1, 0])
    libsonata.EdgePopulation.write_indices(str(path), "joins", 2, 2)
    found = open_edges(str(path), "", "joins")
    assert isinstance(found, NativeEdges)
    assert found.afferent(np.array([1])).tolist() == [0, 1]


def test_types_of_edges_that_cannot_be_read_are_left_out(tmp_path: Path):
    path = write_edges(tmp_path / "e.h5", [0], [1], edge_group_id=[0], edge_group_index=[0])
    found = open_edges(str(path), str(tmp_path / "none.csv"), "joins")
    assert found.afferent(np.array([1])).tolist() == [0]
    assert "none.csv" in found.notices[0]


def test_edges_that_do_not_tell_whose_nodes_they_join(tmp_path: Path):
    path = write_edges(tmp_path / "e.h5", [0, 1, 0], [1, 1, 0])
    libsonata.EdgePopulation.write_indices(str(path), "joins", 2, 2)
    with h5py.File(path, "a") as file:
        del file["edges/joins/target_node_id"].attrs["node_population"]
    found = open_edges(str(path), "", "joins")
    assert (found.source, found.target) == ("axons", "")
    assert found.afferent(np.array([1])).tolist() == [0, 1]
