"""The demo circuit as other people's libraries read it."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import h5py
import libsonata
import morphio
import numpy as np
import pytest

from brayns_widget.demo import MAX_CELLS, write_circuit
from brayns_widget.demo import circuit as module
from brayns_widget.demo.sonata import EDGE_POPULATION, POPULATION, edge_index
from brayns_widget.protocol.errors import BraynsWidgetError


@pytest.fixture(scope="module")
def config(circuit: Path):
    return libsonata.CircuitConfig.from_file(circuit / "circuit_config.json")


@pytest.fixture(scope="module")
def nodes(config):
    return config.node_population(POPULATION)


def everybody(nodes):
    return libsonata.Selection([(0, nodes.size)])


def labels(nodes, name):
    return np.array(nodes.enumeration_values(name))[nodes.get_enumeration(name, everybody(nodes))]


def test_libsonata_opens_it_without_a_word(circuit, config, capfd):
    config = libsonata.CircuitConfig.from_file(circuit / "circuit_config.json")
    config.node_population(POPULATION)
    config.edge_population(EDGE_POPULATION)
    libsonata.NodeSets.from_file(config.node_sets_path)
    simulation = libsonata.SimulationConfig.from_file(circuit / "simulation_config.json")
    assert config.config_status == libsonata.CircuitConfigStatus.complete
    assert Path(simulation.network) == circuit / "circuit_config.json"
    assert capfd.readouterr() == ("", "")


def test_nodes_have_their_attributes(nodes, config):
    assert nodes.size == 60
    assert {"mtype", "etype", "layer", "region", "synapse_class", "morph_class", "model_type", "model_template"} <= set(
        nodes.enumeration_names
    )
    assert set(labels(nodes, "layer")) == set("123456")
    assert set(labels(nodes, "synapse_class")) == {"EXC", "INH"}
    assert set(labels(nodes, "model_type")) == {"biophysical"}
    assert config.node_population_properties(POPULATION).type == "biophysical"
    layers, mtypes = labels(nodes, "layer"), labels(nodes, "mtype")
    assert all(layer in mtype.split("_")[0] for layer, mtype in zip(layers, mtypes, strict=True))


def test_every_cell_has_its_morphology(nodes, config, capfd):
    folder = Path(config.node_population_properties(POPULATION).alternate_morphology_formats["h5v1"])
    names = nodes.get_attribute("morphology", everybody(nodes))
    used = set(names.tolist())
    assert {path.stem for path in folder.iterdir()} == used
    for name in used:
        assert morphio.Morphology(folder / f"{name}.h5").root_sections
    assert capfd.readouterr() == ("", "")


def test_the_tufts_of_layer_5_reach_layer_1_and_stay_below_the_pia(circuit, nodes):
    heights = nodes.get_attribute("y", everybody(nodes))
    names = nodes.get_attribute("morphology", everybody(nodes))
    thick = np.flatnonzero(labels(nodes, "mtype") == "L5_TPC:A")
    assert len(thick)
    for cell in range(nodes.size):
        tree = morphio.Morphology(circuit / "morphologies" / f"{names[cell]}.h5")
        top = heights[cell] + tree.points[:, 1].max()
        assert top <= 2082
        if cell in thick:
            assert top > 2082 - 165


def test_node_sets(circuit, config, nodes):
    sets = libsonata.NodeSets.from_file(config.node_sets_path)
    count = {name: sets.materialize(name, nodes).flat_size for name in sets.names}
    assert count["All"] == count["Reported"] == nodes.size
    assert count["Excitatory"] + count["Inhibitory"] == nodes.size
    assert sum(count[f"Layer{layer}"] for layer in range(1, 7)) == nodes.size
    mtypes = labels(nodes, "mtype")
    assert all(count[mtype] == (mtypes == mtype).sum() for mtype in np.unique(mtypes))


def test_edges_can_be_queried_both_ways(config, nodes):
    edges = config.edge_population(EDGE_POPULATION)
    assert (edges.source, edges.target) == (POPULATION, POPULATION)
    everything = libsonata.Selection([(0, edges.size)])
    sources, targets = edges.source_nodes(everything), edges.target_nodes(everything)
    for node in range(nodes.size):
        np.testing.assert_array_equal(edges.afferent_edges([node]).flatten(), np.flatnonzero(targets == node))
        np.testing.assert_array_equal(edges.efferent_edges([node]).flatten(), np.flatnonzero(sources == node))
    assert {"afferent_section_id", "afferent_section_pos", "syn_weight", "delay"} <= set(edges.attribute_names)


def test_edge_index_of_nodes_without_edges():
    nodes, runs = edge_index(np.array([2, 2, 0, 2], np.uint64), 4)
    assert runs.tolist() == [[2, 3], [0, 2], [3, 4]]
    assert nodes.tolist() == [[0, 1], [1, 1], [1, 3], [3, 3]]
    nodes, runs = edge_index(np.zeros(0, np.uint64), 2)
    assert (nodes.tolist(), runs.tolist()) == ([[0, 0], [0, 0]], [])


def test_the_compartment_report_follows_the_morphologies(circuit, nodes):
    report = libsonata.ElementReportReader(circuit / "output" / "compartment_voltage.h5")[POPULATION]
    assert (report.times, report.time_units, report.data_units, report.sorted) == ((0.0, 50.0, 0.5), "ms", "mV", True)
    frames = report.get()
    ids = np.array(frames.ids)
    names = nodes.get_attribute("morphology", everybody(nodes))
    for node in range(nodes.size):
        tree = morphio.Morphology(circuit / "morphologies" / f"{names[node]}.h5")
        assert set(ids[ids[:, 0] == node, 1].tolist()) == set(range(len(tree.sections) + 1))
    assert frames.data.shape[0] == 100
    assert -95 < frames.data.min() < -75
    assert 0 < frames.data.max() < 50
    assert len(np.unique(ids, axis=0)) < 0.8 * len(ids), "sections have several compartments"


def test_soma_and_compartment_reports_agree(circuit):
    somata = libsonata.SomaReportReader(circuit / "output" / "soma_voltage.h5")[POPULATION].get()
    full = libsonata.ElementReportReader(circuit / "output" / "compartment_voltage.h5")[POPULATION].get()
    mine = np.array(full.ids)[:, 1] == 0
    common, first, second = np.intersect1d(np.round(somata.times, 6), np.round(full.times, 6), return_indices=True)
    assert len(common) == 50
    np.testing.assert_allclose(somata.data[first], full.data[second][:, mine], atol=1e-4)


def test_spikes_are_where_the_soma_voltage_jumps(circuit, nodes):
    spikes = libsonata.SpikeReader(circuit / "output" / "spikes.h5")[POPULATION]
    assert str(spikes.sorting) == "by_time"
    somata = libsonata.SomaReportReader(circuit / "output" / "soma_voltage.h5")[POPULATION].get()
    times = np.array(somata.times)
    above = somata.data > -20
    for node in range(nodes.size):
        fired = np.array([time for which, time in spikes.get() if which == node])
        crossings = times[1:][above[1:, node] & ~above[:-1, node]]
        late = fired > times[-1] - 0.6  # its peak may lie behind the report's end
        assert abs(len(crossings) - len(fired)) <= late.sum()
        np.testing.assert_allclose(crossings, fired[: len(crossings)], atol=0.6)


def test_the_same_seed_gives_the_same_bytes(circuit, tmp_path):
    again = write_circuit(tmp_path / "again", cells=60, seed=3).parent
    other = write_circuit(tmp_path / "other", cells=60, seed=4).parent

    def digests(folder: Path) -> dict[str, str]:
        found: dict[str, str] = {}

        def add(name: str, item: h5py.Dataset | h5py.Group) -> None:
            if isinstance(item, h5py.Dataset):
                values = item[()]
                data = repr(values.tolist()).encode() if values.dtype == object else values.tobytes()
                found[f"{path.relative_to(folder)}:{name}"] = hashlib.sha256(data).hexdigest()

        for path in sorted(folder.rglob("*.h5")):
            with h5py.File(path) as file:
                file.visititems(add)
        return found

    assert digests(again) == digests(circuit)
    assert digests(other) != digests(circuit)


@pytest.mark.parametrize("cells", [1, 2, 17])
def test_few_cells(cells, tmp_path, capfd):
    folder = write_circuit(tmp_path / "few", cells=cells, seed=0).parent
    config = libsonata.CircuitConfig.from_file(folder / "circuit_config.json")
    assert config.node_population(POPULATION).size == cells
    edges = config.edge_population(EDGE_POPULATION)
    assert edges.efferent_edges(list(range(cells))).flat_size == edges.size
    assert libsonata.ElementReportReader(folder / "output" / "compartment_voltage.h5")[POPULATION].get().data.shape[0]
    assert capfd.readouterr() == ("", "")


def test_the_compartment_report_is_bounded(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "REPORTED_CELLS", 5)
    folder = write_circuit(tmp_path / "many", cells=20, seed=0).parent
    report = libsonata.ElementReportReader(folder / "output" / "compartment_voltage.h5")[POPULATION]
    reported = json.loads((folder / "node_sets.json").read_text())["Reported"]["node_id"]
    assert report.get_node_ids() == reported
    assert len(reported) == 5


# --- the directory ---


def stamps(folder: Path) -> dict[str, int]:
    return {str(path): path.stat().st_mtime_ns for path in folder.rglob("*")}


def test_an_existing_demo_is_reused(tmp_path):
    first = write_circuit(tmp_path / "demo", cells=3, seed=0)
    before = stamps(tmp_path)
    assert write_circuit(tmp_path / "demo", cells=3, seed=0) == first
    assert stamps(tmp_path) == before


def test_an_empty_directory_is_filled_and_nothing_else_is_left(tmp_path):
    target = tmp_path / "a" / "demo"
    target.mkdir(parents=True)
    assert write_circuit(target, cells=2) == target / "circuit_config.json"
    assert [path.name for path in target.parent.iterdir()] == ["demo"]


@pytest.mark.parametrize("other", [{"cells": 4}, {"seed": 1}])
def test_another_demo_is_refused(tmp_path, other):
    write_circuit(tmp_path / "demo", cells=3, seed=0)
    before = stamps(tmp_path)
    with pytest.raises(BraynsWidgetError, match="another demo circuit"):
        write_circuit(tmp_path / "demo", **{"cells": 3, "seed": 0, **other})
    assert stamps(tmp_path) == before


@pytest.mark.parametrize("name", ["thesis.tex", "demo.json"])
def test_a_foreign_directory_is_refused(tmp_path, name):
    (tmp_path / name).write_text("years of work")
    with pytest.raises(BraynsWidgetError, match="not empty"):
        write_circuit(tmp_path, cells=3)
    assert (tmp_path / name).read_text() == "years of work"
    assert len(list(tmp_path.iterdir())) == 1


def test_a_file_is_refused(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(BraynsWidgetError, match="is a file"):
        write_circuit(tmp_path / "file", cells=3)
    with pytest.raises(BraynsWidgetError, match="cannot be written"):
        write_circuit(tmp_path / "file" / "below", cells=3)


@pytest.mark.parametrize(("cells", "seed"), [(0, 0), (-1, 0), (MAX_CELLS + 1, 0), (5, -1)])
def test_parameters_out_of_range_are_refused(tmp_path, cells, seed):
    with pytest.raises(BraynsWidgetError, match=str(cells if seed == 0 else seed)):
        write_circuit(tmp_path / "demo", cells=cells, seed=seed)
    assert not list(tmp_path.iterdir())


def test_a_failure_leaves_nothing_behind(tmp_path, monkeypatch):
    def fail(*_):
        raise OSError("disk full")

    monkeypatch.setattr("brayns_widget.demo.sonata.write_spikes", fail)
    with pytest.raises(BraynsWidgetError, match="disk full"):
        write_circuit(tmp_path / "demo", cells=3)
    assert not list(tmp_path.iterdir())


def test_losing_a_race_reuses_the_winner(tmp_path, monkeypatch):
    real = module._write
    started = []

    def slow(directory, cells, seed):
        started.append(directory)
        if len(started) == 1:  # somebody else writes the same circuit meanwhile
            write_circuit(tmp_path / "demo", cells=cells, seed=seed)
        real(directory, cells, seed)

    monkeypatch.setattr(module, "_write", slow)
    assert write_circuit(tmp_path / "demo", cells=2).is_file()
    assert len(started) == 2
    assert [path.name for path in tmp_path.iterdir()] == ["demo"]
