"""Loading of what is not on the renderer's machine: bytes, files of the kernel's machine, files of a page's machine."""

from __future__ import annotations

import asyncio
import base64
import binascii
import time
from abc import abstractmethod
from dataclasses import replace
from functools import partial
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Annotated, Any

from annotated_types import Ge, Le, MaxLen

from brayns_widget.connection.reports import Report
from brayns_widget.connection.server import Server
from brayns_widget.controller.calls import long, offered, waiting
from brayns_widget.controller.formats import TEXTS, Format, format_of, read_formats
from brayns_widget.controller.group import Core, Group
from brayns_widget.controller.loading import Options, added
from brayns_widget.controller.morphologies import Add
from brayns_widget.controller.scene import Scene
from brayns_widget.controller.selection import Name
from brayns_widget.controller.state import ModelState
from brayns_widget.protocol.errors import CircuitError

if TYPE_CHECKING:
    from brayns_widget.controller.models import Model

LARGEST = 256 << 20
"""Bytes of an upload, of which page, kernel and renderer hold a copy each."""

_PART = 8 << 20  # characters of a part of an upload of a page; Jupyter's servers take ten million bytes in a message
_PATIENCE = 120.0  # seconds without a part, after which a page has given up

UploadId = Annotated[str, MaxLen(100)]
Part = Annotated[str, MaxLen(_PART)]
Size = Annotated[int, Ge(1), Le(LARGEST)]


class Received:
    """What pages have sent so far; the sum of all is limited as a single upload is."""

    def __init__(self) -> None:
        self._parts: dict[str, tuple[bytearray, float]] = {}

    def add(self, upload: str, data: bytes) -> int:
        """Add a part to an upload, which begins with its first; return how many bytes it has.

        Raises:
            CircuitError: that is too much.
        """
        self.forget()
        content = self._parts[upload][0] if upload in self._parts else bytearray()
        if len(data) + sum(len(part) for part, _ in self._parts.values()) > LARGEST:
            self.drop(upload)
            raise too_large("All that is being uploaded")
        content += data
        self._parts[upload] = content, time.monotonic()
        return len(content)

    def take(self, upload: str) -> bytes:
        """Return an upload, and forget it.

        Raises:
            CircuitError: there is none.
        """
        if upload not in self._parts:
            raise CircuitError("The upload is not there any more.", hint="Upload the file again.")
        return bytes(self._parts.pop(upload)[0])

    def forget(self) -> None:
        """Forget what pages have given up."""
        now = time.monotonic()
        self._parts = {name: part for name, part in self._parts.items() if now - part[1] < _PATIENCE}

    def drop(self, upload: str) -> None:
        """Forget an upload."""
        self._parts.pop(upload, None)


def too_large(what: str) -> CircuitError:
    """Make the error of an upload that is too large."""
    return CircuitError(
        f"{what} has more than {LARGEST >> 20} MiB.", hint="Copy it to the renderer's machine, and load it by its path."
    )


