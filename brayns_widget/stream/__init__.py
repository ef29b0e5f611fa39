"""Frame stream: turns the desired picture into frames for pages, without a widget or a socket.

``FrameStream`` brings the state of one renderer to the desired one and passes frames to the sinks of its
views. ``views`` counts credits, ``quality`` chooses sizes and qualities, ``formats`` tells whose turn it is, ``goal``
turns the desired state into the renderer's requests, ``ids`` asks what a finished picture shows.
"""

from brayns_widget.stream.goal import Call, encode
from brayns_widget.stream.ids import FrameIds, Ids
from brayns_widget.stream.quality import BRAYNS, StreamSettings, settings_for
from brayns_widget.stream.stream import FrameStream, RequestFunction
from brayns_widget.stream.views import Frame, FrameSink, Picture

__all__ = [
    "BRAYNS",
    "Call",
    "Frame",
    "FrameIds",
    "FrameSink",
    "FrameStream",
    "Ids",
    "Picture",
    "RequestFunction",
    "StreamSettings",
    "encode",
    "settings_for",
]
