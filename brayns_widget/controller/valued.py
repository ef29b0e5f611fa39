"""Cells by the value that they are colored by."""

from __future__ import annotations

from typing import TYPE_CHECKING

from brayns_widget.controller.attributes import read_known
from brayns_widget.controller.group import Core
from brayns_widget.controller.looks import BY_ID
from brayns_widget.controller.painting import Painter
from brayns_widget.controller.scene import Key
from brayns_widget.controller.selected import Selected, make_selected, parse_ranges
from brayns_widget.controller.state import ModelState
from brayns_widget.protocol.errors import CircuitError
from brayns_widget.protocol.ids import ascending

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import pandas as pd

    Ints = npt.NDArray[np.int64]


class CellValues:
    """Keeper of the attributes that the cells of models are colored by: read once, as they never change.

    Args:
        core: the controller's core.
        painter: of its models.
    """

    def __init__(self, core: Core, painter: Painter) -> None:
        self._core = core
        self._painter = painter
        self._known: dict[tuple[Key, str], pd.Series] = {}

    async def cells_with(self, kind: str, value: str) -> Selected:
        """Find the cells that have a value, in all models that are colored by its attribute.

        Args:
            kind: the attribute, see ``value_colors.kind_of``.
            value: the category.

        Raises:
            CircuitError: no model shows it, its values are not of cells, or the attribute cannot be read.
        """
        import numpy as np

        listed = [section for section in self._core.store.state.sections if section.entries]
        sections = [section for section in listed if section.attribute == kind]
        if not sections:
            colored = ", ".join(map(repr, dict.fromkeys(section.attribute for section in listed)))
            hint = f"They are colored by {colored or 'nothing with categories'}."
            raise CircuitError(f"No model is colored by categories of {kind!r}.", hint=hint)
        if not any(section.selectable for section in sections):
            raise CircuitError(f"The values of {kind!r} are not of whole cells, so no cells can be selected by them.")
        found: dict[str, Ints] = {}
        for section in sections:
            if section.model is not None and section.selectable and value in {entry.label for entry in section.entries}:
                model = self._core.scene.model(section.model)
                ids, name = await self._cells_of(model, value), model.population or model.name
                found[name] = ascending(np.concatenate([found[name], ids]) if name in found else ids)
        if not found:
            raise CircuitError(f"No model that is colored by {kind!r} shows {value!r}.")
        return make_selected(found)

    async def _cells_of(self, model: ModelState, value: str) -> Ints:
        look = self._painter.looks.known(model.id)
        if look is not None and look.method == BY_ID and value in look.keys:
            return parse_ranges(look.keys[value], "ids")
        values = await self._read(model)
        found: Ints = values.index[values == value].to_numpy("int64")
        return ascending(found)

    async def _read(self, model: ModelState) -> pd.Series:
        """Read the texts that the renderer colors a model by, for it does not tell which cells have which."""
        from brayns_widget.protocol.brayns.colors import CELL_ATTRIBUTES

        scene, attribute = self._core.scene, CELL_ATTRIBUTES[model.colored_by or ""]
        key = scene.key(model.id), attribute
        if key not in self._known:
            if model.path is None or model.population is None:
                raise CircuitError(f"{model.name!r} was not loaded from a circuit, so its cells have no attributes.")
            ids = await self._painter.ids(await self._core.renderer(), model.id)
            column = await read_known(await self._core.backend(), model.path, model.population, ids, attribute)
            self._known = {old: values for old, values in self._known.items() if scene.key(old[0][0]) == old[0]}
            self._known[key] = column.astype(str)
        return self._known[key]
