"""What a controller tells those who listen."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from brayns_widget.protocol.errors import BraynsWidgetError

Level = Literal["error", "warning", "info"]
Listener = Callable[[str, Any], None]

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Notice:
    """Something worth telling the user, with a hint what to do."""

    level: Level
    text: str
    hint: str = ""

    @classmethod
    def of(cls, error: BaseException) -> Notice:
        """Make the notice of an error; log lines that it carries as notes come before the hint."""
        message, hint = str(error) or type(error).__name__, ""
        if isinstance(error, BraynsWidgetError):
            message, hint = error.message, error.hint
        return cls("error", message, "\n".join(filter(None, [*getattr(error, "__notes__", ()), hint])))

    def to_dict(self) -> dict[str, str]:
        """Return it as JSON, as the widget's trait ``notice`` holds it."""
        return {"level": self.level, "text": self.text, "hint": self.hint}


class Listeners:
    """Functions to call at each event. Used on the loop thread only, except for ``add`` and what it returns."""

    def __init__(self) -> None:
        self._listeners: tuple[Listener, ...] = ()

    def add(self, listener: Listener) -> Callable[[], None]:
        """Add a listener and return a function that removes it."""
        self._listeners = (*self._listeners, listener)

        def remove() -> None:
            self._listeners = tuple(item for item in self._listeners if item is not listener)

        return remove

    def emit(self, event: str, value: Any) -> None:
        """Call every listener; one that fails is logged and does not keep the others from hearing."""
        for listener in self._listeners:
            try:
                listener(event, value)
            except Exception:
                _LOG.exception("A listener of %r failed", event)
