"""Loop that turns desired state into frames.

More than 600 lines, because every decision reads what the others have changed while a request was under way.
"""

from __future__ import annotations

import asyncio
import itertools
import math
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Any

from brayns_widget.protocol.errors import ConnectionLost, DeadlineExceeded, ProtocolError
from brayns_widget.protocol.messages import Reply
from brayns_widget.stream.formats import Format, in_turn
from brayns_widget.stream.goal import Call, Goal, Refinement, Shot, encode, make_goal
from brayns_widget.stream.ids import FrameIds, Ids, Question
from brayns_widget.stream.lateness import Lateness
from brayns_widget.stream.quality import Pace, Size, StreamSettings, picture_size
from brayns_widget.stream.views import Frame, FrameSink, Picture, View

RequestFunction = Callable[[str, Any], Awaitable[Reply]]
"""Function that sends one request (method, params) to the renderer and waits for its answer."""

RestFunction = Callable[[Picture, Sequence[str]], object]
"""Function that gets a finished picture at rest, and the names of the views that it was made for."""


class FrameStream:
    """Pictures of one renderer for any number of views, each in its own size.

    Call all methods on the thread of the event loop that the stream was made on; none waits. Errors of the
    renderer and of sinks go to ``on_error`` and never end the stream: it tries again when something changes,
    or by itself after a growing pause.

    Args:
        request: sends a request to the renderer; None while there is no link.
        settings: sizes, qualities and times.
        on_error: gets each error of the renderer once until a picture arrives again, which is told by None, and each of
            a sink once until it works.
        on_rest: gets each last picture at rest, unless it is out of date already, with the views of its size; a view
            that comes later gets it, too.
        on_late: gets whether what is wanted has not been drawn for ``settings.late_time``, when that changes.
    """

    def __init__(
        self,
        request: RequestFunction | None = None,
        *,
        settings: StreamSettings | None = None,
        on_error: Callable[[Exception | None], None],
        on_rest: RestFunction = lambda *_: None,
        on_late: Callable[[bool], object] = lambda _: None,
    ) -> None:
        self.settings = settings or StreamSettings()
        self._on_error = on_error
        self._on_rest = on_rest
        self._clock = asyncio.get_running_loop().time
        self._request = request
        # desired
        self._views: dict[str, View] = {}
        self._camera: Sequence[Call] | None = None
        self._camera_at = 0.0
        self._ao_samples = 0
        self._paths = False
        self._moving = False
        self._busy = False
        self._revision = 0  # grows with each change, so that none is lost while a request is pending
        self._scene_revision = 0  # the revision of the newest change that the requests of a goal don't show
        # applied
        self._applied: dict[str, Any] = {}
        self._formats: dict[Size, Format] = {}
        self._drawn: Format | None = None  # what the renderer has drawn last, so that only it can go on
        self._steering: str | None = None  # the view that has set the camera last
        # failure: revision at which it happened, when to try again, how long the pause was, texts reported
        self._failed_at: tuple[int, float] | None = None
        self._pause = 0.0
        self._reported: set[str] = set()
        self._pace = Pace(self.settings)
        self._counts: Counter[str] = Counter()
        self._render_ms: float | None = None
        self._seq = itertools.count(1)
        self._numbers = itertools.count(1)
        self._turns = itertools.count(1)
        self._wake = asyncio.Event()
        self._question = Question(self._wake.set)
        self._lateness = Lateness(self.settings.late_time, self._is_wanting, on_late)
        self._task = asyncio.create_task(self._run(), name="frame stream")

    async def close(self) -> None:
        """End the loop and give up the pending request."""
        self._lateness.close()
        self._task.cancel()
        await asyncio.wait([self._task])
        await self._question.close()

    # ------------------------------------------------------------------ views

    def add_view(self, name: str, sink: FrameSink, width: float, height: float, dpr: float = 1.0) -> None:
        """Add a view, or start it anew after a reload of its page: it gets the newest picture at once.

        Args:
            name: the page's name of the view.
            sink: where its frames go.
            width: width of the canvas in CSS pixels.
            height: height of the canvas in CSS pixels.
            dpr: device pixels per CSS pixel.
        """
        view = self._views[name] = View(name, sink, width * dpr, height * dpr, self.settings)
        self._flush(view)
        format_ = self._formats.get(self._size(view))
        if format_ is not None and format_.picture is not None and self._is_finished(format_):
            self._on_rest(format_.picture, [name])
        self._touch()

    def remove_view(self, name: str) -> None:
        """Forget a view. An unknown name changes nothing."""
        if self._views.pop(name, None):
            self._touch()

    def set_sink(self, name: str, sink: FrameSink) -> None:
        """Send a view's frames another way, first the newest one. An unknown name changes nothing."""
        if view := self._views.get(name):
            view.sink, view.broken, view.picture, view.ids = sink, False, 0, 0
            view.reset_window()
            self._flush(view)
            self._touch()

    def resize(self, name: str, width: float, height: float, dpr: float = 1.0) -> None:
        """Set a canvas' new size (arguments as of ``add_view``). An unknown name changes nothing."""
        if view := self._views.get(name):
            view.width, view.height = width * dpr, height * dpr
            self._touch()

    def set_visible(self, name: str, visible: bool) -> None:
        """Show or hide a view. A hidden one gets no frames; shown again it gets the newest picture at once."""
        if (view := self._views.get(name)) and view.visible != visible:
            view.visible = visible
            if visible:
                view.reset_window()
                self._flush(view)
            self._touch()

    def ack(self, name: str, seq: int, *, shown: bool = True, decode_ms: float | None = None) -> None:
        """Return the credit of frame ``seq``, which was shown, or dropped for a newer one."""
        if view := self._views.get(name):
            now = self._clock()
            known = view.acknowledged(seq, now, shown=shown, decode_ms=decode_ms)
            if known and shown and self._moving and decode_ms is not None:
                self._pace.shown(decode_ms / 1e3, now)
            self._flush(view)
            self._wake.set()

    # ------------------------------------------------------------------ desired state

    def set_camera(
        self, camera: Sequence[Call], moving: bool = False, *, view: str | None = None, number: int = 0
    ) -> bool:
        """Show the scene through another camera.

        Args:
            camera: the requests that set it; always the same number, so that each replaces its predecessor.
            moving: whether a gesture continues.
            view: the view whose gesture has set it, or None.
            number: the view's number of the camera; its frames say which one they show.

        Returns:
            whether it was taken: one that a newer one of the same view has overtaken, on another way, is not.
        """
        if view is not None and (steering := self._views.get(view)):
            if number <= steering.camera:
                return False
            steering.camera = number
            steering.lives()
            self._steering = view
        if moving and not self._moving:
            self._pace.begin()
        self._camera, self._camera_at, self._moving = camera, self._clock(), moving
        self._touch()
        return True

    def set_ao_samples(self, samples: int) -> None:
        """Set the rays of ambient occlusion in each pass at rest; while the camera moves there are none."""
        self._ao_samples = samples
        self._touch()

    def set_paths(self, paths: bool) -> None:
        """Set whether pictures at rest follow light along paths in the end, where the server can do that."""
        self._paths = paths
        self._touch()

    def invalidate(self) -> None:
        """Mark all pictures as out of date, because the scene has changed.

        That change may have reset any setting of the renderer, so all are set again.
        """
        self._scene_revision = self._revision + 1
        self._applied.clear()
        self._touch()

    def shift(self) -> None:
        """Mark all pictures as out of date, because something moves in the scene, as the camera does in a gesture.

        No setting of the renderer has changed. Pictures are quick ones, until nothing has moved for a while.
        """
        if not self._moving:
            self._pace.begin()
        self._moving, self._camera_at = True, self._clock()
        self._scene_revision = self._revision + 1
        self._touch()

    def set_busy(self, busy: bool) -> None:
        """Pause the stream during a long call of the renderer: a picture would only wait behind it."""
        self._busy = busy
        self._touch()

    def set_request(self, request: RequestFunction | None, settings: StreamSettings | None = None) -> None:
        """Set a new link with the settings of its server, or None while there is none.

        The state of the renderer behind a new link is unknown, so all of the desired state is applied again.
        """
        self._request = request
        if settings is not None:
            self.settings = settings
            self._pace = Pace(settings)
        self._forget_drawn()
        self._failed_at = None
        self._pause = 0.0
        self._reported.clear()
        self._touch()

    def stats(self) -> dict[str, Any]:
        """Return counters and times (ms) of the stream so far, and of each view by its name."""
        views = {
            view.name: {
                "sent": view.counts["sent"],
                "shown": view.counts["shown"],
                "dropped": view.counts["dropped"],
                "round_trip_ms": None if view.rtt is None else round(view.rtt * 1e3, 2),
                "decode_ms": view.decode_ms,
                "visible": view.visible,
            }
            for view in self._views.values()
        }
        picture = max((f.picture for f in self._formats.values() if f.picture), key=lambda p: p.number, default=None)
        return {
            "passes": self._counts["passes"],
            "pictures": self._counts["pictures"],
            "bytes": self._counts["bytes"],
            "errors": self._counts["errors"],
            "render_ms": None if self._render_ms is None else round(self._render_ms, 2),
            "scale": self._pace.scale,
            "size": picture and (picture.width, picture.height),
            "views": views,
        }

    # ------------------------------------------------------------------ the loop

    def _touch(self) -> None:
        self._question.cancel()
        self._revision += 1
        self._lateness.look()
        self._wake.set()

    async def _run(self) -> None:
        while True:
            self._wake.clear()
            for view in self._views.values():
                self._flush(view)
            plan = self._plan()
            if plan is None:
                self._identify()
                await self._sleep()
            else:
                await self._attempt(*plan)

    def _seen(self) -> list[View]:
        return [view for view in self._views.values() if view.visible and view.width > 0 and view.height > 0]

    def _size(self, view: View) -> Size:
        return picture_size(view.width, view.height, self.settings)

    def _plan(self) -> tuple[Format, Refinement, Shot] | None:
        """Choose the next step, or None if there is nothing to do now."""
        now, seen = self._clock(), self._seen()
        if self._request is None or self._camera is None or self._busy or not seen:
            return None
        if self._failed_at and self._failed_at[0] == self._revision and now < self._failed_at[1]:
            return None
        if self._moving and now >= self._camera_at + self.settings.settle_time:
            self._moving = False
        formats = self._in_turn(seen, self._camera, now)
        steps = [(format_, format_.refinement, self.settings.refine_interval) for format_ in formats]
        better = [(format_, format_.better, self.settings.path_interval) for format_ in formats]
        for format_, refinement, interval in (*steps, *better):
            if refinement is None:
                continue
            credit = any(view.has_credit(now) for view in seen if self._size(view) == format_.size)
            shot = refinement.next_shot(now, credit=credit, interval=interval)
            if shot is not None:
                return format_, refinement, shot
        return None

    def _in_turn(self, seen: list[View], camera: Sequence[Call], now: float) -> list[Format]:
        """Return the formats of the views that are seen, with what to do for each, in the order of their turns.

        A page that answers nothing may be gone, so its own size gets no moving pictures, and at rest its turn is last.
        """
        sizes = {self._size(view) for view in seen}
        awake = {self._size(view) for view in seen if not view.is_silent(now)} or sizes
        known = max((format_.shown_revision for format_ in self._formats.values()), default=-1)
        for size in sizes:
            self._aim(self._formats.setdefault(size, Format(size, shown_revision=known)), camera, now)
        steering = self._views.get(self._steering or "")
        first = None if steering is None else self._size(steering)
        formats = in_turn([self._formats[size] for size in awake], first, self._drawn, moving=self._moving)
        return formats if self._moving else formats + [self._formats[size] for size in sizes - awake]

    def _aim(self, format_: Format, camera: Sequence[Call], now: float) -> None:
        """Let a format have the present goal, which begins anew if the renderer has drawn another one meanwhile."""
        goal, before = self._goal(camera, format_.size), format_.refinement
        if before is None or before.goal != goal:
            cameras = {view.name: view.camera for view in self._views.values()}
            refinement = format_.refinement = Refinement(goal, goal.passes, self.settings.first_passes, cameras)
            known = format_.shown_revision == self._scene_revision
            refinement.hold_until = now + (self.settings.hold_time if known else self.settings.change_time)
        elif format_ is not self._drawn:
            before.restart()
        self._aim_better(format_, camera)

    def _aim_better(self, format_: Format, camera: Sequence[Call]) -> None:
        """Let a format that is finished go on along paths of light, after the question what it shows."""
        settings, picture, before = self.settings, format_.picture, format_.better
        asked = not settings.tells_ids or (picture is not None and picture.number == format_.asked)
        if not (self._paths and settings.traces_paths and asked and self._is_finished(format_)):
            format_.better = None
        elif before is None:
            goal = self._goal(camera, format_.size, paths=True)
            first = min(settings.first_path_passes, goal.passes)
            format_.better = Refinement(goal, goal.passes, first, hold_until=math.inf)
        elif format_ is not self._drawn:
            before.restart()

    def _goal(self, camera: Sequence[Call], rest: Size, *, paths: bool = False) -> Goal:
        """Return the goal for views whose picture at rest has a size."""
        settings, moving = self.settings, self._moving
        scale = self._pace.scale if moving else 1.0
        passes = 1 if moving else settings.path_passes if paths else settings.rest_passes
        return make_goal(
            self._scene_revision,
            camera,
            picture_size(*rest, settings, scale),
            passes,
            moving=moving,
            ao_samples=0 if moving else self._ao_samples,
            paths=paths if settings.traces_paths else None,
        )

    async def _sleep(self) -> None:
        """Wait for a change, or until the next deadline."""
        now = self._clock()
        moments = [moment for view in self._seen() if (moment := view.credit_at(now)) is not None]
        if self._moving:
            moments.append(self._camera_at + self.settings.settle_time)
        if self._failed_at:
            moments.append(self._failed_at[1])
        moments = [moment for moment in moments if moment > now]
        try:
            async with asyncio.timeout_at(min(moments, default=None)):
                await self._wake.wait()
        except TimeoutError:
            pass  # the moment has come

    async def _attempt(self, format_: Format, refinement: Refinement, shot: Shot) -> None:
        request, revision = self._request, self._revision
        assert request is not None
        try:
            async with asyncio.timeout(self.settings.deadline):
                await self._shoot(request, format_, refinement, shot)
        except Exception as error:  # after any error the next picture may succeed
            if request is self._request:
                self._fail(error, revision)

    def _apply(self, request: RequestFunction, goal: Goal) -> list[asyncio.Task[None]]:
        """Send the requests that bring the renderer to a goal."""
        late = [(slot, call) for slot, call in goal.calls.items() if self._applied.get(slot) != call]
        return [asyncio.create_task(self._set(request, slot, call)) for slot, call in late]

    async def _set(self, request: RequestFunction, slot: str, call: Call) -> None:
        self._applied.pop(slot, None)
        revision = self._scene_revision
        await request(*call)
        if request is self._request and revision == self._scene_revision:
            self._applied[slot] = call

    async def _shoot(self, request: RequestFunction, format_: Format, refinement: Refinement, shot: Shot) -> None:
        from brayns_widget.protocol.brayns.pictures import RENDER_IMAGE, RenderImageParams

        settings, goal = self.settings, refinement.goal
        better = refinement is format_.better
        if goal.moving:
            quality = settings.moving_quality
        else:
            quality = settings.rest_quality if shot.final or better else settings.refine_quality
        params = RenderImageParams(
            render=shot.render,
            send=shot.send,
            force=shot.send,
            accumulate=False,
            format="jpg",
            jpeg_quality=settings.jpeg_quality(quality),
        )
        started = self._clock()
        self._drawn, format_.turn = format_, next(self._turns)
        # All at once: the renderer answers in order.
        applying = self._apply(request, goal)
        try:
            reply = await self._while_wanted(refinement, request(*encode(RENDER_IMAGE, params)))
            await asyncio.gather(*applying)
        finally:
            await _settle(applying)
        now = self._clock()
        if reply is None or request is not self._request:
            return
        result = RENDER_IMAGE.decode(reply.result)
        accumulation, maximum = result.accumulation, result.max_accumulation
        if shot.send and not len(reply.payload):
            raise ProtocolError("The renderer answered render-image without a picture.")
        if shot.render:
            self._counts["passes"] += 1
            # The round trip has the waits of a busy machine in it, so it counts only where the server tells no time.
            self._render_ms = (now - started) * 1e3 if result.render_ms is None else result.render_ms
        if goal.moving and self._render_ms is not None and self._is_largest(format_):
            self._pace.rendered(self._render_ms / 1e3)
        refinement.took(shot, accumulation, maximum, now)
        if shot.send:
            picture = Picture(
                next(self._numbers),
                reply.payload,
                *goal.size,
                accumulation,
                maximum,
                moving=goal.moving,
                cameras=refinement.cameras,
            )
            self._publish(picture, format_, goal.revision, same=better)
            if shot.final and self._is_finished(format_) and (views := self._of(format_)):
                self._on_rest(picture, [view.name for view in views])
        self._failed_at, self._pause = None, 0.0
        if self._reported:
            self._reported.clear()
            self._on_error(None)

    async def _while_wanted(self, refinement: Refinement, request: Awaitable[Reply]) -> Reply | None:
        """Wait for a picture; cancel it and return None if it refines a goal that is out of date."""
        task = asyncio.ensure_future(request)
        try:
            while not task.done():
                wake = asyncio.ensure_future(self._wake.wait())
                try:
                    await asyncio.wait({task, wake}, return_when=asyncio.FIRST_COMPLETED)
                finally:
                    wake.cancel()
                self._wake.clear()  # the loop plans anew in any case
                if self.settings.gives_way and self._outdated(refinement):
                    break
        finally:
            if not task.done():
                task.cancel()
                await asyncio.wait([task])
        return None if task.cancelled() else task.result()

    def _outdated(self, refinement: Refinement) -> bool:
        """Whether to cancel a picture at rest; never the first one of a goal, or fast changes would never be seen."""
        seen = self._seen()
        if refinement.goal.moving or self._camera is None:
            return False
        if self._moving or self._busy or not seen:
            return True
        goal = refinement.goal
        wanted = any(self._size(view) == goal.size for view in seen)
        better = any(format_.better is refinement for format_ in self._formats.values())
        if better and not self._paths:
            return True
        aim = self._goal(self._camera, goal.size, paths=better)
        return (better or refinement.accumulation > 0) and not (wanted and aim == goal)

    def _identify(self) -> None:
        """Ask what the next finished picture shows, unless that is known or under way."""
        request = self._request
        if request is None or not self.settings.tells_ids or self._busy or self._question.is_open:
            return
        seen = {self._size(view) for view in self._seen()}
        for size, format_ in self._formats.items():
            picture, refinement = format_.picture, format_.refinement
            if picture is None or refinement is None or picture.number == format_.asked:
                continue
            if size in seen and self._is_finished(format_):
                self._question.ask(self._ask_ids(request, format_, refinement.goal, picture.number))
                return

    async def _ask_ids(self, request: RequestFunction, format_: Format, goal: Goal, picture: int) -> None:
        from brayns_widget.protocol.brayns.additions import RENDER_IDS

        await asyncio.sleep(self.settings.ids_pause)
        self._drawn = format_
        # Views of another size may have had the last turn.
        applying = self._apply(request, goal)
        try:
            async with asyncio.timeout(self.settings.ids_deadline):
                # As a task, so that it is sent after the requests above.
                reply = await asyncio.ensure_future(request(*encode(RENDER_IDS, None)))
                await asyncio.gather(*applying)
            format_.ids = Ids.of(picture, reply)
        except Exception:
            format_.asked = picture  # it would fail again; after a cancel, the picture may still be wanted
            raise
        finally:
            await _settle(applying)
        format_.asked = picture

    def _publish(self, picture: Picture, format_: Format, revision: int, *, same: bool) -> None:
        """Let views have a picture; one that shows the ``same`` as the last has its ids, too."""
        self._counts["pictures"] += 1
        self._counts["bytes"] += len(picture.data)
        format_.picture, format_.shown_revision = picture, revision
        format_.ids = replace(format_.ids, picture=picture.number) if same and format_.ids else None
        if same:
            format_.asked = picture.number
        used = {format_.size, *(self._size(view) for view in self._views.values())}
        self._formats = {size: known for size, known in self._formats.items() if size in used}
        for view in self._of(format_):
            self._flush(view)
        self._lateness.drawn()

    def _is_wanting(self) -> bool:
        """Whether some view has no picture of what is desired now, and nothing but the renderer is in the way."""
        if self._request is None or self._camera is None or self._busy:
            return False
        for size in {self._size(view) for view in self._seen()}:
            format_ = self._formats.get(size)
            drawn = None if format_ is None else format_.refinement
            if drawn is None or not drawn.shown or drawn.goal != self._goal(self._camera, size):
                return True
        return False

    def _of(self, format_: Format) -> list[View]:
        return [view for view in self._views.values() if self._size(view) == format_.size]

    def _is_largest(self, format_: Format) -> bool:
        """Whether no other format's pictures have more pixels, among those that are seen."""
        return format_.area >= max((width * height for width, height in map(self._size, self._seen())), default=0)

    def _is_finished(self, format_: Format) -> bool:
        """Whether a format's picture is the last one at rest of what is desired now."""
        done = format_.refinement
        if done is None or not done.complete or done.goal.moving or self._camera is None:
            return False
        return self._goal(self._camera, format_.size) == done.goal

    def _flush(self, view: View) -> None:
        """Send the newest picture of its size to ``view`` unless the view has it already or has no credit.

        The picture's ids follow it, as soon as they are there.
        """
        format_, now = self._formats.get(self._size(view)), self._clock()
        if format_ is None or format_.picture is None or not view.visible:
            return
        picture, ids = format_.picture, format_.ids
        if picture.number != view.picture and view.has_credit(now):
            seq = next(self._seq)
            view.sent(seq, picture.number, now)
            self._pass_on(view, lambda sink: sink.send(Frame(seq, view.name, picture)))
        if ids is not None and ids.picture == view.picture != view.ids:
            view.ids = ids.picture
            self._pass_on(view, lambda sink: sink.send_ids(FrameIds(view.seq, view.name, ids)))

    def _pass_on(self, view: View, send: Callable[[FrameSink], None]) -> None:
        try:
            send(view.sink)
        except Exception as error:  # a lost frame: its credit expires and a newer one is tried
            if not view.broken:
                self._on_error(error)
            view.broken = True
        else:
            view.broken = False

    def _forget_drawn(self) -> None:
        """Take in that nothing is known of the renderer's state."""
        self._applied.clear()
        self._drawn = None
        for format_ in self._formats.values():
            format_.refinement = format_.better = None

    # ------------------------------------------------------------------ failure

    def _fail(self, error: Exception, revision: int) -> None:
        settings = self.settings
        self._forget_drawn()  # a request may or may not have taken effect
        self._pause = min(self._pause * 2 or settings.retry_first, settings.retry_last)
        self._failed_at = (revision, self._clock() + self._pause)
        if isinstance(error, ConnectionLost):
            return  # the link's owner reports it, once, and sets another link
        if type(error) is TimeoutError:
            error = DeadlineExceeded(
                f"The renderer did not send a picture within {settings.deadline:g} s.",
                hint="It may be busy with a large scene; the view tries again.",
            )
        self._report(error)

    def _report(self, error: Exception) -> None:
        self._counts["errors"] += 1
        text = str(error)
        if text not in self._reported:
            self._reported.add(text)
            self._on_error(error)


async def _settle(tasks: Sequence[asyncio.Task[None]]) -> None:
    """Cancel what still runs and wait for it; the errors are those of the picture that failed with them."""
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
