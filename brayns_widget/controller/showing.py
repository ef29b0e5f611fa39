"""What the selected cells look like, beside the rest: framed, hidden, isolated, colored."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from brayns_widget.connection.server import Server
from brayns_widget.controller.calls import offered, waiting
from brayns_widget.controller.camera import Bounds, corners
from brayns_widget.controller.framing import cell_bounds
from brayns_widget.controller.group import Core, Group
from brayns_widget.controller.looks import BY_ID, Look
from brayns_widget.controller.painting import Painter
from brayns_widget.controller.scene import union
from brayns_widget.controller.selected import Selected, ids_of
from brayns_widget.controller.state import ModelState
from brayns_widget.controller.views import LiveCamera
from brayns_widget.protocol import colors
from brayns_widget.protocol.errors import CircuitError

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Ints = npt.NDArray[np.int64]


class Showing(Group):
    """Calls about the look of the selected cells, in all models that show them."""

    def __init__(self, core: Core, painter: Painter) -> None:
        super().__init__(core)
        self._painter = painter

    @offered
    @waiting
    async def bounds(self) -> Bounds:
        """Return the lower and the upper corner (µm) of the box around the selected cells.

        Their places are those that the backend tells; without it the box is that of all of their models.

        Raises:
            CircuitError: no model shows a selected cell.
        """
        renderer = await self._core.renderer()
        boxes = []
        for model, ids in await self._shown(renderer):
            loaded = await self._painter.loaded.ascending(renderer, model.id)
            boxes.append(await cell_bounds(self._core, renderer, model, loaded, ids))
        if (bounds := union(boxes)) is None:
            raise CircuitError("The selected cells are empty, so there is nothing to point the camera at.")
        return bounds

    @waiting
    async def frame(self) -> None:
        """Point the camera at the selected cells, from the present direction.

        Raises:
            CircuitError: no model shows a selected cell.
        """
        LiveCamera._of(self._core)._look_at(corners(await self.bounds.aio()))  # noqa: SLF001 - of the same package

    @offered
    @waiting
    async def hide(self) -> None:
        """Hide the selected cells, until ``show_all``; they stay selected.

        Raises:
            CircuitError: no model shows a selected cell, or one was colored elsewhere.
        """
        renderer = await self._core.renderer()
        async with self._core.scene.changing:
            shown = await self._shown(renderer)
            await self._change(renderer, [(model, _hidden(self._look(model), ids)) for model, ids in shown])

    @offered
    @waiting
    async def isolate(self) -> None:
        """Show the selected cells, and let all other cells fade, until ``show_all``.

        Models that have no cells, such as meshes, stay as they are.

        Raises:
            CircuitError: no model shows a selected cell, or one was colored elsewhere.
        """
        import numpy as np

        renderer = await self._core.renderer()
        async with self._core.scene.changing:
            shown = {model.id: ids for model, ids in await self._shown(renderer)}
            looks = []
            for model in filter(_has_cells, self._store.state.models):
                look, ids = self._look(model), shown.get(model.id, np.empty(0, np.int64))
                rest = _without(await self._painter.loaded.ascending(renderer, model.id), ids)
                hidden = None if look.hidden is None else _without(look.hidden, ids)
                looks.append((model, replace(look, faded=rest, hidden=hidden)))
            await self._change(renderer, looks)

    @offered
    @waiting
    async def show_all(self) -> None:
        """Show all cells as they were before they were hidden, or the rest of an isolated selection."""
        if not any(self._veiled()):
            return
        renderer = await self._core.renderer()
        async with self._core.scene.changing:
            await self._change(renderer, [(model, look.all_shown()) for model, look in self._veiled()])

    @offered
    @waiting
    async def color(self, color: Any) -> None:
        """Give the selected cells a color of their own, until their models are colored again.

        Args:
            color: in any form that ``colors.parse`` reads.

        Raises:
            CircuitError: no model shows a selected cell, or one was colored elsewhere.
            ValueError: it is no color.
        """
        rgba = colors.parse(color)
        renderer = await self._core.renderer()
        async with self._core.scene.changing:
            shown = await self._shown(renderer)
            await self._change(renderer, [(model, _colored(self._look(model), rgba, ids)) for model, ids in shown])
            changed = {model.id for model, _ in shown}
            self._core.scene.put(
                replace(model, color=None) for model in self._store.state.models if model.id in changed
            )

    # ------------------------------------------------------------------ work

    @property
    def _selected(self) -> Selected:
        """The selected cells.

        Raises:
            CircuitError: there are none.
        """
        if not self._store.state.selection:
            raise CircuitError("Nothing is selected.", hint="Click a cell, or set selection to ids of cells.")
        return self._store.state.selection

    async def _shown(self, renderer: Server) -> list[tuple[ModelState, Ints]]:
        """Return the models that show selected cells, with these.

        Raises:
            CircuitError: no model does.
        """
        import numpy as np

        selected, found = self._selected, []
        for model in filter(_has_cells, self._store.state.models):
            if model.population is not None and model.population in selected:
                loaded = await self._painter.loaded.ascending(renderer, model.id)
                ids = np.intersect1d(loaded, ids_of(selected, model.population), assume_unique=True)
                found += [(model, ids)] if len(ids) else []
        if not found:
            raise CircuitError("No model shows any of the selected cells.", hint="Load them first.")
        return found

    def _look(self, model: ModelState) -> Look:
        return self._painter.looks.needed(model)

    def _veiled(self) -> Iterator[tuple[ModelState, Look]]:
        for model in self._store.state.models:
            look = self._painter.looks.known(model.id)
            if look is not None and (look.faded is not None or look.hidden is not None):
                yield model, look

    async def _change(self, renderer: Server, looks: Iterable[tuple[ModelState, Look]]) -> None:
        try:
            for model, look in looks:
                await self._painter.looks.change(renderer, model.id, look)
        finally:
            self._core.touch()


def _has_cells(model: ModelState) -> bool:
    return BY_ID in model.color_methods


def _hidden(look: Look, ids: Ints) -> Look:
    return replace(look, hidden=ids if look.hidden is None else _with(look.hidden, ids))


def _colored(look: Look, color: colors.Rgba, ids: Ints) -> Look:
    others = {other: _without(some, ids) for other, some in look.colored.items()}
    others[color] = _with(look.colored[color], ids) if color in look.colored else ids
    return replace(look, colored={other: some for other, some in others.items() if len(some)})


def _with(one: Ints, other: Ints) -> Ints:
    import numpy as np

    from brayns_widget.protocol.ids import ascending

    return ascending(np.concatenate([one, other]))


def _without(one: Ints, other: Ints) -> Ints:
    import numpy as np

    return np.setdiff1d(one, other, assume_unique=True)
