"""Synapses, partners and points with a fake cluster: which cells are meant, what is sent, what is told."""

from __future__ import annotations

from typing import Any

import h5py
import numpy as np
import pandas as pd
import pytest

from brayns_widget.controller import wires
from brayns_widget.controller.controller import Controller
from brayns_widget.controller.picked import Picked
from brayns_widget.protocol.errors import CircuitError, QueryError
from tests.controller.scenes import WAIT, load

JOINED = [(0, 1, 10.0), (0, 1, 11.0), (2, 1, 12.0), (1, 3, 13.0), (3, 3, 14.0)]
NAME = "joins"


@pytest.fixture
def controller(cluster):
    backend = cluster.backend
    backend.node_attributes = {
        "synapse_class": ["EXC", "INH", "INH", "EXC"],
        **{axis: [0.0, 1.0, 2.0, 3.0] for axis in "xyz"},
    }
    backend.edges = [{"name": NAME, "size": len(JOINED), "source": "cells", "target": "cells"}]
    backend.joined = JOINED
    with Controller(**cluster.options) as made:
        load(made)
        yield made


def edge_ids(controller: Controller, **ends: Any) -> list[int]:
    synapses = controller.synapses(**ends)
    frame = synapses.dataframe()
    assert synapses.count == len(synapses) == len(frame) == frame.attrs["count"]
    return frame.index.get_level_values("edge_id").tolist()


@pytest.mark.parametrize(
    ("source", "target", "expected"),
    [
        (None, None, [0, 1, 2, 3, 4]),
        (0, None, [0, 1]),
        (None, [3], [3, 4]),
        (np.array([False, False, True, False]), 1, [2]),
        ({"synapse_class": "INH"}, None, [2, 3]),
        ({"cells": {"synapse_class": "INH"}}, {"cells": None}, [2, 3]),
        ({"cells": "0-1"}, {"cells": [1]}, [0, 1]),
        ("Layer1", None, [3, 4]),
        (pd.MultiIndex.from_tuples([("cells", 2)]), None, [2]),
        (Picked(hit=True, population="cells", cell=3), None, [4]),
        ([1], [1], []),
    ],
)
def test_cells_are_named_in_many_forms(controller, source, target, expected):
    assert edge_ids(controller, source=source, target=target) == expected


def test_the_selection_and_a_model_are_cells_too(controller, cluster):
    controller.selection.set([2])
    assert edge_ids(controller, source=controller.selection) == [2]
    assert edge_ids(controller, target=controller.models[0], source=3) == [4]


@pytest.mark.parametrize(
    ("source", "kind", "told"),
    [
        (7, CircuitError, "has 4 cells"),
        ({"no_such": 1}, QueryError, "no_such"),
        ("no such set", QueryError, "no node set"),
        (Picked(hit=False), CircuitError, "no cell of a circuit"),
        (pd.MultiIndex.from_tuples([("others", 2)]), CircuitError, "no node population 'others'"),
        (1.5, ValueError, "1.5"),
    ],
)
def test_cells_that_are_not_there_are_refused(controller, source, kind, told):
    with pytest.raises(kind, match=told):
        controller.synapses(source=source)


def test_nothing_selected_is_not_all(controller):
    for ask in (lambda: controller.synapses(controller.selection), controller.partners):
        with pytest.raises(CircuitError, match="nothing is selected"):
            ask()


def test_values_that_no_cell_has_are_told(controller):
    assert controller.synapses(source={"synapse_class": "exc"}).count == 0
    assert "No cell has the synapse_class 'exc'" in controller.state.notice.text


def test_edge_populations_can_be_named(controller):
    assert controller.synapses(populations=[NAME]).populations == {NAME: 5}
    with pytest.raises(CircuitError, match="no edge population 'joined'"):
        controller.synapses(populations=["joined"])


def test_a_backend_without_edges_says_so_and_the_rest_works(controller, cluster):
    with Controller(**cluster.options) as other:
        cluster.backend.joined = []
        load(other)
        for ask in (other.synapses, lambda: other.partners(1)):
            with pytest.raises(CircuitError, match="no backend that can tell which edges") as caught:
                ask()
            assert "load_circuit(afferent=…" in caught.value.hint
        other.add_points(pd.DataFrame({"x": [1], "y": [2], "z": [3]}))
        assert [model.name for model in other.models] == ["cells", "points"]


def test_no_circuit_is_no_circuit(cluster):
    cluster.backend.joined = JOINED
    with Controller(**cluster.options) as made, pytest.raises(CircuitError, match="not clear of which circuit"):
        made.synapses()


# --- tables ---


