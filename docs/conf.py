"""Sphinx's configuration; `python run.py docs` builds the pages into build/docs.

The source folder is the whole checkout, so that README, documents and notebooks link to each other as they do in the
repository. `reference.py` writes the pages of the API reference. Every warning is an error, and so is every name of
ours that a docstring or a signature mentions and no page has.
"""

from __future__ import annotations

import builtins
import importlib
import re
import shutil
import sys
import types
from pathlib import Path
from typing import Any

from sphinx.addnodes import pending_xref
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.ext.napoleon.docstring import GoogleDocstring

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from brayns_widget.version import own_version  # noqa: E402 - found by the line above
from docs import reference  # noqa: E402 - as above

project = "brayns_widget"
author = "the authors of brayns_widget"
version = release = own_version()

root_doc = "README"
include_patterns = ["*.md", "docs/*.md", "docs/reference/*.rst", "notebooks/*.ipynb"]
exclude_patterns = [".*", "build", "dist", "js", "tests", "benchmarks", "brayns_widget", "**/.ipynb_checkpoints"]
extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
nitpicky = True
nitpick_ignore_regex = [("py:(class|obj)", r"([\w.]+\.)?[A-Z](s|_co|_contra)?(\.(args|kwargs))?")]  # type variables

SHORT = {"np": "numpy", "pd": "pandas"}
"""Modules that are imported for type checkers under another name."""

CONTENTS = """
```{toctree}
:hidden:

notebooks/quickstart
notebooks/load
notebooks/select
notebooks/colors
notebooks/models
notebooks/camera
notebooks/cut
notebooks/look
notebooks/connect
notebooks/allen
docs/reference/index
docs/connect
docs/looks
docs/files
docs/service
docs/renderer
docs/performance
```

```{toctree}
:hidden:
:caption: Inside

docs/architecture
docs/front-end
CONTRIBUTING
CHANGELOG
```
"""

# ---- pages

myst_heading_anchors = 3
nb_execution_mode = "off"  # `python run.py docs -D nb_execution_mode=force` shows the widgets, with the extra `local`

html_theme = "sphinx_book_theme"
html_title = f"brayns_widget {release}"
html_theme_options = {"show_toc_level": 2, "use_download_button": False, "use_fullscreen_button": False}

# ---- docstrings

default_role = "code"
python_use_unqualified_type_names = True
maximum_signature_line_length = 100
autodoc_class_signature = "mixed"
autodoc_member_order = "bysource"
autodoc_typehints_format = "short"
autodoc_preserve_defaults = True
napoleon_google_docstring = napoleon_numpy_docstring = False  # see read_docstring
napoleon_use_rtype = False
napoleon_custom_sections = [("Raises from the task", "params_style")]


def read_docstring(app: Sphinx, what: Any, name: str, value: Any, _options: Any, lines: list[str]) -> None:
    """Turn Google's sections into reStructuredText, as Napoleon does, but for two things.

    Napoleon takes the first colon of a property's docstring for the end of its type, and does not see the section
    "Raises (from the task):", as it expects words and nothing else.
    """
    text = [re.sub(r"^(\s*)Raises \(from the task\):$", r"\1Raises from the task:", line) for line in lines]
    what = "method" if what in {"property", "attribute", "data"} else what
    unlisted = types.SimpleNamespace(no_index=True, noindex=True)  # attributes are listed where they are defined
    lines[:] = GoogleDocstring(text, app.config, app, what, name, value, unlisted).lines()


def add_contents(_app: Sphinx, document: str, source: list[str]) -> None:
    """Give the README the table of contents, which it has no use for elsewhere."""
    if document == root_doc:
        source[0] += CONTENTS


def qualify_builtins(_app: Sphinx, doctree: Any) -> None:
    """Name the module of built-in names, such as `type`: Sphinx would link to any attribute of ours with that name."""
    for node in doctree.findall(pending_xref):
        if node.get("refdomain") == "py" and getattr(builtins, node["reftarget"], None) is not None:
            node["reftarget"] = f"builtins.{node['reftarget']}"


def let_others_be(_app: Sphinx, _env: BuildEnvironment, node: Any, text: Any) -> Any:
    """Show a name of another package as it is, if there is such a name; ours and misspelled ones are errors."""
    target = node.get("reftarget", "")
    parts = target.split(".")
    parts[0] = SHORT.get(parts[0], parts[0])
    if node.get("refdomain") != "py" or parts[0] == "brayns_widget":
        return None
    if len(parts) == 1:
        parts.insert(0, "builtins")
    try:
        value: Any = importlib.import_module(parts[0])
        for index, part in enumerate(parts[1:], 2):
            value = getattr(value, part, None) or importlib.import_module(".".join(parts[:index]))
    except ImportError:
        known = target in {"None", "Ellipsis"} or parts[0] in SHORT.values()  # which need not be installed
        return text if known else None
    return text


def add_index(app: Sphinx, error: Exception | None) -> None:
    """Let the site begin with the README."""
    if error is None and app.builder.name == "html":
        shutil.copy(Path(app.outdir, "README.html"), Path(app.outdir, "index.html"))


def setup(app: Sphinx) -> None:
    """Connect what is above, and write the pages of the reference."""
    reference.write_pages(ROOT / "docs" / "reference")
    app.connect("autodoc-process-docstring", read_docstring)
    app.connect("source-read", add_contents)
    app.connect("doctree-read", qualify_builtins)
    app.connect("missing-reference", let_others_be)
    app.connect("build-finished", add_index)
