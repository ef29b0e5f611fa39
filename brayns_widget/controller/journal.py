"""Journal of what our calls have made and changed in a renderer's scene, so that another renderer can repeat it.

It keeps requests as they were sent, which are plain JSON and never change. Camera, background and settings are not its
matter: they are in the state, and each new job gets them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from brayns_widget.connection.reports import Report
from brayns_widget.connection.server import Server
from brayns_widget.controller.kept import Keeper, Kept

if TYPE_CHECKING:  # it takes pydantic
    from brayns_widget.protocol.endpoints import Endpoint

ADDS = ("add-", "upload-model")
"""How the names of methods begin that add to the scene."""

_CHANGES = ("color-model", "update-model", "set-material-", "set-color-ramp", "enable-simulation")
_REMOVE = "remove-model"
_THICKEN = "set-circuit-thickness"
_CLEARS = {"clear-lights": "add-light-", "clear-clipping-geometries": "add-clipping-"}
_SETTINGS = frozenset({"set-simulation-parameters", "set-radius-floor"})


@dataclass(frozen=True, slots=True)
class Call:
    """A request, as it was sent.

    Attributes:
        endpoint: the method.
        params: its parameters as JSON.
        upload: the bytes that went with it, or None.
    """

    endpoint: Endpoint[Any, Any]
    params: Any
    upload: Kept | None = None

    def about(self, model_id: int) -> Call:
        """Return the same request about another model."""
        name = "model_id" if "model_id" in self.params else "id"
        return replace(self, params={**self.params, name: model_id})

    async def repeat(self, renderer: Server, report: Report | None = None) -> Any:
        """Send it again, and return its result.

        Raises:
            CircuitError: its bytes are not kept any more.
        """
        payload = b"" if self.upload is None else self.upload.read()
        return await renderer.repeat(self.endpoint, self.params, payload, on_progress=report)


@dataclass(frozen=True, slots=True)
class Made:
    """A request that has added to the scene, and the ids of what it has added; None for what was removed since."""

    call: Call
    ids: tuple[int | None, ...]


@dataclass(frozen=True, slots=True)
class Record:
    """All that has to be repeated, in order.

    Attributes:
        made: the requests that have added something.
        changes: the requests that have changed something, by its id.
        settings: requests about the whole scene.
        removals: how often our requests have removed what had an id.
        altered: whether requests of the user's own have changed the scene, too; nothing is known about these.
    """

    made: tuple[Made, ...] = ()
    changes: Mapping[int, tuple[Call, ...]] = field(default_factory=dict)
    settings: tuple[Call, ...] = ()
    removals: Mapping[int, int] = field(default_factory=dict)
    altered: bool = False


class Journal:
    """Journal of one renderer's scene. ``note`` every request of ours that was answered.

    Attributes:
        altered: as of the record; whoever sends requests of the user's own sets it.
    """

    def __init__(self) -> None:
        self.altered = False
        self._made: list[Made] = []
        self._changes: dict[int, dict[object, Call]] = {}
        self._settings: dict[str, Call] = {}
        self._removals: Counter[int] = Counter()
        self._uploads = Keeper()

    @property
    def record(self) -> Record:
        """All that has to be repeated at this moment."""
        changes = {thing: tuple(calls.values()) for thing, calls in self._changes.items()}
        settings = tuple(self._settings.values())
        return Record(tuple(self._made), changes, settings, dict(self._removals), self.altered)

    def clear(self) -> None:
        """Begin anew, for the empty scene of another renderer."""
        self.altered = False
        self._made.clear()
        self._changes.clear()
        self._settings.clear()

    def note(self, endpoint: Endpoint[Any, Any], params: Any, result: Any, payload: bytes | memoryview = b"") -> None:
        """Take down a request that was answered.

        Args:
            endpoint: the method.
            params: its parameters as JSON.
            result: the decoded answer.
            payload: the bytes that went with it.
        """
        name, call = endpoint.name, Call(endpoint, params)
        if name.startswith(ADDS):
            added = result if isinstance(result, Sequence) else [result]
            ids = [instance.model_id for instance in added]
            self._remove(ids)  # renderers use the ids of removed things again
            upload = self._uploads.keep(payload) if payload else None
            self._made.append(Made(replace(call, upload=upload), tuple(ids)))
        elif name == _REMOVE or name in _CLEARS:
            self.removed(name, params)
        elif name == _THICKEN:
            self._thicken(call)
        elif name.startswith(_CHANGES):
            self._change(call)
        elif name in _SETTINGS:
            self._settings[name] = call

    def removed(self, name: str, params: Any) -> None:
        """Take down that a request of ours, or of the user's own, has removed something.

        Args:
            name: the method; any that removes nothing is left out.
            params: its parameters as JSON.
        """
        if name == _REMOVE:
            gone = params["ids"]
        else:
            kind = _CLEARS.get(name)
            kinds = [made for made in self._made if kind and made.call.endpoint.name.startswith(kind)]
            gone = [thing for made in kinds for thing in made.ids if thing is not None]
        self._removals.update(gone)
        self._remove(gone)

    def _change(self, call: Call) -> None:
        name, params = call.endpoint.name, call.params
        changes = self._changes.setdefault(params.get("model_id", params.get("id")), {})
        key: object = name
        if name == "color-model":
            if params["method"] == "solid":  # it covers all others
                for other in [key for key in changes if isinstance(key, tuple) and key[0] == name]:
                    del changes[other]
            key = name, params["method"]
        elif name == "update-model":
            key = name, *sorted(params["model"])
        elif name == "set-color-ramp":
            key = name, *sorted(params["color_ramp"])
        elif name.startswith("set-material-"):
            key = "material"
        changes.pop(key, None)  # the newest comes last
        changes[key] = call

    def _thicken(self, call: Call) -> None:
        changes = self._changes.setdefault(call.params["model_id"], {})
        factor = call.params["radius_multiplier"]
        if _THICKEN in changes:  # factors multiply
            factor *= changes[_THICKEN].params["radius_multiplier"]
        changes[_THICKEN] = replace(call, params={**call.params, "radius_multiplier": factor})

    def _remove(self, things: Sequence[int | None]) -> None:
        gone = set(things) - {None}
        kept = [replace(made, ids=tuple(None if thing in gone else thing for thing in made.ids)) for made in self._made]
        self._made = [made for made in kept if any(thing is not None for thing in made.ids)]
        for thing in gone:
            if thing is not None:
                self._changes.pop(thing, None)
