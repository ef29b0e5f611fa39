"""What a renderer has made of requests whose link broke before their answers came."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from brayns_widget.controller.journal import ADDS
from brayns_widget.controller.scene import CLIPS, LIGHT

if TYPE_CHECKING:
    from brayns_widget.protocol.brayns.models import ModelInstance

_FLOAT32 = 1e-6
"""Relative precision of the numbers that renderers keep."""


def is_tracked(method: str) -> bool:
    """Whether requests of a method make or remove something in the scene."""
    return method == "remove-model" or method.startswith(ADDS)


def find_leftovers(
    strange: Sequence[ModelInstance], unanswered: Sequence[tuple[str, Any]], *, shared: bool = False
) -> list[int]:
    """Return the ids of what unanswered requests have made, or were to remove.

    Renderers do not tell whose a model is, so it is known by what was asked for. If there is more of it than that,
    other clients have made some. Then all of it stays, and is shown, because their work must not be lost. So does all
    that is only alike in a job that others use: they may have asked for the same.

    Args:
        strange: the models, lights and clipping shapes that are not known here.
        unanswered: methods of the requests, see ``is_tracked``, and their parameters in JSON.
        shared: whether the job was attached to.
    """
    found: set[int] = set()
    for method, params in unanswered:
        alike = [instance for instance in strange if _may_come_of(instance, method, params)]
        asked = 1 if method == "remove-model" else unanswered.count((method, params))
        # What one load makes differs in its kind or its population.
        looks = Counter((one.model_type, tuple((one.info.metadata or {}).items())) for one in alike)
        if method == "remove-model" or (not shared and max(looks.values(), default=0) <= asked):
            found |= {instance.model_id for instance in alike}
    return sorted(found)


def _may_come_of(instance: ModelInstance, method: str, params: Any) -> bool:
    if method == "remove-model":
        return instance.model_id in params["ids"]
    if method.startswith("add-light-"):
        return instance.model_type == LIGHT
    if method.startswith("add-clip"):
        return instance.model_type in CLIPS
    origin = instance.info.load_info
    if method == "add-model":
        return (
            origin is not None
            and (origin.path, origin.loader_name) == (params["path"], params["loader_name"])
            and _holds(origin.load_parameters, params["loader_properties"])
        )
    if method in {"add-morphology", "upload-model"}:
        return (
            origin is not None
            and origin.source == "from_blob"
            and origin.loader_name == params.get("loader_name", origin.loader_name)
            and _holds(origin.load_parameters, params["loader_properties"])
        )
    return (origin is None or origin.source == "none") and instance.model_type not in {LIGHT, *CLIPS}  # a shape


def _holds(whole: Any, part: Any) -> bool:
    """Whether parameters, which renderers complete, hold those that were sent."""
    if isinstance(part, Mapping):
        return isinstance(whole, Mapping) and all(key in whole and _holds(whole[key], part[key]) for key in part)
    if isinstance(part, list):
        return isinstance(whole, list) and len(whole) == len(part) and all(map(_holds, whole, part))
    if isinstance(part, float) and isinstance(whole, int | float):
        return math.isclose(whole, part, rel_tol=_FLOAT32)
    return bool(whole == part)
