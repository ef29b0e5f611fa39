"""The interface of loaders, and the models that they return."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from pydantic import TypeAdapter

from brayns_widget.protocol.errors import INTERNAL_ERROR, INVALID_PARAMS, RequestError
from brayns_widget.protocol.schema import json_schema, validate
from brayns_widget.service.available_memory import available
from brayns_widget.service.confined import check_confined
from brayns_widget.service.renderer.content.atlas import Atlas
from brayns_widget.service.renderer.content.coloring.base import Coloring, Colors
from brayns_widget.service.renderer.content.geometry import (
    LARGEST_COORDINATE,
    Bounds,
    Floats,
    Geometry,
    join_bounds,
)
from brayns_widget.service.renderer.content.outline import outline
from brayns_widget.service.renderer.content.simulation import Simulation
from brayns_widget.service.renderer.content.volumes import Volume
from brayns_widget.service.renderer.memory import allowance, format_size
from brayns_widget.service.rpc.running import RunningRequest


@dataclass(frozen=True)
class LoadedModel:
    """One model that a loader made.

    Attributes:
        kind: Brayns' ``model_type``.
        geometry: primitives, each with a color slot.
        coloring: what the model can be colored by; knows the colors of all slots.
        metadata: what a client may show about it.
        ids: ids of the cells, in their order in the circuit, or None.
        simulation: a report that it shows, or None; who takes the model owns it.
        volume: what there is to see beside the geometry, or None.
        atlas: what it shows, and can be shown in other ways, or None.
        notices: sentences about what could not be read, or was read otherwise than it is written; see ``Notices``.
    """

    kind: str
    geometry: Geometry
    coloring: Coloring
    metadata: Mapping[str, str] = field(default_factory=dict)
    ids: npt.NDArray[np.int64] | None = None
    simulation: Simulation | None = None
    volume: Volume | None = None
    atlas: Atlas | None = None
    notices: tuple[str, ...] = ()

    @property
    def bounds(self) -> Bounds:
        """Bounds of geometry and volume, in µm."""
        box = self.geometry.bounds
        return box if self.volume is None else join_bounds(box, self.volume.bounds)

    @property
    def outline(self) -> Floats:
        """Points (N, 3) at its surface, see ``outline``; empty with a volume, whose outline is its box."""
        return outline(self.geometry) if self.volume is None else np.empty((0, 3), np.float32)

    @property
    def colors(self) -> Colors:
        """The color of each slot: the simulation's, or else its own."""
        own = self.coloring.colors
        return own if self.simulation is None else self.simulation.colors(own)

    def close(self) -> None:
        """Close its report."""
        if self.simulation is not None:
            self.simulation.close()


@dataclass(frozen=True)
class Content:
    """The bytes of a file or of an upload.

    Attributes:
        name: the file's path, or words for an upload: for messages.
        kind: the format, as the file's extension says: small letters, no dot.
        data: the bytes.
    """

    name: str
    kind: str
    data: bytes | memoryview


UPLOAD = "The upload"  # its name, if it has no other
_LARGE = 1 << 26  # bytes of a file that is read whole: less is not worth asking how much memory there is
MAX_DEPTH = 20  # of loader parameters; the deepest that means anything is 4


