"""Notices of a load: what its result does not show, and how it differs from what the files say."""

from __future__ import annotations

_NAMED = 3  # of the places of one notice; a circuit can have thousands of files with the same fault


class Notices:
    """Collects notices while something is loaded; a ``LoadedModel`` takes their ``texts``.

    Each is a sentence for people, about something that was loaded nevertheless. What prevents a load is an error.
    """

    def __init__(self) -> None:
        self._places: dict[str, dict[str, None]] = {}  # by text; all in the order in which they came first

    def add(self, text: str, place: str = "") -> None:
        """Add a notice; the same text about several places becomes one.

        Args:
            text: the sentence, without the place.
            place: the file, the population or the morphology that it is about; "": the text says it.
        """
        places = self._places.setdefault(text, {})
        if place:
            places[place] = None

    @property
    def texts(self) -> tuple[str, ...]:
        """The notices, each with its places before it."""
        return tuple(f"{_listed([*places])}: {text}" if places else text for text, places in self._places.items())


def _listed(places: list[str]) -> str:
    more = len(places) - _NAMED
    return ", ".join(places[:_NAMED]) + (f" and {more} more" if more > 0 else "")
