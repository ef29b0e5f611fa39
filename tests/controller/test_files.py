from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from brayns_widget.connection.process import PROCESS
from brayns_widget.connection.tokens import Token
from brayns_widget.controller.controller import Controller
from brayns_widget.controller.files import reason, refusal
from brayns_widget.protocol.errors import CircuitError, RequestError
from tests.controller.scenes import elsewhere
from tests.fakes import FakeCluster


@pytest.fixture
def local(cluster, monkeypatch):
    """Let a cluster stand for the local service."""

    async def shared(_: Path) -> Any:
        return SimpleNamespace(master=cluster.master, slave=cluster.slave, token=Token(cluster.token), child=None)

    monkeypatch.setattr(PROCESS, "local_service", shared)
    with Controller() as made:
        yield made


def test_directories_are_listed(controller):
    listing = controller.files.list("/data/x")
    assert [entry.name for entry in listing.directories] == ["A", "b"]
    assert [(entry.name, entry.size) for entry in listing.files] == [("circuit.json", 12)]
    assert listing.parent == "/data"
    assert [(one.name, one.path) for one in listing.trail] == [("data", "/data"), ("x", "/data/x")]
    assert controller.files.list(Path("/data/x")) == listing


def test_browsing_begins_at_the_root_of_a_remote_service(controller):
    assert controller.files.list().path == "/data"


def test_circuits_are_inspected(cluster, controller):
    cluster.backend.populations.append({"name": "axons", "type": "virtual", "size": 9})
    circuit = controller.files.inspect("c.json")
    assert circuit.path == "c.json"
    assert [(p.name, p.type, p.size) for p in circuit.populations] == [
        ("cells", "biophysical", 4),
        ("axons", "virtual", 9),
    ]
    assert circuit.node_sets == ("All", "Layer1")
    assert circuit.default_population == "cells"


def test_populations_have_the_attributes_that_cells_can_be_colored_by(cluster, controller):
    ends = [1.0] * 4
    cluster.backend.node_attributes = {
        "mtype": ["a"] * 4,
        "x": ends,
        "rotation_angle_xaxis": ends,
        "orientation_w": ends,
    }
    (population,) = controller.files.inspect("c.json").populations
    assert population.attributes == ("mtype", "x")
    cluster.backend.errors["sonata-list-node-attributes"] = (-32603, "no")
    (population,) = controller.files.inspect("c.json").populations
    assert population.attributes == ()  # it can be loaded all the same


def test_the_renderer_has_its_own_names_for_some_attributes(cluster, controller):
    cluster.backend.node_attributes = {"morph_class": ["PYR"] * 4}
    cluster.backend.answers["sonata-list-node-attributes"] = lambda _: {
        "count": 4,
        "attributes": [
            {"name": "morph_class", "type": "string", "dynamics": False, "color_method": "morphology class"},
            {"name": "threshold", "type": "float", "dynamics": True},
        ],
        "left_out": [],
    }
    (population,) = controller.files.inspect("c.json").populations
    assert population.attributes == ("morphology class",)


def test_files_can_be_awaited(controller):
    async def main() -> str:
        return str((await controller.files.list.aio("/data/x")).path)

    assert elsewhere(main) == "/data/x"


def test_node_sets_that_cannot_be_read_are_told(cluster, controller):
    cluster.backend.errors["sonata-get-node-sets"] = (-32603, "n.json is not JSON")
    circuit = controller.files.inspect("c.json")
    assert circuit.node_sets == ()
    assert circuit.notices == ("The node sets cannot be read: n.json is not JSON.",)
    assert circuit.default_population == "cells"


def test_our_backend_tells_what_cannot_be_shown(cluster, controller):
    populations = [
        {"name": "cells", "type": "biophysical", "size": 4, "reason": ""},
        {"name": "input", "type": "virtual", "size": 9, "reason": "its nodes have no positions"},
    ]
    described = {"populations": populations, "reports": [], "edges": [], "notices": ["e.h5 does not exist"]}
    cluster.backend.answers["registry"] = lambda _: ["sonata-describe-circuit"]
    cluster.backend.answers["sonata-describe-circuit"] = lambda _: described
    circuit = controller.files.inspect("c.json")
    assert [(p.name, p.reason) for p in circuit.populations] == [
        ("cells", ""),
        ("input", "its nodes have no positions"),
    ]
    assert circuit.notices == ("e.h5 does not exist",)
    assert "sonata-list-populations" not in cluster.backend.methods()


@pytest.mark.parametrize("method", ["fs-list-dir", "sonata-list-populations"])
def test_the_backends_refusals_become_circuit_errors(cluster, controller, method):
    cluster.backend.errors[method] = (-32602, "Invalid params: '/x' is outside '/data'")
    call = controller.files.list if method == "fs-list-dir" else controller.files.inspect
    with pytest.raises(CircuitError, match=r"(: |^)'/x' is outside '/data'\."):
        call("/x")


def test_a_folder_that_cannot_be_listed_is_named_once(cluster, controller):
    cluster.backend.errors["fs-list-dir"] = (-32602, "Invalid params: '/x' is not a directory")
    with pytest.raises(CircuitError, match=r"^'/x' is not a directory\.$"):
        controller.files.list("/x")


def test_our_own_backend_says_itself_what_to_do(cluster, controller):
    cluster.backend.answers["registry"] = lambda _: ["sonata-describe-circuit"]
    cluster.backend.errors["sonata-describe-circuit"] = (-32603, "/x is packed (gzip); unpack it first")
    with pytest.raises(CircuitError, match=r"^/x is packed \(gzip\); unpack it first\.$"):
        controller.files.inspect("/x")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a.json is empty", "a.json is empty."),
        ("'a.json' does not exist", "'a.json' does not exist."),
        ("The circuit of a.json is bad", "The circuit of a.json is bad."),
        ("a.json: line 3 is odd", "The circuit 'a.json' cannot be read: line 3 is odd."),
        ("File a.json does not exists", "'a.json' does not exist."),
        ("Line 3 is odd", "The circuit 'a.json' cannot be read: Line 3 is odd."),
        ("b.h5 cannot be read", "The circuit 'a.json': b.h5 cannot be read."),
    ],
)
def test_refusals_name_a_file_and_the_verdict_once(text, said):
    assert refusal("The circuit 'a.json'", "cannot be read", "a.json", RequestError(text, code=-1)) == said


@pytest.mark.parametrize(
    ("text", "end"),
    [
        ("Invalid params: no such file", "no such file."),
        ("Internal error: it broke. ", "it broke."),
        ("Denied.", "Denied."),
        ("Is it another file?", "Is it another file?"),
    ],
)
def test_reasons_are_ends_of_sentences(text, end):
    assert reason(RequestError(text, code=-1)) == end


def test_without_a_backend_files_cannot_be_browsed():
    with FakeCluster(polls=0, backend=False) as cluster, Controller(**cluster.options) as controller:
        for call in (controller.files.list, lambda: controller.files.inspect("c.json")):
            with pytest.raises(CircuitError, match="no backend"):
                call()


def test_paths_of_the_local_service_are_those_of_this_process(cluster, local, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    assert local.files.list("a/../b").path == str(tmp_path / "b")
    assert local.files.inspect("c.json").path == str(tmp_path / "c.json")
    assert local.files.inspect("~/c.json").path == str(Path("~/c.json").expanduser())


def test_browsing_begins_in_the_working_directory_if_it_may_be_shown(cluster, local, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    assert local.files.list().path == "/data"  # outside of the root
    cluster.backend.answers["fs-get-root"] = lambda _: str(tmp_path.parent)
    assert local.files.list().path == str(tmp_path)
