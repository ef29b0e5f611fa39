"""Cells by the value that they are colored by."""

from __future__ import annotations

from typing import TYPE_CHECKING

from brayns_widget.controller.group import Core
from brayns_widget.controller.looks import BY_ID
from brayns_widget.controller.painting import Painter
from brayns_widget.controller.selected import Selected, make_selected, parse_ranges
from brayns_widget.controller.state import ModelState
from brayns_widget.protocol.errors import CircuitError
from brayns_widget.protocol.ids import ascending

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Ints = npt.NDArray[np.int64]


async def cells_with(core: Core, painter: Painter, kind: str, value: str) -> Selected:
    """Find the cells that have a value, in all models that are colored by its attribute.

    Args:
        core: the controller's core.
        painter: of its models.
        kind: the attribute, see ``value_colors.kind_of``.
        value: the category.

    Raises:
        CircuitError: no model shows it, its values are not of cells, or the attribute cannot be read.
    """
    import numpy as np

    sections = [section for section in core.store.state.sections if section.attribute == kind and section.entries]
    if not sections:
        colored = dict.fromkeys(section.attribute for section in core.store.state.sections if section.entries)
        hint = f"They are colored by {', '.join(map(repr, colored)) or 'nothing with categories'}."
        raise CircuitError(f"No model is colored by categories of {kind!r}.", hint=hint)
    if not any(section.selectable for section in sections):
        raise CircuitError(f"The values of {kind!r} are not of whole cells, so no cells can be selected by them.")
    found: dict[str, Ints] = {}
    for section in sections:
        if section.model is not None and section.selectable and value in {entry.label for entry in section.entries}:
            model = core.scene.model(section.model)
            ids = await _cells_of(core, painter, model, value)
            name = model.population or model.name
            found[name] = ascending(np.concatenate([found[name], ids]) if name in found else ids)
    if not found:
        raise CircuitError(f"No model that is colored by {kind!r} shows {value!r}.")
    return make_selected(found)


async def _cells_of(core: Core, painter: Painter, model: ModelState, value: str) -> Ints:
    from brayns_widget.protocol.brayns.colors import CELL_ATTRIBUTES

    look, method = painter.looks.known(model.id), model.colored_by or ""
    if look is not None and look.method == BY_ID and value in look.keys:
        return parse_ranges(look.keys[value], "ids")
    # The renderer colors by this attribute, and does not tell which cells have which value.
    attribute = CELL_ATTRIBUTES[method]
    frame = await painter.cells(await core.renderer(), model, [attribute])
    found: Ints = frame.index[frame[attribute].astype(str) == value].to_numpy("int64")
    return ascending(found)
