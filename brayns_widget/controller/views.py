"""Live camera of a controller: reads as the present camera, and is set by field or as a whole."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from brayns_widget.controller.calls import waiting
from brayns_widget.controller.camera import FRONT, Camera, Kind, Side, Vector, corners
from brayns_widget.controller.group import Core
from brayns_widget.controller.recording import CAMERA_SET
from brayns_widget.controller.scene import outline_of
from brayns_widget.controller.tasks import Runner

AnyCamera = Camera | Mapping[str, Any]

T = TypeVar("T")

_FIELDS = tuple(field.name for field in fields(Camera))


class _Field(Generic[T]):
    """Descriptor of a live camera's field: reads the present camera's field; setting it sets a new camera."""

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    def __get__(self, camera: LiveCamera, owner: type | None = None) -> T:
        value: T = getattr(camera.value, self._name)
        return value

    def __set__(self, camera: LiveCamera, value: Any) -> None:
        camera._change(lambda now: replace(now, **{self._name: value}))  # noqa: SLF001 - a part of it


class LiveCamera(Camera):
    """The live camera of a controller or widget.

    It reads as the present ``Camera``. To change it, set one of its fields, or assign a ``Camera`` or a dictionary to
    the ``camera`` of its controller or widget::

        viewer.camera.fovy = 30
        viewer.camera = {"position": (0, 0, 900), "target": (0, 0, 0)}

    Its ``value`` is the present, immutable ``Camera``, to keep and to reuse.
    """

    __slots__ = ("_controller", "_core")
    _core: Core
    _controller: object

    def __new__(cls, *args: Any, **values: Any) -> Any:
        """Make a plain ``Camera``, so that ``dataclasses.replace`` works; ``_of`` makes a live one."""
        return Camera(*args, **values)

    @classmethod
    def _of(cls, core: Core) -> LiveCamera:
        """Make the camera of a controller."""
        live: LiveCamera = object.__new__(cls)
        object.__setattr__(live, "_core", core)
        object.__setattr__(live, "_controller", core.controller())  # as a group does
        return live

    position = _Field[Vector]()
    target = _Field[Vector]()
    up = _Field[Vector]()
    type = _Field[Kind]()
    fovy = _Field[float]()
    height = _Field[float]()
    aperture = _Field[float]()

    @property
    def value(self) -> Camera:
        """The present camera, as an immutable value."""
        return self._core.store.state.camera

    @property
    def _runner(self) -> Runner:
        """What calls run on."""
        return self._core.runner

    if not TYPE_CHECKING:  # type checkers would take any name for one that can be set

        def __setattr__(self, name: str, value: Any) -> None:
            if name not in _FIELDS:
                raise AttributeError(f"A camera has no {name!r}; it has {', '.join(_FIELDS)}.")
            object.__setattr__(self, name, value)

    def __eq__(self, other: object) -> bool:
        return self.value == (other.value if isinstance(other, LiveCamera) else other)

    __hash__ = None  # type: ignore[assignment]  # it changes

    def __repr__(self) -> str:
        return repr(self.value)

    def _assign(self, camera: AnyCamera) -> None:
        """Look through another camera; what a dictionary leaves out takes its default.

        Raises:
            ValueError: it is not a camera.
        """
        value = read_camera(camera)
        self._change(lambda _: value)

    def _steer(self, camera: Camera) -> None:
        """Follow a gesture on a page; on the loop thread only."""
        self._set(camera)

    @waiting
    async def reset(self) -> None:
        """Look at all visible models from the front, y up; projection and ``fovy`` stay, ``height`` fits."""
        self._show_all()

    @waiting
    async def look_from(self, side: Side) -> None:
        """Look at all visible models from a side of theirs, y up; the projection stays.

        Args:
            side: "front" is where z is positive, "right" where x is, "top" where y is.
        """
        self._fit(self.value.seen_from(side))

    @waiting
    async def roll(self, degrees: float) -> None:
        """Turn about the direction in which it looks.

        Args:
            degrees: how far the picture turns clockwise.
        """
        self._set(self.value.rolled(degrees))

    @waiting
    async def frame(self, low: tuple[float, float, float], high: tuple[float, float, float]) -> None:
        """Fit a box into the view; the direction stays.

        Args:
            low: its lower corner, µm.
            high: its upper corner, µm.
        """
        self._look_at(corners((low, high)))

    def _show_all(self) -> None:
        """Do what ``reset`` does; on the loop thread only."""
        height = self.height if self.type == "orthographic" else FRONT.height
        self._fit(replace(FRONT, type=self.type, fovy=self.fovy, height=height, aperture=self.aperture))

    def _fit(self, camera: Camera) -> None:
        """Look in the direction of a camera, at all visible models if there are any."""
        points = outline_of(self._core.store.state.models)
        self._set(camera.framing(points, self._core.aspect) if points else camera)

    def _look_at(self, points: Sequence[Vector]) -> None:
        """Show all points; on the loop thread only."""
        self._set(self.value.framing(points, self._core.aspect))

    def _change(self, change: Callable[[Camera], Camera]) -> None:
        # On the loop thread, so that no simultaneous change, such as a gesture's, is lost.
        def work() -> None:
            with self._runner.noting(CAMERA_SET):
                if not self._core.store.state.models:
                    self._core.aimed = True
                self._set(change(self.value))

        async def wait() -> None:
            work()

        if self._core.loop.is_current:
            work()
        else:
            self._runner.wait(wait, "camera")

    def _set(self, camera: Camera) -> None:
        store = self._core.store
        if camera != store.state.camera:
            store.state = replace(store.state, camera=camera)


def read_camera(value: AnyCamera) -> Camera:
    """Convert a user's value to a camera.

    Raises:
        ValueError: it is not a camera.
    """
    if isinstance(value, LiveCamera):
        return value.value
    if isinstance(value, Camera):
        return value
    if isinstance(value, Mapping):
        return Camera.from_dict(value)
    raise ValueError(f"{value!r:.80} is not a camera: use a Camera, or a dictionary with its fields")
