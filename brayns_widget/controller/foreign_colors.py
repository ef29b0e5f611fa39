"""Colors that other clients have given to models, as far as the renderer tells them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from brayns_widget.controller.legend import LegendSection, legend_of_values
from brayns_widget.controller.value_colors import tells_cells
from brayns_widget.protocol import colors
from brayns_widget.protocol.errors import RequestError

if TYPE_CHECKING:
    from brayns_widget.connection.server import Server
    from brayns_widget.controller.state import ModelState

SOLID = "solid"


async def with_foreign_colors(renderer: Server, model: ModelState) -> tuple[ModelState, LegendSection | None]:
    """Return a model with the coloring that the renderer tells, and its legend; Brayns does not tell it.

    Args:
        renderer: draws it.
        model: the model, as if its coloring were not known.

    Raises:
        ConnectionLost, DeadlineExceeded, ProtocolError: the renderer does not answer as it should.
    """
    from brayns_widget.protocol.brayns.additions import GET_MODEL_COLORING
    from brayns_widget.protocol.brayns.models import GetModelParams

    if not model.color_methods:
        return model, None
    try:
        found = await renderer.call(GET_MODEL_COLORING, GetModelParams(id=model.id))
    except RequestError:
        return model, None
    solid = found.values.get("color") if found.method == SOLID else None
    color = None if solid is None else colors.to_hex(solid)
    if not found.values:
        return replace(model, colored_by=found.method, color=color), None
    legend = legend_of_values(model.id, found.method, found.values, selectable=tells_cells(model, found.method))
    return replace(model, colored_by=found.method, color=color), legend
