"""Display of a widget where a program runs the notebook, such as nbconvert or papermill, and no page shows it."""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable, Sequence
from typing import Any, cast

from IPython.core.getipython import get_ipython

from brayns_widget.notebook.stills import Output, explain
from brayns_widget.protocol.errors import BraynsWidgetError


def is_headless() -> bool:
    """Whether a program runs the cell, so that no page will show what it displays.

    nbclient, which runs notebooks for nbconvert, papermill, MyST-NB and others, says that nobody can be asked for
    input; JupyterLab, Notebook and VS Code say that somebody can. Voilà runs cells by nbclient, too, and then shows
    live widgets.
    """
    kernel = getattr(get_ipython(), "kernel", None)
    if kernel is None or os.environ.get("SERVER_SOFTWARE", "").startswith("voila"):
        return False
    return kernel.get_parent("shell").get("content", {}).get("allow_stdin") is False


class HeadlessDisplay:
    """A still in place of a widget, which follows the scene until the notebook's end.

    Args:
        render: waits for the outputs of the present scene; raises BraynsWidgetError.
        version: returns what differs after a change of the scene.
    """

    def __init__(self, render: Callable[[], Sequence[Output]], version: Callable[[], object]) -> None:
        self._render = render
        self._version = version
        self._shown: object = None
        self._places = (uuid.uuid4().hex, uuid.uuid4().hex)
        self._shell = cast("Any", get_ipython())
        self._shell.events.register("post_run_cell", self._follow)

    def close(self) -> None:
        """Follow no longer."""
        self._shell.events.unregister("post_run_cell", self._follow)

    def show(self, *, update: bool = False) -> None:
        """Show the present scene, or why there is no picture, in another cell.

        Args:
            update: show it only where it was shown before; without a new picture the last one stays.
        """
        try:
            outputs = self._render()
        except BraynsWidgetError as error:
            if update:
                return
            outputs = explain(error)
        finally:
            self._shown = self._version()
        for place, output in zip(self._places, outputs, strict=True):
            self._shell.display_pub.publish(
                dict(output.data), dict(output.metadata), transient={"display_id": place}, update=update
            )

    def _follow(self, _result: Any) -> None:
        if self._version() != self._shown:
            self.show(update=True)
