"""The box around some cells of a model."""

from __future__ import annotations

from typing import TYPE_CHECKING

from brayns_widget.connection.server import Server
from brayns_widget.controller.camera import Bounds
from brayns_widget.controller.files import inspect_circuit
from brayns_widget.controller.group import Core
from brayns_widget.controller.questions import Questions
from brayns_widget.controller.state import ModelState
from brayns_widget.protocol.errors import BraynsWidgetError

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from brayns_widget.protocol.brayns.models import Transform

    Ints = npt.NDArray[np.int64]
    Floats = npt.NDArray[np.float64]


async def cell_bounds(core: Core, renderer: Server, model: ModelState, loaded: Ints, ids: Ints) -> Bounds | None:
    """Return a box around cells of a model, in the world, µm; None if the model is empty.

    The places of cells are the backend's. How far neurites reach beyond them is taken of the whole model: its box
    reaches beyond the places of all its cells by as much. So the box of all cells is the model's, and so is any if
    nobody can tell the places.

    Args:
        core: the controller's core.
        renderer: draws the model.
        model: the model.
        loaded: its cells, ascending.
        ids: those that are meant, some of ``loaded``.
    """
    import numpy as np

    if model.bounds is None or len(ids) == len(loaded):
        return model.bounds
    places = await cell_places(core, renderer, model, loaded)
    if places is None:
        return model.bounds
    low, high = np.array(model.bounds, np.float64)
    below, above = places.min(axis=0) - low, high - places.max(axis=0)
    if min(below.min(), above.min()) < 0:
        return model.bounds  # it shows its cells elsewhere, such as side by side in a plane
    some = places[np.isin(loaded, ids)]
    return _box(some.min(axis=0) - below, some.max(axis=0) + above)


async def cell_places(core: Core, renderer: Server, model: ModelState, loaded: Ints) -> Floats | None:
    """Return the places (N, 3) of a model's cells in the world, µm; None if nobody can tell them."""
    from brayns_widget.protocol.brayns.models import GET_MODEL, GetModelParams

    places = await _places(core, model, loaded)
    if places is None:
        return None
    return placed(places, (await renderer.call(GET_MODEL, GetModelParams(id=model.id))).transform)


async def _places(core: Core, model: ModelState, loaded: Ints) -> Floats | None:
    """Read the places (N, 3) of a model's cells; None if nobody can tell them."""
    import numpy as np

    ready = core.connection.ready
    if ready is None or ready.backend is None or model.path is None or model.population is None:
        return None
    try:
        circuit = await inspect_circuit(ready.backend, model.path, ready.capabilities.offers, node_sets=False)
        population = circuit.choose(model.population)
        columns = await Questions(ready, model.path, population).positions()
    except BraynsWidgetError:
        return None  # the whole model can be framed all the same
    places = np.stack([np.asarray(columns[axis], np.float64) for axis in "xyz"], axis=1)
    if len(loaded) and loaded[-1] >= len(places):
        return None
    some: Floats = places[loaded]
    return some if np.isfinite(some).all() else None


def placed(places: Floats, transform: Transform) -> Floats:
    """Return places (N, 3) as a transform puts them: scaled, turned by its quaternion (x, y, z, w), then moved."""
    import numpy as np

    axis, w = np.array(transform.rotation[:3], np.float64), float(transform.rotation[3])
    scaled = places * np.array(transform.scale, np.float64)
    across = 2 * np.cross(axis, scaled)
    moved: Floats = scaled + w * across + np.cross(axis, across) + np.array(transform.translation, np.float64)
    return moved


def _box(low: Floats, high: Floats) -> Bounds:
    (a, b, c), (d, e, f) = low.tolist(), high.tolist()
    return (a, b, c), (d, e, f)
