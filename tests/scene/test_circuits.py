from __future__ import annotations

from typing import Any

import pytest

from brayns_widget.protocol.errors import CircuitError, ProtocolError
from brayns_widget.scene.circuits import Circuit, Directory, Population


def circuit(*populations: tuple[str, str, int]) -> Circuit:
    return Circuit("c.json", tuple(Population(*population) for population in populations), ("All",))


def test_the_backends_answers_are_read():
    populations = {"populations": [{"name": "a", "type": "biophysical", "size": 3}], "reports": [], "edges": []}
    read = Circuit.from_replies("c.json", populations, {"node_sets": ["All"]})
    assert read == circuit(("a", "biophysical", 3))
    assert read.to_dict() == {
        "path": "c.json",
        "populations": [{"name": "a", "type": "biophysical", "size": 3}],
        "node_sets": ["All"],
    }


@pytest.mark.parametrize("answer", [None, {}, {"populations": None}, {"populations": [{}]}])
def test_other_answers_are_refused(answer):
    with pytest.raises(ProtocolError):
        Circuit.from_replies("c.json", answer, {"node_sets": []})


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


def entries(*names: str) -> list[dict[str, Any]]:
    return [{"name": name, "path": f"/data/{name}"} for name in names]


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
    assert Directory.from_reply(path, root, {"directories": [], "files": []}).parent == parent


def test_entries_are_sorted_as_people_expect():
    listing = Directory.from_reply(
        "/data", "/data", {"directories": entries("b", "A", "c"), "files": entries("Z", "y")}
    )
    assert [entry["name"] for entry in listing.directories] == ["A", "b", "c"]
    assert [entry["name"] for entry in listing.files] == ["y", "Z"]
    assert listing.to_dict()["directories"][0] == {"name": "A", "path": "/data/A"}


@pytest.mark.parametrize("answer", [None, {}, {"directories": [{}], "files": []}, {"directories": 5, "files": []}])
def test_other_listings_are_refused(answer):
    with pytest.raises(ProtocolError):
        Directory.from_reply("/data", "/data", answer)
