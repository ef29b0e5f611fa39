"""What is measured: the product over each of its transports, and jupyter_rfb. Each is the code of a notebook."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Viewer:
    """A notebook that shows something to drag.

    Attributes:
        name: as in the report.
        cells: code cells; the first one shows the view, a further one shows it once more.
        selector: CSS selector of what shows the pictures.
    """

    name: str
    cells: tuple[str, ...]
    selector: str

    @property
    def is_product(self) -> bool:
        """Whether it is ours."""
        return self.name != "rfb"


def product(transport: str, circuit: Path, height: int) -> Viewer:
    """Make a notebook of the product with a circuit in it, and a second view to be run later."""
    show = f"BraynsWidget({str(circuit)!r}, axon=True, height={height}, transport={transport!r})"
    first = f"from brayns_widget import BraynsWidget\nviewer = {show}\nviewer"
    return Viewer(transport, (first, f"second = {show}\nsecond"), "canvas.bw-canvas")


def rfb(picture: Path, width: int, height: int) -> Viewer:
    """Make a notebook of jupyter_rfb that shows ``picture``, shifted with each move, so that no two frames are alike.

    Its frames are ready: it pays for encoding and sending them only. Its view has a border of one pixel.
    """
    code = f"""
import numpy as np
from jupyter_rfb import RemoteFrameBuffer
from PIL import Image

class Viewer(RemoteFrameBuffer):
    heard, sent, follows = [], [], 0

    def handle_event(self, event):
        if event["type"] == "pointer_move":
            self.heard.append((event["x"], event["y"]))
            self.request_draw()

    def get_frame(self):
        self.follows = len(self.heard)
        return pictures[self.follows % len(pictures)]

    def send(self, content, buffers=None):
        if content.get("type") == "framebufferdata":
            self.sent.append(self.follows)
        super().send(content, buffers)

picture = np.asarray(Image.open({str(picture)!r}).convert("RGB").resize(({width}, {height})))
pictures = [np.ascontiguousarray(np.roll(picture, 7 * k, axis=1)) for k in range(16)]
viewer = Viewer(css_width="{width + 2}px", css_height="{height + 2}px", resizable=False)
viewer
"""
    return Viewer("rfb", (code.strip(),), ".renderview-wrapper img")


@dataclass(frozen=True, slots=True)
class Busy:
    """A cell that keeps its kernel busy for so many seconds."""

    name: str
    code: str

    def cell(self, seconds: float) -> str:
        """Return its code, which leaves begin and end in ``busy``, in Unix seconds."""
        begin = f"import time\nbusy = [time.time()]\nend = busy[0] + {seconds}\n"
        return f"{begin}{self.code.format(seconds=math.ceil(seconds))}\nbusy.append(time.time())"


BUSY = (
    Busy("sleep", "while time.time() < end: time.sleep(0.05)"),
    Busy("python", "while time.time() < end: sum(range(1000))"),
    # PyDLL keeps the GIL during the call.
    Busy(
        "gil",
        "import ctypes, sys\n"
        "if sys.platform == 'win32': ctypes.PyDLL('kernel32').Sleep({seconds} * 1000)\n"
        "else: ctypes.PyDLL(None).sleep({seconds})",
    ),
)
