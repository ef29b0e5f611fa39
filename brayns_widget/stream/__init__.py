"""Frame stream: from what the picture should be to frames on the page, without a widget or a socket.

``FrameStream`` converges desired and applied state of one renderer and hands frames to the sinks of its
views. ``views`` counts credits, ``quality`` chooses sizes and qualities, ``goal`` turns the desired state
into the renderer's requests.
"""

from brayns_widget.stream.goal import Call, encode
from brayns_widget.stream.quality import BRAYNS, StreamSettings, settings_for
from brayns_widget.stream.stream import FrameStream, RequestFunction
from brayns_widget.stream.views import Frame, FrameSink

__all__ = [
    "BRAYNS",
    "Call",
    "Frame",
    "FrameSink",
    "FrameStream",
    "RequestFunction",
    "StreamSettings",
    "encode",
    "settings_for",
]
