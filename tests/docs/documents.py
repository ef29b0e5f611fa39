"""The Python code of the documents, as programs that can be type-checked and run.

The code cells of a notebook are one program. So are the blocks of a Markdown document that are marked ``python``: a
reader takes them one after another. An HTML comment on the lines above a block says what differs:

    <!-- check: types -->           is type-checked only, as it needs what a test has not
    <!-- check: apart -->           is a program of its own
    <!-- check: types, apart -->    both
    <!-- check: nothing -->         is no program

Further lines of the comment are code that the block needs and readers do not.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import nbformat

WORDS = {"types", "apart", "nothing"}

_BLOCK = re.compile(
    r"(?:^<!-- check:(?P<words>(?:(?!-->)[^\n])*)(?:\n(?P<given>(?:(?!-->).)*))?-->\n+)?^```python\n(?P<code>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)
_FENCED = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
_CHECK = re.compile(r"^<!-- check:", re.MULTILINE)


class DocumentError(Exception):
    """A document that says in a wrong way how it is to be checked."""


@dataclass
class Program:
    """Code that hangs together, line by line, with the place where each line comes from."""

    name: str
    lines: list[str] = field(default_factory=list)
    places: list[str] = field(default_factory=list)
    runs: list[bool] = field(default_factory=list)

    def add(self, code: str, place: str, first: int, *, runs: bool = True) -> None:
        """Append code that begins at line ``first`` of ``place``."""
        for number, line in enumerate(code.splitlines(), first):
            self.lines.append(line)
            self.places.append(f"{place}:{number}")
            self.runs.append(runs)

    @property
    def text(self) -> str:
        """All of it, for the type checker."""
        return "\n".join(self.lines) + "\n"

    @property
    def runnable(self) -> str:
        """What can run, on the same lines; empty if nothing can."""
        lines = [line if runs else "" for line, runs in zip(self.lines, self.runs, strict=True)]
        return "\n".join(lines) + "\n" if any(lines) else ""

    def locate(self, message: str, path: str) -> str:
        """Replace line numbers of ``path`` in a tool's message by places in the document."""
        file = re.escape(path)
        pattern = re.compile(rf'(?:File "[^"]*{file}", line |[^\s"]*{file}:)(\d+)')
        return pattern.sub(lambda match: self.places[int(match[1]) - 1], message)


def programs(document: Path, root: Path) -> list[Program]:
    """Read the programs of a document.

    Raises:
        DocumentError: a comment asks for a check that there is not, or stands above no block.
    """
    text, place = document.read_text(encoding="utf-8"), document.relative_to(root).as_posix()
    name = re.sub(r"\W+", "_", document.relative_to(root).with_suffix("").as_posix()).lower()
    return [_notebook(document, place, name)] if document.suffix == ".ipynb" else [*_markdown(text, place, name)]


def _notebook(document: Path, place: str, name: str) -> Program:
    program = Program(name)
    for cell in nbformat.read(document, 4).cells:
        if cell.cell_type == "code":
            program.add(cell.source, f"{place}[{cell.id}]", 1)
    return program


def _markdown(text: str, place: str, name: str) -> Iterator[Program]:
    whole, found = Program(name), 0
    for block in _BLOCK.finditer(text):
        line = text.count("\n", 0, block.start("code")) + 1
        found += block["words"] is not None
        words = {word.strip() for word in (block["words"] or "").split(",")} - {""}
        if words - WORDS or (block["words"] is not None and not words and not block["given"]):
            raise DocumentError(f"{place}:{line}: 'check:' takes {', '.join(sorted(WORDS))}, not {block['words']!r}")
        if "nothing" in words:
            continue
        program = Program(f"{name}_{line}") if "apart" in words else whole
        if block["given"]:
            first = text.count("\n", 0, block.start("given")) + 1
            program.add(block["given"], place, first, runs="types" not in words)
        program.add(block["code"], place, line, runs="types" not in words)
        if program is not whole:
            yield program
    if found != len(_CHECK.findall(_FENCED.sub("", text))):
        raise DocumentError(f"{place}: a comment 'check:' stands above no block of Python")
    if whole.lines:
        yield whole