@dataclass(frozen=True)
class Loader:
    """A format that can be loaded.

    Attributes:
        name: as clients name it.
        plugin: the plugin of Brayns that has this loader.
        extensions: of the files, as the real renderer lists them.
        params: type of ``loader_properties``.
        load: reads a file; called with its path (a binary loader: with its ``Content``), valid parameters and the
            running request. It raises ``RequestError`` with a sentence that names the file and what is wrong with it.
        binary: whether it can read uploads.
        folders: whether ``load`` takes directories, too.
    """

    name: str
    plugin: str
    extensions: tuple[str, ...]
    params: Any
    load: Callable[[Any, Any, RunningRequest], list[LoadedModel]]
    binary: bool = False
    folders: bool = False

    def __reduce__(self) -> tuple[Any, ...]:
        # The process that reads has the same loader; the types of some parameters cannot be pickled.
        return _loader_of, (self.load.__module__, self.name, self.binary)

    def schema(self) -> dict[str, Any]:
        """JSON Schema of ``loader_properties``."""
        return json_schema(TypeAdapter(self.params))

    def read(self, path: str, properties: Any, request: RunningRequest) -> list[LoadedModel]:
        """Check the parameters and load a file.

        Raises:
            RequestError: -32602 for wrong parameters and files out of bounds, -32603 for files that are missing or
                unreadable, 20 if cancelled.
        """
        if "\0" in path:
            raise RequestError("A path cannot contain a null character", code=INVALID_PARAMS)
        check_confined(path)
        file = Path(path)
        try:
            is_folder, is_file, exists = file.is_dir(), file.is_file(), file.exists()
        except OSError as error:  # a path that is too long
            raise failure(f"{path} cannot be read: {error.strerror}") from error
        if is_folder and not self.folders:
            raise failure(f"{path} is a directory, {self.name} needs a file")
        if not exists:
            raise failure(f"File {path} does not exists")  # the real renderer's words
        if not (is_file or is_folder):
            raise failure(f"{path} is not a regular file")  # a pipe would keep its reader waiting
        return self._load(file, path, properties, request)

    def read_upload(
        self, kind: str, data: memoryview, properties: Any, request: RunningRequest, *, name: str = UPLOAD
    ) -> list[LoadedModel]:
        """Check the parameters and load what a client uploaded.

        Args:
            kind: the format, as a file's extension.
            data: the bytes.
            properties: the parameters.
            request: told about progress.
            name: for messages.

        Raises:
            RequestError: as ``read``; -32602, this loader reads files only.
        """
        if not self.binary:
            raise RequestError(f"Loader {self.name!r} cannot load binary", code=INVALID_PARAMS)
        content = Content(name, kind.removeprefix(".").lower(), data)
        return self._load(content, name, properties, request)

    def _load(self, source: Path | Content, name: str, properties: Any, request: RunningRequest) -> list[LoadedModel]:
        params = validate(TypeAdapter(self.params), properties, message="Invalid loader params schema")
        try:
            if self.binary and isinstance(source, Path):
                source = _content_of(source)
            return self._load_checked(source, params, request)
        except ValueError as error:  # what geometry refuses: numbers that are not finite, a corner that is not there
            raise failure(f"{name} cannot be shown: {error}") from error
        except MemoryError as error:
            raise failure(f"{name} does not fit into memory") from error

    def _load_checked(self, source: Any, params: Any, request: RunningRequest) -> list[LoadedModel]:
        loaded = self.load(source, params, request)
        try:
            request.progress(1.0, "Checking what was read")
            _check(loaded)
        except BaseException:
            for model in loaded:
                model.close()
            raise
        return loaded


def _loader_of(module: str, name: str, binary: bool) -> Loader:
    """Find a loader in the module that has its function."""
    loaders = (item for item in vars(importlib.import_module(module)).values() if isinstance(item, Loader))
    return next(loader for loader in loaders if (loader.name, loader.binary) == (name, binary))


def _check(loaded: Sequence[LoadedModel]) -> None:
    """Check that models can be shown.

    Raises:
        ValueError: they reach too far.
        RequestError: they do not fit into memory beside what there is.
    """
    for model in loaded:
        low, high = model.geometry.bounds
        farthest = max(-low.min(), high.max())
        if model.geometry.count and not farthest < LARGEST_COORDINATE:
            raise ValueError(f"coordinates must stay below {LARGEST_COORDINATE:g} µm, and reach {farthest:g}")
    allowed = allowance()
    count = sum(model.geometry.count for model in loaded) - allowed.taken
    if count > 0 and not allowed.fits(count):  # a full scene has room for what has no primitives, such as volumes
        raise failure(f"There is not enough memory for {count} primitives (the budget is {allowed.budget})")


def check_depth(properties: Any) -> None:
    """Check parameters that are to be passed on, kept and told again, by what does not go as deep as JSON.

    Raises:
        RequestError: -32602, they are nested too deeply.
    """
    if _is_deeper(properties, MAX_DEPTH):
        raise RequestError(f"Loader parameters cannot be nested deeper than {MAX_DEPTH}", code=INVALID_PARAMS)


def _is_deeper(value: Any, levels: int) -> bool:
    if not isinstance(value, dict | list):
        return False
    items = value.values() if isinstance(value, dict) else value
    return levels == 0 or any(_is_deeper(item, levels - 1) for item in items)


def _content_of(path: Path) -> Content:
    try:
        size = path.stat().st_size
        if size > _LARGE and size > available() // 2:
            raise failure(f"{path} has {format_size(size)}, more than half of the memory that is left")
        return Content(str(path), path.suffix.removeprefix(".").lower(), path.read_bytes())
    except OSError as error:
        raise failure(f"{path} cannot be read: {error.strerror}") from error


def failure(message: str) -> RequestError:
    """Make the error of a file that can't be loaded (-32603)."""
    return RequestError(message, code=INTERNAL_ERROR)
