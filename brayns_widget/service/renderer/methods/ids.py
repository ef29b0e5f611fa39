"""Methods that tell which cell and section is seen: for all pixels, and more at one point."""

from __future__ import annotations

import zlib
from typing import Any

import numpy as np
import numpy.typing as npt

from brayns_widget.protocol.brayns.additions import PICK, RENDER_IDS, IdBuffer, PickParams, PickResult
from brayns_widget.protocol.errors import INTERNAL_ERROR, RequestError
from brayns_widget.service.renderer.content.along import along
from brayns_widget.service.renderer.content.coloring.base import Elements
from brayns_widget.service.renderer.context import Context
from brayns_widget.service.renderer.loaders.morphologies.morphology import Section
from brayns_widget.service.renderer.loaders.morphologies.places import SOMA
from brayns_widget.service.renderer.methods.additions import OURS
from brayns_widget.service.renderer.scene.entries import matrix_of
from brayns_widget.service.renderer.tracing.engine import Ids
from brayns_widget.service.rpc.methods import Methods, Turn, WithPayload
from brayns_widget.service.rpc.running import RunningRequest

methods: Methods[Context] = Methods()

_LEVEL = 1  # of compression: more takes three times as long for a tenth less


@methods.add(RENDER_IDS, plugin=OURS, cancellable=True, asynchronous=False, turn=Turn.BETWEEN)
def render_ids(context: Context, request: RunningRequest) -> WithPayload[IdBuffer]:
    """Find out which cell and section each pixel of the viewport shows."""
    engine = context.prepared_engine()
    request.only_for_client()
    request.when_cancelled(engine.interrupt)
    ids = None
    while ids is None:
        request.check()
        if context.interrupted.is_set():
            raise RequestError("The renderer is ending", code=INTERNAL_ERROR)
        ids = engine.ids(lambda: request.cancelled or context.interrupted.is_set())
    models, elements = _entries(context, ids)
    height, width = ids.numbers.shape
    result = IdBuffer(
        count=len(models), height=height, section_types=[section.name.lower() for section in Section], width=width
    )
    parts = (
        ids.numbers.astype("<u4", copy=False),
        elements.cells.astype("<f8"),
        models.astype("<i4"),
        elements.sections.astype("<i4", copy=False),
        elements.types,
    )
    return WithPayload(result, request.aside(lambda: _packed(parts)))


@methods.add(PICK, plugin=OURS, turn=Turn.BETWEEN)
def pick(context: Context, params: PickParams) -> PickResult:
    """Find out which place of which cell is seen at a point of the picture."""
    u, v = params.position
    inside = 0 <= u <= 1 and 0 <= v <= 1
    found = context.prepared_engine().pick(u, v, aspect=params.aspect, as_seen=True) if inside else None
    if found is None:
        return PickResult(hit=False)
    model = context.models.at(found.handle)
    elements = model.elements(np.array([found.slot], np.int32))
    cell, section, kind = int(elements.cells[0]), int(elements.sections[0]), int(elements.types[0])
    part = distance = None
    if section > SOMA:
        place = np.linalg.inv(matrix_of(model.transform)) @ np.append(found.position, 1)
        part, before = along(context.engine.scene.geometry(found.handle), found.slot, place[:3])
        distance = float(elements.starts[0]) + before
    return PickResult(
        cell=cell if cell >= 0 else None,
        distance=distance,
        hit=True,
        model_id=model.id,
        part=part,
        position=[float(str(number)) for number in found.position],
        section=section if section >= SOMA else None,
        section_type=Section(kind).name.lower() if kind < len(Section) else None,
    )


def _entries(context: Context, ids: Ids) -> tuple[npt.NDArray[Any], Elements]:
    """Find the models, and what their slots show of cells."""
    models = np.empty(len(ids.handles), np.int64)
    elements = Elements.none(len(models))
    for handle in np.unique(ids.handles):
        chosen = ids.handles == handle
        entry = context.models.at(int(handle))
        models[chosen] = entry.id
        elements.put(chosen, entry.elements(ids.slots[chosen]))
    return models, elements


def _packed(parts: tuple[npt.NDArray[Any], ...]) -> bytes:
    packer = zlib.compressobj(_LEVEL)
    return b"".join((*(packer.compress(part.tobytes()) for part in parts), packer.flush()))
