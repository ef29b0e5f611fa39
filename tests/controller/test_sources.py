from __future__ import annotations

from pathlib import Path

import pytest

from brayns_widget.controller.cell_ids import read_ids
from brayns_widget.controller.sources import (
    Source,
    place_of,
    places_of,
    read_circuit,
    read_population,
    read_populations,
)


class Circuit:
    """Has what bluepysnap's has."""

    config: dict[str, str] = {}
    path: object = "/data/circuit_config.json"

    @property
    def nodes(self):
        pytest.fail("the files were opened")

    def __getstate__(self):
        return self.path


class Simulation(Circuit):
    """Has a circuit in place of nodes."""

    nodes = None
    circuit = Circuit()


class Population:
    """Has what bluepysnap's has."""

    def __init__(self, circuit):
        self._circuit = circuit
        self.name = "cells"
        self.size = 5


@pytest.mark.parametrize(
    ("value", "read"),
    [
        ("c.json", "c.json"),
        (Path("c.json"), Path("c.json")),
        (Circuit(), "/data/circuit_config.json"),
        (Simulation(), "/data/circuit_config.json"),
        (Population(Circuit()), Source("/data/circuit_config.json", "cells")),
        (7, 7),  # refused as any other value of a wrong type
    ],
)
def test_circuits_come_as_paths_and_as_objects(value, read):
    assert read_circuit(value) == read


def test_an_object_that_does_not_tell_its_path_is_refused():
    silent = Circuit()
    silent.path = {}
    for value in (silent, Population(silent), Population(None)):
        with pytest.raises(ValueError, match="pass the path of its configuration"):
            read_circuit(value)


def test_a_population_is_named_by_name_or_by_object():
    assert read_population(Population(None)) == "cells"
    assert read_population("cells") == "cells"


def test_populations_are_a_list():
    assert read_populations("cells") == read_populations(Population(None)) == ["cells"]
    assert read_populations([Population(None), "others"]) == ["cells", "others"]
    names = ["cells", "others"]
    assert read_populations(names) is names, "it is checked as any other value"


def test_a_population_as_path_is_the_only_one():
    source = Source("/data/c.json", "cells")
    assert places_of(source, None) == places_of(source, ["cells"]) == ("/data/c.json", ["cells"])
    assert places_of("c.json", ["a", "b"]) == ("c.json", ["a", "b"])
    assert places_of("c.json", None) == ("c.json", [None])
    with pytest.raises(ValueError, match="the node population 'cells', but population is 'cells', 'b'"):
        places_of(source, ["cells", "b"])
    with pytest.raises(ValueError, match="population is empty"):
        places_of("c.json", [])


def test_a_population_as_path_names_both():
    source = Source("/data/c.json", "cells")
    assert place_of(source, None) == place_of(source, "cells") == ("/data/c.json", "cells")
    assert place_of("c.json", "other") == ("c.json", "other")
    with pytest.raises(ValueError, match="the node population 'cells', but population is 'other'"):
        place_of(source, "other")


@pytest.mark.data
def test_bluepysnap_itself(data_dir):
    bluepysnap = pytest.importorskip("bluepysnap")
    path = str(data_dir / "tiny_circuits/N_10__top_nodes_dim6/circuit_config.json")
    circuit = bluepysnap.Circuit(path)
    nodes = circuit.nodes["S1nonbarrel_neurons"]
    assert (read_circuit(circuit), read_circuit(nodes)) == (path, Source(path, nodes.name))
    assert read_population(nodes) == nodes.name
    chosen = circuit.nodes.ids({"mtype": "L6_BPC"})
    expected = nodes.ids({"mtype": "L6_BPC"}).tolist()
    layer = nodes.get(properties=["layer"])["layer"]
    for ids in (chosen, list(chosen), chosen.index, nodes.ids({"mtype": "L6_BPC"})):
        assert read_ids(ids).within(nodes.name, nodes.size).tolist() == expected
    assert read_ids(layer == "3").within(nodes.name, nodes.size).tolist() == nodes.ids({"layer": "3"}).tolist()
