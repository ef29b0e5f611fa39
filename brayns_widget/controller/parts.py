"""Parts of the scene besides models: base classes of lights and clipping shapes."""

from __future__ import annotations

import builtins
from abc import abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar, overload

from brayns_widget.connection.server import Server
from brayns_widget.controller.calls import waiting
from brayns_widget.controller.group import Core, Group
from brayns_widget.controller.scene import Key
from brayns_widget.controller.state import CutState, Lit, PartState, State
from brayns_widget.protocol.errors import CircuitError

if TYPE_CHECKING:
    from brayns_widget.protocol.brayns.models import ModelInstance

E = TypeVar("E")


class Part(Group):
    """A light or a clipping shape of the scene."""

    def __init__(self, core: Core, state: PartState) -> None:
        super().__init__(core)
        self._key = core.scene.key(state.id)
        self._type = state.type

    @property
    def id(self) -> int:
        """The renderer's id."""
        return self._present()[0]

    def _present(self) -> Key:
        return self._core.scene.standing(self._key)

    @property
    def type(self) -> str:
        """Its type, in Brayns' words."""
        return self._type

    def _state(self) -> PartState:
        """Return what is known of it.

        Raises:
            CircuitError: it was removed before.
        """
        key, state = self._present(), self._store.state
        for part in (*state.lights, *state.clips):
            if self._core.scene.key(part.id) == key:  # renderers reuse ids
                return part
        raise CircuitError(f"The {self.type} {key[0]} was removed before.")

    def __repr__(self) -> str:
        return f"<{self.type} {self.id}>"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Part) and (self._core, self.id) == (other._core, other.id)

    def __hash__(self) -> int:
        return hash((id(self._core), self.id))

    @waiting
    async def remove(self) -> None:
        """Remove it from the scene.

        Raises:
            CircuitError: it was removed before.
            SceneLost: the scene is lost.
        """
        from brayns_widget.protocol.brayns.models import REMOVE_MODEL, RemoveModelParams

        self._core.scene.need()
        self._state()
        await (await self._core.renderer()).call(REMOVE_MODEL, RemoveModelParams(ids=[self.id]))
        self._core.scene.drop([self.id])
        self._core.touch()


P = TypeVar("P", bound=Part)


class Parts(Group, Sequence[P]):
    """The parts of one kind, in the order in which they were added."""

    _WORD: ClassVar[str]
    """What one of them is, in messages."""

    @abstractmethod
    def _states(self, state: State) -> tuple[PartState, ...]:
        """Read the parts of this kind."""

    @abstractmethod
    def _with(self, state: State, parts: tuple[PartState, ...]) -> State:
        """Return a state with other parts of this kind."""

    @abstractmethod
    def _part(self, state: PartState) -> P:
        """Make the object for a part."""

    def __len__(self) -> int:
        return len(self._states(self._store.state))

    @overload
    def __getitem__(self, key: int) -> P: ...

    @overload
    def __getitem__(self, key: slice) -> list[P]: ...

    def __getitem__(self, key: int | slice) -> P | list[P]:
        return list(self)[key]

    def __iter__(self) -> Iterator[P]:
        return iter([self._part(part) for part in self._states(self._store.state)])

    def __repr__(self) -> str:
        return f"[{', '.join(map(repr, self))}]"

    def _by_id(self, part_id: int) -> P:
        self._core.scene.need()
        for part in self:
            if part.id == part_id:
                return part
        raise CircuitError(f"There is no {self._WORD} {part_id}.")

    async def show(self, renderer: Server, part_id: int, visible: bool) -> None:
        """Let a part have an effect, or not; on the loop thread only."""
        from brayns_widget.protocol.brayns.models import UPDATE_MODEL, ModelInstance, UpdateModelParams

        await renderer.call(UPDATE_MODEL, UpdateModelParams(model_id=part_id, model=ModelInstance(is_visible=visible)))
        state = self._store.state
        self._store.state = self._with(
            state,
            tuple(replace(part, visible=visible) if part.id == part_id else part for part in self._states(state)),
        )
        self._core.touch()

    def _added(self, instance: ModelInstance, *, lit: Lit | None = None, cut: CutState | None = None) -> P:
        """Record a part that the renderer has added."""
        part = PartState(instance.model_id, instance.model_type, instance.is_visible, lit, cut)
        state = self._store.state
        others = [known for known in self._states(state) if known.id != part.id]  # the scene may just have been read
        self._store.state = self._with(state, (*others, part))
        self._core.touch()
        return self._part(part)

    def _cleared(self) -> None:
        self._core.scene.drop([part.id for part in self._states(self._store.state)])
        self._core.touch()


def choose(endpoints: Mapping[builtins.type, E], *things: Any) -> E:
    """Find the endpoint for things of one class.

    Raises:
        TypeError: there are no things, or they are of several classes, or of a class without an endpoint.
    """
    kinds = {type(thing) for thing in things}
    if len(kinds) != 1 or not kinds <= endpoints.keys():
        names = ", ".join(kind.__name__ for kind in endpoints)
        got = f"{things!r:.80}" if things else "none"
        raise TypeError(f"expected one or more of one class ({names}), got {got}")
    return endpoints[kinds.pop()]
