"""SWC: read with MorphIO, and what that cannot read, or would read without a part of it, from the table of points.

MorphIO (3.5) refuses somas that continue a neurite, as skeletons from electron microscopy have them, several somas and
types above 19; it leaves out lone points without a parent and points in a circle, and does not say which point of a
soma a neurite continues.
"""

from __future__ import annotations

import io
from dataclasses import replace
from itertools import islice, pairwise
from typing import Any

import morphio
import numpy as np

from brayns_widget.service.renderer.loaders.morphologies.points import read_depth, read_table, table_skeleton
from brayns_widget.service.renderer.loaders.morphologies.skeleton import Skeleton, of_morphio

# Branches may change their type in the middle, as in files with the types 5 (fork) and 6 (end).
_OPTIONS = morphio.Option.allow_unifurcated_section_change
_PARENT = 6  # column
_DEEPEST = 5000  # forks on a way; MorphIO ends the process where there are tens of thousands, and no cell has as many
_SMALL = 200_000  # bytes; a file that is not larger cannot be that deep
_MOST_POINTS = 0.95


def read_swc(text: str) -> Skeleton:
    """Read an SWC file.

    Raises:
        ValueError, morphio.MorphioError: it cannot be read.
    """
    if len(text) > _SMALL and _is_deep(text):
        return table_skeleton(read_table(text))
    warnings = morphio.WarningHandlerCollector()
    try:
        morphology = morphio.Morphology(text, "swc", _OPTIONS, warning_handler=warnings)
    except (RuntimeError, morphio.MorphioError):
        try:
            return table_skeleton(read_table(text))
        except ValueError:
            pass
        raise  # MorphIO says the line
    kinds = {emission.warning.warning() for emission in warnings.get_all()}
    if morphio.Warning.disconnected_neurite in kinds or _is_odd(morphology, text):
        return table_skeleton(read_table(text))
    skeleton = of_morphio(morphology)
    if len(skeleton.soma.spheres):
        anchors = np.where(skeleton.parents[:, None] < 0, skeleton.soma.spheres[0], np.float32(np.nan))
        skeleton = replace(skeleton, anchors=anchors)
    return skeleton


def _is_odd(morphology: Any, text: str) -> bool:
    """Whether the morphology lacks a part of the file, or what is needed to show all of it."""
    if morphology.soma.type == morphio.SomaType.SOMA_CYLINDERS:
        lone = any(len(section.points) == 1 for section in morphology.root_sections)
        if lone or not _is_chain(text, len(morphology.soma.points)):
            return True
    # MorphIO leaves points out that repeat the one before, too: up to 1.2 % in real files.
    repeated = len(morphology.section_types) - len(morphology.root_sections)  # the first of a section that goes on
    read = len(morphology.soma.points) + len(morphology.points) - repeated
    if read >= _MOST_POINTS * (text.count("\n") + 1):
        return False  # with comments
    lines = (line.lstrip() for line in text.splitlines())
    return read < _MOST_POINTS * sum(1 for line in lines if line and not line.startswith("#"))


def _is_chain(text: str, count: int) -> bool:
    """Whether each of the first ``count`` points of the soma continues the one before it."""
    rows = (line.split() for line in io.StringIO(text))
    soma = list(islice((row for row in rows if len(row) > _PARENT and row[1] == "1"), count))
    return len(soma) == count and all(row[_PARENT] == last[0] for last, row in pairwise(soma))


def _is_deep(text: str) -> bool:
    """Whether MorphIO would end the process."""
    try:
        return read_depth(text) > _DEEPEST
    except ValueError:
        return False  # MorphIO or the table tells what is wrong
