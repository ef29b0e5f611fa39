"""Clipping shapes as values: what is known of those that were added here, and where new ones lie."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal, get_args

from brayns_widget.controller.camera import Bounds, Vector
from brayns_widget.controller.parts import choose
from brayns_widget.controller.state import CutKind, CutState
from brayns_widget.protocol.errors import CircuitError

if TYPE_CHECKING:
    from brayns_widget.controller.journal import Call
    from brayns_widget.protocol.brayns.models import ModelInstance
    from brayns_widget.protocol.brayns.shapes import Shape
    from brayns_widget.protocol.endpoints import Endpoint

NewKind = Literal["plane", "box"]

_ADD = "add-clipping-"
_SOMEWHERE: Bounds = ((-100.0, -100.0, -100.0), (100.0, 100.0, 100.0))


def endpoints() -> Mapping[type, Endpoint[Any, ModelInstance]]:
    """Return the methods that add clipping shapes, by the shapes' classes."""
    from brayns_widget.protocol.brayns import shapes as brayns

    return {
        brayns.Plane: brayns.ADD_CLIPPING_PLANES,
        brayns.BoundedPlane: brayns.ADD_CLIPPING_BOUNDED_PLANES,
        brayns.Box: brayns.ADD_CLIPPING_BOXES,
        brayns.Sphere: brayns.ADD_CLIPPING_SPHERES,
        brayns.Capsule: brayns.ADD_CLIPPING_CAPSULES,
    }


def request_of(shapes: Sequence[Shape], *, invert: bool) -> tuple[Endpoint[Any, ModelInstance], Any]:
    """Return the request that adds shapes.

    Raises:
        TypeError: there are none, or they are of several classes.
    """
    from brayns_widget.protocol.brayns.shapes import Clipping

    return choose(endpoints(), *shapes), Clipping[Any](primitives=list(shapes), invert_normals=invert)


def cut_of(shapes: Sequence[Shape], *, invert: bool) -> CutState:
    """Describe shapes."""
    endpoint, params = request_of(shapes, invert=invert)
    return _described(endpoint, endpoint.encode(params))


def cut_by(call: Call) -> CutState | None:
    """Describe the shapes that a request has added; None if it has added something else."""
    return _described(call.endpoint, call.params) if call.endpoint.name.startswith(_ADD) else None


def shapes_of(cut: CutState) -> list[Shape]:
    """Make shapes as they were described."""
    kind = next(kind for kind, endpoint in endpoints().items() if endpoint.name == _ADD + cut.kind)
    return [kind(**shape) for shape in cut.shapes]


def new_shape(kind: NewKind, box: Bounds | None) -> Shape:
    """Return a shape that cuts half of what is shown along z, or its middle, of half its size.

    Args:
        kind: what kind of shape.
        box: lower and upper corner of what is shown, µm; None: nothing is there yet.
    """
    from brayns_widget.protocol.brayns import shapes as brayns

    low, high = box or _SOMEWHERE
    if kind == "plane":
        return brayns.Plane(coefficients=(0.0, 0.0, 1.0, (low[2] + high[2]) / 2))
    quarters = [(b - a) / 4 for a, b in zip(low, high, strict=True)]
    inner = [a + quarter for a, quarter in zip(low, quarters, strict=True)]
    outer = [b - quarter for b, quarter in zip(high, quarters, strict=True)]
    return brayns.Box(min=(inner[0], inner[1], inner[2]), max=(outer[0], outer[1], outer[2]))


def changed(
    cut: CutState,
    *,
    invert: bool | None,
    normal: Vector | None,
    position: float | None,
    low: Vector | None,
    high: Vector | None,
) -> CutState:
    """Return shapes of which numbers are others; what is None stays.

    Raises:
        CircuitError: there are several shapes, or they have no such numbers.
        ValueError: the normal has no length, or a lower corner does not lie below the upper one.
    """
    if invert is not None:
        cut = replace(cut, invert=invert)
    if normal is not None or position is not None:
        cut = replace(cut, shapes=(_plane(_only(cut, "planes", "a normal and a position"), normal, position),))
    if low is not None or high is not None:
        cut = replace(cut, shapes=(_box(_only(cut, "boxes", "corners"), low, high),))
    return cut


def _only(cut: CutState, kind: CutKind, what: str) -> Mapping[str, Any]:
    if cut.kind != kind or len(cut.shapes) != 1:
        raise CircuitError(f"Only {'a plane' if kind == 'planes' else 'a box'} has {what}.", hint="Set its shapes.")
    return cut.shapes[0]


def _plane(plane: Mapping[str, Any], normal: Vector | None, position: float | None) -> Mapping[str, Any]:
    *along, offset = plane["coefficients"]
    if length := math.hypot(*along):  # none: such a plane cuts nothing, but it may be turned into one that does
        along, offset = [part / length for part in along], offset / length
    if normal is not None:
        if not (length := math.hypot(*normal)):
            raise ValueError("the normal has no length")
        along = [part / length for part in normal]
    return {"coefficients": [*along, offset if position is None else position]}


def _box(box: Mapping[str, Any], low: Vector | None, high: Vector | None) -> Mapping[str, Any]:
    corners = {"min": list(box["min"] if low is None else low), "max": list(box["max"] if high is None else high)}
    if any(a >= b for a, b in zip(corners["min"], corners["max"], strict=True)):
        raise ValueError(f"the lower corner {corners['min']} does not lie below the upper one, {corners['max']}")
    return corners


def _described(endpoint: Endpoint[Any, Any], params: Mapping[str, Any]) -> CutState:
    kind = next(kind for kind in get_args(CutKind) if endpoint.name == _ADD + kind)
    return CutState(kind, tuple(params["primitives"]), params.get("invert_normals", False))
