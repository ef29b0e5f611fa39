"""The arrows of docs/architecture.md, and how long an import may take."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import brayns_widget

ROOT = Path(brayns_widget.__file__).parent

# module or package → what of ours it may import, besides itself
ALLOWED: dict[str, set[str]] = {
    "protocol": set(),
    "version": set(),
    "installed": set(),
    "connection": {"installed", "protocol"},
    "lifetime": set(),
    "stream": {"protocol"},
    "controller": {"connection", "protocol"},
    "frames": {"connection", "controller", "lifetime", "protocol", "stream"},
    "notebook": {"connection", "controller", "frames", "protocol", "stream"},
    "service": {"lifetime", "protocol", "version"},
    "demo": {"protocol"},
    "cli": {"controller", "demo", "installed", "protocol", "version"},
}
# the modules of connection/ from top to bottom
CONNECTION = (
    "connection",
    "questioning",
    "mending",
    "capabilities",
    "busy",
    "server",
    "job",
    "place",
    "looking",
    "bare",
    "endings",
    "stopping",
    "process",
    "master",
    "job_status",
    "bearer",
    "addresses",
    "link",
    "sockets",
    "silence",
    "keep_alive",
    "local",
    "child",
    "loop",
    "tokens",
    "recovery",
    "records",
    "status",
    "reports",
)
# the renderer's parts from top to bottom
RENDERER = ("main", "methods", "context", "reading", "scene", "loaders", "translation", "tracing", "content", "memory")
# the kinds of loaders, of which none may import a later one, and what they share
LOADERS = ("registry", "circuits", "morphologies", "grids", "molecules", "meshes", "base")
# what the ray tracer may import, besides itself
FOR_TRACING = {"content.geometry", "content.volumes", "memory"}
SERVICE_ONLY = {"aiohttp", "embreex", "h5py", "libsonata", "morphio", "numba", "psutil"}


def modules() -> list[tuple[str, Path]]:
    found = []
    for path in sorted(ROOT.rglob("*.py")):
        part = path.relative_to(ROOT).parts[0].removesuffix(".py")
        found.append((part, path))
    return found


def imports(path: Path) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            assert node.module is not None
            names.add(node.module)
            if (ROOT.parent / node.module.replace(".", "/")).is_dir():  # a package: what is imported are its modules
                names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def ours(names: set[str]) -> set[str]:
    return {name.split(".")[1] for name in names if name.startswith("brayns_widget.")}


@pytest.mark.parametrize("part", sorted(ALLOWED))
def test_arrows_go_one_way(part):
    paths = [path for name, path in modules() if name == part]
    assert paths, f"{part} has moved; so must this rule"
    for path in paths:
        assert ours(imports(path)) <= ALLOWED[part] | {part}, path


def parts_below(package: str) -> list[tuple[str, Path, set[str]]]:
    """Each module of a package: its first name there, its path, and the dotted names there that it imports."""
    folder = ROOT / package.replace(".", "/")
    prefix = f"brayns_widget.{package}."
    found = []
    for path in sorted(folder.rglob("*.py")):
        part = path.relative_to(folder).parts[0].removesuffix(".py")
        found.append((part, path, {name.removeprefix(prefix) for name in imports(path) if name.startswith(prefix)}))
    return found


@pytest.mark.parametrize(("package", "order"), [("service.renderer", RENDERER), ("service.renderer.loaders", LOADERS)])
def test_arrows_in_the_renderer_point_down(package, order):
    for part, path, found in parts_below(package):
        if part in order:
            above = order[: order.index(part)]
            assert not {name.split(".")[0] for name in found} & set(above), path


def test_every_part_of_the_renderer_has_its_place_in_the_order():
    assert {part for part, _path, _found in parts_below("service.renderer")} == {*RENDERER, "__init__"}


def test_the_ray_tracer_imports_what_there_is_to_see_and_nothing_else():
    for part, path, found in parts_below("service.renderer"):
        if part == "tracing":
            foreign = {name for name in found if name != "content" and not name.startswith("tracing")}
            assert foreign <= FOR_TRACING, path


def test_the_ray_tracer_knows_nothing_of_the_protocol():
    code = "import sys, brayns_widget.service.renderer.tracing.engine\nprint(*sorted(sys.modules))"
    known = run(code).split()
    assert "brayns_widget.service.renderer.tracing.engine" in known
    foreign = ("pydantic", "brayns_widget.protocol", "brayns_widget.service.rpc")
    assert not [name for name in known if name.startswith(foreign)]


def test_the_reader_of_sonata_files_knows_nobody_who_uses_it():
    for part, path, found in parts_below("service"):
        if part == "sonata":
            assert {name.split(".")[0] for name in found} <= {"sonata", "recognised", "hdf5"}, path


def test_what_reads_in_a_process_knows_nobody_who_uses_it():
    for part, path, found in parts_below("service"):
        if part == "reading":
            others = {name for name in found if name.split(".")[0] != "reading"}
            assert {name for name in others if name.count(".")} <= {"rpc.running"}, path
            assert {name for name in others if not name.count(".")} <= {"confined"}, path


def test_a_listing_of_a_circuit_needs_neither_numpy_nor_h5py():
    code = (
        "import sys; from brayns_widget.service.backend import circuits, tasks;"
        "from brayns_widget.service.reading import child;"
        "print([m for m in ('numpy', 'h5py', 'dataclasses', 'pydantic', 'psutil') if m in sys.modules])"
    )
    assert run(code) == "[]"


def test_arrows_in_the_connection_point_down():
    folder = ROOT / "connection"
    assert {path.stem for path in folder.glob("*.py")} == {"__init__", *CONNECTION}
    prefix = "brayns_widget.connection."
    for part in CONNECTION:
        above = CONNECTION[: CONNECTION.index(part)]
        found = {name.removeprefix(prefix) for name in imports(folder / f"{part}.py") if name.startswith(prefix)}
        assert not found & set(above), part


def test_only_the_service_needs_its_extra():
    # `tests` of processes may; the package may not, or a remote-only installation would break
    for part, path in modules():
        if part in {"service", "demo"}:
            continue
        needed = {name.split(".")[0] for name in imports(path)} & SERVICE_ONLY
        assert needed == ({"h5py"} if path.name == "tabled.py" else set()), path  # which tells what it lacks


def test_nobody_imports_the_service_but_the_command_that_runs_it():
    for part, path in modules():
        if part != "service":
            assert "service" not in ours(imports(path)), path


def run(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    return done.stdout.strip()


def test_importing_the_package_imports_nothing_else_of_it():
    assert run("import sys, brayns_widget; print([m for m in sys.modules if m.startswith('brayns_widget.')])") == "[]"


def test_a_controller_needs_no_notebook_and_no_service():
    notebook = {"ipywidgets", "anywidget", "IPython"}
    heavy = sorted(SERVICE_ONLY | notebook | {"PIL", "cmap", "numpy", "pandas", "pydantic"})
    code = f"import sys; from brayns_widget import Controller; print([m for m in {heavy!r} if m in sys.modules])"
    assert run(code) == "[]"


def test_a_widget_imports_no_types_of_the_protocol_before_they_are_needed():
    # pydantic alone takes 0.2 s
    code = "import sys; from brayns_widget import BraynsWidget; print('pydantic' in sys.modules)"
    assert run(code) == "False"


def test_the_vocabulary_needs_no_more_than_pydantic():
    heavy = sorted(SERVICE_ONLY | {"ipywidgets", "numpy", "PIL", "websockets"})
    code = (
        "import pkgutil, sys; from brayns_widget import protocol;"
        "[__import__(m.name) for m in pkgutil.walk_packages(protocol.__path__, 'brayns_widget.protocol.')];"
        f"print([m for m in {heavy!r} if m in sys.modules])"
    )
    assert run(code) == "[]"


def test_all_public_names_exist():
    for name in brayns_widget.__all__:
        if name != "BraynsWidget":  # needs the bundle
            assert getattr(brayns_widget, name).__name__ == name
    assert set(brayns_widget.__all__) <= set(dir(brayns_widget))
    with pytest.raises(AttributeError, match="no_such_name"):
        _ = brayns_widget.no_such_name
