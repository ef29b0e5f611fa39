"""The formats that a renderer reads, as it tells them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from brayns_widget.connection.server import Server
from brayns_widget.controller.amounts import LARGEST
from brayns_widget.protocol.errors import CircuitError

if TYPE_CHECKING:
    from brayns_widget.protocol.brayns.loaders import LoaderInfo

TEXTS = ("swc", "asc")
"""Extensions of morphologies whose text our renderer takes."""


@dataclass(frozen=True, slots=True)
class Format:
    """A loader of the renderer.

    Attributes:
        loader: its name.
        extensions: ends of the names of its files, in small letters, without a leading dot.
        uploads: those of the extensions whose content can be uploaded; the rest must be on the renderer's machine.
        parameters: JSON Schema of its parameters.
        defaults: parameters that are better than the schema's defaults, by which cells have no parts.
        reason: why it refuses all files, or "".
    """

    loader: str
    extensions: tuple[str, ...]
    uploads: tuple[str, ...]
    parameters: Mapping[str, Any]
    defaults: Mapping[str, Any]
    reason: str

    @classmethod
    def of(cls, info: LoaderInfo, *, cells: bool) -> Format:
        """Make it from the renderer's answer.

        Args:
            info: what it tells of a loader.
            cells: whether it takes the text of morphologies, which Brayns' loader does not.
        """
        from brayns_widget.protocol.brayns.loaders import NEURON_MORPHOLOGY

        # Some extensions have a dot in front.
        extensions = tuple(extension.lstrip(".").lower() for extension in info.extensions)
        texts = TEXTS if cells and info.name == NEURON_MORPHOLOGY else ()
        uploads = tuple(end for end in extensions if info.binary or end in texts)
        schema = _limited(info.input_parameters_schema)
        return cls(info.name, extensions, uploads, schema, defaults_of(info.name), info.refused or "")


_LIMITS: Mapping[str, dict[str, float]] = {
    "growth": {"minimum": 0, "maximum": 1},
    "subsampling": {"minimum": 1},
    "radius_multiplier": {"maximum": LARGEST},
}
"""What Brayns' schemas leave out, by the names of properties: others make no sense, or nothing to see."""


def _limited(schema: Mapping[str, Any]) -> dict[str, Any]:
    """Return a schema with these limits."""
    properties = {
        name: {**_limited(property_), **_LIMITS.get(name, {})}
        for name, property_ in schema.get("properties", {}).items()
    }
    return {**schema, "properties": properties} if properties else dict(schema)


def defaults_of(loader: str) -> dict[str, Any]:
    """Return the parameters that a loader gets where nobody names any."""
    from brayns_widget.protocol.brayns import loaders

    whole = {"load_soma": True, "load_axon": True, "load_dendrites": True}
    better: dict[str, dict[str, Any]] = {
        loaders.NEURON_MORPHOLOGY: whole,
        loaders.XYZ: {"by_density": True},
        loaders.CELL_PLACEMENT: {"morphology_parameters": whole},
    }
    return better.get(loader, {})


async def read_formats(renderer: Server, *, cells: bool = False) -> tuple[Format, ...]:
    """Ask a renderer for its loaders, in its order; for ``cells`` see ``Format.of``."""
    from brayns_widget.protocol.brayns.loaders import GET_LOADERS

    found = await renderer.call(GET_LOADERS)
    return tuple(Format.of(info, cells=cells) for info in found)


def format_of(path: str, formats: Sequence[Format]) -> Format:
    """Return the format of a file, by the longest end of its name.

    Args:
        path: the file.
        formats: those that the renderer reads; what is always refused gives way to what is not.

    Raises:
        CircuitError: none of them has files of such a name.
    """
    # Some are the end of another one, as "h5" of "circuit.morphologies.h5", which is a whole name.
    name = "." + re.split(r"[\\/]", path.lower())[-1]
    found = [(not one.reason, len(end), one) for one in formats for end in one.extensions if name.endswith(f".{end}")]
    if not found:
        names = ", ".join(repr(one.loader) for one in formats if not one.reason)
        hint = f"It reads {endings(formats)}. For a file of another name pass loader=…: {names}."
        raise CircuitError(f"No loader of this renderer reads {path!r}.", hint=hint)
    return max(found, key=lambda item: item[:2])[2]


def endings(formats: Sequence[Format]) -> str:
    """Return the ends of the names of all files that can be loaded, for people."""
    return ", ".join(dict.fromkeys(f".{end}" for one in formats if not one.reason for end in one.extensions))
