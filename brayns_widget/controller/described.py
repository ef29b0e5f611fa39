"""One model of the scene: what is known of it, and how its state is changed."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from brayns_widget.connection.server import Server
from brayns_widget.controller.camera import Bounds
from brayns_widget.controller.group import Core, Group
from brayns_widget.controller.scene import seen
from brayns_widget.controller.state import ModelState
from brayns_widget.protocol.errors import CircuitError, SceneLost


class Described(Group):
    """A model as it is known."""

    def __init__(self, core: Core, model_id: int) -> None:
        super().__init__(core)
        self._key = core.scene.key(model_id)

    @property
    def id(self) -> int:
        """The renderer's id; renderers use an id again after its model was removed."""
        return self._core.scene.present(self._key)[0]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Described) and self._identity == other._identity

    def __hash__(self) -> int:
        return hash(self._identity)

    @property
    def _identity(self) -> tuple[int, int, int]:
        return id(self._core), *self._core.scene.present(self._key)

    def __repr__(self) -> str:
        try:
            state = self.state
        except (CircuitError, SceneLost):
            return f"<Model {self.id}: removed>"
        cells = "" if state.cells is None else f", {state.cells} cells"
        hidden = "" if state.visible else ", hidden"
        return f"<Model {self.id} {state.name!r}: {state.type}{cells}{hidden}>"

    @property
    def state(self) -> ModelState:
        """Present state of the model, as one immutable value.

        Raises:
            CircuitError: it was removed.
        """
        return self._core.scene.model(*self._core.scene.present(self._key))

    @property
    def type(self) -> str:
        """The renderer's model type, such as "neurons"."""
        return self.state.type

    @property
    def path(self) -> str | None:
        """The file it was loaded from, or None."""
        return self.state.path

    @property
    def population(self) -> str | None:
        """Its node population, or None."""
        return self.state.population

    @property
    def bounds(self) -> Bounds | None:
        """Lower and upper corner of the bounding box in µm, or None if it is empty."""
        return self.state.bounds

    @property
    def notices(self) -> tuple[str, ...]:
        """Sentences about what could not be read, or was read otherwise than it is written."""
        return self.state.notices

    @property
    def color_methods(self) -> tuple[str, ...]:
        """Its coloring methods, for ``color_by``."""
        return self.state.color_methods

    @property
    def colored_by(self) -> str | None:
        """The coloring method in use, or the name of the values; "" for a file's own colors; None if not known."""
        return self.state.colored_by

    async def _renderer(self) -> Server:
        """Return the renderer; starts no job for a model that was removed, and touches none that has its id now."""
        _ = self.state
        renderer = await self._core.renderer()
        _ = self.state
        return renderer

    async def _change(self, renderer: Server, changes: Any, **known: Any) -> None:
        """Change it in the renderer, and what is known of it."""
        from brayns_widget.protocol.brayns.models import UPDATE_MODEL, UpdateModelParams

        instance = await renderer.call(UPDATE_MODEL, UpdateModelParams(model_id=self.id, model=changes))
        self._core.scene.put([seen(self.state, instance, **known)])
        self._core.touch()

    def _put(self, **fields: Any) -> None:
        """Change what is known of it."""
        self._core.scene.put([replace(self.state, **fields)])
        self._core.touch()
