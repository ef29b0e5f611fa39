"""Another model of the same data, made by the request that has made the first one."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from brayns_widget.connection.loop import finish_cleanup
from brayns_widget.connection.reports import Report
from brayns_widget.connection.server import Server
from brayns_widget.controller.group import Core
from brayns_widget.controller.journal import Call
from brayns_widget.controller.painting import Painter
from brayns_widget.controller.scene import discard, seen, take_out
from brayns_widget.controller.state import ModelState
from brayns_widget.protocol.errors import CircuitError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from brayns_widget.protocol.brayns.models import ModelInstance

_REPEATED = ("set-material-", "set-circuit-thickness", "update-model", "set-color-ramp", "enable-simulation")


async def copy(core: Core, painter: Painter, renderer: Server, report: Report, model: ModelState) -> ModelState:
    """Load a model once more; the caller holds the scene.

    The renderer's own instances are no copies: they share colors, material and radii with their model.

    Args:
        core: the controller's core.
        painter: gives the copy a color.
        renderer: draws both.
        report: gets the progress.
        model: the model.

    Raises:
        CircuitError: it is not known how it was loaded.
    """
    record, scene = core.journal.record, core.scene
    made = next((one for one in record.made if model.id in one.ids), None)
    if made is None:
        raise CircuitError(
            f"{model.name!r} cannot be copied: others have loaded it, or an upload has.", hint="Load it once more."
        )
    report(0.0, "Loading ...")
    result = await renderer.repeat(made.call.endpoint, made.call.params, on_progress=report)
    instances: Sequence[ModelInstance] = result if isinstance(result, list) else [result]
    ids = [instance.model_id for instance in instances]
    try:
        instance = instances[made.ids.index(model.id)]
        if others := [one for one in ids if one != instance.model_id]:
            await take_out(renderer, others)
        (state,) = await scene.add(renderer, [instance])
        scene.put([replace(state, name=f"{model.name} (copy)", notices=model.notices)])
        await painter.paint_new(renderer, state.id, None)
        await _repeat(renderer, record.changes.get(model.id, ()), state.id)
        instance = await _described(renderer, state.id)
    except BaseException:
        await finish_cleanup(discard(renderer, scene, ids))
        raise
    kept = {name: getattr(model, name) for name in ("material", "material_options", "thickness", "placement")}
    scene.put([seen(scene.model(state.id), instance, **kept)])
    return scene.model(state.id)


async def _repeat(renderer: Server, changes: Sequence[Call], model_id: int) -> None:
    """Repeat what has changed the model, but for its colors."""
    for call in changes:
        if call.endpoint.name.startswith(_REPEATED):
            await renderer.repeat(call.endpoint, call.about(model_id).params)


async def _described(renderer: Server, model_id: int) -> ModelInstance:
    from brayns_widget.protocol.brayns.models import GET_MODEL, GetModelParams

    return await renderer.call(GET_MODEL, GetModelParams(id=model_id))