class Uploads(Group):
    """The calls that load what is not on the renderer's machine."""

    def __init__(self, core: Core) -> None:
        super().__init__(core)
        self._received = Received()

    @long
    async def load_upload(
        self,
        report: Report,
        source: bytes | Path | str,
        *,
        name: Name | None = None,
        loader: Name | None = None,
        options: Options | None = None,
        frame: bool = True,
    ) -> list[Model]:
        """Send a file of this machine, or bytes, to the renderer, and load them; starts the job if need be.

        Args:
            report: gets the progress.
            source: the path of a file on the kernel's machine, or the content of one, up to a size that errors name.
            name: the file's name, whose end tells the format; None takes that of the path.
            loader: the loader's name; None finds it by the end of the name.
            options: its parameters as JSON; None takes what ``formats`` tells as defaults.
            frame: point the camera at it, if it is the first model.

        Raises (from the task):
            CircuitError: it cannot be read, is too large, has no name, or the renderer reads no uploads of its format.
        """
        if isinstance(source, bytes):
            content = source
        else:
            content, name = await asyncio.to_thread(_read, Path(source)), name or PurePath(source).name
        if not name:
            raise CircuitError("The bytes have no name, whose end would tell the format.", hint="Pass name='cell.swc'.")
        return await self._load_content(report, content, name, loader, options, frame=frame)

    @offered
    @waiting
    async def receive(self, upload: UploadId, size: Size, data: Part) -> int:
        """Take a part of an upload of a page; return how many bytes of it are there.

        Args:
            upload: names it; the first part begins it.
            size: of the whole upload, in bytes.
            data: the part, in base64.

        Raises:
            CircuitError: it is no base64, or more than was told, or there is too much.
        """
        try:
            there = self._received.add(upload, base64.b64decode(data, validate=True))
        except binascii.Error as error:
            self._received.drop(upload)
            raise CircuitError(f"A part of the upload is no base64: {error}.") from error
        asyncio.get_running_loop().call_later(_PATIENCE + 0.1, self._received.forget)
        if there > size:
            self._received.drop(upload)
            raise CircuitError(f"The upload has more than its {size} bytes.")
        return there

    @offered
    @waiting
    async def drop_upload(self, upload: UploadId) -> None:
        """Forget an upload of a page."""
        self._received.drop(upload)

    @offered
    @long
    async def load_received(
        self, report: Report, upload: UploadId, *, name: Name, loader: Name, options: Options, frame: bool = True
    ) -> list[Model]:
        """Load an upload of a page.

        Args:
            report: gets the progress.
            upload: names it.
            name: the file's name.
            loader: the loader's name.
            options: its parameters as JSON.
            frame: point the camera at it, if it is the first model.

        Raises (from the task):
            CircuitError: it is not there any more, or cannot be loaded.
        """
        return await self._load_content(report, self._received.take(upload), name, loader, options, frame=frame)

    async def _load_content(
        self, report: Report, content: bytes, name: str, loader: str | None, options: Options | None, *, frame: bool
    ) -> list[Model]:
        if len(content) > LARGEST:
            raise too_large(repr(name))
        ready = await self._core.connection.ensure(report)
        cells = ready.capabilities.offers("add-morphology")
        formats = await read_formats(ready.renderer, cells=cells)
        found = format_of(name, [one for one in formats if loader in (None, one.loader)] or formats)
        kind = PurePath(name).suffix.removeprefix(".").lower()
        if found.reason:
            raise CircuitError(f"{name!r} cannot be loaded: {found.reason}.")
        if kind not in found.uploads:
            names = ", ".join(f".{end}" for one in formats for end in one.uploads)
            hint = f"Copy it to the renderer's machine, and load it by its path. Uploads may be {names}."
            raise CircuitError(f"{found.loader!r} reads no uploads of {kind or name!r}.", hint=hint)
        chosen = found.defaults if options is None else options
        add = partial(_add_content, content=content, name=name, kind=kind, loader=found, options=dict(chosen))
        return await self._load(ready.renderer, report, name, add, color_by=None, frame=frame)

    @abstractmethod
    async def _load(
        self, renderer: Server, report: Report, path: str, add: Add, *, color_by: str | None, frame: bool
    ) -> list[Model]:
        """Load models by ``add``; color them, and frame the first."""


def _read(path: Path) -> bytes:
    try:
        if path.stat().st_size > LARGEST:
            raise too_large(repr(str(path)))
        return path.read_bytes()
    except OSError as error:
        raise CircuitError(f"{str(path)!r} cannot be read on the kernel's machine: {error.strerror}.") from error


async def _add_content(
    renderer: Server,
    scene: Scene,
    report: Report,
    *,
    content: bytes,
    name: str,
    kind: str,
    loader: Format,
    options: dict[str, Any],
) -> list[ModelState]:
    from brayns_widget.protocol.brayns.additions import ADD_MORPHOLOGY, AddMorphologyParams
    from brayns_widget.protocol.brayns.loaders import (
        NEURON_MORPHOLOGY,
        UPLOAD_MODEL,
        MorphologyParams,
        UploadModelParams,
    )

    if loader.loader == NEURON_MORPHOLOGY and kind in TEXTS:
        text = content.decode(errors="replace")
        cell: dict[str, Any] = {"type": kind, "text": text, "name": name}
        params = AddMorphologyParams(loader_properties=MorphologyParams(**options), **cell)
        call = renderer.call(ADD_MORPHOLOGY, params, on_progress=report)
    else:
        upload = UploadModelParams(loader_name=loader.loader, loader_properties=options, type=kind)
        call = renderer.call(UPLOAD_MODEL, upload, content, on_progress=report)
    states = [replace(state, name=name) for state in await added(renderer, scene, name, report, call)]
    scene.put(states)
    return states
