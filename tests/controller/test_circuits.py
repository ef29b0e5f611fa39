from __future__ import annotations

from collections.abc import Iterable

import pytest

from brayns_widget.controller.circuits import Circuit, Directory, File, Folder, Population
from brayns_widget.protocol import backend
from brayns_widget.protocol.errors import CircuitError
from brayns_widget.protocol.reasons import NO_PLACES


def circuit(*populations: tuple[str, str, int]) -> Circuit:
    return Circuit("c.json", tuple(Population(*population) for population in populations), ("All",))


def test_the_backends_answers_are_read():
    found = backend.SONATA_LIST_POPULATIONS.decode(
        {"populations": [{"name": "a", "type": "biophysical", "size": 3}], "reports": [], "edges": []}
    )
    read = Circuit.of("c.json", found, ["All"])
    assert read.populations == (Population("a", "biophysical", 3),)
    assert (read.path, read.node_sets, read.default_population) == ("c.json", ("All",), "a")


@pytest.mark.parametrize(
    ("sizes", "default"),
    [({"a": 3, "b": 5}, None), ({"a": 0, "b": 5}, "b"), ({}, None), ({"a": 0}, None)],
)
def test_the_default_is_what_choose_takes(sizes, default):
    populations = [{"name": name, "type": "virtual", "size": size} for name, size in sizes.items()]
    found = backend.SONATA_LIST_POPULATIONS.decode({"populations": populations, "reports": [], "edges": []})
    read = Circuit.of("c.json", found, [])
    assert read.default_population == default
    if default is None:
        with pytest.raises(CircuitError):
            read.choose(None)
    else:
        assert read.choose(None).name == default


def test_the_named_population_is_taken():
    both = circuit(("a", "biophysical", 3), ("b", "virtual", 5))
    assert both.choose("b").name == "b"


@pytest.mark.parametrize(
    ("populations", "chosen"),
    [
        ([("a", "point_neuron", 3)], "a"),
        ([("a", "biophysical", 3), ("b", "biophysical", 5), ("v", "virtual", 99)], "b"),
        ([("a", "biophysical", 0), ("b", "astrocyte", 5)], "b"),
    ],
)
def test_without_a_name_the_only_or_largest_biophysical_one_is_taken(populations, chosen):
    assert circuit(*populations).choose(None).name == chosen


@pytest.mark.parametrize(
    ("populations", "name", "problem"),
    [
        ([("a", "biophysical", 3)], "b", "no node population 'b'.*It has: a \\(biophysical, 3\\)"),
        ([], "b", "no node population 'b'.*It has none"),
        ([], None, "no node population that can be shown"),
        ([("a", "vasculature", 3), ("b", "astrocyte", 5)], None, "several.*a \\(vasculature, 3\\), b"),
        ([("a", "biophysical", 0)], None, "'a' of 'c.json' has no cells"),
        ([("a", "biophysical", 0), ("b", "biophysical", 9)], "a", "'a' of 'c.json' has no cells"),
    ],
)
def test_what_cannot_be_chosen_is_explained(populations, name, problem):
    with pytest.raises(CircuitError, match=problem):
        circuit(*populations).choose(name)


def test_what_cannot_be_shown_is_never_the_default():
    populations = [
        backend.DescribedPopulation(name="a", type="biophysical", size=9, reason="its file is broken"),
        backend.DescribedPopulation(name="b", type="point_neuron", size=3, reason=""),
        backend.DescribedPopulation(name="c", type="virtual", size=5, reason=""),
        backend.DescribedPopulation(name="d", type="", size=0, reason="d.h5 does not exist"),
    ]
    found = backend.CircuitDescription(populations=populations, reports=[], edges=[], notices=["odd"])
    read = Circuit.of("c.json", found, [], ["odder"])
    assert (read.default_population, read.notices) == ("b", ("odd", "odder"))
    assert read.choose("a").name == "a"  # the renderer has the last word
    with pytest.raises(CircuitError, match=r"'d' cannot be shown: d\.h5 does not exist"):
        read.choose("d")
    only = Circuit.of("c.json", found.model_copy(update={"populations": populations[3:]}), [])
    with pytest.raises(CircuitError, match=r"that can be shown.*d \(, 0; not shown: d\.h5 does not exist\)"):
        only.choose(None)


def test_nodes_without_places_are_the_default_only_for_a_plane():
    populations = [
        backend.DescribedPopulation(name="a", type="virtual", size=9, reason=NO_PLACES),
        backend.DescribedPopulation(name="b", type="", size=0, reason="b.h5 does not exist"),
    ]
    found = backend.CircuitDescription(populations=populations, reports=[], edges=[], notices=[])
    read = Circuit.of("c.json", found, [])
    assert read.choose(None, in_plane=True).name == "a"
    with pytest.raises(CircuitError, match="not shown: its nodes have no positions; in_plane=True places"):
        read.choose(None)
    placed = backend.DescribedPopulation(name="c", type="virtual", size=1, reason="")
    both = Circuit.of("c.json", found.model_copy(update={"populations": [*populations, placed]}), [])
    assert both.choose(None, in_plane=True).name == "c"


def listing(directories: Iterable[str] = (), files: Iterable[str] = ()) -> backend.ListDirResult:
    return backend.ListDirResult(
        directories=[backend.Directory(name=name, path=f"/data/{name}") for name in directories],
        files=[backend.File(name=name, path=f"/data/{name}", size=7) for name in files],
    )


@pytest.mark.parametrize(
    ("path", "root", "parent"),
    [
        ("/data/a", "/data", "/data"),
        ("/data", "/data", None),
        ("/data/a/b", "/", "/data/a"),
        ("/", "/", None),
        ("/other", "/data", None),
        ("C:\\data\\a", "C:\\", "C:\\data"),
        ("C:\\", "C:\\", None),
    ],
)
def test_a_directory_knows_the_one_above(path, root, parent):
    assert Directory.of(path, root, listing()).parent == parent


def test_entries_are_sorted_as_people_expect():
    found = Directory.of("/data", "/data", listing(["b", "A", "c"], ["Z", "y"]))
    assert found.directories == (Folder("A", "/data/A"), Folder("b", "/data/b"), Folder("c", "/data/c"))
    assert found.files == (File("y", "/data/y", 7), File("Z", "/data/Z", 7))
