"""Neurolucida ASC: read with MorphIO, after what that refuses or leaves out is made readable.

MorphIO (3.5) leaves trees without a type out, refuses somas of several contours or of one point, and takes all that
follows a comment in a file with old Mac line ends for a part of it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

import morphio
import numpy as np

from brayns_widget.service.renderer.loaders.morphologies.skeleton import Skeleton, anchored_nearby, of_morphio
from brayns_widget.service.renderer.loaders.morphologies.soma import Soma, contour_soma, sphere_soma

_OPTIONS = morphio.Option.allow_unifurcated_section_change
_DEEPEST = 5000  # parentheses; MorphIO ends the process at tens of thousands

_SKIPPED = re.compile(r'"[^"\n]*"|;[^\n]*')  # strings and comments
_NUMBER = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?"
_POINT = re.compile(rf"\(\s*({_NUMBER})[\s,]+({_NUMBER})[\s,]+({_NUMBER})(?:[\s,]+({_NUMBER}))?")
_SOMA = re.compile(r"\(\s*CellBody\s*\)", re.IGNORECASE)
_TYPE = re.compile(r"\(\s*(?:Axon|Dendrite|Apical)\s*\)", re.IGNORECASE)
_CLOSED = re.compile(r"\(\s*Closed\s*\)", re.IGNORECASE)  # of outlines
# A tree begins with another parenthesis, while markers, pictures and lists begin with a word, and outlines with a name.
_TREE = re.compile(r"\(\s*\(")


def read_asc(text: str) -> Skeleton:
    """Read an ASC file.

    Raises:
        ValueError, morphio.MorphioError: it cannot be read.
    """
    plain = _SKIPPED.sub(lambda found: " " * len(found.group()), text)  # same places, only what counts
    forms = _forms(plain)
    contours = [form for form in forms if _SOMA.search(plain, form.start, form.first_point)]
    soma, notices = _soma(plain, contours)
    untyped = [form for form in forms if _TREE.match(text, form.start) and _is_untyped(plain, form)]
    if untyped:
        notices.append("trees without a type are shown as dendrites")
    edits = [(form.start + 1, form.start + 1, "(Dendrite) ") for form in untyped]
    if soma is not None:
        edits += [(form.start, form.end, "") for form in contours]
    for start, end, new in sorted(edits, reverse=True):
        lines = "\n" * text.count("\n", start, end)  # so that MorphIO counts lines as in the file
        text = text[:start] + new + lines + text[end:]
    skeleton = of_morphio(morphio.Morphology(text, "asc", _OPTIONS), soma)
    return anchored_nearby(replace(skeleton, notices=(*skeleton.notices, *notices)))


@dataclass(frozen=True)
class _Form:
    """A parenthesis of the file's outermost level; ``first_point`` is where its first point or inner tree begins."""

    start: int
    end: int
    first_point: int


def _forms(plain: str) -> list[_Form]:
    """List the parentheses of the outermost level.

    Raises:
        ValueError: parentheses are nested deeper than those of any cell.
    """
    letters = np.frombuffer(plain.encode("utf-32-le"), np.uint32)
    depth = np.cumsum((letters == ord("(")).astype(np.int64) - (letters == ord(")")))
    if depth.max(initial=0) > _DEEPEST:
        raise ValueError(f"its sections continue one another {depth.max()} times, more than {_DEEPEST}")
    starts = np.flatnonzero((letters == ord("(")) & (depth == 1))
    ends = np.flatnonzero((letters == ord(")")) & (depth == 0)) + 1
    forms = []
    for start, end in zip(starts.tolist(), ends.tolist(), strict=False):
        found = _POINT.search(plain, start, end)
        forms.append(_Form(start, end, found.start() if found else end))
    return forms


def _is_untyped(plain: str, form: _Form) -> bool:
    """Whether a tree has points, but no type that MorphIO knows."""
    head = plain[form.start : form.first_point]
    return form.first_point < form.end and not any(known.search(head) for known in (_TYPE, _SOMA, _CLOSED))


def _soma(plain: str, contours: list[_Form]) -> tuple[Soma | None, list[str]]:
    """Make the soma that MorphIO would refuse; None if it reads the file's."""
    points = []
    for form in contours:
        rows = [[float(number or 0) for number in found] for found in _POINT.findall(plain, form.start, form.end)]
        contour = np.array(rows, np.float32).reshape(-1, 4)
        contour[:, 3] /= 2  # files have diameters
        if len(contour):
            points.append(contour)
    if not points or (len(points) == 1 and len(points[0]) > 1):
        return None, []
    if all(len(contour) == 1 for contour in points):
        return sphere_soma(points[0], points[0][0, 3]), []
    # The contours of other focal planes are smaller, as of a ball cut into slices.
    somas = [contour_soma(contour) for contour in points]
    largest = max(somas, key=lambda soma: float(soma.spheres[0, 3]))
    return largest, ["its soma has several contours, of which the largest is shown"]
