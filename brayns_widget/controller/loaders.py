"""Loading of files by the renderer's loaders."""

from __future__ import annotations

from abc import abstractmethod
from functools import partial
from typing import TYPE_CHECKING

from brayns_widget.connection.reports import Report
from brayns_widget.connection.server import Server
from brayns_widget.controller.calls import long, offered, waiting
from brayns_widget.controller.files import FilePath, resolve
from brayns_widget.controller.formats import Format, read_formats
from brayns_widget.controller.group import Group
from brayns_widget.controller.loading import add_model, choose_loader
from brayns_widget.controller.morphologies import Add
from brayns_widget.controller.selection import Name

if TYPE_CHECKING:
    from brayns_widget.controller.models import Model
    from brayns_widget.protocol.brayns.loaders import LoaderParams


class Loaders(Group):
    """The calls that load files of any kind."""

    @offered
    @waiting
    async def formats(self) -> tuple[Format, ...]:
        """List the formats that the renderer reads, each with the JSON Schema of its loader's parameters."""
        return await read_formats(await self._core.any_renderer())

    @long
    async def load(
        self,
        report: Report,
        path: FilePath,
        parameters: LoaderParams | None = None,
        *,
        loader: Name | None = None,
        color_by: Name | None = None,
        frame: bool = True,
    ) -> list[Model]:
        """Load any file that the renderer reads, such as a mesh or a single morphology; starts the job if need be.

        Args:
            report: gets the progress.
            path: the file, as the renderer's machine sees it.
            parameters: how to load it: one of the classes of ``brayns_widget.protocol.brayns.loaders``; None for
                whole morphologies, and for loaders that take none.
            loader: the loader's name; None finds it by the parameters, or by the file's extension.
            color_by: a coloring method of the model; None leaves it as the loader makes it.
            frame: point the camera at it, if it is the first model.

        Raises (from the task):
            CircuitError: the file cannot be loaded as asked.
        """
        renderer = await self._core.any_renderer(report)
        where = resolve(self._core, path)
        name, chosen = await choose_loader(renderer, where, loader, parameters)
        add = partial(add_model, path=where, loader=name, parameters=chosen)
        return await self._load(renderer, report, where, add, color_by=color_by, frame=frame)

    @abstractmethod
    async def _load(
        self, renderer: Server, report: Report, path: str, add: Add, *, color_by: str | None, frame: bool
    ) -> list[Model]:
        """Load models by ``add``; color them, and frame the first."""
