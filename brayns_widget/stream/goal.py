"""Goals of the stream, as requests to the renderer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from brayns_widget.stream.quality import Size

if TYPE_CHECKING:
    from brayns_widget.protocol.endpoints import Endpoint

P = TypeVar("P")

Call = tuple[str, Any]
"""Method and params of a request as JSON, which is compared with the one sent last."""


def encode(endpoint: Endpoint[P, Any], params: P) -> Call:
    """Encode a call as a request."""
    return endpoint.name, endpoint.encode(params)


@dataclass(frozen=True, slots=True)
class Goal:
    """A picture to reach.

    Attributes:
        revision: of the scene and of everything else that the requests don't contain.
        moving: whether it is a quick picture of a moving camera.
        size: width and height of the picture.
        passes: render passes that make it up.
        calls: slot of the renderer's state → the request that sets it, in the order of sending. A request is
            sent when it differs from the one last sent for its slot, so another kind of state, such as a
            simulation's frame, is one more slot.
    """

    revision: int
    moving: bool
    size: Size
    passes: int
    calls: Mapping[str, Call]


def make_goal(
    revision: int,
    camera: Sequence[Call],
    size: Size,
    passes: int,
    *,
    moving: bool,
    ao_samples: int = 0,
    paths: bool | None = None,
) -> Goal:
    """Make the goal of one picture.

    Args:
        revision: of the scene.
        camera: the requests that set the camera.
        size: width and height of the picture in pixels.
        passes: render passes that make up the picture.
        moving: whether the camera moves.
        ao_samples: rays of ambient occlusion in each pass.
        paths: whether light is followed along paths; None if this renderer has no choice.
    """
    # Here and not at the top, because pydantic takes a fifth of a second to import.
    from brayns_widget.protocol.brayns import additions, core, renderers

    # Only these two parameters: the renderer keeps the others, which belong to the scene's owner.
    look = renderers.Interactive(samples_per_pixel=passes, ao_samples=ao_samples)
    calls: dict[str, Call] = {
        "framebuffer": encode(renderers.SET_FRAMEBUFFER_STATIC, None),
        "viewport": encode(core.SET_APPLICATION_PARAMETERS, core.ApplicationParameters(viewport=list(size))),
        **{f"camera {index}": call for index, call in enumerate(camera)},
        "look": encode(renderers.SET_RENDERER_INTERACTIVE, look),
    }
    if paths is not None:
        calls["paths"] = encode(additions.SET_PICTURE_OPTIONS, additions.PictureOptions(paths=paths))
    return Goal(revision, moving, size, passes, calls)


@dataclass(frozen=True, slots=True)
class Shot:
    """A ``render-image`` request.

    Attributes:
        render: trace another pass; False fetches the present picture.
        send: send the picture.
        final: in the quality of the goal's last picture.
    """

    render: bool
    send: bool
    final: bool


@dataclass(slots=True)
class Refinement:
    """Refinement of a goal's picture.

    Attributes:
        goal: what is refined.
        maximum: render passes of the finished picture.
        first: render passes of the first picture at rest that is worth sending.
        cameras: by view, the number of its newest camera that the goal has.
        accumulation: render passes that are traced.
        sent_at: when the last picture was sent, in seconds.
        hold_until: when pictures at rest of fewer than ``first`` passes are sent, too; until then what is on the page
            is better.
        shown: render passes in the last picture that was sent.
        complete: whether the finished picture was sent.
    """

    goal: Goal
    maximum: int
    first: int = 1
    cameras: Mapping[str, int] = field(default_factory=dict)
    accumulation: int = 0
    sent_at: float = float("-inf")
    hold_until: float = float("-inf")
    shown: int = 0
    complete: bool = False

    def next_shot(self, now: float, *, credit: bool, interval: float) -> Shot | None:
        """Choose the next request towards the goal, or None if it is reached or waits for a credit.

        Passes at rest go on without a credit, and so does the last picture, which the stream keeps for its views:
        otherwise the renderer could not draw for others without losing it.

        Args:
            now: in seconds.
            credit: whether some view has a credit.
            interval: minimum time in seconds between two refining pictures.
        """
        if self.complete or (self.goal.moving and not credit):
            return None
        if self.accumulation >= self.maximum:
            return Shot(render=False, send=True, final=True)
        made = self.accumulation + 1
        last = made >= self.maximum
        rough = not self.goal.moving and made < self.first and now < self.hold_until
        ripe = credit and now - self.sent_at >= interval and not rough and made > self.shown
        send = last or ripe
        return Shot(render=True, send=send, final=last or self.goal.moving)

    def took(self, shot: Shot, accumulation: int, maximum: int, now: float) -> None:
        """Record the answer to ``shot``."""
        self.accumulation, self.maximum = accumulation, maximum
        if shot.send:
            self.sent_at, self.shown = now, accumulation
            self.complete = shot.final and accumulation >= maximum

    def restart(self) -> None:
        """Begin with the first pass again, because the renderer has drawn something else; what was shown stays."""
        self.accumulation = 0
