"""Configurations, as they stand in the files of several laboratories."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import libsonata
import pytest

from brayns_widget.protocol.errors import RequestError
from brayns_widget.service.sonata.config import read_configuration, read_node_sets
from brayns_widget.service.sonata.listing import Circuit
from tests.service.sonata.files import write_edges, write_nodes

NODES = [{"nodes_file": "n.h5", "populations": {"cells": {"type": "biophysical"}}}]


def write(path: Path, content: Any) -> Path:
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(content))
    return path


def circuit(folder: Path, **more: Any) -> Path:
    return write(folder / "circuit_config.json", {"networks": {"nodes": NODES}, **more})


def refusal(path: Path) -> str:
    with pytest.raises(RequestError) as caught:
        read_configuration(path)
    return caught.value.message


@pytest.mark.data
@pytest.mark.parametrize("name", ["N_10__top_nodes_dim6", "nbS1-O1-E2Sst-maxNsyn-HEX0-L5"])
def test_it_says_what_libsonata_says(data_dir: Path, name: str):
    path = data_dir / "simulations" / name / "simulation_config.json"
    config, simulation, problems = read_configuration(path)
    theirs = libsonata.SimulationConfig.from_file(str(path))
    assert problems == config.problems == ()
    assert simulation is not None
    assert Path(simulation.spikes_file).samefile(theirs.output.spikes_file)
    assert Path(simulation.node_sets_file).samefile(theirs.node_sets_file)
    assert set(simulation.reports) == set(theirs.list_report_names)
    for name, report in simulation.reports.items():
        other = theirs.report(name)
        assert Path(report.file).samefile(other.file_name)
        assert report.type == other.type.name
        values = (other.start_time, other.end_time, other.dt, other.unit, other.cells, other.enabled)
        assert (report.start, report.end, report.dt, report.unit, report.cells, report.enabled) == values
    ours, expected = Circuit(config), libsonata.CircuitConfig.from_file(theirs.network)
    assert set(ours.node_files) == set(expected.node_populations)
    assert set(ours.edge_files) == set(expected.edge_populations)
    assert Path(config.node_sets_file).samefile(expected.node_sets_path)
    for name, file in ours.node_files.items():
        mine, other = file.properties(name), expected.node_population_properties(name)
        assert (file.elements, file.types, mine.type) == (other.elements_path, other.types_path, other.type)
        if mine.type == "biophysical":
            assert mine.path("morphologies_dir") == other.morphologies_dir
            assert mine.alternate_morphologies == dict(other.alternate_morphology_formats)
    for name, file in ours.edge_files.items():
        assert file.elements == expected.edge_population_properties(name).elements_path


@pytest.mark.parametrize("edges", [None, [], "absent"])
def test_edges_may_be_missing(tmp_path: Path, edges: Any):
    networks = {"nodes": NODES} | ({} if edges == "absent" else {"edges": edges})
    config, simulation, _ = read_configuration(write(tmp_path / "c.json", {"networks": networks}))
    assert (config.edges, config.problems) == ((), ())
    assert simulation is None
    assert [file.elements for file in config.nodes] == [str(tmp_path / "n.h5")]


def test_edges_that_make_no_sense_are_left_out(tmp_path: Path):
    networks = {"nodes": NODES, "edges": [{"edges_file": 7}, {"edge_types_file": "t.csv"}, {"edges_file": "e.h5"}]}
    path = write(tmp_path / "c.json", {"networks": networks})
    config, _, _ = read_configuration(path)
    assert [file.elements for file in config.edges] == [str(tmp_path / "e.h5")]
    assert config.problems == (
        f"networks.edges[0].edges_file in {path} has the wrong type: 7",
        f"networks.edges[1].edges_file in {path} is missing",
    )


def test_entries_that_make_no_sense_harm_no_other(tmp_path: Path):
    odd = [7, {"nodes_file": "n.h5", "populations": {"cells": {"type": "virtual"}, "odd": 7}}]
    networks = {"nodes": [*odd, {"nodes_file": 7}], "edges": [7, {"edges_file": "e.h5"}]}
    path = write(tmp_path / "c.json", {"networks": networks, "components": [], "node_sets_file": 7})
    config, _, _ = read_configuration(path)
    assert [list(file.populations or ()) for file in config.nodes] == [["cells"]]
    assert [file.elements for file in config.edges] == [str(tmp_path / "e.h5")]
    places = ("nodes[0]", "nodes[1].populations.odd", "nodes[2].nodes_file")
    assert config.problems == (
        *(f"networks.{place} in {path} has the wrong type: 7" for place in places),
        f"components in {path} has the wrong type: []",
        f"networks.edges[0] in {path} has the wrong type: 7",
        f"node_sets_file in {path} has the wrong type: 7",
    )
    with pytest.raises(RequestError, match=r"node_sets_file in .* has the wrong type: 7"):
        _ = config.node_sets_file


def test_node_sets_that_make_no_sense_are_told(tmp_path: Path):
    circuit(tmp_path, node_sets_file=7)
    path = write(tmp_path / "simulation_config.json", {"run": {}, "node_sets_file": "$NOWHERE/a.json"})
    config, found, _ = read_configuration(path)
    assert found is not None
    assert config.problems == (f"node_sets_file in {config.path} has the wrong type: 7",)
    assert found.problems == [
        f"node_sets_file in {path} uses $NOWHERE, which the manifest does not define (it has none)"
    ]


def test_node_sets_are_called_so(tmp_path: Path):
    path = tmp_path / "node_sets.json"
    path.write_text('{"All": ')
    with pytest.raises(RequestError) as caught:
        read_node_sets([str(path)])
    assert caught.value.message.startswith(f"{path} is not a node sets file: it is not JSON")
    assert "configuration" not in caught.value.message


def test_populations_are_those_of_the_file(tmp_path: Path):
    for name in ("b", "a"):
        write_nodes(tmp_path / "n.h5", {"0": {"x": [1.0]}}, name=name)
    write_edges(tmp_path / "e.h5", [0], [0])
    networks = {"nodes": [{"nodes_file": "n.h5"}], "edges": [{"edges_file": "e.h5", "populations": {}}]}
    found = Circuit(read_configuration(write(tmp_path / "c.json", {"networks": networks}))[0])
    assert list(found.node_files) == ["a", "b"]
    assert [edges.name for edges in found.listed_edges()] == ["joins"]


@pytest.mark.parametrize("mark", [b"\xef\xbb\xbf", b""])
def test_a_byte_order_mark(tmp_path: Path, mark: bytes):
    path = circuit(tmp_path)
    path.write_bytes(mark + path.read_bytes())
    assert len(read_configuration(path)[0].nodes) == 1


@pytest.mark.parametrize(
    ("manifest", "written"),
    [
        ({"$BASE": "."}, "$BASE/sub/n.h5"),
        ({"$BASE": "./", "$SUB": "$BASE/sub"}, "$SUB/n.h5"),
        ({"$SUB": "sub"}, "${SUB}/n.h5"),
        ({"SUB": "sub"}, "$SUB/n.h5"),
        ({"$S": "wrong", "$SUB": "sub"}, "$SUB/n.h5"),
        ({}, "${configdir}/sub/n.h5"),
        ({}, "$configdir/../here/sub/n.h5"),
        ({}, "$workingdir/sub/n.h5"),
        ({}, "sub/n.h5"),
        ({}, "./sub/../sub/n.h5"),
        ({"$BASE": ".\\"}, "$BASE\\sub\\n.h5"),
    ],
)
def test_paths(tmp_path: Path, manifest: dict[str, str], written: str):
    content = {"manifest": manifest, "networks": {"nodes": [{"nodes_file": written}]}}
    config, _, _ = read_configuration(write(tmp_path / "here" / "c.json", content))
    assert config.nodes[0].elements == str(tmp_path / "here" / "sub" / "n.h5")


def test_absolute_paths(tmp_path: Path):
    content = {"networks": {"nodes": [{"nodes_file": str(tmp_path / "n.h5")}]}}
    assert read_configuration(write(tmp_path / "a" / "c.json", content))[0].nodes[0].elements == str(tmp_path / "n.h5")


@pytest.mark.parametrize(
    ("manifest", "message"),
    [({}, "uses $DIR, which the manifest does not define"), ({"$DIR": "$DIR/x"}, "lead to themselves")],
)
def test_variables_that_lead_nowhere(tmp_path: Path, manifest: Any, message: str):
    path = write(tmp_path / "c.json", {"manifest": manifest, "networks": {"nodes": [{"nodes_file": "$DIR/n.h5"}]}})
    found = refusal(path)
    assert message in found
    assert f"networks.nodes[0].nodes_file in {path}" in found


def test_components_are_defaults_of_populations(tmp_path: Path):
    nodes = [{"nodes_file": "n.h5", "populations": {"a": {}, "b": {"morphologies_dir": "own"}}}]
    content = {
        "components": {"morphologies_dir": "shared", "alternate_morphologies": {"h5v1": "h5"}},
        "networks": {"nodes": nodes},
    }
    file = read_configuration(write(tmp_path / "c.json", content))[0].nodes[0]
    assert file.properties("a").path("morphologies_dir") == str(tmp_path / "shared")
    assert file.properties("b").path("morphologies_dir") == str(tmp_path / "own")
    assert file.properties("b").alternate_morphologies == {"h5v1": str(tmp_path / "h5")}
    assert file.properties("a").type == ""
    assert file.properties("a").path("no_such_dir") == ""


# --- simulations ---


def simulation(folder: Path, **more: Any) -> Path:
    circuit(folder)
    return write(folder / "simulation_config.json", {"network": "circuit_config.json", "run": {"tstop": 5}, **more})


def test_what_a_simulation_lacks_or_has_too_much(tmp_path: Path):
    path = simulation(
        tmp_path,
        target_simulator="GeNN",
        run={"tstop": 5, "dt": 0.1, "electrodes_file": "e.csv", "new_field": {}},
        inputs={"odd": 7},
    )
    config, found, problems = read_configuration(path)
    assert (len(config.nodes), problems) == (1, ())
    assert found is not None
    assert (found.tstop, found.dt) == (5, 0.1)


@pytest.mark.parametrize(
    ("more", "problem"),
    [
        ({"run": []}, "run in"),
        ({"run": {"tstop": "soon"}}, "run.tstop in"),
        ({"run": {"tstart": "late"}}, "run.tstart in"),
        ({"node_set": 7}, "node_set in"),
        ({"reports": [7]}, "reports in"),
    ],
)
def test_fields_of_odd_types_harm_nothing(tmp_path: Path, more: Any, problem: str):
    report = {"type": "compartment", "file_name": "r", "dt": 0.1}
    _, found, _ = read_configuration(simulation(tmp_path, **{"reports": {"one": report}, **more}))
    assert found is not None
    assert list(found.reports) == ([] if "reports" in more else ["one"])
    assert (found.tstop, found.dt, found.node_set) == (5.0 if "run" not in more else 0.0, 0.0, "")
    assert [text for text in found.problems if "the wrong type" in text and not text.startswith(problem)] == []
    assert len(found.problems) == 1


def test_both_in_one_file(tmp_path: Path):
    path = circuit(tmp_path, run={"tstop": 7, "dt": 0.5}, output={"output_dir": "out", "spikes_file": "s.h5"})
    config, found, _ = read_configuration(path)
    assert len(config.nodes) == 1
    assert found is not None
    assert (found.tstop, found.spikes_file) == (7, str(tmp_path / "out" / "s.h5"))


def test_a_file_that_names_both(tmp_path: Path):
    simulation(tmp_path)
    both = {"network": "./circuit_config.json", "simulation": "./simulation_config.json"}
    config, found, problems = read_configuration(write(tmp_path / "config.json", both))
    assert (len(config.nodes), problems) == (1, ())
    assert found is not None
    assert found.tstop == 5
    (tmp_path / "simulation_config.json").unlink()
    config, found, problems = read_configuration(tmp_path / "config.json")
    assert (len(config.nodes), found) == (1, None)
    assert "simulation_config.json" in problems[0]


def test_reports_of_bmtk(tmp_path: Path):
    reports = {
        "potential": {"cells": [0, 1], "variable_name": ["v"], "module": "membrane_report", "sections": "soma"},
        "synapses": {"cells": "all", "module": "netcon_report", "variable_name": "tau1"},
        "currents": {"cells": "all", "module": "syn_report", "variable_name": ["i"]},
        "field": {"module": "extracellular", "electrode_positions": "e.csv"},
        "ecp": {"module": "ecp", "variable_name": "v"},
        "odd": 7,
        "late": {"start_time": "soon"},
    }
    _, found, _ = read_configuration(simulation(tmp_path, reports=reports, run={"tstop": 5, "dt": 0.1}))
    assert found is not None
    assert {name: report.type for name, report in found.reports.items()} == {
        "potential": "compartment",
        "synapses": "synapse",
        "currents": "synapse",
        "field": "lfp",
        "ecp": "lfp",
    }
    report = found.reports["potential"]
    assert (report.start, report.end, report.dt, report.unit, report.cells) == (0, 5, 0.1, "", "[0, 1]")
    assert report.file == str(tmp_path / "output" / "potential.h5")
    assert len(found.problems) == 2
    assert "reports.odd" in found.problems[0]
    assert "reports.late.start_time" in found.problems[1]
    assert list(found.left_out) == ["odd", "late"]


def test_results_may_lie_beside_the_configuration(tmp_path: Path):
    path = simulation(tmp_path, reports={"one": {}}, output={"output_dir": "results", "spikes_file": "s.h5"})
    for folder in ("results", "."):
        found = read_configuration(path)[1]
        assert found is not None
        assert [found.spikes_file, found.reports["one"].file] == [str(tmp_path / folder / name) for name in NAMES]
        for name in NAMES:
            (tmp_path / name).touch()


NAMES = ("s.h5", "one.h5")


def test_the_circuit_of_a_simulation_lies_beside_it_if_nothing_else_is_said(tmp_path: Path):
    circuit(tmp_path)
    config, _, _ = read_configuration(write(tmp_path / "s.json", {"run": {}}))
    assert config.path == tmp_path / "circuit_config.json"


def test_spikes_have_several_names(tmp_path: Path):
    path = simulation(tmp_path)
    assert read_configuration(path)[1].spikes_file == str(tmp_path / "output" / "out.h5")  # type: ignore[union-attr]
    (tmp_path / "output").mkdir()
    (tmp_path / "output" / "spikes.h5").touch()
    assert read_configuration(path)[1].spikes_file == str(tmp_path / "output" / "spikes.h5")  # type: ignore[union-attr]


def test_the_file_and_the_keys_are_named(tmp_path: Path):
    path = write(tmp_path / "c.json", {"networks": {"nodes": [{"nodes_file": ["n.h5"]}]}})
    assert f'networks.nodes[0].nodes_file in {path} has the wrong type: ["n.h5"]' in refusal(path)
    assert "networks.nodes" in refusal(write(tmp_path / "d.json", {"networks": {"edges": []}}))
    path = write(tmp_path / "e.json", {"network": "gone.json"})
    assert all(str(file) in refusal(path) for file in (path, tmp_path / "gone.json"))
