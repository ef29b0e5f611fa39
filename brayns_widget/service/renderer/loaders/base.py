"""What a loader is, and what it hands to the registry of models."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from pydantic import TypeAdapter

from brayns_widget.protocol.errors import INTERNAL_ERROR, INVALID_PARAMS, RequestError
from brayns_widget.service.renderer.coloring import Coloring
from brayns_widget.service.renderer.geometry import Geometry
from brayns_widget.service.rpc.methods import Task
from brayns_widget.service.rpc.schema import Object, json_schema, validate


@dataclass(frozen=True)
class LoadedModel:
    """One model that a loader made.

    Attributes:
        kind: Brayns' ``model_type``.
        geometry: primitives, each with a colour slot.
        coloring: what the model can be coloured by; knows the colours of all slots.
        metadata: what a client may show about it.
        ids: ids of the cells, in their order in the circuit, or None.
    """

    kind: str
    geometry: Geometry
    coloring: Coloring
    metadata: Mapping[str, str] = field(default_factory=dict)
    ids: npt.NDArray[np.int64] | None = None


@dataclass(frozen=True)
class Loader:
    """A format that can be loaded.

    Attributes:
        name: as clients name it.
        plugin: the plugin of Brayns that has this loader.
        extensions: of the files, with the dot.
        params: type of ``loader_properties``.
        load: reads a file; called with the path, valid parameters and the running task. It raises ``RequestError``
            with a sentence that names the file and what is wrong with it.
    """

    name: str
    plugin: str
    extensions: tuple[str, ...]
    params: type[Object]
    load: Callable[[Path, Any, Task], list[LoadedModel]]
    binary: bool = False

    def schema(self) -> dict[str, Any]:
        """JSON Schema of ``loader_properties``."""
        return json_schema(TypeAdapter(self.params))

    def read(self, path: str, properties: Any, task: Task) -> list[LoadedModel]:
        """Check the parameters and load a file.

        Raises:
            RequestError: -32602 for wrong parameters, -32603 for files that are missing or unreadable, 20 if cancelled.
        """
        if "\0" in path:
            raise RequestError("A path cannot contain a null character", code=INVALID_PARAMS)
        file = Path(path)
        if file.is_dir():
            raise failure(f"{path} is a directory, {self.name} needs a file")
        if not file.is_file():
            raise failure(f"File {path} does not exists")  # the real renderer's words
        params = validate(TypeAdapter(self.params), properties, message="Invalid loader params schema")
        try:
            return self.load(file, params, task)
        except MemoryError as error:
            raise failure(f"There is not enough memory to load {path}") from error


def failure(message: str) -> RequestError:
    """Make the error of a file that can't be loaded (-32603)."""
    return RequestError(message, code=INTERNAL_ERROR)
