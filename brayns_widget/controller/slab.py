"""The slab: a part of space between two parallel planes, beside which all is cut away."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from annotated_types import Ge, Gt, Le

from brayns_widget.connection.connection import Ready
from brayns_widget.connection.reports import Report, ignore
from brayns_widget.connection.server import Server
from brayns_widget.controller.calls import long, offered, waiting
from brayns_widget.controller.camera import Bounds, Vector
from brayns_widget.controller.encoded import Snapshot, check_writable
from brayns_widget.controller.framing import cell_places
from brayns_widget.controller.group import Core, Group
from brayns_widget.controller.models import Models
from brayns_widget.controller.pictures import Pictures, Samples, Side, format_of
from brayns_widget.controller.scale_bar import print_scale_bar
from brayns_widget.controller.scene import union
from brayns_widget.controller.state import SlabState
from brayns_widget.controller.strips import side_by_side
from brayns_widget.controller.views import AnyCamera, read_camera
from brayns_widget.protocol.errors import CircuitError

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

Axis = Literal["x", "y", "z", "view", "principal"]

_ALONG: Mapping[str, Vector] = {"x": (1.0, 0.0, 0.0), "y": (0.0, 1.0, 0.0), "z": (0.0, 0.0, 1.0)}

USUAL_SHARE = 0.1
"""Thickness of a slab that was given none, as a share of what is there along its axis."""

SMALLEST_UM = 1.0
"""Thickness where what is there is flat."""

PLAYED = 8.0
"""Seconds from one end of what is there to the other, as the panel plays it, too."""

_BETWEEN = 1 / 30  # s; no eye follows more places

_LEAST_CELLS = 3  # fewer have no principal axis


class Slab(Group):
    """A slab of the scene: all beside it is cut away, or all within it, inverted. It is off at first.

    Switched on, it lies in the middle of what is there, along z, and moves at the speed of the camera::

        viewer.slab.on = True
        viewer.slab.axis = "y"
        viewer.slab.set(position=1200, thickness=50)
        viewer.slab.step()              # by its thickness
        viewer.slab.play()              # through all that is there

    What ``viewer.clipping`` cuts away is cut as well.
    """

    def __init__(self, core: Core, models: Models, pictures: Pictures) -> None:
        super().__init__(core)
        self._pictures = pictures
        self._loaded = models._painter.loaded  # noqa: SLF001 - of the same package
        self._wanted = SlabState()  # also of renderers to come
        self._changing = asyncio.Lock()  # of two that change it, the second goes on from what the first has set

    def __repr__(self) -> str:
        now = self.given
        where = f"{now.thickness:g} µm at {now.position:g} µm along {now.axis}"
        return f"<Slab: {'on' if now.on else 'off'}, {where}{', inverted' if now.invert else ''}>"

    @property
    def on(self) -> bool:
        """Whether it cuts; set it to switch it."""
        return self.given.on

    @on.setter
    def on(self, on: bool) -> None:
        self.set(on=on)

    @property
    def axis(self) -> str:
        """The axis along which it moves: "x", "y", "z", "view", "principal", or "own" of ``normal``; set it to turn.

        "view" is the direction in which the camera looks when it is set, "principal" that in which the shown cells are
        spread most, or the longest side of what is there.
        """
        return self.given.axis

    @axis.setter
    def axis(self, axis: Axis) -> None:
        self.set(axis=axis)

    @property
    def normal(self) -> Vector:
        """The axis as a vector of length 1; set it to a vector of any length."""
        return self.given.normal

    @normal.setter
    def normal(self, normal: Vector) -> None:
        self.set(normal=normal)

    @property
    def position(self) -> float:
        """Where its middle lies along the axis, in µm from the origin; set it to move it."""
        return self.given.position

    @position.setter
    def position(self, position: float) -> None:
        self.set(position=position)

    @property
    def thickness(self) -> float:
        """Its thickness in µm; set it to change that."""
        return self.given.thickness

    @thickness.setter
    def thickness(self, thickness: float) -> None:
        self.set(thickness=thickness)

    @property
    def invert(self) -> bool:
        """Whether what lies within it is cut away, instead of what lies beside; set it to change that."""
        return self.given.invert

    @invert.setter
    def invert(self, invert: bool) -> None:
        self.set(invert=invert)

    @property
    def given(self) -> SlabState:
        """The slab that was set, whether this renderer has one or not."""
        return self._wanted

    @offered
    @waiting
    async def set(
        self,
        *,
        on: bool | None = None,
        axis: Axis | None = None,
        normal: tuple[float, float, float] | None = None,
        position: float | None = None,
        thickness: Annotated[float, Gt(0)] | None = None,
        invert: bool | None = None,
    ) -> None:
        """Change the slab; what is left out stays.

        Along another axis it moves to the middle of what is there, and so it does when it is switched on where
        nothing is.

        Args:
            on: whether it cuts.
            axis: the axis along which it moves, see ``axis``.
            normal: an axis of one's own, a vector of any length.
            position: where its middle lies along the axis, µm from the origin.
            thickness: its thickness, µm.
            invert: cut away what lies within it, instead of what lies beside.

        Raises:
            ValueError: an axis and a normal are given, or the normal has no length.
            CircuitError: this renderer has no slab.
        """
        ready = await self._core.connection.ensure(ignore)
        given: dict[str, Any] = {"on": on, "position": position, "thickness": thickness, "invert": invert}
        async with self._changing:
            self._need(ready)
            before = self._wanted
            slab = await self._along(ready.renderer, before, axis, normal)
            slab = replace(slab, **{name: value for name, value in given.items() if value is not None})
            await self._send(ready, self._placed(slab, before, moved=position is not None))

    @offered
    @waiting
    async def step(self, count: int = 1) -> None:
        """Move it along its axis by its thickness.

        Args:
            count: how many times, against the axis if negative.

        Raises:
            CircuitError: this renderer has no slab.
        """
        ready = await self._core.connection.ensure(ignore)
        async with self._changing:
            self._need(ready)
            slab = self._placed(self._wanted, self._wanted, moved=False)
            await self._send(ready, replace(slab, position=slab.position + count * slab.thickness))

    @long
    async def play(self, report: Report, *, seconds: Annotated[float, Gt(0)] = PLAYED) -> None:
        """Move it through all that is there: from where it is, or from the beginning if it is at the end.

        It is switched on for that. It goes by the clock: where pictures take long, it leaves places out. It ends early
        when the slab is switched off or turned meanwhile, and stays where it is when the task is cancelled.

        Args:
            report: gets the progress.
            seconds: from one end to the other.

        Raises (from the task):
            CircuitError: this renderer has no slab, or nothing is there to cut.
        """
        await self._core.loaded_renderer(report)
        self._need(await self._core.connection.ensure(report))
        if (bounds := self._bounds()) is None:
            raise CircuitError("Nothing is there to cut.")
        await self.set.aio(on=True)
        first = self._wanted
        low, high = reach(bounds, first.normal)
        share = (first.position - low) / (high - low) if high > low else 1.0
        begin = share if 0.0 <= share < 1.0 else 0.0
        clock = asyncio.get_running_loop().time
        started, share = clock(), begin
        while share < 1.0:
            await asyncio.sleep(_BETWEEN)
            share = min(begin + (clock() - started) / seconds, 1.0)
            report((share - begin) / (1.0 - begin), "Playing")
            if not self._wanted.on or self._wanted.normal != first.normal:
                return
            await self.set.aio(position=low + share * (high - low))

    @long
    async def strip(
        self,
        report: Report,
        count: Annotated[int, Ge(1), Le(64)] = 4,
        path: str | Path | None = None,
        *,
        thickness: Annotated[float, Gt(0)] | None = None,
        size: tuple[Side, Side] = (400, 300),
        samples: Samples = 16,
        columns: Annotated[int, Ge(1)] = 4,
        camera: AnyCamera | None = None,
        scale_bar: bool = False,
    ) -> Snapshot:
        """Render slabs along the axis, side by side as one picture, all by the same camera and so of the same scale.

        They are spread evenly over what is there, and captions tell their positions. The slab itself stays where it is.

        Args:
            report: gets the progress.
            count: how many.
            path: PNG file to write on this machine, or None.
            thickness: of each, µm; None takes the slab's.
            size: width and height of each, in pixels.
            samples: samples per pixel.
            columns: how many stand side by side.
            camera: the camera; None takes the controller's.
            scale_bar: whether a scale bar is drawn into the first one; see ``viewer.snapshot``.

        Returns:
            the picture, which a notebook shows.

        Raises:
            ValueError: a value is out of range.

        Raises (from the task):
            CircuitError: this renderer has no slab, or nothing is there to cut.
            OSError: the file cannot be written.
        """
        file = None if path is None else await asyncio.to_thread(check_writable, path)
        if format_of(file, None) != "png":
            raise ValueError(f"path is {path}, but a strip is a PNG file")
        renderer = await self._core.loaded_renderer(report)
        ready = await self._core.connection.ensure(ignore)
        self._need(ready)
        if (bounds := self._bounds()) is None:
            raise CircuitError("Nothing is there to cut.")
        seen = self._store.state.camera if camera is None else read_camera(camera)
        pictures, captions = [], []
        async with self._changing:
            slab = replace(self._placed(self._wanted, self._wanted, moved=True), on=True)
            low, high = reach(bounds, slab.normal)
            try:
                for number in range(count):
                    part = replace(slab, position=low + (number + 0.5) / count * (high - low))
                    await _tell(ready, part if thickness is None else replace(part, thickness=thickness))
                    own = _part(report, number, count)
                    pictures.append(
                        await self._pictures.rendered(renderer, seen, size, samples, image_format="png", report=own)
                    )
                    name = "" if slab.axis == "own" else f"{slab.axis} = "
                    captions.append(f"{name}{part.position:.4g} µm")
            finally:
                await _tell(ready, self._wanted)
        if scale_bar:
            pictures[0] = await asyncio.to_thread(
                print_scale_bar, pictures[0], "png", seen.visible_height, "lower right"
            )
        background = self._store.state.background
        picture = await asyncio.to_thread(side_by_side, pictures, captions, columns, background)
        if file is not None:
            await asyncio.to_thread(picture.save, file)
        return picture

    async def give(self, slab: SlabState) -> None:
        """Set what ``given`` is; on the loop thread only."""
        ready = await self._core.connection.ensure(ignore)
        async with self._changing:
            await self._send(ready, slab)

    async def prepare(self, ready: Ready) -> None:
        """Cut in a new job as in the last one, or learn what a renderer that others use cuts."""
        from brayns_widget.protocol.brayns.additions import GET_SLAB

        if _offered(ready) and self._core.joined:
            there = await ready.renderer.call(GET_SLAB)
            if there.enabled:
                normal = _unit((there.normal[0], there.normal[1], there.normal[2]))
                self._wanted = SlabState(True, "own", normal, there.position, there.thickness, there.invert)
        if _offered(ready) and not self._wanted.on:
            self._store.state = replace(self._store.state, slab=self._wanted)
        else:
            await self._send(ready, self._wanted)

    async def _send(self, ready: Ready, slab: SlabState) -> None:
        there = _offered(ready)
        if there:
            await _tell(ready, slab)
        self._wanted = slab
        self._store.state = replace(self._store.state, slab=slab if there else None)

    def _need(self, ready: Ready) -> None:
        if not _offered(ready):
            raise CircuitError("This renderer has no slab.", hint="viewer.clipping.add cuts with planes and boxes.")

    def _placed(self, slab: SlabState, before: SlabState, *, moved: bool) -> SlabState:
        """Return a slab with a thickness, and in the middle of what is there if nobody has moved it there."""
        bounds = self._bounds()
        low, high = (0.0, 0.0) if bounds is None else reach(bounds, slab.normal)
        if slab.thickness == 0:
            slab = replace(slab, thickness=max(USUAL_SHARE * (high - low), SMALLEST_UM))
        astray = slab.on and not before.on and not low < slab.position < high
        if bounds is not None and not moved and (astray or slab.normal != before.normal):
            slab = replace(slab, position=(low + high) / 2)
        return slab

    def _bounds(self) -> Bounds | None:
        models = self._store.state.models
        shown = [model for model in models if model.visible]
        return union(model.bounds for model in shown or models)

    async def _along(self, renderer: Server, slab: SlabState, axis: Axis | None, normal: Vector | None) -> SlabState:
        if normal is not None:
            if axis is not None:
                raise ValueError("an axis or a normal, not both")
            return replace(slab, axis="own", normal=_unit(normal))
        if axis is None:
            return slab
        if axis == "view":
            camera = self._store.state.camera
            ahead = [there - here for here, there in zip(camera.position, camera.target, strict=True)]
            return replace(slab, axis=axis, normal=_unit((ahead[0], ahead[1], ahead[2])))
        if axis == "principal":
            return replace(slab, axis=axis, normal=await self._principal(renderer))
        return replace(slab, axis=axis, normal=_ALONG[axis])

    async def _principal(self, renderer: Server) -> Vector:
        """Return the axis along which the shown cells are spread most, or else the longest side of what is there."""
        import numpy as np

        found = []
        for model in self._store.state.models:
            if model.visible and model.population is not None:
                loaded = await self._loaded.ascending(renderer, model.id)
                places = await cell_places(self._core, renderer, model, loaded)
                found.extend([] if places is None else [places])
        together = np.concatenate(found) if found else np.empty((0, 3))
        if len(together) >= _LEAST_CELLS:
            return principal_axis(together)
        if (bounds := self._bounds()) is None:
            return _ALONG["z"]
        sides = [high - low for low, high in zip(*bounds, strict=True)]
        return _ALONG["xyz"[sides.index(max(sides))]]


async def _tell(ready: Ready, slab: SlabState) -> None:
    from brayns_widget.protocol.brayns import additions

    params = additions.Slab(
        enabled=slab.on,
        invert=slab.invert,
        normal=list(slab.normal),
        position=slab.position,
        thickness=slab.thickness or SMALLEST_UM,
    )
    await ready.renderer.call(additions.SET_SLAB, params)


def _part(report: Report, number: int, count: int) -> Report:
    """Return the report of one picture of several."""
    return lambda amount, text: report((number + (amount or 0.0)) / count, f"Picture {number + 1} of {count}: {text}")


def reach(bounds: Bounds, normal: Vector) -> tuple[float, float]:
    """Return where a box begins and ends along a vector of length 1."""
    middle = math.fsum(n * (low + high) / 2 for n, low, high in zip(normal, *bounds, strict=True))
    half = math.fsum(abs(n) * (high - low) / 2 for n, low, high in zip(normal, *bounds, strict=True))
    return middle - half, middle + half


def principal_axis(places: npt.NDArray[np.float64]) -> Vector:
    """Return the axis along which places (N, 3) are spread most; its largest number is positive."""
    import numpy as np

    axis = np.linalg.eigh(np.cov(places.T))[1][:, -1]
    x, y, z = (axis * np.sign(axis[np.abs(axis).argmax()])).tolist()
    return x, y, z


def _unit(vector: Vector) -> Vector:
    length = math.hypot(*vector)
    if length == 0:
        raise ValueError("normal has length 0: it must have a direction")
    x, y, z = (number / length for number in vector)
    return x, y, z


def _offered(ready: Ready) -> bool:
    from brayns_widget.protocol.brayns.additions import SET_SLAB

    return ready.capabilities.offers(SET_SLAB.name)
