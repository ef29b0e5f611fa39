"""Loaders in the process that may die, and what comes of them in this one; see ``service.reading``."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import numpy as np

from brayns_widget.service.available_memory import available, limit_data
from brayns_widget.service.confined import confined
from brayns_widget.service.hdf5 import without_links
from brayns_widget.service.reading.reader import Here, Runner
from brayns_widget.service.renderer.loaders.base import UPLOAD, LoadedModel, Loader, check_depth
from brayns_widget.service.renderer.memory import Allowance, allowing
from brayns_widget.service.rpc.running import RunningRequest

_lasting = contextlib.ExitStack()
_is_reader = False


def prepare(base_directory: str | None) -> None:
    """Prepare the process that reads: confine it, import all loaders, and compile what they compute."""
    global _is_reader  # noqa: PLW0603 - what this process is
    _is_reader = True
    import libsonata._libsonata
    import morphio._morphio

    from brayns_widget.service.renderer.loaders import registry
    from brayns_widget.service.renderer.loaders.morphologies import radii

    del registry
    radii.warm_up()
    without_links(libsonata._libsonata, morphio._morphio)  # noqa: SLF001 - these hold HDF5
    _lasting.enter_context(confined(base_directory))


class Reading:
    """Runs loaders.

    Args:
        runner: where.
    """

    def __init__(self, runner: Runner | None = None) -> None:
        self._runner = runner or Here()

    def read(
        self, loader: Loader, path: str, properties: Any, request: RunningRequest, *, allowed: Allowance
    ) -> list[LoadedModel]:
        """Load a file; see ``Loader.read``."""
        check_depth(properties)
        return self._owned(self._runner.run(path, _read, request, loader, allowed, path, properties))

    def read_upload(
        self,
        loader: Loader,
        kind: str,
        data: memoryview,
        properties: Any,
        request: RunningRequest,
        *,
        allowed: Allowance,
        name: str = UPLOAD,
    ) -> list[LoadedModel]:
        """Load what a client uploaded; see ``Loader.read_upload``."""
        check_depth(properties)
        content = np.frombuffer(data, np.uint8)  # goes in shared memory
        found = self._runner.run(name, _read_upload, request, loader, allowed, kind, content, properties, name)
        return self._owned(found)

    def _owned(self, loaded: list[LoadedModel]) -> list[LoadedModel]:
        for model in loaded:
            if model.simulation is not None:
                model.simulation.read_by(self._runner)
        return loaded


@contextlib.contextmanager
def _limited(allowed: Allowance) -> Iterator[None]:
    if _is_reader:
        limit_data(available())
    with allowing(allowed):
        yield


def _read(request: RunningRequest, loader: Loader, allowed: Allowance, path: str, properties: Any) -> list[LoadedModel]:
    with _limited(allowed):
        return loader.read(path, properties, request)


def _read_upload(  # noqa: PLR0917 - as ``Loader.read_upload``
    request: RunningRequest, loader: Loader, allowed: Allowance, kind: str, content: Any, properties: Any, name: str
) -> list[LoadedModel]:
    with _limited(allowed):
        return loader.read_upload(kind, memoryview(content), properties, request, name=name)