def test_a_table_has_ends_directions_and_attributes(controller):
    frame = controller.synapses(target=1).dataframe(attributes=["afferent_center_x"])
    assert frame.columns.tolist() == ["@source_node", "@target_node", "direction", "afferent_center_x"]
    assert frame.index.names == ["population", "edge_id"]
    assert frame["@source_node"].tolist() == [0, 0, 2]
    assert frame["direction"].tolist() == ["afferent"] * 3
    assert frame["afferent_center_x"].tolist() == [10, 11, 12]
    with pytest.raises(QueryError, match="has no attribute 'afferent_centre_x'"):
        controller.synapses().dataframe(attributes=["afferent_centre_x"])


def test_a_limit_is_told(controller):
    frame = controller.synapses().dataframe(2)
    assert frame.index.get_level_values("edge_id").tolist() == [0, 2]
    assert frame.attrs["count"] == 5
    assert controller.state.notice.text == "2 of 5 synapses were read, at even steps."


def test_large_tables_come_in_pages(controller, cluster, monkeypatch):
    monkeypatch.setattr("brayns_widget.controller.edges.MAX_ANSWER", 2 * 8 * 3)
    frame = controller.synapses().dataframe(attributes=[])
    assert frame.index.get_level_values("edge_id").tolist() == [0, 1, 2, 3, 4]
    asked = [params for method, params in cluster.backend.requests if method == "sonata-get-edges"]
    assert [(params["first"], params["count"]) for params in asked] == [(0, 2), (2, 2), (4, 2)]


def test_synapses_add_up(controller):
    both = controller.synapses(target=1) + controller.synapses(source=1)
    assert both.count == 4
    assert both.dataframe()["direction"].tolist() == ["afferent"] * 3 + ["efferent"]
    assert repr(both) == "<Synapses: 4 of 'joins'>"


# --- models ---


def sent(cluster, method: str) -> list[Any]:
    (params,) = cluster.renderer.sent(method)
    return [shape["geometry"] for shape in params]


def test_spheres_are_where_synapses_are_in_colors_by_direction(controller, cluster):
    both = controller.synapses(target=1) + controller.synapses(source=1)
    model = both.show(radius=3)
    assert sent(cluster, "add-spheres") == [{"center": [x, x, x], "radius": 3} for x in (10, 11, 12, 13)]
    colors = cluster.renderer.sent("color-model")[-1]
    assert (colors["id"], colors["method"], set(colors["values"])) == (model.id, "primitive", {"0-2", "3"})
    (section,) = [one for one in controller.state.sections if one.model == model.id]
    assert (section.title, [entry.label for entry in section.entries]) == ("direction", ["afferent", "efferent"])
    assert (model.name, model.state.colored_by) == ("synapses", "direction")


def test_excitation_is_told_by_the_sending_cells(controller):
    model = controller.synapses().show(color_by="type")
    (section,) = [one for one in controller.state.sections if one.model == model.id]
    assert {entry.label: entry.color for entry in section.entries} == {"EXC": "#d55e00", "INH": "#56b4e9"}


def test_without_a_sign_the_type_is_refused_not_guessed(controller, cluster):
    del cluster.backend.node_attributes["synapse_class"]
    with pytest.raises(CircuitError, match="excitatory or inhibitory") as caught:
        controller.synapses().show(color_by="type")
    assert "by direction" in caught.value.hint
    assert len(controller.models) == 1


def test_cells_that_cannot_be_read_are_told_not_taken_for_cells_without_a_type(controller, cluster):
    cluster.backend.errors["sonata-get-node-attributes"] = (-32603, "the disk is gone")
    for form, color_by in (("spheres", "type"), ("lines", None)):
        with pytest.raises(CircuitError, match="the disk is gone"):
            controller.synapses().show(form, color_by=color_by)


def test_lines_join_the_somas_of_pairs(controller, cluster):
    model = controller.synapses().show("lines", color_by="afferent_center_x", radius=2)
    ends = [(one["p0"][0], one["p1"][0]) for one in sent(cluster, "add-capsules")]
    assert ends == [(0, 1), (1, 3), (2, 1)]
    assert [round(one["r1"] / one["r0"], 3) for one in sent(cluster, "add-capsules")] == [0.3] * 3
    (section,) = [one for one in controller.state.sections if one.model == model.id]
    assert section.range == (10.5, 13)  # of the mean of two
    assert controller.state.notice.text == "1 cells have synapses onto themselves, for which there is no line."


