"""The group of saved views: cameras with names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, MutableMapping
from dataclasses import replace
from typing import Annotated, Any

from annotated_types import MaxLen, MinLen

from brayns_widget.controller.calls import offered, waiting
from brayns_widget.controller.camera import Camera
from brayns_widget.controller.group import Group
from brayns_widget.controller.views import AnyCamera, LiveCamera, read_camera

ViewName = Annotated[str, MinLen(1), MaxLen(100)]


class SavedViews(Group, MutableMapping[str, Camera]):
    """The saved views, by name, in the order in which they were saved.

    ::

        viewer.views["front of L5"] = viewer.camera
        viewer.camera = viewer.views["front of L5"]
        del viewer.views["front of L5"]
    """

    def __getitem__(self, name: str) -> Camera:
        return self._store.state.views[name]

    def __setitem__(self, name: str, camera: AnyCamera) -> None:
        self.save(name, read_camera(camera).to_dict())

    def __delitem__(self, name: str) -> None:
        if name not in self:
            raise KeyError(name)
        self.remove(name)

    def __iter__(self) -> Iterator[str]:
        return iter(self._store.state.views)

    def __len__(self) -> int:
        return len(self._store.state.views)

    def __repr__(self) -> str:
        return repr(dict(self))

    @offered
    @waiting
    async def save(self, name: ViewName, camera: Mapping[str, Any] | None = None) -> None:
        """Save a view; one of that name is replaced.

        Args:
            name: its name.
            camera: fields of a camera; None for the present one.

        Raises:
            ValueError: it is no camera, or the name is empty or too long.
        """
        state = self._store.state
        value = state.camera if camera is None else read_camera(camera)
        self._put({**state.views, name: value})

    @waiting
    async def apply(self, name: str) -> None:
        """Look through a saved view.

        Raises:
            ValueError: there is none of that name.
        """
        LiveCamera._of(self._core)._set(self._known(name))  # noqa: SLF001 - of the same package

    @offered
    @waiting
    async def remove(self, name: str) -> None:
        """Forget a saved view.

        Raises:
            ValueError: there is none of that name.
        """
        self._known(name)
        self._put({other: view for other, view in self._store.state.views.items() if other != name})

    @offered
    @waiting
    async def rename(self, name: str, new: ViewName) -> None:
        """Give a saved view another name; it keeps its place.

        Args:
            name: its name.
            new: its new name, which no other view has.

        Raises:
            ValueError: there is none of that name, or another one has the new name.
        """
        self._known(name)
        views = self._store.state.views
        if new != name and new in views:
            raise ValueError(f"There is a view {new!r} already.")
        self._put({new if other == name else other: view for other, view in views.items()})

    def _known(self, name: str) -> Camera:
        views = self._store.state.views
        if name not in views:
            raise ValueError(f"There is no view {name!r}; saved are {', '.join(map(repr, views)) or 'none'}.")
        return views[name]

    def _put(self, views: Mapping[str, Camera]) -> None:
        self._store.state = replace(self._store.state, views=views)
