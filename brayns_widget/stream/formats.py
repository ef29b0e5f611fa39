"""Formats: the sizes of views, for which one renderer draws in turn."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from brayns_widget.stream.goal import Refinement
from brayns_widget.stream.ids import Ids
from brayns_widget.stream.quality import Size
from brayns_widget.stream.views import Picture


@dataclass(slots=True, eq=False)
class Format:
    """What views of one size get.

    Attributes:
        size: width and height of their pictures at rest.
        refinement: what was drawn for them last, and how far it has come.
        better: the same for the pictures that follow light along paths, once the usual one is complete; None before.
        picture: the newest picture.
        asked: number of the picture for which the renderer was asked what it shows, and has answered or failed.
        ids: the last answer to that.
        shown_revision: revision of the scene in it, or in what its views have shown before.
        turn: number of its last turn.
    """

    size: Size
    refinement: Refinement | None = None
    better: Refinement | None = None
    picture: Picture | None = None
    asked: int = 0
    ids: Ids | None = None
    shown_revision: int = -1
    turn: int = 0

    @property
    def area(self) -> int:
        """Pixels of a picture at rest."""
        return self.size[0] * self.size[1]


def in_turn(formats: Iterable[Format], first: Size | None, last: Format | None, *, moving: bool) -> list[Format]:
    """Sort formats by their turns.

    While the camera moves, every second picture is for the view that moves it, whose user waits for it. At rest each
    format gets a first picture before any is refined.

    Args:
        formats: each with a refinement.
        first: size of the view that moves the camera, or None.
        last: the format that was drawn last.
        moving: whether the camera moves.
    """
    steered = last is not None and last.size == first

    def rank(format_: Format) -> tuple[bool, bool, int]:
        leads = format_.size == first
        if moving:
            return leads == steered, False, format_.turn
        shown = format_.refinement is not None and format_.refinement.shown > 0
        return shown, not leads, -format_.area

    return sorted(formats, key=rank)