@pytest.mark.parametrize("form", ["spheres", "lines"])
def test_a_limit_of_what_is_shown_is_told(controller, cluster, form):
    controller.synapses(target=1).show(form, limit=1, color_by=None)
    assert len(sent(cluster, "add-spheres" if form == "spheres" else "add-capsules")) == 1
    assert "1 of " in controller.state.notice.text


def test_what_cannot_be_shown_is_refused(controller):
    with pytest.raises(CircuitError, match="no such synapses"):
        controller.synapses(1, 1).show()
    with pytest.raises(ValueError, match="at most 200000"):
        controller.synapses().show(limit=1_000_000)
    with pytest.raises(QueryError, match="no attribute 'nope'"):
        controller.synapses().show(color_by="nope")
    with pytest.raises(CircuitError, match="themselves only"):
        controller.synapses(3, 3).show("lines")


def test_what_was_shown_is_undone_and_comes_back_in_its_colors(controller):
    model = controller.synapses(target=1).show()
    legend = controller.legend
    assert controller.state.past.undo == "show synapses as spheres"
    controller.undo()
    assert [one.name for one in controller.models] == ["cells"]
    controller.redo()
    assert [one.name for one in controller.models] == ["cells", model.name]
    assert [section.entries for section in controller.legend.sections] == [one.entries for one in legend.sections]


@pytest.mark.parametrize(
    ("frame", "expected"),
    [
        ({"syn_type_id": [99, 100]}, ["INH", "EXC"]),
        ({"syn_weight": [0.5, -0.5]}, ["EXC", "INH"]),
        ({"syn_weight": [0.5, 0.7]}, [None, None]),
        ({}, [None, None]),
    ],
)
def test_edges_tell_excitation_where_cells_do_not(controller, cluster, frame, expected):
    import asyncio

    async def none(*_: Any) -> None:
        return None

    ends = {"@source_node": [0, 1], "@target_node": [1, 0]}
    found = asyncio.run(_classes(none, pd.DataFrame({**ends, **frame})))
    assert found.tolist() == expected


async def _classes(of_nodes: Any, frame: pd.DataFrame) -> Any:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(wires, "_of_nodes", of_nodes)
        part: Any = type("Part", (), {"source": "cells"})
        return await wires._classes(None, part, frame)  # type: ignore[arg-type]


# --- partners ---


def test_partners_are_counted_in_both_directions(controller):
    partners = controller.partners(1)
    assert partners.dataframe.reset_index().to_numpy().tolist() == [
        ["cells", 0, 2, 0],
        ["cells", 2, 1, 0],
        ["cells", 3, 0, 1],
    ]
    assert partners.dataframe.columns.tolist() == ["afferent", "efferent"]
    assert (len(partners), partners.synapses.count) == (3, 4)
    assert (dict(partners.cells), dict(partners.partners)) == ({"cells": "1"}, {"cells": "0,2-3"})
    assert "<table" in partners._repr_html_()


@pytest.mark.parametrize(("direction", "ids"), [("afferent", "0,2"), ("efferent", "3")])
def test_partners_of_one_direction(controller, direction, ids):
    partners = controller.partners(1, direction)
    assert partners.dataframe.columns.tolist() == [direction]
    assert dict(partners.partners) == {"cells": ids}


def test_one_walks_from_partner_to_partner(controller):
    controller.selection.set([0])
    controller.partners(direction="efferent").select()
    assert dict(controller.selection.value) == {"cells": "1"}
    controller.partners(direction="efferent").select()
    assert dict(controller.selection.value) == {"cells": "3"}
    controller.undo()
    assert dict(controller.selection.value) == {"cells": "1"}


def test_the_rest_fades(controller, cluster):
    controller.partners(1, "efferent").isolate()
    assert dict(controller.selection.value) == {"cells": "1,3"}
    values = cluster.renderer.sent("color-model")[-1]["values"]
    assert {key: 0 < color[3] < 0.5 for key, color in values.items()}.get("0,2") is True


def test_a_cell_without_partners_has_none(controller, cluster):
    cluster.backend.joined = [(0, 1, 1.0)]
    partners = controller.partners(3)
    assert (len(partners), dict(partners.partners)) == (0, {})


# --- points ---

TABLE = pd.DataFrame({"x": [1.0, 2.0, np.nan], "y": 0, "z": 5, "size": [1, 2, 3], "kind": ["a", "b", "a"]})


def test_rows_become_spheres(controller, cluster):
    model = controller.add_points(TABLE, radius="size", color_by="kind", name="mine")
    assert sent(cluster, "add-spheres") == [{"center": [1, 0, 5], "radius": 1}, {"center": [2, 0, 5], "radius": 2}]
    assert model.name == "mine"
    (section,) = [one for one in controller.state.sections if one.model == model.id]
    assert (section.title, [entry.label for entry in section.entries]) == ("kind", ["a", "b"])
    assert "1 rows are not shown" in controller.state.notice.text


