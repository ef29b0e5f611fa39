"""What README, documents and notebooks show is type-checked, and runs."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from brayns_widget.demo import write_circuit
from tests.conftest import ROOT
from tests.docs.documents import DocumentError, Program, programs

DOCUMENTS = [*sorted(ROOT.glob("*.md")), *sorted(ROOT.glob("docs/*.md")), *sorted(ROOT.glob("notebooks/*.ipynb"))]
PROGRAMS = {program.name: program for document in DOCUMENTS for program in programs(document, ROOT)}
RUNNABLE = [name for name, program in PROGRAMS.items() if program.runnable]

# What holds for a cell differs from what holds for a module: it may await, and call what others have not annotated.
# In the file and not as an option, so that mypy's cache of the package can be used.
CELL = "# mypy: disable-error-code=top-level-await, disallow-untyped-calls=False\n"

TIMEOUT_S = 240
pytestmark = pytest.mark.timeout(TIMEOUT_S + 60)


def test_there_is_code_to_check():
    assert set(RUNNABLE) >= {"readme", "notebooks_quickstart"}


def type_check(folder: Path, checked: dict[str, Program]) -> dict[str, list[str]]:
    """Get mypy's errors by program, all in one run: most of its time goes into the package."""
    for name, program in checked.items():
        (folder / f"{name}.py").write_text(program.text + CELL, encoding="utf-8")
    done = subprocess.run(
        [
            *(sys.executable, "-m", "mypy", "--no-error-summary", "--config-file", ROOT / "pyproject.toml"),
            *(folder / f"{name}.py" for name in checked),
        ],
        cwd=ROOT,
        env=os.environ | {"MYPYPATH": f"{folder}{os.pathsep}{ROOT}"},
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )
    assert done.returncode in (0, 1), done.stdout + done.stderr
    errors: dict[str, list[str]] = {name: [] for name in checked}
    for line in done.stdout.splitlines():
        name = Path(line.split(".py:")[0]).name
        assert name in errors, done.stdout
        errors[name].append(checked[name].locate(line, f"{name}.py"))
    return errors


@pytest.fixture(scope="module")
def type_errors(tmp_path_factory) -> dict[str, list[str]]:
    """What mypy has against the programs of the documents."""
    return type_check(tmp_path_factory.mktemp("programs"), PROGRAMS)


@pytest.mark.parametrize("name", PROGRAMS)
def test_types(name, type_errors):
    assert type_errors[name] == [], "\n".join(type_errors[name])


@pytest.fixture(scope="module")
def demo(tmp_path_factory) -> Path:
    """The folder of a small circuit, as a document's reader has one."""
    return write_circuit(tmp_path_factory.mktemp("demo"), cells=12).parent


def run(program: Program, folder: Path, demo: Path) -> str:
    """Run a program beside a circuit, at home in ``folder``; returns what it wrote to the standard error.

    Raises:
        AssertionError: it failed; names the place in the document.
    """
    home = folder / "home"
    home.mkdir()
    shutil.copytree(demo, folder / "work")
    file = folder / f"{program.name}.py"
    file.write_text(program.runnable, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, Path(__file__).with_name("runner.py"), file],
        cwd=folder / "work",
        env=os.environ | {"HOME": str(home), "USERPROFILE": str(home), "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )
    assert done.returncode == 0, program.locate(done.stderr, file.name)
    return done.stderr


@pytest.mark.parametrize("name", RUNNABLE)
def test_it_runs(name, tmp_path, demo):
    pytest.importorskip("embreex", reason="needs the extra 'local'")
    assert run(PROGRAMS[name], tmp_path, demo) == ""


# ---- the checks themselves ----


def write(folder: Path, text: str) -> Path:
    document = folder / "document.md"
    document.write_text(text, encoding="utf-8")
    return document


DOCUMENT = """
# Title

```python
number = 1
```

```sh
no python
<!-- check: nothing -->
```

<!-- check: types
from somewhere import name
-->

```python
number += name
```

<!-- check: apart -->
```python
alone = 1
```

<!-- check: nothing -->
```python
...
def fragment(
```

```python
print(number)
```
"""


def test_the_blocks_of_a_document_are_one_program_unless_they_say_otherwise(tmp_path):
    alone, whole = programs(write(tmp_path, DOCUMENT), tmp_path)
    assert alone.text == "alone = 1\n"
    assert whole.text == "number = 1\nfrom somewhere import name\nnumber += name\nprint(number)\n"
    assert [line for line in whole.runnable.splitlines() if line] == ["number = 1", "print(number)"]
    lines = DOCUMENT.splitlines()
    for program in (alone, whole):
        for line, place in zip(program.lines, program.places, strict=True):
            assert lines[int(place.removeprefix("document.md:")) - 1] == line


@pytest.mark.parametrize(
    "text",
    [
        "<!-- check: typos -->\n```python\n1\n```\n",
        "<!-- check: -->\n```python\n1\n```\n",
        "<!-- check: types -->\ntext between\n```python\n1\n```\n",
        "<!-- check: types -->\n```sh\n1\n```\n",
    ],
)
def test_a_wrong_comment_is_refused(tmp_path, text):
    with pytest.raises(DocumentError, match=r"document\.md"):
        programs(write(tmp_path, text), tmp_path)


def test_wrong_types_are_told_with_their_place(tmp_path):
    code = "import asyncio\n\nfrom brayns_widget import Controller\n\nawait asyncio.sleep(0)\nController(mister=1)\n"
    text = f"text\n\n```python\n{code}```\n"
    (program,) = programs(write(tmp_path, text), tmp_path)
    errors = type_check(tmp_path, {"document": program})["document"]
    assert re.match(r'document\.md:9: error: Unexpected keyword argument "mister"', errors[0]), errors


def test_what_fails_is_told_with_its_place(tmp_path, demo):
    text = "text\n\n```python\nimport asyncio\n\nawait asyncio.sleep(0)\nopen('circuit_config.json')\nmissing\n```\n"
    (program,) = programs(write(tmp_path, text), tmp_path)
    with pytest.raises(AssertionError, match=r"document\.md:8, in <module>\n.*\n *NameError"):
        run(program, tmp_path, demo)
