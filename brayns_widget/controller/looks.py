"""What models look like: their coloring, and over it what was hidden, faded or colored cell by cell.

The renderer colors single cells by the method "id" alone, also to hide them (an alpha of 0). Whatever a coloring has
put below comes back when it is sent again, so each model's newest one is kept as it was sent. Two requests at most, the
coloring and what lies over it, make the whole look; they are also what the journal repeats in another renderer.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from brayns_widget.connection.server import Server
from brayns_widget.controller.group import Core
from brayns_widget.controller.loaded import LoadedIds
from brayns_widget.controller.scene import Key
from brayns_widget.controller.state import ModelState
from brayns_widget.protocol.colors import Rgba
from brayns_widget.protocol.errors import CircuitError

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Ints = npt.NDArray[np.int64]

BY_ID = "id"
HIDDEN: Rgba = (0.0, 0.0, 0.0, 0.0)
FADED: Rgba = (0.2, 0.2, 0.2, 0.04)
"""Of the rest of an isolated selection: gray, and so clear that many layers of it hide nothing."""


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """The look of one model. Ids are ascending.

    Attributes:
        method: the coloring method.
        values: linear RGBA by the method's keys; all cells have one.
        keys: the key of each category of the legend.
        colored: ids of cells by the linear RGBA that they have instead.
        faded: ids of cells that are nearly clear.
        hidden: ids of cells that are not seen.
    """

    method: str
    values: Mapping[str, Rgba]
    keys: Mapping[str, str] = field(default_factory=dict)
    colored: Mapping[Rgba, Ints] = field(default_factory=dict)
    faded: Ints | None = None
    hidden: Ints | None = None

    @property
    def by_label(self) -> dict[str, Rgba]:
        """Linear RGBA by category of the legend."""
        return {label: self.values[key] for label, key in self.keys.items()}

    @property
    def veils(self) -> bool:
        """Whether cells are hidden or faded."""
        return self.faded is not None or self.hidden is not None

    @property
    def over(self) -> list[tuple[Rgba, Ints]]:
        """What lies over the coloring, the topmost last."""
        veils = (FADED, self.faded), (HIDDEN, self.hidden)
        return [*self.colored.items(), *((color, ids) for color, ids in veils if ids is not None)]

    def all_shown(self) -> Look:
        """Return it with nothing faded or hidden."""
        return replace(self, faded=None, hidden=None)


class Looks:
    """Keeper of the looks of one controller's models. Callers hold the scene's ``changing``.

    Args:
        core: the controller's core.
        loaded: the cells of the models.
    """

    def __init__(self, core: Core, loaded: LoadedIds) -> None:
        self._scene = core.scene
        self._store = core.store
        self._loaded = loaded
        self._looks: dict[Key, Look] = {}

    def known(self, model_id: int) -> Look | None:
        """Return the look of a model, or None if it was not colored here."""
        here = self._scene.key(model_id)
        if here in self._looks:  # at once: each call asks for the looks of all models, to undo it
            return self._looks[here]
        return next((look for key, look in self._looks.items() if self._scene.present(key) == here), None)

    def needed(self, model: ModelState) -> Look:
        """Return the look of a model whose cells are to look different.

        Raises:
            CircuitError: it is not known what would be below.
        """
        look = self.known(model.id)
        if look is None or model.colored_by is None:
            text = f"{model.name!r} was colored elsewhere, so what its cells look like could not be brought back."
            raise CircuitError(text, hint="Color it first, such as by model.color = 'white'.")
        return look

    async def color(
        self,
        renderer: Server,
        model_id: int,
        method: str,
        values: Mapping[str, Rgba],
        keys: Mapping[str, str] | None = None,
    ) -> None:
        """Color all cells of a model; those that are faded or hidden stay so.

        Args:
            renderer: draws it.
            model_id: the model.
            method: the coloring method.
            values: linear RGBA by the method's keys.
            keys: the key of each category of the legend; None: there are none.
        """
        before, new = self.known(model_id), Look(method, values, keys or {})
        look = new if before is None else replace(new, faded=before.faded, hidden=before.hidden)
        await self._send(renderer, model_id, look, anew=True)

    async def recolor(self, renderer: Server, model_id: int, look: Look, colors: Mapping[str, Rgba]) -> None:
        """Give some categories of a model's look another color; what lies over it stays.

        Args:
            renderer: draws it.
            model_id: the model.
            look: its present look.
            colors: linear RGBA by category.
        """
        changed = {key: colors[label] for label, key in look.keys.items() if label in colors}
        await self._send(renderer, model_id, replace(look, values={**look.values, **changed}), anew=True)

    async def change(self, renderer: Server, model_id: int, look: Look) -> None:
        """Give a model another look over the same coloring."""
        before = self.known(model_id)
        anew = before is not None and await self._uncovers(renderer, model_id, before, look)
        await self._send(renderer, model_id, look, anew=anew)

    async def bring_back(self, renderer: Server, model_id: int, look: Look) -> None:
        """Give a model a look that it had, whatever it has now."""
        await self._send(renderer, model_id, look, anew=True)

    async def _uncovers(self, renderer: Server, model_id: int, before: Look, look: Look) -> bool:
        """Whether a cell takes the color of the coloring again."""
        if not before.over:
            return False
        was, now = await self._codes(renderer, model_id, before), await self._codes(renderer, model_id, look)
        return bool(((was > 0) & (now == 0)).any())

    async def _send(self, renderer: Server, model_id: int, look: Look, *, anew: bool) -> None:
        key = self._scene.key(model_id)
        if look.method == BY_ID or not look.over:
            values = await self._by_ids(renderer, model_id, look) if look.over else look.values
            await _color(renderer, model_id, look.method, values)
        else:
            if anew:
                await _color(renderer, model_id, look.method, look.values)
            if values := await self._by_ids(renderer, model_id, look):
                await _color(renderer, model_id, BY_ID, values)
        self._looks = {old: one for old, one in self._looks.items() if self._is_there(old, key)}
        self._looks[key] = look
        self._scene.put(replace(one, veiled=look.veils) for one in self._store.state.models if one.id == model_id)

    def _is_there(self, old: Key, other: Key) -> bool:
        present = self._scene.present(old)
        return present == self._scene.key(present[0]) and present != other

    async def _by_ids(self, renderer: Server, model_id: int, look: Look) -> Mapping[str, Rgba]:
        """Return the colors of single cells, each cell once: of all if the coloring is by cell, too."""
        from brayns_widget.controller.coloring import by_ids

        ids, codes = await self._loaded.ascending(renderer, model_id), await self._codes(renderer, model_id, look)
        colors = [HIDDEN, *(color for color, _ in look.over)]
        if look.method != BY_ID:
            ids, codes = ids[codes > 0], codes[codes > 0]
        else:
            codes, colors = _below(look.values, ids, codes, colors)
        return by_ids(ids, codes, colors) if len(ids) else {}

    async def _codes(self, renderer: Server, model_id: int, look: Look) -> npt.NDArray[np.intp]:
        """Return, for each cell, 1 + its place in ``look.over``, or 0."""
        import numpy as np

        ids = await self._loaded.ascending(renderer, model_id)
        codes = np.zeros(len(ids), np.intp)
        for place, (_, some) in enumerate(look.over, 1):
            codes[np.isin(ids, some)] = place
        return codes


def _below(
    values: Mapping[str, Rgba], ids: Ints, codes: npt.NDArray[np.intp], colors: list[Rgba]
) -> tuple[npt.NDArray[np.intp], list[Rgba]]:
    """Fill the cells of code 0 with the colors that they have by their ids."""
    import numpy as np

    from brayns_widget.controller.selected import parse_ranges

    codes, colors, free = codes.copy(), list(colors), codes == 0
    for text, color in values.items():
        codes[free & np.isin(ids, parse_ranges(text, "ids"))] = len(colors)
        colors.append(color)
    return codes, colors


async def _color(renderer: Server, model_id: int, method: str, values: Mapping[str, Rgba]) -> None:
    from brayns_widget.protocol.brayns.colors import COLOR_MODEL, ColorModelParams

    await renderer.call(COLOR_MODEL, ColorModelParams(id=model_id, method=method, values=dict(values)))