def test_rows_are_colored_by_numbers_or_one_color(controller, cluster):
    controller.add_points(TABLE, color_by="size", colormap="magma", title="Size")
    assert controller.legend.sections[-1].title == "Size"
    assert controller.add_points(TABLE, color="red").color == "#ff0000"


@pytest.mark.parametrize(
    ("table", "options", "told"),
    [
        (TABLE.drop(columns="z"), {}, "no column 'z'"),
        (TABLE, {"color_by": "kin"}, "no column 'kin'"),
        (TABLE, {"color_by": [1, 2]}, "2 values for 3 rows"),
        (TABLE, {"radius": "kind"}, "'kind' of the table has no numbers"),
        (TABLE, {"radius": 0}, "greater than 0"),
        (TABLE.iloc[2:], {}, "no row with a place"),
        ([1, 2], {}, "not a DataFrame"),
        (TABLE, {"color_by": "kind", "palette": ["red"]}, "1 colors for 2 categories"),
    ],
)
def test_tables_that_are_no_points_are_refused(controller, table, options, told):
    with pytest.raises((ValueError, TypeError), match=told):
        controller.add_points(table, **options)
    assert len(controller.models) == 1


def test_too_many_points_are_refused_not_cut(controller, monkeypatch):
    monkeypatch.setattr("brayns_widget.controller.points.MOST_SHAPES", 1)
    with pytest.raises(ValueError, match="There are 2 points, and a model may have 1"):
        controller.add_points(TABLE)


def test_electrodes_of_hdf5_are_shown(controller, cluster, tmp_path):
    path = tmp_path / "probe.h5"
    with h5py.File(path, "w") as file:
        for number, layer in enumerate(("L4", "L5")):
            group = file.create_group(f"electrodes/e{number}")
            group["position"] = [0.0, 20.0 * number, 0.0]
            group["layer"] = layer
    model = controller.load_electrodes(path, color_by="layer")
    assert [one["center"] for one in sent(cluster, "add-spheres")] == [[0, 0, 0], [0, 20, 0]]
    assert (model.name, controller.legend.sections[-1].title) == ("probe", "layer")


@pytest.mark.parametrize("text", ["channel x_pos y_pos z_pos\n0 1 2 3\n", "x,y,z\n1,2,3\n", "x\ty\tz\n1\t2\t3\n"])
def test_electrodes_of_tables_are_shown(controller, cluster, tmp_path, text):
    path = tmp_path / "probe.csv"
    path.write_text(text)
    controller.load_electrodes(path)
    assert sent(cluster, "add-spheres") == [{"center": [1, 2, 3], "radius": 10}]


def test_files_without_electrodes_are_refused(controller, tmp_path):
    with pytest.raises(FileNotFoundError):
        controller.load_electrodes(tmp_path / "none.csv")
    (tmp_path / "other.csv").write_text("a,b\n1,2\n")
    with pytest.raises(ValueError, match="no column 'x'"):
        controller.load_electrodes(tmp_path / "other.csv")
    with h5py.File(tmp_path / "other.h5", "w") as file:
        file["data"] = [1]
    with pytest.raises(ValueError, match="no group 'electrodes'"):
        controller.load_electrodes(tmp_path / "other.h5")


# --- what a page asks ---


def test_a_page_counts_before_it_shows(controller):
    (found,) = controller.connections.count_synapses(target={"cells": "1"})
    assert (found.name, found.count) == (NAME, 3)
    assert "afferent_center_x" in found.attributes


def test_a_page_shows_synapses_by_one_call_that_can_be_undone(controller):
    model = controller.connections.show_synapses(target=1, form="lines", color_by=None, limit=1).result(WAIT)
    assert model.name == "connections"
    assert controller.state.past.undo == "show synapses as lines"
    assert "1 of " in controller.state.notice.text


def test_a_page_gets_partners_as_values_and_others_fade(controller):
    found = controller.connections.list_partners(1)
    assert (found.count, found.synapses) == (3, 4)
    assert [(one.population, one.cell, one.afferent, one.efferent) for one in found.partners] == [
        ("cells", 0, 2, 0),
        ("cells", 2, 1, 0),
        ("cells", 3, 0, 1),
    ]
    assert not controller.selection
    controller.connections.list_partners({"cells": [1]}, "efferent", isolate=True)
    assert controller.selection.value == {"cells": "1,3"}
    assert controller.state.past.undo == "isolate partners"
