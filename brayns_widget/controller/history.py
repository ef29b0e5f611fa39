"""The group of what was done: undo it, do it again, and read it as Python."""

from __future__ import annotations

from brayns_widget.controller.calls import offered, waiting
from brayns_widget.controller.group import Core, Group
from brayns_widget.controller.recording import Recorder


class History(Group):
    """What was done to the scene, from Python and on pages.

    All but loads can be undone: colors, what is shown, removals, the selection, the camera, the background::

        viewer.models[0].color_by("mtype")
        viewer.undo()
        viewer.redo()
        viewer.history.lines    # what was done in the panel and the view, as Python

    Undoing the removal of a model loads it again.
    """

    def __init__(self, core: Core, recorder: Recorder) -> None:
        super().__init__(core)
        self._recorder = recorder

    @property
    def lines(self) -> tuple[str, ...]:
        """What was done last on pages, as lines of Python, the newest last; ``viewer`` is the widget."""
        return self._store.state.past.lines

    @property
    def next_undo(self) -> str:
        """What ``undo`` would undo, in words, or ""."""
        return self._store.state.past.undo

    @property
    def next_redo(self) -> str:
        """What ``redo`` would do again, in words, or ""."""
        return self._store.state.past.redo

    @offered
    @waiting
    async def undo(self) -> bool:
        """Undo the last change of the scene, whoever has made it here: a call from Python, or somebody in the view.

        Returns:
            whether there was something to undo.
        """
        return await self._recorder.undo()

    @offered
    @waiting
    async def redo(self) -> bool:
        """Do again what was undone last.

        Returns:
            whether there was something.
        """
        return await self._recorder.redo()
